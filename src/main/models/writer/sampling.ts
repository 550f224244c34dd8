/** Numbers in [0, 1) from a seed: mulberry32 (Tommy Ettinger, public domain), 32 bits of state. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Sampling {
  /** Logits are divided by it; 0 always takes the likeliest. */
  temperature: number;
  /** The likeliest pieces that together have this probability are kept (Holtzman et al. 2020, nucleus sampling). */
  nucleus: number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Pieces that may come next. */
  allowed: (id: number) => boolean;
}

/**
 * Draws the next piece.
 *
 * @param logits f32 [pieces]
 * @returns its id; -1 when none is allowed
 */
export function sample(logits: Float32Array, { temperature, nucleus, random, allowed }: Sampling): number {
  const order = Array.from(logits.keys()).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
  const kept: { id: number; weight: number }[] = [];
  let best = -Infinity;
  // The whole weight is not known before all are seen; beyond this many, what is left cannot matter.
  for (const id of order) {
    if (kept.length >= MOST_KEPT) break;
    if (!allowed(id)) continue;
    const logit = logits[id] ?? -Infinity;
    if (kept.length === 0) best = logit;
    kept.push({
      id,
      weight: temperature > 0 ? Math.exp((logit - best) / temperature) : kept.length === 0 ? 1 : 0,
    });
    if (temperature === 0) break;
  }
  const total = kept.reduce((sum, { weight }) => sum + weight, 0);
  let inside = 0;
  const size = kept.findIndex(({ weight }) => (inside += weight) >= nucleus * total) + 1;
  const chosen = kept.slice(0, size > 0 ? size : kept.length);
  let left = random() * chosen.reduce((sum, { weight }) => sum + weight, 0);
  return (chosen.find(({ weight }) => (left -= weight) < 0) ?? chosen.at(-1))?.id ?? -1;
}

const MOST_KEPT = 512;
