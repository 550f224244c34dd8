import { FabulaError } from '../../../shared/errors.ts';
import { t } from './language.svelte.ts';

/** The longer side of a picture that is only searched with, in pixels: encoders look at no more. */
const side = 512;
/** Larger files that the window cannot decode itself are not sent. Bytes. */
const largest = 16_000_000;

/**
 * Makes a picture file small enough to search with.
 *
 * @returns its file in base64, and an address to show it by; the address is empty where the window cannot show it
 * @throws FabulaError for a file that is too large and cannot be made smaller
 */
export async function readPicture(file: File): Promise<{ picture: string; url: string }> {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext('2d')!;
    context.imageSmoothingQuality = 'high';
    // JPEG knows no transparency; encoders see such pictures on white.
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const url = canvas.toDataURL('image/jpeg', 0.92);
    return { picture: url.slice(url.indexOf(',') + 1), url };
  }
  // A format that browsers do not know, such as TIFF: the studio decodes it.
  if (file.size > largest) {
    throw new FabulaError('invalid-input', t('library.pictureTooLarge', { name: file.name }));
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return { picture: btoa(binary), url: '' };
}
