/** Pictures whose captions are written from the same number of image tokens. */
export interface TokenGroup {
  /** Rows of the batch. */
  photos: number[];
  /** Tokens each of them keeps: [photos, K], in reading order. */
  kept: number[][];
}

/**
 * Chooses the image tokens that go on to the caption decoder (dynamic visual tokens; Jin et al. 2024, "LaVIT"): as many
 * as the picture needs, rounded up to one of `counts` so that pictures can share a run. The same picture always keeps
 * the same tokens, whichever pictures it shares its batch with.
 *
 * @param need f32 [photos, tokens], 0..1: how much each token is needed; those over a half are
 * @param counts numbers of tokens that may be kept, ascending, the last at most `tokens`
 * @returns groups by number of tokens, fewest first
 */
export function keepTokens(
  need: Float32Array,
  photos: number,
  counts: readonly [number, ...number[]],
): TokenGroup[] {
  const tokens = need.length / photos;
  const groups = new Map<number, TokenGroup>();
  for (let photo = 0; photo < photos; photo++) {
    const own = need.subarray(photo * tokens, (photo + 1) * tokens);
    const needed = own.reduce((sum, value) => sum + (value > 0.5 ? 1 : 0), 0);
    const count = counts.find((most) => most >= needed) ?? counts.at(-1) ?? counts[0];
    const order = Array.from(own.keys()).sort((a, b) => (own[b] ?? 0) - (own[a] ?? 0) || a - b);
    const group = groups.get(count) ?? { photos: [], kept: [] };
    groups.set(count, group);
    group.photos.push(photo);
    group.kept.push(order.slice(0, count).sort((a, b) => a - b));
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/**
 * Rows of a matrix.
 *
 * @param values f32 [rows, width]
 */
export function takeRows(values: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries())
    out.set(values.subarray(row * width, (row + 1) * width), at * width);
  return out;
}
