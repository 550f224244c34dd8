import { translateToEnglish } from '../sketch/lexicon.ts';

/**
 * The texts that stand for a label's name: as a caption would have it. The mean of their vectors is the name's (prompt
 * ensembling, Radford et al. 2021). Names in other languages are read with the lexicon.
 */
export function labelTexts(name: string): string[] {
  const english = translateToEnglish(name).trim();
  const own = english === '' ? name : english;
  return [own, `a ${own}`, `a photo of a ${own}`, `there is a ${own} in the picture`];
}

/** The unit vector of a name, from those of its texts. */
export function nameVector(texts: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(texts[0]!.length);
  for (const text of texts) for (const [d, value] of text.entries()) sum[d]! += value;
  const length = Math.hypot(...sum) || 1;
  return sum.map((value) => value / length);
}
