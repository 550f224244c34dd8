import type { ExportOptions } from './contract.ts';

/** How panels are put on pages: what the typesetter does, and what the window draws small. */

export type LayoutKind = 'grid' | 'film-strip' | 'picture-book' | 'script-left';

export interface Layout {
  kind: LayoutKind;
  columns: number;
  rows: number;
}

/**
 * @param name a layout name of the contract: `grid-2x3` is two columns and three rows
 * @param orientation of the page: a strip of film has as many frames as the page is wide for
 */
export function layoutOf(name: string, orientation: ExportOptions['orientation']): Layout {
  const grid = /^grid-(\d)x(\d)$/.exec(name);
  if (grid) return { kind: 'grid', columns: Number(grid[1]), rows: Number(grid[2]) };
  if (name === 'film-strip') {
    return { kind: 'film-strip', columns: orientation === 'portrait' ? 3 : 5, rows: 1 };
  }
  return { kind: name === 'script-left' ? 'script-left' : 'picture-book', columns: 1, rows: 1 };
}

/** Page width and height in millimetres, as turned. */
export function pageSize({ page, orientation }: Pick<ExportOptions, 'page' | 'orientation'>): {
  width: number;
  height: number;
} {
  const [short, long] = page === 'a4' ? [210, 297] : [215.9, 279.4];
  return orientation === 'portrait' ? { width: short, height: long } : { width: long, height: short };
}

/** What is left white at the left and right of a page, in millimetres. */
export const sideMargin = 19;

/** Space between the columns of a grid, in millimetres. */
export function gutterOf({ columns }: Layout): number {
  return columns > 2 ? 5.5 : 8;
}

/** The narrowest cell, in millimetres, in which words beside a picture still hold their longest words. */
const narrowestBeside = 60;

/** Whether a layout leaves the choice to put pictures above their words or beside them. */
export function placeCanBeChosen(options: Pick<ExportOptions, 'layout' | 'page' | 'orientation'>): boolean {
  const layout = layoutOf(options.layout, options.orientation);
  if (layout.kind === 'picture-book') return true;
  if (layout.kind !== 'grid') return false;
  const width = pageSize(options).width - 2 * sideMargin - gutterOf(layout) * (layout.columns - 1);
  return width / layout.columns >= narrowestBeside;
}
