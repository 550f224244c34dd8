import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { requirePicture } from '../../../src/main/library/formats.ts';
import { inspect, squarePixels } from '../../../src/main/library/pictures.ts';
import { stretchedToSquare } from '../../../src/main/library/stretch.ts';

const grey = (values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value, value, value]));
const red = (pixels: Uint8Array): number[] => [...pixels].filter((_, index) => index % 3 === 0);

test('enlarging puts pixel centres where PyTorch and PIL put them', () => {
  const row = grey([50, 70, 90, 110, 130, 150, 170, 190]);
  // PIL: Image.resize((9, 1), Image.BILINEAR)
  expect(red(stretchedToSquare(row, { width: 8, height: 1 }, 9)).slice(0, 9)).toEqual([
    50, 67, 84, 102, 120, 138, 156, 173, 190,
  ]);
  expect(red(stretchedToSquare(grey([0, 200]), { width: 1, height: 2 }, 4))).toEqual(
    [0, 50, 150, 200].flatMap((value) => [value, value, value, value]),
  );
});

test('a square of the right size is not touched', () => {
  const pixels = grey([1, 2, 3, 4]);
  expect(stretchedToSquare(pixels, { width: 2, height: 2 }, 2)).toBe(pixels);
});

const gradient = (): Sharp =>
  sharp(Buffer.from(Array.from({ length: 40 * 30 }, (_, index) => (index % 40) * 6)), {
    raw: { width: 40, height: 30, channels: 1 },
  });

test.each([
  ['a grey JPEG', () => gradient().toColourspace('b-w').jpeg({ quality: 100 }).toBuffer()],
  ['a grey PNG with 16 bits', () => gradient().toColourspace('grey16').png().toBuffer()],
  ['a PNG with a palette', () => gradient().png({ palette: true }).toBuffer()],
  ['a CMYK JPEG', () => gradient().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()],
  ['a WebP with transparency', () => gradient().ensureAlpha().webp({ lossless: true }).toBuffer()],
])('%s smaller than the square comes as RGB, smooth from left to right', async (_, make) => {
  const input = await make();
  const source = { input, type: requirePicture(input, 'gradient'), name: 'gradient' };
  const pixels = await squarePixels(source, await inspect(source), 208);
  expect(pixels).toHaveLength(208 * 208 * 3);
  const line = red(pixels).slice(100 * 208, 101 * 208);
  expect(line[0]).toBeLessThan(20);
  expect(line[207]).toBeGreaterThan(210);
  for (let x = 1; x < 208; x++) expect(Math.abs(line[x]! - line[x - 1]!)).toBeLessThan(12);
});

test('a small vector picture is drawn sharp, and in its place', async () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="8"><rect width="16" height="8" fill="white"/><rect width="8" height="8" fill="black"/></svg>`;
  const source = { input: Buffer.from(svg), type: 'image/svg+xml' as const, name: 'half.svg' };
  const pixels = await squarePixels(source, await inspect(source), 208);
  const line = red(pixels).slice(50 * 208, 51 * 208);
  expect(line.slice(0, 103).every((value) => value === 0)).toBe(true);
  expect(line.slice(105).every((value) => value === 255)).toBe(true);
});
