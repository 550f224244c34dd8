/** Logistic regressions with a Gaussian prior, small enough to be read: what the decision is fitted with. */

/** An example as its inputs that are not 0. */
export interface Sparse {
  readonly at: readonly number[];
  readonly value: readonly number[];
}

export interface Line {
  weights: Float64Array;
  bias: number;
}

/** The chance, 0..1, of log-odds. */
export function chance(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/** Log-odds of a chance, which is kept away from 0 and 1. */
export function oddsOf(probability: number): number {
  const kept = Math.min(1 - 1e-9, Math.max(1e-9, probability));
  return Math.log(kept / (1 - kept));
}

/** The chances, adding up to 1, of scores; one that is -Infinity has none. */
export function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const raised = scores.map((score) => Math.exp(score - most));
  const total = raised.reduce((sum, one) => sum + one, 0);
  return raised.map((one) => one / total);
}

/** What a line says of an example, in log-odds. */
export function scoreOf({ weights, bias }: Line, { at, value }: Sparse): number {
  let sum = bias;
  for (let nth = 0; nth < at.length; nth++) sum += weights[at[nth]!]! * value[nth]!;
  return sum;
}

/**
 * Two-class logistic regression of sparse examples by accelerated gradient descent (Nesterov 1983). Both classes weigh
 * the same, however many examples each has, so that log-odds 0 is the boundary by which macro-F1 is best.
 *
 * @param ridge the prior's precision on every weight; the bias has none
 */
export function fitLine(
  examples: readonly Sparse[],
  labels: readonly boolean[],
  size: number,
  { ridge, rounds = 150 }: { ridge: number; rounds?: number },
): Line {
  const yes = labels.filter(Boolean).length;
  const weightOf = (label: boolean): number =>
    labels.length / 2 / Math.max(1, label ? yes : labels.length - yes);
  const importance = labels.map(weightOf);
  const step = 1 / (curvature(examples, importance, size) + ridge);
  let before = new Float64Array(size + 1);
  let ahead = new Float64Array(size + 1);
  let pace = 1;
  for (let round = 0; round < rounds; round++) {
    const slope = new Float64Array(size + 1);
    for (const [nth, { at, value }] of examples.entries()) {
      let score = ahead[size]!;
      for (let one = 0; one < at.length; one++) score += ahead[at[one]!]! * value[one]!;
      const off = importance[nth]! * (chance(score) - (labels[nth] ? 1 : 0));
      for (let one = 0; one < at.length; one++) slope[at[one]!]! += off * value[one]!;
      slope[size]! += off;
    }
    const nextPace = (1 + Math.sqrt(1 + 4 * pace * pace)) / 2;
    const push = (pace - 1) / nextPace;
    pace = nextPace;
    const now = new Float64Array(size + 1);
    const next = new Float64Array(size + 1);
    for (let one = 0; one <= size; one++) {
      now[one] = ahead[one]! - step * (slope[one]! + (one < size ? ridge * ahead[one]! : 0));
      next[one] = now[one]! + push * (now[one]! - before[one]!);
    }
    before = now;
    ahead = next;
  }
  return { weights: before.slice(0, size), bias: before[size]! };
}

/** The greatest curvature of the logistic loss, by power iteration; slightly more, so that a step by it is safe. */
function curvature(examples: readonly Sparse[], importance: readonly number[], size: number): number {
  let direction = new Float64Array(size + 1).fill(1 / Math.sqrt(size + 1));
  let most = 0;
  for (let round = 0; round < 12; round++) {
    const next = new Float64Array(size + 1);
    for (const [nth, { at, value }] of examples.entries()) {
      let along = direction[size]!;
      for (let one = 0; one < at.length; one++) along += direction[at[one]!]! * value[one]!;
      along *= 0.25 * importance[nth]!;
      for (let one = 0; one < at.length; one++) next[at[one]!]! += along * value[one]!;
      next[size]! += along;
    }
    most = Math.hypot(...next);
    direction = next.map((value) => value / (most || 1));
  }
  return 1.2 * most + 1e-9;
}

/** A weight's prior: normal, with this mean and standard deviation. */
export interface Prior {
  readonly mean: number;
  readonly deviation: number;
}

export interface Posterior {
  /** The likeliest weights. */
  mean: number[];
  /** How unsure each still is: the standard deviation of the Laplace approximation. */
  deviation: number[];
}

/**
 * The likeliest weights of a two-class logistic regression under independent normal priors, and how sure they are
 * (Laplace's approximation; MacKay 1992), by Newton's method. Without examples it gives the priors back.
 */
export function fitBayes(
  examples: readonly { readonly inputs: readonly number[]; readonly yes: boolean; readonly weight: number }[],
  priors: readonly Prior[],
): Posterior {
  const size = priors.length;
  const mean = priors.map((prior) => prior.mean);
  let precision: number[][] = [];
  for (let round = 0; round < 30; round++) {
    const slope = priors.map(({ mean: middle, deviation }, at) => (middle - mean[at]!) / deviation ** 2);
    precision = priors.map(({ deviation }, at) =>
      priors.map((_, other) => (at === other ? 1 / deviation ** 2 : 0)),
    );
    for (const { inputs, yes, weight } of examples) {
      const share = chance(inputs.reduce((sum, input, at) => sum + input * mean[at]!, 0));
      const off = weight * ((yes ? 1 : 0) - share);
      const bend = weight * share * (1 - share);
      for (let at = 0; at < size; at++) {
        if (inputs[at] === 0) continue;
        slope[at]! += off * inputs[at]!;
        for (let other = 0; other < size; other++)
          precision[at]![other]! += bend * inputs[at]! * inputs[other]!;
      }
    }
    const move = solve(precision, slope);
    const length = Math.hypot(...move);
    // Far from the answer a whole Newton step may overshoot.
    const scale = Math.min(1, 2 / (length || 1));
    for (let at = 0; at < size; at++) mean[at]! += scale * move[at]!;
    if (length < 1e-7) break;
  }
  const deviation = priors.map((_, at) => {
    const unit = priors.map((__, other) => (other === at ? 1 : 0));
    return Math.sqrt(solve(precision, unit)[at]!);
  });
  return { mean, deviation };
}

/** Solves a symmetric positive definite system by Cholesky's factors. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const factor: number[][] = matrix.map(() => new Array<number>(size).fill(0));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row]![column]!;
      for (let at = 0; at < column; at++) sum -= factor[row]![at]! * factor[column]![at]!;
      factor[row]![column] =
        row === column ? Math.sqrt(Math.max(sum, 1e-12)) : sum / factor[column]![column]!;
    }
  }
  const answer = [...right];
  for (let row = 0; row < size; row++) {
    for (let at = 0; at < row; at++) answer[row]! -= factor[row]![at]! * answer[at]!;
    answer[row]! /= factor[row]![row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let at = row + 1; at < size; at++) answer[row]! -= factor[at]![row]! * answer[at]!;
    answer[row]! /= factor[row]![row]!;
  }
  return answer;
}

/**
 * Multinomial logistic regression: one row of weights a class, by gradient descent with a ridge. Classes an example
 * rules out take no part in it.
 *
 * @param examples `possible` says which classes there are for it, `offset` what is added to their scores
 * @returns weights[class][input]
 */
export function fitClasses(
  examples: readonly {
    readonly inputs: readonly number[];
    readonly label: number;
    readonly possible: readonly boolean[];
    readonly offset: readonly number[];
    readonly weight: number;
  }[],
  classes: number,
  { ridge, rounds = 1500 }: { ridge: number; rounds?: number },
): number[][] {
  const size = examples[0]!.inputs.length;
  const zero = (): number[][] => Array.from({ length: classes }, () => new Array<number>(size).fill(0));
  let most = 0;
  for (const { inputs, weight } of examples) most += weight * inputs.reduce((sum, one) => sum + one * one, 0);
  const step = 1 / (0.5 * most + ridge);
  let before = zero();
  let ahead = zero();
  let pace = 1;
  for (let round = 0; round < rounds; round++) {
    const slope = zero();
    for (const { inputs, label, possible, offset, weight } of examples) {
      const shares = softmax(
        ahead.map((row, kind) =>
          possible[kind] ? row.reduce((sum, one, at) => sum + one * inputs[at]!, offset[kind]!) : -Infinity,
        ),
      );
      for (let kind = 0; kind < classes; kind++) {
        const off = weight * (shares[kind]! - (kind === label ? 1 : 0));
        for (let at = 0; at < size; at++) slope[kind]![at]! += off * inputs[at]!;
      }
    }
    const nextPace = (1 + Math.sqrt(1 + 4 * pace * pace)) / 2;
    const push = (pace - 1) / nextPace;
    pace = nextPace;
    const now = ahead.map((row, kind) =>
      row.map((one, at) => one - step * (slope[kind]![at]! + ridge * one)),
    );
    ahead = now.map((row, kind) => row.map((one, at) => one + push * (one - before[kind]![at]!)));
    before = now;
  }
  return before;
}
