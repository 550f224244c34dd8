import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes a file under another name and renames it, so that nobody ever sees half of it; when writing fails, what was
 * there before stays and nothing is left behind. The error is thrown as it came.
 *
 * @param write Makes the file whose name it is given, which does not exist yet and lies in the same folder.
 */
export async function writeWhole(
  file: string,
  write: (temporary: string) => Promise<unknown>,
): Promise<void> {
  const temporary = temporaryBeside(file);
  try {
    await write(temporary);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A name nothing else has, short whatever the length of the name it stands beside. */
export function temporaryBeside(file: string): string {
  return join(dirname(file), `.fabula-${randomBytes(8).toString('hex')}.tmp`);
}
