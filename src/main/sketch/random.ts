/** Seeded randomness. Everything the painter leaves to chance comes from here, so the same seed draws the same bytes. */

export type Random = () => number;

/**
 * mulberry32 (Tommy Ettinger, public domain): a 32-bit state, one multiplication chain a number, period 2^32.
 * @returns a function giving numbers in [0, 1).
 */
export function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** FNV-1a over UTF-16 code units: a 32-bit hash which is the same on every machine. */
export function hashText(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  // A last mix, for short texts differ in few bits.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** One element of a list, chosen by `random`. The list must not be empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const chosen = list[Math.min(list.length - 1, Math.floor(random() * list.length))];
  if (chosen === undefined) throw new RangeError('pick needs a list with at least one element');
  return chosen;
}
