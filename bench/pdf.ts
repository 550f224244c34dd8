/**
 * A story of 300 panels with pictures and text in five scripts, to PDF: Fabula's typesetter against Chromium printing
 * the same story's HTML, in the same run. Half the pictures are sketches, half are photo-like JPEGs.
 *
 *   npm run bench:pdf            needs an installed Chromium, Chrome or Edge; FABULA_BROWSER names one
 *
 * Fabula's time is all of the export: preparing pictures, setting, writing. Chromium's is loading and printing a page
 * that lies ready on the disk, in a browser that runs already.
 *
 * Then checks what was made: every word of every script found by pdftotext, every font embedded (where poppler is
 * installed).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { exportHtml } from '../src/main/exports/html.ts';
import type { ExportParts } from '../src/main/exports/parts.ts';
import { exportPdf } from '../src/main/exports/pdf.ts';
import { drawScene } from '../src/main/sketch/draw.ts';
import { readScene } from '../src/main/sketch/read.ts';
import { ExportOptionsSchema } from '../src/shared/contract.ts';
import type { Panel } from '../src/shared/story.ts';
import { imageBlock, panelOf, photo, seeded, storyOf, textBlock } from '../tests/fixtures/stories.ts';
import { bare } from '../tests/fixtures/pdf-text.ts';
// @ts-expect-error The scripts are plain JavaScript, because they run before anything is built.
import { findBrowser } from '../scripts/browser.mjs';
import { median } from './median.ts';

const panelCount = 300;
const runs = 3;

const sentences = [
  // English, Spanish, Arabic, Japanese, Hindi: five scripts but for Spanish, which shares the first.
  'One morning the sea was so flat that the fishing boats stood on their own reflections, and the keeper went down to mend his net.',
  'El gato del farero bajó los escalones detrás de él, sin contar ninguno, y se sentó al sol junto a las redes.',
  'عاش القط في أعلى المنارة، وكان البحر هادئا في ذلك الصباح، ثم جاء الضباب وفعل المصباح ما تفعله المصابيح.',
  '灯台のてっぺんに、小さな灰色の猫が住んでいました。風は長い物語を語り、灯りは夜通し歌いました。',
  'लालटेन के रखवाले की बिल्ली समुद्र को देखती रही और हवा ने उसे एक लंबी कहानी सुनाई।',
  'הים היה שקט והחתול הקטן ישב על המדרגה האחרונה וחיכה לסירות.',
];
const drawn = [
  'Two dogs run on the beach at sunset',
  'A small grey cat sits beside a lighthouse at night',
  'Three sheep in front of a barn on a snowy day',
  'An old woman is holding an umbrella in the city in the rain',
  'A fisherman in a boat on a calm lake with a big fish',
];

const random = seeded(7);
const files = new Map<string, { bytes: Uint8Array; mime: string }>();
const panels: Panel[] = [];
for (let index = 0; index < panelCount; index++) {
  const sketched = index % 2 === 0;
  const bytes = sketched
    ? Buffer.from(drawScene(readScene(drawn[index % drawn.length]!, { seed: index + 1 })))
    : await photo(index, 480 + 160 * (index % 3), 360);
  const asset = createHash('sha256').update(bytes).digest('hex');
  files.set(asset, { bytes, mime: sketched ? 'image/svg+xml' : 'image/jpeg' });
  const text = Array.from(
    { length: 1 + Math.floor(random() * 3) },
    (_, turn) => sentences[(index + turn * 2) % sentences.length]!,
  );
  panels.push(
    panelOf(`p${index}`, imageBlock(`i${index}`, asset), textBlock(`t${index}`, text.join('\n\n'))),
  );
}
const story = storyOf(panels, { title: 'The lantern keeper’s cat' });

const parts: ExportParts = {
  options: ExportOptionsSchema.parse({ layout: 'grid-2x3' }),
  pictures: (asset) => Promise.resolve(files.get(asset)!),
};

const executablePath = await (findBrowser as () => Promise<string | undefined>)();
if (executablePath === undefined) {
  console.error('No Chromium found. Install one, or name it in FABULA_BROWSER.');
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'fabula-bench-pdf-'));
const file = join(folder, 'story.pdf');
const page = join(folder, 'story.html');
writeFileSync(page, await exportHtml(story, parts));
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

const ours: number[] = [];
const theirs: number[] = [];
let pdf = new Uint8Array();
let printed = new Uint8Array();
// One run of each first, unmeasured; then by turns, so that both meet the same machine.
for (let run = 0; run <= runs; run++) {
  const started = performance.now();
  pdf = new Uint8Array(await exportPdf(story, parts));
  writeFileSync(file, pdf);
  const between = performance.now();
  const tab = await browser.newPage();
  await tab.goto(pathToFileURL(page).href, { waitUntil: 'load' });
  printed = new Uint8Array(await tab.pdf({ preferCSSPageSize: true, tagged: true, printBackground: true }));
  await tab.close();
  const ended = performance.now();
  if (run === 0) continue;
  ours.push(between - started);
  theirs.push(ended - between);
}
await browser.close();

const seconds = (times: number[]) =>
  `${(median(times) / 1000).toFixed(2)} s (${times.map((time) => (time / 1000).toFixed(2)).join(', ')})`;
const ratio = median(ours) / median(theirs);
console.log(`${panelCount} panels, ${files.size} pictures, median of ${runs}`);
console.log(`fabula    ${seconds(ours)}, ${(pdf.length / 1e6).toFixed(1)} MB`);
console.log(`chromium  ${seconds(theirs)}, ${(printed.length / 1e6).toFixed(1)} MB`);
console.log(`ratio     ${ratio.toFixed(2)} (must be at most 0.50)`);

let failed = ratio > 0.5;
try {
  const found = bare(execFileSync('pdftotext', [file, '-'], { encoding: 'utf8', maxBuffer: 1 << 28 }));
  const words = [...new Set(sentences.flatMap((text) => text.match(/[\p{L}\p{M}’]+/gu)!))];
  const missing = words.filter((word) => !found.includes(bare(word)));
  console.log(
    `words     ${words.length - missing.length} of ${words.length} found by pdftotext${missing.length > 0 ? `; missing: ${missing.join(' ')}` : ''}`,
  );
  const fonts = execFileSync('pdffonts', [file], { encoding: 'utf8' }).trim().split('\n').slice(2);
  const loose = fonts.filter((font) => !/ yes (?:yes|no ) (?:yes|no ) +\d+ +\d+$/.test(font));
  console.log(`fonts     ${fonts.length - loose.length} of ${fonts.length} embedded`);
  failed ||= missing.length > 0 || loose.length > 0;
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  console.log('words     not checked: poppler (pdftotext, pdffonts) is not installed');
}
rmSync(folder, { recursive: true });
process.exit(failed ? 1 : 0);
