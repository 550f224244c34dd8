import sharp from 'sharp';
import { FabulaError, toFailure } from '../../shared/errors.ts';
import { currentVersion, type Panel, type Story } from '../../shared/story.ts';
import { paragraphs, textContext } from './paragraphs.ts';
import type { ExportParts } from './parts.ts';
import { printedWords } from './words.ts';

/** A picture in a form that PDF and browsers take. */
export interface PrintPicture {
  bytes: Uint8Array;
  extension: 'jpg' | 'png' | 'svg';
  mime: 'image/jpeg' | 'image/png' | 'image/svg+xml';
  /** In pixels, or in the units of an SVG; what counts is their ratio. */
  width: number;
  height: number;
}

/** Pictures are brought down to size when they have more than this many times the pixels asked for, along a side. */
const tolerance = 1.5;

/**
 * Brings a picture into print form. JPEG and PNG of a sensible size pass as they are, drawings stay vector art;
 * everything else (other formats, camera orientation, other colour models, more pixels than print shows) becomes an
 * sRGB JPEG, or a PNG where it is transparent.
 *
 * @param side the most pixels either side needs
 * @throws FabulaError `unreadable-image`
 */
export async function printPicture(
  { bytes, mime }: { bytes: Uint8Array; mime: string },
  side: number,
): Promise<PrintPicture> {
  if (mime === 'image/svg+xml') {
    return { bytes, extension: 'svg', mime: 'image/svg+xml', ...svgSize(bytes) };
  }
  try {
    const source = sharp(bytes, { failOn: 'error', limitInputPixels: 400_000_000 });
    const found = await source.metadata();
    const { width, height } = found.autoOrient;
    const upright = (found.orientation ?? 1) === 1;
    const fits = Math.max(width, height) <= side * tolerance;
    const plain = ['srgb', 'b-w'].includes(found.space) && found.depth === 'uchar';
    if (upright && fits && plain && (found.format === 'jpeg' || found.format === 'png')) {
      return found.format === 'jpeg'
        ? { bytes, extension: 'jpg', mime: 'image/jpeg', width, height }
        : { bytes, extension: 'png', mime: 'image/png', width, height };
    }
    const resized = source
      .autoOrient()
      .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb');
    const transparent = found.hasAlpha && !(await sharp(bytes).stats()).isOpaque;
    const { data, info } = await (transparent ? resized.png() : resized.jpeg({ quality: 85 })).toBuffer({
      resolveWithObject: true,
    });
    return {
      bytes: data,
      width: info.width,
      height: info.height,
      ...(transparent
        ? { extension: 'png' as const, mime: 'image/png' as const }
        : { extension: 'jpg' as const, mime: 'image/jpeg' as const }),
    };
  } catch (error) {
    if (error instanceof FabulaError) throw error;
    throw new FabulaError(
      'unreadable-image',
      `A picture cannot be decoded (${error instanceof Error ? error.message : String(error)}).`,
      {},
      { cause: error },
    );
  }
}

/** Width and height of an SVG in its own units: of its view box, else its size, else 16 by 9. */
function svgSize(bytes: Uint8Array): { width: number; height: number } {
  const root = /<svg\b[^>]*>/.exec(Buffer.from(bytes.subarray(0, 4096)).toString('utf8'))?.[0] ?? '';
  const box = /\bviewBox\s*=\s*["']([^"']+)/
    .exec(root)?.[1]
    ?.trim()
    .split(/[\s,]+/)
    .map(Number);
  const size = (name: string) => Number(new RegExp(`\\s${name}\\s*=\\s*["']([\\d.]+)`).exec(root)?.[1]);
  const [width, height] = box?.length === 4 ? [box[2]!, box[3]!] : [size('width'), size('height')];
  return width > 0 && height > 0 ? { width, height } : { width: 16, height: 9 };
}

/** A panel that is printed, with its number in the story, from 1. */
export interface ChosenPanel {
  panel: Panel;
  number: number;
}

/** What an export prints, before any picture is read. */
export interface Selection {
  chosen: ChosenPanel[];
  /** BCP 47 tag of the story: its own, else the one most of its text is in. */
  language: string;
  /** The picture of each image block that has one, with its alternative text. */
  images: Map<string, { asset: string; alt: string }>;
  /** Numbers of the panels that show each asset, in story order. */
  shownIn: Map<string, number[]>;
}

/**
 * Picks the panels that are printed and the pictures they show.
 *
 * @throws FabulaError `invalid-input` when none of the panels asked for is in the story
 */
export function select(
  story: Story,
  { options, captionOf = () => null }: Pick<ExportParts, 'options' | 'captionOf'>,
): Selection {
  const chosen = chosenPanels(story, options.panels);
  const language = storyLanguage(story, chosen);
  const words = printedWords(language);
  const images = new Map<string, { asset: string; alt: string }>();
  const shownIn = new Map<string, number[]>();
  for (const { panel, number } of chosen) {
    for (const block of panel.blocks) {
      const version = block.type === 'image' ? currentVersion(block) : undefined;
      if (block.type !== 'image' || version === undefined) continue;
      const alt = [block.caption, captionOf(version.asset), version.scene?.text, version.prompt]
        .map((text) => text?.trim() ?? '')
        .find((text) => text !== '');
      images.set(block.id, { asset: version.asset, alt: alt ?? words.pictureOf(number) });
      shownIn.set(version.asset, [...(shownIn.get(version.asset) ?? []), number]);
    }
  }
  return { chosen, language, images, shownIn };
}

/** The story's own language, else the one most of its paragraphs are in; English when there is no text. */
function storyLanguage(story: Story, chosen: readonly ChosenPanel[]): string {
  if (story.settings.language !== '') return story.settings.language;
  const texts = chosen.flatMap(({ panel }) => [
    ...panel.blocks.map((block) => (block.type === 'text' ? block.text : block.caption)),
    panel.dialogue,
    panel.notes,
  ]);
  const context = textContext('', texts);
  const counts = new Map<string, number>();
  for (const text of texts.some((one) => one.trim() !== '') ? texts : [story.title]) {
    for (const { lang } of paragraphs(text, context)) counts.set(lang, (counts.get(lang) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'en';
}

/** The picture of an image block. */
export interface LoadedImage {
  asset: string;
  /** Alternative text: the block's caption, the asset's, or what was asked for when the picture was found or drawn. */
  alt: string;
  /** Null where the picture is missing or cannot be read. */
  picture: PrintPicture | null;
}

/**
 * Picks the panels that are printed and brings their pictures into print form, each picture once. A picture that is
 * missing or cannot be read is reported to `onWarning`, and the others go on.
 *
 * @param sideOf the most pixels a side of a picture, by its place among those of the story, from 0
 * @param after steps of work that follow, for `onProgress`
 * @throws FabulaError `invalid-input` when none of the panels asked for is in the story; `cancelled`
 */
export async function loadImages(
  story: Story,
  parts: ExportParts,
  sideOf: (place: number) => number,
  after = 0,
): Promise<{
  selection: Selection;
  assets: Map<string, PrintPicture>;
  /** The image of a block, undefined where the block waits for its picture. */
  imageOf: (block: string) => LoadedImage | undefined;
}> {
  const { pictures, signal, onProgress = () => {}, onWarning = () => {} } = parts;
  const selection = select(story, parts);
  const { images, shownIn } = selection;
  const loaded = new Map<string, PrintPicture>();
  let done = 0;
  const total = shownIn.size + after;
  onProgress(done, total);
  await mapLimited(
    [...shownIn],
    4,
    async ([asset, numbers], place) => {
      try {
        loaded.set(asset, await printPicture(await pictures(asset), sideOf(place)));
      } catch (error) {
        onWarning(pictureProblem(error, numbers));
      }
      onProgress(++done, total);
    },
    signal,
  );
  // The order of the story, not the order in which pictures were ready: exports of one story have the same bytes.
  const assets = new Map(
    [...shownIn.keys()].flatMap((asset) => {
      const picture = loaded.get(asset);
      return picture === undefined ? [] : [[asset, picture] as const];
    }),
  );
  return {
    selection,
    assets,
    imageOf: (block) => {
      const image = images.get(block);
      return image && { ...image, picture: assets.get(image.asset) ?? null };
    },
  };
}

/** Names the panels whose picture cannot be had, and why. @throws what is no fault of the picture */
export function pictureProblem(error: unknown, numbers: readonly number[]): string {
  if (!(error instanceof FabulaError) || error.code === 'cancelled') throw error;
  return `${numbers.length === 1 ? 'Panel' : 'Panels'} ${numbers.join(', ')}: ${toFailure(error).message}`;
}

/** The panels an export prints: those asked for, or all, in story order. */
function chosenPanels(story: Story, wanted: readonly string[]): ChosenPanel[] {
  const numbered = story.panels.map((panel, index) => ({ panel, number: index + 1 }));
  if (wanted.length === 0) return numbered;
  const asked = new Set(wanted);
  const chosen = numbered.filter(({ panel }) => asked.has(panel.id));
  if (chosen.length === 0) {
    throw new FabulaError(
      'invalid-input',
      `None of the ${wanted.length} panels chosen is in “${story.title}”. Choose panels of this story, or none to export all.`,
    );
  }
  return chosen;
}

/**
 * Does asynchronous work on a list, a few at a time, in order of the list.
 * @throws the first error, or the signal's reason
 */
export async function mapLimited<T, U>(
  list: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<U>,
  signal?: AbortSignal,
): Promise<U[]> {
  const results = new Array<U>(list.length);
  let next = 0;
  const worker = async () => {
    while (next < list.length) {
      signal?.throwIfAborted();
      const index = next++;
      results[index] = await work(list[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, list.length) }, worker));
  return results;
}
