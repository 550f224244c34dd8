import { hueOf, mix, turnHue } from './colour.ts';
import { figureBody, figureInfo, type FigureInfo } from './lexicon.ts';

/**
 * Many figures of the set are heads or busts: a girl, a cook, a bear. A story needs them whole, so the painter gives
 * them bodies: a small person under a human head, legs under a bust, a seated body under an animal's head.
 */

/** A figure as drawn: its outline box and its artwork, both on the field where the set's artwork is 32 x 32. */
export interface Anatomy {
  readonly box: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly svg: string;
}

/** The part of a figure its face or head takes, as a fraction of the box's height from the top. */
export function headShare(info: FigureInfo): number {
  return info.lacks === 'head' ? 0.46 : info.lacks === 'bust' ? 0.5 : info.lacks === 'beast' ? 0.56 : 0.45;
}

const tones: Readonly<Record<string, string>> = {
  light: '#ffd7c2',
  'medium-light': '#eebfaa',
  medium: '#c68d7b',
  'medium-dark': '#966661',
  dark: '#573739',
};

/** Colours of skin, hair, eyes and lips, which a hue shift leaves alone. */
const flesh: ReadonlySet<string> = new Set(
  (
    '#f1a11e #fdbb11 #ffc83d #ed9200 #990839 #990838 #d37034 #7d4533 #000000 #000 #ffffff #fff #fcb100 #f59f00 #212121 ' +
    '#f4c6ad #ffd7c2 #e5af93 #fff9ba #e4b29a #eebfaa #d19479 #593b39 #bb806e #c68d7b #ab6a55 #2d242d #8b5c56 #966661 ' +
    '#75443e #4e3233 #573739 #3d2123 #290118 #402a32 #1c1c1c #ffb02e #ffce7c #ff822d #4a2f22'
  ).split(' '),
);

const clothes = [
  '#e2574c',
  '#4f8fd0',
  '#4fae82',
  '#f0a83c',
  '#9a72c8',
  '#e27aa0',
  '#3fa6b4',
  '#d98648',
] as const;

/** Torso, legs and skin of heads that are no ordinary people. */
const costumes: Readonly<
  Record<string, readonly [torso: string, legs: string, skin: string, trim?: string]>
> = {
  robot: ['#c9ced6', '#8d95a1', '#9aa3ae', '#46a4fb'],
  alien: ['#7fc42a', '#5f9c1c', '#86d72f'],
  skull: ['#e9ecef', '#cfd5da', '#f4f4f4', '#9aa3ad'],
  'santa-claus': ['#e2362f', '#c4271f', '#ffffff', '#ffffff'],
  'mrs-claus': ['#e2362f', '#b8251e', '#ffc83d', '#ffffff'],
  'mx-claus': ['#2f9e58', '#23814a', '#ffc83d', '#e2362f'],
  'clown-face': ['#46a4fb', '#f9c23c', '#ffffff', '#f8312f'],
  ogre: ['#7d4533', '#5f3326', '#ca0b4a'],
  goblin: ['#5f3f8a', '#3f2a66', '#f8312f'],
  'baby-angel': ['#f6fbff', '#dfeefa', '#ffc83d', '#8ed8f5'],
  'cowboy-hat-face': ['#c8524a', '#4a6fa8', '#ff822d', '#7d4533'],
};

/** Fur, belly and paws of animals known by their heads. */
const coats: Readonly<Record<string, readonly [fur: string, belly: string, paw: string]>> = {
  bear: ['#a56953', '#f3ad61', '#8c5543'],
  'polar-bear': ['#f4f4f4', '#ffffff', '#cfd2d6'],
  panda: ['#f4f4f4', '#ffffff', '#433b6b'],
  koala: ['#9b9b9b', '#d3d3d3', '#808080'],
  fox: ['#ff822d', '#ffdea7', '#6d4534'],
  wolf: ['#9b9b9b', '#d3d3d3', '#7c7c7c'],
  lion: ['#ffb02e', '#ffdea7', '#d3883e'],
  raccoon: ['#9b9b9b', '#d3d3d3', '#636363'],
  hamster: ['#f3ad61', '#ffe3bf', '#ff8687'],
  frog: ['#00d26a', '#fff478', '#00b359'],
  boar: ['#6d4534', '#8a5a46', '#4f3026'],
  moose: ['#a56953', '#c08468', '#5c2614'],
  unicorn: ['#efd5ff', '#f8ebff', '#c790f1'],
  chicken: ['#ffffff', '#f4f4f4', '#ffb02e'],
  'dog-face': ['#f3ad61', '#ffdea7', '#8c5543'],
  'cat-face': ['#ffb02e', '#ffdea7', '#f59f00'],
  'rabbit-face': ['#cdc4d6', '#ffffff', '#bda9d0'],
  'pig-face': ['#ff8687', '#ffb3b3', '#ff6869'],
  'cow-face': ['#f4f4f4', '#ffffff', '#636363'],
  'mouse-face': ['#cdc4d6', '#f4ecfa', '#ff8687'],
  'monkey-face': ['#6d4534', '#e39d89', '#5a372a'],
  'tiger-face': ['#ffb02e', '#ffefd2', '#ff822d'],
  'dragon-face': ['#00d26a', '#fff478', '#00a352'],
  'horse-face': ['#8c5543', '#a56953', '#402a32'],
};

function skinOf(icon: string): string {
  for (const [tone, colour] of Object.entries(tones)) if (icon.endsWith(`-${tone}`)) return colour;
  return '#ffc83d';
}

const children = new Set(['boy', 'girl', 'child', 'robot', 'alien', 'mx-claus', 'goblin', 'baby-angel']);
const skirts = new Set([
  'girl',
  'woman',
  'old-woman',
  'woman-curly-hair',
  'woman-red-hair',
  'woman-blonde-hair',
  'woman-white-hair',
  'mrs-claus',
  'baby-angel',
]);

/** The box a figure fills, bodies included, without drawing it. */
export function figureBox(icon: string): Anatomy['box'] {
  const info = figureInfo(icon);
  if (!info) return { x: 0, y: 0, w: 32, h: 32 };
  const { x, y, w } = info.box;
  if (info.lacks === 'head') {
    const low = info.icon === 'baby' ? 50 : children.has(info.icon) ? 60 : 69;
    return { x, y, w, h: low - y };
  }
  if (info.lacks === 'bust') return { x, y, w, h: 49 - y };
  if (info.lacks === 'beast') return { x: Math.min(x, 2), y, w: Math.max(w, 28), h: 52 - y };
  return info.box;
}

/** How far to the right the tails of seated animals reach; the rest end where their paws do. */
const tailEnds: Readonly<Record<string, number>> = {
  raccoon: 34.3,
  lion: 33.4,
  fox: 31.6,
  wolf: 31.6,
  'dog-face': 32.5,
  'cat-face': 32.4,
  'tiger-face': 32.4,
  boar: 32.5,
  moose: 32.5,
  unicorn: 32.5,
  'horse-face': 32.5,
  'dragon-face': 32.5,
};

/**
 * The box around everything a figure paints, arms, skirts and tails included. {@link figureBox}, by which figures are
 * laid out, is narrower for those the painter gives a body.
 */
export function paintedBox(icon: string): Anatomy['box'] {
  const info = figureInfo(icon);
  const box = figureBox(icon);
  if (info?.lacks === undefined) return box;
  const spread = (left: number, right: number): Anatomy['box'] => {
    const x = Math.min(box.x, left);
    return { x, y: box.y, w: Math.max(box.x + box.w, right) - x, h: box.h };
  };
  if (info.lacks === 'head') {
    if (info.icon === 'baby') return spread(3.4, 28.6);
    const reach = (children.has(info.icon) ? 7 : 8) + 6.9;
    return spread(16 - reach, 16 + reach);
  }
  if (info.lacks === 'bust') {
    const left = Math.max(info.box.x, 5);
    const wide = Math.min(info.box.w, 22.5);
    return hasGown(info) ? spread(left - 2.4, left + wide + 2.4) : box;
  }
  return spread(box.x, tailEnds[info.icon] ?? 30);
}

const hasGown = (info: FigureInfo): boolean =>
  (/woman|princess|queen|fairy/.test(info.icon) || info.icon === 'prop-queen') &&
  /princess|queen|veil|headscarf|mage|merpeople/.test(info.icon);

function person(icon: string, name: string, seed: number, hue: number | undefined): string {
  const costume = costumes[name];
  const chosen = clothes[seed % clothes.length] ?? '#e2574c';
  const torso = costume?.[0] ?? (hue === undefined ? chosen : turnHue('#e2574c', hue));
  const legs = costume?.[1] ?? (seed % 3 === 0 ? '#4a5f8a' : seed % 3 === 1 ? '#6b5a52' : '#3f6a78');
  const skin = costume?.[2] ?? skinOf(icon);
  const trim = costume?.[3] ?? mix(torso, '#ffffff', 0.35);
  const dark = mix(torso, '#000000', 0.14);
  if (name === 'baby') {
    return (
      `<ellipse cx="16" cy="40" rx="9" ry="9" fill="${trim}"/>` +
      `<ellipse cx="7.5" cy="36" rx="3" ry="4.6" fill="${torso}" transform="rotate(35 7.5 36)"/>` +
      `<ellipse cx="24.5" cy="36" rx="3" ry="4.6" fill="${torso}" transform="rotate(-35 24.5 36)"/>` +
      `<path d="M8 32h16l2 10q-3 6-10 6t-10-6z" fill="${torso}"/>` +
      `<ellipse cx="10" cy="46.5" rx="4.4" ry="3.5" fill="${skin}"/><ellipse cx="22" cy="46.5" rx="4.4" ry="3.5" fill="${skin}"/>`
    );
  }
  const child = children.has(name);
  const hip = child ? 46 : 51;
  const low = child ? 60 : 69;
  const shoe = name === 'robot' ? '#5f6673' : '#4a3a3f';
  const half = child ? 7 : 8;
  const arm = (side: 1 | -1): string => {
    const shoulder = 16 + side * (half - 1);
    const hand = 16 + side * (half + 4.6);
    const y = child ? 43 : 47;
    return (
      `<path d="M${shoulder} 32.5Q${16 + side * (half + 3.6)} 35 ${hand} ${y - 3}" stroke="${dark}" stroke-width="4.4" stroke-linecap="round" fill="none"/>` +
      `<circle cx="${hand}" cy="${y - 1}" r="2.3" fill="${skin}"/>`
    );
  };
  const foot = (side: 1 | -1): string =>
    `<ellipse cx="${16 + side * 4.3}" cy="${low - 2}" rx="3.7" ry="2.2" fill="${shoe}"/>`;
  const neck = `<rect x="13" y="27" width="6" height="5" fill="${mix(skin, '#8a4a20', 0.18)}"/>`;
  const skirt = skirts.has(name);
  const shape = skirt
    ? `<path d="M${16 - half} 33q1-3 4-3h${half * 2 - 8}q3 0 4 3l3.6 ${hip - 31}q-${half + 3.6} 3-${(half + 3.6) * 2} 0z" fill="${torso}"/><path d="M${16 - half - 3.3} ${hip + 0.4}q${half + 3.3} 3 ${(half + 3.3) * 2} 0l-.4-1.8q-${half + 2.9} 3-${(half + 2.9) * 2} 0z" fill="${trim}"/>`
    : `<path d="M${16 - half} 33.5q.5-3.5 4-3.5h${half * 2 - 8}q3.5 0 4 3.5V${hip}q-${half} 1.5-${half * 2} 0z" fill="${torso}"/><path d="M${16 - half} ${hip - 1.6}q${half} 1.5 ${half * 2} 0V${hip}q-${half} 1.5-${half * 2} 0z" fill="${trim}"/>`;
  const stockings = skirt ? skin : legs;
  const front =
    name === 'robot'
      ? `<rect x="11.5" y="35" width="9" height="6" rx="1.5" fill="#5f6673"/><circle cx="14" cy="38" r="1.2" fill="#8ed8f5"/><circle cx="18" cy="38" r="1.2" fill="#f8312f"/>`
      : name === 'santa-claus'
        ? `<rect x="14.7" y="31" width="2.6" height="${hip - 31}" fill="#ffffff"/><rect x="${16 - half}" y="43" width="${half * 2}" height="3" fill="#212121"/><rect x="13.5" y="42.5" width="5" height="4" rx="1" fill="#f9c23c"/>`
        : name === 'clown-face'
          ? `<circle cx="16" cy="36" r="1.5" fill="#f8312f"/><circle cx="16" cy="41" r="1.5" fill="#f8312f"/><circle cx="16" cy="46" r="1.5" fill="#f8312f"/>`
          : '';
  return (
    ([-1, 1] as const)
      .map(
        (side) =>
          `<path d="M${16 + side * 3.8} ${hip - 2}V${low - 3}" stroke="${stockings}" stroke-width="5.2" fill="none"/>` +
          foot(side),
      )
      .join('') +
    neck +
    arm(-1) +
    arm(1) +
    shape +
    front
  );
}

function legsUnderBust(info: FigureInfo): string {
  // The teacher is framed by a blackboard, so what is at the hem of the picture is not clothing.
  const hem = info.icon.includes('teacher') ? '#6b5a52' : (info.hem ?? '#6b5a52');
  const { x, w } = info.box;
  const left = Math.max(x, 5);
  const wide = Math.min(w, 22.5);
  const middle = left + wide / 2;
  const cloth = mix(hem, '#000000', 0.1);
  if (hasGown(info)) {
    return `<path d="M${left} 29.5h${wide}l2.4 17q-${wide / 2 + 2.4} 3.5-${wide + 4.8} 0z" fill="${hem}"/><path d="M${left - 2.2} 45.5q${wide / 2 + 2.2} 3.5 ${wide + 4.4} 0l.2 1.5q-${wide / 2 + 2.4} 3.5-${wide + 4.8} 0z" fill="${mix(hem, '#ffffff', 0.3)}"/>`;
  }
  const leg = (side: number): string =>
    `<path d="M${middle + side * wide * 0.24} 33V46" stroke="${cloth}" stroke-width="${wide * 0.34}" fill="none"/>` +
    `<ellipse cx="${middle + side * wide * 0.26}" cy="46.8" rx="${wide * 0.22}" ry="2.2" fill="#3b3036"/>`;
  return (
    leg(-1) + leg(1) + `<path d="M${left} 29.5h${wide}v5.5q0 2-2 2h-${wide - 4}q-2 0-2-2z" fill="${hem}"/>`
  );
}

function seatedBeast(name: string): { behind: string; front: string } {
  const [fur, belly, paw] = coats[name] ?? ['#a56953', '#f3ad61', '#8c5543'];
  const side =
    name === 'boar' ||
    name === 'moose' ||
    name === 'unicorn' ||
    name === 'horse-face' ||
    name === 'dragon-face';
  const limb = name === 'panda' ? paw : fur;
  if (name === 'chicken') {
    return {
      behind:
        `<path d="M13 42v8m-3 0.5l3-2 3 2M20 42v8m-3 .5l3-2 3 2" stroke="${paw}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" fill="none"/>` +
        `<path d="M8 26q-2 18 9 18q13 0 13-16q-3 3-7 1q-2-4-5-4z" fill="#ffffff" stroke="#9b9b9b" stroke-width="1.4"/>`,
      front: `<path d="M15 34q4 5 9-1q-1 8-6 7q-3-1-3-6" fill="#d3d3d3"/>`,
    };
  }
  if (side) {
    // A standing body for heads in profile, seen looking left.
    return {
      behind:
        `<path d="M8 34h4v16.5H8zM24 34h4v16.5h-4z" fill="${mix(fur, '#000000', 0.2)}"/>` +
        `<path d="M28.5 30q4 4 2 12" stroke="${paw}" stroke-width="2.4" stroke-linecap="round" fill="none"/>` +
        `<rect x="5" y="25" width="25" height="18" rx="8" fill="${fur}"/>` +
        `<path d="M12 36h4.5v15H12zM20 36h4.5v15H20z" fill="${fur}"/>` +
        `<path d="M12 49.5h4.5V52H12zM20 49.5h4.5V52H20zM8 48.5h4V51H8zM24 48.5h4V51h-4z" fill="${paw}"/>`,
      front: '',
    };
  }
  const tail: Record<string, string> = {
    fox: `<path d="M24 46q9 1 7-13q-1 6-7 7z" fill="${fur}"/><path d="M31 33q1.5 4 .2 8q-1.7-2-1.7-5.5z" fill="${belly}"/>`,
    wolf: `<path d="M24 46q9 1 7-13q-1 6-7 7z" fill="${fur}"/>`,
    raccoon: `<path d="M24 46q10 1 8-13" stroke="${fur}" stroke-width="4.4" fill="none" stroke-linecap="round"/><path d="M30.5 44.5l2-2.5M31.5 37.5l2.4.5" stroke="${paw}" stroke-width="3" fill="none"/>`,
    lion: `<path d="M24 47q8 0 7-10" stroke="${fur}" stroke-width="2" fill="none"/><circle cx="31" cy="36" r="2.4" fill="#6d4534"/>`,
    'cat-face': `<path d="M24 47q8 0 7-11" stroke="${fur}" stroke-width="2.8" fill="none" stroke-linecap="round"/>`,
    'tiger-face': `<path d="M24 47q8 0 7-11" stroke="${fur}" stroke-width="2.8" fill="none" stroke-linecap="round"/>`,
    'dog-face': `<path d="M24 46q6-1 7-8" stroke="${fur}" stroke-width="3" fill="none" stroke-linecap="round"/>`,
  };
  if (name === 'frog') {
    return {
      behind:
        `<path d="M2 51q-1-12 8-13h12q9 1 8 13q-3 1.5-6-1H8q-3 2.5-6 1" fill="${paw}"/>` +
        `<ellipse cx="16" cy="39" rx="11" ry="12" fill="${fur}"/><ellipse cx="16" cy="42" rx="7.5" ry="8.5" fill="${belly}"/>` +
        `<path d="M10 40v10M22 40v10" stroke="${fur}" stroke-width="3.6" stroke-linecap="round"/>` +
        `<path d="M6.5 51h7M18.5 51h7" stroke="${fur}" stroke-width="2.4" stroke-linecap="round"/>`,
      front: '',
    };
  }
  return {
    behind:
      (tail[name] ?? '') +
      `<ellipse cx="16" cy="38.5" rx="11" ry="13" fill="${fur}"/>` +
      `<ellipse cx="16" cy="41" rx="6.8" ry="9" fill="${belly}"/>` +
      `<ellipse cx="7.5" cy="48" rx="5" ry="3.8" fill="${limb}"/><ellipse cx="24.5" cy="48" rx="5" ry="3.8" fill="${limb}"/>` +
      `<ellipse cx="7" cy="48.6" rx="2.6" ry="2.2" fill="${mix(paw, '#ffffff', 0.25)}"/><ellipse cx="25" cy="48.6" rx="2.6" ry="2.2" fill="${mix(paw, '#ffffff', 0.25)}"/>` +
      `<ellipse cx="8.5" cy="37" rx="3" ry="6" fill="${limb}" transform="rotate(18 8.5 37)"/><ellipse cx="23.5" cy="37" rx="3" ry="6" fill="${limb}" transform="rotate(-18 23.5 37)"/>`,
    front: '',
  };
}

/**
 * The whole artwork of a figure.
 * @param seed chooses an ordinary person's clothes.
 * @param hue degrees of hue shift; for people it changes the clothes, never skin or hair.
 * @throws FabulaError `invalid-input` when the figure set has no such figure.
 */
export function figureAnatomy(icon: string, seed: number, hue: number | undefined): Anatomy {
  const body = figureBody(icon);
  const info = figureInfo(icon);
  const box = figureBox(icon);
  if (!info) return { box, svg: body };
  if (info.lacks === 'head') return { box, svg: person(icon, info.icon, seed, hue) + body };
  const human = info.lacks === 'bust' || /^(?:man|woman|person)-/.test(info.icon);
  const shifted = (colour: string): string => {
    if (hue === undefined || hue === 0 || (human && flesh.has(colour.toLowerCase()))) return colour;
    // Only the figure's main colour is dyed: a blue house keeps its green lawn and a red car its blue windows.
    const own = hueOf(colour);
    const near = own < 0 || info.hue < 0 || human || Math.abs(((own - info.hue + 540) % 360) - 180) < 34;
    return near ? turnHue(colour, hue) : colour;
  };
  const dye = (svg: string): string =>
    svg.replaceAll(/#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-zA-Z])/g, shifted);
  if (info.lacks === 'bust') return { box, svg: dye(legsUnderBust(info) + body) };
  if (info.lacks === 'beast') {
    const { behind, front } = seatedBeast(info.icon);
    return { box, svg: dye(behind + body + front) };
  }
  return { box, svg: dye(body) };
}
