import type { Figure, Scene } from '../../../shared/scene.ts';

/** Changes of a scene as its editor makes them: a scene in, another out. What goes with a figure goes along. */

/** Width of a sketch by its height. */
export const sketchAspect = 16 / 9;

const round = (value: number): number => Math.round(value * 10_000) / 10_000;
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
/** How far out of the picture the foot of a figure may be brought, in fractions of it. */
const foot = { left: -0.1, right: 1.1, top: 0.02, bottom: 1.5 };
const heights = { least: 0.02, most: 2 };

/** The figures named, and those that go with them, however many steps away. */
export function withCompany(scene: Scene, ids: readonly string[]): Set<string> {
  const all = new Set(ids);
  for (let grown = true; grown;) {
    grown = false;
    for (const figure of scene.figures) {
      if (figure.with === undefined || all.has(figure.id) || !all.has(figure.with)) continue;
      all.add(figure.id);
      grown = true;
    }
  }
  return all;
}

function change(scene: Scene, ids: ReadonlySet<string>, edit: (figure: Figure) => Figure): Scene {
  return { ...scene, figures: scene.figures.map((figure) => (ids.has(figure.id) ? edit(figure) : figure)) };
}

/** Moves figures by fractions of the picture. None is lost to sight: the whole group stops where the first one does. */
export function moveFigures(scene: Scene, ids: readonly string[], dx: number, dy: number): Scene {
  const moved = withCompany(scene, ids);
  const chosen = scene.figures.filter((figure) => ids.includes(figure.id));
  if (chosen.length === 0) return scene;
  const within = (step: number, values: number[], low: number, high: number): number =>
    clamp(step, Math.min(0, low - Math.min(...values)), Math.max(0, high - Math.max(...values)));
  const x = within(
    dx,
    chosen.map((figure) => figure.x),
    foot.left,
    foot.right,
  );
  const y = within(
    dy,
    chosen.map((figure) => figure.y),
    foot.top,
    foot.bottom,
  );
  return change(scene, moved, (figure) => ({
    ...figure,
    x: round(clamp(figure.x + x, -1, 2)),
    y: round(clamp(figure.y + y, -1, 2)),
  }));
}

/** For each figure of a group, the chosen one it goes with: the one it is scaled, turned and mirrored about. */
function leaders(scene: Scene, ids: readonly string[]): Map<string, Figure> {
  const byId = new Map(scene.figures.map((figure) => [figure.id, figure]));
  const found = new Map<string, Figure>();
  for (const id of withCompany(scene, ids)) {
    let figure = byId.get(id);
    // A circle of figures cannot be drawn, but could be sent.
    for (let hops = 0; figure && !ids.includes(figure.id) && hops < scene.figures.length; hops++) {
      figure = byId.get(figure.with ?? '');
    }
    if (figure) found.set(id, figure);
  }
  return found;
}

/** Makes figures larger or smaller, each about its own foot. */
export function scaleFigures(scene: Scene, ids: readonly string[], factor: number): Scene {
  const lead = leaders(scene, ids);
  return change(scene, new Set(lead.keys()), (figure) => {
    const leader = lead.get(figure.id)!;
    const by = clamp(leader.height * factor, heights.least, heights.most) / leader.height;
    return {
      ...figure,
      x: round(leader.x + (figure.x - leader.x) * by),
      y: round(leader.y + (figure.y - leader.y) * by),
      height: round(clamp(figure.height * by, 0.005, 3)),
    };
  });
}

/** Turns figures by degrees, clockwise, each about its own middle. */
export function turnFigures(scene: Scene, ids: readonly string[], degrees: number): Scene {
  const lead = leaders(scene, ids);
  const angle = (degrees * Math.PI) / 180;
  return change(scene, new Set(lead.keys()), (figure) => {
    const leader = lead.get(figure.id)!;
    const pivot = { x: leader.x, y: leader.y - leader.height / 2 };
    const dx = (figure.x - pivot.x) * sketchAspect;
    const dy = figure.y - figure.height / 2 - pivot.y;
    return {
      ...figure,
      rotation: upright(figure.rotation + degrees),
      ...(figure.id === leader.id
        ? {}
        : {
            x: round(pivot.x + (dx * Math.cos(angle) - dy * Math.sin(angle)) / sketchAspect),
            y: round(pivot.y + dx * Math.sin(angle) + dy * Math.cos(angle) + figure.height / 2),
          }),
    };
  });
}

/** Degrees in (-180, 180], whole. */
function upright(degrees: number): number {
  const turned = ((((Math.round(degrees) + 180) % 360) + 360) % 360) - 180;
  return turned === -180 ? 180 : turned;
}

/** Mirrors figures, each about the line through its own middle. */
export function flipFigures(scene: Scene, ids: readonly string[]): Scene {
  const lead = leaders(scene, ids);
  return change(scene, new Set(lead.keys()), (figure) => {
    const leader = lead.get(figure.id)!;
    const own = figure.id === leader.id;
    return {
      ...figure,
      x: own ? figure.x : round(2 * leader.x - figure.x),
      flip: !figure.flip,
      rotation: own ? figure.rotation : upright(-figure.rotation),
    };
  });
}

/** Figures from the farthest to the nearest, as they are drawn. */
export function drawingOrder(scene: Scene): Figure[] {
  return scene.figures
    .map((figure, at) => ({ figure, at }))
    .sort((a, b) => a.figure.depth - b.figure.depth || a.at - b.at)
    .map(({ figure }) => figure);
}

/** Puts a figure at a place of the drawing order, 0 being the farthest. */
export function placeInOrder(scene: Scene, id: string, to: number): Scene {
  const before = drawingOrder(scene);
  const from = before.findIndex((figure) => figure.id === id);
  const target = clamp(to, 0, before.length - 1);
  if (from < 0 || from === target) return scene;
  const order = before.toSpliced(from, 1).toSpliced(target, 0, before[from]!);
  // The depths stay the same set of numbers, so that near and far things of the painter keep their meaning.
  const depths = before.map((figure) => figure.depth);
  for (let at = 1; at < depths.length; at++) {
    depths[at] = Math.max(depths[at]!, Math.round((depths[at - 1]! + 0.0001) * 1e6) / 1e6);
  }
  const depthOf = new Map(order.map((figure, at) => [figure.id, depths[at]!]));
  return change(scene, new Set(depthOf.keys()), (figure) => ({ ...figure, depth: depthOf.get(figure.id)! }));
}

/** Brings figures one step nearer (1) or farther (-1), or all the way (±Infinity). */
export function reorderFigures(scene: Scene, ids: readonly string[], step: number): Scene {
  const order = drawingOrder(scene).filter((figure) => ids.includes(figure.id));
  // Those that go first are those the others would bump into.
  const turn = step > 0 ? order.reverse() : order;
  let result = scene;
  for (const [nth, { id }] of turn.entries()) {
    const at = drawingOrder(result).findIndex((figure) => figure.id === id);
    const last = result.figures.length - 1;
    const edge = step > 0 ? last - nth : nth;
    const to = Number.isFinite(step) ? at + step : edge;
    result = placeInOrder(result, id, step > 0 ? Math.min(to, edge) : Math.max(to, edge));
  }
  return result;
}

/** Takes figures away; what went with them stays where it is. */
export function removeFigures(scene: Scene, ids: readonly string[]): Scene {
  return {
    ...scene,
    figures: scene.figures
      .filter((figure) => !ids.includes(figure.id))
      .map((figure) => {
        if (figure.with === undefined || !ids.includes(figure.with)) return figure;
        const { with: _gone, ...free } = figure;
        return free;
      }),
  };
}

/** Copies figures and what goes with them a little aside. */
export function duplicateFigures(scene: Scene, ids: readonly string[]): { scene: Scene; copies: string[] } {
  const taken = new Set(scene.figures.map((figure) => figure.id));
  const names = new Map<string, string>();
  const company = withCompany(scene, ids);
  for (const { id } of scene.figures) {
    if (!company.has(id)) continue;
    const base = id.slice(0, 58).replace(/-copy-\d+$/, '');
    let nth = 1;
    while (taken.has(`${base}-copy-${nth}`)) nth += 1;
    names.set(id, `${base}-copy-${nth}`);
    taken.add(`${base}-copy-${nth}`);
  }
  const aside = scene.figures.some((figure) => ids.includes(figure.id) && figure.x > 0.85) ? -0.07 : 0.07;
  const copies = scene.figures
    .filter((figure) => company.has(figure.id))
    .map((figure) => ({
      ...figure,
      id: names.get(figure.id)!,
      x: round(figure.x + aside),
      depth: Math.round((figure.depth + 0.00005) * 1e6) / 1e6,
      ...(figure.with === undefined ? {} : { with: names.get(figure.with) ?? figure.with }),
    }));
  return {
    scene: { ...scene, figures: [...scene.figures, ...copies] },
    copies: ids.flatMap((id) => names.get(id) ?? []),
  };
}

/** Changes fields of one figure. */
export function setFigure(scene: Scene, id: string, fields: Partial<Figure>): Scene {
  return change(scene, new Set([id]), (figure) => ({ ...figure, ...fields }));
}

/** Puts a figure in place of the one with its id, or adds it; a word it stands for is no longer without a figure. */
export function putFigure(scene: Scene, figure: Figure): Scene {
  const known = scene.figures.some((one) => one.id === figure.id);
  return {
    ...scene,
    figures: known
      ? scene.figures.map((one) => (one.id === figure.id ? figure : one))
      : [...scene.figures, figure],
    unknown: scene.unknown.filter((word) => word !== figure.word),
  };
}
