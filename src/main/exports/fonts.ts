import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { FabulaError } from '../../shared/errors.ts';

/**
 * The open fonts that exports embed, from the `@expo-google-fonts` packages. Only those a story needs are read: the
 * Chinese, Japanese, Korean and emoji fonts have 5 to 25 MB each.
 */

interface Face {
  package: string;
  weight: string;
  file: string;
}

interface Family {
  family: string;
  /** Characters the family is for; always read when absent. */
  needed?: RegExp;
  regular: Face;
  /** Read too where titles and labels need it. */
  bold?: Face;
  extra?: Face[];
}

const face = (name: string, file: string, weight: string): Face => ({
  package: `@expo-google-fonts/${name}`,
  weight,
  file: `${file}_${weight}.ttf`,
});

const families: Family[] = [
  {
    family: 'Literata',
    regular: face('literata', 'Literata', '400Regular'),
    extra: [face('literata', 'Literata', '400Regular_Italic'), face('literata', 'Literata', '600SemiBold')],
  },
  {
    family: 'Noto Sans',
    regular: face('noto-sans', 'NotoSans', '400Regular'),
    extra: [face('noto-sans', 'NotoSans', '600SemiBold')],
  },
  {
    // Amiri keeps one glyph a letter. Noto's Arabic fonts take letters apart into bodies and dots, and then no
    // reader finds the words again in the PDF.
    family: 'Amiri',
    needed: /\p{Script=Arabic}/u,
    regular: face('amiri', 'Amiri', '400Regular'),
    bold: face('amiri', 'Amiri', '700Bold'),
  },
  {
    family: 'Noto Sans Hebrew',
    needed: /\p{Script=Hebrew}/u,
    regular: face('noto-sans-hebrew', 'NotoSansHebrew', '400Regular'),
    bold: face('noto-sans-hebrew', 'NotoSansHebrew', '600SemiBold'),
  },
  {
    family: 'Noto Sans Devanagari',
    needed: /\p{Script=Devanagari}/u,
    regular: face('noto-sans-devanagari', 'NotoSansDevanagari', '400Regular'),
    bold: face('noto-sans-devanagari', 'NotoSansDevanagari', '600SemiBold'),
  },
  {
    family: 'Noto Sans Thai',
    needed: /\p{Script=Thai}/u,
    regular: face('noto-sans-thai', 'NotoSansThai', '400Regular'),
    bold: face('noto-sans-thai', 'NotoSansThai', '600SemiBold'),
  },
];

const eastAsian: Record<'ja' | 'ko' | 'zh', Family> = {
  ja: {
    family: 'Noto Sans JP',
    regular: face('noto-sans-jp', 'NotoSansJP', '400Regular'),
    bold: face('noto-sans-jp', 'NotoSansJP', '600SemiBold'),
  },
  ko: {
    family: 'Noto Sans KR',
    regular: face('noto-sans-kr', 'NotoSansKR', '400Regular'),
    bold: face('noto-sans-kr', 'NotoSansKR', '600SemiBold'),
  },
  zh: {
    family: 'Noto Sans SC',
    regular: face('noto-sans-sc', 'NotoSansSC', '400Regular'),
    bold: face('noto-sans-sc', 'NotoSansSC', '600SemiBold'),
  },
};

const emoji: Family = {
  family: 'Noto Color Emoji',
  needed: /\p{Extended_Pictographic}(?<![\d#*©®™])|\p{Regional_Indicator}|\u{20E3}/u,
  regular: face('noto-color-emoji', 'NotoColorEmoji', '400Regular'),
};

/** Characters of Chinese, Japanese and Korean text, punctuation and full-width forms among them. */
const eastAsianText =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\u3000-\u303F\uFF00-\uFFEF]/u;

export interface FontChoice {
  /** Families in the order to try them for a text of these languages; `other` for any other language. */
  order: Record<'ja' | 'ko' | 'zh' | 'other', { serif: string[]; sans: string[] }>;
  files: string[];
}

/**
 * The fonts a document needs.
 *
 * @param text all text that is printed
 * @param strong the part of it that is printed in bold
 * @param languages primary language tags of the paragraphs
 */
export function chooseFonts(text: string, strong: string, languages: ReadonlySet<string>): FontChoice {
  const chosen = families.filter((family) => family.needed?.test(text) ?? true);
  const asian = (Object.keys(eastAsian) as ('ja' | 'ko' | 'zh')[]).filter((language) =>
    languages.has(language),
  );
  if (asian.length === 0 && eastAsianText.test(text)) {
    asian.push(
      /\p{Script=Hangul}/u.test(text)
        ? 'ko'
        : /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)
          ? 'ja'
          : 'zh',
    );
  }
  const pictographs = emoji.needed!.test(text) ? [emoji] : [];
  const all = [...chosen, ...asian.map((language) => eastAsian[language]), ...pictographs];
  const faces = all.flatMap((family) => [
    family.regular,
    ...(family.extra ?? []),
    ...(family.bold !== undefined && needsBold(family, strong) ? [family.bold] : []),
  ]);
  const names = (order: readonly Family[]) => order.map(({ family }) => family);
  const [literata, sans, ...rest] = chosen;
  const order = (first?: 'ja' | 'ko' | 'zh') => {
    const asianOrder = [
      ...(first !== undefined && asian.includes(first) ? [first] : []),
      ...asian.filter((language) => language !== first),
    ].map((language) => eastAsian[language]);
    return {
      serif: names([literata!, ...rest, ...asianOrder, sans!, ...pictographs]),
      sans: names([sans!, ...rest, ...asianOrder, literata!, ...pictographs]),
    };
  };
  return {
    order: { ja: order('ja'), ko: order('ko'), zh: order('zh'), other: order() },
    files: faces.map(fontFile),
  };
}

function needsBold(family: Family, strong: string): boolean {
  return (family.needed ?? eastAsianText).test(strong);
}

// Not called `require`: the bundler declares that name itself.
const fontPackages = createRequire(import.meta.url);

function fontFile({ package: name, weight, file }: Face): string {
  return fontPackages.resolve(`${name}/${weight}/${file}`);
}

/** Reads font files, each into a buffer of its own. @throws FabulaError `unavailable` naming the file that is missing */
export async function readFonts(files: readonly string[]): Promise<Uint8Array[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        const bytes = await readFile(file);
        // Small files come in a slice of a shared pool, which cannot be handed to another thread.
        return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
      } catch (error) {
        throw new FabulaError(
          'unavailable',
          `The font ${file} cannot be read. Install Fabula again.`,
          { file },
          { cause: error },
        );
      }
    }),
  );
}
