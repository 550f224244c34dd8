import { UNKNOWN, type Tokens } from './tokens.ts';

/**
 * The bonus of a caption under way for the words in it that are wanted or not, each counted once. A word that is still
 * being spelled counts by the share of its pieces that is there, so that the search gets to its end (contextual biasing
 * as in Pundak et al. 2018, "Deep context"): the share is lost when the word turns out to be another one.
 */
export function wordBonus(
  words: readonly { word: string; bonus: number }[],
  tokens: Tokens,
): (caption: readonly number[]) => number {
  const known = words
    .map(({ word, bonus }) => ({ pieces: tokens.encode(word), bonus }))
    .filter(({ pieces }) => !pieces.includes(UNKNOWN));
  const begins = (token: number | undefined): boolean => token === undefined || tokens.beginsWord(token);
  return (caption) =>
    known.reduce((sum, { pieces, bonus }) => sum + bonus * shareSpelled(caption, pieces, begins), 0);
}

/** 1 where the word is in the caption, the share of its pieces where the caption ends within it, else 0. */
function shareSpelled(
  caption: readonly number[],
  pieces: readonly number[],
  begins: (token: number | undefined) => boolean,
): number {
  for (const [start, token] of caption.entries()) {
    if (token !== pieces[0]) continue;
    let length = 1;
    while (length < pieces.length && caption[start + length] === pieces[length]) length++;
    if (length === pieces.length && begins(caption[start + length])) return 1;
    if (start + length === caption.length) return length / pieces.length;
  }
  return 0;
}
