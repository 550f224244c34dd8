import { describe, expect, test } from 'vitest';
import { boxOf } from '../../../src/main/sketch/draw.ts';
import { readScene } from '../../../src/main/sketch/read.ts';
import {
  drawingOrder,
  duplicateFigures,
  flipFigures,
  moveFigures,
  placeInOrder,
  putFigure,
  removeFigures,
  reorderFigures,
  scaleFigures,
  sketchAspect,
  turnFigures,
} from '../../../src/renderer/src/state/scene-edits.ts';
import { SceneSchema, type Figure, type Scene } from '../../../src/shared/scene.ts';

const scene = readScene('A girl with a scarf and an umbrella. A dog and two cats in the park.', { seed: 5 });
const girl = scene.figures.find(({ icon }) => icon.startsWith('girl'))!.id;
const worn = scene.figures.filter((figure) => figure.with === girl).map(({ id }) => id);
const dog = scene.figures.find(({ icon }) => icon === 'dog')!.id;
const of = (one: Scene, id: string): Figure => one.figures.find((figure) => figure.id === id)!;
const order = (one: Scene): string[] => drawingOrder(one).map(({ id }) => id);

describe('figures that go with another', () => {
  test('are known', () => {
    expect(worn.length).toBeGreaterThanOrEqual(1);
  });

  test('move, grow, turn and flip with it, and keep their place on it', () => {
    const [hat] = worn as [string];
    const moved = moveFigures(scene, [girl], 0.05, -0.1);
    for (const id of [girl, ...worn]) {
      expect(of(moved, id).x - of(scene, id).x).toBeCloseTo(0.05, 3);
      expect(of(moved, id).y - of(scene, id).y).toBeCloseTo(-0.1, 3);
    }
    expect(of(moved, dog)).toEqual(of(scene, dog));

    const grown = scaleFigures(scene, [girl], 1.5);
    expect(of(grown, girl)).toMatchObject({ x: of(scene, girl).x, y: of(scene, girl).y });
    expect(of(grown, hat).height / of(grown, girl).height).toBeCloseTo(
      of(scene, hat).height / of(scene, girl).height,
      2,
    );

    // A quarter turn takes what was above the middle to its side.
    const turned = turnFigures(scene, [girl], 90);
    const [before, after] = [scene, turned].map((one) => {
      const [a, b] = [boxOf(of(one, girl), sketchAspect), boxOf(of(one, hat), sketchAspect)];
      return {
        x: (b.x + b.width / 2 - a.x - a.width / 2) * sketchAspect,
        y: b.y + b.height / 2 - a.y - a.height / 2,
      };
    }) as [{ x: number; y: number }, { x: number; y: number }];
    expect(after.x).toBeCloseTo(-before.y, 1);
    expect(after.y).toBeCloseTo(before.x, 1);

    const flipped = flipFigures(scene, [girl]);
    expect(of(flipped, hat).x - of(flipped, girl).x).toBeCloseTo(of(scene, girl).x - of(scene, hat).x, 3);
    expect(flipFigures(flipped, [girl]).figures.map(({ x, flip }) => ({ x, flip }))).toEqual(
      scene.figures.map(({ x, flip }) => ({ x, flip })),
    );
  });

  test('stay when it is deleted, and are copied with it', () => {
    const without = removeFigures(scene, [girl]);
    expect(without.figures.map(({ id }) => id)).toEqual(
      scene.figures.filter(({ id }) => id !== girl).map(({ id }) => id),
    );
    expect(of(without, worn[0]!).with).toBeUndefined();
    const { scene: doubled, copies } = duplicateFigures(scene, [girl]);
    expect(copies).toHaveLength(1);
    expect(doubled.figures.filter((figure) => figure.with === copies[0])).toHaveLength(worn.length);
    expect(new Set(doubled.figures.map(({ id }) => id)).size).toBe(doubled.figures.length);
  });
});

test('no figure is lost out of the picture, and a group keeps its shape at the edge', () => {
  const ids = [girl, dog];
  const far = moveFigures(scene, ids, 3, -3);
  const apart = (one: Scene): number => of(one, girl).x - of(one, dog).x;
  expect(apart(far)).toBeCloseTo(apart(scene), 3);
  for (const id of ids) {
    expect(of(far, id).x).toBeLessThanOrEqual(1.1);
    expect(of(far, id).y).toBeGreaterThanOrEqual(0.0199);
  }
});

test('the order is changed by one step or all the way, with the same depths', () => {
  const last = order(scene)[0]!;
  const nearer = reorderFigures(scene, [last], 1);
  expect(order(nearer)).toEqual([order(scene)[1], last, ...order(scene).slice(2)]);
  expect(order(reorderFigures(nearer, [last], -1))).toEqual(order(scene));
  expect(order(reorderFigures(scene, [last], Infinity)).at(-1)).toBe(last);
  expect(order(reorderFigures(scene, [order(scene).at(-1)!], -Infinity))[0]).toBe(order(scene).at(-1));
  expect(reorderFigures(scene, [last], -1)).toBe(scene);
  expect(order(placeInOrder(scene, last, 2))[2]).toBe(last);
  // Two neighbours chosen together go on together, and stop together.
  const two = order(scene).slice(-2);
  expect(order(reorderFigures(scene, two, 1))).toEqual(order(scene));
});

test('a figure put in the scene answers the word it stands for', () => {
  const asked = { ...scene, unknown: ['zorblex', 'flurb'] };
  const put = putFigure(asked, { ...of(scene, dog), id: 'new', word: 'zorblex' });
  expect(put.unknown).toEqual(['flurb']);
  expect(put.figures).toHaveLength(scene.figures.length + 1);
});

test('whatever is done, the scene stays one that is accepted', () => {
  let now = scene;
  for (let round = 0; round < 60; round++) {
    const { id } = now.figures[round % now.figures.length]!;
    now = [
      () => moveFigures(now, [id], 0.4, 0.7),
      () => scaleFigures(now, [id], round % 2 ? 9 : 0.05),
      () => turnFigures(now, [id], 77),
      () => reorderFigures(now, [id], 1),
      () => flipFigures(now, [id]),
      () => duplicateFigures(now, [id]).scene,
    ][round % 6]!();
  }
  expect(SceneSchema.safeParse(now).error).toBeUndefined();
});
