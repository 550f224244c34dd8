import { join, relative, resolve } from 'node:path';
import type { CaptionOptions } from '../../shared/contract.ts';
import { toFailure, type FabulaError } from '../../shared/errors.ts';
import type { History } from '../history.ts';
import type { Library } from '../library/library.ts';
import { walkPictures } from '../library/walk.ts';
import type { Models } from '../models/models.ts';
import type { Clock, Ids } from '../ports.ts';
import type { Database } from '../store/database.ts';
import { captionAll, type Finished, type Prepared } from './batch.ts';
import { captionSettings } from './captions.ts';
import { wantsCaption } from './compose.ts';
import { FolderRun } from './folder-run.ts';
import { MetadataWriter } from './metadata-writer.ts';
import { CsvFile, JsonlFile, textFiles, writeTextFile, type CaptionLine } from './sidecars.ts';

export interface FolderContext {
  library: Library;
  models: Models;
  database: Database;
  history: History;
  clock: Clock;
  ids: Ids;
}

export interface FolderOptions {
  folder: string;
  options: CaptionOptions;
  /** Adds a line a picture to this file, as captions are made. */
  jsonl?: string | undefined;
  /** Writes all captions to this file at the end. */
  csv?: string | undefined;
  /** Writes a `.txt` beside each picture. */
  txt?: boolean | undefined;
  /** Writes each caption into an XMP file beside its picture. */
  xmp?: boolean | undefined;
  /** Writes each caption into its picture's own metadata. */
  embed?: boolean | undefined;
  /** Folders not to go into, such as the data folder. */
  exclude?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number; failed: number }) => void) | undefined;
}

/** What became of one picture. */
export interface FolderResult {
  /** The path: the folder as it was given, and the picture in it. */
  file: string;
  /** `kept`: it had a caption that the options leave alone, or one from the run that this one goes on with. */
  state: 'captioned' | 'kept' | 'failed';
  caption: string | null;
  /** `pack@revision` that wrote the caption; null for a person's. */
  pack: string | null;
  error: { code: string; message: string } | null;
}

/** The line of a result as the command prints and writes it. */
export function captionLine(result: FolderResult): CaptionLine {
  const { file, caption, pack, error } = result;
  return error ? { file, error: error.message, pack } : { file, caption: caption ?? '', pack };
}

/**
 * Captions all pictures of a folder, importing those that are new to the library where they lie. Results come in the
 * order of the files, a batch at a time.
 *
 * It may be killed at any moment and called again: the database is the truth, and a caption is stored with its vector
 * in one transaction before its line is written. With `skip` a picture that has a caption is done. With the other
 * modes the run itself is on record: a run that was cut off is gone on with, one that ended is begun anew. In both
 * cases lines and `.txt` files that the killed process did not get to are written now, and none twice.
 *
 * @throws FabulaError `not-found` for the folder, `conflict` when another process is captioning it, `cancelled`; a
 *   picture that fails is a result, and the others go on.
 */
export async function* captionFolder(
  context: FolderContext,
  folderOptions: FolderOptions,
): AsyncGenerator<FolderResult> {
  const { models } = context;
  const { folder, options, exclude = [], signal = new AbortController().signal, onProgress } = folderOptions;
  const found: Found[] = [];
  for await (const entry of walkPictures([folder], { exclude, signal })) {
    const inside = relative(resolve(folder), entry.path);
    found.push({ ...entry, file: inside === '' ? folder : join(folder, inside) });
  }
  const run = FolderRun.begin(context, folder, models.captionPack, options);
  let outputs: Outputs | null = null;
  let ended = false;
  try {
    outputs = await Outputs.open(context.library, folderOptions, found, run);
    const progress = { done: 0, total: found.length, failed: 0 };
    onProgress?.({ ...progress });
    const settings = captionSettings(models, options, { run: run.id });
    const work = captionAll(
      context,
      found,
      (item) => prepare(context, item, run, options),
      { options, run: run.id, settings, done: run.done, signal },
      () => run.beat(),
    );
    for await (const batch of work) {
      const results = await outputs.write(batch, models.captionPack);
      progress.done += results.length;
      progress.failed += results.filter((result) => result.state === 'failed').length;
      onProgress?.({ ...progress });
      yield* results;
    }
    const complete = outputs;
    outputs = null;
    await complete.close();
    ended = true;
  } finally {
    await outputs?.discard();
    if (ended) run.end();
    else run.release();
  }
}

interface Found {
  /** Absolute. */
  path: string;
  /** As shown and written: the folder as it was given, and the picture in it. */
  file: string;
  error?: FabulaError;
}

async function prepare(
  { library, models }: FolderContext,
  item: Found,
  run: FolderRun,
  options: CaptionOptions,
): Promise<Prepared<Found>> {
  if (item.error !== undefined) return { item, state: 'fail', error: item.error };
  try {
    const size = models.imageSize;
    const picture = await library.prepareFile(item.path, { originals: 'leave', square: size });
    const { id, record, square } = picture;
    const enter = (): unknown => library.enter(picture);
    // A new picture may bring a caption in its own metadata.
    const known = library.getMany([id])[0];
    const own = record?.caption ? { text: record.caption, source: 'file' as const } : null;
    if (run.done.has(id) || !wantsCaption(known ? known.caption : own, options)) {
      return { item, state: 'keep', asset: id, enter };
    }
    if (square !== null) return { item, state: 'caption', asset: id, enter, pixels: square };
    // Where the file lies may be news, and is where the pixels are read.
    library.enter(picture);
    return { item, state: 'caption', asset: id, pixels: await library.pixels(id, size) };
  } catch (error) {
    return { item, state: 'fail', error };
  }
}

/** The files a run writes. */
class Outputs {
  readonly #library: Library;
  readonly #lines: JsonlFile | null;
  readonly #table: CsvFile | null;
  readonly #texts: Map<string, string> | null;
  readonly #metadata = new MetadataWriter();
  readonly #options: FolderOptions;

  private constructor(
    library: Library,
    lines: JsonlFile | null,
    table: CsvFile | null,
    texts: Map<string, string> | null,
    options: FolderOptions,
  ) {
    this.#library = library;
    this.#lines = lines;
    this.#table = table;
    this.#texts = texts;
    this.#options = options;
  }

  static async open(
    library: Library,
    options: FolderOptions,
    found: readonly Found[],
    run: FolderRun,
  ): Promise<Outputs> {
    // A run that captions anew takes the place of the one before it, in the lines too.
    const anew =
      options.options.mode !== 'skip' && run.isNew
        ? new Set(found.map(({ path }) => path))
        : new Set<string>();
    const lines =
      options.jsonl === undefined ? null : await JsonlFile.open(options.jsonl, (file) => anew.has(file));
    try {
      const table = options.csv === undefined ? null : await CsvFile.create(options.csv);
      const texts = options.txt ? textFiles(found.map(({ file }) => file)) : null;
      return new Outputs(library, lines, table, texts, options);
    } catch (error) {
      lines?.close();
      throw error;
    }
  }

  /** Writes what became of a batch. A picture whose caption cannot be written beside or into it comes back as failed. */
  async write(batch: readonly Finished<Found>[], pack: string): Promise<FolderResult[]> {
    const results: FolderResult[] = [];
    for (const entry of batch) results.push(await this.#writeOne(entry, resultOf(entry, pack)));
    this.#lines?.add(results.map(captionLine));
    await this.#table?.add(results.map(captionLine));
    return results;
  }

  async #writeOne(entry: Finished<Found>, result: FolderResult): Promise<FolderResult> {
    if (entry.state === 'failed' || result.caption === null) return result;
    const { path } = entry.item;
    const { caption } = result;
    const { mode } = this.#options.options;
    try {
      const text = this.#texts?.get(result.file);
      if (text !== undefined) await writeTextFile(text, caption, mode);
      if (this.#options.xmp) await this.#metadata.writeSidecar(path, caption, mode);
      if (this.#options.embed) {
        await this.#metadata.writeInto(path, caption, mode, (file) =>
          this.#library.noteRewritten(entry.asset, file),
        );
      }
      return result;
    } catch (error) {
      return failed(result.file, error, result.pack);
    }
  }

  async close(): Promise<void> {
    this.#lines?.close();
    await this.#table?.close();
    await this.#metadata.close();
  }

  /** What {@link close} does, but for the table, which is only ever there as a whole. */
  async discard(): Promise<void> {
    this.#lines?.close();
    await this.#table?.discard();
    await this.#metadata.close();
  }
}

function resultOf(entry: Finished<Found>, pack: string): FolderResult {
  const { file } = entry.item;
  if (entry.state === 'failed') return failed(file, entry.error, pack);
  const { caption } = entry;
  return {
    file,
    state: entry.state,
    caption: caption?.text ?? null,
    pack: caption?.pack ?? null,
    error: null,
  };
}

function failed(file: string, error: unknown, pack: string | null): FolderResult {
  const { code, message } = toFailure(error);
  return { file, state: 'failed', caption: null, pack, error: { code, message } };
}
