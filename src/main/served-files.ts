import { constants } from 'node:fs';
import { open, readdir, realpath, type FileHandle } from 'node:fs/promises';
import { extname, join, relative, isAbsolute, sep } from 'node:path';
import { previewWidths } from '../shared/contract.ts';
import { FabulaError } from '../shared/errors.ts';

/**
 * The files that a door hands to a window. A door never joins a path from a request to a folder: the window's own
 * files are listed once and looked up by their exact address, and pictures are looked up by size and hash.
 */

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
};

export interface WindowFile {
  /** The folder that the file must lie in when it is opened. */
  root: string;
  file: string;
  mime: string;
  /** True where the file's name carries a hash of its content, so that a window may keep it for good. */
  immutable: boolean;
}

/**
 * Lists the files of a built window by their address (`/`, `/assets/index-3f9a.js`). Links are left out, so that
 * nothing outside the folder can be reached through one.
 *
 * @throws FabulaError `unavailable` where the window has not been built.
 */
export async function listWindowFiles(root: string): Promise<Map<string, WindowFile>> {
  const files = new Map<string, WindowFile>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new FabulaError(
      'unavailable',
      `The window's files are missing at ${root}. Build them with "npm run build".`,
      {},
      { cause: error },
    );
  });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const address = '/' + relative(root, file).split(sep).join('/');
    const mime = types[extname(file).toLowerCase()];
    if (mime === undefined) continue;
    files.set(address, { root, file, mime, immutable: /-[\w-]{8,}\.\w+$/.test(entry.name) });
  }
  const index = files.get('/index.html');
  if (index === undefined) {
    throw new FabulaError(
      'unavailable',
      `The window's files at ${root} have no index.html. Build them with "npm run build".`,
    );
  }
  files.set('/', index);
  return files;
}

/**
 * Opens a file for reading, provided that it lies in `root` once every link is resolved.
 *
 * @throws FabulaError `unsafe-path` where it lies elsewhere or is itself a link; `not-found` where there is none.
 */
export async function openContained(
  root: string,
  file: string,
): Promise<{ handle: FileHandle; bytes: number }> {
  let handle: FileHandle;
  try {
    // O_NOFOLLOW closes the gap between looking and opening; Windows has no such flag and no such links by default.
    handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ELOOP' || code === 'EMLINK') throw outside(file, error);
    throw new FabulaError('not-found', `There is no file ${file}.`, {}, { cause: error });
  }
  try {
    const path = relative(await realpath(root), await realpath(file));
    if (path === '' || path.startsWith('..') || isAbsolute(path)) throw outside(file);
    const stat = await handle.stat();
    if (!stat.isFile()) throw outside(file);
    return { handle, bytes: stat.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A page of an export's preview. */
export interface PreviewAddress {
  preview: string;
  /** From 0. */
  page: number;
  /** In pixels. */
  width: number;
}

/**
 * Reads addresses of preview pages: `<start>/<preview>/<page>/<width>`.
 * @returns a function that answers null for any other address, and for a width that is not drawn
 */
export function previewAddress(start: string): (path: string) => PreviewAddress | null {
  const pattern = new RegExp(`^${start}/([A-Za-z0-9_-]{1,64})/(\\d{1,5})/(\\d{2,4})$`);
  return (path) => {
    const [, preview, page, width] = pattern.exec(path) ?? [];
    if (preview === undefined) return null;
    const pixels = Number(width);
    if (pixels < previewWidths.least || pixels > previewWidths.most) return null;
    return { preview, page: Number(page), width: pixels };
  };
}

function outside(file: string, cause?: unknown): FabulaError {
  return new FabulaError('unsafe-path', `${file} lies outside the folder it is served from.`, {}, { cause });
}

/**
 * The content security policy of the window: its own scripts and styles, pictures by hash, and nothing from
 * elsewhere.
 *
 * @param pictures Where pictures come from besides the window's own origin, e.g. `fabula://media`; empty for none.
 */
export function contentSecurityPolicy(pictures = ''): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data: ${pictures}`.trim(),
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}
