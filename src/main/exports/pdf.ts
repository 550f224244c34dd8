import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportOptions } from '../../shared/contract.ts';
import { layoutOf, pageSize } from '../../shared/layout.ts';
import type { Story } from '../../shared/story.ts';
import { resourcePath } from '../resources.ts';
import { readFonts } from './fonts.ts';
import { designPages } from './pages.ts';
import type { ExportParts } from './parts.ts';
import { loadImages } from './pictures.ts';
import { Typesetter, workspace } from './typesetter.ts';
import { printedWords } from './words.ts';

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
  const { options, signal, sizeOf = () => null, onProgress = () => {}, onWarning = () => {} } = parts;
  const { selection, assets, imageOf } = await loadImages(
    story,
    parts,
    (place) => printPixels(options, place),
    1,
  );
  const words = printedWords(selection.language);

  const files: { path: string; bytes: Uint8Array }[] = [];
  const paths = new Map<string, string>();
  for (const [asset, picture] of assets) {
    const path = `pictures/${asset}.${picture.extension}`;
    paths.set(asset, path);
    files.push({ path: join(workspace, path), bytes: picture.bytes });
  }
  const { data, fonts } = designPages(story, {
    options,
    selection,
    date: parts.date ?? new Date(story.updatedAt),
    imageOf: (block) => {
      const image = imageOf(block);
      if (image === undefined) return undefined;
      const { asset, alt, picture } = image;
      // Pages are laid out by the size the library knows, so that a preview with smaller pictures has the same pages.
      const { width, height } = (picture && sizeOf(asset)) ?? picture ?? unknownSize;
      return {
        file: paths.get(asset) ?? null,
        waiting: false,
        width,
        height,
        alt: picture === null ? words.missing(alt) : alt,
      };
    },
  });
  const [template, fontBytes] = await Promise.all([readTemplate(), readFonts(fonts)]);
  const typesetter = new Typesetter();
  try {
    const { pdf, problem } = await typesetter.set(
      () => ({ template, data, files, fonts: fontBytes, timestamp: timestampOf(story) }),
      signal,
    );
    if (problem !== null) onWarning(explainProblem(problem));
    onProgress(assets.size + 1, assets.size + 1);
    return pdf;
  } finally {
    typesetter.close();
  }
}

/** The shape of a frame whose picture is missing. */
export const unknownSize = { width: 16, height: 9 } as const;

/** The page design. */
export function readTemplate(): Promise<string> {
  return readFile(resourcePath('typst', 'story.typ'), 'utf8');
}

/** When a document says that it was made: when its story was last changed, in seconds since 1970. */
export function timestampOf(story: Story): number {
  return Math.floor(Date.parse(story.updatedAt) / 1000);
}

/** Says in words why a document is no PDF/UA: mostly characters that none of the fonts has. */
export function explainProblem(problem: string): string {
  const characters = [...problem.matchAll(/the text `\\?"(.+?)\\?"` could not be displayed/g)].map(
    ([, text]) =>
      text!.replace(/\\+u\{([0-9a-f]+)\}/gi, (_, code: string) => String.fromCodePoint(parseInt(code, 16))),
  );
  if (characters.length === 0) return `The PDF is tagged, but not PDF/UA: ${problem.slice(0, 300)}`;
  const shown = [...new Set(characters)].slice(0, 20).join(' ');
  return `No font of Fabula has these characters, which print as boxes: ${shown}. The PDF is tagged, but not PDF/UA.`;
}

/**
 * The most pixels a picture can use in its place on the page.
 *
 * @param place of the picture among those of the story, from 0: the first one is the cover's
 */
export function printPixels(options: ExportOptions, place: number): number {
  const { kind, columns, rows } = layoutOf(options.layout, options.orientation);
  const { width, height } = pageSize(options);
  const share =
    kind === 'picture-book' || (options.cover && place === 0)
      ? 1
      : kind === 'grid'
        ? Math.max(1 / columns, 0.7 / rows)
        : 0.45;
  const side = (Math.max(width, height) / 25.4) * resolution * share;
  return Math.round(Math.min(mostPixels, Math.max(480, side)));
}
