import { rgbaToThumbHash } from 'thumbhash';
import type { Size } from './pictures.ts';

/** Rows of 8-bit pixels: grey, grey and alpha, RGB or RGBA, by how many channels there are. */
export interface Pixels extends Size {
  data: Uint8Array;
  channels: 1 | 2 | 3 | 4;
}

/** Longer side of what is hashed, in pixels: a ThumbHash keeps no more than seven waves along a side. */
const side = 12;
/** At most this many pixels along each side of a cell are averaged: a blurred picture needs no more. */
const samples = 6;

/**
 * The ThumbHash of a picture (https://evanw.github.io/thumbhash/): its colours, blurred, in some 25 bytes.
 *
 * @param pixels the picture, which may be squashed
 * @param natural its true width and height, or any of the same shape
 */
export function thumbHash({ data, width, height, channels }: Pixels, natural: Size): Uint8Array {
  const longer = Math.max(natural.width, natural.height);
  const columns = Math.max(1, Math.round((side * natural.width) / longer));
  const rows = Math.max(1, Math.round((side * natural.height) / longer));
  const grey = channels < 3;
  const hasAlpha = channels === 2 || channels === 4;
  const small = new Uint8Array(columns * rows * 4);
  for (let row = 0; row < rows; row += 1) {
    const [top, bottom] = stretch(row, rows, height);
    const down = Math.max(1, Math.floor((bottom - top) / samples));
    for (let column = 0; column < columns; column += 1) {
      const [start, end] = stretch(column, columns, width);
      const along = Math.max(1, Math.floor((end - start) / samples));
      let red = 0;
      let green = 0;
      let blue = 0;
      let alpha = 0;
      let count = 0;
      for (let y = top; y < bottom; y += down) {
        for (let x = start; x < end; x += along) {
          const at = (y * width + x) * channels;
          const opacity = hasAlpha ? data[at + channels - 1]! : 255;
          red += data[at]! * opacity;
          green += data[grey ? at : at + 1]! * opacity;
          blue += data[grey ? at : at + 2]! * opacity;
          alpha += opacity;
          count += 1;
        }
      }
      const at = (row * columns + column) * 4;
      // Colours count as much as they are seen; where nothing is seen there is none.
      const weight = Math.max(1, alpha);
      small[at] = Math.round(red / weight);
      small[at + 1] = Math.round(green / weight);
      small[at + 2] = Math.round(blue / weight);
      small[at + 3] = Math.round(alpha / count);
    }
  }
  return rgbaToThumbHash(columns, rows, small);
}

/** The pixels from `start` up to `end` that a cell covers; at least one. */
function stretch(cell: number, cells: number, pixels: number): [start: number, end: number] {
  const start = Math.min(pixels - 1, Math.floor((cell * pixels) / cells));
  return [start, Math.max(start + 1, Math.floor(((cell + 1) * pixels) / cells))];
}
