import { readFileSync } from 'node:fs';
import { FabulaError } from '../../src/shared/errors.ts';
import type { Kind } from '../../src/main/decide/kinds.ts';
import { mulberry32 } from '../../src/main/sketch/random.ts';
import {
  drawnOdds,
  fitText,
  readText,
  type ReadText,
  type TextSettings,
} from '../../src/main/decide/text.ts';

/** A published judgement: people preferred the generated picture of a text (`drawn`), or the retrieved one. */
export interface Judgement {
  text: ReadText;
  drawn: boolean;
}

/**
 * Reads judgements from a table with the columns Prompt and Decision; rows neither `gen` nor `ret` are left out.
 *
 * @throws FabulaError `invalid-input` naming the column that is missing
 */
export function readJudgements(file: string, kindOf: (icon: string) => Kind): Judgement[] {
  const [head = '', ...rows] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  const columns = head.split('\t');
  const [prompt, decision] = ['Prompt', 'Decision'].map((name) => {
    const at = columns.indexOf(name);
    if (at < 0) throw new FabulaError('invalid-input', `${file} has no column “${name}”.`);
    return at;
  });
  return rows
    .map((row) => row.split('\t'))
    .filter((cells) => cells[decision!] === 'gen' || cells[decision!] === 'ret')
    .map((cells) => ({ text: readText(cells[prompt!]!, kindOf), drawn: cells[decision!] === 'gen' }));
}

/** What is tried: how much words and letters count beside what is named, and how strongly weights are held back. */
export const settingsTried: readonly TextSettings[] = [
  { pieces: 0, ridge: 300 },
  { pieces: 0, ridge: 1000 },
  { pieces: 2, ridge: 300 },
  { pieces: 4, ridge: 1000 },
];

/** The mean of both classes' F1. */
export function macroF1(said: readonly boolean[], right: readonly boolean[]): number {
  const of = (kind: boolean): number => {
    const both = said.filter((one, at) => one === kind && right[at] === kind).length;
    const either = said.filter((one) => one === kind).length + right.filter((one) => one === kind).length;
    return either === 0 ? 0 : (2 * both) / either;
  };
  return (of(true) + of(false)) / 2;
}

/** Five folds with the same share of both classes, shuffled by a seed: the fold of each judgement. */
function folds(judgements: readonly Judgement[], seed: number): number[] {
  const random = mulberry32(seed);
  const fold = new Array<number>(judgements.length).fill(0);
  for (const kind of [true, false]) {
    const members = judgements.flatMap(({ drawn }, at) => (drawn === kind ? [at] : []));
    for (let at = members.length - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1));
      [members[at], members[other]] = [members[other]!, members[at]!];
    }
    members.forEach((member, at) => (fold[member] = at % 5));
  }
  return fold;
}

function fit(judgements: readonly Judgement[], settings: TextSettings) {
  return fitText(
    judgements.map(({ text }) => text),
    judgements.map(({ drawn }) => drawn),
    settings,
  );
}

/** What is said of each judgement by models that were fitted without its fold. */
function crossSaid(
  judgements: readonly Judgement[],
  seed: number,
  model: (others: readonly Judgement[]) => ReturnType<typeof fitText>,
): boolean[] {
  const fold = folds(judgements, seed);
  const said = new Array<boolean>(judgements.length).fill(false);
  for (let left = 0; left < 5; left++) {
    const fitted = model(judgements.filter((_, at) => fold[at] !== left));
    judgements.forEach(({ text }, at) => {
      if (fold[at] === left) said[at] = drawnOdds(fitted, text) > 0;
    });
  }
  return said;
}

/** The settings that do best by cross-validation inside these judgements; ties go to the first, which is the plainest. */
export function bestSettings(judgements: readonly Judgement[], seed: number, repeats = 2): TextSettings {
  const right = judgements.map(({ drawn }) => drawn);
  const scores = settingsTried.map((settings) => {
    let sum = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      sum += macroF1(
        crossSaid(judgements, seed + 1000 * (repeat + 1), (others) => fit(others, settings)),
        right,
      );
    }
    return sum / repeats;
  });
  return settingsTried[scores.indexOf(Math.max(...scores))]!;
}

export interface CrossValidation {
  /** Macro-F1 with settings chosen inside each training part (nested). */
  nested: number;
  /** Macro-F1 with the settings given. */
  plain: number;
  /** The standard deviation of `plain` over the repeats. */
  deviation: number;
}

/** Ten repeats of five-fold cross-validation, as the published figures ask for. */
export function crossValidate(
  judgements: readonly Judgement[],
  settings: TextSettings,
  { repeats = 10, nested = true }: { repeats?: number; nested?: boolean } = {},
): CrossValidation {
  const right = judgements.map(({ drawn }) => drawn);
  const plain: number[] = [];
  const inner: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    plain.push(
      macroF1(
        crossSaid(judgements, repeat + 1, (others) => fit(others, settings)),
        right,
      ),
    );
    if (!nested) continue;
    const chosen = (others: readonly Judgement[]) => fit(others, bestSettings(others, repeat + 1, 1));
    inner.push(macroF1(crossSaid(judgements, repeat + 1, chosen), right));
  }
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);
  const middle = mean(plain);
  return {
    nested: mean(inner),
    plain: middle,
    deviation: Math.sqrt(mean(plain.map((one) => (one - middle) ** 2))),
  };
}
