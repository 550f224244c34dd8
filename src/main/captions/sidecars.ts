import { closeSync, openSync, writeSync } from 'node:fs';
import { open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import type { CaptionOptions } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import { temporaryBeside, writeWhole } from '../whole-file.ts';
import { joinCaptions } from './compose.ts';

/** One line of a captions file: a picture with its caption, or with what went wrong. */
export type CaptionLine =
  | { file: string; caption: string; pack: string | null }
  | { file: string; error: string; pack: string | null };

/**
 * A JSONL file with at most one line a picture, written as the captions are made, that survives being cut off at any
 * byte: opening it repairs a torn last line. Lines are found by the file they name, as an absolute path.
 */
export class JsonlFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #written: Set<string>;

  private constructor(path: string, descriptor: number, written: Set<string>) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#written = written;
  }

  /**
   * Opens the file for adding lines. Lines with an error are dropped, since their pictures get another try, and so
   * are those for which `redo` says that the picture is captioned anew. What is dropped goes with one rename.
   *
   * @throws FabulaError `invalid-input` when the file holds anything else than captions: it is left as it is.
   */
  static async open(path: string, redo: (file: string) => boolean): Promise<JsonlFile> {
    try {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      const { kept, written } = keep(path, text, redo);
      if (kept !== text) await writeWhole(path, (temporary) => writeFile(temporary, kept, { flag: 'wx' }));
      return new JsonlFile(path, openSync(path, 'a'), written);
    } catch (error) {
      throw explainFileError(error, path);
    }
  }

  has(file: string): boolean {
    return this.#written.has(resolve(file));
  }

  /** Adds the lines of pictures that have none yet, with one write. */
  add(lines: readonly CaptionLine[]): void {
    const fresh = lines.filter(({ file }) => {
      const path = resolve(file);
      if (this.#written.has(path)) return false;
      this.#written.add(path);
      return true;
    });
    if (fresh.length === 0) return;
    const bytes = Buffer.from(fresh.map((line) => `${JSON.stringify(line)}\n`).join(''));
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at);
    } catch (error) {
      throw explainFileError(error, this.#path);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function keep(
  path: string,
  text: string,
  redo: (file: string) => boolean,
): { kept: string; written: Set<string> } {
  const written = new Set<string>();
  const lines = text.split('\n');
  const kept: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    if (!parsed) {
      // The last line has no newline after it: the process was killed while writing it.
      if (index === lines.length - 1) continue;
      throw new FabulaError(
        'invalid-input',
        `${path}, line ${index + 1}, is not a caption as this command writes it. Choose another file; this one is left as it is.`,
        { file: path, line: index + 1 },
      );
    }
    const file = resolve(parsed.file);
    if (!parsed.captioned || redo(file) || written.has(file)) continue;
    written.add(file);
    kept.push(`${line}\n`);
  }
  return { kept: kept.join(''), written };
}

function parseLine(line: string): { file: string; captioned: boolean } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('file' in value) || typeof value.file !== 'string') {
      return undefined;
    }
    return { file: value.file, captioned: 'caption' in value };
  } catch {
    return undefined;
  }
}

/** A CSV file (RFC 4180) with the columns file, caption, error and pack; it appears, whole, when it is closed. */
export class CsvFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  static async create(path: string): Promise<CsvFile> {
    const temporary = temporaryBeside(resolve(path));
    try {
      const file = new CsvFile(path, temporary, await open(temporary, 'wx'));
      await file.#handle.appendFile(csvRow(['file', 'caption', 'error', 'pack']));
      return file;
    } catch (error) {
      throw explainFileError(error, path);
    }
  }

  async add(lines: readonly CaptionLine[]): Promise<void> {
    const rows = lines.map((line) =>
      csvRow([
        line.file,
        'caption' in line ? line.caption : '',
        'error' in line ? line.error : '',
        line.pack ?? '',
      ]),
    );
    try {
      await this.#handle.appendFile(rows.join(''));
    } catch (error) {
      throw explainFileError(error, this.#path);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#handle.close();
      await rename(this.#temporary, this.#path);
    } catch (error) {
      await rm(this.#temporary, { force: true });
      throw explainFileError(error, this.#path);
    }
  }

  /** Takes away what was written so far. */
  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(this.#temporary, { force: true });
  }
}

/** A cell that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"). */
function csvRow(cells: readonly string[]): string {
  return stringify([cells], { escape_formulas: true });
}

/**
 * Where the `.txt` of each picture goes: `photo.txt` beside `photo.jpg`, as training tools read it. Of two pictures
 * that differ in their extension only, the first in order gets that name and the others get `photo.png.txt`.
 */
export function textFiles(pictures: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  const places = new Map<string, string>();
  for (const picture of pictures) {
    const stem = join(dirname(picture), basename(picture, extname(picture)));
    const place = taken.has(stem) ? `${picture}.txt` : `${stem}.txt`;
    taken.add(stem);
    places.set(picture, place);
  }
  return places;
}

/**
 * Writes a caption to a `.txt` file, on one line. With `skip` a file that is there is left alone. With `append` and
 * `prepend` the caption becomes its last or first line; where the caption goes on from what the file says, it takes
 * its place, so that doing it twice changes nothing. With `overwrite` it is all there is.
 *
 * @throws FabulaError `no-permission`, `disk-full`.
 */
export async function writeTextFile(path: string, text: string, mode: CaptionOptions['mode']): Promise<void> {
  const caption = text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
  try {
    const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const there = before.trim();
    const joined = joinCaptions(there, caption, mode);
    if (joined === there) return;
    const after = `${joined}\n`;
    if (after !== before) await writeWhole(path, (temporary) => writeFile(temporary, after, { flag: 'wx' }));
  } catch (error) {
    throw explainFileError(error, path);
  }
}
