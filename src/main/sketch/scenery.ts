import type { Scene } from '../../shared/scene.ts';
import { fade, hueOf, light, mix } from './colour.ts';
import { placeNamed } from './places.ts';
import type { Random } from './random.ts';

/**
 * Procedural backgrounds. Each place is painted back to front from a few kinds of brush: hills, trees, water, houses,
 * walls. Coordinates are picture units: the picture is `w` wide and `h` high.
 */

type Time = Scene['time'];
type Weather = Scene['weather'];

/** What every brush needs: the picture's size, the light, chance, and where definitions are collected. */
export interface Easel {
  readonly w: number;
  readonly h: number;
  readonly time: Time;
  readonly weather: Weather;
  readonly random: Random;
  /** A colour of the day, as it looks in this scene's light. */
  readonly lit: (hex: string) => string;
  /** Figures of the scene: furniture which is one is not painted a second time. */
  readonly shown: ReadonlySet<string>;
  /** False where a figure of the scene is the sun or the moon. */
  readonly sun: boolean;
  /** Keeps a gradient or clip path and gives its id. */
  readonly define: (make: (id: string) => string) => string;
}

const n = (value: number): string => String(Math.round(value * 10) / 10);

const ambient: Record<Time, readonly [number, number, number]> = {
  dawn: [1, 0.9, 0.86],
  day: [1, 1, 1],
  dusk: [0.9, 0.72, 0.72],
  night: [0.3, 0.38, 0.6],
};

/** The light that falls on the scenery. */
export function sceneLight(time: Time, weather: Weather): (hex: string) => string {
  const factor = ambient[time];
  const grey =
    weather === 'storm'
      ? 0.5
      : weather === 'rain'
        ? 0.35
        : weather === 'fog'
          ? 0.45
          : weather === 'cloudy' || weather === 'snow'
            ? 0.22
            : 0;
  const dark = weather === 'storm' ? 0.74 : weather === 'rain' ? 0.88 : 1;
  return (hex) => {
    // Snow lies on whatever is green.
    const hue = weather === 'snow' ? hueOf(hex) : -1;
    const base = hue > 60 && hue < 175 ? mix(hex, '#f3f8fd', 0.7) : hex;
    return light(fade(base, grey), [factor[0] * dark, factor[1] * dark, factor[2] * dark]);
  };
}

const skies: Record<Time, readonly [string, string, string]> = {
  dawn: ['#8fb4e3', '#f7c9b8', '#ffe6b8'],
  day: ['#5fb4ee', '#a5d8f7', '#e4f4fb'],
  dusk: ['#54508f', '#d9788a', '#fbb36b'],
  night: ['#101a3f', '#1d2d63', '#3b4a86'],
};

/** Sky colours, top to bottom, for a time and a weather. */
export function skyColours(time: Time, weather: Weather): readonly [string, string, string] {
  const [top, middle, bottom] = skies[time];
  const veil: Partial<Record<Weather, readonly [string, number]>> = {
    cloudy: ['#aab7c4', 0.5],
    rain: ['#7f8fa0', 0.62],
    snow: ['#c3cfdb', 0.6],
    fog: ['#cdd3d8', 0.66],
    storm: ['#454f63', 0.72],
    wind: ['#bcd3e0', 0.2],
  };
  const [colour, amount] = veil[weather] ?? ['#ffffff', 0];
  const dim = light(
    colour,
    time === 'night' ? [0.26, 0.3, 0.42] : time === 'dusk' ? [0.8, 0.7, 0.76] : [1, 1, 1],
  );
  return [mix(top, dim, amount), mix(middle, dim, amount), mix(bottom, dim, amount)];
}

const rect = (x: number, y: number, w: number, h: number, fill: string, rx = 0, extra = ''): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}"${rx > 0 ? ` rx="${n(rx)}"` : ''} fill="${fill}"${extra}/>`;
const disc = (x: number, y: number, r: number, fill: string, extra = ''): string =>
  `<circle cx="${n(x)}" cy="${n(y)}" r="${n(r)}" fill="${fill}"${extra}/>`;
const oval = (x: number, y: number, rx: number, ry: number, fill: string, extra = ''): string =>
  `<ellipse cx="${n(x)}" cy="${n(y)}" rx="${n(rx)}" ry="${n(ry)}" fill="${fill}"${extra}/>`;
const shape = (d: string, fill: string, extra = ''): string => `<path d="${d}" fill="${fill}"${extra}/>`;
const stroke = (d: string, colour: string, width: number, extra = ''): string =>
  `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${n(width)}" stroke-linecap="round" stroke-linejoin="round"${extra}/>`;
const see = (opacity: number): string => ` opacity="${opacity}"`;

function fall(easel: Easel, stops: readonly (readonly [number, string, number?])[], upright = true): string {
  const id = easel.define(
    (name) =>
      `<linearGradient id="${name}" x1="0" y1="0" x2="${upright ? 0 : 1}" y2="${upright ? 1 : 0}">${stops
        .map(
          ([at, colour, opacity]) =>
            `<stop offset="${at}" stop-color="${colour}"${opacity === undefined ? '' : ` stop-opacity="${opacity}"`}/>`,
        )
        .join('')}</linearGradient>`,
  );
  return `url(#${id})`;
}

function glow(easel: Easel, colour: string, opacity: number): string {
  const id = easel.define(
    (name) =>
      `<radialGradient id="${name}"><stop offset="0" stop-color="${colour}" stop-opacity="${opacity}"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>`,
  );
  return `url(#${id})`;
}

/** A smooth line of `steps` random points between two heights, left edge to right edge. */
function ridge(easel: Easel, y: number, swing: number, steps: number): string {
  const { w, random } = easel;
  const points = Array.from(
    { length: steps + 1 },
    (_, i) => [(w * i) / steps, y + (random() - 0.5) * 2 * swing] as const,
  );
  let d = `M${n(points[0]?.[0] ?? 0)} ${n(points[0]?.[1] ?? y)}`;
  for (let i = 1; i < points.length; i++) {
    const [x0 = 0, y0 = 0] = points[i - 1] ?? [];
    const [x1 = 0, y1 = 0] = points[i] ?? [];
    const middle = (x0 + x1) / 2;
    d += `C${n(middle)} ${n(y0)} ${n(middle)} ${n(y1)} ${n(x1)} ${n(y1)}`;
  }
  return d;
}

function hills(
  easel: Easel,
  y: number,
  swing: number,
  steps: number,
  top: string,
  bottom = mix(top, '#000000', 0.12),
): string {
  const fill = fall(easel, [
    [0, easel.lit(top)],
    [1, easel.lit(bottom)],
  ]);
  return shape(`${ridge(easel, y, swing, steps)}V${n(easel.h)}H0Z`, fill);
}

/** Ground from a line down to the bottom edge, lighter far away. */
function ground(easel: Easel, y: number, far: string, near: string, swing = 0): string {
  const fill = fall(easel, [
    [0, easel.lit(far)],
    [1, easel.lit(near)],
  ]);
  return swing === 0
    ? rect(0, y, easel.w, easel.h - y, fill)
    : shape(`${ridge(easel, y, swing, 5)}V${n(easel.h)}H0Z`, fill);
}

function peaks(
  easel: Easel,
  base: number,
  high: number,
  count: number,
  colour: string,
  snow: string,
): string {
  const { w, random, lit } = easel;
  let out = '';
  for (let i = 0; i < count; i++) {
    const x = ((i + 0.5 + (random() - 0.5) * 0.5) / count) * w * 1.1 - w * 0.05;
    const tall = high * (0.62 + random() * 0.38);
    const wide = tall * (0.95 + random() * 0.4);
    const top = base - tall;
    out += shape(
      `M${n(x - wide)} ${n(base)}L${n(x - wide * 0.35)} ${n(base - tall * 0.55)}L${n(x)} ${n(top)}L${n(x + wide * 0.4)} ${n(base - tall * 0.5)}L${n(x + wide)} ${n(base)}Z`,
      lit(mix(colour, '#ffffff', random() * 0.12)),
    );
    out += shape(
      `M${n(x)} ${n(top)}L${n(x + wide * 0.4)} ${n(base - tall * 0.5)}L${n(x + wide)} ${n(base)}H${n(x + wide * 0.12)}L${n(x + wide * 0.02)} ${n(base - tall * 0.45)}Z`,
      lit(mix(colour, '#1d2440', 0.22)),
    );
    const s = 0.27;
    out += shape(
      `M${n(x)} ${n(top)}L${n(x - wide * 0.35 * s * 1.8)} ${n(top + tall * s * 0.84)}L${n(x - wide * 0.07)} ${n(top + tall * 0.18)}L${n(x)} ${n(top + tall * s)}L${n(x + wide * 0.08)} ${n(top + tall * 0.19)}L${n(x + wide * 0.4 * s * 1.9)} ${n(top + tall * s * 0.96)}Z`,
      lit(snow),
    );
  }
  return out;
}

function roundTree(easel: Easel, x: number, y: number, tall: number, green: string): string {
  const { lit, random } = easel;
  const wide = tall * (0.34 + random() * 0.06);
  const trunk = lit('#7a5236');
  const dark = lit(mix(green, '#0b3320', 0.22));
  const main = lit(green);
  const bright = lit(mix(green, '#e9f5a8', 0.25));
  return (
    rect(x - tall * 0.035, y - tall * 0.45, tall * 0.07, tall * 0.45, trunk, tall * 0.02) +
    disc(x - wide * 0.52, y - tall * 0.52, wide * 0.6, dark) +
    disc(x + wide * 0.52, y - tall * 0.5, wide * 0.58, dark) +
    disc(x, y - tall * 0.66, wide * 0.82, main) +
    disc(x - wide * 0.2, y - tall * 0.74, wide * 0.46, bright, see(0.55))
  );
}

function pine(easel: Easel, x: number, y: number, tall: number, green: string): string {
  const { lit } = easel;
  const wide = tall * 0.3;
  const layer = (top: number, bottom: number, half: number, colour: string): string =>
    shape(
      `M${n(x)} ${n(y - tall * top)}Q${n(x + half * 0.5)} ${n(y - tall * (bottom + 0.08))} ${n(x + half)} ${n(y - tall * bottom)}Q${n(x)} ${n(y - tall * (bottom - 0.05))} ${n(x - half)} ${n(y - tall * bottom)}Q${n(x - half * 0.5)} ${n(y - tall * (bottom + 0.08))} ${n(x)} ${n(y - tall * top)}`,
      colour,
    );
  return (
    rect(x - tall * 0.03, y - tall * 0.16, tall * 0.06, tall * 0.16, lit('#6b4630')) +
    layer(0.66, 0.12, wide, lit(mix(green, '#04261c', 0.2))) +
    layer(0.84, 0.36, wide * 0.8, lit(green)) +
    layer(1, 0.58, wide * 0.58, lit(mix(green, '#d7f0b0', 0.16)))
  );
}

function palm(easel: Easel, x: number, y: number, tall: number): string {
  const { lit, random } = easel;
  const lean = (random() - 0.5) * tall * 0.3;
  const topX = x + lean;
  const topY = y - tall * 0.8;
  let out = stroke(
    `M${n(x)} ${n(y)}Q${n(x)} ${n(y - tall * 0.4)} ${n(topX)} ${n(topY)}`,
    lit('#9a7148'),
    tall * 0.055,
  );
  for (const [dx, dy, shade] of [
    [-0.42, 0.06, 0],
    [-0.34, -0.14, 0.1],
    [-0.12, -0.22, 0.2],
    [0.14, -0.22, 0.14],
    [0.36, -0.12, 0.06],
    [0.42, 0.08, 0],
  ] as const) {
    const ex = topX + dx * tall;
    const ey = topY + dy * tall + tall * 0.08;
    out += shape(
      `M${n(topX)} ${n(topY)}Q${n(topX + dx * tall * 0.5)} ${n(topY + dy * tall - tall * 0.12)} ${n(ex)} ${n(ey)}Q${n(topX + dx * tall * 0.45)} ${n(topY + dy * tall + tall * 0.02)} ${n(topX)} ${n(topY)}`,
      lit(mix('#3c9a46', '#dff29a', shade)),
    );
  }
  return (
    out +
    disc(topX - tall * 0.03, topY + tall * 0.03, tall * 0.03, lit('#8a5a2b')) +
    disc(topX + tall * 0.03, topY + tall * 0.035, tall * 0.03, lit('#7a4c22'))
  );
}

const greens = ['#5fa64e', '#6fb356', '#4f9a55', '#79b95a', '#5aa06a'] as const;

/** A row of trees along a line, kept apart, with chance deciding gaps and sizes. */
function treeRow(
  easel: Easel,
  y: number,
  tall: number,
  count: number,
  kind: 'round' | 'pine' | 'both' | 'palm',
  tint = '#5fa64e',
  from = 0,
  to = 1,
): string {
  const { w, random } = easel;
  let out = '';
  for (let i = 0; i < count; i++) {
    const x = w * (from + (to - from) * ((i + 0.5 + (random() - 0.5) * 0.7) / count));
    const size = tall * (0.75 + random() * 0.45);
    const green = mix(greens[Math.floor(random() * greens.length)] ?? tint, tint, 0.5);
    const drop = tall * 0.05 * random();
    const which = kind === 'both' ? (random() < 0.5 ? 'round' : 'pine') : kind;
    out +=
      which === 'palm'
        ? palm(easel, x, y + drop, size)
        : which === 'pine'
          ? pine(easel, x, y + drop, size, mix(green, '#1e6a54', 0.45))
          : roundTree(easel, x, y + drop, size, green);
  }
  return out;
}

function tufts(easel: Easel, from: number, to: number, count: number, colour: string): string {
  const { w, h, random, lit } = easel;
  let d = '';
  for (let i = 0; i < count; i++) {
    const y = h * (from + (to - from) * random());
    const x = w * random();
    const s = h * 0.012 * (0.6 + (y / h) * 0.9);
    d += `M${n(x - s)} ${n(y - s)}L${n(x)} ${n(y)}L${n(x)} ${n(y - s * 1.5)}M${n(x)} ${n(y)}L${n(x + s)} ${n(y - s)}`;
  }
  return stroke(d, lit(colour), h * 0.0035);
}

function flowers(easel: Easel, from: number, to: number, count: number, colours: readonly string[]): string {
  const { w, h, random, lit } = easel;
  let out = '';
  for (let i = 0; i < count; i++) {
    const y = h * (from + (to - from) * random());
    const x = w * random();
    const s = h * 0.006 * (0.5 + (y / h) * 1.1);
    const colour = lit(colours[Math.floor(random() * colours.length)] ?? '#ffffff');
    out +=
      stroke(`M${n(x)} ${n(y)}v${n(s * 3)}`, lit('#4b8a3f'), s * 0.5) +
      disc(x - s * 0.8, y, s * 0.8, colour) +
      disc(x + s * 0.8, y, s * 0.8, colour) +
      disc(x, y - s * 0.8, s * 0.8, colour) +
      disc(x, y + s * 0.8, s * 0.8, colour) +
      disc(x, y, s * 0.6, lit('#ffd873'));
  }
  return out;
}

function stones(easel: Easel, from: number, to: number, count: number, colour: string): string {
  const { w, h, random, lit } = easel;
  let out = '';
  for (let i = 0; i < count; i++) {
    const y = h * (from + (to - from) * random());
    const x = w * random();
    const s = h * (0.008 + 0.018 * random()) * (0.5 + y / h);
    out +=
      oval(x, y, s * 1.4, s * 0.8, lit(mix(colour, '#000000', 0.15))) +
      oval(x - s * 0.15, y - s * 0.2, s * 1.1, s * 0.5, lit(mix(colour, '#ffffff', 0.2)));
  }
  return out;
}

function water(easel: Easel, top: number, bottom: number, far: string, near: string): string {
  const { w, h, random, lit, time } = easel;
  const fill = fall(easel, [
    [0, lit(far)],
    [1, lit(near)],
  ]);
  let out = rect(0, top, w, bottom - top, fill);
  let d = '';
  const rows = 22;
  for (let i = 0; i < rows; i++) {
    const part = (i + random()) / rows;
    const y = top + (bottom - top) * part;
    const length = w * (0.02 + 0.05 * part) * (0.6 + random());
    const x = random() * w;
    const lift = h * 0.006 * (0.4 + part);
    d += `M${n(x)} ${n(y)}q${n(length / 4)} ${n(-lift)} ${n(length / 2)} 0t${n(length / 2)} 0`;
  }
  out += stroke(
    d,
    time === 'night' ? '#7f9fd8' : time === 'dusk' ? '#ffd0a0' : '#ffffff',
    h * 0.004,
    see(0.45),
  );
  return out;
}

function stars(easel: Easel, until: number, count: number): string {
  const { w, random } = easel;
  let out = '';
  for (let i = 0; i < count; i++) {
    const big = random() < 0.15;
    out += disc(
      random() * w,
      random() * until,
      easel.h * (big ? 0.0035 : 0.0018),
      '#fff8dc',
      see(Math.round((0.4 + random() * 0.6) * 100) / 100),
    );
  }
  return out;
}

function cloud(easel: Easel, x: number, y: number, size: number, colour: string, opacity: number): string {
  const { random } = easel;
  const a = 0.8 + random() * 0.4;
  return `<g fill="${colour}" opacity="${opacity}">${[
    [-0.9, 0, 0.42],
    [-0.35, -0.28 * a, 0.55],
    [0.3, -0.18, 0.5 * a],
    [0.85, 0.02, 0.38],
  ]
    .map(
      ([dx = 0, dy = 0, r = 0]) =>
        `<circle cx="${n(x + dx * size)}" cy="${n(y + dy * size)}" r="${n(r * size)}"/>`,
    )
    .join(
      '',
    )}<rect x="${n(x - size * 1.25)}" y="${n(y)}" width="${n(size * 2.45)}" height="${n(size * 0.4)}" rx="${n(size * 0.2)}"/></g>`;
}

/** Sky with sun or moon, stars and clouds, down to `until`. */
function sky(easel: Easel, until: number, options: { clouds?: number } = {}): string {
  const { w, h, random, time, weather } = easel;
  const [top, middle, bottom] = skyColours(time, weather);
  let out = rect(
    0,
    0,
    w,
    h,
    fall(easel, [
      [0, top],
      [Math.round(until * 55) / 100, middle],
      [Math.round(until * 100) / 100, bottom],
    ]),
  );
  const open = weather === 'clear' || weather === 'wind';
  const side = random() < 0.5 ? 0.14 + random() * 0.14 : 0.72 + random() * 0.14;
  const x = w * side;
  if (time === 'night' && weather !== 'storm' && weather !== 'rain' && weather !== 'fog')
    out += stars(easel, h * until * 0.9, open ? 90 : 30);
  if (easel.sun && (open || (time === 'night' && weather === 'snow'))) {
    if (time === 'night') {
      const y = h * 0.17;
      const r = h * 0.06;
      out +=
        disc(x, y, r * 3.4, glow(easel, '#c9d6ff', 0.4)) +
        disc(x, y, r, '#f6efd2') +
        disc(x - r * 0.3, y - r * 0.2, r * 0.2, '#e3d9b4') +
        disc(x + r * 0.35, y + r * 0.25, r * 0.26, '#e3d9b4') +
        disc(x + r * 0.15, y - r * 0.5, r * 0.13, '#e3d9b4');
    } else {
      const low = time !== 'day';
      const y = low ? h * (until - 0.1) : h * 0.16;
      const r = h * (low ? 0.085 : 0.065);
      const colour = time === 'dusk' ? '#ff8a4c' : time === 'dawn' ? '#ffd98a' : '#ffe37a';
      out +=
        disc(x, y, r * 4.2, glow(easel, time === 'dusk' ? '#ffb070' : '#fff2c0', 0.75)) +
        disc(x, y, r, colour);
    }
  }
  const tone =
    time === 'night' ? '#5a6899' : time === 'dusk' ? '#f2b8a8' : time === 'dawn' ? '#fff0e6' : '#ffffff';
  const grey =
    weather === 'storm'
      ? mix(tone, '#39415a', 0.75)
      : weather === 'rain'
        ? mix(tone, '#6f7d90', 0.6)
        : weather === 'cloudy' || weather === 'snow'
          ? mix(tone, '#b9c3cf', 0.35)
          : tone;
  const count = (options.clouds ?? 3) + (open ? 0 : weather === 'fog' ? 0 : 5);
  for (let i = 0; i < count; i++) {
    out += cloud(
      easel,
      w * ((i + random()) / count),
      h * (0.06 + random() * (until - 0.26)),
      h * (0.04 + random() * 0.035) * (open ? 1 : 1.6),
      grey,
      open ? 0.85 : 0.9,
    );
  }
  return out;
}

function house(easel: Easel, x: number, y: number, size: number, wall: string, roof: string): string {
  const { lit, time } = easel;
  const pane = time === 'night' || time === 'dusk' ? '#ffdf8a' : lit('#bfe3f2');
  return (
    rect(x - size * 0.5, y - size * 0.6, size, size * 0.6, lit(wall)) +
    rect(x - size * 0.5, y - size * 0.6, size * 0.5, size * 0.6, lit(mix(wall, '#ffffff', 0.18))) +
    shape(
      `M${n(x - size * 0.62)} ${n(y - size * 0.58)}L${n(x)} ${n(y - size * 1.06)}L${n(x + size * 0.62)} ${n(y - size * 0.58)}Z`,
      lit(roof),
    ) +
    rect(x + size * 0.22, y - size * 1.02, size * 0.13, size * 0.3, lit(mix(roof, '#000000', 0.25))) +
    rect(x - size * 0.1, y - size * 0.32, size * 0.2, size * 0.32, lit('#7d4f35'), size * 0.03) +
    rect(x - size * 0.38, y - size * 0.42, size * 0.18, size * 0.18, pane, size * 0.02) +
    rect(x + size * 0.2, y - size * 0.42, size * 0.18, size * 0.18, pane, size * 0.02)
  );
}

function tower(easel: Easel, x: number, y: number, wide: number, tall: number, colour: string): string {
  const { lit, random, time } = easel;
  let out =
    rect(x, y - tall, wide, tall, lit(colour)) +
    rect(x, y - tall, wide * 0.5, tall, lit(mix(colour, '#ffffff', 0.12)), 0, see(0.7));
  const columns = Math.max(2, Math.round(wide / (easel.h * 0.035)));
  const rows = Math.max(3, Math.round(tall / (easel.h * 0.05)));
  const dark = time === 'night' || time === 'dusk';
  let on = '';
  let off = '';
  const ww = (wide / columns) * 0.5;
  const wh = (tall / rows) * 0.48;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const wx = x + (column + 0.25) * (wide / columns);
      const wy = y - tall + (row + 0.3) * (tall / rows);
      const d = `M${n(wx)} ${n(wy)}h${n(ww)}v${n(wh)}h${n(-ww)}z`;
      if (dark && random() < 0.55) on += d;
      else off += d;
    }
  }
  if (off !== '') out += shape(off, lit(mix(colour, dark ? '#1c2440' : '#dff1fa', 0.55)));
  if (on !== '') out += shape(on, '#ffdf8a');
  return out;
}

function skyline(
  easel: Easel,
  y: number,
  low: number,
  high: number,
  colours: readonly string[],
  count: number,
): string {
  const { w, random } = easel;
  let out = '';
  for (let i = 0; i < count; i++) {
    const wide = (w / count) * (0.8 + random() * 0.5);
    out += tower(
      easel,
      (w * i) / count - w * 0.01,
      y,
      wide,
      low + (high - low) * random(),
      colours[i % colours.length] ?? '#8899aa',
    );
  }
  return out;
}

function shopFront(
  easel: Easel,
  x: number,
  y: number,
  wide: number,
  tall: number,
  colour: string,
  awning: string,
): string {
  const { lit, time } = easel;
  const pane = time === 'night' || time === 'dusk' ? '#ffe3a0' : lit('#cfeaf5');
  let out =
    rect(x, y - tall, wide, tall, lit(colour)) +
    rect(x - wide * 0.02, y - tall - wide * 0.05, wide * 1.04, wide * 0.07, lit(mix(colour, '#000000', 0.2)));
  for (let row = 0; row < 2; row++) {
    for (let i = 0; i < 3; i++) {
      out += rect(
        x + wide * (0.13 + i * 0.29),
        y - tall * (0.9 - row * 0.24),
        wide * 0.16,
        tall * 0.15,
        pane,
        wide * 0.015,
      );
    }
  }
  out +=
    rect(x + wide * 0.08, y - tall * 0.32, wide * 0.5, tall * 0.26, pane, wide * 0.01) +
    rect(x + wide * 0.68, y - tall * 0.34, wide * 0.2, tall * 0.34, lit('#6b4630'), wide * 0.01);
  const stripes = 7;
  for (let i = 0; i < stripes; i++) {
    const sx = x + (wide * i) / stripes;
    out += shape(
      `M${n(sx)} ${n(y - tall * 0.44)}h${n(wide / stripes)}v${n(tall * 0.09)}q${n(-wide / stripes / 2)} ${n(tall * 0.05)} ${n(-wide / stripes)} 0z`,
      lit(i % 2 === 0 ? awning : '#fff6ea'),
    );
  }
  return out;
}

function lamp(easel: Easel, x: number, y: number, tall: number): string {
  const { lit, time } = easel;
  const dark = time === 'night' || time === 'dusk';
  return (
    rect(x - tall * 0.015, y - tall, tall * 0.03, tall, lit('#3b4450')) +
    (dark ? disc(x, y - tall, tall * 0.5, glow(easel, '#ffdf9a', 0.65)) : '') +
    disc(x, y - tall, tall * 0.07, dark ? '#fff0c0' : lit('#f3f0e4')) +
    rect(x - tall * 0.05, y - tall * 0.04, tall * 0.1, tall * 0.04, lit('#2f3742'), tall * 0.01)
  );
}

/** A window in an inside wall, with the weather and the time of day outside. */
function windowPane(
  easel: Easel,
  x: number,
  y: number,
  w: number,
  h: number,
  frame: string,
  view = '#7cbb67',
): string {
  const { lit, time, weather, random } = easel;
  const [top, , bottom] = skyColours(time, weather);
  const fill = fall(easel, [
    [0, top],
    [1, bottom],
  ]);
  let out =
    rect(x - w * 0.07, y - w * 0.07, w * 1.14, h + w * 0.14, frame, w * 0.03) + rect(x, y, w, h, fill);
  const outside = sceneLight(time, weather);
  out += shape(
    `M${n(x)} ${n(y + h)}v${n(-h * 0.25)}q${n(w * 0.3)} ${n(-h * 0.16)} ${n(w * 0.55)} ${n(-h * 0.02)}t${n(w * 0.45)} 0v${n(h * 0.27)}z`,
    outside(view),
  );
  if (time === 'night') out += disc(x + w * 0.72, y + h * 0.22, w * 0.09, '#f6efd2');
  else if (weather === 'clear')
    out += disc(
      x + w * 0.28,
      y + h * (time === 'day' ? 0.24 : 0.6),
      w * 0.1,
      time === 'dusk' ? '#ff9a5c' : '#fff0b0',
    );
  if (weather === 'rain' || weather === 'storm') {
    let d = '';
    for (let i = 0; i < 14; i++)
      d += `M${n(x + w * random())} ${n(y + h * random() * 0.85)}l${n(-w * 0.03)} ${n(h * 0.1)}`;
    out += stroke(d, '#e6f1fa', w * 0.012, see(0.7));
  }
  if (weather === 'snow')
    for (let i = 0; i < 14; i++) out += disc(x + w * random(), y + h * random(), w * 0.02, '#ffffff');
  return (
    out +
    rect(x + w * 0.48, y, w * 0.04, h, frame) +
    rect(x, y + h * 0.48, w, w * 0.04, frame) +
    rect(x - w * 0.1, y + h + w * 0.05, w * 1.2, w * 0.07, lit('#ffffff'), w * 0.02, see(0.5))
  );
}

/** Wall and floor of a room. */
function room(
  easel: Easel,
  horizon: number,
  wall: string,
  floor: string,
  floorKind: 'boards' | 'tiles' | 'stone' | 'plain',
): string {
  const { w, h, lit } = easel;
  const y = h * horizon;
  let out = rect(
    0,
    0,
    w,
    y,
    fall(easel, [
      [0, lit(mix(wall, '#000000', 0.06))],
      [1, lit(mix(wall, '#ffffff', 0.14))],
    ]),
  );
  out += rect(
    0,
    y,
    w,
    h - y,
    fall(easel, [
      [0, lit(mix(floor, '#000000', 0.1))],
      [1, lit(mix(floor, '#ffffff', 0.08))],
    ]),
  );
  if (floorKind === 'boards') {
    let d = '';
    for (let i = 1; i < 5; i++) d += `M0 ${n(y + ((h - y) * i * i) / 25 + (h - y) * 0.06 * i)}H${n(w)}`;
    for (let i = 0; i < 14; i++)
      d += `M${n((w * (i + 0.5)) / 14)} ${n(y)}L${n(w / 2 + ((w * (i + 0.5)) / 14 - w / 2) * 1.5)} ${n(h)}`;
    out += stroke(d, lit(mix(floor, '#000000', 0.22)), h * 0.002, see(0.5));
  } else if (floorKind !== 'plain') {
    let d = '';
    for (let i = 1; i < 6; i++) d += `M0 ${n(y + ((h - y) * i * (i + 2)) / 42)}H${n(w)}`;
    for (let i = -6; i <= 20; i++)
      d += `M${n((w * i) / 14)} ${n(y)}L${n(w / 2 + ((w * i) / 14 - w / 2) * 2.2)} ${n(h)}`;
    out += stroke(
      d,
      lit(mix(floor, floorKind === 'tiles' ? '#ffffff' : '#000000', 0.35)),
      h * 0.003,
      see(0.6),
    );
  }
  return out + rect(0, y - h * 0.012, w, h * 0.018, lit(mix(wall, '#5b4030', 0.45)));
}

function picture(easel: Easel, x: number, y: number, w: number, h: number, a: string, b: string): string {
  const { lit } = easel;
  return (
    rect(x, y, w, h, lit('#a97b4f'), w * 0.03) +
    rect(x + w * 0.08, y + w * 0.08, w * 0.84, h - w * 0.16, lit(a)) +
    shape(
      `M${n(x + w * 0.08)} ${n(y + h - w * 0.08)}l${n(w * 0.3)} ${n(-h * 0.36)}l${n(w * 0.2)} ${n(h * 0.2)}l${n(w * 0.14)} ${n(-h * 0.12)}l${n(w * 0.2)} ${n(h * 0.28)}z`,
      lit(b),
    )
  );
}

function shelves(
  easel: Easel,
  x: number,
  y: number,
  w: number,
  h: number,
  rows: number,
  wood: string,
): string {
  const { lit, random } = easel;
  const colours = [
    '#c8524a',
    '#4f86b8',
    '#e0b04a',
    '#5a9a6a',
    '#8a6aa8',
    '#d9834a',
    '#6aa8b0',
    '#b8a88a',
  ].map(lit);
  let out = rect(x, y, w, h, lit(wood), w * 0.01);
  const tall = h / rows;
  for (let row = 0; row < rows; row++) {
    out += rect(
      x + w * 0.03,
      y + row * tall + tall * 0.1,
      w * 0.94,
      tall * 0.84,
      lit(mix(wood, '#000000', 0.45)),
    );
    let at = x + w * 0.04;
    while (at < x + w * 0.93) {
      const wide = tall * (0.12 + random() * 0.13);
      const high = tall * (0.55 + random() * 0.25);
      if (at + wide > x + w * 0.96) break;
      if (random() > 0.08)
        out += rect(
          at,
          y + (row + 0.94) * tall - high,
          wide,
          high,
          colours[Math.floor(random() * colours.length)] ?? '#c8524a',
        );
      at += wide + tall * 0.012;
    }
  }
  return out;
}

function curtain(easel: Easel, x: number, w: number, h: number, colour: string): string {
  const { lit } = easel;
  let out = '';
  const folds = 5;
  for (let i = 0; i < folds; i++)
    out += rect(
      x + (w * i) / folds,
      0,
      w / folds + 1,
      h,
      lit(mix(colour, i % 2 === 0 ? '#000000' : '#ffffff', 0.1)),
    );
  return out;
}

function fence(easel: Easel, y: number, tall: number, colour: string): string {
  const { w, lit } = easel;
  let out =
    rect(0, y - tall * 0.75, w, tall * 0.12, lit(mix(colour, '#000000', 0.1))) +
    rect(0, y - tall * 0.4, w, tall * 0.12, lit(mix(colour, '#000000', 0.1)));
  let d = '';
  const step = tall * 0.5;
  for (let x = step * 0.3; x < w; x += step)
    d += `M${n(x)} ${n(y)}v${n(-tall * 0.9)}l${n(step * 0.2)} ${n(-tall * 0.12)}l${n(step * 0.2)} ${n(tall * 0.12)}v${n(tall * 0.9)}z`;
  out += shape(d, lit(colour));
  return out;
}

function crowdDots(easel: Easel, y: number, tall: number, rows: number): string {
  const { w, random, lit } = easel;
  const colours = ['#e2574c', '#f4c24a', '#4f9ad0', '#f4f0e6', '#5ab080', '#b080c8', '#f0a070'].map(lit);
  let out = '';
  for (let row = 0; row < rows; row++) {
    const cy = y + (tall * (row + 0.5)) / rows;
    const r = tall / rows / 2.6;
    for (let x = r * (1 + (row % 2)); x < w; x += r * 3.1) {
      if (random() < 0.12) continue;
      out += disc(x, cy, r, colours[Math.floor(random() * colours.length)] ?? '#ffffff');
    }
  }
  return out;
}

type Painter = (easel: Easel) => string;

const indoorLight = (easel: Easel): string =>
  easel.time === 'night' || easel.time === 'dusk'
    ? oval(easel.w * 0.5, easel.h * 0.1, easel.w * 0.55, easel.h * 0.75, glow(easel, '#ffd890', 0.4))
    : '';

const painters: Record<string, Painter> = {
  forest: (e) =>
    sky(e, 0.6, { clouds: 2 }) +
    treeRow(e, e.h * 0.6, e.h * 0.34, 14, 'both', '#9cc4a4') +
    hills(e, e.h * 0.58, e.h * 0.01, 4, '#9ec98c') +
    treeRow(e, e.h * 0.64, e.h * 0.46, 10, 'both', '#6aa866') +
    ground(e, e.h * 0.63, '#8cc070', '#5e9a4e', e.h * 0.012) +
    treeRow(e, e.h * 0.68, e.h * 0.62, 2, 'both', '#4f9450', -0.02, 0.16) +
    treeRow(e, e.h * 0.68, e.h * 0.62, 2, 'both', '#4f9450', 0.84, 1.02) +
    tufts(e, 0.68, 0.97, 26, '#4a8a42') +
    stones(e, 0.7, 0.96, 4, '#a9aaa0') +
    flowers(e, 0.72, 0.97, 8, ['#ffffff', '#f7d65a', '#f3a6c0']),
  beach: (e) =>
    sky(e, 0.44) +
    water(e, e.h * 0.44, e.h * 0.7, '#3f9fd0', '#6fd0dc') +
    shape(`${ridge(e, e.h * 0.665, e.h * 0.012, 5)}V${n(e.h)}H0Z`, e.lit('#f2fbfb'), see(0.85)) +
    ground(e, e.h * 0.685, '#f3dfae', '#e2bf83', e.h * 0.01) +
    tufts(e, 0.76, 0.97, 6, '#c9a56a') +
    stones(e, 0.74, 0.97, 7, '#e8d8c8') +
    palm(e, e.w * (e.random() < 0.5 ? 0.05 : 0.95), e.h * 0.76, e.h * 0.56),
  sea: (e) => sky(e, 0.42, { clouds: 4 }) + water(e, e.h * 0.42, e.h, '#3d94cb', '#1f659f'),
  underwater: (e) => {
    const { w, h, random, lit, time } = e;
    let out = rect(
      0,
      0,
      w,
      h,
      fall(e, [
        [0, lit('#67cdea')],
        [0.5, lit('#2f92c8')],
        [1, lit('#155487')],
      ]),
    );
    for (let i = 0; i < 5; i++) {
      const x = w * (0.08 + i * 0.2 + random() * 0.06);
      out += shape(
        `M${n(x)} 0h${n(w * 0.05)}l${n(w * 0.1)} ${n(h * 0.85)}h${n(-w * 0.14)}z`,
        '#e8fbff',
        see(time === 'night' ? 0.05 : 0.13),
      );
    }
    out += hills(e, h * 0.78, h * 0.05, 5, '#2f7fae') + ground(e, h * 0.85, '#e3cf9a', '#cdb37a', h * 0.015);
    for (let i = 0; i < 9; i++) {
      const x = w * ((i + random()) / 9);
      const tall = h * (0.1 + random() * 0.16);
      const sway = h * 0.02;
      out += stroke(
        `M${n(x)} ${n(h * 0.9)}q${n(sway)} ${n(-tall * 0.3)} 0 ${n(-tall * 0.5)}t0 ${n(-tall * 0.5)}`,
        lit(['#3fa06a', '#58b87a', '#2f8a6a'][i % 3] ?? '#3fa06a'),
        h * 0.014,
      );
    }
    const corals = ['#f08a8a', '#f2b05a', '#c88ae0'];
    for (let i = 0; i < 4; i++) {
      const x = w * (0.06 + random() * 0.88);
      const s = h * 0.05;
      const colour = lit(corals[i % 3] ?? '#f08a8a');
      out += stroke(
        `M${n(x)} ${n(h * 0.9)}v${n(-s)}M${n(x)} ${n(h * 0.9 - s * 0.4)}q${n(-s * 0.5)} ${n(-s * 0.1)} ${n(-s * 0.5)} ${n(-s * 0.7)}M${n(x)} ${n(h * 0.9 - s * 0.5)}q${n(s * 0.5)} ${n(-s * 0.1)} ${n(s * 0.5)} ${n(-s * 0.7)}`,
        colour,
        s * 0.26,
      );
    }
    for (let i = 0; i < 18; i++)
      out += disc(w * random(), h * random() * 0.8, h * (0.004 + random() * 0.009), '#ffffff', see(0.4));
    return out + stones(e, 0.88, 0.97, 6, '#8fa0a8');
  },
  mountains: (e) =>
    sky(e, 0.62) +
    peaks(e, e.h * 0.6, e.h * 0.46, 4, '#8f9cb8', '#f7fbff') +
    peaks(e, e.h * 0.64, e.h * 0.3, 3, '#74849f', '#f0f6fb') +
    hills(e, e.h * 0.6, e.h * 0.03, 4, '#86b487') +
    treeRow(e, e.h * 0.66, e.h * 0.14, 16, 'pine', '#4f8a68') +
    ground(e, e.h * 0.67, '#9bc886', '#6ea562', e.h * 0.02) +
    stones(e, 0.72, 0.97, 8, '#a5a9ad') +
    tufts(e, 0.72, 0.97, 18, '#5a9450') +
    flowers(e, 0.74, 0.97, 8, ['#ffffff', '#c9a6f0', '#f7d65a']),
  desert: (e) => {
    const { h } = e;
    return (
      sky(e, 0.58, { clouds: 1 }) +
      hills(e, h * 0.55, h * 0.04, 4, '#e9c48b', '#e0b274') +
      hills(e, h * 0.6, h * 0.05, 3, '#f0d09a', '#deb070') +
      ground(e, h * 0.68, '#f2d8a4', '#d9ac6a', h * 0.02) +
      stroke(ridge(e, h * 0.76, h * 0.012, 4), e.lit('#d8ae6e'), h * 0.005, see(0.6)) +
      stroke(ridge(e, h * 0.88, h * 0.012, 3), e.lit('#c89a58'), h * 0.006, see(0.6)) +
      cactus(e, e.w * 0.1, h * 0.68, h * 0.16) +
      cactus(e, e.w * 0.9, h * 0.65, h * 0.11) +
      stones(e, 0.7, 0.96, 6, '#cfa877')
    );
  },
  savanna: (e) =>
    sky(e, 0.6, { clouds: 2 }) +
    hills(e, e.h * 0.57, e.h * 0.02, 3, '#c9bd7e') +
    acacia(e, e.w * 0.14, e.h * 0.64, e.h * 0.34) +
    acacia(e, e.w * 0.86, e.h * 0.62, e.h * 0.26) +
    acacia(e, e.w * 0.62, e.h * 0.6, e.h * 0.13) +
    ground(e, e.h * 0.62, '#e3cd83', '#c9a95c', e.h * 0.01) +
    tufts(e, 0.65, 0.97, 44, '#a88c44') +
    stones(e, 0.7, 0.96, 4, '#b8a888'),
  city: (e) =>
    sky(e, 0.66) +
    skyline(e, e.h * 0.68, e.h * 0.22, e.h * 0.52, ['#b9c6d6', '#c7d0dc', '#aebccd'], 11) +
    skyline(e, e.h * 0.7, e.h * 0.16, e.h * 0.42, ['#8fa3ba', '#c08f7d', '#7f95ad', '#d0b08a'], 8) +
    ground(e, e.h * 0.69, '#b9bec4', '#8c939b') +
    rect(0, e.h * 0.69, e.w, e.h * 0.03, e.lit('#d3d6d8')) +
    rect(0, e.h * 0.84, e.w, e.h * 0.16, e.lit('#6f7782')) +
    dashes(e, e.h * 0.92) +
    treeRow(e, e.h * 0.71, e.h * 0.15, 5, 'round', '#6fb060') +
    lamp(e, e.w * 0.06, e.h * 0.72, e.h * 0.3) +
    lamp(e, e.w * 0.94, e.h * 0.72, e.h * 0.3),
  street: (e) => {
    const { w, h } = e;
    let out = sky(e, 0.5);
    const fronts = [
      ['#d98f6f', '#c8524a'],
      ['#e8c98a', '#4f86b8'],
      ['#9fb8a0', '#d9834a'],
      ['#c9a0a8', '#5a9a6a'],
      ['#a9b8c8', '#b85a7a'],
    ] as const;
    for (let i = 0; i < 5; i++) {
      const [wall, awning] = fronts[(i + Math.floor(e.random() * 5)) % 5] ?? fronts[0];
      out += shopFront(e, (w * i) / 5, h * 0.68, w / 5, h * (0.46 + e.random() * 0.14), wall, awning);
    }
    return (
      out +
      ground(e, h * 0.68, '#c9c4bb', '#b3aea5') +
      rect(0, h * 0.755, w, h * 0.012, e.lit('#9a958c')) +
      rect(0, h * 0.767, w, h * 0.24, e.lit('#757c86')) +
      dashes(e, h * 0.88) +
      lamp(e, w * 0.2, h * 0.74, h * 0.36) +
      lamp(e, w * 0.8, h * 0.74, h * 0.36)
    );
  },
  village: (e) =>
    sky(e, 0.6) +
    hills(e, e.h * 0.54, e.h * 0.04, 4, '#a9d08f') +
    treeRow(e, e.h * 0.62, e.h * 0.16, 12, 'round', '#6fae5e') +
    hills(e, e.h * 0.61, e.h * 0.015, 4, '#94c47a') +
    house(e, e.w * 0.12, e.h * 0.67, e.h * 0.24, '#f0dcc0', '#c8624f') +
    house(e, e.w * 0.33, e.h * 0.645, e.h * 0.19, '#f4ead8', '#8a6a8a') +
    house(e, e.w * 0.68, e.h * 0.645, e.h * 0.2, '#e8d0b8', '#5f7fa0') +
    house(e, e.w * 0.89, e.h * 0.67, e.h * 0.25, '#f5e3c6', '#b5724a') +
    ground(e, e.h * 0.665, '#9ccb7c', '#78b060', e.h * 0.008) +
    path(e, 0.66, '#e3cfa6') +
    tufts(e, 0.7, 0.97, 20, '#5f9a4c') +
    flowers(e, 0.72, 0.97, 12, ['#ffffff', '#f7d65a', '#f08a8a']),
  farm: (e) => {
    const { w, h, lit } = e;
    let rows = '';
    for (let i = 0; i < 9; i++)
      rows += `M${n(w * (0.5 + i * 0.03))} ${n(h * 0.585)}L${n(w * (0.42 + i * 0.075))} ${n(h * 0.68)}`;
    const left = e.random() < 0.5;
    const bx = w * (left ? 0.16 : 0.84);
    return (
      sky(e, 0.58) +
      hills(e, h * 0.52, h * 0.03, 4, '#b2d58f') +
      treeRow(e, h * 0.57, h * 0.13, 8, 'round', '#74b060') +
      hills(e, h * 0.575, h * 0.01, 3, '#d9c978', '#c3b05c') +
      stroke(rows, lit('#b89a4c'), h * 0.004, see(0.7)) +
      barn(e, bx, h * 0.665, h * 0.34) +
      ground(e, h * 0.655, '#a2cf7c', '#78b25c', h * 0.006) +
      fence(e, h * 0.7, h * 0.07, '#f3e8d6') +
      tufts(e, 0.72, 0.97, 26, '#5f9f4a') +
      flowers(e, 0.74, 0.97, 8, ['#ffffff', '#f7d65a'])
    );
  },
  meadow: (e) =>
    sky(e, 0.6) +
    hills(e, e.h * 0.52, e.h * 0.05, 4, '#bcdcb0', '#a9d09a') +
    hills(e, e.h * 0.57, e.h * 0.035, 4, '#a5d08a') +
    treeRow(e, e.h * 0.6, e.h * 0.12, 5, 'round', '#6fae5e') +
    ground(e, e.h * 0.61, '#9fd07a', '#6fb256', e.h * 0.018) +
    tufts(e, 0.65, 0.97, 40, '#579a46') +
    flowers(e, 0.66, 0.97, 34, ['#ffffff', '#f7d65a', '#f08aa8', '#b79af0']),
  garden: (e) =>
    sky(e, 0.58) +
    treeRow(e, e.h * 0.6, e.h * 0.3, 7, 'round', '#6aa95c') +
    hedge(e, e.h * 0.63, e.h * 0.12) +
    fence(e, e.h * 0.66, e.h * 0.13, '#fdf6ea') +
    ground(e, e.h * 0.65, '#9fd082', '#74b65e') +
    path(e, 0.65, '#e6d6b8') +
    flowers(e, 0.66, 0.71, 50, ['#f08a8a', '#f7d65a', '#ffffff', '#b79af0', '#f3a6c0']) +
    tufts(e, 0.72, 0.97, 16, '#5f9f4a') +
    flowers(e, 0.74, 0.98, 20, ['#f08a8a', '#f7d65a', '#ffffff', '#b79af0']),
  park: (e) =>
    sky(e, 0.58) +
    skyline(e, e.h * 0.56, e.h * 0.06, e.h * 0.2, ['#c9d4df', '#bccad8'], 13) +
    treeRow(e, e.h * 0.58, e.h * 0.2, 11, 'round', '#77b566') +
    ground(e, e.h * 0.575, '#a8d68a', '#76b85e', e.h * 0.01) +
    treeRow(e, e.h * 0.66, e.h * 0.46, 1, 'round', '#5fa452', 0, 0.12) +
    treeRow(e, e.h * 0.65, e.h * 0.42, 1, 'round', '#5fa452', 0.88, 1) +
    path(e, 0.6, '#e9dab9') +
    tufts(e, 0.64, 0.97, 24, '#5f9f4a') +
    flowers(e, 0.66, 0.97, 12, ['#ffffff', '#f7d65a', '#f3a6c0']),
  river: (e) =>
    sky(e, 0.52) +
    hills(e, e.h * 0.47, e.h * 0.03, 4, '#b4d8a4') +
    treeRow(e, e.h * 0.55, e.h * 0.24, 13, 'both', '#6aa866') +
    ground(e, e.h * 0.54, '#a2d084', '#86bd6a', e.h * 0.008) +
    water(e, e.h * 0.6, e.h * 0.83, '#7ccbe4', '#3f9ecb') +
    ground(e, e.h * 0.81, '#95cb76', '#6cae56', e.h * 0.012) +
    stones(e, 0.8, 0.86, 8, '#b0b3b0') +
    tufts(e, 0.84, 0.98, 24, '#54933f') +
    flowers(e, 0.85, 0.98, 9, ['#ffffff', '#f7d65a', '#b79af0']),
  lake: (e) =>
    sky(e, 0.48) +
    peaks(e, e.h * 0.48, e.h * 0.26, 4, '#a5b3c9', '#f7fbff') +
    treeRow(e, e.h * 0.49, e.h * 0.12, 20, 'pine', '#5f9a72') +
    water(e, e.h * 0.485, e.h * 0.86, '#9fd6ea', '#4a9fcc') +
    ground(e, e.h * 0.84, '#98cb78', '#6cae56', e.h * 0.012) +
    reeds(e, e.h * 0.86) +
    stones(e, 0.83, 0.88, 6, '#b0b3b0') +
    tufts(e, 0.87, 0.98, 18, '#54933f'),
  jungle: (e) => {
    const { w, h, random, lit } = e;
    let out =
      sky(e, 0.6, { clouds: 1 }) +
      treeRow(e, h * 0.62, h * 0.5, 9, 'round', '#5ba578') +
      treeRow(e, h * 0.66, h * 0.6, 6, 'palm') +
      ground(e, h * 0.66, '#6fb264', '#437f45', h * 0.015);
    for (let i = 0; i < 7; i++) {
      const x = w * random();
      const drop = h * (0.1 + random() * 0.22);
      out += stroke(
        `M${n(x)} 0q${n(w * 0.03)} ${n(drop)} ${n(w * 0.06)} ${n(drop * 0.2)}`,
        lit('#3f7f47'),
        h * 0.009,
      );
    }
    for (const side of [0, 1]) {
      for (let i = 0; i < 6; i++) {
        const x = side * w;
        const y = h * (0.35 + i * 0.12);
        const reach = (side === 0 ? 1 : -1) * w * (0.1 + random() * 0.06);
        out += shape(
          `M${n(x)} ${n(y)}q${n(reach * 0.5)} ${n(-h * 0.12)} ${n(reach)} ${n(h * 0.02)}q${n(-reach * 0.5)} ${n(h * 0.1)} ${n(-reach)} ${n(-h * 0.02)}`,
          lit(['#2f7a48', '#3f8f50', '#57a55a'][i % 3] ?? '#2f7a48'),
        );
      }
    }
    return (
      out + tufts(e, 0.72, 0.97, 30, '#2f6b3a') + flowers(e, 0.74, 0.97, 8, ['#f2617a', '#f7a83e', '#ffffff'])
    );
  },
  snow: (e) =>
    sky(e, 0.58, { clouds: 2 }) +
    peaks(e, e.h * 0.58, e.h * 0.3, 4, '#a9bfd6', '#ffffff') +
    hills(e, e.h * 0.56, e.h * 0.03, 4, '#e3eef7', '#d3e3f0') +
    snowyPines(e) +
    ground(e, e.h * 0.62, '#f6fafd', '#d8e6f2', e.h * 0.02) +
    stroke(ridge(e, e.h * 0.78, e.h * 0.012, 4), e.lit('#c9dbea'), e.h * 0.005, see(0.7)) +
    stroke(ridge(e, e.h * 0.9, e.h * 0.012, 3), e.lit('#bcd2e4'), e.h * 0.006, see(0.7)),
  cave: (e) => {
    const { w, h, random, lit } = e;
    const rock = (hex: string): string => light(hex, [0.92, 0.92, 0.95]);
    const wall = fall(e, [
      [0, rock('#4b4656')],
      [1, rock('#6b6374')],
    ]);
    const [top, , bottom] = skyColours(e.time, e.weather);
    const mouthX = w * (random() < 0.5 ? 0.26 : 0.74);
    const mouth = fall(e, [
      [0, top],
      [1, bottom],
    ]);
    let out = rect(0, 0, w, h, wall);
    out += shape(
      `M${n(mouthX - w * 0.15)} ${n(h * 0.72)}q${n(-w * 0.02)} ${n(-h * 0.44)} ${n(w * 0.14)} ${n(-h * 0.46)}q${n(w * 0.18)} 0 ${n(w * 0.16)} ${n(h * 0.46)}z`,
      mouth,
    );
    out += shape(
      `M${n(mouthX - w * 0.15)} ${n(h * 0.72)}q${n(w * 0.08)} ${n(-h * 0.08)} ${n(w * 0.16)} ${n(-h * 0.03)}t${n(w * 0.14)} 0v${n(h * 0.04)}z`,
      lit('#86b978'),
    );
    out += disc(mouthX, h * 0.5, h * 0.5, glow(e, '#fff2d0', e.time === 'night' ? 0.12 : 0.3));
    const fang = (x: number, y: number, length: number, wide: number): string =>
      shape(
        `M${n(x - wide)} ${n(y)}Q${n(x - wide * 0.2)} ${n(y + length * 0.4)} ${n(x)} ${n(y + length)}Q${n(x + wide * 0.2)} ${n(y + length * 0.4)} ${n(x + wide)} ${n(y)}Z`,
        rock('#3a3645'),
      );
    out += shape(`${ridge(e, h * 0.07, h * 0.03, 7)}V0H0Z`, rock('#3a3645'));
    for (let i = 0; i < 12; i++)
      out += fang((w * (i + random())) / 12, h * 0.04, h * (0.08 + random() * 0.16), w * 0.018);
    const floor = fall(e, [
      [0, rock('#7b7284')],
      [1, rock('#564f60')],
    ]);
    out += shape(`${ridge(e, h * 0.72, h * 0.012, 6)}V${n(h)}H0Z`, floor);
    for (const [x, size] of [
      [0.05, 0.2],
      [0.95, 0.26],
      [0.5, 0.07],
    ] as const)
      out += shape(
        `M${n(w * x - h * size * 0.3)} ${n(h * 0.76)}Q${n(w * x - h * 0.01)} ${n(h * (0.76 - size * 0.5))} ${n(w * x)} ${n(h * (0.76 - size))}Q${n(w * x + h * 0.01)} ${n(h * (0.76 - size * 0.5))} ${n(w * x + h * size * 0.3)} ${n(h * 0.76)}Z`,
        rock('#5f5868'),
      );
    const gems = ['#7ad6e8', '#c89af0', '#8ae0b0'];
    for (let i = 0; i < 7; i++) {
      const x = w * random();
      const s = h * 0.02;
      const y = h * (0.74 + random() * 0.04);
      out += shape(
        `M${n(x - s * 0.5)} ${n(y)}l${n(s * 0.2)} ${n(-s * 1.4)}l${n(s * 0.3)} ${n(-s * 0.4)}l${n(s * 0.3)} ${n(s * 0.4)}l${n(s * 0.2)} ${n(s * 1.4)}z`,
        gems[i % 3] ?? '#7ad6e8',
        see(0.85),
      );
    }
    for (let i = 0; i < 8; i++)
      out += oval(w * random(), h * (0.78 + random() * 0.19), h * 0.025, h * 0.01, rock('#4b4556'));
    return out;
  },
  'throne-room': (e) => {
    const { w, h, lit } = e;
    let out = room(e, 0.7, '#b9a6a0', '#8f7f86', 'stone');
    for (const x of [0.2, 0.42, 0.66, 0.88]) {
      out += shape(
        `M${n(w * x - h * 0.06)} ${n(h * 0.5)}v${n(-h * 0.22)}q${n(h * 0.06)} ${n(-h * 0.12)} ${n(h * 0.12)} 0v${n(h * 0.22)}z`,
        fall(
          e,
          skyColours(e.time, e.weather).map((c, i) => [i / 2, c] as const),
        ),
      );
      out += stroke(
        `M${n(w * x)} ${n(h * 0.22)}v${n(h * 0.28)}M${n(w * x - h * 0.06)} ${n(h * 0.38)}h${n(h * 0.12)}`,
        lit('#8a7a78'),
        h * 0.008,
      );
    }
    for (const x of [0.08, 0.31, 0.54, 0.77, 1]) {
      out +=
        rect(w * x - h * 0.035, 0, h * 0.07, h * 0.7, lit('#d6c7bd')) +
        rect(w * x - h * 0.035, 0, h * 0.025, h * 0.7, lit('#e8dcd2')) +
        rect(w * x - h * 0.05, h * 0.66, h * 0.1, h * 0.045, lit('#bfaea6'));
      out +=
        shape(
          `M${n(w * x - h * 0.03)} ${n(h * 0.08)}h${n(h * 0.06)}v${n(h * 0.26)}l${n(-h * 0.03)} ${n(-h * 0.03)}l${n(-h * 0.03)} ${n(h * 0.03)}z`,
          lit('#b0354f'),
        ) + disc(w * x, h * 0.18, h * 0.016, lit('#f2c44a'));
    }
    out +=
      shape(
        `M${n(w * 0.44)} ${n(h * 0.7)}h${n(w * 0.12)}L${n(w * 0.68)} ${n(h)}H${n(w * 0.32)}Z`,
        lit('#b0354f'),
      ) +
      stroke(
        `M${n(w * 0.445)} ${n(h * 0.7)}L${n(w * 0.33)} ${n(h)}M${n(w * 0.555)} ${n(h * 0.7)}L${n(w * 0.67)} ${n(h)}`,
        lit('#f2c44a'),
        h * 0.008,
      );
    return out + indoorLight(e);
  },
  bedroom: (e) => {
    const { w, h, lit } = e;
    const walls = ['#b8cfe0', '#d9c3d6', '#c6dcc2', '#e8d3b8'];
    const wall = walls[Math.floor(e.random() * walls.length)] ?? '#b8cfe0';
    let out = room(e, 0.7, wall, '#c29a70', 'boards');
    out += windowPane(e, w * 0.42, h * 0.14, h * 0.26, h * 0.3, lit('#fdf8ee'));
    out +=
      shape(
        `M${n(w * 0.42 - h * 0.07)} ${n(h * 0.1)}h${n(h * 0.1)}q0 ${n(h * 0.2)} ${n(-h * 0.08)} ${n(h * 0.4)}h${n(-h * 0.04)}z`,
        lit('#f2a6a0'),
      ) +
      shape(
        `M${n(w * 0.42 + h * 0.33)} ${n(h * 0.1)}h${n(-h * 0.1)}q0 ${n(h * 0.2)} ${n(h * 0.08)} ${n(h * 0.4)}h${n(h * 0.04)}z`,
        lit('#f2a6a0'),
      ) +
      rect(w * 0.42 - h * 0.09, h * 0.09, h * 0.44, h * 0.016, lit('#a97b4f'));
    // The bed stands to one side, its head at the edge of the picture.
    if (!e.shown.has('bed'))
      out +=
        rect(-w * 0.02, h * 0.44, w * 0.05, h * 0.36, lit('#8f6444'), h * 0.02) +
        rect(0, h * 0.62, w * 0.29, h * 0.16, lit('#f4ece0'), h * 0.02) +
        rect(w * 0.1, h * 0.6, w * 0.2, h * 0.19, lit('#7f9ccf'), h * 0.03) +
        rect(w * 0.1, h * 0.6, w * 0.04, h * 0.19, lit('#a9bfe4'), h * 0.02) +
        oval(w * 0.06, h * 0.62, w * 0.045, h * 0.04, lit('#ffffff')) +
        rect(w * 0.27, h * 0.52, w * 0.025, h * 0.28, lit('#8f6444'), h * 0.015);
    out +=
      rect(w * 0.83, h * 0.36, w * 0.15, h * 0.35, lit('#a97a54'), h * 0.01) +
      stroke(`M${n(w * 0.905)} ${n(h * 0.37)}v${n(h * 0.33)}`, lit('#7f5638'), h * 0.005) +
      disc(w * 0.895, h * 0.53, h * 0.008, lit('#f2c44a')) +
      disc(w * 0.915, h * 0.53, h * 0.008, lit('#f2c44a'));
    out +=
      picture(e, w * 0.68, h * 0.2, h * 0.16, h * 0.13, '#f4e3c0', '#7fae9a') +
      oval(w * 0.55, h * 0.88, w * 0.24, h * 0.07, lit('#e7b7a8')) +
      oval(w * 0.55, h * 0.88, w * 0.19, h * 0.052, lit('#f1cfc2'));
    return out + indoorLight(e);
  },
  kitchen: (e) => {
    const { w, h, lit } = e;
    let out = room(e, 0.72, '#f0e0bf', '#c9b9a4', 'tiles');
    out += windowPane(e, w * 0.46, h * 0.14, h * 0.24, h * 0.22, lit('#ffffff'));
    for (const x of [0.04, 0.2, 0.66, 0.82])
      out +=
        rect(w * x, h * 0.06, w * 0.145, h * 0.22, lit('#7fb0a4'), h * 0.01) +
        rect(w * x + w * 0.012, h * 0.08, w * 0.121, h * 0.18, lit('#93c2b6'), h * 0.008) +
        disc(w * (x + 0.125), h * 0.24, h * 0.008, lit('#f2d28a'));
    let tiles = '';
    for (let i = 0; i < 24; i++) tiles += `M${n((w * i) / 24)} ${n(h * 0.4)}v${n(h * 0.07)}`;
    out +=
      rect(0, h * 0.4, w, h * 0.07, lit('#e9f1ef')) +
      stroke(`${tiles}M0 ${n(h * 0.435)}H${n(w)}`, lit('#c3d6d0'), h * 0.002);
    out += rect(0, h * 0.49, w, h * 0.24, lit('#7fb0a4'));
    for (let i = 0; i < 7; i++)
      out +=
        rect(w * (0.012 + i * 0.143), h * 0.515, w * 0.12, h * 0.19, lit('#93c2b6'), h * 0.008) +
        rect(w * (0.05 + i * 0.143), h * 0.53, w * 0.045, h * 0.01, lit('#f2d28a'), h * 0.005);
    out += rect(0, h * 0.465, w, h * 0.032, lit('#d9b98c'));
    out +=
      rect(w * 0.1, h * 0.505, w * 0.13, h * 0.215, lit('#e8ecee'), h * 0.01) +
      rect(w * 0.115, h * 0.55, w * 0.1, h * 0.13, lit('#475059'), h * 0.012) +
      rect(w * 0.12, h * 0.43, w * 0.04, h * 0.036, lit('#c8524a'), h * 0.01) +
      rect(w * 0.8, h * 0.41, w * 0.05, h * 0.055, lit('#f2f2ee'), h * 0.01) +
      oval(w * 0.88, h * 0.455, w * 0.035, h * 0.014, lit('#e0a050')) +
      disc(w * 0.87, h * 0.443, h * 0.016, lit('#e2574c')) +
      disc(w * 0.89, h * 0.443, h * 0.016, lit('#8fc05a'));
    return out + indoorLight(e);
  },
  'living-room': (e) => {
    const { w, h, lit } = e;
    const walls = ['#e9d3bb', '#cfdcc9', '#d8cfe0', '#c9d8e2'];
    const sofas = ['#6f8fb8', '#b8705f', '#6fa08a', '#c79a55'];
    const at = Math.floor(e.random() * 4);
    const sofa = sofas[at] ?? '#6f8fb8';
    let out = room(e, 0.7, walls[at] ?? '#e9d3bb', '#b98d62', 'boards');
    out += windowPane(e, w * 0.07, h * 0.12, h * 0.28, h * 0.34, lit('#fdf8ee'));
    out +=
      picture(e, w * 0.45, h * 0.12, h * 0.24, h * 0.18, '#cfe6ef', '#7fae9a') +
      picture(e, w * 0.63, h * 0.16, h * 0.13, h * 0.13, '#f7dcb0', '#d98f6f');
    out += shelves(e, w * 0.84, h * 0.26, w * 0.14, h * 0.45, 4, '#9a6c48');
    if (!e.shown.has('couch-and-lamp'))
      out +=
        rect(w * 0.33, h * 0.46, w * 0.4, h * 0.2, lit(sofa), h * 0.05) +
        rect(w * 0.3, h * 0.52, w * 0.07, h * 0.2, lit(mix(sofa, '#000000', 0.14)), h * 0.03) +
        rect(w * 0.69, h * 0.52, w * 0.07, h * 0.2, lit(mix(sofa, '#000000', 0.14)), h * 0.03) +
        rect(w * 0.36, h * 0.58, w * 0.34, h * 0.1, lit(mix(sofa, '#ffffff', 0.16)), h * 0.02) +
        rect(w * 0.35, h * 0.67, w * 0.36, h * 0.05, lit(mix(sofa, '#000000', 0.2)), h * 0.01);
    out +=
      rect(w * 0.255, h * 0.36, h * 0.012, h * 0.36, lit('#6b4a34')) +
      shape(
        `M${n(w * 0.235)} ${n(h * 0.37)}h${n(w * 0.047)}l${n(-w * 0.01)} ${n(-h * 0.1)}h${n(-w * 0.027)}z`,
        e.time === 'night' || e.time === 'dusk' ? '#ffe7a0' : lit('#f3dfae'),
      );
    out +=
      oval(w * 0.5, h * 0.87, w * 0.3, h * 0.085, lit('#c9798a')) +
      oval(w * 0.5, h * 0.87, w * 0.25, h * 0.066, lit('#dca0a8'));
    return out + indoorLight(e);
  },
  classroom: (e) => {
    const { w, h, lit } = e;
    let out = room(e, 0.72, '#f1e3c4', '#c9a47a', 'boards');
    out +=
      rect(w * 0.27, h * 0.1, w * 0.46, h * 0.36, lit('#9a6c48'), h * 0.01) +
      rect(w * 0.285, h * 0.125, w * 0.43, h * 0.3, lit('#2f6650')) +
      rect(w * 0.27, h * 0.45, w * 0.46, h * 0.02, lit('#b98458'));
    out +=
      stroke(
        `M${n(w * 0.32)} ${n(h * 0.2)}h${n(w * 0.12)}M${n(w * 0.32)} ${n(h * 0.26)}h${n(w * 0.18)}M${n(w * 0.32)} ${n(h * 0.32)}h${n(w * 0.09)}`,
        '#dfeee4',
        h * 0.007,
        see(0.75),
      ) +
      stroke(
        `M${n(w * 0.6)} ${n(h * 0.34)}l${n(w * 0.035)} ${n(-h * 0.12)}l${n(w * 0.035)} ${n(h * 0.12)}z`,
        '#f4d98a',
        h * 0.007,
        see(0.85),
      );
    out += windowPane(e, w * 0.05, h * 0.12, h * 0.24, h * 0.3, lit('#ffffff'));
    out +=
      rect(w * 0.79, h * 0.12, w * 0.16, h * 0.26, lit('#e9f3f7'), h * 0.005) +
      oval(w * 0.84, h * 0.22, w * 0.03, h * 0.04, lit('#86c08a')) +
      oval(w * 0.9, h * 0.27, w * 0.028, h * 0.05, lit('#e0b060'));
    for (const x of [0.12, 0.5, 0.88])
      out +=
        rect(w * x - w * 0.09, h * 0.62, w * 0.18, h * 0.025, lit('#d8a76c'), h * 0.006) +
        rect(w * x - w * 0.08, h * 0.645, w * 0.012, h * 0.11, lit('#8a8f96')) +
        rect(w * x + w * 0.068, h * 0.645, w * 0.012, h * 0.11, lit('#8a8f96'));
    return out + indoorLight(e);
  },
  library: (e) => {
    const { w, h, lit } = e;
    let out = room(e, 0.74, '#8a6a52', '#a9774c', 'boards');
    for (const x of [0.01, 0.255, 0.62, 0.865])
      out += shelves(e, w * x, h * 0.06, w * (x > 0.8 ? 0.13 : 0.235), h * 0.68, 6, '#7a5036');
    out += windowPane(e, w * 0.51, h * 0.16, h * 0.16, h * 0.32, lit('#e8d8c0'));
    out += stroke(
      `M${n(w * 0.4)} ${n(h * 0.74)}L${n(w * 0.435)} ${n(h * 0.1)}M${n(w * 0.45)} ${n(h * 0.74)}L${n(w * 0.475)} ${n(h * 0.1)}`,
      lit('#c79a62'),
      h * 0.01,
    );
    for (let i = 0; i < 7; i++)
      out += stroke(
        `M${n(w * (0.405 + i * 0.0045))} ${n(h * (0.66 - i * 0.08))}h${n(w * 0.045)}`,
        lit('#c79a62'),
        h * 0.008,
      );
    out +=
      oval(w * 0.5, h * 0.88, w * 0.32, h * 0.085, lit('#8f3a42')) +
      oval(w * 0.5, h * 0.88, w * 0.28, h * 0.07, lit('#a8505a'));
    return out + oval(w * 0.5, h * 0.2, w * 0.5, h * 0.7, glow(e, '#ffdf9a', 0.28));
  },
  shop: (e) => {
    const { w, h, lit, random } = e;
    let out = room(e, 0.72, '#f3dfc6', '#cdb79a', 'tiles');
    const goods = ['#e2574c', '#f4b84a', '#6fb072', '#5f9ac8', '#b87ab8', '#f0936a'].map(lit);
    for (const x of [0.03, 0.37, 0.71]) {
      out += rect(w * x, h * 0.18, w * 0.26, h * 0.5, lit('#b98a5c'), h * 0.01);
      for (let row = 0; row < 3; row++) {
        out += rect(w * x + w * 0.01, h * (0.2 + row * 0.16), w * 0.24, h * 0.14, lit('#8f6640'));
        for (let i = 0; i < 8; i++) {
          const colour = goods[Math.floor(random() * goods.length)] ?? '#e2574c';
          const gx = w * x + w * (0.025 + i * 0.0295);
          const gy = h * (0.34 + row * 0.16);
          out +=
            random() < 0.5
              ? disc(gx, gy - h * 0.025, h * 0.024, colour)
              : rect(gx - w * 0.009, gy - h * 0.08, w * 0.019, h * 0.08, colour, h * 0.006);
        }
      }
    }
    const stripes = 16;
    for (let i = 0; i < stripes; i++)
      out += shape(
        `M${n((w * i) / stripes)} 0h${n(w / stripes)}v${n(h * 0.09)}q${n(-w / stripes / 2)} ${n(h * 0.05)} ${n(-w / stripes)} 0z`,
        lit(i % 2 === 0 ? '#d9574c' : '#fff6ea'),
      );
    return out + indoorLight(e);
  },
  space: (e) => {
    const { w, h, random } = e;
    let out = rect(
      0,
      0,
      w,
      h,
      fall(e, [
        [0, '#0b1030'],
        [0.6, '#1d1a4a'],
        [1, '#3a2560'],
      ]),
    );
    out +=
      oval(w * (0.2 + random() * 0.6), h * 0.4, w * 0.45, h * 0.3, glow(e, '#8a5ad0', 0.4)) +
      oval(w * (0.1 + random() * 0.8), h * 0.7, w * 0.4, h * 0.26, glow(e, '#3a8ad0', 0.35)) +
      stars(e, h, 170);
    const px = w * (random() < 0.5 ? 0.12 : 0.88);
    out +=
      disc(px, h * 0.78, h * 0.17, '#d98f6a') +
      shape(
        `M${n(px - h * 0.166)} ${n(h * 0.75)}q${n(h * 0.16)} ${n(h * 0.06)} ${n(h * 0.332)} 0l0 ${n(h * 0.05)}q${n(-h * 0.17)} ${n(h * 0.06)} ${n(-h * 0.33)} 0z`,
        '#e8b088',
        see(0.8),
      ) +
      disc(px + h * 0.06, h * 0.83, h * 0.17, '#1a1440', see(0.25));
    return (
      out +
      disc(w - px, h * 0.2, h * 0.055, '#9fb8e0') +
      disc(w - px - h * 0.015, h * 0.19, h * 0.012, '#7f98c4') +
      disc(w - px + h * 0.02, h * 0.215, h * 0.015, '#7f98c4')
    );
  },
  moon: (e) => {
    const { w, h, random } = e;
    let out = rect(
      0,
      0,
      w,
      h,
      fall(e, [
        [0, '#090d26'],
        [1, '#232858'],
      ]),
    );
    out += stars(e, h * 0.64, 130);
    const ex = w * (random() < 0.5 ? 0.2 : 0.8);
    out +=
      disc(ex, h * 0.22, h * 0.24, glow(e, '#7ab8f0', 0.4)) +
      disc(ex, h * 0.22, h * 0.11, '#3f8fd8') +
      shape(
        `M${n(ex - h * 0.06)} ${n(h * 0.15)}q${n(h * 0.05)} ${n(-h * 0.03)} ${n(h * 0.07)} ${n(h * 0.02)}t${n(-h * 0.02)} ${n(h * 0.06)}q${n(-h * 0.06)} ${n(h * 0.01)} ${n(-h * 0.05)} ${n(-h * 0.08)}`,
        '#6fc06a',
      ) +
      oval(ex + h * 0.04, h * 0.27, h * 0.04, h * 0.02, '#6fc06a');
    const grey = (far: string, near: string): string =>
      fall(e, [
        [0, far],
        [1, near],
      ]);
    out +=
      shape(`${ridge(e, h * 0.62, h * 0.03, 6)}V${n(h)}H0Z`, grey('#8f94a8', '#7d8296')) +
      shape(`${ridge(e, h * 0.68, h * 0.015, 4)}V${n(h)}H0Z`, grey('#c3c6d2', '#9297aa'));
    for (let i = 0; i < 9; i++) {
      const x = w * random();
      const y = h * (0.73 + random() * 0.23);
      const s = h * (0.02 + random() * 0.04) * (y / h);
      out += oval(x, y, s * 2, s * 0.6, '#8a8fa2') + oval(x, y + s * 0.12, s * 1.7, s * 0.42, '#a5aabb');
    }
    return out;
  },
  sky: (e) => {
    const { w, h, random, time, weather } = e;
    let out = sky(e, 0.95, { clouds: 5 });
    const tone =
      time === 'night' ? '#5a6899' : time === 'dusk' ? '#f2b8a8' : time === 'dawn' ? '#ffeade' : '#ffffff';
    const colour =
      weather === 'storm' ? mix(tone, '#39415a', 0.7) : weather === 'rain' ? mix(tone, '#6f7d90', 0.5) : tone;
    for (let i = 0; i < 9; i++)
      out += cloud(
        e,
        (w * (i + random())) / 9,
        h * (0.9 + random() * 0.08),
        h * (0.1 + random() * 0.06),
        mix(colour, '#c9d8ea', 0.2),
        0.9,
      );
    for (let i = 0; i < 7; i++)
      out += cloud(
        e,
        (w * (i + random())) / 7,
        h * (0.97 + random() * 0.06),
        h * (0.12 + random() * 0.06),
        colour,
        0.95,
      );
    return out;
  },
  road: (e) => {
    const { w, h, lit } = e;
    return (
      sky(e, 0.58) +
      hills(e, h * 0.52, h * 0.04, 4, '#b6d9a4') +
      hills(e, h * 0.57, h * 0.02, 4, '#a0cc86') +
      treeRow(e, h * 0.6, h * 0.16, 9, 'both', '#6aa862') +
      ground(e, h * 0.6, '#a5d285', '#7ab962') +
      rect(0, h * 0.7, w, h * 0.26, lit('#7a818b')) +
      rect(0, h * 0.7, w, h * 0.012, lit('#d8dade')) +
      rect(0, h * 0.95, w, h * 0.012, lit('#d8dade')) +
      dashes(e, h * 0.825) +
      tufts(e, 0.62, 0.69, 14, '#5f9f4a')
    );
  },
  bridge: (e) => {
    const { w, h, lit } = e;
    let out =
      sky(e, 0.5) + hills(e, h * 0.46, h * 0.04, 4, '#a9cfa0') + water(e, h * 0.5, h, '#7cc4e0', '#3a8fc0');
    out += shape(
      `M0 ${n(h * 0.8)}H${n(w)}V${n(h)}H${n(w * 0.88)}Q${n(w * 0.84)} ${n(h * 0.88)} ${n(w * 0.7)} ${n(h * 0.93)}H${n(w * 0.3)}Q${n(w * 0.16)} ${n(h * 0.88)} ${n(w * 0.12)} ${n(h)}H0Z`,
      lit('#b0a595'),
    );
    out += rect(0, h * 0.78, w, h * 0.15, lit('#d0c4b0')) + rect(0, h * 0.92, w, h * 0.02, lit('#8f8474'));
    let rail = '';
    for (let i = 0; i < 28; i++) rail += `M${n((w * (i + 0.5)) / 28)} ${n(h * 0.7)}V${n(h * 0.79)}`;
    out += stroke(rail, lit('#8f7a68'), h * 0.008) + rect(0, h * 0.685, w, h * 0.018, lit('#a58d78'));
    return out + lamp(e, w * 0.08, h * 0.78, h * 0.32) + lamp(e, w * 0.92, h * 0.78, h * 0.32);
  },
  playground: (e) => {
    const { w, h, lit } = e;
    const sx = w * 0.14;
    let out =
      sky(e, 0.58) +
      treeRow(e, h * 0.59, h * 0.2, 10, 'round', '#77b566') +
      fence(e, h * 0.61, h * 0.07, '#f4e6cc') +
      ground(e, h * 0.6, '#a8d68a', '#7abb62');
    out += oval(w * 0.5, h * 0.86, w * 0.46, h * 0.12, lit('#ecd7a6'));
    out +=
      stroke(
        `M${n(sx)} ${n(h * 0.7)}V${n(h * 0.38)}M${n(sx + w * 0.06)} ${n(h * 0.7)}V${n(h * 0.38)}`,
        lit('#5f8fc8'),
        h * 0.014,
      ) +
      rect(sx - w * 0.01, h * 0.44, w * 0.08, h * 0.02, lit('#f2c44a')) +
      stroke(
        `M${n(sx + w * 0.065)} ${n(h * 0.45)}Q${n(sx + w * 0.1)} ${n(h * 0.66)} ${n(sx + w * 0.16)} ${n(h * 0.7)}`,
        lit('#e2574c'),
        h * 0.024,
      ) +
      shape(
        `M${n(sx - w * 0.015)} ${n(h * 0.39)}l${n(w * 0.045)} ${n(-h * 0.09)}l${n(w * 0.045)} ${n(h * 0.09)}z`,
        lit('#e2574c'),
      );
    const rx = w * 0.8;
    out +=
      stroke(
        `M${n(rx - w * 0.06)} ${n(h * 0.7)}L${n(rx - w * 0.03)} ${n(h * 0.36)}L${n(rx)} ${n(h * 0.7)}M${n(rx + w * 0.09)} ${n(h * 0.7)}L${n(rx + w * 0.12)} ${n(h * 0.36)}L${n(rx + w * 0.15)} ${n(h * 0.7)}M${n(rx - w * 0.03)} ${n(h * 0.36)}H${n(rx + w * 0.12)}`,
        lit('#d9694c'),
        h * 0.013,
      ) +
      stroke(
        `M${n(rx + w * 0.02)} ${n(h * 0.36)}V${n(h * 0.6)}M${n(rx + w * 0.055)} ${n(h * 0.36)}V${n(h * 0.6)}`,
        lit('#8a8f96'),
        h * 0.005,
      ) +
      rect(rx + w * 0.012, h * 0.595, w * 0.05, h * 0.014, lit('#f2c44a'), h * 0.005);
    return out + tufts(e, 0.64, 0.7, 14, '#5f9f4a');
  },
  stadium: (e) => {
    const { w, h, lit, random } = e;
    let out = sky(e, 0.3, { clouds: 2 });
    out +=
      shape(
        `M0 ${n(h * 0.2)}Q${n(w * 0.5)} ${n(h * 0.28)} ${n(w)} ${n(h * 0.2)}V${n(h * 0.57)}H0Z`,
        lit('#9aa3b4'),
      ) +
      crowdDots(e, h * 0.28, h * 0.22, 6) +
      rect(0, h * 0.5, w, h * 0.07, lit('#4f6a9a'));
    for (let i = 0; i < 8; i++)
      out += rect(
        (w * i) / 8 + w * 0.01,
        h * 0.512,
        w * 0.105,
        h * 0.045,
        lit(['#f4c24a', '#e2574c', '#ffffff', '#5ab080'][Math.floor(random() * 4)] ?? '#ffffff'),
        h * 0.006,
        see(0.85),
      );
    for (let i = 0; i < 8; i++)
      out += shape(
        `M${n(w * (0.5 + (i - 4) * 0.16))} ${n(h * 0.57)}h${n(w * 0.16)}L${n(w * (0.5 + (i - 3) * 0.26))} ${n(h)}H${n(w * (0.5 + (i - 4) * 0.26))}Z`,
        lit(i % 2 === 0 ? '#79bf5e' : '#6bb052'),
      );
    out +=
      stroke(
        `M0 ${n(h * 0.64)}H${n(w)}M${n(w * 0.5)} ${n(h * 0.57)}V${n(h)}`,
        '#ffffff',
        h * 0.006,
        see(0.75),
      ) +
      `<ellipse cx="${n(w * 0.5)}" cy="${n(h * 0.8)}" rx="${n(w * 0.16)}" ry="${n(h * 0.07)}" fill="none" stroke="#ffffff" stroke-width="${n(h * 0.006)}" opacity="0.75"/>`;
    for (const x of [0.05, 0.95])
      out +=
        rect(w * x - h * 0.008, h * 0.06, h * 0.016, h * 0.22, lit('#5f6673')) +
        rect(
          w * x - h * 0.05,
          h * 0.04,
          h * 0.1,
          h * 0.05,
          e.time === 'night' || e.time === 'dusk' ? '#fff6d0' : lit('#dfe4ea'),
          h * 0.006,
        ) +
        (e.time === 'night' || e.time === 'dusk'
          ? disc(w * x, h * 0.07, h * 0.3, glow(e, '#fff6d0', 0.5))
          : '');
    return out;
  },
  stage: (e) => {
    const { w, h } = e;
    let out = rect(
      0,
      0,
      w,
      h,
      fall(e, [
        [0, '#2a1f3d'],
        [1, '#4a3560'],
      ]),
    );
    out += rect(
      0,
      h * 0.73,
      w,
      h * 0.27,
      fall(e, [
        [0, '#b07a4c'],
        [1, '#8a5a36'],
      ]),
    );
    let d = '';
    for (let i = 0; i < 14; i++)
      d += `M${n((w * (i + 0.5)) / 14)} ${n(h * 0.73)}L${n(w / 2 + ((w * (i + 0.5)) / 14 - w / 2) * 1.5)} ${n(h)}`;
    out += stroke(d, '#6b4426', h * 0.003, see(0.6));
    for (const [x, colour] of [
      [0.28, '#ffe9a8'],
      [0.5, '#ffd0e0'],
      [0.72, '#bfe0ff'],
    ] as const)
      out += shape(
        `M${n(w * x - h * 0.03)} 0h${n(h * 0.06)}L${n(w * (x * 0.6 + 0.2) + h * 0.26)} ${n(h * 0.86)}H${n(w * (x * 0.6 + 0.2) - h * 0.26)}Z`,
        colour,
        see(0.16),
      );
    out += oval(w * 0.5, h * 0.87, w * 0.3, h * 0.07, '#ffe9c0', see(0.3));
    const plainLight: Easel = { ...e, lit: (hex) => hex };
    out +=
      curtain(plainLight, -w * 0.01, w * 0.13, h * 0.8, '#b8283f') +
      curtain(plainLight, w * 0.88, w * 0.13, h * 0.8, '#b8283f');
    for (let i = 0; i < 9; i++)
      out += shape(
        `M${n((w * i) / 9)} 0h${n(w / 9)}v${n(h * 0.08)}q${n(-w / 18)} ${n(h * 0.07)} ${n(-w / 9)} 0z`,
        i % 2 === 0 ? '#a8203a' : '#c23350',
      );
    return out + rect(0, h * 0.96, w, h * 0.04, '#5f3a22');
  },
  plain: (e) => {
    const { w, h, random, lit } = e;
    const tints = ['#f3e3c8', '#d6e6ec', '#e0ead3', '#ecdbe4', '#dfdcf0', '#f4d9c9'];
    const tint = tints[Math.floor(random() * tints.length)] ?? '#f3e3c8';
    return (
      rect(
        0,
        0,
        w,
        h,
        fall(e, [
          [0, lit(mix(tint, '#ffffff', 0.3))],
          [1, lit(tint)],
        ]),
      ) +
      oval(w * 0.5, h * 0.42, w * 0.46, h * 0.5, glow(e, '#ffffff', 0.6)) +
      rect(
        0,
        h * 0.72,
        w,
        h * 0.28,
        fall(e, [
          [0, lit(mix(tint, '#8a6a50', 0.2))],
          [1, lit(mix(tint, '#8a6a50', 0.08))],
        ]),
      ) +
      oval(w * 0.5, h * 0.86, w * 0.36, h * 0.09, '#ffffff', see(e.time === 'night' ? 0.08 : 0.25))
    );
  },
};

function cactus(e: Easel, x: number, y: number, tall: number): string {
  const green = e.lit('#5f9a5a');
  const s = tall * 0.16;
  return (
    stroke(`M${n(x)} ${n(y)}v${n(-tall)}`, green, s) +
    stroke(
      `M${n(x)} ${n(y - tall * 0.4)}h${n(-s * 1.6)}v${n(-tall * 0.25)}M${n(x)} ${n(y - tall * 0.28)}h${n(s * 1.6)}v${n(-tall * 0.3)}`,
      green,
      s * 0.75,
    )
  );
}

function acacia(e: Easel, x: number, y: number, tall: number): string {
  const { lit } = e;
  return (
    stroke(
      `M${n(x)} ${n(y)}Q${n(x - tall * 0.02)} ${n(y - tall * 0.4)} ${n(x - tall * 0.16)} ${n(y - tall * 0.74)}M${n(x)} ${n(y - tall * 0.35)}Q${n(x + tall * 0.06)} ${n(y - tall * 0.6)} ${n(x + tall * 0.2)} ${n(y - tall * 0.76)}`,
      lit('#6f5238'),
      tall * 0.045,
    ) +
    oval(x, y - tall * 0.82, tall * 0.5, tall * 0.12, lit('#7f9a4a')) +
    oval(x - tall * 0.12, y - tall * 0.88, tall * 0.34, tall * 0.09, lit('#93ac58')) +
    oval(x + tall * 0.26, y - tall * 0.78, tall * 0.26, tall * 0.08, lit('#7f9a4a'))
  );
}

function dashes(e: Easel, y: number): string {
  let d = '';
  for (let i = 0; i < 9; i++) d += `M${n((e.w * (i + 0.2)) / 9)} ${n(y)}h${n(e.w * 0.06)}`;
  return `<path d="${d}" stroke="${e.lit('#f3ecd2')}" stroke-width="${n(e.h * 0.01)}" fill="none"/>`;
}

/** A path that winds from the horizon to the viewer. */
function path(e: Easel, from: number, colour: string): string {
  const { w, h, random, lit } = e;
  const x = w * (0.42 + random() * 0.16);
  const y = h * from;
  return shape(
    `M${n(x - w * 0.01)} ${n(y)}C${n(x + w * 0.08)} ${n(y + h * 0.08)} ${n(x - w * 0.14)} ${n(y + h * 0.14)} ${n(w * 0.34)} ${n(h)}H${n(w * 0.62)}C${n(x + w * 0.02)} ${n(y + h * 0.16)} ${n(x + w * 0.16)} ${n(y + h * 0.08)} ${n(x + w * 0.02)} ${n(y)}Z`,
    lit(colour),
    see(0.9),
  );
}

function barn(e: Easel, x: number, y: number, size: number): string {
  const { lit } = e;
  return (
    shape(
      `M${n(x - size * 0.42)} ${n(y)}v${n(-size * 0.5)}l${n(size * 0.14)} ${n(-size * 0.26)}l${n(size * 0.28)} ${n(-size * 0.14)}l${n(size * 0.28)} ${n(size * 0.14)}l${n(size * 0.14)} ${n(size * 0.26)}v${n(size * 0.5)}z`,
      lit('#c24a40'),
    ) +
    stroke(
      `M${n(x - size * 0.46)} ${n(y - size * 0.48)}l${n(size * 0.17)} ${n(-size * 0.29)}l${n(size * 0.29)} ${n(-size * 0.15)}l${n(size * 0.29)} ${n(size * 0.15)}l${n(size * 0.17)} ${n(size * 0.29)}`,
      lit('#6b3a32'),
      size * 0.05,
    ) +
    rect(x - size * 0.16, y - size * 0.36, size * 0.32, size * 0.36, lit('#8f2f2a')) +
    stroke(
      `M${n(x - size * 0.16)} ${n(y)}v${n(-size * 0.36)}h${n(size * 0.32)}v${n(size * 0.36)}M${n(x - size * 0.16)} ${n(y - size * 0.36)}l${n(size * 0.32)} ${n(size * 0.36)}M${n(x + size * 0.16)} ${n(y - size * 0.36)}l${n(-size * 0.32)} ${n(size * 0.36)}`,
      lit('#fbeede'),
      size * 0.022,
    ) +
    rect(
      x - size * 0.08,
      y - size * 0.66,
      size * 0.16,
      size * 0.14,
      e.time === 'night' ? '#ffdf8a' : lit('#5f2420'),
    )
  );
}

function hedge(e: Easel, y: number, tall: number): string {
  const { w, lit, random } = e;
  let out = rect(0, y - tall * 0.6, w, tall, lit('#4f9450'));
  for (let i = 0; i < 26; i++)
    out += disc(
      (w * (i + random() * 0.6)) / 26,
      y - tall * 0.55,
      tall * (0.28 + random() * 0.12),
      lit(i % 2 === 0 ? '#4f9450' : '#5aa058'),
    );
  return out;
}

function reeds(e: Easel, y: number): string {
  const { w, h, random, lit } = e;
  let green = '';
  let brown = '';
  for (const side of [0, 0.86]) {
    for (let i = 0; i < 9; i++) {
      const x = w * (side + random() * 0.14);
      const tall = h * (0.08 + random() * 0.1);
      green += `M${n(x)} ${n(y)}q${n(h * 0.006)} ${n(-tall * 0.5)} ${n((random() - 0.5) * h * 0.03)} ${n(-tall)}`;
      if (i % 2 === 0) brown += `M${n(x)} ${n(y - tall * 0.96)}v${n(-h * 0.03)}`;
    }
  }
  return stroke(green, lit('#6a9a4a'), h * 0.005) + stroke(brown, lit('#8a5a34'), h * 0.012);
}

function snowyPines(e: Easel): string {
  const { w, h, random, lit } = e;
  let out = '';
  for (let i = 0; i < 12; i++) {
    const x = w * ((i + random()) / 12);
    const y = h * (0.61 + random() * 0.03);
    const tall = h * (0.12 + random() * 0.12);
    out += pine(e, x, y, tall, '#6f9a92');
    for (const [at, half] of [
      [1, 0.08],
      [0.72, 0.1],
    ] as const)
      out += shape(
        `M${n(x)} ${n(y - tall * at)}l${n(tall * half)} ${n(tall * 0.16)}q${n(-tall * half)} ${n(-tall * 0.05)} ${n(-tall * half * 2)} 0z`,
        lit('#ffffff'),
        see(0.9),
      );
  }
  return out;
}

/** The background of a scene: everything behind the figures. */
export function paintPlace(place: string, easel: Easel): string {
  const painter = painters[placeNamed(place).name];
  return painter ? painter(easel) : '';
}

/** What the weather puts in front of everything. */
export function paintWeather(easel: Easel, indoor: boolean): string {
  const { w, h, random, weather, time } = easel;
  if (indoor || weather === 'clear' || weather === 'cloudy') return '';
  let out = '';
  if (weather === 'rain' || weather === 'storm') {
    let d = '';
    for (let i = 0; i < 130; i++) {
      const x = w * random() * 1.1;
      const y = h * random();
      const length = h * (0.03 + random() * 0.035);
      d += `M${n(x)} ${n(y)}l${n(-length * (weather === 'storm' ? 0.6 : 0.25))} ${n(length)}`;
    }
    out += stroke(d, time === 'night' ? '#a9bfe6' : '#e3eef7', h * 0.003, see(0.62));
  }
  if (weather === 'storm') {
    const x = w * (0.2 + random() * 0.6);
    out += shape(
      `M${n(x)} 0l${n(w * 0.03)} ${n(h * 0.16)}l${n(-w * 0.025)} ${n(-h * 0.01)}l${n(w * 0.03)} ${n(h * 0.19)}l${n(-w * 0.07)} ${n(-h * 0.21)}l${n(w * 0.03)} ${n(h * 0.01)}l${n(-w * 0.025)} ${n(-h * 0.14)}z`,
      '#fff3a8',
      see(0.9),
    );
  }
  if (weather === 'snow') {
    for (let i = 0; i < 110; i++)
      out += disc(w * random(), h * random(), h * (0.003 + random() * 0.006), '#ffffff', see(0.9));
  }
  if (weather === 'fog') {
    for (let i = 0; i < 5; i++) {
      const y = h * (0.3 + i * 0.14 + random() * 0.04);
      out += oval(w * (0.2 + random() * 0.6), y, w * 0.75, h * 0.1, glow(easel, '#f2f4f6', 0.75));
    }
    out += rect(0, 0, w, h, '#e6eaee', 0, see(0.22));
  }
  if (weather === 'wind') {
    let d = '';
    for (let i = 0; i < 7; i++) {
      const x = w * random() * 0.8;
      const y = h * (0.1 + random() * 0.6);
      const l = w * (0.1 + random() * 0.1);
      const r = h * 0.02;
      d += `M${n(x)} ${n(y)}h${n(l)}q${n(r * 1.6)} 0 ${n(r * 1.6)} ${n(-r * 1.2)}t${n(-r * 1.2)} ${n(-r)}`;
    }
    out += stroke(d, '#ffffff', h * 0.005, see(0.7));
    for (let i = 0; i < 8; i++)
      out += oval(
        w * random(),
        h * (0.15 + random() * 0.7),
        h * 0.012,
        h * 0.006,
        ['#d98f4a', '#9cc060', '#e0b050'][i % 3] ?? '#d98f4a',
        ` transform="rotate(${Math.round(random() * 90)} ${n(w / 2)} ${n(h / 2)})"`,
      );
  }
  return out;
}
