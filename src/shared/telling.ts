import { wordsDownTo, type Pyramid, type Word } from './pyramid.ts';

/**
 * A picture told at five lengths, from one word to a paragraph, in English: from its pyramid and, where it has one, its
 * caption. Nothing is said that neither of them says.
 */
export const tellingLengths = [1, 2, 3, 4, 5] as const;
/** 1 a word, 2 a phrase, 3 a sentence, 4 a sentence with the details, 5 a paragraph that says where things are. */
export type TellingLength = (typeof tellingLengths)[number];

/** Words less likely are shown in the pyramid, with how likely they are, and not told as if they were so. */
const sure = 0.35;

const placePhrases: Readonly<Record<string, string>> = {
  beach: 'on the beach',
  sea: 'by the sea',
  mountain: 'in the mountains',
  street: 'on the street',
  road: 'on the road',
  sidewalk: 'on the sidewalk',
  path: 'on a path',
  field: 'in a field',
  grass: 'on the grass',
  sand: 'on the sand',
  lake: 'at the lake',
  river: 'by the river',
  pool: 'in the pool',
  hill: 'on a hill',
  cliff: 'on a cliff',
  farm: 'on the farm',
  desert: 'in the desert',
  stadium: 'in the stadium',
  stage: 'on the stage',
  court: 'on the court',
  track: 'on the track',
  playground: 'in the playground',
  bridge: 'on the bridge',
  ice: 'on the ice',
  dirt: 'on the dirt',
  ground: 'on the ground',
  outdoors: 'outdoors',
  indoors: 'indoors',
  underwater: 'under water',
  space: 'in space',
  moon: 'on the moon',
  savanna: 'on the savanna',
  landscape: 'in a landscape',
};

const timePhrases: Readonly<Record<string, string>> = {
  night: 'at night',
  sunset: 'at sunset',
  sunrise: 'at sunrise',
  day: 'by day',
  rain: 'in the rain',
  storm: 'in a storm',
  fog: 'in the fog',
  snowfall: 'while it snows',
  wind: 'in the wind',
  winter: 'in winter',
  summer: 'in summer',
  sunny: 'in the sun',
};

/** Words that take no article. */
const uncounted: ReadonlySet<string> = new Set(
  'people clothes food equipment hair snow water sand grass ice ground underwater outdoors indoors sunglasses glasses jeans pants shorts stairs bubbles'.split(
    ' ',
  ),
);

/** @param caption the picture's own, or null */
export function tell(pyramid: Pyramid, caption: string | null, length: TellingLength): string {
  const { concept, subjects } = pyramid;
  if (length === 1) return concept.word;
  const things = [concept, ...subjects.filter((word) => !sameThing(concept, word))]
    .filter(({ kind, probability }, at) => kind === 'thing' && (at === 0 || probability >= sure))
    .slice(0, 2);
  const place = [concept, ...subjects].find(({ kind }) => kind === 'place');
  if (length === 2) {
    return things.length === 0
      ? concept.word
      : phrase(
          things.map(({ word }) => word),
          place,
        );
  }
  const saved = caption?.trim() ?? '';
  const sentence = saved === '' ? sentenceOf(things, place, pyramid) : finished(saved);
  if (length === 3) return sentence;
  const unsaid = wordsDownTo(pyramid, 3).filter(
    ({ word, probability }) => probability >= sure && !says(sentence, word),
  );
  if (length === 4) {
    const words = unsaid.filter(({ kind }) => kind !== 'count').map(({ word }) => word);
    return words.length === 0 ? sentence : `${sentence} Also seen: ${words.join(', ')}.`;
  }
  return [sentence, ...paragraph(pyramid, unsaid)].join(' ');
}

function phrase(things: readonly string[], place: Word | undefined): string {
  return [listed(things), ...(place === undefined ? [] : [placePhrase(place)])].join(' ');
}

function sentenceOf(things: readonly Word[], place: Word | undefined, pyramid: Pyramid): string {
  const time = pyramid.details.find(
    ({ word, kind, probability }) =>
      kind === 'time' && probability >= sure && timePhrases[word] !== undefined,
  );
  const action = pyramid.details.find(({ kind, probability }) => kind === 'action' && probability >= sure);
  const subject =
    things.length === 0
      ? withArticle(pyramid.concept.word)
      : listed(things.map(({ word }) => withArticle(word)));
  const parts = [
    subject,
    ...(action === undefined || things.length !== 1 ? [] : [action.word]),
    ...(place === undefined || things.length === 0 ? [] : [placePhrase(place)]),
    ...(time === undefined ? [] : [timePhrases[time.word]!]),
  ];
  return finished(parts.join(' '));
}

/** A sentence each for what there is and where in the picture, what happens, the setting, and how it looks. */
function paragraph(pyramid: Pyramid, unsaid: readonly Word[]): string[] {
  const all = wordsDownTo(pyramid, 3).filter(({ probability }) => probability >= sure);
  const where = new Map<string, string[]>();
  for (const { word, kind, box } of all) {
    if (kind !== 'thing' || box === null) continue;
    const middle = box.x + box.width / 2;
    const side =
      box.width > 0.7 || (middle >= 0.4 && middle <= 0.6)
        ? 'in the middle'
        : middle < 0.4
          ? 'on the left'
          : 'on the right';
    where.set(side, [...(where.get(side) ?? []), word]);
  }
  const said = (kind: Word['kind']): string[] =>
    unsaid.filter((word) => word.kind === kind).map(({ word }) => word);
  const sentences: string[] = [];
  for (const [side, words] of where) sentences.push(finished(`${side}: ${listed(words)}`));
  const actions = all.filter(({ kind }) => kind === 'action').map(({ word }) => word);
  if (actions.length > 0) sentences.push(finished(`going on: ${listed(actions)}`));
  const setting = [...said('place'), ...said('time')];
  if (setting.length > 0) sentences.push(finished(`the setting: ${listed(setting)}`));
  const looks = said('look');
  if (looks.length > 0) sentences.push(finished(`to be seen, too: ${listed(looks)}`));
  return sentences;
}

/** Whether two words are likely said of one thing: their places are nearly the same. */
function sameThing(one: Word, other: Word): boolean {
  if (one.kind !== 'thing' || other.kind !== 'thing' || one.box === null || other.box === null) return false;
  const [a, b] = [one.box, other.box];
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const common = Math.max(0, across) * Math.max(0, down);
  return common > 0.5 * Math.min(a.width * a.height, b.width * b.height);
}

const placePhrase = ({ word }: Word): string => placePhrases[word] ?? `in the ${word}`;

function withArticle(word: string): string {
  if (uncounted.has(word)) return word;
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}

/** With a capital and a full stop. */
function finished(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…。！？]$/.test(whole) ? whole : `${whole}.`;
}

/** Whether a text says a word, in whatever number. */
function says(text: string, word: string): boolean {
  const escaped = word.replace(/[^\p{L}\p{N} ]/gu, '.');
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?:s|es)?(?![\\p{L}\\p{N}])`, 'iu').test(text);
}
