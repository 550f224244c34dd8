import { expect, test } from 'vitest';
import {
  labelOdds,
  labelThreshold,
  nextQuestion,
  sigmoid,
  type Answer,
} from '../../../src/main/labels/fit.ts';

/** Two kinds of pictures in 8 dimensions, around directions of their own, and a name that leans a little to the first. */
function world(count = 80): {
  matrix: Float32Array;
  truth: boolean[];
  text: Float32Array;
  dimensions: number;
} {
  const dimensions = 8;
  const matrix = new Float32Array(count * dimensions);
  const truth: boolean[] = [];
  let seed = 7;
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648 - 0.5;
  };
  for (let row = 0; row < count; row++) {
    const own = row % 2 === 0;
    truth.push(own);
    const vector = Array.from(
      { length: dimensions },
      (_, d) => (d === (own ? 0 : 1) ? 0.6 : d === 7 ? 1 : 0) + random() * 0.5,
    );
    const length = Math.hypot(...vector);
    for (const [d, value] of vector.entries()) matrix[row * dimensions + d] = value / length;
  }
  // The name is as like the one kind as the other: only answers tell them apart.
  const text = new Float32Array(dimensions);
  text[0] = 0.7;
  text[1] = 0.7;
  return { matrix, truth, text, dimensions };
}

const calibration = (similarity: number): number => sigmoid(8 * similarity - 5);

test('a few answers about the pictures it is unsure of tell apart what the name does not', () => {
  const { matrix, truth, text, dimensions } = world();
  const vectors = { matrix, count: truth.length, dimensions };
  const right = (answers: readonly Answer[]): number => {
    const odds = labelOdds(vectors, text, calibration, answers);
    const threshold = labelThreshold(odds);
    return truth.filter((own, row) => odds[row]! >= threshold === own).length / truth.length;
  };
  const answers: Answer[] = [];
  const before = right(answers);
  for (let asked = 0; asked < 8; asked++) {
    const odds = labelOdds(vectors, text, calibration, answers);
    const row = nextQuestion(odds, labelThreshold(odds), answers)!;
    expect(answers.map((answer) => answer.row)).not.toContain(row);
    answers.push({ row, yes: truth[row]! });
  }
  expect(before).toBeLessThan(0.75);
  expect(right(answers)).toBeGreaterThan(0.95);
});

test('the first question is about the likeliest picture, and none is left when all are answered', () => {
  const odds = Float64Array.of(-3, 1, -1);
  expect(nextQuestion(odds, 0, [])).toBe(1);
  expect(nextQuestion(odds, 0, [{ row: 1, yes: true }])).toBe(2);
  expect(
    nextQuestion(
      odds,
      0,
      [0, 1, 2].map((row) => ({ row, yes: true })),
    ),
  ).toBeNull();
});

test('the threshold gives the label to what would make F1 greatest, and to nothing that is unlikely', () => {
  const logit = (p: number): number => Math.log(p / (1 - p));
  const sure = Float64Array.from([0.95, 0.9, 0.05, 0.02], logit);
  expect(sure.filter((one) => one >= labelThreshold(sure))).toHaveLength(2);
  const unlikely = Float64Array.from([0.03, 0.02, 0.01], logit);
  expect(unlikely.filter((one) => one >= labelThreshold(unlikely))).toHaveLength(0);
});
