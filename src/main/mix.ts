import type { AssetFilter, MixDrawn, MixFound, MixSource, SearchHit } from '../shared/contract.ts';
import { FabulaError, type Json } from '../shared/errors.ts';
import type { MixCode } from '../shared/mix.ts';
import { sketchPack, wordsDownTo, type Pyramid } from '../shared/pyramid.ts';
import type { Scene } from '../shared/scene.ts';
import { dot } from '../shared/vectors.ts';
import { requirePicture } from './library/formats.ts';
import type { Library } from './library/library.ts';
import { inspect, squarePixels } from './library/pictures.ts';
import { anyMeaning, askedWords, WordWeigher, type AskedWords } from './mix-evidence.ts';
import type { Models } from './models/models.ts';
import type { PictureWords } from './picture-words.ts';
import type { RequestContext } from './requests.ts';
import type { Search } from './search.ts';
import { changeScene, type Changed } from './sketch/change-scene.ts';
import { readChange, type Wish } from './sketch/change.ts';
import { describeScene } from './sketch/describe.ts';
import { drawScene } from './sketch/draw.ts';
import { translateToEnglish } from './sketch/lexicon.ts';
import { hashText } from './sketch/random.ts';
import { readScene } from './sketch/read.ts';
import { sceneFromWords, wordsOfScene } from './sketch/scene-words.ts';
import type { Database } from './store/database.ts';
import { sceneOfSketch } from './stories/sketches.ts';
import { namedThings, telling, wordEvidence } from './stories/word-evidence.ts';

/** A picture to be mixed: one of the library (with the scene a story has for it), the bytes of a file, or a scene. */
export type MixPicture =
  { asset: string; scene?: Scene | undefined } | { picture: Uint8Array; name: string } | { scene: Scene };

export interface MixParts {
  library: Library;
  search: Search;
  models: Pick<Models, 'imageSize' | 'captionImages' | 'encodeImages' | 'readWords' | 'wordsPack'>;
  database: Database;
  /** The words seen on the library's pictures. */
  pyramids: Pick<PictureWords, 'read'>;
}

type Context = Partial<RequestContext>;

/**
 * How much each kind of evidence counts: similarities in standard scores of the library's similarities to what is asked,
 * words in nats. Chosen on one half of the painted pairs and of the photos of `npm run eval -- --only mix`; the figures
 * are of the others.
 */
export const mixWeights = {
  /** Looks like the first picture. */
  picture: 0.5,
  /** Looks like the description of the changed picture. */
  text: 0.65,
  /** Differs from the picture as the changed description differs from that of the picture. */
  change: 0.5,
  /** Looks like the second picture. */
  second: 0.35,
  /** The words of a caption or a name. */
  words: 0.3,
  /** Shows what the change adds, lacks what it takes away, and shows the rest, by the words seen on it. */
  added: 0.6,
  removed: 1.2,
  kept: 0.15,
  /** Shows what is seen on the first picture. */
  alike: 0.4,
} as const;
export type MixWeights = { readonly [Name in keyof typeof mixWeights]: number };

/** Pictures put in order by all the evidence: those whose looks fit best, and those that show what the change adds. */
const pool = 200;
const seenPool = 60;
/** Pictures of the library by which it is told how frequent a word is. */
const sampled = 400;
/** From this probability on a picture is likely to be what was asked. */
const goodProbability = 0.25;
/** Wordings of a scene whose vectors are averaged: each tells another part of it. */
const wordings = 4;

interface Seen {
  scene: Scene;
  source: MixSource;
  /** The words the scene was read from; empty where it is the sketch's own. */
  text: string;
}

/**
 * Mixes pictures and words (LaVIT: Jin et al. 2024, prompts of pictures and text): finds the pictures that are like
 * one but for a change told in words, and draws the picture so changed. Everything the words do not name is kept.
 */
export class Mix {
  readonly #parts: MixParts;

  constructor(parts: MixParts) {
    this.#parts = parts;
  }

  /**
   * Draws the first picture's scene with the change, and with what the words take from the second. Sends the words by
   * which a photo was understood as `text`.
   *
   * @returns the scene, the one it was before, and what was done, note by note; nothing is kept
   * @throws FabulaError `not-found` for an asset that is gone; `invalid-input` without words or a second picture
   */
  async draw(pictures: readonly MixPicture[], text: string, context: Context = {}): Promise<MixDrawn> {
    const { seen, changed } = await this.#change(pictures, text, context);
    return {
      scene: changed.scene,
      before: seen.scene,
      source: seen.source,
      understood: seen.text,
      notes: [...changed.notes],
      description: wordingsOf(changed.scene)[0]!,
    };
  }

  /**
   * Finds pictures of the library that are like the first one but for the change. What looks say is a direction in the
   * space that pictures and texts share, made of the picture, the words of the changed picture, and the step from the
   * words of the picture to those of the changed one. The words seen on the best of them and on those that show what is
   * added, and the words of their captions and names, put them in order.
   *
   * @throws FabulaError as {@link draw}
   */
  async find(
    pictures: readonly MixPicture[],
    text: string,
    {
      limit,
      filter,
      signal,
      send,
      weights = mixWeights,
    }: Context & { limit: number; filter?: AssetFilter | undefined; weights?: MixWeights },
  ): Promise<MixFound> {
    const { search, library } = this.#parts;
    const { seen, changed, wishes } = await this.#change(pictures, text, {
      ...(signal ? { signal } : {}),
      ...(send ? { send } : {}),
    });
    const words = {
      before: wordingsOf(seen.scene),
      after: wordingsOf(changed.scene),
    };
    // What could not be read as a change may still say something of looks.
    const unread = JSON.stringify(changed.scene) === JSON.stringify(seen.scene) && text.trim() !== '';
    if (unread) words.after = [`${seen.text || words.before[0]!} ${translateToEnglish(text)}`];
    // A caption says more than its scene does (who does what): the same caption of another thing is the better query.
    const told = seen.source === 'caption' ? captionChanged(seen.text, changed) : null;
    const [looks, before, described, after, own] = await Promise.all([
      Promise.all(pictures.map((picture) => this.#vectorOf(picture, signal))),
      search.encodeTexts(words.before, { signal }).then(mean),
      search.encodeTexts(words.after, { signal }).then(mean),
      search.encodeTexts(told === null ? words.after : [told], { signal }).then(mean),
      this.#wordsOf(pictures[0]!, signal),
    ]);
    signal?.throwIfAborted();
    const step = difference(described, before);
    const evidence = [
      { vector: looks[0]!, weight: weights.picture },
      { vector: after, weight: weights.text },
      { vector: step, weight: step === null ? 0 : weights.change },
      { vector: looks[1] ?? null, weight: weights.second },
    ].flatMap(({ vector, weight }) =>
      vector === null || weight === 0 ? [] : [{ vector, weight: weight / search.spread(vector) }],
    );
    const query = new Float32Array(after.length);
    for (const { vector, weight } of evidence)
      for (let at = 0; at < query.length; at++) query[at] = query[at]! + weight * vector[at]!;
    const length = Math.hypot(...query);
    const unit = length > 1e-6 ? query.map((value) => value / length) : looks[0]!;

    const only =
      filter === undefined || Object.keys(filter).length === 0 ? undefined : new Set(library.ids(filter));
    const asking = new Set(pictures.flatMap((picture) => ('asset' in picture ? [picture.asset] : [])));
    const near = search.search(unit, pool + asking.size, only).filter(({ asset }) => !asking.has(asset));
    const similarity = new Map(near.map((one) => [one.asset, one.similarity]));
    const wanted = askedWords(seen.scene, changed.scene, wishes);
    for (const asset of this.#showing(wanted)) {
      if (asking.has(asset) || similarity.has(asset) || (only !== undefined && !only.has(asset))) continue;
      const vector = search.knownVector(asset);
      if (vector !== null) similarity.set(asset, dot(unit, vector));
    }
    const weigher = new WordWeigher(wanted, own, library.sampleWords(sampled));
    const asked = this.#thingsOf(words.after[0]!);
    const hits = library.getMany([...similarity.keys()]).map((asset): SearchHit & { score: number } => {
      const vector = search.knownVector(asset.id);
      const pyramid = library.words(asset.id);
      const shown = pyramid === null ? null : weigher.weigh(pyramid);
      const { logOdds, shared } = wordEvidence(
        asked,
        asset.caption === null || asset.caption.source === 'model' ? null : asset.caption.text,
        asset.name.replace(/\.[A-Za-z0-9]{1,5}$/, ''),
      );
      return {
        asset,
        similarity: similarity.get(asset.id) ?? null,
        confidence: vector === null ? null : search.probability(dot(after, vector)),
        words: shared.length > 0,
        score:
          (similarity.get(asset.id) ?? 0) * length +
          weights.words * logOdds +
          (shown === null
            ? 0
            : weights.added * shown.added +
              weights.removed * shown.removed +
              weights.kept * shown.kept +
              weights.alike * shown.alike),
      };
    });
    const ranked = hits
      .toSorted((a, b) => b.score - a.score)
      .slice(0, limit)
      .map(({ score: _score, ...hit }) => hit);
    return {
      hits: ranked,
      good: ranked.some(({ confidence }) => (confidence ?? 0) >= goodProbability),
      description: words.after[0]!,
      understood: seen.text,
      source: seen.source,
      notes: [...changed.notes],
    };
  }

  /** Draws a mixed scene and keeps it in the library, with its caption and its scene, so that it can be mixed again. */
  async keep(scene: Scene, caption: string): Promise<{ asset: string }> {
    const { library } = this.#parts;
    const bytes = new TextEncoder().encode(drawScene(scene));
    const { asset } = await library.importBytes('mix.svg', bytes, { origin: 'sketched' });
    const settings = { scene: JSON.parse(JSON.stringify(scene)) as Json };
    library.setCaption(asset.id, { text: caption, source: 'model', pack: sketchPack, settings });
    return { asset: asset.id };
  }

  async #change(
    pictures: readonly MixPicture[],
    text: string,
    { signal, send }: Context,
  ): Promise<{ seen: Seen; changed: Changed; wishes: readonly Wish[] }> {
    const [first, other] = pictures;
    if (first === undefined) throw new FabulaError('invalid-input', 'Give a picture to mix.');
    if (text.trim() === '' && other === undefined) {
      throw new FabulaError('invalid-input', 'Say what should be different, or give a second picture.');
    }
    const seen = await this.#see(first, signal);
    signal?.throwIfAborted();
    if (seen.text !== '') send?.({ kind: 'text', text: seen.text });
    const second = other === undefined ? undefined : (await this.#see(other, signal)).scene;
    signal?.throwIfAborted();
    const change = readChange(text);
    return { seen, changed: changeScene(seen.scene, change, { second }), wishes: change.wishes };
  }

  /** The scene of a picture: a sketch's own, else that of the words seen on it, else that of its caption or name. */
  async #see(picture: MixPicture, signal: AbortSignal | undefined): Promise<Seen> {
    if ('scene' in picture && picture.scene) return { scene: picture.scene, source: 'scene', text: '' };
    if ('picture' in picture) {
      const [caption] = await this.#parts.models.captionImages([await this.#pixels(picture)], {
        signal,
        urgent: true,
      });
      return readAs('caption', caption?.text ?? '', picture.name);
    }
    if (!('asset' in picture)) throw new FabulaError('invalid-input', 'Give a picture to mix.');
    const { library, models, pyramids } = this.#parts;
    const asset = library.get(picture.asset);
    const drawn = asset.origin === 'sketched' ? sceneOfSketch(this.#parts, asset.id) : null;
    if (drawn) return { scene: drawn, source: 'scene', text: '' };
    // A person's words are surer than a model's eyes.
    if (asset.caption && asset.caption.source !== 'model')
      return readAs('caption', asset.caption.text, asset.id);
    const pyramid = await pyramids.read(asset.id, signal ? { signal } : {});
    const words = pyramid && sceneFromWords(wordsDownTo(pyramid, 3), { seed: hashText(asset.id) });
    if (words && words.figures.length > 0) {
      const sure = wordsDownTo(pyramid, 3).filter(({ probability }) => probability >= 0.4);
      return { scene: words, source: 'words', text: sure.map(({ word }) => word).join(', ') };
    }
    if (asset.caption) return readAs('caption', asset.caption.text, asset.id);
    const named = readAs(
      'name',
      asset.name.replace(/\.[A-Za-z0-9]{1,5}$/, '').replace(/[_.-]+/g, ' '),
      asset.id,
    );
    if (named.scene.figures.length > 0) return named;
    const pixels = await library.pixels(asset.id, models.imageSize);
    const [caption] = await models.captionImages([pixels], { signal, urgent: true });
    return caption ? readAs('caption', caption.text, asset.id) : named;
  }

  /** The words seen on a picture, or those of its scene; null where no pack reads words. */
  async #wordsOf(picture: MixPicture, signal: AbortSignal | undefined): Promise<Pyramid | null> {
    const { pyramids, models } = this.#parts;
    if ('asset' in picture) return pyramids.read(picture.asset, signal ? { signal } : {});
    if ('scene' in picture) return wordsOfScene(picture.scene);
    if (models.wordsPack === null) return null;
    const [pyramid] = await models.readWords([await this.#pixels(picture)], { signal, urgent: true });
    return pyramid ?? null;
  }

  /** Pictures that show something of what a change adds, more likely than not; the likeliest first. */
  #showing({ added }: AskedWords): string[] {
    const { library } = this.#parts;
    const words = [...library.knownWords()].filter((word) => anyMeaning(word).some((one) => added.has(one)));
    return words.flatMap((word) => library.findSeen([word], seenPool));
  }

  async #vectorOf(picture: MixPicture, signal: AbortSignal | undefined): Promise<Float32Array> {
    const { search, models } = this.#parts;
    if ('asset' in picture) return search.pictureVector(picture.asset, { signal });
    const [vector] = await models.encodeImages([await this.#pixels(picture)], { signal, urgent: true });
    return vector!;
  }

  async #pixels(picture: Exclude<MixPicture, { asset: string }>): Promise<Uint8Array> {
    const file =
      'picture' in picture
        ? { bytes: picture.picture, name: picture.name }
        : { bytes: new TextEncoder().encode(drawScene(picture.scene)), name: 'sketch.svg' };
    const source = {
      input: Buffer.from(file.bytes),
      name: file.name,
      type: requirePicture(file.bytes, file.name),
    };
    return squarePixels(source, await inspect(source), this.#parts.models.imageSize);
  }

  /** The things a description names, with how telling each is in this library. */
  #thingsOf(description: string): Map<string, { word: string; weight: number }> {
    const { library } = this.#parts;
    const things = [...namedThings(description)];
    const pictures = library.count();
    const holding = library.countWords(things.map(([, word]) => word));
    return new Map(
      things.map(([name, word], at) => [name, { word, weight: telling(pictures, holding[at]!) }]),
    );
  }
}

/** How a caption says the hour and the weather; what goes without saying is left out. */
const timePhrases: Partial<Record<Scene['time'], string>> = {
  dawn: 'at dawn',
  dusk: 'at sunset',
  night: 'at night',
};
const weatherPhrases: Partial<Record<Scene['weather'], string>> = {
  cloudy: 'under a cloudy sky',
  rain: 'in the rain',
  snow: 'in the snow',
  fog: 'in the fog',
  storm: 'in a storm',
  wind: 'in the wind',
};

/** Descriptions of a scene, at least one, each of which says its hour and weather. */
function wordingsOf(scene: Scene): string[] {
  const phrases = [timePhrases[scene.time], weatherPhrases[scene.weather]].filter((one) => one !== undefined);
  const words = describeScene(scene, { count: wordings });
  return (words.length === 0 ? [''] : words).map((wording) =>
    [wording, ...phrases.filter((phrase) => !wording.includes(phrase))].join(' ').trim(),
  );
}

/**
 * A caption with the things that were replaced replaced in it; null where anything else was done, or a thing is not
 * found in it under its name.
 */
function captionChanged(caption: string, { notes }: Changed): string | null {
  let text = caption;
  for (const { code, values } of notes) {
    if (kept.has(code)) continue;
    if (code !== 'noteReplaced') return null;
    const { from, to } = values;
    if (typeof from !== 'string' || typeof to !== 'string') return null;
    const named = new RegExp(
      `(?<!\\p{L})${from.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}\\p{L}{0,2}(?!\\p{L})`,
      'iu',
    );
    const replaced = text.replace(named, () => to);
    if (replaced === text) return null;
    text = replaced;
  }
  return text === caption ? null : text;
}

/** Notes that say what stayed as it was. */
const kept: ReadonlySet<MixCode> = new Set(['noteKept', 'noteKeptThings', 'noteKeptPlace']);

function readAs(source: MixSource, text: string, key: string): Seen {
  return { scene: readScene(text, { seed: hashText(key) }), source, text };
}

/** The unit vector in the middle of unit vectors. */
function mean(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]!.length);
  for (const vector of vectors) for (let at = 0; at < sum.length; at++) sum[at] = sum[at]! + vector[at]!;
  const length = Math.hypot(...sum) || 1;
  return sum.map((value) => value / length);
}

/** The unit vector that leads from one to the other; null where they are the same. */
function difference(to: Float32Array, from: Float32Array): Float32Array | null {
  const step = to.map((value, at) => value - from[at]!);
  const length = Math.hypot(...step);
  return length > 1e-4 ? step.map((value) => value / length) : null;
}
