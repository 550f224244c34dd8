import type { Scene } from '../../shared/scene.ts';
import { drawScene } from './draw.ts';
import { readScene, type ReadOptions } from './read.ts';

/** The painter's front door: text to scene, scene to SVG. */

/**
 * Reads a text into a scene.
 * @param options see {@link ReadOptions}; `aspect` is width divided by height.
 */
export function sketchText(text: string, options: ReadOptions = {}): Scene {
  return readScene(text, options);
}

/**
 * Draws a scene at 1536 x 864, or at the size asked for.
 * @throws FabulaError `invalid-input` when the scene names a place or a figure the painter does not know.
 */
export function sketchSvg(scene: Scene, size?: { width: number; height: number }): string {
  return drawScene(scene, size);
}
