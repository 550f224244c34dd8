import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ExportOptions } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { Story } from '../../shared/story.ts';
import { resourcePath } from '../resources.ts';
import { chooseFonts, readFonts } from './fonts.ts';
import { layoutOf, pageSize, secondsOf, type Layout } from './layout.ts';
import {
  directionOf,
  paragraphs,
  primaryOf,
  textContext,
  type Paragraph,
  type TextContext,
} from './paragraphs.ts';
import type { ExportParts } from './parts.ts';
import type { TypesetReply, TypesetRequest } from './pdf-worker.ts';
import { loadImages, type ChosenPanel } from './pictures.ts';

/** Pictures are printed at this many pixels per inch of their place on the page, but never above the most. */
const resolution = 220;
const mostPixels = 1800;

/**
 * Sets a story as PDF with Typst: tagged (PDF/UA-1 where every character has a glyph), fonts embedded, text of any
 * length and script. The same story, pictures and options give the same bytes: the document's date is the story's
 * `updatedAt`.
 *
 * @throws FabulaError `cancelled` when the signal is aborted; `invalid-input` when no panel is left to print
 */
export async function exportPdf(story: Story, parts: ExportParts): Promise<Uint8Array> {
  const { options, signal, onProgress = () => {}, onWarning = () => {} } = parts;
  const { chosen, assets, imageOf } = await loadImages(story, parts, printPixels(options), 1);

  const workspace = join(tmpdir(), 'fabula-typst');
  const files: TypesetRequest['files'] = [];
  const paths = new Map<string, string>();
  for (const [asset, picture] of assets) {
    const path = `pictures/${asset}.${picture.extension}`;
    paths.set(asset, path);
    files.push({ path: join(workspace, path), bytes: picture.bytes });
  }
  const { data, fonts } = pageData(story, chosen, options, (block) => {
    const image = imageOf(block);
    return (
      image && {
        file: paths.get(image.asset) ?? null,
        width: image.picture?.width ?? 16,
        height: image.picture?.height ?? 9,
        alt: image.picture === null ? `Missing picture: ${image.alt}` : image.alt,
      }
    );
  });
  files.push({ path: join(workspace, 'story.json'), bytes: Buffer.from(JSON.stringify(data)) });
  const [template, fontBytes] = await Promise.all([
    readFile(resourcePath('typst', 'story.typ'), 'utf8'),
    readFonts(fonts),
  ]);
  const timestamp = Math.floor(Date.parse(story.updatedAt) / 1000);
  const { pdf, problem } = await typeset({ workspace, template, files, fonts: fontBytes, timestamp }, signal);
  if (problem !== null) onWarning(explainProblem(problem));
  onProgress(assets.size + 1, assets.size + 1);
  return pdf;
}

/** Runs the typesetter in a thread, so that the process stays responsive and a cancel is answered at once. */
function typeset(
  request: TypesetRequest,
  signal: AbortSignal | undefined,
): Promise<{ pdf: Uint8Array; problem: string | null }> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(cancelled());
      return;
    }
    const worker = new Worker(workerFile(), {
      workerData: request,
      // The fonts can have 50 MB and are read for this one document.
      transferList: request.fonts.map(({ buffer }) => buffer as ArrayBuffer),
    });
    const end = (settle: () => void) => {
      signal?.removeEventListener('abort', abort);
      worker.removeAllListeners();
      // Typst cannot be interrupted: the thread ends by itself once it returns, and nobody waits for it.
      worker.on('error', () => {});
      void worker.terminate();
      settle();
    };
    const abort = () => end(() => reject(cancelled()));
    signal?.addEventListener('abort', abort);
    worker.once('message', (reply: TypesetReply) => {
      end(() => {
        if (reply.ok) resolve(reply);
        else reject(new FabulaError('internal', `The pages could not be set: ${reply.message}`));
      });
    });
    worker.once('error', (error) => {
      end(() =>
        reject(new FabulaError('internal', `The typesetter stopped: ${String(error)}`, {}, { cause: error })),
      );
    });
    worker.once('exit', (code) => {
      end(() => reject(new FabulaError('internal', `The typesetter stopped with code ${code}.`)));
    });
  });
}

/** Says in words why a document is no PDF/UA: mostly characters that none of the fonts has. */
function explainProblem(problem: string): string {
  const characters = [...problem.matchAll(/the text `\\?"(.+?)\\?"` could not be displayed/g)].map(
    ([, text]) =>
      text!.replace(/\\+u\{([0-9a-f]+)\}/gi, (_, code: string) => String.fromCodePoint(parseInt(code, 16))),
  );
  if (characters.length === 0) return `The PDF is tagged, but not PDF/UA: ${problem.slice(0, 300)}`;
  const shown = [...new Set(characters)].slice(0, 20).join(' ');
  return `No font of Fabula has these characters, which print as boxes: ${shown}. The PDF is tagged, but not PDF/UA.`;
}

/** The typesetter's entry: beside this file in the sources, beside the bundles or one folder up in `out/main`. */
function workerFile(): string {
  const { dirname, filename } = import.meta;
  if (filename.endsWith('.ts')) return join(dirname, 'pdf-worker.ts');
  const beside = join(dirname, 'pdf-worker.js');
  return existsSync(beside) ? beside : join(dirname, '..', 'pdf-worker.js');
}

function cancelled(): FabulaError {
  return new FabulaError('cancelled', 'The export was cancelled; nothing was written.');
}

/** The most pixels a picture can use in its place on the page. */
function printPixels(options: ExportOptions): number {
  const { kind, columns, rows } = layoutOf(options.layout);
  const { width, height } = pageSize(options);
  const share = kind === 'script-left' ? 0.45 : kind === 'grid' ? Math.max(1 / columns, 0.7 / rows) : 1;
  const side = (Math.max(width, height) / 25.4) * resolution * share;
  return Math.round(Math.min(mostPixels, Math.max(480, side)));
}

/** Size of running text in points, and space between cells in millimetres, by how many cells share a page. */
function scaleOf({ kind, columns, rows }: Layout): { textSize: number; gutter: number; rowGap: number } {
  if (kind === 'picture-book') return { textSize: 11, gutter: 8, rowGap: 8 };
  if (kind === 'script-left') return { textSize: 10.5, gutter: 8, rowGap: 8 };
  const cells = Math.max(columns * 1.2, rows);
  const textSize = [12, 10.5, 9.5, 8.5, 7.5][Math.min(4, Math.floor(cells - 0.2))]!;
  return { textSize, gutter: columns > 2 ? 5.5 : 8, rowGap: rows > 2 ? 6 : 9 };
}

/** How the page design wants a paragraph. */
interface PrintedParagraph {
  lines: string[];
  lang: string;
  region: string | null;
  rtl: boolean;
  /** Which order of fonts to try. */
  font: 'ja' | 'ko' | 'zh' | 'other';
  /** Scripts whose lines need more room. */
  tall: boolean;
  /** Evens out how large the fonts of the scripts look at one size. */
  scale: number;
}

interface PrintedImage {
  file: string | null;
  width: number;
  height: number;
  alt: string;
}

function pageData(
  story: Story,
  chosen: readonly ChosenPanel[],
  options: ExportOptions,
  imageOf: (block: string) => PrintedImage | undefined,
) {
  const layout = layoutOf(options.layout);
  const context = textContext(
    story.settings.language,
    chosen.flatMap(({ panel }) => [
      ...panel.blocks.map((block) => (block.type === 'text' ? block.text : '')),
    ]),
  );
  const used: Paragraph[] = [];
  const strong: string[] = [];
  const set = (text: string, inBold = false): PrintedParagraph[] => {
    const found = paragraphs(text, context);
    used.push(...found);
    if (inBold) strong.push(text);
    return found.map((paragraph) => printed(paragraph));
  };
  // A picture book has one panel a page, which the page number counts already.
  const numberOf = (number: number) => (layout.kind === 'picture-book' ? '' : String(number));
  const shapes: number[] = [];
  const panels = chosen.map(({ panel, number }) => ({
    shot: options.shotNumbers ? set(panel.shot.trim() === '' ? numberOf(number) : panel.shot, true) : [],
    duration: options.durations ? secondsOf(panel.duration ?? story.settings.panelDuration) : null,
    blocks: panel.blocks.flatMap((block): object[] => {
      if (block.type === 'text') {
        const set_ = set(block.text);
        return set_.length === 0 ? [] : [{ kind: 'text', paragraphs: set_ }];
      }
      const image = imageOf(block.id);
      if (image === undefined) return [];
      if (image.file === null) used.push(...paragraphs(image.alt, context));
      else shapes.push(image.width / image.height);
      return [{ kind: 'image', ...image, caption: set(block.caption) }];
    }),
    dialogue: options.dialogue ? set(panel.dialogue) : [],
    notes: options.notes ? set(panel.notes) : [],
  }));
  const titleText = set(story.title, true)[0] ?? null;
  const lang = documentLanguage(context, used);
  const page = pageSize(options);
  const margin = { x: 19, top: options.header.trim() === '' ? 18 : 24, bottom: 22 };
  const data = {
    title: story.title === '' ? 'Untitled' : story.title,
    author: story.settings.author === '' ? [] : [story.settings.author],
    lang: printed({ lines: [], lang, dir: 'ltr' }).lang,
    region: regionOf(lang),
    rtl: rightToLeft(chosen, context),
    paper: options.page === 'a4' ? 'a4' : 'us-letter',
    flipped: options.orientation === 'landscape',
    margin,
    area: { width: page.width - 2 * margin.x, height: page.height - margin.top - margin.bottom },
    ...scaleOf(layout),
    layout,
    aspect: commonShape(shapes),
    titleText,
    byline: set(story.settings.author),
    header: set(options.header),
    footer: set(options.footer),
    pageNumbers: options.pageNumbers,
    words: { shot: 'Shot', script: 'Script', picture: 'Picture' },
    panels,
  };
  const text = used.flatMap((paragraph) => paragraph.lines).join('\n');
  const fonts = chooseFonts(
    text,
    strong.join('\n'),
    new Set(used.map((paragraph) => primaryOf(paragraph.lang))),
  );
  return { data: { ...data, fonts: fonts.order }, fonts: fonts.files };
}

/** Languages written in the Arabic script. */
const arabic = ['ar', 'fa', 'ur', 'ps', 'ckb', 'sd', 'ug'];

/** Whether pages run from right to left: by the story's language, else by most of its text. */
function rightToLeft(chosen: readonly ChosenPanel[], { language }: TextContext): boolean {
  if (language !== '') return [...arabic, 'he', 'yi', 'dv', 'syr'].includes(primaryOf(language));
  const texts = chosen.flatMap(({ panel }) =>
    panel.blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])),
  );
  const directions = texts.filter((text) => /\p{L}/u.test(text)).map(directionOf);
  return directions.filter((direction) => direction === 'rtl').length * 2 > directions.length;
}

function printed({ lines, lang, dir }: Paragraph): PrintedParagraph {
  const primary = primaryOf(lang);
  const font = primary === 'ja' || primary === 'ko' || primary === 'zh' ? primary : 'other';
  return {
    lines,
    // Typst takes ISO 639 codes of two or three letters.
    lang: /^[a-z]{2,3}$/.test(primary) ? primary : 'en',
    region: regionOf(lang),
    rtl: dir === 'rtl',
    font,
    scale: font !== 'other' ? 0.95 : arabic.includes(primary) ? 1.18 : 1,
    tall: font !== 'other' || [...arabic, 'hi', 'mr', 'ne', 'sa', 'th'].includes(primary),
  };
}

function regionOf(tag: string): string | null {
  return /^[a-z]{2,3}(?:-[A-Za-z]{4})?-([A-Za-z]{2})\b/.exec(tag)?.[1]?.toUpperCase() ?? null;
}

/** The story's own language, else the one most of its paragraphs are in. */
function documentLanguage(context: TextContext, used: readonly Paragraph[]): string {
  if (context.language !== '') return context.language;
  const counts = new Map<string, number>();
  for (const { lang } of used) counts.set(lang, (counts.get(lang) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'en';
}

/** The shape most pictures have, so that most fill their frames: width over height, from 4:5 to 16:9. */
function commonShape(shapes: readonly number[]): number {
  let best = { shape: 16 / 9, near: -1 };
  for (const candidate of new Set(shapes.map((shape) => Math.round(shape * 100) / 100))) {
    const near = shapes.filter((shape) => Math.abs(Math.log(shape / candidate)) < 0.1).length;
    if (near > best.near) best = { shape: candidate, near };
  }
  return Math.min(16 / 9, Math.max(4 / 5, best.shape));
}
