/** Colour arithmetic on `#rgb` and `#rrggbb` strings. */

type Rgb = readonly [red: number, green: number, blue: number];

function parse(hex: string): Rgb {
  const digits =
    hex.length < 6 ? [...hex.slice(1, 4)].map((digit) => digit + digit).join('') : hex.slice(1, 7);
  const value = Number.parseInt(digits, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function format([red, green, blue]: Rgb): string {
  const byte = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));
  return `#${((byte(red) << 16) | (byte(green) << 8) | byte(blue)).toString(16).padStart(6, '0')}`;
}

/** `amount` 0 gives `a`, 1 gives `b`. */
export function mix(a: string, b: string, amount: number): string {
  const [r1, g1, b1] = parse(a);
  const [r2, g2, b2] = parse(b);
  return format([r1 + (r2 - r1) * amount, g1 + (g2 - g1) * amount, b1 + (b2 - b1) * amount]);
}

/** Each channel times a factor: the light that falls on a thing. */
export function light(hex: string, [red, green, blue]: Rgb): string {
  const [r, g, b] = parse(hex);
  return format([r * red, g * green, b * blue]);
}

/** Pulls a colour towards its own grey; 0 leaves it, 1 makes it grey. */
export function fade(hex: string, amount: number): string {
  const [r, g, b] = parse(hex);
  const grey = 0.3 * r + 0.59 * g + 0.11 * b;
  return format([r + (grey - r) * amount, g + (grey - g) * amount, b + (grey - b) * amount]);
}

/** Turns the hue by `degrees`, keeping lightness and saturation (HSL). */
export function turnHue(hex: string, degrees: number): string {
  const [r, g, b] = parse(hex).map((value) => value / 255) as unknown as Rgb;
  const high = Math.max(r, g, b);
  const low = Math.min(r, g, b);
  const chroma = high - low;
  if (chroma === 0) return hex;
  const hue =
    high === r ? ((g - b) / chroma + 6) % 6 : high === g ? (b - r) / chroma + 2 : (r - g) / chroma + 4;
  const turned = (((hue + degrees / 60) % 6) + 6) % 6;
  const x = chroma * (1 - Math.abs((turned % 2) - 1));
  const wheel: readonly Rgb[] = [
    [chroma, x, 0],
    [x, chroma, 0],
    [0, chroma, x],
    [0, x, chroma],
    [x, 0, chroma],
    [chroma, 0, x],
  ];
  const [r2, g2, b2] = wheel[Math.floor(turned)] ?? [0, 0, 0];
  return format([(r2 + low) * 255, (g2 + low) * 255, (b2 + low) * 255]);
}

/** The hue of a colour, 0..359 degrees, or -1 for a grey. */
export function hueOf(hex: string): number {
  const [r, g, b] = parse(hex);
  const high = Math.max(r, g, b);
  const chroma = high - Math.min(r, g, b);
  if (chroma < 12) return -1;
  const sixth =
    high === r ? ((g - b) / chroma + 6) % 6 : high === g ? (b - r) / chroma + 2 : (r - g) / chroma + 4;
  return sixth * 60;
}

/** Replaces every colour written in hexadecimal in a piece of SVG. */
export function recolour(svg: string, change: (hex: string) => string): string {
  return svg.replaceAll(/#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-zA-Z])/g, change);
}
