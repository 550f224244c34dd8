import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { boxOf, drawFigures, drawScene } from '../../../src/main/sketch/draw.ts';
import { figureAnatomy, paintedBox } from '../../../src/main/sketch/anatomy.ts';
import { allFigures } from '../../../src/main/sketch/lexicon.ts';
import type { Figure, FigureBox, Scene } from '../../../src/shared/scene.ts';

const size = { width: 480, height: 270 };

const scene = (figures: Figure[]): Scene => ({
  format: 1,
  seed: 3,
  // Nothing casts a shadow in the sky, so what differs from the empty sky is the figure.
  place: 'sky',
  time: 'day',
  weather: 'clear',
  shot: 'medium',
  mood: 'neutral',
  figures,
  unknown: [],
  text: '',
});

const figure = (change: Partial<Figure>): Figure => ({
  id: 'f',
  icon: 'dog',
  word: 'dog',
  x: 0.5,
  y: 0.75,
  height: 0.5,
  flip: false,
  rotation: 0,
  depth: 1,
  ...change,
});

async function pixels(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
}

/** The box, in the frame of the one given (turned with it), around the pixels in which two drawings differ. */
async function inked(box: FigureBox, drawn: Figure) {
  const [empty, full] = await Promise.all([
    pixels(drawScene(scene([]), size)),
    pixels(drawScene(scene([drawn]), size)),
  ]);
  const middle = { x: (box.x + box.width / 2) * size.width, y: (box.y + box.height / 2) * size.height };
  const angle = (-box.rotation * Math.PI) / 180;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < empty.length; at += 3) {
    const differs = Math.max(
      ...[0, 1, 2].map((channel) => Math.abs(empty[at + channel]! - full[at + channel]!)),
    );
    if (differs < 40) continue;
    const [x, y] = [(at / 3) % size.width, Math.floor(at / 3 / size.width)];
    const [dx, dy] = [x + 0.5 - middle.x, y + 0.5 - middle.y];
    const u = dx * Math.cos(angle) - dy * Math.sin(angle);
    const v = dx * Math.sin(angle) + dy * Math.cos(angle);
    left = Math.min(left, u);
    right = Math.max(right, u);
    top = Math.min(top, v);
    bottom = Math.max(bottom, v);
  }
  return { left, top, right, bottom };
}

describe('the boxes of figures', () => {
  const cases: [string, Partial<Figure>][] = [
    ['an animal', {}],
    ['an animal that looks the other way', { flip: true, x: 0.3 }],
    ['a person, arms and all', { icon: 'man', height: 0.7, y: 0.9 }],
    ['a child that is turned', { icon: 'girl', rotation: 30 }],
    ['a seated animal with a tail to one side', { icon: 'cat-face', height: 0.6 }],
    ['the same, flipped and turned', { icon: 'cat-face', flip: true, rotation: -50, height: 0.6 }],
    ['a gown', { icon: 'princess', height: 0.6 }],
    ['a thing of the painter’s own', { icon: 'prop-lighthouse', height: 0.6 }],
    ['something tall and thin, upside down', { icon: 'kite', rotation: 180, height: 0.4 }],
  ];
  it.each(cases)('agree with the pixels of %s within 3 % of its size', async (_name, change) => {
    const drawn = figure(change);
    const box = boxOf(drawn, size.width / size.height);
    const ink = await inked(box, drawn);
    const [half, tall] = [(box.width * size.width) / 2, (box.height * size.height) / 2];
    const allowed = 0.03 * 2 * Math.max(half, tall) + 1;
    expect(Math.abs(ink.left + half)).toBeLessThan(allowed);
    expect(Math.abs(ink.right - half)).toBeLessThan(allowed);
    expect(Math.abs(ink.top + tall)).toBeLessThan(allowed);
    expect(Math.abs(ink.bottom - tall)).toBeLessThan(allowed);
  });

  it('hold for every figure with a body of the painter’s, and a good part of the rest', async () => {
    const figures = allFigures().filter((info, at) => info.lacks !== undefined || at % 40 === 0);
    const unit = 2;
    for (const { icon } of figures) {
      const { svg } = figureAnatomy(icon, 7, undefined);
      const alpha = await sharp(
        Buffer.from(
          `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${64 * unit}" height="${96 * unit}" viewBox="-16 -10 64 96">${svg}</svg>`,
        ),
      )
        .ensureAlpha()
        .extractChannel(3)
        .raw()
        .toBuffer();
      let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
      for (const [at, value] of alpha.entries()) {
        if (value < 60) continue;
        const [x, y] = [(at % (64 * unit)) / unit - 16, Math.floor(at / (64 * unit)) / unit - 10];
        left = Math.min(left, x);
        right = Math.max(right, x + 1 / unit);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y + 1 / unit);
      }
      const box = paintedBox(icon);
      const allowed = 0.035 * Math.max(box.w, box.h) + 0.6;
      expect(Math.abs(left - box.x), `${icon}: left`).toBeLessThan(allowed);
      expect(Math.abs(right - box.x - box.w), `${icon}: right`).toBeLessThan(allowed);
      expect(Math.abs(top - box.y), `${icon}: top`).toBeLessThan(allowed);
      expect(Math.abs(bottom - box.y - box.h), `${icon}: bottom`).toBeLessThan(allowed);
    }
  });

  it('cut a figure without a background to what it paints', async () => {
    const svg = drawFigures([figure({ icon: 'man', flip: true })]);
    const { data, info } = await sharp(Buffer.from(svg))
      .ensureAlpha()
      .extractChannel(3)
      .raw()
      .toBuffer({ resolveWithObject: true });
    const edge = (values: number[]): boolean => values.some((value) => value > 30);
    const column = (x: number): number[] =>
      Array.from({ length: info.height }, (_, y) => data[y * info.width + x]!);
    const row = (y: number): number[] =>
      Array.from({ length: info.width }, (_, x) => data[y * info.width + x]!);
    expect(info.height).toBe(96);
    expect(edge([...column(1), ...column(2)])).toBe(true);
    expect(edge([...column(info.width - 2), ...column(info.width - 3)])).toBe(true);
    expect(edge([...row(1), ...row(2)])).toBe(true);
    expect(edge([...row(info.height - 2), ...row(info.height - 3)])).toBe(true);
  });
});
