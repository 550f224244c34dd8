/** Longer side of what is drawn, in pixels; the browser smooths it to the size shown. */
const side = 16;
/** Bytes before the pixels: BITMAPFILEHEADER, and BITMAPINFOHEADER with the four masks of BITMAPV3INFOHEADER. */
const headerBytes = 14 + 56;

/**
 * The blurred picture of a ThumbHash (https://evanw.github.io/thumbhash/) as the address of a small picture. It is
 * drawn while a page is scrolled through, so it is made for speed: waves summed first down, then along, and an
 * uncompressed BMP.
 *
 * @param base64 of a ThumbHash
 * @returns a `data:` address; null for what is no ThumbHash
 */
export function blurredAddress(base64: string): string | null {
  const hash = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  if (hash.length < 5) return null;
  const [a, b, c, d, e] = hash as unknown as [number, number, number, number, number];
  const head = a | (b << 8) | (c << 16);
  const more = d | (e << 8);
  const hasAlpha = head >> 23 === 1;
  const landscape = more >> 15 === 1;
  const long = hasAlpha ? 5 : 7;
  const short = more & 7;
  const shape = (landscape ? long : short) / (landscape ? short : long);
  const width = Math.max(1, Math.round(shape > 1 ? side : side * shape));
  const height = Math.max(1, Math.round(shape > 1 ? side / shape : side));

  let nibble = 0;
  const first = hasAlpha ? 6 : 5;
  /** One channel, `width` × `height`, row by row. */
  const channel = (mean: number, nx: number, ny: number, scale: number): Float32Array => {
    const along = waves(nx, width);
    const down = waves(ny, height);
    const sums = new Float32Array(nx * height);
    for (let cy = 0; cy < ny; cy += 1) {
      for (let cx = cy === 0 ? 1 : 0; cx * ny < nx * (ny - cy); cx += 1) {
        const byte = hash[first + (nibble >> 1)] ?? 0x77;
        const level = (((byte >> ((nibble & 1) << 2)) & 15) / 7.5 - 1) * scale * 2;
        nibble += 1;
        for (let y = 0; y < height; y += 1) sums[cx * height + y]! += level * down[cy * height + y]!;
      }
    }
    const pixels = new Float32Array(width * height).fill(mean);
    for (let y = 0; y < height; y += 1) {
      for (let cx = 0; cx < nx; cx += 1) {
        const sum = sums[cx * height + y]!;
        if (sum === 0) continue;
        for (let x = 0; x < width; x += 1) pixels[y * width + x]! += sum * along[cx * width + x]!;
      }
    }
    return pixels;
  };
  const light = channel(
    (head & 63) / 63,
    Math.max(3, landscape ? long : short),
    Math.max(3, landscape ? short : long),
    ((head >> 18) & 31) / 31,
  );
  const yellow = channel(((head >> 6) & 63) / 31.5 - 1, 3, 3, (((more >> 3) & 63) / 63) * 1.25);
  const red = channel(((head >> 12) & 63) / 31.5 - 1, 3, 3, (((more >> 9) & 63) / 63) * 1.25);
  const alpha = hasAlpha ? channel(((hash[5] ?? 0) & 15) / 15, 5, 5, ((hash[5] ?? 0) >> 4) / 15) : null;

  const file = new Uint8Array(headerBytes + width * height * 4);
  file.set(header(width, height));
  for (let at = 0; at < width * height; at += 1) {
    const bl = light[at]! - (2 / 3) * yellow[at]!;
    const re = (3 * light[at]! - bl + red[at]!) / 2;
    const to = headerBytes + at * 4;
    file[to] = level(bl);
    file[to + 1] = level(re - red[at]!);
    file[to + 2] = level(re);
    file[to + 3] = alpha === null ? 255 : level(alpha[at]!);
  }
  return `data:image/bmp;base64,${btoa(String.fromCharCode(...file))}`;
}

const level = (share: number): number => Math.max(0, Math.min(255, Math.round(share * 255)));

const knownWaves = new Map<number, Float32Array>();

/** cos(π · c · (at + ½) / length) at [c · length + at]. */
function waves(count: number, length: number): Float32Array {
  const key = count * 100 + length;
  let found = knownWaves.get(key);
  if (found === undefined) {
    found = Float32Array.from({ length: count * length }, (_, index) =>
      Math.cos((Math.PI / length) * Math.floor(index / length) * ((index % length) + 0.5)),
    );
    knownWaves.set(key, found);
  }
  return found;
}

/** The head of a BMP file of 32 bits a pixel, blue first, its rows from the top. */
function header(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: number): void => view.setInt32(at, value, true);
  bytes.set([0x42, 0x4d]);
  put(2, headerBytes + width * height * 4);
  put(10, headerBytes);
  put(14, headerBytes - 14);
  put(18, width);
  put(22, -height);
  view.setUint16(26, 1, true);
  view.setUint16(28, 32, true);
  // Channels by masks (BI_BITFIELDS): red, green, blue, alpha.
  put(30, 3);
  put(34, width * height * 4);
  for (const [at, mask] of [0xff0000, 0xff00, 0xff, 0xff000000].entries()) put(54 + at * 4, mask | 0);
  return bytes;
}
