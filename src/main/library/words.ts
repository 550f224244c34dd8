/**
 * Words for full-text search in any script. FTS5's unicode61 tokenizer splits at spaces and punctuation; scripts
 * written without spaces between words (and Korean, whose particles cling to the noun) are cut into overlapping pairs
 * of characters first, so that any part of a run is found as a phrase of pairs.
 */

const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3005\u3006\u309D\u309E\u30FC-\u30FE]+/gu;

/** Tatweel and vowel marks of Arabic and Hebrew, which are written or left out at will; variation selectors and skin tones. */
const optionalMarks =
  /[\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u064B-\u065F\u0670]|\u0640|[\uFE0E\uFE0F]|\p{Emoji_Modifier}/gu;

/** A text as it goes into the index. */
export function indexedWords(text: string): string {
  return normalised(text).replace(unspaced, (run) => {
    const letters = Array.from(run);
    // The last letter alone ends the run, so that every letter begins some token and can be asked for by itself.
    return ` ${letters.map((letter, at) => letter + (letters[at + 1] ?? '')).join(' ')} `;
  });
}

/** A file name as it goes into the index: without its ending, `DogOnBeach` as three words. */
export function indexedName(name: string): string {
  const stem = name.replace(/\.[A-Za-z0-9]{1,5}$/, '');
  return indexedWords(stem.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2'));
}

/**
 * The FTS5 expression that finds texts with every word of a query, or null when the query has no words.
 *
 * @param prefix whether the query's last word may be the beginning of a longer one
 */
export function matchExpression(query: string, prefix: boolean): string | null {
  const terms: string[] = [];
  const text = normalised(query);
  for (const piece of text.match(/[\p{L}\p{N}\p{M}\p{Co}]+|\p{So}/gu) ?? []) {
    let rest = 0;
    for (const run of piece.matchAll(unspaced)) {
      pushWord(terms, piece.slice(rest, run.index));
      rest = run.index + run[0].length;
      const letters = Array.from(run[0]);
      if (letters.length === 1) terms.push(`"${letters[0]!}" *`);
      else
        terms.push(
          `"${letters
            .slice(0, -1)
            .map((letter, at) => letter + letters[at + 1]!)
            .join(' ')}"`,
        );
    }
    pushWord(terms, piece.slice(rest));
  }
  if (terms.length === 0) return null;
  const last = terms.at(-1)!;
  if (prefix && !last.endsWith('*') && !last.includes(' ')) terms[terms.length - 1] = `${last} *`;
  return terms.join(' AND ');
}

function pushWord(terms: string[], word: string): void {
  if (word !== '') terms.push(`"${word}"`);
}

function normalised(text: string): string {
  return text
    .normalize('NFKC')
    .replace(optionalMarks, '')
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/\p{So}/gu, ' $& ')
    .toLowerCase();
}
