import { z } from 'zod';

/**
 * The Scene record: the structured description behind a sketch. The same scene always draws the same picture.
 *
 * Coordinates are fractions of the picture: x from 0 (left) to 1 (right), y from 0 (top) to 1 (bottom).
 */

export const times = ['dawn', 'day', 'dusk', 'night'] as const;
export const weathers = ['clear', 'cloudy', 'rain', 'snow', 'fog', 'storm', 'wind'] as const;
export const shots = ['wide', 'medium', 'close-up'] as const;
export const moods = ['neutral', 'happy', 'sad', 'angry', 'scared', 'calm'] as const;

export const FigureSchema = z.object({
  /** Unique within the scene, stable under edits. */
  id: z.string().min(1).max(64),
  /** Icon name in the figure set, e.g. `dog-face`. */
  icon: z.string().min(1).max(128),
  /** The word of the text the figure stands for, as the reader saw it. */
  word: z.string().max(200),
  /** The point on which the figure stands (bottom centre), in fractions of the picture. */
  x: z.number().min(-1).max(2),
  y: z.number().min(-1).max(2),
  /** Height of the figure as a fraction of the picture's height. */
  height: z.number().min(0.005).max(3),
  flip: z.boolean(),
  /** Clockwise, in degrees. */
  rotation: z.number().min(-180).max(180),
  /** Drawing order: larger is nearer. */
  depth: z.number(),
  /** A cast member's id, where the figure is one. */
  cast: z.string().max(64).optional(),
  /** Hue rotation in degrees, which tells members of a cast who share an icon apart. */
  hue: z.number().min(-180).max(180).optional(),
  /** Id of the figure this one goes with, as a hat with its wearer: where that one is moved, this one moves too. */
  with: z.string().max(64).optional(),
});
export type Figure = z.infer<typeof FigureSchema>;

export const SceneSchema = z.object({
  format: z.literal(1),
  /** Seeds composition and background; 32-bit unsigned. */
  seed: z.number().int().min(0).max(0xffffffff),
  /** Name of a procedural background, e.g. `forest`. */
  place: z.string().min(1).max(64),
  time: z.enum(times),
  weather: z.enum(weathers),
  shot: z.enum(shots),
  mood: z.enum(moods),
  figures: z.array(FigureSchema).max(200),
  /** Words of the text which name a thing and for which no figure is known. */
  unknown: z.array(z.string().max(200)),
  /** The text the scene was read from. */
  text: z.string().max(100_000),
});
export type Scene = z.infer<typeof SceneSchema>;

/** Where a drawn figure is to be seen: the box around its paint, turned about its own middle. Fractions of the picture. */
export interface FigureBox {
  id: string;
  /** The upper left corner before it is turned. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** Clockwise, in degrees. */
  rotation: number;
}
