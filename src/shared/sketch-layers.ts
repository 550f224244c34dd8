import type { Figure, FigureBox } from './scene.ts';

/**
 * How the parts of a sketch lie on each other: the scenery behind, the shadows, the figures with what belongs to each,
 * and the weather in front. The painter of whole sketches and the editor, which paints only what changes, both put
 * figures in their places by the functions here.
 */

/** A rectangle on a figure's artwork, or on the picture in its pixels. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** One figure of a sketch, apart from the rest. */
export interface FigureLayer {
  /** Key of the document with its artwork. */
  drawing: string;
  /** What of the artwork fills the figure's height, and what the document shows. */
  art: Area;
  view: Area;
  /** Whether it casts a shadow on the ground. */
  shadow: boolean;
  /** Whether it glows. */
  halo: boolean;
  /** The colour of the water around its foot, where it stands in some. */
  lap: string | null;
  box: FigureBox;
}

/** A sketch in layers. Each document is a whole SVG; those the asker has already are left out. */
export interface SketchLayers {
  /** Pixels of the picture that positions are fractions of. */
  width: number;
  height: number;
  /** Keys of the documents behind and in front of the figures, which fill the picture. */
  back: string;
  front: string;
  /** In the order of the scene's figures. */
  figures: FigureLayer[];
  documents: Record<string, string>;
}

export interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
}

/** Where a figure's artwork lies on a picture of a size, in its pixels. */
export interface Placing {
  /** The foot. */
  readonly x: number;
  readonly y: number;
  readonly high: number;
  readonly wide: number;
  /** Of the artwork, whose origin lies at `left`, `top` before the figure is mirrored and turned. */
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** Coordinates in a sketch have two digits, wherever they are written. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

export function placeFigure(
  figure: Pick<Figure, 'x' | 'y' | 'height'>,
  art: Area,
  { width, height }: { width: number; height: number },
): Placing {
  const scale = (figure.height * height) / art.h;
  const x = figure.x * width;
  const y = figure.y * height;
  return {
    x,
    y,
    high: figure.height * height,
    wide: art.w * scale,
    scale,
    left: x - (art.x + art.w / 2) * scale,
    top: y - (art.y + art.h) * scale,
  };
}

/** The shadow under a figure, on a picture `height` pixels high. */
export function shadowUnder({ x, y, wide }: Placing, height: number): Ellipse {
  const tall = Math.min(wide * 0.13, height * 0.03);
  return { x, y: y - tall * 0.15, rx: wide * 0.46, ry: tall };
}

export const shadowColour = '#14203a';

export function shadowOpacity(time: string): number {
  return time === 'night' ? 0.34 : 0.2;
}

/** The glow around a moon or sun: full at 0.3 of its radius, and nothing at its end. */
export function haloAround({ x, y, high }: Placing): Ellipse {
  const radius = high * 1.3;
  return { x, y: y - high / 2, rx: radius, ry: radius };
}

export const halo = { colour: '#fff3c4', opacity: 0.6, from: 0.3 };

/** The water around the foot of a figure that stands in it, with a rim. */
export function lapAround({ x, y, wide, high }: Placing): Ellipse {
  return { x, y, rx: wide * 0.62, ry: high * 0.12 };
}

export const lap = { opacity: 0.92, rim: '#ffffff', rimOpacity: 0.6, rimWidth: 0.004 };
