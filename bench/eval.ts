/**
 * Scores everything the shipped packs claim to do, through the app's own code, and prints one table.
 *
 *   npm run eval -- [--only captions,decide] [--quick] [--json] [--shared DIR] [-o table.md]
 *
 * Takes a while; progress is on stderr. Data: `../shared` (photos, stories, reference); a part whose data is missing
 * says so in its row.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable, type EvalPart, type EvalRow } from './eval/row.ts';
import { captions } from './eval/captions.ts';
import { joint } from './eval/joint.ts';
import { decide } from './eval/decide.ts';
import { labels } from './eval/labels.ts';
import { mix } from './eval/mix.ts';
import { pyramid } from './eval/pyramid.ts';
import { style } from './eval/style.ts';
import { tokens } from './eval/tokens.ts';

/** In the order of the table. */
const parts: Record<string, EvalPart> = { captions, tokens, pyramid, joint, decide, mix, style, labels };

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    shared: { type: 'string', default: resolve(import.meta.dirname, '../../shared') },
    output: { type: 'string', short: 'o' },
  },
});

const chosen = values.only?.split(',') ?? Object.keys(parts);
const rows: EvalRow[] = [];
for (const name of chosen) {
  const part = parts[name];
  if (!part) throw new Error(`--only: there is no part “${name}”. Parts: ${Object.keys(parts).join(', ')}.`);
  const began = performance.now();
  const measured = await part({ shared: values.shared, quick: values.quick });
  // What is asked is asked of the whole data.
  rows.push(...(values.quick ? measured.map(({ asked: _, met: __, ...row }) => row) : measured));
  console.error(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}
const text = values.json ? JSON.stringify(rows, null, 2) : markdownTable(rows);
console.log(text);
if (values.output !== undefined) writeFileSync(values.output, `${text}\n`);
