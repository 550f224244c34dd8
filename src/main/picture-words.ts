import { FabulaError } from '../shared/errors.ts';
import { wordsDownTo, type Pyramid, type PyramidLayer } from '../shared/pyramid.ts';
import type { Scene } from '../shared/scene.ts';
import { requirePicture } from './library/formats.ts';
import type { Library } from './library/library.ts';
import { inspect, squarePixels } from './library/pictures.ts';
import type { Models } from './models/models.ts';
import { drawScene } from './sketch/draw.ts';
import { sceneFromWords, wordsOfScene } from './sketch/scene-words.ts';
import type { Database } from './store/database.ts';
import { sceneOfSketch } from './stories/sketches.ts';

export interface PictureWordsParts {
  library: Library;
  models: Pick<Models, 'captionAndEncode' | 'readWords' | 'wordsImageSize' | 'wordsPack' | 'imageSize'>;
  database: Database;
}

/** The word pyramids of the library's pictures: those known, those read when asked for, and pictures made of them. */
export class PictureWords {
  readonly #parts: PictureWordsParts;

  constructor(parts: PictureWordsParts) {
    this.#parts = parts;
  }

  /**
   * What is on a picture in words. A sketch is not looked at: its scene says it. What is read now is kept.
   *
   * @returns null where no pack reads words, or for a sketch whose scene is known no more
   * @throws FabulaError `not-found` for an asset that is gone; what {@link Library.pixels} and the models throw
   */
  async read(asset: string, { signal }: { signal?: AbortSignal } = {}): Promise<Pyramid | null> {
    const { library, models } = this.#parts;
    const { origin } = library.get(asset);
    const known = library.words(asset);
    let pyramid: Pyramid | null | undefined;
    if (origin === 'sketched') {
      if (known !== null) return known;
      const scene = sceneOfSketch(this.#parts, asset);
      pyramid = scene === null ? null : wordsOfScene(scene);
    } else {
      const pack = models.wordsPack;
      // Words of a pack that was replaced are not shown for those of the one in use.
      if (pack === null || known?.pack === pack) return pack === null ? null : known;
      const pixels = await library.pixels(asset, models.imageSize);
      [pyramid] = await models.readWords([pixels], { urgent: true, ...(signal ? { signal } : {}) });
    }
    if (!pyramid) return null;
    library.putWords([{ asset, pyramid }]);
    return pyramid;
  }

  /**
   * What is on a picture that need not be in the library, given as the bytes of its file. Nothing is kept.
   *
   * @param name names the file in errors
   * @throws FabulaError `not-found` where no pack reads words; naming the file where it is no picture
   */
  async readFile(
    bytes: Uint8Array,
    name: string,
    { caption, signal }: { caption: boolean; signal: AbortSignal },
  ): Promise<{ pyramid: Pyramid; caption: string | null }> {
    const { models } = this.#parts;
    const size = models.wordsImageSize;
    const source = { input: bytes, name, type: requirePicture(bytes, name) };
    const pixels = await squarePixels(source, await inspect(source), size);
    if (caption && models.wordsPack !== null) {
      const [seen] = await models.captionAndEncode([pixels], { signal });
      if (seen?.pyramid) return { pyramid: seen.pyramid, caption: seen.text };
    }
    const [pyramid] = await models.readWords([pixels], { signal });
    if (pyramid === undefined) throw new FabulaError('model-failed', `The model made nothing of ${name}.`);
    return { pyramid, caption: null };
  }

  /**
   * A scene made of the words of a picture down to a layer, and its drawing. Nothing is kept.
   *
   * @throws FabulaError `unavailable` where the picture has no words
   */
  async redraw(asset: string, layer: PyramidLayer, seed: number): Promise<{ scene: Scene; svg: string }> {
    const pyramid = await this.read(asset);
    if (pyramid === null) {
      throw new FabulaError(
        'unavailable',
        'The words of this picture are not known. Get a pack that reads words ("fabula packs list" shows what there is).',
      );
    }
    const scene = sceneFromWords(wordsDownTo(pyramid, layer), { seed });
    return { scene, svg: drawScene(scene) };
  }
}
