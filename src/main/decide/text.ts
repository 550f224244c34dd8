import { z } from 'zod';
import { translateToEnglish } from '../sketch/lexicon.ts';
import { readScene } from '../sketch/read.ts';
import { fitLine, scoreOf, type Sparse } from './regression.ts';

/**
 * What a text alone says of whether it is better drawn or better found, before any picture was looked at: a logistic
 * regression over what the text names and over its words and letters. Fitted on the judgements that the authors of GILL
 * published (Koh et al., 2023): for each of 600 texts, whether people preferred a generated picture or a retrieved one.
 */

/** Only so much of a text is read; more adds nothing to a decision about one picture. */
const longest = 600;

const negation = /\b(?:no|not|without|never|neither|nor|nothing|nobody|\w+n't)\b/gi;

/** What a text names, as numbers. The lexicon of the sketch painter knows things in many languages. */
export function measures(text: string, kindOf: (icon: string) => string): { [name in Measure]: number } {
  const short = text.slice(0, longest);
  const scene = readScene(short, { seed: 1 });
  const drawn = new Map(scene.figures.map(({ word, icon }) => [word.toLowerCase(), kindOf(icon)]));
  const named = (kind: string): number =>
    Math.log1p([...drawn.values()].filter((one) => one === kind).length);
  return {
    things: Math.log1p(drawn.size),
    nothing: drawn.size === 0 ? 1 : 0,
    length: Math.log1p(wordsOf(short).length),
    signs: named('signs'),
    objects: named('things'),
    animals: named('animals'),
    people: named('people'),
    negation: Math.min(1, short.match(negation)?.length ?? 0),
  };
}

export const measureNames = [
  'things',
  'nothing',
  'length',
  'signs',
  'objects',
  'animals',
  'people',
  'negation',
] as const;
export type Measure = (typeof measureNames)[number];

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}']+/gu) ?? [];
}

/** The pieces of a text by group: words, pairs of neighbouring words, and three to five letters within a word. */
function piecesOf(text: string): string[][] {
  const words = wordsOf(translateToEnglish(text.slice(0, longest)));
  const pairs = words.slice(1).map((word, at) => `${words[at]!} ${word}`);
  const letters: string[] = [];
  for (const word of words) {
    const fenced = [...`<${word}>`];
    for (let size = 3; size <= 5; size++) {
      for (let at = 0; at + size <= fenced.length; at++)
        letters.push(`_${fenced.slice(at, at + size).join('')}`);
    }
  }
  return [words, pairs, letters];
}

/** A text with everything the model looks at, read once. */
export interface ReadText {
  readonly measures: { readonly [name in Measure]: number };
  readonly pieces: readonly (readonly string[])[];
}

export function readText(text: string, kindOf: (icon: string) => string): ReadText {
  return { measures: measures(text, kindOf), pieces: piecesOf(text) };
}

/** How the model is fitted; chosen by nested cross-validation. */
export interface TextSettings {
  /** How much pieces count beside measures; 0 looks at measures alone. */
  pieces: number;
  ridge: number;
}

const number = z.number();
export const TextModelSchema = z.object({
  texts: z.number().int().min(1),
  pieceWeight: number,
  bias: number,
  /** name: [mean, standard deviation, weight]. */
  measures: z.record(z.enum(measureNames), z.tuple([number, number, number])),
  /** piece: [in how many texts it stood, weight]. */
  pieces: z.record(z.string(), z.tuple([number, number])),
});
export type TextModel = z.infer<typeof TextModelSchema>;

/** Pieces that stood in fewer texts than this are nobody's rule. */
const leastTexts = 2;
const groupWeights = [1, 0.5, 1];

/** A group's pieces as TF-IDF of unit length: rare pieces count more, repeated ones little more than once. */
function weighed(
  group: readonly string[],
  texts: number,
  known: (piece: string) => number,
): Map<string, number> {
  const times = new Map<string, number>();
  for (const piece of group) if (known(piece) > 0) times.set(piece, (times.get(piece) ?? 0) + 1);
  let length = 0;
  const weights = new Map<string, number>();
  for (const [piece, count] of times) {
    const weight = (1 + Math.log(count)) * (1 + Math.log((1 + texts) / (1 + known(piece))));
    weights.set(piece, weight);
    length += weight * weight;
  }
  length = Math.sqrt(length) || 1;
  for (const [piece, weight] of weights) weights.set(piece, weight / length);
  return weights;
}

/** Fits the model to texts and whether each is better drawn. */
export function fitText(
  texts: readonly ReadText[],
  drawn: readonly boolean[],
  { pieces: pieceWeight, ridge }: TextSettings,
): TextModel {
  const counts = new Map<string, number>();
  if (pieceWeight > 0) {
    for (const { pieces } of texts) {
      for (const piece of new Set(pieces.flat())) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    }
  }
  const kept = [...counts].filter(([, count]) => count >= leastTexts);
  const known = new Map(kept);
  const columns = new Map(kept.map(([piece], at) => [piece, at]));
  const scales = measureNames.map((name) => {
    const values = texts.map((text) => text.measures[name]);
    const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length);
    return [mean, spread || 1] as const;
  });
  const examples = texts.map((text): Sparse => {
    const at: number[] = [];
    const value: number[] = [];
    measureNames.forEach((name, nth) => {
      at.push(columns.size + nth);
      value.push((text.measures[name] - scales[nth]![0]) / scales[nth]![1]);
    });
    text.pieces.forEach((group, nth) => {
      for (const [piece, weight] of weighed(group, texts.length, (one) => known.get(one) ?? 0)) {
        at.push(columns.get(piece)!);
        value.push(pieceWeight * groupWeights[nth]! * weight);
      }
    });
    return { at, value };
  });
  const line = fitLine(examples, drawn, columns.size + measureNames.length, { ridge });
  const round = (value: number): number => Number(value.toPrecision(4));
  return {
    texts: texts.length,
    pieceWeight,
    bias: round(line.bias),
    measures: Object.fromEntries(
      measureNames.map((name, nth) => [
        name,
        [round(scales[nth]![0]), round(scales[nth]![1]), round(line.weights[columns.size + nth]!)],
      ]),
    ) as TextModel['measures'],
    pieces: Object.fromEntries(kept.map(([piece, count], at) => [piece, [count, round(line.weights[at]!)]])),
  };
}

/** Log-odds that a text is better drawn than found; above 0 it is. */
export function drawnOdds(model: TextModel, text: ReadText): number {
  const at: number[] = [];
  const value: number[] = [];
  const weights: number[] = [];
  const add = (input: number, weight: number): void => {
    at.push(weights.length);
    value.push(input);
    weights.push(weight);
  };
  for (const name of measureNames) {
    const [mean, spread, weight] = model.measures[name];
    add((text.measures[name] - mean) / spread, weight);
  }
  const known = (piece: string): readonly [number, number] | undefined =>
    Object.hasOwn(model.pieces, piece) ? model.pieces[piece] : undefined;
  text.pieces.forEach((group, nth) => {
    for (const [piece, share] of weighed(group, model.texts, (one) => known(one)?.[0] ?? 0)) {
      add(model.pieceWeight * groupWeights[nth]! * share, known(piece)![1]);
    }
  });
  return scoreOf({ weights: Float64Array.from(weights), bias: model.bias }, { at, value });
}
