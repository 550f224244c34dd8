import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { programRoot } from './resources.ts';

/** The version that `package.json` gives. */
export function programVersion(): string {
  const text = readFileSync(join(programRoot(), 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
