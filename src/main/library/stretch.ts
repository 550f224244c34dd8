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
  if (width === size && height === size) return pixels;
  const across = taps(width, size);
  const down = taps(height, size);
  const line = new Int32Array(width * 3);
  const square = new Uint8Array(size * size * 3);
  let at = 0;
  for (let y = 0; y < size; y++) {
    const above = down.first[y]! * width * 3;
    const below = down.second[y]! * width * 3;
    const weight = down.weight[y]!;
    for (let x = 0; x < line.length; x++) {
      line[x] = pixels[above + x]! * (ONE - weight) + pixels[below + x]! * weight;
    }
    for (let x = 0; x < size; x++) {
      const left = across.first[x]! * 3;
      const right = across.second[x]! * 3;
      const share = across.weight[x]!;
      for (let channel = 0; channel < 3; channel++) {
        square[at++] = (line[left + channel]! * (ONE - share) + line[right + channel]! * share + HALF) >> 16;
      }
    }
  }
  return square;
}

/** Weights are fixed point with 8 bits, twice: the products fit 32 bits. */
const ONE = 256;
const HALF = 1 << 15;

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
