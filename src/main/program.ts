import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { resourcePath } from './resources.ts';

/** The folder that holds `package.json`, `resources` and, once built, `out`. */
export function programRoot(): string {
  return dirname(resourcePath());
}

/** The version that `package.json` gives. */
export function programVersion(): string {
  const text = readFileSync(join(programRoot(), 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
