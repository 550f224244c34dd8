import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/main/store/database.ts';
import { ensureBuilt, node, root as checkout } from '../fixtures/built.ts';

/** `fabula caption` over a folder, as a process of its own that gets killed. */

// Several whole runs a test, each with a process to start.
vi.setConfig({ testTimeout: 180_000 });

const PICTURES = 44;
const root = mkdtempSync(join(tmpdir(), 'fabula-caption-folder-'));
const photos = join(root, 'photos');
let count = 0;
let dataDir: string;

beforeAll(async () => {
  ensureBuilt();
  mkdirSync(join(photos, 'sub folder 雪'), { recursive: true });
  for (let index = 0; index < PICTURES; index++) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="220" height="160">
      <rect width="220" height="160" fill="hsl(${(index * 47) % 360} 50% 75%)"/>
      <circle cx="${30 + ((index * 29) % 160)}" cy="${40 + ((index * 13) % 90)}" r="${12 + (index % 7) * 4}" fill="hsl(${(index * 101) % 360} 80% 35%)"/>
    </svg>`;
    const folder = index % 5 === 0 ? join(photos, 'sub folder 雪') : photos;
    await sharp(Buffer.from(svg))
      .jpeg()
      .toFile(join(folder, `picture ${index}.jpg`));
  }
  // One content twice, a name with a line break, and a file that ends in the middle.
  copyFileSync(join(photos, 'picture 1.jpg'), join(photos, 'picture 1 again.jpg'));
  if (process.platform !== 'win32')
    copyFileSync(join(photos, 'picture 2.jpg'), join(photos, 'two\nlines.jpg'));
  const whole = readFileSync(join(photos, 'picture 3.jpg'));
  writeFileSync(join(photos, 'torn.jpg'), whole.subarray(0, whole.length / 2));
  writeFileSync(join(photos, 'notes.txt'), 'not a picture');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FILES = PICTURES + (process.platform === 'win32' ? 2 : 3);
const ASSETS = PICTURES;

interface Line {
  file: string;
  caption?: string;
  error?: string;
  pack: string | null;
}

function start(...args: string[]): ChildProcess {
  return spawn(node, [join(checkout, 'out/main/cli.js'), 'caption', photos, '--data', dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function run(...args: string[]): Promise<{ code: number; stderr: string }> {
  const child = start(...args);
  let stderr = '';
  child.stdout!.resume();
  child.stderr!.on('data', (text) => (stderr += String(text)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}

/** Starts, waits until so many lines are written, and kills without warning. */
async function runAndKill(jsonl: string, lines: number, ...args: string[]): Promise<void> {
  const child = start('--jsonl', jsonl, ...args);
  child.stdout!.resume();
  child.stderr!.resume();
  const closed = once(child, 'close');
  while (linesOf(jsonl).length < lines) {
    expect(child.exitCode, 'the run ended before it could be killed').toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const children = childrenOf(child.pid!);
  child.kill('SIGKILL');
  await closed;
  // The worker sees that the studio is gone.
  for (const pid of children) {
    while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Stops a process while it is not writing: in a transaction it would keep the others from reading who it is. */
async function stopBetweenWrites(child: ChildProcess): Promise<void> {
  for (;;) {
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (!isBeingWritten()) return;
    child.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isBeingWritten(): boolean {
  const database = new BetterSqlite3(join(dataDir, 'library.db'), { timeout: 0 });
  try {
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return true;
    throw error;
  } finally {
    database.close();
  }
}

function childrenOf(pid: number): string[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean) : [];
}

function linesOf(jsonl: string): string[] {
  return existsSync(jsonl) ? readFileSync(jsonl, 'utf8').split('\n').slice(0, -1) : [];
}

const parsed = (jsonl: string): Line[] => linesOf(jsonl).map((line) => JSON.parse(line) as Line);

/** How many captions models have written for each asset. */
function captionsPerAsset(): number[] {
  const database = openDatabase(join(dataDir, 'library.db'));
  const rows = database
    .prepare(
      "SELECT count(captions.number) FROM assets LEFT JOIN captions ON captions.asset = assets.id AND source = 'model' GROUP BY assets.id",
    )
    .pluck()
    .all() as number[];
  database.close();
  return rows;
}

function fresh(): { jsonl: string } {
  dataDir = join(root, `data-${count}`);
  return { jsonl: join(root, `captions-${count++}.jsonl`) };
}

function expectEveryPictureOnce(lines: readonly Line[]): void {
  expect(new Set(lines.map(({ file }) => resolve(file))).size).toBe(lines.length);
  expect(lines).toHaveLength(FILES);
  expect(lines.filter(({ error }) => error !== undefined).map(({ file }) => relative(photos, file))).toEqual([
    'torn.jpg',
  ]);
  for (const { caption, error, pack } of lines) {
    expect(caption ?? error).toBeTruthy();
    expect(pack).toMatch(/^starter@/);
  }
}

test('killed in the middle, the second run does the rest, and no picture is captioned or written twice', async () => {
  const { jsonl } = fresh();
  await runAndKill(jsonl, 17);
  const before = linesOf(jsonl).length;
  expect(before).toBeLessThan(FILES);
  // As if the kill had come between the database and the line, and then inside a line.
  writeFileSync(
    jsonl,
    linesOf(jsonl)
      .slice(0, -2)
      .map((line) => `${line}\n`)
      .join(''),
  );
  truncateSync(jsonl, readFileSync(jsonl).length - 9);

  const second = await run('--jsonl', jsonl);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('torn.jpg');
  expectEveryPictureOnce(parsed(jsonl));
  expect(captionsPerAsset()).toEqual(new Array(ASSETS).fill(1));

  // A third has nothing to do but to try the torn one again.
  const lines = linesOf(jsonl).toSorted();
  expect((await run('--jsonl', jsonl)).code).toBe(1);
  expect(linesOf(jsonl).toSorted()).toEqual(lines);
  expect(captionsPerAsset()).toEqual(new Array(ASSETS).fill(1));
});

test('an append that was killed goes on where it was, in the library, the lines and the .txt files', async () => {
  const { jsonl } = fresh();
  await run('--jsonl', jsonl);
  const once = new Map(parsed(jsonl).map(({ file, caption }) => [file, caption]));
  await runAndKill(jsonl, 17, '--mode', 'append', '--txt');
  expect((await run('--jsonl', jsonl, '--mode', 'append', '--txt')).code).toBe(1);
  expectEveryPictureOnce(parsed(jsonl));
  for (const { file, caption } of parsed(jsonl)) {
    if (caption === undefined) continue;
    const first = once.get(file)!;
    expect(caption).toBe(`${first} ${first}`);
    expect(readFileSync(file.replace(/\.jpg$/, '.txt'), 'utf8')).toBe(`${caption}\n`);
  }
  expect(captionsPerAsset()).toEqual(new Array(ASSETS).fill(2));

  // The run has ended, so the next one with the same options is a new one.
  await run('--jsonl', jsonl, '--mode', 'append');
  expect(captionsPerAsset()).toEqual(new Array(ASSETS).fill(3));
  expectEveryPictureOnce(parsed(jsonl));
});

test('Ctrl+C keeps what is done; while one process is at a folder, a second is refused', async () => {
  const { jsonl } = fresh();
  const child = start('--jsonl', jsonl);
  child.stdout!.resume();
  child.stderr!.resume();
  const closed = once(child, 'close');
  while (linesOf(jsonl).length < 9) await new Promise((resolve) => setTimeout(resolve, 5));
  await stopBetweenWrites(child);
  const other = await run('--jsonl', join(root, 'other.jsonl'));
  expect(other.code).not.toBe(0);
  expect(other.stderr).toContain(`process ${child.pid}`);
  child.kill('SIGCONT');
  child.kill('SIGINT');
  await closed;
  const done = captionsPerAsset().filter((captions) => captions === 1).length;
  expect(done).toBeGreaterThanOrEqual(8);
  expect(done).toBeLessThan(ASSETS);
  expect((await run('--jsonl', jsonl)).code).toBe(1);
  expectEveryPictureOnce(parsed(jsonl));
  expect(captionsPerAsset()).toEqual(new Array(ASSETS).fill(1));
});
