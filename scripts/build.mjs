import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Runs on whatever Node the machine has, so it uses nothing newer than Node 18 and loads nothing native.

/** The checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const outputs = [
  'out/main/cli.js',
  'out/main/worker.js',
  'out/main/index.js',
  'out/preload/index.cjs',
  'out/renderer/index.html',
];
const sources = ['src', 'resources', 'electron.vite.config.ts', 'svelte.config.js', 'package-lock.json'];

/** The Node that Fabula runs on: this one when it is new enough, else the one installed with the dependencies. */
export function suitableNode() {
  if (Number.parseInt(process.versions.node, 10) >= 22) return process.execPath;
  const own = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(own)) return own;
  throw new Error('Fabula needs Node 22 or newer. Run "npm ci" first: it brings one.');
}

/** Builds into `out/` unless everything there is newer than its sources. Says so on stderr; throws when it fails. */
export function buildIfStale() {
  if (isFresh()) return;
  if (!existsSync(join(root, 'node_modules', 'electron-vite'))) {
    throw new Error('The dependencies are missing. Run "npm ci" first.');
  }
  const unlock = lock();
  try {
    // Another process may have built while this one waited for the lock.
    if (isFresh()) return;
    process.stderr.write('Building Fabula…\n');
    const vite = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
    const next = join(root, 'node_modules', '.cache', 'fabula-out');
    const built = spawnSync(suitableNode(), [vite, 'build', '--logLevel', 'warn', '--outDir', next], {
      cwd: root,
      encoding: 'utf8',
    });
    if (built.status !== 0) {
      process.stderr.write(`${built.stdout}${built.stderr}`);
      throw new Error('Fabula could not be built; the reason is above.');
    }
    // Put in place whole: whoever starts meanwhile finds the old one or the new one.
    const out = join(root, 'out');
    const old = `${next}-old`;
    rmSync(old, { recursive: true, force: true });
    if (existsSync(out)) renameSync(out, old);
    renameSync(next, out);
    rmSync(old, { recursive: true, force: true });
  } finally {
    unlock();
  }
}

function isFresh() {
  let oldest = Infinity;
  for (const output of outputs) {
    const file = join(root, output);
    if (!existsSync(file)) return false;
    oldest = Math.min(oldest, statSync(file).mtimeMs);
  }
  return sources.every((source) => newest(join(root, source)) <= oldest);
}

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** One build at a time in a checkout. A lock whose owner is gone counts for nothing. */
function lock() {
  const file = join(root, 'node_modules', '.fabula-build.lock');
  for (;;) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(file)) rmSync(file, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  }
}

function isAbandoned(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Just created, its owner not written yet.
    if (pid === 0) return Date.now() - statSync(file).mtimeMs > 5000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
