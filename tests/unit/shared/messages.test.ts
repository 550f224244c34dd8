import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, test } from 'vitest';
import {
  bestLanguage,
  directionOf,
  keysOf,
  languageCodes,
  messageOf,
  translate,
  type Language,
  type MessageKey,
} from '../../../src/shared/messages.ts';
import { describeCommand, windowCommandIds } from '../../../src/shared/window-commands.ts';
import { writtenWords } from '../../fixtures/written-words.ts';

type Elements = ReturnType<IntlMessageFormat['getAst']>;

/** Words that are written the same in English and in the language. */
const sameIn: Readonly<Record<Language, readonly MessageKey[]>> = {
  en: [],
  es: ['app.inspector', 'board.secondsSign', 'labels.no', 'menu.zoomWindow', 'sketch.moodNeutral'],
  ar: ['export.letter'],
  ja: [],
  ms: [
    'app.jobImportOne',
    'board.panelNumber',
    'board.secondsSign',
    'export.format',
    'export.letter',
    'library.chipTag',
    'library.chipFolder',
    'labels.facet',
    'library.folder',
    'match.panel',
    'match.toPanel',
    'sketch.placeStadium',
    'sketch.moodNeutral',
  ],
};

/** A message of placeholders and signs alone, or of a name that is not translated. */
function isNameOrSign(message: string): boolean {
  const text = message.replace(/\{[^{}]*\}/g, '');
  return /^(A4|Markdown|PDF)$/.test(text) || !/\p{L}/u.test(text);
}

const others = languageCodes.filter((code) => code !== 'en');
const keys = keysOf('en') as MessageKey[];

interface Shape {
  placeholders: Set<string>;
  /** The forms that each plural has, by the name of its number. */
  plurals: { name: string; type: 'cardinal' | 'ordinal'; forms: Set<string> }[];
  /** The choices that each select has. */
  selects: Map<string, string>;
}

function shapeOf(message: string): Shape {
  const shape: Shape = { placeholders: new Set(), plurals: [], selects: new Map() };
  const visit = (elements: Elements): void => {
    for (const element of elements) {
      const isLiteral = element.type === 0;
      if (isLiteral || !('value' in element)) continue;
      shape.placeholders.add(element.value);
      if (!('options' in element)) continue;
      const forms = Object.keys(element.options);
      if ('pluralType' in element) {
        const type = element.pluralType ?? 'cardinal';
        shape.plurals.push({ name: element.value, type, forms: new Set(forms) });
      } else shape.selects.set(element.value, forms.sort().join(' '));
      for (const { value } of Object.values(element.options)) visit(value);
    }
  };
  visit(new IntlMessageFormat(message, 'en', undefined, { ignoreTag: true }).getAst());
  return shape;
}

/** Forms that a plural of this language needs, and those it may have besides (`=0`, `=1`). */
function missingForms(language: Language, { type, forms }: Shape['plurals'][number]): string[] {
  const { pluralCategories } = new Intl.PluralRules(language, { type }).resolvedOptions();
  // `many` in Spanish is for millions in words (“un millón de…”): no count here comes near it.
  return pluralCategories.filter((form) => !forms.has(form) && !(language === 'es' && form === 'many'));
}

describe('English', () => {
  test('has plurals with the forms that English needs', () => {
    const wrong = keys.flatMap((key) =>
      shapeOf(messageOf('en', key)!).plurals.flatMap((plural) =>
        missingForms('en', plural).map((form) => `${key} lacks “${form}”`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('holds every word of the window: no template or script has words of its own', () => {
    expect(writtenWords().map(({ file, line, text }) => `${file}:${line} ${text}`)).toEqual([]);
  });
});

describe.each(others)('%s', (language) => {
  const translated = keysOf(language);

  test('has exactly the keys of English', () => {
    expect(translated).toEqual(keys);
  });

  test('leaves nothing in English by accident', () => {
    const left = keys.filter((key) => {
      const own = messageOf(language, key);
      return own === messageOf('en', key) && !isNameOrSign(own!) && !sameIn[language].includes(key);
    });
    expect(left).toEqual([]);
  });

  test('has the same places to fill in as English, and every plural form it needs', () => {
    const wrong = (translated as MessageKey[]).flatMap((key) => {
      const english = shapeOf(messageOf('en', key)!);
      const own = shapeOf(messageOf(language, key)!);
      const lists = [
        [...english.placeholders].sort().join() === [...own.placeholders].sort().join() ? '' : 'placeholders',
        [...english.selects].join() === [...own.selects].join() ? '' : 'select choices',
        english.plurals.length > 0 && own.plurals.length === 0 ? 'plural' : '',
        ...own.plurals.flatMap((plural) => missingForms(language, plural).map((form) => `lacks “${form}”`)),
      ];
      return lists.filter(Boolean).map((what) => `${key}: ${what}`);
    });
    expect(wrong).toEqual([]);
  });

  test('can say every message with numbers small and large', () => {
    for (const key of translated as MessageKey[]) {
      const { placeholders } = shapeOf(messageOf(language, key)!);
      for (const count of [0, 1, 2, 3, 11, 100, 100_000]) {
        const values = Object.fromEntries([...placeholders].map((name) => [name, count]));
        expect(translate(language, key, values)).not.toBe('');
      }
    }
  });
});

test('names that run against the message are set apart, and what a message chooses by is not', () => {
  expect(translate('en', 'menu.openStory', { title: 'Tale' })).toBe('Open “Tale”');
  expect(translate('en', 'menu.openStory', { title: 'قطة' })).toBe('Open “\u2068قطة\u2069”');
  expect(translate('ar', 'menu.openStory', { title: 'قطة' })).not.toContain('\u2068');
  expect(translate('ar', 'menu.openStory', { title: 'Tale' })).toContain('\u2068Tale\u2069');
  expect(translate('ar', 'match.suggestion', { choice: 'sketch' })).toBe('الاقتراح: رسم.');
});

test('every command of the window has a title', () => {
  for (const id of windowCommandIds) expect(keys).toContain(describeCommand(id).title);
});

test('the language is the first preferred one that the window speaks', () => {
  expect(bestLanguage(['de-DE', 'ms-MY', 'en'])).toBe('ms');
  expect(bestLanguage(['ar-EG'])).toBe('ar');
  expect(bestLanguage(['tlh'])).toBe('en');
  expect(languageCodes.filter((code) => directionOf(code) === 'rtl')).toEqual(['ar']);
});
