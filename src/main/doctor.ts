import { existsSync, readFileSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import sharp from 'sharp';
import { ExportOptionsSchema, type Check } from '../shared/contract.ts';
import { toFailure } from '../shared/errors.ts';
import { defaultSettings, type Story } from '../shared/story.ts';
import { exportPdf } from './exports/pdf.ts';
import { explainFileError } from './fs-errors.ts';
import { programRoot } from './resources.ts';
import { integrityProblems } from './store/database.ts';
import type { Studio } from './studio.ts';

/** Less free room than this is worth a word. */
const littleRoom = 500e6;

interface Finding {
  state?: Check['state'];
  detail: string;
}

/**
 * Tries every part that can differ from machine to machine and tells what works, what does not, and why. What needs
 * the data folder is left out where no studio could be opened on it.
 */
export async function examine({
  studio,
  signal,
}: {
  studio?: Studio | undefined;
  signal?: AbortSignal | undefined;
}): Promise<Check[]> {
  const checks: Check[] = [];
  const check = async (name: string, look: () => Finding | Promise<Finding>): Promise<void> => {
    signal?.throwIfAborted();
    try {
      const { state = 'works', detail } = await look();
      checks.push({ name, state, detail });
    } catch (error) {
      checks.push({ name, state: 'fails', detail: toFailure(error).message });
    }
  };

  await check('node', () => ({ detail: `${process.versions.node}, ${process.platform} ${process.arch}` }));
  await check('machine', () => ({
    detail: `${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory`,
  }));
  await check('sqlite', sqlite);
  if (studio !== undefined) {
    await check('data folder', () => dataFolder(studio));
    await check('library', () => library(studio));
  }
  await check('pictures', pictures);
  if (studio !== undefined) {
    await check('packs', () => packs(studio, signal));
    await check('models', () => models(studio, signal));
    await check('writing', () => writing(studio, signal));
  }
  await check('pdf', pdf);
  await check('desktop window', desktop);
  await check('browser window', browser);
  return checks;
}

function sqlite(): Finding {
  const database = new BetterSqlite3(':memory:');
  try {
    database.exec('CREATE VIRTUAL TABLE words USING fts5 (word)');
    const version = database.prepare('SELECT sqlite_version()').pluck().get() as string;
    return { detail: `${version} with full-text search` };
  } finally {
    database.close();
  }
}

async function dataFolder(studio: Studio): Promise<Finding> {
  const probe = join(studio.dataDir, `.probe-${process.pid}`);
  try {
    const file = await open(probe, 'wx');
    await file.writeFile('x');
    await file.close();
  } catch (error) {
    throw explainFileError(error, studio.dataDir);
  } finally {
    await rm(probe, { force: true });
  }
  const { bavail, bsize } = await statfs(studio.dataDir);
  const room = bavail * bsize;
  return {
    state: room < littleRoom ? 'limited' : 'works',
    detail: `${studio.dataDir} can be written; ${(room / 1e9).toFixed(1)} GB free`,
  };
}

function library(studio: Studio): Finding {
  const problems = integrityProblems(studio.database);
  if (problems.length > 0) return { state: 'fails', detail: `the database is damaged: ${problems[0]!}` };
  const { assets, stories } = studio.about();
  return { detail: `${assets} pictures, ${stories} stories; the database is whole` };
}

async function pictures(): Promise<Finding> {
  const decoded: string[] = [];
  const missing: string[] = [];
  const size = { width: 8, height: 8 };
  for (const format of ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const) {
    try {
      const bytes = await sharp({ create: { ...size, channels: 3, background: '#2468ac' } })
        .toFormat(format)
        .toBuffer();
      await sharp(bytes).raw().toBuffer();
      decoded.push(format);
    } catch {
      missing.push(format);
    }
  }
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>',
  );
  await sharp(svg).png().toBuffer();
  decoded.push('svg');
  return {
    state: missing.length > 0 ? 'limited' : 'works',
    detail: `reads ${decoded.join(', ')}${missing.length > 0 ? `, not ${missing.join(', ')}` : ''}; not HEIC, whose decoder is not free (sharp ${sharp.versions.sharp ?? ''}, libvips ${sharp.versions.vips})`,
  };
}

async function packs(studio: Studio, signal: AbortSignal | undefined): Promise<Finding> {
  const list = studio.packs.list();
  const problem = list.find((pack) => pack.problem !== null);
  if (problem !== undefined) return { state: 'fails', detail: `${problem.id}: ${problem.problem!}` };
  for (const pack of list) await studio.packs.verify(pack.id, signal);
  const told = list.map((pack) => `${pack.id}@${pack.revision} (${pack.roles.join(', ')})`);
  return { detail: `${told.join('; ')}: every file is as its manifest says` };
}

/** Starts the worker and has it look at a plain picture: the whole way from pixels to words. */
async function models(studio: Studio, signal: AbortSignal | undefined): Promise<Finding> {
  const { imageSize } = studio.models;
  const grey = new Uint8Array(imageSize * imageSize * 3).fill(128);
  const started = performance.now();
  await studio.models.captionAndEncode([grey], { signal });
  const loaded = performance.now();
  await studio.models.captionAndEncode([grey], { signal });
  const ms = (from: number, to: number) => `${Math.round(to - from)} ms`;
  return {
    detail: `onnxruntime ${onnxruntimeVersion()} loads and captions in ${ms(started, loaded)}, then in ${ms(loaded, performance.now())} a picture`,
  };
}

/** Has the pack that writes go on with a sentence. Without one all but Suggest works. */
async function writing(studio: Studio, signal: AbortSignal | undefined): Promise<Finding> {
  if (!studio.packs.list().some((pack) => pack.roles.includes('write') || pack.problem !== null)) {
    return {
      state: 'limited',
      detail: 'no pack writes, so no text is suggested; "fabula packs add FOLDER" adds one',
    };
  }
  const panels = [{ picture: null, text: 'Once upon a time there was a little dog.' }];
  const started = performance.now();
  let pieces = 0;
  const { text, pack } = await studio.models.write({ panels, seed: 1 }, { signal, onText: () => pieces++ });
  const { languages } = studio.models.writer;
  const each = (performance.now() - started) / Math.max(1, pieces);
  return {
    state: text === '' ? 'fails' : 'works',
    detail: `${pack} writes ${languages.join(', ')}, a piece of a word in ${each.toFixed(0)} ms`,
  };
}

function onnxruntimeVersion(): string {
  const file = join(programRoot(), 'node_modules', 'onnxruntime-node', 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : '';
}

/** A word in each of the scripts that exports have fonts for. */
const words = 'word λόγος слово كلمة מילה शब्द คำ 言葉 詞 단어';

async function pdf(): Promise<Finding> {
  const now = new Date(0).toISOString();
  const story: Story = {
    format: 1,
    id: 'doctor',
    title: 'Doctor',
    createdAt: now,
    updatedAt: now,
    settings: defaultSettings,
    cast: [],
    panels: [
      {
        id: 'panel',
        shot: '',
        notes: '',
        dialogue: '',
        duration: null,
        blocks: [{ id: 'text', type: 'text', text: words }],
      },
    ],
  };
  const started = performance.now();
  const bytes = await exportPdf(story, {
    options: ExportOptionsSchema.parse({}),
    pictures: () => Promise.reject(new Error('The story has no pictures.')),
  });
  return {
    detail: `a page in ten scripts in ${Math.round(performance.now() - started)} ms, ${Math.round(bytes.length / 1000)} kB`,
  };
}

function desktop(): Finding {
  if (process.versions['electron'] !== undefined)
    return { detail: `Electron ${process.versions['electron']}` };
  const folder = join(programRoot(), 'node_modules', 'electron');
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile) || !existsSync(join(folder, 'dist', readFileSync(pathFile, 'utf8')))) {
    return {
      state: 'limited',
      detail: 'the Electron binary is not here yet; "npm start" fetches it, or opens the browser instead',
    };
  }
  const displayed =
    process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  return displayed
    ? { detail: 'the Electron binary is here' }
    : { state: 'limited', detail: 'the Electron binary is here, but there is no display' };
}

function browser(): Finding {
  const built = existsSync(join(programRoot(), 'out', 'renderer', 'index.html'));
  return built
    ? { detail: '"fabula serve --open" opens the studio in a browser' }
    : { state: 'limited', detail: 'the window has not been built; "npm run build" does' };
}
