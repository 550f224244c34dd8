import sharp from 'sharp';
import { rgbaToThumbHash, thumbHashToRGBA } from 'thumbhash';
import { expect, test } from 'vitest';
import { blurredAddress } from '../../../src/renderer/src/state/blurred.ts';

const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');

/** Reads the BMP back as a viewer would: RGBA, row by row from the top. */
function pixelsOf(address: string) {
  expect(address).toMatch(/^data:image\/bmp;base64,/);
  const file = Buffer.from(address.slice(address.indexOf(',') + 1), 'base64');
  expect(file.subarray(0, 2).toString('latin1')).toBe('BM');
  expect(file.readUInt32LE(2)).toBe(file.length);
  const [width, height] = [file.readInt32LE(18), -file.readInt32LE(22)];
  const data = file.subarray(file.readUInt32LE(10));
  expect(data).toHaveLength(width * height * 4);
  for (let at = 0; at < data.length; at += 4) {
    const blue = data[at]!;
    data[at] = data[at + 2]!;
    data[at + 2] = blue;
  }
  return { width, height, data };
}

test.each([
  ['a landscape', 40, 24, false],
  ['a portrait', 20, 48, false],
  ['a square', 32, 32, false],
  ['a transparent landscape', 40, 30, true],
])('%s looks as the reference decoder draws it', async (_name, width, height, transparent) => {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const opacity = transparent && x > width / 2 ? Math.round((255 * (height - y)) / height) : 255;
      rgba.set([(x * 255) / width, y < height / 2 ? 220 : 30, (x + y) % 256, opacity], (y * width + x) * 4);
    }
  }
  const hash = rgbaToThumbHash(width, height, rgba);
  const ours = pixelsOf(blurredAddress(base64(hash))!);
  const { w, h, rgba: whole } = thumbHashToRGBA(hash);
  expect(ours.width / ours.height).toBeCloseTo(w / h, 0);
  const theirs = await sharp(whole, { raw: { width: w, height: h, channels: 4 } })
    .resize({ width: ours.width, height: ours.height, fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
  let off = 0;
  for (const [at, value] of theirs.entries()) {
    // What is not seen has no colour.
    const seen = at % 4 === 3 || theirs[(at | 3) >>> 0]! > 128;
    if (seen) off = Math.max(off, Math.abs(value - ours.data[at]!));
  }
  expect(off).toBeLessThan(14);
});

test('what is no ThumbHash has no picture', () => {
  expect(blurredAddress('')).toBeNull();
  expect(blurredAddress('AAAA')).toBeNull();
});
