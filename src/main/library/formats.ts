import { FabulaError } from '../../shared/errors.ts';

/** Kinds of picture the library reads, and how a kept copy's file name ends. */
export const pictureTypes = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
  'image/tiff': 'tif',
  'image/svg+xml': 'svg',
} as const;
export type PictureType = keyof typeof pictureTypes;

/** Kinds known by their first bytes that no decoder here reads. */
type OtherType = 'HEIC' | 'BMP' | 'JPEG XL' | 'JPEG 2000' | 'Photoshop' | 'PDF' | 'RAW';

const pictureExtensions = new Set(
  (
    'jpg jpeg jpe jfif png webp gif avif tif tiff svg heic heif hif bmp jxl jp2 psd ' +
    'arw cr2 cr3 crw dng nef nrw orf pef raf raw rw2 srw'
  ).split(' '),
);

/** RAW photos often begin like a TIFF file, whose decoder would take their tiny preview for the picture. */
const rawExtensions = new Set('arw cr2 cr3 crw dng nef nrw orf pef raf raw rw2 srw'.split(' '));

/** How many first bytes {@link recognise} needs to tell every kind but SVG apart. */
export const signatureBytes = 64;

/** Whether the name promises a picture, of a kind that can be read or not. */
export function hasPictureName(name: string): boolean {
  return pictureExtensions.has(extension(name));
}

/**
 * What a file is by its first bytes, whatever its name says; null when it is nothing known. SVG, being text, is
 * looked for in the first 4096 bytes.
 */
export function recognise(bytes: Uint8Array): PictureType | OtherType | null {
  const ascii = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (ascii(0, 3) === '\xff\xd8\xff') return 'image/jpeg';
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png';
  if (ascii(0, 4) === 'GIF8') return 'image/gif';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'image/webp';
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(ascii(0, 4))) return 'image/tiff';
  if (ascii(4, 8) === 'ftyp') return recogniseBrand(ascii(8, 12), ascii(16, 64));
  if (ascii(0, 2) === '\xff\x0a' || ascii(4, 12) === 'JXL \r\n\x87\n') return 'JPEG XL';
  if (ascii(4, 12) === 'jP  \r\n\x87\n') return 'JPEG 2000';
  if (ascii(0, 4) === '8BPS') return 'Photoshop';
  if (ascii(0, 5) === '%PDF-') return 'PDF';
  if (ascii(0, 2) === 'BM' && bytes.length >= 18 && ascii(6, 10) === '\0\0\0\0') return 'BMP';
  return isSvg(bytes) ? 'image/svg+xml' : null;
}

/**
 * The kind of picture in `bytes`. Throws a FabulaError naming the file: `unsupported-format` for a known kind that
 * cannot be read, `unreadable-image` for anything else.
 */
export function requirePicture(bytes: Uint8Array, name: string): PictureType {
  const found = rawExtensions.has(extension(name)) ? 'RAW' : recognise(bytes);
  if (found === null) {
    const problem = bytes.length === 0 ? 'is empty' : 'is not a picture';
    throw new FabulaError('unreadable-image', `“${name}” ${problem}. Check the file, or leave it out.`, {
      file: name,
    });
  }
  if (!Object.hasOwn(pictureTypes, found)) throw unsupported(name, found);
  return found as PictureType;
}

export function unsupported(name: string, kind: string): FabulaError {
  return new FabulaError(
    'unsupported-format',
    `“${name}” is a ${kind} file, which Fabula cannot read. Export it as JPEG or PNG and import that.`,
    { file: name, kind },
  );
}

function extension(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** ISO/IEC 14496-12 `ftyp`: the major brand, or one of the compatible ones, says how the picture is coded. */
function recogniseBrand(major: string, compatible: string): PictureType | OtherType | null {
  const brands = [major, ...(compatible.match(/.{4}/gs) ?? [])];
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'image/avif';
  if (major === 'crx ') return 'RAW';
  const coded = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'];
  return brands.some((brand) => coded.includes(brand)) ? 'HEIC' : null;
}

function isSvg(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes.subarray(0, 4096));
  const start = text
    .replace(/^\uFEFF?\s*/, '')
    .replace(/^(<\?[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^[>]*(\[[^]*?\])?[^>]*>|\s+)*/i, '');
  return /^<([A-Za-z_][\w.-]*:)?svg[\s>/]/.test(start);
}
