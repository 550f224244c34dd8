import sharp, { type Sharp } from 'sharp';
import { mediaSizes, type MediaSize } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import { unsupported, type PictureType } from './formats.ts';
import { stretchedToSquare } from './stretch.ts';
import { thumbHash, type Pixels } from './thumb-hash.ts';

/** The largest picture taken in: pixels a side, and pixels in all. */
export const largestSide = 30_000;
const largestArea = 400_000_000;

// Every picture is decoded once, so libvips has nothing to gain from remembering operations, and memory to lose.
sharp.cache(false);

/** A picture's bytes, or its path where it is too large to hold, with what it is and how it is called in errors. */
export interface PictureSource {
  input: Uint8Array | string;
  type: PictureType;
  name: string;
}

/** Pixels, after EXIF orientation. */
export interface Size {
  width: number;
  height: number;
}

export interface Inspected extends Size {
  /** Whether there is metadata worth parsing, and its XMP packet, which libvips finds in places ExifReader does not. */
  hasMetadata: boolean;
  xmp: Uint8Array | null;
}

/**
 * Reads a picture's header. Throws `image-too-large` before anything is decoded, `unsupported-format` for HEIF that is
 * not AVIF, or `unreadable-image`.
 */
export async function inspect(source: PictureSource): Promise<Inspected> {
  const header = await explained(source, () => decoder(source).metadata());
  const { width, height } = header.autoOrient;
  if (Math.max(width, height) > largestSide || width * height > largestArea)
    throw tooLarge(source, width, height);
  if (header.format === 'heif' && header.compression !== 'av1') throw unsupported(source.name, 'HEIC');
  return {
    width,
    height,
    hasMetadata: header.exif !== undefined || header.xmp !== undefined || header.iptc !== undefined,
    xmp: header.xmp ?? null,
  };
}

/**
 * Decodes a whole picture into a WebP rendition no wider than the size asked for, the right way up, and no more than
 * twice as high as wide sizes are wide. Vector pictures are drawn at that size.
 */
export function render(source: PictureSource, natural: Size, size: MediaSize): Promise<Uint8Array> {
  return explained(source, () => resized(source, natural, size).webp(renditionOptions[size]).toBuffer());
}

/** The thumbnail as {@link render} makes it, and the ThumbHash of the same pixels: the picture is decoded once. */
export function renderThumb(
  source: PictureSource,
  natural: Size,
): Promise<{ thumb: Uint8Array; hash: Uint8Array }> {
  return explained(source, async () => {
    const pixels = await rawPixels(resized(source, natural, 'thumb'));
    const { data, ...raw } = pixels;
    const thumb = await sharp(data, { raw }).webp(renditionOptions.thumb).toBuffer();
    return { thumb, hash: thumbHash(pixels, pixels) };
  });
}

/** The ThumbHash of a thumbnail that was made before. */
export async function hashOfThumb(webp: Uint8Array): Promise<Uint8Array> {
  const pixels = await rawPixels(sharp(webp));
  return thumbHash(pixels, pixels);
}

function resized(source: PictureSource, natural: Size, size: MediaSize): Sharp {
  const width = mediaSizes[size];
  return decoder(source, densityFor(source, natural, width))
    .autoOrient()
    .resize({ width, height: width * 2, fit: 'inside', withoutEnlargement: true });
}

async function rawPixels(picture: Sharp): Promise<Pixels> {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** For thumbnails, libwebp's effort 2 takes three quarters of the time of its default for 2 % more bytes. */
export const renditionOptions = {
  thumb: { quality: 80, effort: 2 },
  preview: { quality: 85, effort: 3 },
  full: { quality: 90, effort: 2 },
} as const;

/**
 * Decodes a picture to RGB bytes, `size` × `size` × 3, squashed to a square, the right way up, on white where it is
 * transparent: what the image encoders take.
 */
export async function squarePixels(source: PictureSource, natural: Size, size: number): Promise<Uint8Array> {
  const { width, height } = natural;
  const vector = source.type === 'image/svg+xml';
  // A vector picture is drawn with its shorter side that large, so that nothing is enlarged afterwards.
  const drawn = Math.ceil(size * Math.min(4, Math.max(width, height) / Math.min(width, height)));
  const reduced = vector
    ? { width: size, height: size }
    : { width: Math.min(size, width), height: Math.min(size, height) };
  const pixels = await explained(source, () =>
    decoder(source, densityFor(source, natural, drawn))
      .autoOrient()
      // The kernel the encoders were trained with: bilinear, widened where the picture gets smaller.
      .resize({ ...reduced, fit: 'fill', kernel: 'linear' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw()
      .toBuffer(),
  );
  return stretchedToSquare(pixels, reduced, size);
}

/** A vector picture as PNG, its longer side `side` pixels. */
export function rasterised(source: PictureSource, natural: Size, side: number): Promise<Uint8Array> {
  return explained(source, () =>
    decoder(source, densityFor(source, natural, side))
      .resize({ width: side, height: side, fit: 'inside' })
      .png()
      .toBuffer(),
  );
}

/**
 * What `squarePixels` sees first: libvips reads from bytes, so an SVG has no folder or address to load anything from,
 * and librsvg runs no scripts. Animations give their first frame, documents their first page.
 */
function decoder(source: PictureSource, density?: number): Sharp {
  return sharp(source.input, {
    limitInputPixels: largestArea,
    // A picture that ends early is refused; odd but complete files, which every viewer shows, are not.
    failOn: 'error',
    ...(density === undefined ? {} : { density }),
  });
}

/** Dots per inch at which a vector picture's longer side is drawn `side` pixels long; 72 draws it in its own size. */
function densityFor(source: PictureSource, { width, height }: Size, side: number): number | undefined {
  if (source.type !== 'image/svg+xml') return undefined;
  return Math.min(100_000, Math.max(1, (72 * side) / Math.max(width, height)));
}

async function explained<T>(source: PictureSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/exceeds pixel limit/i.test(message)) throw tooLarge(source);
    if (/compression format|decoding plugin/i.test(message)) throw unsupported(source.name, 'HEIC');
    throw new FabulaError(
      'unreadable-image',
      `“${source.name}” cannot be decoded: the file is damaged or incomplete. Check it in another program, or leave it out.`,
      { file: source.name, reason: message },
      { cause: error },
    );
  }
}

function tooLarge(source: PictureSource, width?: number, height?: number): FabulaError {
  const found = width === undefined ? '' : ` (${width} × ${height!})`;
  return new FabulaError(
    'image-too-large',
    `“${source.name}” has too many pixels${found}: at most ${largestSide} a side and ${largestArea / 1e6} million in all. Make it smaller and import it again.`,
    { file: source.name },
  );
}
