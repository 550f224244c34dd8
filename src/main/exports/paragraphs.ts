/** Text as exports print it: paragraphs, each with its language and direction. */

export interface Paragraph {
  lines: string[];
  /** BCP 47 tag. */
  lang: string;
  dir: 'ltr' | 'rtl';
}

/** Scripts that exports tell apart, each with the language it stands for when the story names none. */
const scripts = {
  Arabic: { pattern: /\p{Script=Arabic}/u, lang: 'ar', others: ['fa', 'ur', 'ps', 'ckb', 'sd', 'ug', 'ms'] },
  Hebrew: { pattern: /\p{Script=Hebrew}/u, lang: 'he', others: ['yi', 'lad'] },
  Kana: { pattern: /[\p{Script=Hiragana}\p{Script=Katakana}]/u, lang: 'ja', others: [] },
  Hangul: { pattern: /\p{Script=Hangul}/u, lang: 'ko', others: [] },
  Han: { pattern: /\p{Script=Han}/u, lang: 'zh', others: ['ja', 'ko', 'yue'] },
  Devanagari: { pattern: /\p{Script=Devanagari}/u, lang: 'hi', others: ['mr', 'ne', 'sa'] },
  Thai: { pattern: /\p{Script=Thai}/u, lang: 'th', others: [] },
  Cyrillic: {
    pattern: /\p{Script=Cyrillic}/u,
    lang: 'ru',
    others: ['uk', 'bg', 'sr', 'mk', 'be', 'kk', 'mn'],
  },
  Greek: { pattern: /\p{Script=Greek}/u, lang: 'el', others: [] },
} as const;

/** Letters whose own direction is right to left (bidi classes R and AL), as far as scripts in use go. */
const rightToLeft =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}\p{Script=Mandaic}\p{Script=Samaritan}\p{Script=Hanifi_Rohingya}]/u;

/** What the whole story says about paragraphs that alone could be of several languages. */
export interface TextContext {
  /** The story's own language tag, or empty. */
  language: string;
  /** The language of a few Chinese characters without any kana or hangul, such as a name or a title. */
  han: string;
}

/** @param texts every text of the story that is printed */
export function textContext(language: string, texts: Iterable<string>): TextContext {
  if (['ja', 'ko', 'zh', 'yue'].includes(primaryOf(language))) return { language, han: language };
  let han = 'zh';
  for (const text of texts) {
    if (scripts.Kana.pattern.test(text)) return { language, han: 'ja' };
    if (scripts.Hangul.pattern.test(text)) han = 'ko';
  }
  return { language, han };
}

/** Japanese without kana ends after a few characters; longer text of Chinese characters alone is Chinese. */
const longestJapanese = 12;

let japaneseCharacters: Set<string> | undefined;

/** Whether Japanese text could be written with these characters alone: those of JIS X 0208. */
function couldBeJapanese(letters: readonly string[]): boolean {
  if (letters.length > longestJapanese) return false;
  japaneseCharacters ??= new Set(
    new TextDecoder('shift_jis').decode(
      Uint8Array.from(
        Array.from({ length: 0xf0 - 0x88 }, (_, row) => 0x88 + row)
          .filter((lead) => lead < 0xa0 || lead >= 0xe0)
          .flatMap((lead) => Array.from({ length: 0xfd - 0x40 }, (_, cell) => [lead, 0x40 + cell]))
          .filter(([, trail]) => trail !== 0x7f)
          .flat(),
      ),
    ),
  );
  return letters.every((letter) => japaneseCharacters!.has(letter));
}

/**
 * Splits a text into paragraphs at blank lines and finds each one's language and direction: the direction of its
 * first letter that has one (Unicode bidi rules P2 and P3), the language of its script.
 */
export function paragraphs(text: string, context: TextContext): Paragraph[] {
  return text
    .replace(/\r\n?/g, '\n')
    .split(/\n[^\S\n]*\n\s*/)
    .map((part) => part.split('\n').map(printable))
    .filter((lines) => lines.some((line) => line.trim() !== ''))
    .map((lines) => {
      const whole = lines.join('\n');
      return { lines, lang: languageOf(whole, context), dir: directionOf(whole) };
    });
}

/** The direction of the first letter that has one; left to right when none has. */
export function directionOf(text: string): 'ltr' | 'rtl' {
  const letter = /\p{L}/u.exec(text)?.[0];
  return letter !== undefined && rightToLeft.test(letter) ? 'rtl' : 'ltr';
}

export function languageOf(text: string, context: TextContext): string {
  const primary = primaryOf(context.language);
  const found = mainScript(text);
  if (found === undefined) {
    // Letters of the Latin script, or none: the story's language when it is written so, else English.
    const other = Object.values(scripts).some(
      ({ lang, others }) => lang === primary || (others as readonly string[]).includes(primary),
    );
    return context.language !== '' && (!other || primary === 'ms' || !/\p{L}/u.test(text))
      ? context.language
      : 'en';
  }
  if (found === 'Han') {
    if (primaryOf(context.han) !== 'ja' || primary === 'ja') return context.han;
    return couldBeJapanese(text.match(/\p{Script=Han}/gu) ?? []) ? 'ja' : 'zh';
  }
  const { lang, others } = scripts[found];
  return primary === lang || (others as readonly string[]).includes(primary) ? context.language : lang;
}

/** The script most letters of a text are in, undefined for Latin and scripts not told apart; any kana makes Japanese. */
function mainScript(text: string): keyof typeof scripts | undefined {
  const letters = [...text.slice(0, 5000)].filter((character) => /\p{L}/u.test(character));
  const counts = new Map<keyof typeof scripts | undefined, number>();
  for (const letter of letters) {
    const script = (Object.keys(scripts) as (keyof typeof scripts)[]).find((key) =>
      scripts[key].pattern.test(letter),
    );
    counts.set(script, (counts.get(script) ?? 0) + 1);
  }
  const han = (counts.get('Han') ?? 0) + (counts.get('Kana') ?? 0);
  if (counts.has('Kana') && han * 2 >= letters.length) return 'Kana';
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

export function primaryOf(tag: string): string {
  return tag.toLowerCase().split(/[-_]/)[0] ?? '';
}

/** Drops control characters, which no font has a glyph for, and writes tabs as spaces. */
function printable(line: string): string {
  return line
    .replace(/\t/g, '    ')
    .replace(/\p{Cc}/gu, '')
    .trimEnd();
}
