/**
 * Finds a Chromium-family browser for the end-to-end tests and the screenshots, and installs one where there is none:
 * an installed Chrome, Chromium or Edge; else the one Playwright manages (downloaded once); else, on Debian and Ubuntu
 * as root, the `chromium` package. Run directly, it prints the path.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const commandNames = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
];

/** Where installers put the browser on systems whose PATH does not name it. */
function usualPlaces() {
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    );
  }
  if (process.platform === 'win32') {
    const roots = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap(
      (name) => process.env[name] ?? [],
    );
    return roots.flatMap((root) => [
      join(root, 'Google', 'Chrome', 'Application', 'chrome.exe'),
      join(root, 'Chromium', 'Application', 'chrome.exe'),
      join(root, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
    ]);
  }
  return [];
}

function runnable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function managedByPlaywright() {
  const { chromium } = await import('playwright-core');
  return chromium.executablePath();
}

/** @returns {Promise<string | undefined>} the path of a browser on this machine; `FABULA_BROWSER` names one outright */
export async function findBrowser() {
  const named = process.env.FABULA_BROWSER;
  if (named) {
    if (!runnable(named))
      throw new Error(`FABULA_BROWSER is ${named}, which cannot be run. Correct it or unset it.`);
    return named;
  }
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => commandNames.map((name) => join(folder, name)));
  const candidates = [...onPath, ...usualPlaces(), await managedByPlaywright()];
  return candidates.find((file) => file && runnable(file));
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 2, 2],
    timeout: 300_000,
    ...options,
  });
  return !error && status === 0;
}

/**
 * @returns {Promise<string>} the path of a browser, installed first where the machine had none
 * @throws {Error} saying what to do, where none can be installed
 */
export async function ensureBrowser() {
  const found = await findBrowser();
  if (found) return found;

  process.stderr.write('No Chrome, Chromium or Edge on this machine: installing one.\n');
  const playwright = join(
    dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')),
    'cli.js',
  );
  run(process.execPath, [playwright, 'install', '--no-shell', 'chromium']);
  const downloaded = await findBrowser();
  if (downloaded) return downloaded;

  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-qq'], { env });
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env });
  }
  const installed = await findBrowser();
  if (installed) return installed;
  throw new Error(
    'No browser found and none could be installed. Install Chrome, Chromium or Edge, or set FABULA_BROWSER to the path of one.',
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${await ensureBrowser()}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
