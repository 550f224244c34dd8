import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { MediaSize } from '../../shared/contract.ts';
import { mediaSizes } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import { pictureTypes, type PictureType } from './formats.ts';

/** Temporary files older than this were left by a process that died, in milliseconds. */
const abandonedAfter = 24 * 60 * 60 * 1000;

/**
 * Up to this many bytes, the size of a thumbnail, are written without leaving the thread: that takes a tenth of a
 * millisecond, and a fifth of the processor time of waiting for four calls to come back from the thread pool.
 */
const writtenAtOnce = 64 * 1024;

/**
 * The folders of the library, named by content: `cache/` for renditions, which can always be made again, and
 * `originals/` for kept copies. Files are written under a temporary name and renamed, so that none is ever half there.
 */
export class Files {
  readonly root: string;
  readonly cache: string;
  readonly originals: string;
  readonly #temporary: string;

  /** Makes the folders. Throws a FabulaError naming the folder when they cannot be made. */
  constructor(dataDir: string) {
    this.root = resolve(dataDir);
    this.cache = join(this.root, 'cache');
    this.originals = join(this.root, 'originals');
    this.#temporary = join(this.root, 'temporary');
    try {
      for (const folder of [this.cache, this.originals, this.#temporary])
        mkdirSync(folder, { recursive: true });
      for (const name of readdirSync(this.#temporary)) {
        const path = join(this.#temporary, name);
        const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
        if (age > abandonedAfter) rmSync(path, { force: true });
      }
    } catch (error) {
      throw explainFileError(error, this.root);
    }
  }

  /** Where the rendition of an asset lies, or will lie. */
  rendition(asset: string, size: MediaSize): string {
    return join(this.cache, asset.slice(0, 2), `${asset}-${size}.webp`);
  }

  /** Where the kept copy of an asset lies, or will lie. */
  original(asset: string, type: PictureType): string {
    return join(this.originals, asset.slice(0, 2), `${asset}.${pictureTypes[type]}`);
  }

  /**
   * Writes a file of the library whole or not at all.
   *
   * @param durable waits until the bytes are on the disk: for what cannot be made again
   */
  async write(path: string, bytes: Uint8Array, { durable = false } = {}): Promise<void> {
    const temporary = join(this.#temporary, randomUUID());
    try {
      if (durable || bytes.length > writtenAtOnce) await writeWhole(temporary, bytes, durable);
      else writeFileSync(temporary, bytes, { flag: 'wx' });
      try {
        renameSync(temporary, path);
      } catch (error) {
        // The folder of the first two digits is made when it is first needed.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
        mkdirSync(dirname(path), { recursive: true });
        renameSync(temporary, path);
      }
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw explainFileError(error, path);
    }
  }

  /** The file as it may be handed out: links resolved, and refused (`unsafe-path`) where they lead out of the library. */
  contained(path: string): string {
    return resolveInside(this.root, relative(this.root, path));
  }

  /** Takes away the renditions and the kept copy of an asset. */
  async remove(asset: string, type: PictureType): Promise<void> {
    const sizes = Object.keys(mediaSizes) as MediaSize[];
    for (const path of [...sizes.map((size) => this.rendition(asset, size)), this.original(asset, type)]) {
      await rm(path, { force: true }).catch((error: unknown) => {
        throw explainFileError(error, path);
      });
    }
  }
}

async function writeWhole(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * The absolute path of `inside` under `root`, links resolved; the file itself need not exist. Throws `unsafe-path`
 * when it is absolute, climbs with `..`, or a link leads out of `root`.
 */
export function resolveInside(root: string, inside: string): string {
  const refuse = () =>
    new FabulaError('unsafe-path', `“${inside}” leads outside its folder. Nothing was read or written.`, {
      path: inside,
    });
  if (inside === '' || inside.includes('\0') || isAbsolute(inside) || /^[A-Za-z]:/.test(inside))
    throw refuse();
  if (inside.split(/[\\/]/).includes('..')) throw refuse();
  const realRoot = realpathSync.native(root);
  const path = resolve(realRoot, inside);
  const real = realOf(path);
  if (real !== realRoot && !real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep))
    throw refuse();
  return real;
}

/** Links resolved as far as the path exists; what does not exist yet is kept as it is written. */
function realOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!missing || dirname(path) === path) throw explainFileError(error, path);
    return join(realOf(dirname(path)), basename(path));
  }
}
