import type { Asset, AssetFilter, SearchAnswer, SearchHit } from '../shared/contract.ts';
import { FabulaError, toFailure } from '../shared/errors.ts';
import { dot } from '../shared/vectors.ts';
import { ahead } from './captions/ahead.ts';
import { requirePicture } from './library/formats.ts';
import type { Library } from './library/library.ts';
import { inspect, squarePixels } from './library/pictures.ts';
import type { VectorIndex } from './library/search.ts';
import type { Models } from './models/models.ts';
import { translateToEnglish, wordForms } from './sketch/lexicon.ts';

/** Two rankings are joined by reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), with their constant. */
const fusionConstant = 60;
/** From this probability on, a picture is worth showing as an answer: one such hit in four is what was asked. */
const goodProbability = 0.25;
/** Pictures encoded in one request, and decoded ahead of it. */
const encodeBatch = 32;
const decodedAhead = 64;

/** How much less than what is asked for counts what is asked to be left out. */
const minusWeight = 0.6;
/** The most pictures found by their words that are joined with those found by what they show. */
const wordsLimit = 1000;

/** What a search needs of the models. */
export type SearchModels = Pick<
  Models,
  'space' | 'imageSize' | 'encodeTexts' | 'encodeImages' | 'look' | 'wordsPack' | 'probability'
>;

/** Something asked: a text, a picture of the library, or the file of one that need not be in it (or its base64). */
export type QueryTerm = { text: string } | { asset: string } | { picture: Uint8Array | string; name: string };

export interface SearchQuery {
  plus: readonly QueryTerm[];
  minus: readonly QueryTerm[];
}

interface UnderstoodTerm {
  vector: Float32Array;
  /** A text as it was given and, where it was translated, in English; null for a picture. */
  texts: string[] | null;
  asset: string | null;
}

export interface SearchOptions {
  limit: number;
  /** Where to search; the whole library, without its sketches, when left out. */
  filter?: AssetFilter | undefined;
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
  readonly #models: SearchModels;
  readonly #openIndex: (space: string) => VectorIndex;
  readonly #indexes = new Map<string, VectorIndex>();

  constructor(parts: { library: Library; models: SearchModels; openIndex: (space: string) => VectorIndex }) {
    this.#library = parts.library;
    this.#models = parts.models;
    this.#openIndex = parts.openIndex;
  }

  /**
   * Finds pictures that show everything of `plus` and nothing of `minus`. Texts may be in English or in a language
   * whose words the lexicon translates; pictures of the library that are asked with are not among the answers.
   *
   * Where only texts are asked for, hits have a confidence: the calibrated probability that a picture shows them all and
   * none of those it should not. `good` says whether anything is likely to be what was asked: a picture whose confidence
   * reaches one quarter, or one whose caption, tags or name hold all the words. A picture whose words hold a text of
   * `minus` is left out.
   *
   * @throws FabulaError `invalid-input` without anything to search for; `not-found` for an asset that is gone
   */
  async find(query: SearchQuery, { limit, signal, filter = {} }: SearchOptions): Promise<SearchAnswer> {
    const asked = await this.#understand(query, signal);
    if (asked.plus.length === 0) {
      throw new FabulaError('invalid-input', 'Give a text or a picture to search for.');
    }
    // Without a filter, all that has a vector: sketches, which a filter has to ask for, have none.
    const only = Object.keys(filter).length === 0 ? undefined : new Set(this.#library.ids(filter));
    const texts = asked.plus.flatMap((term) => (term.texts === null ? [] : [term.texts]));
    const unwanted = new Set([
      ...[...asked.plus, ...asked.minus].flatMap((term) => (term.asset === null ? [] : [term.asset])),
      ...asked.minus.flatMap((term) =>
        (term.texts ?? []).flatMap((text) => this.#library.findWords(text, 100_000, filter)),
      ),
    ]);
    // Words count only where every text asked for is among them.
    const [first, ...others] = texts.map(
      (forms) => new Set(forms.flatMap((form) => this.#library.findWords(form, wordsLimit, filter))),
    );
    const words = [...(first ?? [])].filter((asset) => others.every((found) => found.has(asset)));
    const named =
      texts.length < asked.plus.length ? [] : words.filter((asset) => !unwanted.has(asset)).slice(0, limit);

    const vector = this.blended(
      asked.plus.map((term) => term.vector),
      asked.minus.map((term) => term.vector),
    );
    const near = this.search(vector, limit + unwanted.size, only)
      .filter(({ asset }) => !unwanted.has(asset))
      .slice(0, limit);
    const similarities = new Map(near.map(({ asset, similarity }) => [asset, similarity]));
    const seen =
      texts.length < asked.plus.length
        ? []
        : this.#seen(texts, wordsLimit, filter)
            .filter((asset) => !unwanted.has(asset))
            .slice(0, limit);
    const ranked = fused([near.map(({ asset }) => asset), named, seen]).slice(0, limit);
    const byWords = new Set(named);
    const onlyTexts = texts.length === asked.plus.length;
    const hits = this.#assets(ranked).map((asset): SearchHit => {
      const own = onlyTexts ? this.#library.vector(this.#models.space, asset.id) : null;
      return {
        asset,
        similarity: similarities.get(asset.id) ?? (own === null ? null : dot(vector, own)),
        confidence: own === null ? null : this.#confidence(asked, own),
        words: byWords.has(asset.id),
      };
    });
    return {
      hits,
      good: onlyTexts
        ? hits.some((hit) => hit.words || (hit.confidence ?? 0) >= goodProbability)
        : hits.length > 0,
      translated: texts.flatMap((forms) => forms.slice(1))[0] ?? null,
    };
  }

  /**
   * Pictures whose pyramids have every word of the texts, the likeliest first; none where a text says anything that is
   * not among the words known.
   */
  #seen(texts: readonly (readonly string[])[], limit: number, filter: AssetFilter): string[] {
    const known = this.#library.knownWords();
    const words = new Set<string>();
    for (const forms of texts) {
      const read = forms.map((form) => wordsIn(form, known)).find((found) => found !== null);
      if (read === undefined) return [];
      for (const word of read) words.add(word);
    }
    return this.#library.findSeen([...words], limit, filter);
  }

  /** Searches by one text. */
  async text(text: string, options: SearchOptions): Promise<SearchAnswer> {
    return this.find({ plus: [{ text }], minus: [] }, options);
  }

  /** Finds pictures like one that need not be in the library, given as the bytes of its file. */
  async picture(bytes: Uint8Array, name: string, options: SearchOptions): Promise<SearchAnswer> {
    return this.find({ plus: [{ picture: bytes, name }], minus: [] }, options);
  }

  /** The unit vector that stands for a query, for {@link search}. */
  async vectorOf(query: SearchQuery, signal?: AbortSignal): Promise<Float32Array> {
    const { plus, minus } = await this.#understand(query, signal);
    return this.blended(
      plus.map(({ vector }) => vector),
      minus.map(({ vector }) => vector),
    );
  }

  async #understand(
    { plus, minus }: SearchQuery,
    signal: AbortSignal | undefined,
  ): Promise<{ plus: UnderstoodTerm[]; minus: UnderstoodTerm[] }> {
    const all = [...plus, ...minus].filter((term) => !('text' in term) || term.text.trim() !== '');
    const terms = await Promise.all(all.map((term) => this.#understandOne(term, signal)));
    const count = plus.filter((term) => !('text' in term) || term.text.trim() !== '').length;
    return { plus: terms.slice(0, count), minus: terms.slice(count) };
  }

  async #understandOne(term: QueryTerm, signal: AbortSignal | undefined): Promise<UnderstoodTerm> {
    if ('text' in term) {
      const text = term.text.trim();
      const english = translateToEnglish(text).trim();
      const translated = english !== '' && english.toLowerCase() !== text.toLowerCase() ? english : null;
      const [vector] = await this.#models.encodeTexts([translated ?? text], { signal });
      return { vector: vector!, texts: translated === null ? [text] : [text, translated], asset: null };
    }
    if ('asset' in term) {
      this.#library.get(term.asset);
      const known = this.#library.vector(this.#models.space, term.asset);
      const vector =
        known ?? (await this.#encodePixels(this.#library.pixels(term.asset, this.#models.imageSize), signal));
      return { vector, texts: null, asset: term.asset };
    }
    const bytes = typeof term.picture === 'string' ? Buffer.from(term.picture, 'base64') : term.picture;
    const source = { input: bytes, name: term.name, type: requirePicture(bytes, term.name) };
    const pixels = squarePixels(source, await inspect(source), this.#models.imageSize);
    return { vector: await this.#encodePixels(pixels, signal), texts: null, asset: null };
  }

  async #encodePixels(pixels: Promise<Uint8Array>, signal: AbortSignal | undefined): Promise<Float32Array> {
    const [vector] = await this.#models.encodeImages([await pixels], { signal, urgent: true });
    return vector!;
  }

  /** The probability that a picture shows every text of `plus` and none of `minus`, taken as independent. */
  #confidence(
    { plus, minus }: { plus: UnderstoodTerm[]; minus: UnderstoodTerm[] },
    own: Float32Array,
  ): number {
    const shows = (term: UnderstoodTerm): number => this.#models.probability(dot(term.vector, own));
    const without = minus.filter((term) => term.texts !== null);
    return (
      plus.reduce((all, term) => all * shows(term), 1) *
      without.reduce((all, term) => all * (1 - shows(term)), 1)
    );
  }

  // What matching a panel asks

  get space(): string {
    return this.#models.space;
  }

  encodeTexts(texts: string[], options: { signal?: AbortSignal | undefined }): Promise<Float32Array[]> {
    return this.#models.encodeTexts(texts, options);
  }

  /**
   * The unit vector of a picture of the library, encoded now when it has none yet.
   *
   * @throws FabulaError `not-found`, and what {@link Library.pixels} and the encoder throw
   */
  async pictureVector(
    asset: string,
    { signal }: { signal?: AbortSignal | undefined },
  ): Promise<Float32Array> {
    return (await this.#understandOne({ asset }, signal)).vector;
  }

  /** The unit vector of a picture, or null where it has not been encoded yet. */
  knownVector(asset: string): Float32Array | null {
    return this.#library.vector(this.#models.space, asset);
  }

  /** How far the similarities of the library's pictures to a vector lie apart: their standard deviation, above 0. */
  spread(vector: Float32Array): number {
    return this.#index().spread(vector) ?? 1;
  }

  /** The vector that asks for several vectors together and not for others ({@link blend}). */
  blended(plus: readonly Float32Array[], minus: readonly Float32Array[]): Float32Array {
    if (plus.length === 1 && minus.length === 0) return plus[0]!;
    const weighed = (vectors: readonly Float32Array[]): Weighed[] =>
      vectors.map((vector) => ({ vector, spread: this.spread(vector) }));
    return blend(weighed(plus), weighed(minus));
  }

  /** The k pictures nearest to a unit vector, best first; among those given only, where some are given. */
  search(
    vector: Float32Array,
    k: number,
    only?: ReadonlySet<string>,
  ): { asset: string; similarity: number }[] {
    return this.#index().search(vector, k, only);
  }

  #index(): VectorIndex {
    const space = this.#models.space;
    let index = this.#indexes.get(space);
    if (index === undefined) {
      index = this.#openIndex(space);
      this.#indexes.set(space, index);
    }
    return index;
  }

  probability(similarity: number): number {
    return this.#models.probability(similarity);
  }

  /**
   * Looks at every picture that has no vector in the encoder's space, or no words of the pack that reads them.
   * Captioning does the same in passing. What a pack that was replaced has made is dropped at the end.
   *
   * @returns how many were encoded
   * @throws FabulaError `cancelled` once the signal is raised; what was encoded is kept
   */
  async embedMissing({ signal, onProgress, onError }: EmbedOptions = {}): Promise<number> {
    const { space, imageSize } = this.#models;
    const { wordsPack } = this.#models;
    const wordless = wordsPack === null ? [] : this.#library.missingWords(wordsPack);
    const missing = [...new Set([...this.#library.missingVectors(space, 10_000_000), ...wordless])];
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
      const seen = await this.#models.look(
        batch.map(({ pixels }) => pixels),
        { signal },
      );
      this.#library.putVectors(
        space,
        batch.map(({ asset }, index) => ({ asset, vector: seen[index]!.vector })),
      );
      this.#library.putWords(
        batch.flatMap(({ asset }, index) => {
          const pyramid = seen[index]!.pyramid;
          return pyramid === null ? [] : [{ asset, pyramid }];
        }),
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
    if (wordsPack !== null) {
      const { removed } = this.#library.keepWords(wordsPack);
      // Facets count words: once for all of them, since lists are read anew.
      if (removed > 0 || (encoded > 0 && wordless.length > 0)) this.#library.tellMany();
    }
    return encoded;
  }

  #assets(ids: string[]): Asset[] {
    return this.#library.getMany(ids);
  }
}

/** English words that say nothing of what is to be seen. */
const emptyWords: ReadonlySet<string> = new Set(
  'a an the of on in at to and is are with his her its their by for from some one this that there'.split(' '),
);

/** The words of a pyramid that a text is made of, the longest first, or null where it says something else too. */
function wordsIn(text: string, known: ReadonlySet<string>): string[] | null {
  const tokens = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const found: string[] = [];
  for (let at = 0; at < tokens.length;) {
    const length = [3, 2, 1].find((many) => knownForm(tokens.slice(at, at + many), known) !== null) ?? 0;
    if (length > 0) found.push(knownForm(tokens.slice(at, at + length), known)!);
    else if (!emptyWords.has(tokens[at]!)) return null;
    at += Math.max(1, length);
  }
  return found.length === 0 ? null : found;
}

function knownForm(tokens: readonly string[], known: ReadonlySet<string>): string | null {
  const before = tokens.slice(0, -1).map((token) => `${token} `);
  const last = tokens.at(-1) ?? '';
  return (
    wordForms(last, 'en')
      .map((form) => before.join('') + form)
      .find((form) => known.has(form)) ?? null
  );
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

/** A vector of a query, and how far its similarities to the pictures searched lie apart. */
export interface Weighed {
  vector: Float32Array;
  spread: number;
}

/**
 * The unit vector whose similarities order pictures by the mean standard score of their similarities to `plus`, less
 * {@link minusWeight} times that to `minus`. Scores are standardised because the similarities of pictures to each other
 * are higher, and lie further apart, than those of pictures to texts: added as they are, a picture would drown a text.
 */
export function blend(plus: readonly Weighed[], minus: readonly Weighed[]): Float32Array {
  const sum = new Float32Array(plus[0]!.vector.length);
  for (const [terms, weight] of [
    [plus, 1],
    [minus, -minusWeight],
  ] as const) {
    for (const { vector, spread } of terms) {
      const share = weight / terms.length / spread;
      for (let at = 0; at < sum.length; at += 1) sum[at] = sum[at]! + share * vector[at]!;
    }
  }
  const length = Math.hypot(...sum);
  return length > 1e-6 ? sum.map((value) => value / length) : plus[0]!.vector;
}
