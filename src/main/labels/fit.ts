/**
 * What a label means, learned from its name and a few answers.
 *
 * The log-odds that a picture has a label are those of its name alone (CLIP zero-shot: the calibrated similarity of the
 * picture's vector to the name's) plus a linear correction: of how much the name counts, of the threshold, and of the
 * direction in which pictures answered with yes lie from those answered with no. With normal priors on the three, the
 * likeliest correction is a mix of the answered pictures (as in Tip-Adapter, Zhang et al. 2022), found by Newton's
 * method in as many unknowns as there are answers (Rasmussen and Williams 2006, algorithm 3.1, with a linear kernel).
 */

/** Standard deviations of the priors. */
const directionDeviation = 3;
const nameDeviation = 1;
const thresholdDeviation = 2;
const steps = 30;

export interface Vectors {
  /** f32 [count, dimensions], unit length, row by row. */
  matrix: Float32Array;
  count: number;
  dimensions: number;
}

export interface Answer {
  row: number;
  yes: boolean;
}

/**
 * Log-odds for every row.
 *
 * @param text the name's unit vector
 * @param probability the pack's calibration: similarity to probability
 */
export function labelOdds(
  { matrix, count, dimensions }: Vectors,
  text: Float32Array,
  probability: (similarity: number) => number,
  answers: readonly Answer[],
): Float64Array {
  const similarities = new Float64Array(count);
  const mean = new Float64Array(dimensions);
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let d = 0; d < dimensions; d++) {
      const value = matrix[row * dimensions + d]!;
      sum += value * text[d]!;
      mean[d]! += value / count;
    }
    similarities[row] = sum;
  }
  const odds = Float64Array.from(similarities, (similarity) => logit(probability(similarity)));
  if (answers.length === 0) return odds;

  const middle = similarities.reduce((sum, one) => sum + one, 0) / count;
  const spread = Math.sqrt(similarities.reduce((sum, one) => sum + (one - middle) ** 2, 0) / count) || 1;
  // Pictures lie close together around their mean: what tells them apart is how they differ from it.
  const radius = Math.sqrt(Math.max(1e-6, 1 - mean.reduce((sum, one) => sum + one * one, 0)));
  const kernel = (a: number, b: number): number => {
    let product = 0;
    for (let d = 0; d < dimensions; d++) {
      product += (matrix[a * dimensions + d]! - mean[d]!) * (matrix[b * dimensions + d]! - mean[d]!);
    }
    const names = ((similarities[a]! - middle) / spread) * ((similarities[b]! - middle) / spread);
    return (
      directionDeviation ** 2 * (product / radius ** 2) + nameDeviation ** 2 * names + thresholdDeviation ** 2
    );
  };
  const weights = fit(
    answers.map(({ row: a }) => answers.map(({ row: b }) => kernel(a, b))),
    answers.map(({ row }) => odds[row]!),
    answers.map(({ yes }) => (yes ? 1 : 0)),
  );

  // The mix of answered pictures, as one direction: one product a row, however many answers there are.
  const direction = new Float64Array(dimensions);
  let name = 0;
  let threshold = 0;
  for (const [at, { row }] of answers.entries()) {
    const weight = weights[at]!;
    for (let d = 0; d < dimensions; d++) {
      direction[d]! +=
        (weight * directionDeviation ** 2 * (matrix[row * dimensions + d]! - mean[d]!)) / radius ** 2;
    }
    name += weight * nameDeviation ** 2 * ((similarities[row]! - middle) / spread);
    threshold += weight * thresholdDeviation ** 2;
  }
  for (let row = 0; row < count; row++) {
    let product = 0;
    for (let d = 0; d < dimensions; d++) {
      product += direction[d]! * (matrix[row * dimensions + d]! - mean[d]!);
    }
    odds[row]! += product + name * ((similarities[row]! - middle) / spread) + threshold;
  }
  return odds;
}

/** The weights of the answers: at the likeliest log-odds f, y − sigmoid(f). */
function fit(kernel: readonly number[][], prior: readonly number[], yes: readonly number[]): number[] {
  const n = yes.length;
  let weights = new Array<number>(n).fill(0);
  const oddsOf = (given: readonly number[]): number[] =>
    kernel.map((row, at) => prior[at]! + row.reduce((sum, value, other) => sum + value * given[other]!, 0));
  for (let step = 0; step < steps; step++) {
    const odds = oddsOf(weights);
    const shares = odds.map(sigmoid);
    // Newton: (W⁻¹ + K) a = f − prior + W⁻¹ (y − p), with W = p (1 − p).
    const curvature = shares.map((share) => Math.max(1e-4, share * (1 - share)));
    const matrix = kernel.map((row, at) =>
      row.map((value, other) => value + (at === other ? 1 / curvature[at]! : 0)),
    );
    const right = odds.map((odd, at) => odd - prior[at]! + (yes[at]! - shares[at]!) / curvature[at]!);
    const next = solve(matrix, right);
    const moved = Math.max(...next.map((value, at) => Math.abs(value - weights[at]!)));
    // Halved steps: a full one may overshoot where the answers surprise.
    weights = weights.map((value, at) => value + (next[at]! - value) * (step < 4 ? 0.5 : 1));
    if (moved < 1e-6) break;
  }
  return weights;
}

/** Solves a symmetric positive definite system by Gaussian elimination. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, at) => [...row, right[at]!]);
  for (let pivot = 0; pivot < n; pivot++) {
    for (let row = pivot + 1; row < n; row++) {
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      for (let column = pivot; column <= n; column++) rows[row]![column]! -= factor * rows[pivot]![column]!;
    }
  }
  const solution = new Array<number>(n).fill(0);
  for (let row = n - 1; row >= 0; row--) {
    let sum = rows[row]![n]!;
    for (let column = row + 1; column < n; column++) sum -= rows[row]![column]! * solution[column]!;
    solution[row] = sum / rows[row]![row]!;
  }
  return solution;
}

/** A label is never given to a picture that is less likely than this to have it. */
const leastLikely = 0.1;

/**
 * The log-odds from which on pictures get the label: where the expected F1 over all of them is greatest, which is below
 * even odds when the pictures are hard to tell (Lipton, Elkan and Naryanaswamy 2014).
 */
export function labelThreshold(odds: Float64Array): number {
  const sorted = odds.map(sigmoid).toSorted().reverse();
  const all = sorted.reduce((sum, one) => sum + one, 0);
  let [hits, best, least] = [0, -1, 1];
  for (const [at, probability] of sorted.entries()) {
    hits += probability;
    const score = (2 * hits) / (at + 1 + all);
    if (score > best) [best, least] = [score, probability];
  }
  return logit(Math.max(leastLikely, least));
}

/**
 * The row to ask about next, or null where all are answered: the likeliest until there is a yes, then the one nearest
 * to the threshold, where the label is most uncertain (Lewis and Gale 1994).
 */
export function nextQuestion(
  odds: Float64Array,
  threshold: number,
  answers: readonly Answer[],
): number | null {
  const answered = new Set(answers.map(({ row }) => row));
  const any = answers.some(({ yes }) => yes);
  let best: number | null = null;
  let least = Infinity;
  for (const [row, odd] of odds.entries()) {
    if (answered.has(row)) continue;
    const cost = any ? Math.abs(odd - threshold) : -odd;
    if (best === null || cost < least) {
      best = row;
      least = cost;
    }
  }
  return best;
}

export function sigmoid(odds: number): number {
  return 1 / (1 + Math.exp(-odds));
}

function logit(probability: number): number {
  const bounded = Math.min(1 - 1e-6, Math.max(1e-6, probability));
  return Math.log(bounded / (1 - bounded));
}
