import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, suitableNode } from './build.mjs';

// Runs the demo and looks at what it made: `npm run demo:check`. Ends with 1 and the reason when something is missing.

/** What README promises, in seconds. */
const mostSeconds = 240;

const problems = [];
const expect = (holds, what) => {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`);
  if (!holds) problems.push(what);
};

const folder = join(root, 'fabula-demo');
const { status, stdout, stderr } = spawnSync(
  suitableNode(),
  [join(root, 'scripts', 'fabula.mjs'), 'demo', '--folder', folder, '--json'],
  { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: 10 * 60_000 },
);
expect(status === 0, `the demo ends with 0 (${status})`);
if (status !== 0) {
  console.error(stderr);
  process.exit(1);
}
const made = JSON.parse(stdout);
expect(made.seconds < mostSeconds, `it takes less than ${mostSeconds} s (${made.seconds.toFixed(1)} s)`);
expect(
  made.imported.state === 'done' && made.imported.failed === 0,
  `every picture is imported (${made.imported.done})`,
);

const captions = readFileSync(made.captions, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
expect(
  captions.length === made.imported.done && captions.every(({ caption }) => caption?.length > 0),
  `every picture has a caption (${captions.length})`,
);
expect(
  made.searches.length === 2 && made.searches.every(({ hits }) => hits.length > 0),
  'both searches find pictures',
);
expect(
  made.searches.some(({ translated }) => translated !== null),
  'one of them was translated',
);
expect(
  made.panels.every(({ asset }) => asset !== null),
  `every panel has a picture (${made.panels.length})`,
);

expect(
  made.panels[5].source === 'retrieved' && /dragon/.test(made.panels[5].reason),
  'the dragon in its cave is found by the words of its name, not drawn',
);
expect(
  made.panels.some(({ source }) => source === 'sketched'),
  'panels that no picture fits are drawn',
);

const [pdf, html] = made.files;
expect(existsSync(pdf) && readFileSync(pdf).subarray(0, 5).toString() === '%PDF-', 'the PDF is one');
expect(statSync(pdf).size > 100_000, `the PDF holds pictures (${Math.round(statSync(pdf).size / 1000)} kB)`);
const page = readFileSync(html, 'utf8');
expect(!/(?:src|href)="https?:/.test(page), 'the HTML loads nothing from elsewhere');
for (const { text } of made.panels) {
  const start = text.slice(0, 12).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  if (!/["']/.test(start)) expect(page.includes(start), `the HTML has “${start}…”`);
}

const words = spawnSync('pdftotext', [pdf, '-'], { encoding: 'utf8' });
if (words.error === undefined) {
  const found = words.stdout.normalize('NFKC');
  for (const word of ['lantern', 'bosque', 'perahu', '洞窟', 'القمر']) {
    expect(found.includes(word), `the PDF's text has “${word}”`);
  }
  const fonts = spawnSync('pdffonts', [pdf], { encoding: 'utf8' }).stdout.trim().split('\n').slice(2);
  expect(
    fonts.length > 0 && fonts.every((line) => /\b(yes)\s+(yes|no)\s+(yes|no)\s+\d+\s+\d+$/.test(line.trim())),
    `every font is embedded (${fonts.length})`,
  );
} else {
  console.log('--   pdftotext is not installed: the words in the PDF were not looked at');
}
if (problems.length > 0) process.exit(1);
