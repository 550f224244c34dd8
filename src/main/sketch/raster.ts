import sharp from 'sharp';

/**
 * Turns an SVG drawn by `drawScene` into a PNG.
 * @param size pixels of the result; the drawing is scaled to fill it, so give the shape it was drawn in. A number is a
 *   width, and the height follows from the drawing.
 * @throws Error from sharp when the SVG cannot be parsed.
 */
export async function rasterise(
  svg: string,
  size: { width: number; height: number } | number,
): Promise<Buffer> {
  const drawn = /width="(\d+(?:\.\d+)?)"/.exec(svg)?.[1];
  const width = typeof size === 'number' ? size : size.width;
  // 72 dpi draws one SVG unit as one pixel: rendering at the final size is sharper and faster than resizing after.
  const density = Math.min(600, Math.max(1, (72 * width) / Number(drawn ?? width)));
  const image = sharp(Buffer.from(svg), { density });
  const sized =
    typeof size === 'number'
      ? image.resize({ width })
      : image.resize(size.width, size.height, { fit: 'fill' });
  return sized.png({ compressionLevel: 6 }).toBuffer();
}
