import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

let root: string | undefined;

/**
 * The path of a file or folder under `resources/`. Works from the sources (tests, scripts) and from the bundles in
 * `out/main`, at any depth: it goes up from this module to the folder which holds both `package.json` and `resources`.
 * @throws Error when no such folder exists, which means that the program was not installed whole.
 */
export function resourcePath(...parts: string[]): string {
  // A packaged app keeps its resources beside its archive, because native code opens some of them by their path.
  return join(programRoot().replace(/app\.asar$/, 'app.asar.unpacked'), 'resources', ...parts);
}

/** The folder that holds `package.json` and, once built, `out`; in a packaged app, its archive. */
export function programRoot(): string {
  root ??= findRoot(import.meta.dirname);
  return root;
}

function findRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'resources'))) return folder;
    if (folder === dirname(folder)) {
      throw new Error(`No "resources" folder beside a package.json was found above ${start}.`);
    }
  }
}
