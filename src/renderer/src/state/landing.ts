import type { Landing } from './panel-edits.ts';

/** Where a thing dragged over the panels would land: pure geometry, in pixels of the window. */

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface BlockBox extends Box {
  id: string;
  /** True for a picture block, whether it has its picture or waits for one. */
  picture: boolean;
}

export interface PanelBox extends Box {
  id: string;
  /** Position in the story. */
  index: number;
  blocks: readonly BlockBox[];
}

export interface Layout {
  /** The panels on the page, in order. */
  panels: readonly PanelBox[];
  /** Beside one another, or one below another. */
  flow: 'grid' | 'column';
  rightToLeft: boolean;
  /** Space between panels. */
  gap: number;
}

/** What is being dragged. Only pictures from outside the story can become a picture's new version. */
export type DragKind = 'panels' | 'block' | 'pictures';

export interface Landed {
  landing: Landing;
  /** What to draw: a line where the thing would come to stand, or a frame around the picture it would go onto. */
  mark: Box;
  shape: 'line' | 'frame';
}

const lineWidth = 4;

function distance(box: Box, x: number, y: number): number {
  const dx = Math.max(box.left - x, 0, x - box.right);
  const dy = Math.max(box.top - y, 0, y - box.bottom);
  // A place in the same row is meant before one that is nearer in the row below.
  return dx + dy * 4;
}

function nearest(panels: readonly PanelBox[], x: number, y: number): PanelBox | undefined {
  let found: PanelBox | undefined;
  let least = Infinity;
  for (const panel of panels) {
    const far = distance(panel, x, y);
    if (far < least) {
      least = far;
      found = panel;
    }
  }
  return found;
}

/**
 * @param x Pixels from the left of the window.
 * @returns null when no panel is on the page
 */
export function landingAt(layout: Layout, kind: DragKind, x: number, y: number): Landed | null {
  const panel = nearest(layout.panels, x, y);
  if (!panel) return null;
  if (kind !== 'panels') {
    const inside = insidePanel(layout, panel, kind, x, y);
    if (inside) return inside;
  }
  return besidePanel(layout, panel, x, y);
}

function besidePanel({ flow, rightToLeft, gap }: Layout, panel: PanelBox, x: number, y: number): Landed {
  const half = gap / 2 + lineWidth / 2;
  if (flow === 'column') {
    const after = y > (panel.top + panel.bottom) / 2;
    const top = after ? panel.bottom + half - lineWidth : panel.top - half;
    return {
      landing: { kind: 'gap', index: panel.index + (after ? 1 : 0) },
      mark: { left: panel.left, right: panel.right, top, bottom: top + lineWidth },
      shape: 'line',
    };
  }
  const right = x > (panel.left + panel.right) / 2;
  const after = right !== rightToLeft;
  const left = right ? panel.right + half - lineWidth : panel.left - half;
  return {
    landing: { kind: 'gap', index: panel.index + (after ? 1 : 0) },
    mark: { left, right: left + lineWidth, top: panel.top, bottom: panel.bottom },
    shape: 'line',
  };
}

function insidePanel(
  { flow, gap }: Layout,
  panel: PanelBox,
  kind: DragKind,
  x: number,
  y: number,
): Landed | null {
  // The rim of a panel, on the sides where it meets its neighbours, means the place between.
  const width = panel.right - panel.left;
  const height = panel.bottom - panel.top;
  const rim = flow === 'grid' ? Math.min(24, width * 0.1) : Math.min(14, height * 0.2);
  const inside =
    flow === 'grid'
      ? x > panel.left + rim && x < panel.right - rim && y > panel.top - gap / 2 && y < panel.bottom + gap
      : y > panel.top + rim && y < panel.bottom - rim;
  if (!inside) return null;

  if (kind === 'pictures') {
    for (const block of panel.blocks) {
      const quarter = (block.bottom - block.top) / 4;
      if (block.picture && y > block.top + quarter && y < block.bottom - quarter) {
        const { left, top, right, bottom } = block;
        return {
          landing: { kind: 'version', panel: panel.id, block: block.id },
          mark: { left, top, right, bottom },
          shape: 'frame',
        };
      }
    }
  }
  let index = 0;
  while (index < panel.blocks.length) {
    const block = panel.blocks[index]!;
    if (y < (block.top + block.bottom) / 2) break;
    index += 1;
  }
  const before = panel.blocks[index - 1];
  const next = panel.blocks[index];
  const at =
    before && next
      ? (before.bottom + next.top) / 2
      : (before?.bottom ?? next?.top ?? (panel.top + panel.bottom) / 2);
  const { left, right } = panel.blocks[0] ?? panel;
  return {
    landing: { kind: 'block', panel: panel.id, index },
    mark: { left, right, top: at - lineWidth / 2, bottom: at + lineWidth / 2 },
    shape: 'line',
  };
}
