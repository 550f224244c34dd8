import { z } from 'zod';
import { oddsOf, softmax } from './regression.ts';

/**
 * Whether to offer a picture of the library, a drawing, or neither: a multinomial logistic regression over what is known
 * of both candidates. Fitted on cases whose right answer is known (`training/decision/cases.ts`); what the text alone
 * says comes in beside it.
 */

/** The answers, in the order of the model's rows. */
export const answers = ['retrieve', 'sketch', 'none'] as const;
export type Answer = (typeof answers)[number];

/** What is known when a decision is made. */
export interface Evidence {
  /** The probability that the best picture of the library fits, 0..1; null when there is none. */
  found: number | null;
  /** That of the next best; null when there is none. */
  second: number | null;
  /** The share of the things asked whose words stand in the best picture's caption or name, 0..1. */
  words: number;
  /** How many things a sketch draws; null when none can be drawn at all. */
  drawn: number | null;
  /** How many named things it cannot draw. */
  undrawn: number;
  /** Pictures in the library. */
  library: number;
  /** Log-odds that the text is better drawn than found, by the text alone. */
  text: number;
}

export const inputNames = [
  'always',
  'nothingFound',
  'found',
  'foundSurely',
  'margin',
  'words',
  'foundByWords',
  'share',
  'drawn',
  'undrawn',
  'nothingDrawn',
  'library',
] as const;

const clamp = (value: number, most: number): number => Math.min(most, Math.max(-most, value));

/** The model's inputs, in the order of {@link inputNames}. Each lies within about -3 and 3. */
export function inputsOf({ found, second, words, drawn, undrawn, library }: Evidence): number[] {
  const odds = found === null ? -4 : clamp(oddsOf(found), 4);
  const next = second === null ? -4 : clamp(oddsOf(second), 4);
  const named = (drawn ?? 0) + undrawn;
  return [
    1,
    found === null ? 1 : 0,
    odds / 2,
    // Beyond even chances one unit of odds means more than below them.
    Math.max(0, odds) / 2,
    Math.max(0, odds - next) / 2,
    words,
    // Looks and words are sure in ways of their own.
    words > 0 ? odds / 2 : 0,
    named === 0 ? 0 : (drawn ?? 0) / named,
    Math.log1p(drawn ?? 0),
    Math.log1p(undrawn),
    (drawn ?? 0) === 0 ? 1 : 0,
    // Larger libraries than those it was fitted on are taken for as large.
    Math.log1p(Math.min(library, 400)) / 5,
  ];
}

const Row = z.array(z.number()).length(inputNames.length);
export const EvidenceModelSchema = z.object({
  inputs: z
    .array(z.string())
    .refine((names) => names.join() === inputNames.join(), 'the inputs are not those of this Fabula'),
  weights: z.object({ retrieve: Row, sketch: Row, none: Row }),
  /** How much the text's own log-odds count for a drawing. */
  text: z.number(),
});
export type EvidenceModel = z.infer<typeof EvidenceModelSchema>;

/** What is possible at all: there is no picture without a library, and no drawing of a text without words. */
export function possible({ found, drawn }: Evidence): { [answer in Answer]: boolean } {
  return { retrieve: found !== null, sketch: drawn !== null, none: true };
}

/** The scores of the answers; -Infinity for what is not possible. */
export function scoresOf(model: EvidenceModel, evidence: Evidence): { [answer in Answer]: number } {
  const inputs = inputsOf(evidence);
  const can = possible(evidence);
  const score = (answer: Answer): number =>
    can[answer]
      ? model.weights[answer].reduce((sum, weight, at) => sum + weight * inputs[at]!, 0)
      : -Infinity;
  return {
    retrieve: score('retrieve'),
    sketch: score('sketch') + model.text * clamp(evidence.text, 2),
    none: score('none'),
  };
}

/** Probabilities, adding up to 1, and the likeliest answer. */
export function likeliest(scores: { readonly [answer in Answer]: number }): {
  answer: Answer;
  shares: { [answer in Answer]: number };
} {
  const shares = softmax(answers.map((answer) => scores[answer]));
  const best = shares.indexOf(Math.max(...shares));
  return {
    answer: answers[best]!,
    shares: { retrieve: shares[0]!, sketch: shares[1]!, none: shares[2]! },
  };
}
