import type { ExportOptions } from '../../shared/contract.ts';

/** How panels are put on pages. */
export interface Layout {
  kind: 'grid' | 'picture-book' | 'script-left';
  columns: number;
  rows: number;
}

/** @param name a layout name of the contract: `grid-2x3` is two columns and three rows */
export function layoutOf(name: string): Layout {
  const grid = /^grid-(\d)x(\d)$/.exec(name);
  return grid
    ? { kind: 'grid', columns: Number(grid[1]), rows: Number(grid[2]) }
    : { kind: name === 'script-left' ? 'script-left' : 'picture-book', columns: 1, rows: 1 };
}

/** Page width and height in millimetres, as turned. */
export function pageSize({ page, orientation }: Pick<ExportOptions, 'page' | 'orientation'>): {
  width: number;
  height: number;
} {
  const [short, long] = page === 'a4' ? [210, 297] : [215.9, 279.4];
  return orientation === 'portrait' ? { width: short, height: long } : { width: long, height: short };
}

/** A duration as printed: `2.5 s`. */
export function secondsOf(duration: number): string {
  return `${Math.round(duration * 100) / 100} s`;
}
