import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decideModelFile, readDecideModel, type DecideModel } from '../../src/main/decide/decider.ts';
import { answers, likeliest, scoresOf, type Answer } from '../../src/main/decide/evidence.ts';
import { kindReader } from '../../src/main/decide/kinds.ts';
import { drawnOdds, readText } from '../../src/main/decide/text.ts';
import { Packs } from '../../src/main/models/packs.ts';
import { resourcePath } from '../../src/main/resources.ts';
import { casesPossible, makeCases, type Case } from '../../training/decision/cases.ts';
import { bestSettings, crossValidate, macroF1, readJudgements } from '../../training/decision/judgements.ts';
import { simulate } from '../../training/decision/people.ts';
import { atLeast, skipped, type EvalOptions, type EvalRow } from './row.ts';

const part = 'decision';

/**
 * The decision between a picture of the library, a drawing and neither: published judgements by cross-validation, cases
 * whose right answer is known through the real library and models, and simulated people with a steady taste.
 */
export async function decide({ shared, quick }: EvalOptions): Promise<EvalRow[]> {
  const packs = new Packs([resourcePath('models')]);
  if (!packs.list().some(({ roles }) => roles.includes('decide'))) {
    return [skipped(part, 'No pack has the role “decide”.')];
  }
  const model = readDecideModel(decideModelFile(packs.get('decide')));
  return [...judged(model, shared, quick), ...(await known(model, shared, quick))];
}

function judged(model: DecideModel, shared: string, quick: boolean): EvalRow[] {
  const file = join(shared, 'reference/gill-decisions-train.tsv');
  if (!existsSync(file)) return [skipped(part, `${file} is not there.`)];
  const judgements = readJudgements(file, kindReader(model.kinds));
  const settings = bestSettings(judgements, 1, quick ? 1 : 5);
  const repeats = quick ? 1 : 10;
  const scores = crossValidate(judgements, settings, { repeats });
  return [
    atLeast(
      part,
      `macro-F1 on ${judgements.length} published judgements, ${repeats} x 5-fold, settings chosen inside each training part`,
      scores.nested,
      0.55,
      'GILL 0.544 on its own split',
    ),
    {
      part,
      what: 'the same with the settings shipped',
      value: scores.plain,
      note: `standard deviation over repeats ${scores.deviation.toFixed(4)}`,
    },
  ];
}

async function known(model: DecideModel, shared: string, quick: boolean): Promise<EvalRow[]> {
  if (!casesPossible(shared)) return [skipped(part, `${shared} lacks photos or stories.`)];
  const cases = await makeCases({
    shared,
    part: 'test',
    seed: 2,
    libraries: quick
      ? [{ photos: 20, scenes: 12, cases: 60 }]
      : [
          { photos: 16, scenes: 10, cases: 80 },
          { photos: 60, scenes: 30, cases: 120 },
          { photos: 160, scenes: 60, cases: 200 },
        ],
  });
  const kindOf = kindReader(model.kinds);
  const learnt = cases.map(({ text, evidence }) => {
    const odds = drawnOdds(model.text, readText(text, kindOf));
    return likeliest(scoresOf(model.evidence, { ...evidence, text: odds })).answer;
  });
  const ruled = cases.map(byRule);
  const share = (said: readonly Answer[], right?: Answer): number => {
    const counted = cases.flatMap((one, at) =>
      right === undefined || one.right === right ? [said[at] === one.right] : [],
    );
    return counted.filter(Boolean).length / Math.max(1, counted.length);
  };
  const learning = simulate(model, cases, { seeds: quick ? 2 : 10 });
  const mean = (of: (one: (typeof learning)[number]) => number): number =>
    learning.reduce((sum, one) => sum + of(one), 0) / learning.length;
  return [
    {
      part,
      what: `accuracy on ${cases.length} cases whose right answer is known, none seen in training`,
      value: share(learnt),
      note: `the fixed rule before: ${share(ruled).toFixed(3)}`,
    },
    ...answers.map((answer): EvalRow => ({
      part,
      what: `where the right answer is “${answer}” (${cases.filter(({ right }) => right === answer).length} cases)`,
      value: share(learnt, answer),
      note: `the fixed rule before: ${share(ruled, answer).toFixed(3)}`,
    })),
    atLeast(
      part,
      'gain in accuracy on the next 100 choices after 20 answers of a person with a steady taste, mean over tastes and seeds',
      mean(({ before, after }) => after - before),
      0.15,
      `from ${mean(({ before }) => before).toFixed(3)} to ${mean(({ after }) => after).toFixed(3)}`,
    ),
    ...learning.map(({ person, before, after }): EvalRow => ({
      part,
      what: `gain for: ${person}`,
      value: after - before,
      note: `from ${before.toFixed(3)} to ${after.toFixed(3)}`,
    })),
  ];
}

/** The rule that decides where no pack does. */
function byRule({ evidence: { found, drawn, undrawn } }: Case): Answer {
  const retrieved = found ?? 0;
  const sketched = drawn === null || drawn === 0 ? 0 : (0.75 * drawn) / (drawn + undrawn);
  if (Math.max(retrieved, sketched) < 0.2) return 'none';
  return retrieved >= sketched ? 'retrieve' : 'sketch';
}

/** Macro-F1 of the shipped model on a table of judgements with the columns Prompt and Decision. */
function scoreJudgements(file: string): number {
  const model = readDecideModel(decideModelFile(new Packs([resourcePath('models')]).get('decide')));
  const judgements = readJudgements(file, kindReader(model.kinds));
  return macroF1(
    judgements.map(({ text }) => drawnOdds(model.text, text) > 0),
    judgements.map(({ drawn }) => drawn),
  );
}

if (import.meta.main) {
  const file = process.argv[2];
  if (file === undefined) {
    console.error('usage: node bench/eval/decide.ts JUDGEMENTS.tsv');
    process.exitCode = 2;
  } else console.log(scoreJudgements(file).toFixed(4));
}
