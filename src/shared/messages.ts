import { IntlMessageFormat } from 'intl-messageformat';
import app from './messages/en/app.json' with { type: 'json' };
import board from './messages/en/board.json' with { type: 'json' };
import decide from './messages/en/decide.json' with { type: 'json' };
import exporting from './messages/en/export.json' with { type: 'json' };
import library from './messages/en/library.json' with { type: 'json' };
import match from './messages/en/match.json' with { type: 'json' };
import menu from './messages/en/menu.json' with { type: 'json' };
import mix from './messages/en/mix.json' with { type: 'json' };
import labels from './messages/en/labels.json' with { type: 'json' };
import style from './messages/en/style.json' with { type: 'json' };
import pyramid from './messages/en/pyramid.json' with { type: 'json' };
import sketch from './messages/en/sketch.json' with { type: 'json' };
import suggest from './messages/en/suggest.json' with { type: 'json' };
import appEs from './messages/es/app.json' with { type: 'json' };
import boardEs from './messages/es/board.json' with { type: 'json' };
import decideEs from './messages/es/decide.json' with { type: 'json' };
import exportingEs from './messages/es/export.json' with { type: 'json' };
import libraryEs from './messages/es/library.json' with { type: 'json' };
import matchEs from './messages/es/match.json' with { type: 'json' };
import menuEs from './messages/es/menu.json' with { type: 'json' };
import mixEs from './messages/es/mix.json' with { type: 'json' };
import labelsEs from './messages/es/labels.json' with { type: 'json' };
import styleEs from './messages/es/style.json' with { type: 'json' };
import pyramidEs from './messages/es/pyramid.json' with { type: 'json' };
import sketchEs from './messages/es/sketch.json' with { type: 'json' };
import suggestEs from './messages/es/suggest.json' with { type: 'json' };
import appAr from './messages/ar/app.json' with { type: 'json' };
import boardAr from './messages/ar/board.json' with { type: 'json' };
import decideAr from './messages/ar/decide.json' with { type: 'json' };
import exportingAr from './messages/ar/export.json' with { type: 'json' };
import libraryAr from './messages/ar/library.json' with { type: 'json' };
import matchAr from './messages/ar/match.json' with { type: 'json' };
import menuAr from './messages/ar/menu.json' with { type: 'json' };
import mixAr from './messages/ar/mix.json' with { type: 'json' };
import labelsAr from './messages/ar/labels.json' with { type: 'json' };
import styleAr from './messages/ar/style.json' with { type: 'json' };
import pyramidAr from './messages/ar/pyramid.json' with { type: 'json' };
import sketchAr from './messages/ar/sketch.json' with { type: 'json' };
import suggestAr from './messages/ar/suggest.json' with { type: 'json' };
import appJa from './messages/ja/app.json' with { type: 'json' };
import boardJa from './messages/ja/board.json' with { type: 'json' };
import decideJa from './messages/ja/decide.json' with { type: 'json' };
import exportingJa from './messages/ja/export.json' with { type: 'json' };
import libraryJa from './messages/ja/library.json' with { type: 'json' };
import matchJa from './messages/ja/match.json' with { type: 'json' };
import menuJa from './messages/ja/menu.json' with { type: 'json' };
import mixJa from './messages/ja/mix.json' with { type: 'json' };
import labelsJa from './messages/ja/labels.json' with { type: 'json' };
import styleJa from './messages/ja/style.json' with { type: 'json' };
import pyramidJa from './messages/ja/pyramid.json' with { type: 'json' };
import sketchJa from './messages/ja/sketch.json' with { type: 'json' };
import suggestJa from './messages/ja/suggest.json' with { type: 'json' };
import appMs from './messages/ms/app.json' with { type: 'json' };
import boardMs from './messages/ms/board.json' with { type: 'json' };
import decideMs from './messages/ms/decide.json' with { type: 'json' };
import exportingMs from './messages/ms/export.json' with { type: 'json' };
import libraryMs from './messages/ms/library.json' with { type: 'json' };
import matchMs from './messages/ms/match.json' with { type: 'json' };
import menuMs from './messages/ms/menu.json' with { type: 'json' };
import mixMs from './messages/ms/mix.json' with { type: 'json' };
import labelsMs from './messages/ms/labels.json' with { type: 'json' };
import styleMs from './messages/ms/style.json' with { type: 'json' };
import pyramidMs from './messages/ms/pyramid.json' with { type: 'json' };
import sketchMs from './messages/ms/sketch.json' with { type: 'json' };
import suggestMs from './messages/ms/suggest.json' with { type: 'json' };

/**
 * The words of the window and of its menus, in every language they speak. One folder a language, one file an area; a
 * key is `area.name`. Messages are in ICU MessageFormat, so that plurals come out right in each language. English
 * has every key; tests see to it that the others have the same ones.
 */

const english = {
  app,
  board,
  decide,
  export: exporting,
  labels,
  library,
  match,
  menu,
  mix,
  pyramid,
  sketch,
  style,
  suggest,
};
type English = typeof english;

/** `area.name` of every message. */
export type MessageKey = {
  [Area in keyof English]: `${Area}.${keyof English[Area] & string}`;
}[keyof English];

export type MessageValues = Readonly<Record<string, string | number>>;

/** The languages of the window, each by the name it gives itself. */
export const languages = {
  en: 'English',
  es: 'Español',
  ar: 'العربية',
  ja: '日本語',
  ms: 'Bahasa Melayu',
} as const;
export type Language = keyof typeof languages;
export const languageCodes = Object.keys(languages) as Language[];

type Catalogue = Readonly<Record<string, Readonly<Record<string, string>>>>;
const catalogues: Readonly<Record<Language, Catalogue>> = {
  en: english,
  es: {
    app: appEs,
    board: boardEs,
    decide: decideEs,
    export: exportingEs,
    library: libraryEs,
    match: matchEs,
    menu: menuEs,
    mix: mixEs,
    labels: labelsEs,
    style: styleEs,
    pyramid: pyramidEs,
    sketch: sketchEs,
    suggest: suggestEs,
  },
  ar: {
    app: appAr,
    board: boardAr,
    decide: decideAr,
    export: exportingAr,
    library: libraryAr,
    match: matchAr,
    menu: menuAr,
    mix: mixAr,
    labels: labelsAr,
    style: styleAr,
    pyramid: pyramidAr,
    sketch: sketchAr,
    suggest: suggestAr,
  },
  ja: {
    app: appJa,
    board: boardJa,
    decide: decideJa,
    export: exportingJa,
    library: libraryJa,
    match: matchJa,
    menu: menuJa,
    mix: mixJa,
    labels: labelsJa,
    style: styleJa,
    pyramid: pyramidJa,
    sketch: sketchJa,
    suggest: suggestJa,
  },
  ms: {
    app: appMs,
    board: boardMs,
    decide: decideMs,
    export: exportingMs,
    library: libraryMs,
    match: matchMs,
    menu: menuMs,
    mix: mixMs,
    labels: labelsMs,
    style: styleMs,
    pyramid: pyramidMs,
    sketch: sketchMs,
    suggest: suggestMs,
  },
};

/** `rtl` for languages written from right to left. */
export function directionOf(language: Language): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr';
}

/** The first of a person's preferred languages (BCP 47 tags, best first) that the window speaks; English if none. */
export function bestLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const primary = tag.split('-')[0]!.toLowerCase();
    const code = languageCodes.find((language) => language === primary);
    if (code) return code;
  }
  return 'en';
}

/** The keys a language has, as `area.name`, sorted. */
export function keysOf(language: Language): string[] {
  return Object.entries(catalogues[language])
    .flatMap(([area, messages]) => Object.keys(messages).map((name) => `${area}.${name}`))
    .sort();
}

/** Whether there is a message of this key: one that was stored may be of another version. */
export function isMessageKey(key: string): key is MessageKey {
  const [area, name] = key.split('.') as [string, string];
  return (english as Catalogue)[area]?.[name] !== undefined;
}

/** A message as its language's file has it; undefined where that lacks it. */
export function messageOf(language: Language, key: MessageKey): string | undefined {
  const [area, name] = key.split('.') as [string, string];
  return catalogues[language][area]?.[name];
}

const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

/**
 * Names and titles that run against the direction of the message are set apart (Unicode's first strong isolate), or
 * what stands around them would change places with them. A value that a message chooses by stays as it is.
 */
function isolated(language: Language, message: string, values: MessageValues): MessageValues {
  const isMirrored = directionOf(language) === 'rtl';
  const isForeign = (text: string): boolean =>
    isMirrored ? /\p{L}/u.test(text.replace(new RegExp(rightToLeft, 'gu'), '')) : rightToLeft.test(text);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const chooses = new RegExp(`\\{\\s*${name}\\s*,\\s*select`).test(message);
      return [
        name,
        typeof value === 'string' && !chooses && isForeign(value) ? `\u2068${value}\u2069` : value,
      ];
    }),
  );
}

const formats = new Map<string, IntlMessageFormat>();

/**
 * A message in a language, its `{values}` filled in; in English where the language lacks it.
 *
 * @throws RangeError when a value that the message names is not given
 */
export function translate(language: Language, key: MessageKey, values?: MessageValues): string {
  const own = messageOf(language, key);
  const spoken = own === undefined ? 'en' : language;
  const message = own ?? messageOf('en', key)!;
  // Most messages have neither values nor apostrophes and need no parser.
  if (values === undefined && !/[{}'<]/.test(message)) return message;
  const id = `${spoken} ${key}`;
  let format = formats.get(id);
  if (!format) {
    // Tags are left alone: no message may carry markup.
    format = new IntlMessageFormat(message, spoken, undefined, { ignoreTag: true });
    formats.set(id, format);
  }
  return String(format.format(values && isolated(spoken, message, values)));
}
