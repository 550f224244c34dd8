import type { Figure, Scene } from '../../shared/scene.ts';
import type { CastMember } from '../../shared/story.ts';
import { figureBox } from './anatomy.ts';
import { sketchSize } from './draw.ts';
import { facing, layoutFigures, shownHeight, sized, type Actor } from './layout.ts';
import { figureInfo } from './lexicon.ts';
import { placeNamed } from './places.ts';
import { castLooks, readScene, wearables, type Look, type ReadOptions } from './read.ts';

/** Changing a scene that somebody may have worked on: what was done by hand is kept. */

type Reading = Pick<ReadOptions, 'cast' | 'context'>;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const shape = sketchSize.width / sketchSize.height;
const round = (value: number): number => Math.round(value * 10_000) / 10_000;

/** What a scene is composed anew for. */
export type Staging = Partial<Pick<Scene, 'seed' | 'place' | 'shot'>>;

/**
 * Composes a scene anew: with another seed, at another place, seen from nearer or farther. What differs from what its
 * text alone would have given (figures moved, added, replaced or taken away, another hour) is kept; figures placed by
 * hand only change their size with the shot, and stay on the ground.
 *
 * @param reading the cast and the texts before, as for {@link readScene}
 * @throws FabulaError `invalid-input` when the place is not known
 */
export function restageScene(scene: Scene, change: Staging, reading: Reading): Scene {
  const now = { seed: scene.seed, place: scene.place, shot: scene.shot };
  const then = { ...now, ...change };
  const before = readScene(scene.text, { ...reading, ...now });
  const after = readScene(scene.text, { ...reading, ...then });
  // The text names the same things with every seed; only their ids may differ, by the skin tone that chance chose.
  const known = before.figures.length === after.figures.length ? renamed(after, before.figures) : after;
  const closer = shownHeight(1, then.shot) / shownHeight(1, now.shot);
  const [from, to] = [placeNamed(now.place).ground, placeNamed(then.place).ground];
  const keep = (figure: Figure): Figure => {
    const stands = from && to && figure.y > from[0] - 0.03 && figure.y < from[1] + 0.06;
    const y = stands ? to[0] + ((figure.y - from[0]) * (to[1] - to[0])) / (from[1] - from[0]) : figure.y;
    return closer === 1 && y === figure.y
      ? figure
      : { ...figure, y: round(y), height: round(Math.min(1.6, figure.height * closer)) };
  };
  return { ...merge(before, scene, known, keep), ...then };
}

function renamed(scene: Scene, like: readonly Figure[]): Scene {
  const names = new Map(scene.figures.map((figure, at) => [figure.id, like[at]!.id]));
  return {
    ...scene,
    figures: scene.figures.map((figure) => ({
      ...figure,
      id: names.get(figure.id)!,
      ...(figure.with === undefined ? {} : { with: names.get(figure.with)! }),
    })),
  };
}

/**
 * Three-way merge: `before` and `after` are two readings, `mine` is what somebody made of the first. Figures and
 * fields that are as they were read are taken from the second reading; the others are kept, figures after `keep`.
 */
function merge(
  before: Scene,
  mine: Scene,
  after: Scene,
  keep: (figure: Figure) => Figure = (figure) => figure,
): Scene {
  const read = new Map(before.figures.map((figure) => [figure.id, figure]));
  const own = new Map(mine.figures.map((figure) => [figure.id, figure]));
  const anyKnown = mine.figures.some((figure) => read.has(figure.id));
  const field = <Key extends keyof Scene>(key: Key): Scene[Key] =>
    same(mine[key], before[key]) ? after[key] : mine[key];
  const result = {
    ...mine,
    place: field('place'),
    time: field('time'),
    weather: field('weather'),
    mood: field('mood'),
  };
  // A scene with nothing of its text in it was read from other words, or by hand: it is left alone.
  if (!anyKnown && mine.figures.length > 0) return { ...result, figures: mine.figures.map(keep) };
  const fresh = new Set(after.figures.map((figure) => figure.id));
  const figures = after.figures.flatMap((figure) => {
    const was = read.get(figure.id);
    const now = own.get(figure.id);
    if (was && !now) return [];
    return [now && was && !same(was, now) ? keep(now) : figure];
  });
  for (const figure of mine.figures) {
    if (fresh.has(figure.id)) continue;
    const was = read.get(figure.id);
    if (!was || !same(was, figure)) figures.push(keep(figure));
  }
  const settled = new Set(before.unknown.filter((word) => !mine.unknown.includes(word)));
  return {
    ...result,
    figures: loosened(figures),
    unknown: after.unknown.filter((word) => !settled.has(word)),
  };
}

/** Figures that go with one which is no longer there go by themselves. */
function loosened(figures: readonly Figure[]): Figure[] {
  const ids = new Set(figures.map((figure) => figure.id));
  return figures.map((figure) => {
    if (figure.with === undefined || ids.has(figure.with)) return figure;
    const { with: _gone, ...free } = figure;
    return free;
  });
}

/**
 * A scene with a member of the cast as the cast now says: the figure, its colour and what it wears, in the place where
 * the member stood. Where the text names the member and the scene does not have them yet, they are added.
 *
 * @returns the very scene given where nothing has to change
 */
export function recastScene(
  scene: Scene,
  member: string,
  reading: Reading & { cast: readonly CastMember[] },
): Scene {
  const look = castLooks(reading.cast).get(member);
  if (!look) return scene;
  const shown = scene.figures.filter((figure) => figure.cast === member);
  if (shown.length === 0) return addMember(scene, member, reading);
  const dressed = shown.reduce((figures, figure) => dress(figures, figure, look, scene), scene.figures);
  return same(dressed, scene.figures) ? scene : { ...scene, figures: dressed };
}

/** The text may name somebody who was not in the cast when it was read. */
function addMember(scene: Scene, member: string, reading: Reading & { cast: readonly CastMember[] }): Scene {
  const options = { ...reading, seed: scene.seed, shot: scene.shot };
  const after = readScene(scene.text, options);
  if (!after.figures.some((figure) => figure.cast === member)) return scene;
  const before = readScene(scene.text, {
    ...options,
    cast: reading.cast.filter((one) => one.id !== member),
  });
  return merge(before, scene, after);
}

function dress(figures: readonly Figure[], figure: Figure, look: Look, scene: Scene): Figure[] {
  const { hue: _hue, ...plain } = figure;
  const before = actorHeight({ icon: figure.icon, word: '' }, scene);
  const after = actorHeight({ icon: look.icon, word: '' }, scene);
  const grown = figure.icon === look.icon || before === 0 ? 1 : after / before;
  const wearer: Figure = {
    ...plain,
    icon: look.icon,
    height: round(Math.min(3, Math.max(0.005, figure.height * grown))),
    flip: keepsLooking(figure, look.icon),
    ...(look.hue === undefined ? {} : { hue: look.hue }),
  };
  const own = figures.filter((other) => other.with === figure.id && wearables.has(other.icon));
  // A hat that the text itself speaks of stays on.
  const text = scene.text.toLowerCase();
  const said = own.filter((other) => text.includes(other.word.toLowerCase()));
  const icons = (list: readonly { icon: string; hue?: number | undefined }[]): string =>
    list
      .map(({ icon, hue }) => `${icon} ${hue ?? ''}`)
      .sort()
      .join();
  const wanted = look.worn.filter((item) => !said.some((other) => other.icon === item.icon));
  const worn = own.filter((other) => !said.includes(other));
  const fits = figure.icon === look.icon && icons(worn) === icons(wanted);
  if (fits && same(wearer.hue, figure.hue)) return [...figures];
  const kept = figures.filter((other) => fits || !worn.includes(other));
  return kept
    .map((other) => (other.id === figure.id ? wearer : other))
    .concat(fits ? [] : wornBy(wearer, wanted, scene, new Set(kept.map((other) => other.id))));
}

/** Hats, glasses and scarves on somebody who stands already. */
function wornBy(wearer: Figure, worn: Look['worn'], scene: Scene, taken: ReadonlySet<string>): Figure[] {
  if (worn.length === 0) return [];
  const actors: Actor[] = [
    { icon: wearer.icon, word: '', ...(wearer.cast === undefined ? {} : { cast: wearer.cast }) },
    ...worn.map((item) => ({ ...item, relation: { kind: 'wear' as const, to: 0 } })),
  ];
  const [model, ...parts] = layoutFigures(actors, { ...settingOf(scene), place: 'plain' });
  if (!model) return [];
  const scale = wearer.height / model.height;
  const turned = model.flip === wearer.flip ? 1 : -1;
  return parts.map((part) => ({
    ...part,
    id: freeId(part.id, taken),
    x: round(wearer.x + (part.x - model.x) * scale * turned),
    y: round(wearer.y + (part.y - model.y) * scale),
    height: round(part.height * scale),
    flip: turned === 1 ? part.flip : !part.flip,
    depth: round(wearer.depth + part.depth - model.depth),
    with: wearer.id,
  }));
}

const settingOf = (scene: Scene) => ({
  seed: scene.seed,
  place: scene.place,
  shot: scene.shot,
  aspect: shape,
});

function actorHeight(actor: Actor, scene: Scene): number {
  const info = figureInfo(actor.icon);
  return info ? sized(actor, info, scene.shot).h : 0;
}

/** The flip with which a figure drawn instead of another looks the same way. */
function keepsLooking(figure: Figure, icon: string): boolean {
  const was = figureInfo(figure.icon);
  const now = figureInfo(icon);
  if (figure.icon === icon || !was || !now || was.facing === 'N' || now.facing === 'N') {
    return now?.facing === 'N' && figure.icon !== icon ? false : figure.flip;
  }
  return facing(now, (was.facing === 'R') !== figure.flip);
}

/** A figure's id that is not taken yet. */
export function freeId(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const base = wanted.slice(0, 56);
  for (let nth = 2; ; nth++) if (!taken.has(`${base}-${nth}`)) return `${base}-${nth}`;
}

/**
 * A figure for a scene, of the size and at the place it would have there. The scene itself is not changed.
 *
 * @param at where the middle of the figure is to be, in fractions of the picture
 * @param instead id of the figure it stands in for, whose id, foot and way of looking it takes
 */
export function fitFigure(
  scene: Scene,
  {
    icon,
    word,
    at,
    instead,
  }: { icon: string; word: string; at?: { x: number; y: number } | undefined; instead?: string | undefined },
): Figure {
  const old = instead === undefined ? undefined : scene.figures.find((figure) => figure.id === instead);
  if (old) {
    const { cast: _cast, hue: _hue, ...rest } = old;
    const before = actorHeight({ icon: old.icon, word }, scene);
    const grown = before === 0 ? 1 : actorHeight({ icon, word }, scene) / before;
    // Somebody may have drawn the old one giant or tiny; the new one keeps the proportion, within the picture.
    const height = Math.min(1.2, Math.max(0.03, old.height * grown));
    return { ...rest, icon, word, height: round(height), flip: keepsLooking(old, icon) };
  }
  const [laid] = layoutFigures([{ icon, word }], settingOf(scene));
  const fitted: Figure = laid ?? {
    id: icon,
    icon,
    word,
    x: 0.5,
    y: 0.9,
    height: 0.4,
    flip: false,
    rotation: 0,
    depth: 0.9,
  };
  const id = freeId(fitted.id, new Set(scene.figures.map((figure) => figure.id)));
  // A thing alone in a picture is drawn large; one that joins others is as large as they are.
  const height =
    scene.figures.length === 0
      ? fitted.height
      : round(Math.min(fitted.height, actorHeight({ icon, word }, scene)));
  if (at) {
    // What is put somewhere by hand is to be seen there.
    const nearest = Math.max(0, ...scene.figures.map((figure) => figure.depth));
    return {
      ...fitted,
      id,
      height,
      x: round(at.x),
      y: round(at.y + height / 2),
      depth: round(nearest + 0.01),
    };
  }
  const box = figureBox(icon);
  return { ...fitted, id, height, x: round(roomiest(scene, (height * box.w) / box.h / shape, fitted.x)) };
}

/**
 * Where across the picture something of a width covers the least of what is there.
 *
 * @param range where its middle may be
 */
export function roomiest(
  scene: Scene,
  wide: number,
  wish: number,
  [from, to]: readonly [number, number] = [0.06, 0.94],
): number {
  let best = wish;
  let least = Infinity;
  for (let step = 0; step <= 16; step++) {
    const x = Math.min(1 - wide / 2, Math.max(wide / 2, from + (step * (to - from)) / 16));
    const covered = scene.figures.reduce((sum, figure) => {
      const box = figureBox(figure.icon);
      const half = (figure.height * box.w) / box.h / shape / 2;
      return (
        sum + Math.max(0, Math.min(x + wide / 2, figure.x + half) - Math.max(x - wide / 2, figure.x - half))
      );
    }, 0);
    const cost = covered + Math.abs(x - wish) * 0.05;
    if (cost < least - 1e-9) [best, least] = [x, cost];
  }
  return best;
}
