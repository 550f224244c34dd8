import type { Figure, Scene } from '../../shared/scene.ts';
import { figureBox, headShare } from './anatomy.ts';
import { figureInfo, type FigureInfo } from './lexicon.ts';
import { placeNamed, type Place } from './places.ts';
import { hashText, mulberry32 } from './random.ts';

/**
 * Where things stand. Figures joined by a close relation (a rider and a horse, a cup and the hand that holds it) form a
 * group which is arranged first, around the foot of its main figure; groups are then placed side by side.
 *
 * Inside a group all lengths are in picture heights, for a figure's shape does not change with the picture's.
 */

/** How a figure relates to another. The first eight keep both in one group. */
export type Relation =
  | 'hold'
  | 'wear'
  | 'on'
  | 'ride'
  | 'in'
  | 'under'
  | 'above'
  | 'beside'
  | 'front'
  | 'behind'
  | 'left'
  | 'right'
  | 'between'
  | 'chase';

/** A thing to be placed. */
export interface Actor {
  readonly icon: string;
  readonly word: string;
  readonly cast?: string;
  readonly hue?: number;
  /** Times its natural size: 0.75 for a small one, 1.3 for a big one. */
  readonly size?: number;
  /** In the air, whatever it is: a bird that flies, a dragon over a village. */
  readonly aloft?: boolean;
  /** What it does to which other actor, by index. */
  readonly relation?: { readonly kind: Relation; readonly to: number };
}

export interface Setting {
  readonly seed: number;
  readonly place: string;
  readonly shot: Scene['shot'];
  /** Width divided by height. */
  readonly aspect: number;
}

/** Relations in which a figure goes where the other goes. */
const carried: ReadonlySet<Relation> = new Set(['hold', 'wear', 'on', 'ride', 'in']);
const joined: ReadonlySet<Relation> = new Set(['hold', 'wear', 'on', 'ride', 'in', 'under', 'above']);

/** Height of a grown person as a fraction of the picture. */
const personHeight: Record<Scene['shot'], number> = { wide: 0.28, medium: 0.42, 'close-up': 0.62 };

/**
 * Displayed height for a natural one. Sizes are compressed by a power, so that beside an elephant of 3.2 m a mouse of
 * 0.1 m is a sixth as tall, and visible, rather than a thirtieth.
 */
export function shownHeight(metres: number, shot: Scene['shot']): number {
  return personHeight[shot] * (metres / 1.7) ** 0.52;
}

interface Part {
  readonly at: number;
  readonly info: FigureInfo;
  /** Foot, relative to the foot of the group; y grows downwards. */
  x: number;
  y: number;
  w: number;
  h: number;
  depth: number;
  rotation: number;
  flip: boolean;
}

interface Group {
  readonly root: number;
  readonly parts: Part[];
  readonly info: FigureInfo;
  readonly aloft: boolean;
  /** A far thing that something near is behind, and which therefore stands near itself. */
  near: boolean;
  x: number;
  y: number;
  depth: number;
  /** Extents around the foot of the root, in picture heights. */
  left: number;
  right: number;
  top: number;
}

/** How far up a thing one sits or lies on it, as a fraction of its height. Others are stood upon. */
const seatOf: Readonly<Record<string, number>> = {
  bed: 0.5,
  'couch-and-lamp': 0.34,
  chair: 0.5,
  seat: 0.42,
  'prop-armchair': 0.36,
  'prop-throne': 0.34,
  'prop-bench': 0.34,
  'prop-rug': 0.12,
  skateboard: 0.4,
  'prop-table': 0.94,
  'prop-desk': 0.94,
  'prop-surfboard': 0.4,
  sled: 0.62,
  'desert-island': 0.24,
  mountain: 0.55,
  'snow-capped-mountain': 0.55,
  'prop-pool': 0.5,
  lotus: 0.5,
  'prop-bridge': 0.4,
  'playground-slide': 0.6,
  bathtub: 0.5,
  'beach-with-umbrella': 0.16,
  'umbrella-on-ground': 0.16,
  'prop-swing': 0.34,
  'carousel-horse': 0.5,
  broom: 0.4,
  'deciduous-tree': 0.5,
  'prop-fence': 0.92,
  'prop-wall': 0.95,
  'flying-disc': 0.6,
  'nest-with-eggs': 0.6,
  'prop-ramp': 0.5,
  cloud: 0.5,
  'crescent-moon': 0.4,
  'full-moon': 0.9,
  ship: 0.5,
  'passenger-ship': 0.7,
  ferry: 0.6,
  sailboat: 0.3,
  canoe: 0.4,
  'prop-pirate-ship': 0.3,
};

/** Where a rider's foot is behind the mount, as a fraction of the mount's height; the mount hides what is below its back. */
const saddleOf: Readonly<Record<string, number>> = {
  horse: 0.42,
  elephant: 0.62,
  camel: 0.5,
  'two-hump-camel': 0.5,
  donkey: 0.4,
  unicorn: 0.5,
  dragon: 0.45,
  giraffe: 0.4,
  motorcycle: 0.3,
  'motor-scooter': 0.25,
  bicycle: 0.25,
  tractor: 0.42,
  sailboat: 0.2,
  canoe: 0.28,
  speedboat: 0.32,
  'motor-boat': 0.45,
  ship: 0.4,
  'prop-pirate-ship': 0.28,
  ferry: 0.5,
  'passenger-ship': 0.5,
  automobile: 0.42,
  taxi: 0.42,
  'pickup-truck': 0.46,
  bus: 0.5,
  basket: 0.4,
  bucket: 0.4,
  package: 0.5,
  bathtub: 0.45,
  bed: 0.4,
  'shopping-cart': 0.5,
  sled: 0.5,
  'carousel-horse': 0.4,
  'racing-car': 0.35,
  'prop-hot-air-balloon': 0.06,
  helicopter: 0.3,
  airplane: 0.5,
  'flying-saucer': 0.5,
  rocket: 0.5,
  whale: 0.6,
  dolphin: 0.6,
  turtle: 0.55,
  'nest-with-eggs': 0.4,
  'prop-chest': 0.5,
  'honey-pot': 0.5,
  'prop-well': 0.5,
  'hot-beverage': 0.5,
  'prop-wagon': 0.45,
  train: 0.5,
  locomotive: 0.5,
};

const hats = new Set([
  'crown',
  'top-hat',
  'womans-hat',
  'billed-cap',
  'rescue-workers-helmet',
  'military-helmet',
  'graduation-cap',
]);
const eyewear = new Set(['glasses', 'sunglasses', 'goggles', 'diving-mask']);
const neckwear = new Set(['scarf', 'necktie', 'ribbon', 'sports-medal', 'military-medal']);
/** Land animals that take to the water where there is some. */
const floaters = new Set(['duck', 'goose', 'hippopotamus', 'crocodile', 'otter']);
const flatOnGround = new Set(['prop-rug', 'hole', 'prop-pool']);
const buildings =
  /house|hut|castle|tent|church|school|hotel|hospital|store|building|barn|shop|station|bank|factory|temple|mosque|circus/;

/** Order of preference for places across the picture; mirrored by the seed. */
const across: readonly number[] = [
  0.5, 0.26, 0.74, 0.38, 0.62, 0.14, 0.86, 0.32, 0.68, 0.2, 0.8, 0.44, 0.56, 0.08, 0.92,
] as const;

/** A number in [-1, 1) which belongs to one figure of one seed, so that adding figures does not change it. */
function chance(seed: number, key: string): number {
  return mulberry32(hashText(key, seed))() * 2 - 1;
}

/** Places the actors of a scene. The result has one figure an actor, in their order. */
export function layoutFigures(actors: readonly Actor[], setting: Setting): Figure[] {
  const place = placeNamed(setting.place);
  const ordinals = new Map<string, number>();
  const keys = actors.map((actor) => {
    const base = actor.cast ?? actor.icon;
    const nth = (ordinals.get(base) ?? 0) + 1;
    ordinals.set(base, nth);
    return `${base}-${nth}`;
  });
  const infos = actors.map((actor) => figureInfo(actor.icon));
  const rootOf = findRoots(actors);
  const groups: Group[] = [];
  const groupAt = new Map<number, Group>();
  for (const at of actors.keys()) {
    const info = infos[at];
    if (!info || rootOf[at] !== at) continue;
    const group = arrangeGroup(at, actors, infos, rootOf, keys, setting);
    groups.push(group);
    groupAt.set(at, group);
  }
  enlargeLonely(groups, setting);
  fitCrowd(groups, setting, place);
  placeGroups(groups, groupAt, actors, rootOf, keys, setting, place);

  const figures: Figure[] = [];
  const carriers = new Map<number, number>();
  for (const group of groups) {
    for (const part of group.parts) {
      const actor = actors[part.at];
      if (!actor) continue;
      figures[part.at] = {
        id: safeId(keys[part.at] ?? `figure-${part.at}`, part.at),
        icon: actor.icon,
        word: actor.word,
        x: round(group.x + part.x / setting.aspect),
        y: round(group.y + part.y),
        height: round(part.h),
        flip: part.flip,
        rotation: part.rotation,
        depth: round(group.depth + part.depth),
        ...(actor.cast === undefined ? {} : { cast: actor.cast }),
        ...(actor.hue === undefined ? {} : { hue: actor.hue }),
      };
      const held = actor.relation;
      if (held && carried.has(held.kind)) carriers.set(part.at, held.to);
    }
  }
  for (const [at, to] of carriers) {
    const figure = figures[at];
    const carrier = figures[to];
    if (figure && carrier && carrier !== figure) figure.with = carrier.id;
  }
  return figures.filter((figure) => figure !== undefined);
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

function safeId(key: string, at: number): string {
  return key.length <= 64 ? key : `figure-${at + 1}`;
}

/** For each actor the one whose group it belongs to. A circle of relations is cut where it is found. */
function findRoots(actors: readonly Actor[]): number[] {
  return actors.map((_, start) => {
    let at = start;
    const seen = new Set<number>();
    for (;;) {
      const relation: Actor['relation'] = actors[at]?.relation;
      if (!relation || !joined.has(relation.kind) || seen.has(at) || relation.to === at) return at;
      seen.add(at);
      at = relation.to;
      if (seen.has(at)) return Math.min(...seen);
    }
  });
}

/** How large an actor is shown, in heights of the picture, before it is fitted into a group or a crowd. */
export function sized(actor: Actor, info: FigureInfo, shot: Scene['shot']): { w: number; h: number } {
  const box = figureBox(actor.icon);
  let h = shownHeight(info.metres, shot) * (actor.size ?? 1);
  if (info.habitat === 'far') h = Math.min(h * 0.8, 0.6);
  if (info.habitat === 'sky') h = Math.min(h * 0.42, 0.26);
  if (info.habitat === 'water' && info.metres > 3) h = Math.min(h * 0.8, 0.5);
  h = Math.min(h, 0.86);
  return { w: (h * box.w) / box.h, h };
}

function arrangeGroup(
  root: number,
  actors: readonly Actor[],
  infos: readonly (FigureInfo | undefined)[],
  rootOf: readonly number[],
  keys: readonly string[],
  setting: Setting,
): Group {
  const parts = new Map<number, Part>();
  const facesRight = chance(setting.seed, `${keys[root]}/way`) > 0;
  const put = (at: number): Part | undefined => {
    const known = parts.get(at);
    if (known) return known;
    const actor = actors[at];
    const info = infos[at];
    if (!actor || !info) return undefined;
    const { w, h } = sized(actor, info, setting.shot);
    const part: Part = { at, info, x: 0, y: 0, w, h, depth: 0, rotation: 0, flip: facing(info, facesRight) };
    parts.set(at, part);
    const relation = actor.relation;
    if (at !== root && relation) {
      const anchor = put(relation.to);
      if (anchor)
        attach(part, anchor, relation.kind, siblingsBefore(at, actors), keys[at] ?? '', setting, facesRight);
    }
    return part;
  };
  for (const at of actors.keys()) if (rootOf[at] === root) put(at);
  const list = [...parts.values()];
  const group: Group = {
    root,
    parts: list,
    info: infos[root] as FigureInfo,
    aloft: actors[root]?.aloft === true,
    near: false,
    x: 0.5,
    y: 0.9,
    depth: 0,
    left: 0,
    right: 0,
    top: 0,
  };
  measureGroup(group);
  return group;
}

/** How many earlier actors have the same relation to the same thing. */
function siblingsBefore(at: number, actors: readonly Actor[]): number {
  const own = actors[at]?.relation;
  let count = 0;
  for (let other = 0; other < at; other++) {
    const relation = actors[other]?.relation;
    if (relation && own && relation.to === own.to && relation.kind === own.kind) count++;
  }
  return count;
}

/** Whether a figure has to be flipped to look to the right (or, for false, to the left). */
export function facing(info: FigureInfo, right: boolean): boolean {
  return info.facing === 'N' ? false : (info.facing === 'R') !== right;
}

function attach(
  part: Part,
  anchor: Part,
  kind: Relation,
  nth: number,
  key: string,
  setting: Setting,
  facesRight: boolean,
): void {
  const resize = (h: number): void => {
    part.w *= h / part.h;
    part.h = h;
  };
  const side = nth % 2 === 0 ? 1 : -1;
  const step = Math.ceil(nth / 2) * side;
  const wobble = chance(setting.seed, `${key}/on`);
  const icon = anchor.info.icon;
  const wearable = hats.has(part.info.icon) || eyewear.has(part.info.icon) || neckwear.has(part.info.icon);
  const creature = anchor.info.lacks !== undefined || anchor.info.facing !== 'N' || anchor.info.metres < 2;
  if ((kind === 'wear' || kind === 'hold') && wearable && creature) {
    const head = headShare(anchor.info);
    const whole = anchor.info.lacks !== undefined;
    const headWide = whole ? anchor.w * 0.82 : anchor.w * 0.42;
    const headX = whole
      ? 0
      : (anchor.flip === (anchor.info.facing === 'L') ? 1 : -1) *
        anchor.w *
        (anchor.info.facing === 'N' ? 0 : 0.26);
    if (hats.has(part.info.icon)) {
      resize((part.h * headWide) / part.w);
      part.y = anchor.y - anchor.h + part.h * 0.36 - anchor.h * (whole ? 0 : 0.02);
    } else if (eyewear.has(part.info.icon)) {
      resize((part.h * headWide * 0.86) / part.w);
      part.y = anchor.y - anchor.h * (1 - head * 0.56) + part.h * 0.5;
    } else {
      resize((part.h * headWide * 0.74) / part.w);
      part.y = anchor.y - anchor.h * (1 - head) + part.h * 0.75;
    }
    part.x = anchor.x + headX;
    part.depth = anchor.depth + 0.003;
    part.flip = anchor.flip && part.info.facing !== 'N';
    return;
  }
  switch (kind) {
    case 'hold':
    case 'wear': {
      if (part.info.icon === 'umbrella' && creature) {
        shelter(anchor, part);
        return;
      }
      resize(Math.min(part.h, anchor.h * (part.h > part.w * 2.4 ? 0.66 : 0.46)));
      const hand =
        nth === 0
          ? facesRight
            ? 1
            : -1
          : (facesRight ? -1 : 1) * (nth === 1 ? 1 : nth % 2 === 0 ? -1.4 : 1.4);
      if (anchor.info.facing !== 'N' && anchor.info.lacks === undefined) {
        // An animal carries things in its mouth, on the side it looks to.
        const looksRight = (anchor.info.facing === 'R') !== anchor.flip;
        part.x = anchor.x + (looksRight ? 1 : -1) * (anchor.w * 0.5 + part.w * 0.3);
        part.y = anchor.y - anchor.h * 0.34;
      } else {
        part.x = anchor.x + hand * (anchor.w * 0.5 + part.w * 0.22);
        part.y = anchor.y - anchor.h * 0.24;
      }
      if (part.info.icon === 'kite' || part.info.icon === 'balloon')
        part.y = anchor.y - anchor.h * (part.info.icon === 'kite' ? 0.95 : 0.62);
      part.depth = anchor.depth + 0.002;
      part.rotation = part.info.habitat === 'hand' && part.h > part.w * 1.4 ? Math.round(hand * 8) : 0;
      return;
    }
    case 'ride': {
      const saddle = saddleOf[icon] ?? seatOf[icon] ?? 0.45;
      resize(Math.min(part.h, anchor.h * 1.15));
      part.x = anchor.x + wobble * anchor.w * 0.03 + step * part.w * 0.6;
      part.y = anchor.y - anchor.h * saddle;
      part.depth = anchor.depth - 0.002;
      if (icon === 'dragon') {
        // Its neck would hide a rider; the coil behind it is a seat.
        const looksRight = (anchor.info.facing === 'R') !== anchor.flip;
        resize(Math.min(part.h, anchor.h * 0.5));
        part.x = anchor.x + (looksRight ? -1 : 1) * (anchor.w * 0.16 + nth * part.w * 0.7);
        part.depth = anchor.depth + 0.002 - nth * 0.0001;
      }
      if (seatOf[icon] !== undefined && saddleOf[icon] === undefined) part.depth = anchor.depth + 0.002;
      part.flip = facing(part.info, (anchor.info.facing === 'R') !== anchor.flip);
      return;
    }
    case 'in': {
      if (buildings.test(icon)) {
        // What is in a house stands at its door, where it can be seen.
        part.x = anchor.x + step * part.w * 0.9;
        part.y = anchor.y + 0.02;
        resize(Math.min(part.h, anchor.h * 0.6));
        part.depth = anchor.depth + 0.002;
        return;
      }
      resize(Math.min(part.h, Math.max(anchor.h * 0.85, 0.06)));
      if (part.w > anchor.w * 0.8) resize((part.h * anchor.w * 0.8) / part.w);
      part.x = anchor.x + step * Math.min(part.w, anchor.w * 0.3);
      part.y = anchor.y - anchor.h * (saddleOf[icon] ?? 0.45);
      part.depth = anchor.depth - 0.002;
      if (icon === 'prop-pool') part.depth = anchor.depth + 0.002;
      return;
    }
    case 'on': {
      const seat = seatOf[icon] ?? (anchor.info.facing !== 'N' || anchor.info.lacks ? 0.88 : 0.93);
      if (
        part.info.metres < 2.2 &&
        part.info.habitat !== 'far' &&
        part.h > anchor.h * 1.3 &&
        anchor.info.metres > 0.6
      )
        resize(anchor.h * 1.3);
      const room = Math.max(0, anchor.w - part.w) / 2;
      part.x = anchor.x + (nth === 0 ? wobble * room * 0.4 : step * Math.max(part.w * 0.95, room * 0.6));
      part.y = anchor.y - anchor.h * seat;
      part.depth = anchor.depth + 0.002;
      return;
    }
    case 'under': {
      if (icon === 'umbrella') {
        shelter(part, anchor);
        return;
      }
      const tree = /tree|palm/.test(icon);
      resize(Math.min(part.h, anchor.h * (tree ? 0.5 : 0.72)));
      part.x =
        anchor.x +
        (tree
          ? nth === 0
            ? (wobble > 0 ? 1 : -1) * anchor.w * 0.22
            : step * part.w
          : step * part.w * 0.8 + wobble * anchor.w * 0.08);
      part.y = anchor.y + (tree ? 0.03 : -0.004);
      part.depth = tree ? anchor.depth + 0.002 : anchor.depth - 0.002;
      return;
    }
    case 'above': {
      part.x = anchor.x + wobble * anchor.w * 0.3 + step * part.w;
      part.y = anchor.y - anchor.h - 0.05;
      part.depth = anchor.depth + 0.001;
      return;
    }
    default:
  }
}

/** Holds an umbrella over somebody: its canopy clears the head, its handle is behind. */
function shelter(under: Part, umbrella: Part): void {
  const grow = (under.h * 0.84) / umbrella.h;
  umbrella.w *= grow;
  umbrella.h *= grow;
  umbrella.x = under.x + under.w * 0.18;
  umbrella.y = under.y - under.h * 0.5;
  umbrella.depth = under.depth - 0.001;
}

function measureGroup(group: Group): void {
  group.left = Math.min(...group.parts.map((part) => part.x - part.w / 2));
  group.right = Math.max(...group.parts.map((part) => part.x + part.w / 2));
  group.top = Math.min(...group.parts.map((part) => part.y - part.h));
}

function scaleGroup(group: Group, factor: number): void {
  for (const part of group.parts) {
    part.x *= factor;
    part.y *= factor;
    part.w *= factor;
    part.h *= factor;
  }
  group.left *= factor;
  group.right *= factor;
  group.top *= factor;
}

const onGround = (group: Group): boolean =>
  !['sky', 'air', 'wall', 'deep', 'water'].includes(group.info.habitat);

/** Whether two groups stand on the same sort of ground, so that one may be put beside the other. */
const level = (a: Group, b: Group): boolean =>
  (a.aloft && b.aloft) ||
  (!a.aloft &&
    !b.aloft &&
    (a.info.habitat === b.info.habitat || (onGround(a) && onGround(b))) &&
    a.info.habitat !== 'sky');

const hovers = (group: Group): boolean =>
  group.aloft || group.info.habitat === 'deep' || group.info.habitat === 'air';

/** A picture of small things only comes nearer to them, so that a ring alone is not a dot. */
function enlargeLonely(groups: readonly Group[], setting: Setting): void {
  const tallest = Math.max(
    ...groups.filter((group) => group.info.habitat !== 'sky').map((group) => -group.top),
    0,
  );
  if (tallest === 0) return;
  const wish =
    setting.shot === 'close-up' ? 0.56 : setting.shot === 'wide' ? 0.2 : groups.length <= 2 ? 0.44 : 0.34;
  if (tallest < wish)
    for (const group of groups)
      if (group.info.habitat !== 'sky') scaleGroup(group, Math.min(wish / tallest, 3.2));
}

/** Makes everything smaller where the picture would be too full. */
function fitCrowd(groups: readonly Group[], setting: Setting, place: Place): void {
  const near = groups.filter((group) => group.info.habitat !== 'far' && group.info.habitat !== 'sky');
  const width = near.reduce((sum, group) => sum + group.right - group.left, 0);
  const rows = near.length > 5 ? 1.45 : near.length > 3 ? 1.12 : 1;
  const room = setting.aspect * 0.9 * rows;
  if (width > room) {
    const factor = Math.max(0.3, room / width);
    for (const group of groups) if (group.info.habitat !== 'sky') scaleGroup(group, factor);
  }
  const far = groups.filter((group) => group.info.habitat === 'far');
  const farWidth = far.reduce((sum, group) => sum + group.right - group.left, 0);
  const farRoom = setting.aspect * (far.length > 2 ? 1.15 : 0.85);
  if (farWidth > farRoom) for (const group of far) scaleGroup(group, farRoom / farWidth);
  for (const group of groups) {
    const limit = group.info.habitat === 'sky' ? 0.4 : place.indoor ? 0.8 : 0.84;
    if (-group.top > limit) scaleGroup(group, limit / -group.top);
    const wide = group.right - group.left;
    if (wide > setting.aspect * 0.92) scaleGroup(group, (setting.aspect * 0.92) / wide);
  }
}

/** Where a group's foot is, up and down, and how much smaller it is for being further away. */
function footOf(
  group: Group,
  nth: number,
  count: number,
  key: string,
  setting: Setting,
  place: Place,
): { y: number; scale: number } {
  const jitter = chance(setting.seed, `${key}/y`);
  const habitat = group.info.habitat;
  const tall = -group.top;
  if (habitat === 'sky')
    return { y: clamp(0.1 + tall * 0.75 + (jitter + 1) * 0.06, tall + 0.03, 0.62), scale: 1 };
  if (habitat === 'air' || group.aloft) {
    const lane = count > 3 ? ((nth % 4) - 1.5) * 0.11 : 0;
    return {
      y: clamp(0.34 + tall * 0.5 + jitter * 0.08 + lane, tall + 0.03, 0.72),
      scale: group.aloft ? 0.8 : 1,
    };
  }
  if (place.deep && (habitat === 'deep' || habitat === 'water')) {
    const [from, to] = place.deep;
    return {
      y: clamp(
        (from + to) / 2 + tall / 2 + jitter * 0.09 + ((nth % 3) - 1) * (count > 2 ? 0.2 : 0.08),
        tall + 0.04,
        0.84,
      ),
      scale: 1,
    };
  }
  if (place.floating)
    return {
      y: clamp(0.52 + tall * 0.45 + jitter * 0.12 + ((nth % 3) - 1) * 0.05, tall + 0.04, 0.93),
      scale: 1,
    };
  if (habitat === 'wall' && place.indoor)
    return { y: clamp(place.horizon - 0.24 + jitter * 0.03, tall + 0.03, place.horizon - 0.08), scale: 1 };
  const afloat =
    habitat === 'water' || habitat === 'deep' || (place.water !== undefined && floaters.has(group.info.icon));
  const band = afloat
    ? (place.water ?? place.ground ?? [0.7, 0.9])
    : (place.ground ?? place.water ?? [0.7, 0.9]);
  if (habitat === 'far')
    return {
      y: place.ground ? clamp(band[0] + 0.015 + (nth % 2) * 0.02, 0, 0.9) : band[0] + 0.02,
      scale: place.indoor ? 0.8 : 1,
    };
  const small =
    group.info.metres < 0.5 ? 0.78 : group.info.metres < 1.2 ? 0.66 : group.info.metres < 2.4 ? 0.52 : 0.34;
  const spread = count > 3 ? 0.42 : 0.16;
  const rows = count > 5 ? ((nth % 2) - 0.5) * 0.7 : 0;
  const t = clamp(small + jitter * spread * 0.6 + rows, 0, 1);
  const y = band[0] + (band[1] - band[0]) * t;
  // Boats on a water with a shore in front of it are far out.
  const distance = afloat && place.ground && group.info.metres > 1.5 ? 0.66 : 1;
  return { y, scale: (0.84 + 0.16 * t) * distance };
}

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(Math.max(low, high), value));

function placeGroups(
  groups: readonly Group[],
  groupAt: ReadonlyMap<number, Group>,
  actors: readonly Actor[],
  rootOf: readonly number[],
  keys: readonly string[],
  setting: Setting,
  place: Place,
): void {
  const mirror = chance(setting.seed, 'mirror') > 0;
  const counts = new Map<string, number>();
  const layerOf = (group: Group): string =>
    group.info.habitat === 'sky' ? 'sky' : group.info.habitat === 'far' && !group.near ? 'far' : 'near';
  const total = new Map<string, number>();
  for (const group of groups) total.set(layerOf(group), (total.get(layerOf(group)) ?? 0) + 1);
  const forward = chance(setting.seed, 'forward') > 0 ? 1 : -1;

  for (const group of groups) {
    const layer = layerOf(group);
    const nth = counts.get(layer) ?? 0;
    counts.set(layer, nth + 1);
    const key = keys[group.root] ?? '';
    const foot = footOf(group, nth, total.get(layer) ?? 1, key, setting, place);
    if (foot.scale !== 1) scaleGroup(group, foot.scale);
    const alone = total.get(layer) === 1;
    let wish = across[nth % across.length] ?? 0.5;
    if (alone && layer === 'near') wish = 0.5 + 0.07 * (chance(setting.seed, `${key}/x`) > 0 ? 1 : -1);
    else if (layer === 'far') wish = [0.24, 0.76, 0.5, 0.1, 0.9][nth % 5] ?? 0.5;
    else if (layer === 'sky') wish = [0.78, 0.22, 0.5, 0.36, 0.64][nth % 5] ?? 0.5;
    if (mirror) wish = 1 - wish;
    group.x = wish + chance(setting.seed, `${key}/x`) * 0.045;
    group.y = foot.y;
    group.depth = round(
      layer === 'sky'
        ? -2 + nth * 0.01
        : layer === 'far'
          ? -1 + group.y * 0.1
          : group.info.habitat === 'wall' && place.indoor
            ? -0.5
            : group.y + nth * 0.0001,
    );
    if (flatOnGround.has(group.info.icon)) group.depth -= 0.4;
  }

  /** Pairs of which one is to be partly hidden by the other. */
  const overlapping = new Map<Group, Group>();
  const settled = new Set<Group>();
  /** Moves a group to where its relation wants it, after the one it relates to. */
  const relate = (group: Group): void => {
    if (settled.has(group)) return;
    settled.add(group);
    const layer = layerOf(group);
    const key = keys[group.root] ?? '';
    const relation = actors[group.root]?.relation;
    const target =
      relation && !joined.has(relation.kind) ? groupAt.get(rootOf[relation.to] ?? -1) : undefined;
    if (!relation || !target || target === group) return;
    relate(target);
    const sum = (group.right - group.left + target.right - target.left) / 2 / setting.aspect;
    const hint = chance(setting.seed, `${key}/side`) > 0 ? 1 : -1;
    const inward = target.x > 0.5 ? -1 : 1;
    if (
      relation.kind === 'beside' ||
      relation.kind === 'left' ||
      relation.kind === 'right' ||
      relation.kind === 'between'
    ) {
      const way =
        relation.kind === 'left'
          ? -1
          : relation.kind === 'right'
            ? 1
            : Math.abs(target.x - 0.5) > 0.12
              ? inward
              : hint;
      group.x = target.x + way * sum * 1.04;
      if (level(group, target)) group.y = target.y + chance(setting.seed, `${key}/near`) * 0.012;
    } else if (relation.kind === 'front') {
      const far = target.info.habitat === 'far' || target.info.metres > 2.4;
      group.x = target.x + (far ? 0.12 * sum * hint : sum * 0.62 * inward);
      group.y = clamp(Math.max(group.y, target.y + 0.07), 0, 0.965);
    } else if (relation.kind === 'behind') {
      // Half of it shows beside what it is behind, or it might as well not be there.
      const own = (group.right - group.left) / setting.aspect;
      const other = (target.right - target.left) / setting.aspect;
      group.x = target.x + (own > other * 1.4 ? 0.3 * own * hint : (other / 2 + own * 0.22) * inward);
      target.y = clamp(Math.max(target.y, group.y + 0.06), 0, 0.965);
      target.depth = round(Math.max(target.depth, target.y));
      target.near = layer === 'near';
      overlapping.set(group, target);
      group.y = Math.min(group.y, target.y - 0.05);
    } else {
      // The chaser comes after the chased, and both look the way they run.
      const gap = sum * 1.1 + 0.03;
      target.x = 0.5 + (forward * gap) / 2;
      group.x = 0.5 - (forward * gap) / 2;
      if (level(group, target)) group.y = target.y;
      for (const runner of [group, target]) {
        for (const part of runner.parts) part.flip = facing(part.info, forward > 0);
      }
    }
    if (layer === 'near') group.depth = round(group.y + groups.indexOf(group) * 0.0001);
  };
  for (const group of groups) relate(group);
  separate(groups, setting, layerOf, overlapping);
  turnInward(groups, groupAt, actors, rootOf, setting);
  for (const group of groups) {
    const wide = (group.right - group.left) / setting.aspect;
    const low = 0.015 - group.left / setting.aspect;
    const high = 0.985 - group.right / setting.aspect;
    group.x = wide > 0.97 ? 0.5 - (group.left + group.right) / 2 / setting.aspect : clamp(group.x, low, high);
    const spare = group.y - 0.025;
    if (-group.top > spare) scaleGroup(group, Math.max(0.1, spare / -group.top));
  }
}

/** Pushes neighbours apart, a little at a time, until none covers another's face. */
function separate(
  groups: readonly Group[],
  setting: Setting,
  layerOf: (group: Group) => string,
  overlapping: ReadonlyMap<Group, Group>,
): void {
  const edge = (value: number): number => value / setting.aspect;
  for (let round = 0; round < 60; round++) {
    let moved = false;
    for (const [i, a] of groups.entries()) {
      for (const b of groups.slice(i + 1)) {
        if (layerOf(a) !== layerOf(b)) continue;
        if (overlapping.get(a) === b || overlapping.get(b) === a) continue;
        if (flatOnGround.has(a.info.icon) || flatOnGround.has(b.info.icon)) continue;
        const rows = Math.abs(a.y - b.y);
        const verticallyApart = a.y + a.top > b.y || b.y + b.top > a.y;
        if (verticallyApart) continue;
        const share = layerOf(a) === 'far' ? 0.75 : hovers(a) && hovers(b) ? 0.92 : rows > 0.09 ? 0.62 : 1;
        const centreA = a.x + edge((a.left + a.right) / 2);
        const centreB = b.x + edge((b.left + b.right) / 2);
        const need = (edge(a.right - a.left) / 2 + edge(b.right - b.left) / 2) * share;
        const distance = centreB - centreA;
        const lack = need - Math.abs(distance);
        if (lack <= 0.001) continue;
        const way = distance === 0 ? 1 : Math.sign(distance);
        a.x -= (way * lack) / 2;
        b.x += (way * lack) / 2;
        moved = true;
      }
    }
    for (const group of groups) {
      const low = 0.015 - edge(group.left);
      const high = 0.985 - edge(group.right);
      if (low <= high) group.x = clamp(group.x, low, high);
    }
    if (!moved) break;
  }
}

/** Things look into the picture, and at each other when they are two. */
function turnInward(
  groups: readonly Group[],
  groupAt: ReadonlyMap<number, Group>,
  actors: readonly Actor[],
  rootOf: readonly number[],
  setting: Setting,
): void {
  const running = new Set<Group>();
  for (const [at, actor] of actors.entries()) {
    if (actor.relation?.kind !== 'chase') continue;
    for (const index of [at, actor.relation.to]) {
      const group = groupAt.get(rootOf[index] ?? -1);
      if (group) running.add(group);
    }
  }
  for (const group of groups) {
    if (running.has(group) || group.info.habitat === 'far') continue;
    const relation = actors[group.root]?.relation;
    const partner = relation ? groupAt.get(rootOf[relation.to] ?? -1) : undefined;
    const aim = partner && partner !== group ? partner.x : 0.5;
    const nearMiddle = Math.abs(group.x - aim) < 0.03;
    const lookRight = nearMiddle ? chance(setting.seed, `look-${group.root}`) > 0 : group.x < aim;
    for (const part of group.parts) {
      const was = part.flip;
      part.flip = facing(part.info, lookRight);
      // What an animal carries changes sides with it.
      if (part.at === group.root && was !== part.flip)
        for (const other of group.parts) if (other !== part) other.x = -other.x;
    }
    measureGroup(group);
  }
}
