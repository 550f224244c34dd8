/**
 * Scores everything the shipped packs claim to do, through the app's own code, and prints one table.
 *
 *   npm run eval -- [--only captions,decide] [--quick] [--json] [--shared DIR] [-o table.md] [--minutes 20]
 *
 * The whole takes half an hour on two cores; progress is on stderr. Data: `../shared` (photos, stories, reference); a
 * part whose data is missing says so in its row. Each part runs in a process of its own: one that fails, or takes
 * longer than --minutes, says so in its row, the others still run, and the exit code is 1. `-o` is written anew after
 * every part.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { failed, markdownTable, type EvalPart, type EvalRow } from './eval/row.ts';
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
/** Between two lines about the same work. */
const quietMs = 15_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    shared: { type: 'string', default: resolve(import.meta.dirname, '../../shared') },
    output: { type: 'string', short: 'o' },
    minutes: { type: 'string', default: '20' },
    /** Runs one part here and prints its rows: how the parts of a whole evaluation are started. */
    part: { type: 'string' },
  },
});

const clock = (): string => {
  const seconds = Math.round(performance.now() / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** Runs a part in this process. */
function measure(name: string): Promise<EvalRow[]> {
  let last = { what: '', at: -Infinity };
  const progress = (what: string, done?: number, total?: number): void => {
    const now = performance.now();
    if (what === last.what && now - last.at < quietMs && done !== total) return;
    last = { what, at: now };
    const counted = done === undefined ? '' : ` ${done}${total === undefined ? '' : ` of ${total}`}`;
    console.error(`  ${clock()} ${name}: ${what}${counted}`);
  };
  return parts[name]!({ shared: values.shared, quick: values.quick, progress });
}

/** Runs a part in a process of its own, which ends after --minutes at most. */
function measureApart(name: string): Promise<EvalRow[]> {
  const { promise, resolve: settle } = Promise.withResolvers<EvalRow[]>();
  const flags = ['--part', name, '--shared', values.shared, ...(values.quick ? ['--quick'] : [])];
  const child = spawn(process.execPath, [import.meta.filename, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let answer = '';
  let complaint = '';
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      child.kill('SIGKILL');
    },
    Number(values.minutes) * 60_000,
  );
  child.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    complaint = (complaint + text).slice(-4000);
  });
  child.on('error', (error) => settle([failed(name, error.message)]));
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    if (late) settle([failed(name, `not done after ${values.minutes} minutes`)]);
    else if (code === 0) settle(JSON.parse(answer) as EvalRow[]);
    else {
      const why = complaint.split('\n').findLast((line) => /\bError\b|^\w*Error:/.test(line));
      settle([failed(name, why?.trim() ?? `ended with ${signal ?? `code ${code}`}`)]);
    }
  });
  return promise;
}

async function measureAll(chosen: readonly string[]): Promise<void> {
  const unknown = chosen.find((name) => !(name in parts));
  if (unknown !== undefined || !(Number(values.minutes) > 0)) {
    console.error(
      unknown === undefined
        ? '--minutes wants a number above 0.'
        : `--only: there is no part “${unknown}”. Parts: ${Object.keys(parts).join(', ')}.`,
    );
    process.exitCode = 2;
    return;
  }
  const rows: EvalRow[] = [];
  const text = (): string => (values.json ? JSON.stringify(rows, null, 2) : markdownTable(rows));
  for (const [at, name] of chosen.entries()) {
    console.error(`${clock()} ${name} (${at + 1} of ${chosen.length})`);
    const began = performance.now();
    const measured = await measureApart(name);
    // What is asked is asked of the whole data.
    rows.push(...(values.quick ? measured.map(({ asked: _, met: __, ...row }) => row) : measured));
    if (measured.some((row) => row.failed === true)) process.exitCode = 1;
    console.error(`${clock()} ${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    if (values.output !== undefined) writeFileSync(values.output, `${text()}\n`);
  }
  console.log(text());
}

if (values.part === undefined) await measureAll(values.only?.split(',') ?? Object.keys(parts));
else process.stdout.write(JSON.stringify(await measure(values.part)));
