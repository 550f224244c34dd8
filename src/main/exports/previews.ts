import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  mediaSizes,
  type ExportOptions,
  type ExportPreview,
  type MediaSize,
  type PreviewPage,
} from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { Story } from '../../shared/story.ts';
import type { Library } from '../library/library.ts';
import type { Clock, Ids } from '../ports.ts';
import { readFonts } from './fonts.ts';
import { designPages, type PageImage } from './pages.ts';
import type { PanelPlace, SetAnswer } from './pdf-worker.ts';
import { explainProblem, printPixels, readTemplate, timestampOf, unknownSize } from './pdf.ts';
import { mapLimited, pictureProblem, select, type Selection } from './pictures.ts';
import { readPdfium, Typesetter, workspace } from './typesetter.ts';
import { printedWords } from './words.ts';

/** What previews need of the library: small pictures, sizes, and whether the originals are still there. */
export type PreviewLibrary = Pick<Library, 'get' | 'media' | 'hasOriginal'>;

export interface PreviewsParts {
  library: PreviewLibrary;
  clock: Clock;
  ids: Ids;
  captionOf: (asset: string) => string | null;
  sizeOf: (asset: string) => { width: number; height: number } | null;
}

export interface PreviewContext {
  signal?: AbortSignal | undefined;
  /** Hears of pages whose pictures are still being read. */
  onPreview?: ((preview: ExportPreview) => void) | undefined;
}

/** How long pages wait for their pictures before they are shown without, in milliseconds. */
const patience = 150;
/** Stories with more pictures than this are shown with thumbnails, whatever the size of their frames. */
const manyPictures = 40;
/** How many previews are kept to be drawn: the one shown, the one that replaces it, and those of other windows. */
const keptPreviews = 4;
/** How long a typesetter without work is kept, in milliseconds. It holds fonts, pictures and what it has set. */
const idleTime = 60_000;
/** Bytes of pictures kept between previews. */
const pictureMemory = 96 * 1024 * 1024;

interface SmallPicture {
  path: string;
  bytes: Uint8Array;
}

/**
 * Shows the pages of a PDF export before it is made. The pages come from the same design, data and typesetter as the
 * export's: a preview is a PDF of its own, set with smaller pictures in frames of the same size, and PDFium draws its
 * pages. What differs is how sharp the pictures are, and nothing else.
 */
export class Previews {
  readonly #parts: PreviewsParts;
  #typesetter: Typesetter | null = null;
  #starting: Promise<Typesetter> | null = null;
  /** What the typesetter has: fonts by name, pictures by path. */
  #fonts = '';
  #delivered = new Set<string>();
  /** Pictures by path, the one used longest ago first. */
  readonly #pictures = new Map<string, Promise<SmallPicture>>();
  #pictureBytes = 0;
  /** Ids of previews that can be drawn, oldest first, with their number of pages. */
  readonly #kept = new Map<string, number>();
  #idle: NodeJS.Timeout | undefined;

  constructor(parts: PreviewsParts) {
    this.#parts = parts;
  }

  /** Starts what sets and draws pages, for a window that is about to ask for some. */
  warm(): void {
    this.#stayAwake();
    // What cannot start now says so when pages are asked for.
    this.#start().catch(() => undefined);
  }

  /**
   * Sets the pages of a story. Where pictures take long to read, `onPreview` hears of the pages without them first.
   *
   * @throws FabulaError `cancelled`; `invalid-input` when no panel is left to print
   */
  async preview(
    story: Story,
    options: ExportOptions,
    { signal, onPreview }: PreviewContext = {},
  ): Promise<ExportPreview> {
    const { captionOf } = this.#parts;
    this.#stayAwake();
    const selection = select(story, { options, captionOf });
    const ready = new Map<string, SmallPicture | null>();
    const warnings: string[] = [];
    /** Pictures that a thumbnail stands in for, until they are read large enough for their frame. */
    const standIns: string[] = [];
    const reading = mapLimited(
      [...selection.shownIn],
      4,
      async ([asset, numbers], place) => {
        const size = sizeFor(options, place, selection.shownIn.size);
        const standIn = size === 'preview' && !this.#pictures.has(keyOf(asset, size));
        try {
          ready.set(asset, await this.#picture(asset, standIn ? 'thumb' : size));
          if (standIn) standIns.push(asset);
        } catch (error) {
          warnings.push(pictureProblem(error, numbers));
          ready.set(asset, null);
        }
      },
      signal,
    );
    // Its failure is heard below; a cancelled preview does not wait for it.
    reading.catch(() => {});
    const set = (waiting: number) =>
      this.#set(story, options, selection, ready, { warnings, waiting, signal });

    await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, patience))]);
    const unread = selection.shownIn.size - ready.size;
    if (unread + standIns.length > 0) {
      const early = await set(unread + standIns.length);
      onPreview?.(early);
      await reading;
      await mapLimited(
        standIns,
        4,
        async (asset) => {
          // The thumbnail stays where the larger picture cannot be made.
          const large = await this.#picture(asset, 'preview').catch(() => undefined);
          if (large !== undefined) ready.set(asset, large);
        },
        signal,
      );
    }
    return set(0);
  }

  /**
   * Draws a page.
   *
   * @param page from 0
   * @param width in pixels
   * @returns a PNG
   * @throws FabulaError `not-found` when the preview is no longer kept or has no such page
   */
  async page(preview: string, page: number, width: number, signal?: AbortSignal): Promise<Uint8Array> {
    this.#stayAwake();
    const typesetter = this.#typesetter;
    const pages = this.#kept.get(preview) ?? 0;
    if (typesetter === null || !Number.isInteger(page) || page < 0 || page >= pages) throw gone();
    const drawn = await typesetter.draw(preview, page, width, signal);
    return sharp(drawn.pixels, { raw: { width: drawn.width, height: drawn.height, channels: 4 } })
      .removeAlpha()
      .png({ compressionLevel: 1 })
      .toBuffer();
  }

  /** Drops every preview and ends the typesetter. */
  close(): void {
    clearTimeout(this.#idle);
    this.#typesetter?.close();
    this.#typesetter = null;
    this.#starting = null;
    this.#fonts = '';
    this.#delivered = new Set();
    this.#kept.clear();
    this.#pictures.clear();
    this.#pictureBytes = 0;
  }

  async #set(
    story: Story,
    options: ExportOptions,
    selection: Selection,
    ready: ReadonlyMap<string, SmallPicture | null>,
    state: { warnings: readonly string[]; waiting: number; signal: AbortSignal | undefined },
  ): Promise<ExportPreview> {
    const { ids, clock, sizeOf } = this.#parts;
    const words = printedWords(selection.language);
    const shown = new Map(ready);
    const { waiting, signal } = state;
    const warnings = [...state.warnings];
    const imageOf = (block: string): PageImage | undefined => {
      const image = selection.images.get(block);
      if (image === undefined) return undefined;
      const picture = shown.get(image.asset);
      const missing = picture === null;
      return {
        file: picture?.path ?? null,
        waiting: picture === undefined,
        ...((missing ? null : sizeOf(image.asset)) ?? unknownSize),
        alt: missing ? words.missing(image.alt) : image.alt,
      };
    };
    const { data, fonts } = designPages(story, { options, selection, imageOf, date: clock.now() });
    const id = ids.next();
    const template = await readTemplate();
    const typesetter = await this.#start();
    let answer: SetAnswer;
    try {
      answer = await typesetter.set(async () => {
        const needed = new Map(
          [...shown.values()].flatMap((one) => (one === null ? [] : [[join(workspace, one.path), one]])),
        );
        const newFonts = fonts.join('\n') === this.#fonts ? null : await readFonts(fonts);
        this.#fonts = fonts.join('\n');
        const files = [...needed]
          .filter(([path]) => !this.#delivered.has(path))
          .map(([path, { bytes }]) => ({ path, bytes }));
        const drop = [...this.#delivered].filter((path) => !needed.has(path));
        this.#delivered = new Set(needed.keys());
        return { template, data, files, drop, fonts: newFonts, timestamp: timestampOf(story), keep: id };
      }, signal);
    } catch (error) {
      // What a failed document left behind in the typesetter is not known.
      if (error instanceof FabulaError && error.code !== 'cancelled') this.#drop(typesetter);
      throw error;
    }
    if (answer.problem !== null) warnings.push(explainProblem(answer.problem));
    this.#keep(typesetter, id, answer.pages.length);
    return {
      id,
      pages: withPanels(answer.pages, answer.places),
      waiting,
      warnings,
    };
  }

  #keep(typesetter: Typesetter, id: string, pages: number): void {
    this.#kept.set(id, pages);
    for (const old of [...this.#kept.keys()].slice(0, -keptPreviews)) {
      this.#kept.delete(old);
      typesetter.forget(old);
    }
  }

  async #start(): Promise<Typesetter> {
    if (this.#typesetter?.usable === true) return this.#typesetter;
    this.#starting ??= readPdfium().then((pdfium) => {
      this.#fonts = '';
      this.#delivered = new Set();
      this.#kept.clear();
      this.#typesetter = new Typesetter(pdfium);
      return this.#typesetter;
    });
    return this.#starting.finally(() => (this.#starting = null));
  }

  #drop(typesetter: Typesetter): void {
    typesetter.close();
    if (this.#typesetter === typesetter) this.#typesetter = null;
    this.#kept.clear();
  }

  #stayAwake(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), idleTime).unref();
  }

  /** A picture of a size, in a format that is quickly read. Kept between previews: options change, pictures do not. */
  #picture(asset: string, size: MediaSize): Promise<SmallPicture> {
    const key = keyOf(asset, size);
    const kept = this.#pictures.get(key);
    this.#pictures.delete(key);
    const reading = kept ?? this.#readPicture(asset, size);
    this.#pictures.set(key, reading);
    if (kept === undefined) {
      reading.then(
        ({ bytes }) => this.#forgetPictures(bytes.byteLength),
        () => this.#pictures.delete(key),
      );
    }
    return reading;
  }

  #forgetPictures(added: number): void {
    this.#pictureBytes += added;
    for (const [key, picture] of this.#pictures) {
      if (this.#pictureBytes <= pictureMemory) return;
      this.#pictures.delete(key);
      void picture.then(({ bytes }) => (this.#pictureBytes -= bytes.byteLength));
    }
  }

  async #readPicture(asset: string, size: MediaSize): Promise<SmallPicture> {
    const { library } = this.#parts;
    if (!(await library.hasOriginal(asset))) {
      const { name } = library.get(asset);
      throw new FabulaError('not-found', `The file of “${name}” is gone. Import it again.`, { file: name });
    }
    const { file } = await library.media(asset, size);
    const source = sharp(await readFile(file));
    const { hasAlpha } = await source.metadata();
    const side = size === 'thumb' ? mediaSizes.thumb : largeSide;
    const small = source.resize({ width: side, height: side * 2, fit: 'inside', withoutEnlargement: true });
    const bytes = await (
      hasAlpha ? small.png({ compressionLevel: 3 }) : small.jpeg({ quality: 82 })
    ).toBuffer();
    return { path: `pictures/${asset}-${size}.${hasAlpha ? 'png' : 'jpg'}`, bytes };
  }
}

/** Frames that print with more pixels than this are too large for a thumbnail. */
const largeFrame = 1300;

function keyOf(asset: string, size: MediaSize): string {
  return `${asset}-${size}`;
}

/** Width of pictures in large frames, in pixels. */
const largeSide = 900;

/**
 * Thumbnails where frames are small or pictures many: they lie ready in the cache.
 *
 * @param place of the picture among those of the story, from 0
 */
function sizeFor(options: ExportOptions, place: number, pictures: number): MediaSize {
  const many = pictures > manyPictures && !(options.cover && place === 0);
  return many || printPixels(options, place) < largeFrame ? 'thumb' : 'preview';
}

/** Which panels stand on which page. */
function withPanels(
  pages: readonly { width: number; height: number }[],
  places: readonly PanelPlace[],
): PreviewPage[] {
  const answer: PreviewPage[] = pages.map((size) => ({ ...size, panels: null }));
  for (const { panel, first, last } of places) {
    for (let number = first; number <= last; number++) {
      const page = answer[number - 1];
      if (page !== undefined) page.panels = { first: page.panels?.first ?? panel, last: panel };
    }
  }
  return answer;
}

function gone(): FabulaError {
  return new FabulaError('not-found', 'This page is no longer kept. Make the preview again.');
}
