import { describe, expect, test } from 'vitest';
import { landingAt, type Layout, type PanelBox } from '../../../src/renderer/src/state/landing.ts';

/** Two rows of two panels of 200 by 150 with 16 between; each has a picture of 200 by 100 above a text. */
function grid(rightToLeft = false): Layout {
  const panels = [0, 1, 2, 3].map((index): PanelBox => {
    const column = rightToLeft ? 1 - (index % 2) : index % 2;
    const left = column * 216;
    const top = Math.floor(index / 2) * 166;
    return {
      id: `p${index}`,
      index,
      left,
      top,
      right: left + 200,
      bottom: top + 150,
      blocks: [
        { id: `i${index}`, picture: true, left, top, right: left + 200, bottom: top + 100 },
        { id: `t${index}`, picture: false, left, top: top + 100, right: left + 200, bottom: top + 150 },
      ],
    };
  });
  return { panels, flow: 'grid', rightToLeft, gap: 16 };
}

describe('on the board', () => {
  test.each([
    [10, 70, 0],
    [190, 70, 1],
    [208, 70, 1],
    [230, 70, 1],
    [400, 70, 2],
    [500, 200, 4],
    [60, 5000, 2],
  ])('a panel dragged to %i, %i lands in gap %i', (x, y, index) => {
    expect(landingAt(grid(), 'panels', x, y)?.landing).toEqual({ kind: 'gap', index });
  });

  test('the line stands in the middle of the gap', () => {
    expect(landingAt(grid(), 'panels', 190, 70)?.mark).toEqual({
      left: 206,
      right: 210,
      top: 0,
      bottom: 150,
    });
    expect(landingAt(grid(), 'panels', 230, 70)?.mark).toEqual({
      left: 206,
      right: 210,
      top: 0,
      bottom: 150,
    });
  });

  test('read from right to left, the left side of a panel is after it', () => {
    expect(landingAt(grid(true), 'panels', 226, 70)?.landing).toEqual({ kind: 'gap', index: 1 });
    expect(landingAt(grid(true), 'panels', 410, 70)?.landing).toEqual({ kind: 'gap', index: 0 });
  });

  test('a picture goes onto a picture, between blocks, or between panels', () => {
    expect(landingAt(grid(), 'pictures', 100, 50)).toMatchObject({
      landing: { kind: 'version', panel: 'p0', block: 'i0' },
      shape: 'frame',
    });
    expect(landingAt(grid(), 'pictures', 100, 10)?.landing).toEqual({ kind: 'block', panel: 'p0', index: 0 });
    expect(landingAt(grid(), 'pictures', 100, 110)?.landing).toEqual({
      kind: 'block',
      panel: 'p0',
      index: 1,
    });
    expect(landingAt(grid(), 'pictures', 100, 148)?.landing).toEqual({
      kind: 'block',
      panel: 'p0',
      index: 2,
    });
    expect(landingAt(grid(), 'pictures', 5, 50)?.landing).toEqual({ kind: 'gap', index: 0 });
    expect(landingAt(grid(), 'pictures', 208, 50)?.landing).toEqual({ kind: 'gap', index: 1 });
  });

  test('a block of the story never becomes a version', () => {
    expect(landingAt(grid(), 'block', 100, 60)?.landing).toEqual({ kind: 'block', panel: 'p0', index: 1 });
  });
});

test('in the script panels land above and below, and blocks between blocks', () => {
  const panels = [0, 1].map((index): PanelBox => ({
    id: `p${index}`,
    index,
    left: 0,
    right: 600,
    top: index * 208,
    bottom: index * 208 + 200,
    blocks: [
      { id: `t${index}`, picture: false, left: 0, right: 600, top: index * 208, bottom: index * 208 + 200 },
    ],
  }));
  const layout: Layout = { panels, flow: 'column', rightToLeft: false, gap: 8 };
  expect(landingAt(layout, 'panels', 300, 90)?.landing).toEqual({ kind: 'gap', index: 0 });
  expect(landingAt(layout, 'panels', 300, 120)?.landing).toEqual({ kind: 'gap', index: 1 });
  expect(landingAt(layout, 'block', 300, 60)?.landing).toEqual({ kind: 'block', panel: 'p0', index: 0 });
  expect(landingAt(layout, 'block', 300, 150)?.landing).toEqual({ kind: 'block', panel: 'p0', index: 1 });
  expect(landingAt(layout, 'block', 300, 204)?.landing).toEqual({ kind: 'gap', index: 1 });
});

test('without panels there is nowhere to land', () => {
  expect(landingAt({ panels: [], flow: 'grid', rightToLeft: false, gap: 16 }, 'pictures', 1, 1)).toBeNull();
});
