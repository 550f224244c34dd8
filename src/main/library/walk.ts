import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FabulaError } from '../../shared/errors.ts';
import { compareNames } from '../../shared/file-names.ts';
import { explainFileError } from '../fs-errors.ts';
import { hasPictureName, recognise, signatureBytes } from './formats.ts';

/** A picture found, or a file or folder that could not be looked at. */
export type Found = { path: string } | { path: string; error: FabulaError };

export interface WalkOptions {
  /** Folders not to go into, such as the data folder itself. */
  exclude?: readonly string[];
  signal?: AbortSignal;
}

/**
 * The files of a folder, without its subfolders, that have a picture's name, in the order of {@link walkPictures}.
 *
 * @throws FabulaError naming the folder when it cannot be read
 */
export async function picturesBeside(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch((error: unknown) => {
    throw explainFileError(error, folder);
  });
  return entries
    .filter((name) => !name.startsWith('.') && hasPictureName(name))
    .sort(compareNames)
    .map((name) => join(folder, name));
}

/**
 * Finds the pictures among files and folders: a file given is taken as it is, a folder is searched with its
 * subfolders, in order of names (`2.jpg` before `10.jpg`). In a folder, a file is taken when its name or its first
 * bytes are a picture's. Hidden files and folders are left out; links are followed, each folder once.
 *
 * Paths come out absolute. What cannot be read comes out with an error, and the search goes on.
 */
export async function* walkPictures(
  paths: readonly string[],
  { exclude = [], signal }: WalkOptions = {},
): AsyncGenerator<Found> {
  const visited = new Set<string>();
  for (const path of exclude) visited.add(await realpath(path).catch(() => resolve(path)));
  for (const given of paths) {
    const path = resolve(given);
    try {
      if ((await stat(path)).isDirectory()) yield* walkFolder(path, visited, signal);
      else yield { path };
    } catch (error) {
      yield failed(path, error);
    }
  }
}

async function* walkFolder(
  folder: string,
  visited: Set<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Found> {
  signal?.throwIfAborted();
  let entries;
  try {
    const real = await realpath(folder);
    if (visited.has(real)) return;
    visited.add(real);
    entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    yield failed(folder, error);
    return;
  }
  const listed = entries.map((entry) => ({ entry, raw: entry.name, name: entry.name.toString('utf8') }));
  listed.sort((a, b) => compareNames(a.name, b.name));
  for (const { entry, raw, name } of listed) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    if (!Buffer.from(name, 'utf8').equals(raw)) {
      if (!hasPictureName(name)) continue;
      yield {
        path,
        error: new FabulaError(
          'invalid-input',
          `The file name “${path}” is not valid text (UTF-8). Rename the file and import it again.`,
          { file: path },
        ),
      };
      continue;
    }
    try {
      const kind = entry.isSymbolicLink() ? await stat(path) : entry;
      if (kind.isDirectory()) yield* walkFolder(path, visited, signal);
      else if (kind.isFile() && (hasPictureName(name) || (await beginsLikePicture(path)))) yield { path };
    } catch (error) {
      // A link that leads nowhere or a file that may not be read matters only where a picture was promised.
      if (hasPictureName(name)) yield failed(path, error);
      else signal?.throwIfAborted();
    }
  }
}

async function beginsLikePicture(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(signatureBytes), 0, signatureBytes, 0);
    const kind = recognise(buffer.subarray(0, bytesRead));
    // An SVG by another name is more likely a web page that begins with one.
    return kind !== null && kind.startsWith('image/') && kind !== 'image/svg+xml';
  } finally {
    await file.close();
  }
}

function failed(path: string, error: unknown): Found {
  const explained = explainFileError(error, path);
  if (!(explained instanceof FabulaError)) throw explained;
  return { path, error: explained };
}
