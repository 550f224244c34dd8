/**
 * Finding a title by a few of its letters, in any script. Letters are compared without case, accents, vowel signs and
 * width, and katakana as hiragana, so that what is typed quickly finds what is written carefully.
 */

const marks = /\p{M}+/gu;
const katakana = /[\u30a1-\u30f6]/g;
/** A sound mark that belongs to the kana before it, and would be lost with the accents. */
const voiced = /[\u3099\u309a]/;

/** The letters of a text as they are compared. */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(marks, (signs) => (voiced.test(signs) ? signs : ''))
    .normalize('NFC')
    .toLowerCase()
    .replace(katakana, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0x60))
    .replace(/[أإآ]/g, 'ا')
    .replace(/ى/g, 'ي')
    .replace(/ة/g, 'ه')
    .replace(/ـ/g, '');
}

const letter = /[\p{L}\p{N}]/u;

/** Where in `title` a word of the query stands best: the higher the better; null where it does not stand. */
function scoreWord(word: string, title: readonly string[]): number | null {
  const letters = [...word];
  const text = title.join('');
  const at = text.indexOf(word);
  if (at >= 0) {
    const begins = at === 0 || !letter.test(text[at - 1] ?? '');
    return 100 + (at === 0 ? 40 : begins ? 25 : 0) - Math.min(20, at / 4);
  }
  // The letters in order, with others between: better where they begin words and stand close together.
  let score = 40;
  let from = 0;
  let last = -1;
  for (const sign of letters) {
    const place = title.indexOf(sign, from);
    if (place < 0) return null;
    const begins = place === 0 || !letter.test(title[place - 1] ?? '');
    if (place !== last + 1) score -= begins ? 1 : Math.min(8, place - last);
    last = place;
    from = place + 1;
  }
  return score > 0 ? score : null;
}

/**
 * How well a title answers a query: every word of the query has to stand in it, whole or letter by letter.
 *
 * @returns the higher the better, 0 for an empty query; null where the title does not answer
 */
export function fuzzyScore(query: string, title: string): number | null {
  const words = folded(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return 0;
  const signs = [...folded(title)];
  let sum = 0;
  for (const word of words) {
    const score = scoreWord(word, signs);
    if (score === null) return null;
    sum += score;
  }
  // Of two titles that answer alike the shorter says it better.
  return sum / words.length - Math.min(10, signs.length / 20);
}
