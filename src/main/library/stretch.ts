/**
 * Enlarges RGB bytes to a square by bilinear interpolation with pixel centres at half steps, as PyTorch, PIL and OpenCV
 * do it. libvips puts the centres elsewhere when it enlarges, half a pixel off, and the encoders would see a picture
 * that differs from the ones they were trained on by several grey levels.
 *
 * @param pixels width × height × 3, neither side larger than `size`
 * @returns size × size × 3
 */
export function stretchedToSquare(
  pixels: Uint8Array,
  { width, height }: { width: number; height: number },
  size: number,
): Uint8Array {
  const wide = width === size ? pixels : stretchedAcross(pixels, width, height, size);
  return height === size ? wide : stretchedDown(wide, size, height);
}

/** width × height -> size × height */
function stretchedAcross(pixels: Uint8Array, width: number, height: number, size: number): Uint8Array {
  const { first, second, weight } = taps(width, size);
  const out = new Uint8Array(size * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    const row = y * width * 3;
    for (let x = 0; x < size; x++, at += 3) {
      const left = row + first[x]! * 3;
      const right = row + second[x]! * 3;
      const share = weight[x]!;
      const rest = ONE - share;
      // Written out: this loop sees every byte of every small picture.
      out[at] = (pixels[left]! * rest + pixels[right]! * share + HALF) >> BITS;
      out[at + 1] = (pixels[left + 1]! * rest + pixels[right + 1]! * share + HALF) >> BITS;
      out[at + 2] = (pixels[left + 2]! * rest + pixels[right + 2]! * share + HALF) >> BITS;
    }
  }
  return out;
}

/** size × height -> size × size */
function stretchedDown(pixels: Uint8Array, size: number, height: number): Uint8Array {
  const { first, second, weight } = taps(height, size);
  const line = size * 3;
  const out = new Uint8Array(size * line);
  for (let y = 0, at = 0; y < size; y++) {
    const share = weight[y]!;
    const rest = ONE - share;
    let above = first[y]! * line;
    let below = second[y]! * line;
    for (const end = at + line; at < end; at++) {
      out[at] = (pixels[above++]! * rest + pixels[below++]! * share + HALF) >> BITS;
    }
  }
  return out;
}

/** Weights are fixed point. */
const BITS = 12;
const ONE = 1 << BITS;
const HALF = ONE >> 1;

/** For each of `to` samples, the two of `from` it lies between and the weight of the second. */
function taps(from: number, to: number): { first: Int32Array; second: Int32Array; weight: Int32Array } {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Int32Array(to);
  for (let index = 0; index < to; index++) {
    const place = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
    first[index] = Math.floor(place);
    second[index] = Math.min(first[index]! + 1, from - 1);
    weight[index] = Math.round((place - first[index]!) * ONE);
  }
  return { first, second, weight };
}
