import type { Figure, Scene } from '../../../shared/scene.ts';
import {
  halo,
  haloAround,
  hundredths,
  lap,
  lapAround,
  placeFigure,
  shadowColour,
  shadowOpacity,
  shadowUnder,
  type Ellipse,
  type FigureLayer,
  type Placing,
  type SketchLayers,
} from '../../../shared/sketch-layers.ts';
import { drawingOrder } from './scene-edits.ts';

/** A scene as the studio drew it last, in layers. */
export interface DrawnSketch {
  readonly scene: Scene;
  readonly layers: SketchLayers;
  /** The figures' layers, by id. */
  readonly figures: ReadonlyMap<string, FigureLayer>;
  /** Decoded documents, by key. */
  readonly documents: ReadonlyMap<string, HTMLImageElement>;
}

/** A part of the picture in pixels of the screen, ready to be copied. */
interface Tile {
  readonly key: string;
  readonly canvas: HTMLCanvasElement;
  readonly left: number;
  readonly top: number;
}

/** One figure to be painted. */
interface Painted {
  readonly figure: Figure;
  readonly layer: FigureLayer;
  readonly place: Placing;
  /** Names everything its pixels depend on. */
  readonly key: string;
}

/** A figure that has not changed for this time is kept as pixels, in milliseconds. */
const settledMs = 150;

/**
 * Paints a sketch that is being edited. What does not change lies ready in pixels: the scenery behind and in front, and
 * every figure. Only a figure that has changed is drawn from its artwork, in the very frame the change is made in,
 * however long the studio takes to answer.
 */
export class SketchPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #scenery = new Map<'back' | 'front', Tile>();
  readonly #tiles = new Map<string, Tile>();
  /** Keys of the figures' pixels on the screen, by id. */
  #shown = new Map<string, string>();
  #sketch: DrawnSketch | null = null;
  #scene: Scene | null = null;
  #frame = 0;
  #idle = 0;
  #settling: ReturnType<typeof setTimeout> | undefined;
  /** What is on the canvas. */
  #painting = '';
  #paintings = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false })!;
  }

  /**
   * Shows a scene from the next frame on.
   *
   * @param sketch as the studio drew it last, which may be a few changes behind
   * @param width of the picture, in pixels of the screen
   */
  show(scene: Scene, sketch: DrawnSketch, width: number): void {
    this.#scene = scene;
    this.#sketch = sketch;
    const height = Math.round((width * sketch.layers.height) / sketch.layers.width);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#scenery.clear();
      this.#tiles.clear();
      this.#painting = '';
      // A canvas that changes its size is empty at once.
      this.#paint();
    } else if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    cancelIdleCallback(this.#idle);
    clearTimeout(this.#settling);
  }

  #paint(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#sketch || !this.#scene) return;
    const { layers, documents } = this.#sketch;
    const scene = scenePainted(this.#scene, this.#sketch);
    const context = this.#context;
    const figures = this.#figuresOf(scene, this.#sketch);
    const painting = [
      layers.back,
      layers.front,
      ...figures.map(({ layer, key }) => `${key} ${layer.shadow}`),
    ];
    // A change that the studio has to draw first, or an answer that brings nothing new.
    if (painting.join() === this.#painting) return;
    this.#painting = painting.join();

    context.setTransform(1, 0, 0, 1, 0, 0);
    const back = this.#sceneryTile('back', layers.back, documents);
    if (back) context.drawImage(back.canvas, 0, 0);
    for (const { layer, place } of figures) {
      if (!layer.shadow) continue;
      this.#toPicture(context);
      context.globalAlpha = shadowOpacity(scene.time);
      context.fillStyle = shadowColour;
      trace(context, shadowUnder(place, layers.height));
      context.fill();
      context.globalAlpha = 1;
    }
    for (const painted of figures) {
      const tile = this.#tiles.get(painted.figure.id);
      if (tile?.key === painted.key) {
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.drawImage(tile.canvas, tile.left, tile.top);
      } else this.#drawFigure(context, painted, 0, 0);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    const front = this.#sceneryTile('front', layers.front, documents);
    if (front) context.drawImage(front.canvas, 0, 0);

    // One that is being dragged is another picture in the next frame.
    const still = figures.filter(({ figure, key }) => this.#shown.get(figure.id) === key);
    this.#shown = new Map(figures.map(({ figure, key }) => [figure.id, key]));
    this.#paintings += 1;
    this.#canvas.dataset['painting'] = String(this.#paintings);
    this.#keepPixels(still);
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#keepPixels(figures), settledMs);
  }

  #figuresOf(scene: Scene, { layers, figures }: DrawnSketch): Painted[] {
    return drawingOrder(scene).flatMap((figure) => {
      const layer = figures.get(figure.id);
      if (!layer) return [];
      const place = placeFigure(figure, layer.art, layers);
      const { x, y, height, rotation, flip } = figure;
      const key = [layer.drawing, x, y, height, rotation, flip, layer.halo, layer.lap].join(' ');
      return [{ figure, layer, place, key }];
    });
  }

  /** Coordinates are the picture's own from here on, with the origin of the canvas at a pixel of the screen. */
  #toPicture(context: CanvasRenderingContext2D, left = 0, top = 0): void {
    const scale = this.#canvas.width / this.#sketch!.layers.width;
    context.setTransform(scale, 0, 0, scale, -left, -top);
  }

  /** Draws a figure from its artwork, with its glow and the water around it. */
  #drawFigure(
    context: CanvasRenderingContext2D,
    { figure, layer, place }: Painted,
    left: number,
    top: number,
  ): void {
    this.#toPicture(context, left, top);
    if (layer.halo) {
      const glow = haloAround(place);
      const gradient = context.createRadialGradient(glow.x, glow.y, 0, glow.x, glow.y, glow.rx);
      const colour = (opacity: number): string =>
        `${halo.colour}${Math.round(opacity * 255)
          .toString(16)
          .padStart(2, '0')}`;
      gradient.addColorStop(halo.from, colour(halo.opacity));
      gradient.addColorStop(1, colour(0));
      context.fillStyle = gradient;
      trace(context, glow);
      context.fill();
    }
    const picture = this.#sketch!.documents.get(layer.drawing);
    if (picture) {
      const { view } = layer;
      if (figure.rotation !== 0) {
        const middle = place.y - place.high / 2;
        context.translate(hundredths(place.x), hundredths(middle));
        context.rotate((hundredths(figure.rotation) * Math.PI) / 180);
        context.translate(-hundredths(place.x), -hundredths(middle));
      }
      if (figure.flip) {
        context.translate(hundredths(2 * place.x), 0);
        context.scale(-1, 1);
      }
      context.translate(hundredths(place.left), hundredths(place.top));
      context.scale(hundredths(place.scale), hundredths(place.scale));
      context.drawImage(picture, view.x, view.y, view.w, view.h);
    }
    if (layer.lap !== null) {
      this.#toPicture(context, left, top);
      const water = lapAround(place);
      context.globalAlpha = lap.opacity;
      context.fillStyle = layer.lap;
      trace(context, water);
      context.fill();
      context.globalAlpha = lap.rimOpacity;
      context.strokeStyle = lap.rim;
      context.lineWidth = this.#sketch!.layers.height * lap.rimWidth;
      context.stroke();
      context.globalAlpha = 1;
    }
  }

  #sceneryTile(
    which: 'back' | 'front',
    key: string,
    documents: ReadonlyMap<string, HTMLImageElement>,
  ): Tile | undefined {
    const known = this.#scenery.get(which);
    if (known?.key === key) return known;
    const picture = documents.get(key);
    if (!picture) return known;
    const { width, height } = this.#canvas;
    const canvas = known?.canvas ?? document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d')!.drawImage(picture, 0, 0, width, height);
    const tile = { key, canvas, left: 0, top: 0 };
    this.#scenery.set(which, tile);
    return tile;
  }

  /** Keeps figures as pixels, one at a time when nothing else is to be done. */
  #keepPixels(figures: readonly Painted[]): void {
    cancelIdleCallback(this.#idle);
    const next = figures.find(
      ({ figure, key }) => this.#shown.get(figure.id) === key && this.#tiles.get(figure.id)?.key !== key,
    );
    for (const id of this.#tiles.keys()) if (!this.#shown.has(id)) this.#tiles.delete(id);
    if (!next) return;
    this.#idle = requestIdleCallback(() => {
      this.#tiles.set(next.figure.id, this.#tileOf(next));
      this.#keepPixels(figures);
    });
  }

  #tileOf(painted: Painted): Tile {
    const { layer, place } = painted;
    const scale = this.#canvas.width / this.#sketch!.layers.width;
    // However it is turned, a figure stays within the distance of its farthest corner from its middle.
    const { art, view } = layer;
    const across = Math.max(art.x + art.w / 2 - view.x, view.x + view.w - art.x - art.w / 2);
    const down = Math.max(art.y + art.h / 2 - view.y, view.y + view.h - art.y - art.h / 2);
    const reach = Math.max(
      place.scale * Math.hypot(across, down),
      layer.halo ? haloAround(place).rx : 0,
      layer.lap ? place.wide + place.high : 0,
    );
    const middle = { x: place.x * scale, y: (place.y - place.high / 2) * scale };
    const left = Math.max(0, Math.floor(middle.x - reach * scale));
    const top = Math.max(0, Math.floor(middle.y - reach * scale));
    const canvas = document.createElement('canvas');
    // One that lies outside of the picture keeps a single pixel.
    canvas.width = Math.max(1, Math.min(this.#canvas.width, Math.ceil(middle.x + reach * scale)) - left);
    canvas.height = Math.max(1, Math.min(this.#canvas.height, Math.ceil(middle.y + reach * scale)) - top);
    this.#drawFigure(canvas.getContext('2d')!, painted, left, top);
    return { key: painted.key, canvas, left, top };
  }
}

/**
 * What of a scene can be painted with the layers there are: figures where they are now, as they were drawn last. Another
 * place, light or weather changes all of them, and is seen when it has come.
 */
function scenePainted(scene: Scene, { scene: drawn, figures }: DrawnSketch): Scene {
  const { place, time, weather, mood, seed } = drawn;
  const same =
    scene.place === place &&
    scene.time === time &&
    scene.weather === weather &&
    scene.mood === mood &&
    scene.seed === seed;
  if (!same) return drawn;
  return {
    ...scene,
    figures: scene.figures.flatMap((figure) => {
      const was = drawn.figures.find((one) => one.id === figure.id);
      if (!was || !figures.has(figure.id)) return [];
      const looksSame = was.icon === figure.icon && was.hue === figure.hue && was.cast === figure.cast;
      return [looksSame ? figure : was];
    }),
  };
}

function trace(context: CanvasRenderingContext2D, { x, y, rx, ry }: Ellipse): void {
  context.beginPath();
  context.ellipse(hundredths(x), hundredths(y), hundredths(rx), hundredths(ry), 0, 0, 2 * Math.PI);
}
