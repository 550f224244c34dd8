import sharp from 'sharp';

/** Longest side of the picture that is drawn, in pixels. */
const longest = 1280;

/**
 * A picture with the parts dimmed that its caption is not written from, as PNG.
 *
 * @param file the picture's file
 * @param side the picture is cut into side x side parts, row by row
 * @param kept the parts that stay as they are
 */
export async function drawRegions(file: string, side: number, kept: readonly number[]): Promise<Buffer> {
  const { data, info } = await sharp(file, { failOn: 'truncated' })
    .rotate()
    .flatten({ background: 'white' })
    .resize({ width: longest, height: longest, fit: 'inside', withoutEnlargement: true })
    .toBuffer({ resolveWithObject: true });
  const bright = new Set(kept);
  const [width, height] = [info.width / side, info.height / side];
  const dimmed = Array.from({ length: side * side }, (_, part) => part)
    .filter((part) => !bright.has(part))
    .map((part) => {
      const [x, y] = [(part % side) * width, Math.floor(part / side) * height];
      return `<rect x="${x}" y="${y}" width="${width}" height="${height}"/>`;
    });
  const veil = `<svg xmlns="http://www.w3.org/2000/svg" width="${info.width}" height="${info.height}"><g fill="#fff" fill-opacity="0.75">${dimmed.join('')}</g></svg>`;
  return sharp(data)
    .composite([{ input: Buffer.from(veil) }])
    .png()
    .toBuffer();
}
