/**
 * `npm test`: sees to a browser and a fresh build for the end-to-end tests, then runs Vitest. Arguments are Vitest's:
 * `npm test -- tests/unit/sketch`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBrowser } from './browser.mjs';
import { buildIfStale } from './build.mjs';

const args = process.argv.slice(2);
const needsBrowser = !args.some((arg) => arg.startsWith('tests/') && !arg.startsWith('tests/e2e'));
if (needsBrowser) {
  process.env.FABULA_BROWSER = await ensureBrowser();
  // Here rather than in the first test that needs it, whose time limit a build would eat into.
  buildIfStale();
}

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const run = spawnSync(process.execPath, [vitest, 'run', ...args], { stdio: 'inherit', env: process.env });
process.exit(run.status ?? 1);
