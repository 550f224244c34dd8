import { translate, type Language, type MessageKey } from './messages.ts';

/**
 * What was done to a picture that was to be changed in words, and what was not: notes that each door words in its
 * language.
 */

export const mixCodes = [
  /** One of place, time, weather, shot, mood: what the picture is now. */
  'noteSet',
  /** The same: what was asked for and is so already, or was said of the picture and is not so. */
  'noteAlreadySo',
  'noteNotSo',
  /** place, time, weather: taken over from the second picture. */
  'noteBackdrop',
  /** thing, count. */
  'noteAdded',
  'noteRemoved',
  /** from, to. */
  'noteReplaced',
  /** thing. */
  'noteBigger',
  'noteSmaller',
  /** thing, colour. */
  'noteColoured',
  'noteNoColour',
  /** thing. */
  'noteMoved',
  'noteFlipped',
  /** thing: taken over from the second picture; things: its main ones, since nothing else was said. */
  'noteBrought',
  'noteBroughtMain',
  /** thing: named, and not in the picture; nothing was guessed. */
  'noteMissing',
  'noteNotInSecond',
  /** There is no second picture, or nothing in it. */
  'noteNoSecond',
  'noteSecondEmpty',
  /** thing: no figure is known for it. */
  'noteNoFigure',
  /** thing, count: how many there were, which is less than were to go. */
  'noteFewer',
  /** The picture is too full for more. */
  'noteFull',
  /** thing, count: there already. */
  'noteAlready',
  /** words that were not understood. */
  'noteUnread',
  /** The words ask for nothing that could be drawn. */
  'noteNothing',
  /** things and place, or one of them: what stayed as it was. */
  'noteKept',
  'noteKeptThings',
  'noteKeptPlace',
] as const;
export type MixCode = (typeof mixCodes)[number];

export interface MixNote {
  readonly code: MixCode;
  readonly values: { readonly [name: string]: string | number | readonly string[] };
}

/** Notes that say what was asked for and not done. */
export const mixRefusals: ReadonlySet<MixCode> = new Set([
  'noteNotSo',
  'noteNoColour',
  'noteMissing',
  'noteNotInSecond',
  'noteNoSecond',
  'noteSecondEmpty',
  'noteNoFigure',
  'noteFewer',
  'noteFull',
  'noteUnread',
  'noteNothing',
]);

const settings = ['place', 'time', 'weather', 'shot', 'mood'] as const;

/** The message that names a place, an hour, a weather, a shot or a mood. */
function settingKey(field: (typeof settings)[number], value: string): MessageKey {
  const name = value.replace(/(?:^|-)(\p{L})/gu, (_, letter: string) => letter.toUpperCase());
  return `sketch.${field}${name}` as MessageKey;
}

/** A note as a sentence of a language. */
export function noteText(language: Language, { code, values }: MixNote): string {
  const list = new Intl.ListFormat(language, { style: 'long', type: 'unit' });
  const worded: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values)) {
    worded[name] = typeof value === 'string' || typeof value === 'number' ? value : list.format(value);
  }
  const named = settings.flatMap((field) => {
    const value = values[field];
    return typeof value === 'string' ? [translate(language, settingKey(field, value))] : [];
  });
  return translate(language, `mix.${code}`, { ...worded, setting: list.format(named) });
}
