/**
 * Fits the decision (retrieve, draw, or neither) and writes its pack.
 *
 *   node training/train-decision.ts [--shared DIR] [--out resources/models/decide] [--cases FILE] [--small]
 *
 * 1. The text alone: on the published judgements, with settings chosen by cross-validation inside them.
 * 2. The evidence: on cases whose right answer is known, made through the real library and models. They take a few
 *    minutes, and are kept in FILE (`training/work/decision-cases.json`) when it is not there yet.
 *
 * Figures on cases that were not seen come from `npm run eval -- --only decide`. Seeded: the same inputs give the same
 * pack.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { DecideModel } from '../src/main/decide/decider.ts';
import { answers, inputNames, inputsOf, likeliest, possible, scoresOf } from '../src/main/decide/evidence.ts';
import { kindReader } from '../src/main/decide/kinds.ts';
import { fitClasses } from '../src/main/decide/regression.ts';
import { drawnOdds, fitText, readText } from '../src/main/decide/text.ts';
import { makeCases, type Case } from './decision/cases.ts';
import { bestSettings, readJudgements } from './decision/judgements.ts';
import { kindLists } from './decision/kinds.ts';

const { values } = parseArgs({
  options: {
    shared: { type: 'string', default: resolve(import.meta.dirname, '../../shared') },
    out: { type: 'string', default: resolve(import.meta.dirname, '../resources/models/decide') },
    cases: { type: 'string', default: resolve(import.meta.dirname, 'work/decision-cases.json') },
    small: { type: 'boolean', default: false },
    revision: { type: 'string', default: '1' },
  },
});

/** How much the published judgements count beside the evidence: they are about other candidates than ours. */
const textCounts = 0.5;
const ridge = 3;

const kinds = kindLists();
const kindOf = kindReader(kinds);
const judgements = readJudgements(join(values.shared, 'reference/gill-decisions-train.tsv'), kindOf);
const settings = bestSettings(judgements, 1, 5);
console.error(`Text: ${judgements.length} judgements, settings ${JSON.stringify(settings)}.`);
const text = fitText(
  judgements.map((one) => one.text),
  judgements.map(({ drawn }) => drawn),
  settings,
);

async function casesToLearnFrom(): Promise<Case[]> {
  if (existsSync(values.cases)) return JSON.parse(readFileSync(values.cases, 'utf8')) as Case[];
  const made = await makeCases({
    shared: values.shared,
    part: 'train',
    seed: 1,
    libraries: values.small
      ? [{ photos: 20, scenes: 12, cases: 60 }]
      : [
          { photos: 16, scenes: 10, cases: 160 },
          { photos: 70, scenes: 40, cases: 260 },
          { photos: 220, scenes: 80, cases: 420 },
        ],
    report: (line) => console.error(line),
  });
  mkdirSync(dirname(values.cases), { recursive: true });
  writeFileSync(values.cases, JSON.stringify(made));
  return made;
}

const cases = await casesToLearnFrom();
// Without anything in the library there is nothing to find: the same texts once more, as a new user asks them.
const empty = cases
  .filter((_, at) => at % 6 === 0)
  .map((one): Case => ({
    ...one,
    evidence: { ...one.evidence, found: null, second: null, words: 0, library: 0 },
    right: one.fits.sketch ? 'sketch' : 'none',
  }));
const examples = [...cases, ...empty].map((one) => {
  const evidence = { ...one.evidence, text: drawnOdds(text, readText(one.text, kindOf)) };
  const can = possible(evidence);
  return {
    inputs: inputsOf(evidence),
    label: answers.indexOf(one.right),
    possible: answers.map((answer) => can[answer]),
    offset: [0, textCounts * Math.max(-2, Math.min(2, evidence.text)), 0],
    weight: 1,
  };
});
const weights = fitClasses(examples, answers.length, { ridge }).map((row) =>
  row.map((weight) => Number(weight.toPrecision(4))),
);
const model: DecideModel = {
  format: 1,
  kinds,
  text,
  evidence: {
    inputs: [...inputNames],
    weights: { retrieve: weights[0]!, sketch: weights[1]!, none: weights[2]! },
    text: textCounts,
  },
  taste: { always: 1.5, topic: 1.5, evidence: 0.5, most: 2 },
};
const right = cases.filter((one) => {
  const scores = scoresOf(model.evidence, {
    ...one.evidence,
    text: drawnOdds(text, readText(one.text, kindOf)),
  });
  return likeliest(scores).answer === one.right;
}).length;
console.error(
  `Evidence: ${cases.length} cases (${answers.map((answer) => `${answer} ${cases.filter((one) => one.right === answer).length}`).join(', ')}), right on ${(right / cases.length).toFixed(3)} of those it was fitted on.`,
);
console.error(
  inputNames
    .map((name, at) => `${name.padEnd(14)} ${weights.map((row) => row[at]!.toFixed(2).padStart(7)).join('')}`)
    .join('\n'),
);

mkdirSync(values.out, { recursive: true });
const file = Buffer.from(`${JSON.stringify(model)}\n`);
writeFileSync(join(values.out, 'decide.json'), file);
writeFileSync(
  join(values.out, 'manifest.json'),
  `${JSON.stringify(
    {
      format: 1,
      id: 'decide',
      name: 'Fabula decision',
      revision: values.revision,
      licence: 'Apache-2.0',
      description:
        'Decides between a picture of the library, a drawing and neither: a logistic regression fitted on the judgements published with GILL and on cases made here.',
      roles: { decide: { family: 'regression', model: 'decide.json' } },
      files: [
        {
          path: 'decide.json',
          bytes: file.length,
          sha256: createHash('sha256').update(file).digest('hex'),
        },
      ],
    },
    null,
    2,
  )}\n`,
);
console.error(`Wrote ${join(values.out, 'decide.json')}, ${file.length} bytes.`);
