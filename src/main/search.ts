import type { Asset, SearchAnswer, SearchHit } from '../shared/contract.ts';
import { FabulaError, toFailure } from '../shared/errors.ts';
import { ahead } from './captions/ahead.ts';
import { requirePicture } from './library/formats.ts';
import type { Library } from './library/library.ts';
import { inspect, squarePixels } from './library/pictures.ts';
import type { VectorIndex } from './library/search.ts';
import type { Models } from './models/models.ts';
import { translateToEnglish } from './sketch/lexicon.ts';

/** Two rankings are joined by reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), with their constant. */
const fusionConstant = 60;
/** From this probability on, a picture is worth showing as an answer: one such hit in four is what was asked. */
const goodProbability = 0.25;
/** Pictures encoded in one request, and decoded ahead of it. */
const encodeBatch = 32;
const decodedAhead = 64;

export interface SearchOptions {
  limit: number;
  signal?: AbortSignal | undefined;
}

export interface EmbedOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Hears of a picture that could not be read; the others go on. */
  onError?: ((name: string, message: string) => void) | undefined;
}

/**
 * Finds pictures: by what they show (vectors of the encoder), by the words of their captions and file names, or by
 * another picture. It also sees to it that every picture has a vector, whichever way it came into the library.
 */
export class Search {
  readonly #library: Library;
  readonly #models: Models;
  readonly #openIndex: (space: string) => VectorIndex;
  readonly #indexes = new Map<string, VectorIndex>();

  constructor(parts: { library: Library; models: Models; openIndex: (space: string) => VectorIndex }) {
    this.#library = parts.library;
    this.#models = parts.models;
    this.#openIndex = parts.openIndex;
  }

  /**
   * Searches by text, in English or in a language whose words the lexicon translates.
   *
   * `good` says whether anything is likely to be what was asked: a picture whose calibrated probability reaches one
   * quarter, or one whose caption or name holds all the words.
   */
  async text(text: string, { limit, signal }: SearchOptions): Promise<SearchAnswer> {
    const query = text.trim();
    if (query === '') throw new FabulaError('invalid-input', 'Give a text to search for.');
    const english = translateToEnglish(query).trim();
    const translated = english !== '' && english.toLowerCase() !== query.toLowerCase() ? english : null;
    const vector = await this.#encode(translated ?? query, signal);
    const words = new Set(
      [query, ...(translated === null ? [] : [translated])].flatMap((asked) =>
        this.#library.findWords(asked, limit),
      ),
    );
    const near = this.search(vector, limit);
    const similarities = new Map(near.map(({ asset, similarity }) => [asset, similarity]));
    const rankings = [near.map(({ asset }) => asset), [...words]];
    const hits = this.#assets(fused(rankings).slice(0, limit)).map((asset): SearchHit => {
      const similarity = similarities.get(asset.id) ?? this.#similarityTo(vector, asset.id);
      return {
        asset,
        similarity,
        confidence: similarity === null ? null : this.#models.probability(similarity),
        words: words.has(asset.id),
      };
    });
    return {
      hits,
      good: hits.some((hit) => hit.words || (hit.confidence ?? 0) >= goodProbability),
      translated,
    };
  }

  /** Finds pictures like one of the library, itself left out; with a text, those that lie between the two. */
  async like(
    asset: string,
    { limit, signal, text }: SearchOptions & { text?: string },
  ): Promise<SearchAnswer> {
    this.#library.get(asset);
    let vector = this.#library.vector(this.#models.space, asset);
    if (vector === null) {
      [vector] = (await this.#models.encodeImages(
        [await this.#library.pixels(asset, this.#models.imageSize)],
        {
          signal,
          urgent: true,
        },
      )) as [Float32Array];
    }
    if (text !== undefined) vector = between(vector, await this.#encode(translateToEnglish(text), signal));
    return this.#near(
      this.search(vector, limit + 1)
        .filter((hit) => hit.asset !== asset)
        .slice(0, limit),
    );
  }

  /** Finds pictures like one that need not be in the library, given as the bytes of its file. */
  async picture(bytes: Uint8Array, name: string, { limit, signal }: SearchOptions): Promise<SearchAnswer> {
    const source = { input: bytes, name, type: requirePicture(bytes, name) };
    const pixels = await squarePixels(source, await inspect(source), this.#models.imageSize);
    const [vector] = await this.#models.encodeImages([pixels], { signal, urgent: true });
    return this.#near(this.search(vector!, limit));
  }

  // What matching a panel asks

  get space(): string {
    return this.#models.space;
  }

  encodeTexts(texts: string[], options: { signal?: AbortSignal | undefined }): Promise<Float32Array[]> {
    return this.#models.encodeTexts(texts, options);
  }

  /** The k pictures nearest to a unit vector, best first. */
  search(vector: Float32Array, k: number): { asset: string; similarity: number }[] {
    const space = this.#models.space;
    let index = this.#indexes.get(space);
    if (index === undefined) {
      index = this.#openIndex(space);
      this.#indexes.set(space, index);
    }
    return index.search(vector, k);
  }

  probability(similarity: number): number {
    return this.#models.probability(similarity);
  }

  /**
   * Encodes every picture that has no vector in the encoder's space. Captioning does the same in passing. Vectors of an
   * encoder that was replaced are dropped at the end.
   *
   * @returns how many were encoded
   * @throws FabulaError `cancelled` once the signal is raised; what was encoded is kept
   */
  async embedMissing({ signal, onProgress, onError }: EmbedOptions = {}): Promise<number> {
    const { space, imageSize } = this.#models;
    const missing = this.#library.missingVectors(space, 10_000_000);
    const decoded = ahead(
      missing,
      async (asset) => {
        try {
          return { asset, pixels: await this.#library.pixels(asset, imageSize) };
        } catch (error) {
          return { asset, error };
        }
      },
      decodedAhead,
    );
    let done = 0;
    let encoded = 0;
    let batch: { asset: string; pixels: Uint8Array }[] = [];
    const encode = async (): Promise<void> => {
      const vectors = await this.#models.encodeImages(
        batch.map(({ pixels }) => pixels),
        { signal },
      );
      this.#library.putVectors(
        space,
        batch.map(({ asset }, index) => ({ asset, vector: vectors[index]! })),
      );
      encoded += batch.length;
      done += batch.length;
      batch = [];
      onProgress?.(done, missing.length);
    };
    for await (const { asset, pixels, error } of decoded) {
      if (signal?.aborted) throw new FabulaError('cancelled', 'Cancelled.');
      if (pixels === undefined) {
        done++;
        const [known] = this.#library.getMany([asset]);
        // One that was removed meanwhile is no error.
        if (known !== undefined) onError?.(known.name, toFailure(error).message);
        continue;
      }
      batch.push({ asset, pixels });
      if (batch.length === encodeBatch) await encode();
    }
    if (batch.length > 0) await encode();
    this.#library.keepSpaces([space]);
    return encoded;
  }

  async #encode(text: string, signal: AbortSignal | undefined): Promise<Float32Array> {
    const [vector] = await this.#models.encodeTexts([text], { signal });
    return vector!;
  }

  #similarityTo(vector: Float32Array, asset: string): number | null {
    const other = this.#library.vector(this.#models.space, asset);
    return other === null ? null : dot(vector, other);
  }

  #near(near: { asset: string; similarity: number }[]): SearchAnswer {
    const similarities = new Map(near.map(({ asset, similarity }) => [asset, similarity]));
    const hits = this.#assets([...similarities.keys()]).map((asset): SearchHit => {
      return { asset, similarity: similarities.get(asset.id)!, confidence: null, words: false };
    });
    return { hits, good: hits.length > 0, translated: null };
  }

  #assets(ids: string[]): Asset[] {
    return this.#library.getMany(ids);
  }
}

/** Ids in the order of the sum of their reciprocal ranks. */
function fused(rankings: string[][]): string[] {
  const scores = new Map<string, number>();
  for (const ranking of rankings) {
    for (const [rank, id] of ranking.entries()) {
      scores.set(id, (scores.get(id) ?? 0) + 1 / (fusionConstant + rank + 1));
    }
  }
  return [...scores].sort(([, a], [, b]) => b - a).map(([id]) => id);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

/** The unit vector halfway between two unit vectors. */
function between(a: Float32Array, b: Float32Array): Float32Array {
  const sum = a.map((value, index) => value + b[index]!);
  const length = Math.hypot(...sum);
  return length === 0 ? a : sum.map((value) => value / length);
}
