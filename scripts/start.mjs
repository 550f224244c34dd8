import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfStale, root, suitableNode } from './build.mjs';

// Opens the desktop window; where Electron cannot run, says so in one line and opens the browser door instead.

const electronFolder = join(root, 'node_modules', 'electron');

/** The Electron binary, fetched if it has not been yet; or why there is none. */
function findElectron() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    return { problem: 'there is no display' };
  }
  if (!existsSync(electronFolder)) return { problem: 'it is not installed' };
  const binary = () => {
    const pathFile = join(electronFolder, 'path.txt');
    if (!existsSync(pathFile)) return null;
    const file = join(
      process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(electronFolder, 'dist'),
      readFileSync(pathFile, 'utf8'),
    );
    return existsSync(file) ? file : null;
  };
  if (binary() === null) {
    spawnSync(suitableNode(), [join(electronFolder, 'install.js')], { cwd: root, stdio: 'ignore' });
  }
  const file = binary();
  return file === null ? { problem: 'its binary could not be fetched' } : { file };
}

function openBrowserDoor(problem) {
  console.error(
    `The desktop window cannot open here (Electron: ${problem}), so Fabula opens in the browser.`,
  );
  const child = spawn(
    suitableNode(),
    [join(root, 'scripts', 'fabula.mjs'), 'serve', '--open', ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  finishWith(child);
}

function finishWith(child) {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 0));
}

try {
  buildIfStale();
} catch (error) {
  console.error(`fabula: ${error.message}`);
  process.exit(1);
}

const electron = findElectron();
if (electron.file === undefined) {
  openBrowserDoor(electron.problem);
} else {
  const started = Date.now();
  // The window takes its data folder from the environment; `--data` means the same here as everywhere.
  const data = process.argv.indexOf('--data');
  const env = data < 0 ? process.env : { ...process.env, FABULA_DATA: process.argv[data + 1] };
  const child = spawn(electron.file, [root], { stdio: 'inherit', env });
  child.on('error', (error) => openBrowserDoor(error.message));
  child.on('exit', (code, signal) => {
    // An Electron that ends at once never showed a window: a library is missing, or it was started as root.
    if (code !== 0 && signal === null && Date.now() - started < 10_000) {
      openBrowserDoor(`it ended at once with code ${code}`);
    } else process.exit(code ?? 0);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
}
