import { createWriteStream, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import {
  ExportChoiceSchema,
  ExportOptionsSchema,
  exportFormats,
  type ExportChoice,
  type ExportFormat,
  type ExportOptions,
  type ExportPreview,
  type Job,
} from '../../shared/contract.ts';
import { FabulaError, type Json } from '../../shared/errors.ts';
import { IdSchema, type Story } from '../../shared/story.ts';
import { explainFileError } from '../fs-errors.ts';
import { randomIds, systemClock, type Clock, type Ids } from '../ports.ts';
import type { Database } from '../store/database.ts';
import { writeWhole } from '../whole-file.ts';
import type { JobContext, Jobs } from '../jobs/jobs.ts';
import type { Library } from '../library/library.ts';
import { writeArchive } from '../stories/archive.ts';
import type { Stories } from '../stories/stories.ts';
import { exportHtml } from './html.ts';
import { exportMarkdown } from './markdown.ts';
import type { ExportParts } from './parts.ts';
import { exportPdf } from './pdf.ts';
import { Previews, type PreviewContext, type PreviewLibrary } from './previews.ts';

/** What exports need of the library. */
export type ExportLibrary = Pick<Library, 'get' | 'original' | 'bytes'> & PreviewLibrary;

export interface ExportsParts {
  stories: Pick<Stories, 'open'>;
  library: ExportLibrary;
  jobs: Jobs;
  database: Database;
  clock?: Clock;
  ids?: Ids;
  /** Where finished exports wait to be fetched. */
  folder: string;
}

export interface WriteOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Hears of pictures that are missing; the export goes on without them. */
  onWarning?: ((message: string) => void) | undefined;
}

/** File extensions of what {@link Exports.start} makes; Markdown with its pictures travels as one ZIP. */
const extensions: Record<ExportFormat, string> = {
  pdf: '.pdf',
  html: '.html',
  markdown: '.zip',
  fabula: '.fabula',
};

const mimes: Record<string, string> = {
  '.pdf': 'application/pdf',
  '.html': 'text/html; charset=utf-8',
  '.zip': 'application/zip',
  '.fabula': 'application/zip',
};

/** Writes stories to files: as a job whose file is fetched later, or straight to a path. */
export class Exports {
  readonly #parts: ExportsParts;
  readonly #clock: Clock;
  readonly #previews: Previews;

  constructor(parts: ExportsParts) {
    this.#parts = parts;
    const { library, clock = systemClock, ids = randomIds } = parts;
    this.#clock = clock;
    this.#previews = new Previews({
      library,
      clock,
      ids,
      captionOf: (asset) => captionOf(library, asset),
      sizeOf: (asset) => sizeOf(library, asset),
    });
    parts.jobs.register('export', (context) => this.#run(context));
  }

  /** Writes a story to a file of its own in the exports folder, as a job. @throws FabulaError `not-found` */
  start(story: string, format: ExportFormat, options: ExportOptions): Job {
    const { title } = this.#parts.stories.open(story).story;
    return this.#parts.jobs.start(
      'export',
      {
        key: 'app.jobExport',
        values: {
          title: title || 'Untitled',
          format: format === 'fabula' ? '.fabula' : format.toUpperCase(),
        },
      },
      { story, format, options: options as unknown as Json },
      [story],
    );
  }

  /**
   * Sets the pages that a PDF export would have now, to be drawn one by one with {@link previewPage}.
   * @throws FabulaError `not-found`; `cancelled`; `invalid-input` when no panel is left to print
   */
  async preview(story: string, options: ExportOptions, context: PreviewContext = {}): Promise<ExportPreview> {
    return this.#previews.preview(this.#parts.stories.open(story).story, options, context);
  }

  /**
   * A page of a preview, as PNG.
   *
   * @param page from 0
   * @param width in pixels
   * @throws FabulaError `not-found` when the preview is no longer kept or has no such page
   */
  previewPage(preview: string, page: number, width: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#previews.page(preview, page, width, signal);
  }

  /**
   * How a story was exported last; null when it never was, or when this version cannot do the same. Whoever asks is
   * about to show pages, so what draws them is made ready.
   */
  choice(story: string): ExportChoice | null {
    this.#previews.warm();
    const saved = this.#parts.database
      .prepare('SELECT choice FROM export_choices WHERE story = ?')
      .pluck()
      .get(story) as string | undefined;
    const choice = saved === undefined ? undefined : ExportChoiceSchema.safeParse(JSON.parse(saved));
    return choice?.success === true ? choice.data : null;
  }

  /** Keeps how a story is exported, for the next time. @throws FabulaError `not-found` */
  remember(story: string, choice: ExportChoice): ExportChoice {
    this.#parts.stories.open(story);
    this.#parts.database
      .prepare('INSERT OR REPLACE INTO export_choices (story, choice) VALUES (?, ?)')
      .run(story, JSON.stringify(choice));
    return choice;
  }

  /** Drops previews and ends what draws them. Jobs end with the queue. */
  close(): void {
    this.#previews.close();
  }

  /**
   * The file a finished export job made, the name it should be saved under, and its type.
   * @throws FabulaError `not-found` when the job has made none, or not yet
   */
  fileOf(job: string): { file: string; name: string; mime: string } {
    const folder = IdSchema.safeParse(job).success ? join(this.#parts.folder, job) : undefined;
    // A file appears here by one rename, so what is here is whole.
    const name = folder === undefined ? undefined : filesIn(folder).find((file) => extname(file) in mimes);
    if (folder === undefined || name === undefined) {
      throw new FabulaError(
        'not-found',
        'This export has no file yet. Wait until it is done, or start it again.',
      );
    }
    return { file: join(folder, name), name, mime: mimes[extname(name)]! };
  }

  /**
   * Writes a story to a file, whole or not at all. Markdown puts its pictures into a folder `<name>-images` beside
   * the file, unless the file's name ends in `.zip`, which then holds both.
   *
   * @throws FabulaError naming the file: `no-permission`, `disk-full`, `not-found` (no such folder), `cancelled`
   */
  async writeTo(
    story: Story,
    format: ExportFormat,
    options: ExportOptions,
    file: string,
    { signal, onProgress, onWarning = () => {} }: WriteOptions = {},
  ): Promise<void> {
    const { library } = this.#parts;
    const parts: ExportParts = {
      options,
      signal,
      onProgress,
      onWarning,
      pictures: (asset) => library.original(asset),
      captionOf: (asset) => captionOf(library, asset),
      sizeOf: (asset) => sizeOf(library, asset),
      date: this.#clock.now(),
    };
    switch (format) {
      case 'pdf':
        return writeContent(file, await exportPdf(story, parts));
      case 'html':
        return writeContent(file, await exportHtml(story, parts));
      case 'fabula': {
        const { warnings } = await writeArchive(story, library, file, { signal, onProgress });
        for (const warning of warnings) onWarning(warning);
        return;
      }
      case 'markdown': {
        const name = basename(file, extname(file));
        if (extname(file).toLowerCase() === '.zip') {
          const { markdown, pictures } = await exportMarkdown(story, 'images', parts);
          return writeZip(
            file,
            [{ path: `${name}.md`, bytes: Buffer.from(markdown) }, ...pictures],
            story.updatedAt,
          );
        }
        const folder = `${name}-images`;
        const { markdown, pictures } = await exportMarkdown(story, encodeURI(folder), parts);
        const target = join(dirname(file), folder);
        if (pictures.length > 0) await explained(target, () => makeFolder(target));
        for (const { path, bytes } of pictures) {
          signal?.throwIfAborted();
          await writeContent(join(target, basename(path)), bytes);
        }
        // The text comes last, so that a Markdown file never names a picture that is not there.
        return writeContent(file, markdown);
      }
    }
  }

  async #run({ job, params, items, finish, fail, signal }: JobContext): Promise<void> {
    const { story: id, format, options } = params as { story: string; format: ExportFormat; options: Json };
    for await (const item of items()) {
      const folder = join(this.#parts.folder, job.id);
      const warnings: string[] = [];
      try {
        if (!exportFormats.includes(format))
          throw new FabulaError('invalid-input', `Unknown format ${format}.`);
        const { story } = this.#parts.stories.open(id);
        await explained(folder, () => mkdir(folder, { recursive: true }));
        await this.writeTo(
          story,
          format,
          ExportOptionsSchema.parse(options),
          join(folder, fileName(story.title) + extensions[format]),
          { signal, onWarning: (warning) => warnings.push(warning) },
        );
        finish(item, () => ({ warnings }));
      } catch (error) {
        if (signal.aborted) throw error;
        fail(item, error);
      }
    }
  }
}

function captionOf(library: ExportLibrary, asset: string): string | null {
  try {
    return library.get(asset).caption?.text ?? null;
  } catch {
    // The picture itself will be reported as missing.
    return null;
  }
}

function sizeOf(library: ExportLibrary, asset: string): { width: number; height: number } | null {
  try {
    const { width, height } = library.get(asset);
    return { width, height };
  } catch {
    return null;
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A title as a file name every system takes: no separators, no reserved characters, not too long. */
function fileName(title: string): string {
  const name = title
    .normalize('NFC')
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f<>:"/\\|?*\u007f]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\.+|\.+$/g, '');
  const short = [...name].slice(0, 60).join('').trim();
  return short === '' || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(short) ? `story ${short}`.trim() : short;
}

async function explained<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainFileError(error, what);
  }
}

/** Makes a folder in one that exists; one that is there already will do. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}

async function writeContent(file: string, content: Uint8Array | string): Promise<void> {
  await explained(file, () =>
    writeWhole(file, (temporary) => writeFile(temporary, content, { flush: true })),
  );
}

async function writeZip(
  file: string,
  entries: readonly { path: string; bytes: Uint8Array }[],
  time: string,
): Promise<void> {
  await explained(file, () =>
    writeWhole(file, async (temporary) => {
      const zip = new ZipFile();
      for (const { path, bytes } of entries) {
        const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        zip.addBuffer(buffer, path, {
          mtime: new Date(time),
          forceDosTimestamp: true,
          compress: path.endsWith('.md') || path.endsWith('.svg'),
        });
      }
      zip.end();
      await finished(zip.outputStream.pipe(createWriteStream(temporary)));
    }),
  );
}
