import * as api from '../api.ts';
import type { Scene } from '../../../shared/scene.ts';
import type { SketchLayers } from '../../../shared/sketch-layers.ts';
import type { DrawnSketch } from './sketch-painter.ts';

/** Documents kept ready to be painted; the oldest go first. */
const documentsKept = 300;
/** Scenes whose layers are remembered. */
const scenesKept = 64;

/** The address of an SVG document, for an `<img>`, where it can run nothing. */
export function svgAddress(svg: string): string {
  // What would end the address or be taken for an escape; the rest an image address may hold as it is.
  return `data:image/svg+xml,${svg.replaceAll('%', '%25').replaceAll('#', '%23')}`;
}

/** Scenes in layers, as the studio draws them, with their documents ready to be painted. */
export class SketchDrawings {
  readonly #documents = new Map<string, HTMLImageElement>();
  readonly #layers = new Map<string, SketchLayers>();

  /** The drawing of a scene, where it has been asked for before and can be painted now. */
  ready(scene: Scene): DrawnSketch | null {
    const key = JSON.stringify(scene);
    const layers = this.#layers.get(key);
    if (!layers || !documentsOf(layers).every((document) => this.#documents.has(document))) return null;
    this.#layers.delete(key);
    this.#layers.set(key, layers);
    this.#use(layers);
    const byId = layers.figures.map((figure) => [figure.box.id, figure] as const);
    return { scene, layers, figures: new Map(byId), documents: new Map(this.#documents) };
  }

  /** The drawing of a scene, asked of the studio where it is not ready. @throws FabulaError as `sketch.preview` */
  async of(scene: Scene): Promise<DrawnSketch> {
    for (;;) {
      const drawn = this.ready(scene);
      if (drawn) return drawn;
      const has = [...this.#documents.keys()];
      const { documents, ...layers } = await api.command('sketch.preview', { scene, has });
      await this.#decode(documents);
      this.#layers.set(JSON.stringify(scene), { ...layers, documents: {} });
      forgetOldest(this.#layers, scenesKept);
    }
  }

  /** Waits until documents can be painted. */
  async #decode(documents: Readonly<Record<string, string>>): Promise<void> {
    await Promise.all(
      Object.entries(documents).map(async ([key, svg]) => {
        const picture = new Image();
        picture.src = svgAddress(svg);
        await picture.decode();
        this.#documents.set(key, picture);
      }),
    );
  }

  /** Forgets the documents used longest ago, and none of a drawing. */
  #use(layers: SketchLayers): void {
    const used = documentsOf(layers);
    for (const key of used) {
      const picture = this.#documents.get(key)!;
      this.#documents.delete(key);
      this.#documents.set(key, picture);
    }
    forgetOldest(this.#documents, Math.max(documentsKept, used.length));
  }
}

function documentsOf({ back, front, figures }: SketchLayers): string[] {
  return [back, front, ...figures.map(({ drawing }) => drawing)];
}

function forgetOldest(map: Map<string, unknown>, kept: number): void {
  for (const key of map.keys()) {
    if (map.size <= kept) return;
    map.delete(key);
  }
}
