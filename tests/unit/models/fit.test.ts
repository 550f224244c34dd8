import sharp from 'sharp';
import { expect, test } from 'vitest';
import { Packs } from '../../../src/main/models/packs.ts';
import { Sessions } from '../../../src/main/models/session.ts';
import { Starter } from '../../../src/main/models/starter/starter.ts';
import { resourcePath } from '../../../src/main/resources.ts';
import { dot } from '../../../src/shared/vectors.ts';

test('of the finished captions the one is taken that fits its picture, the more the pack weighs it', async () => {
  const packs = new Packs([resourcePath('models')]);
  const { role: shipped, folder } = packs.get('caption');
  // Words have a say of their own.
  const { guide: _, ...role } = shipped;
  const encode = packs.get('encode');
  const count = 12;
  const pictures = await Promise.all(
    Array.from({ length: count }, (_, at) => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${role.imageSize}" height="${role.imageSize}">
        <rect width="100%" height="100%" fill="hsl(${at * 47} 60% 70%)"/>
        <rect y="55%" width="100%" height="45%" fill="hsl(${at * 97} 50% 40%)"/>
        <circle cx="${40 + at * 9}" cy="${80 + (at % 4) * 20}" r="${15 + (at % 5) * 9}" fill="hsl(${at * 31} 80% 50%)"/>
      </svg>`;
      return sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
    }),
  );
  const pixels = Buffer.concat(pictures);
  const { signal } = new AbortController();
  const starter = new Starter(new Sessions({ threads: 1 }));
  const seen = await starter.encodeImages(encode, pixels, count, signal);
  const fits = async (weight: number): Promise<number[]> => {
    const use = { folder, role: { ...role, fit: { ...role.fit!, weight } } };
    const { captions } = await starter.captionImages(use, null, pixels, count, signal);
    const texts = await starter.encodeTexts(
      encode,
      captions.map(({ text }) => text),
      signal,
    );
    const each = encode.role.dimensions;
    return captions.map((_, at) =>
      dot(seen.subarray(at * each, (at + 1) * each), texts.subarray(at * each, (at + 1) * each)),
    );
  };
  const [byScore, byFit] = [await fits(0), await fits(100)];
  for (const [at, fit] of byFit.entries()) expect(fit).toBeGreaterThanOrEqual(byScore[at]! - 1e-4);
  expect(byFit.reduce((sum, fit) => sum + fit, 0)).toBeGreaterThan(
    byScore.reduce((sum, fit) => sum + fit, 0) + 0.05,
  );
});
