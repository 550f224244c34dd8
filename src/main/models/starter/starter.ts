import { join } from 'node:path';
import type { Tensor } from 'onnxruntime-node';
import { FabulaError } from '../../../shared/errors.ts';
import type { SeenWords } from '../../../shared/pyramid.ts';
import { dot } from '../../../shared/vectors.ts';
import type { Answer, CaptionSteering, CaptionWith, EncodeWith, WordsWith } from '../messages.ts';
import { bytesTensor, floats, floatsTensor, ids, idsTensor, type Sessions } from '../session.ts';
import { tidyCaption } from '../tidy-caption.ts';
import { beamSearch, type Hypothesis } from './beam-search.ts';
import { keepTokens, takeRows } from './kept-tokens.ts';
import { BOS, EOS, PAD, Tokens, UNKNOWN } from './tokens.ts';
import { loadWordForms, WordGuide } from './word-guide.ts';
import { chooseWords, loadVocabulary, type Vocabulary } from './words.ts';
import { wordBonus } from './word-bonus.ts';

/**
 * The family `starter`: small convolutional image encoder, text encoder and caption decoder (see `roles.ts` for the
 * shapes of the networks). Every method checks `signal` between steps.
 */
export class Starter {
  readonly #sessions: Sessions;
  readonly #tokens = new Map<string, Promise<Tokens>>();
  readonly #vocabularies = new Map<string, Promise<Vocabulary>>();
  readonly #guides = new Map<string, Promise<WordGuide>>();

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** @param pixels u8 [count, S, S, 3] @returns f32 [count, dimensions] */
  async encodeImages(
    use: EncodeWith,
    pixels: Uint8Array,
    count: number,
    signal: AbortSignal,
  ): Promise<Float32Array> {
    signal.throwIfAborted();
    const [embedding] = await this.#vision(use, pixels, count, ['embedding']);
    return floats(only(embedding));
  }

  /** Vectors, and the words of the pictures too where `words` is given. @param pixels u8 [count, S, S, 3] */
  async look(
    use: EncodeWith,
    words: WordsWith | undefined,
    pixels: Uint8Array,
    count: number,
    signal: AbortSignal,
  ): Promise<Pick<Answer, 'vectors' | 'words'>> {
    if (!words) return { vectors: await this.encodeImages(use, pixels, count, signal) };
    signal.throwIfAborted();
    const shared = sameVision(use, words);
    const outputs = shared ? ['embedding', 'tokens'] : ['embedding'];
    const [embedding, imageTokens] = await this.#vision(use, pixels, count, outputs);
    return {
      vectors: floats(only(embedding)),
      words: await this.readWords(words, pixels, count, signal, imageTokens && { tokens: imageTokens }),
    };
  }

  /**
   * What is to be seen on each picture, in words.
   *
   * @param pixels u8 [count, S, S, 3]
   * @param known what the networks of the role made of them, where they have been run already
   */
  async readWords(
    use: WordsWith,
    pixels: Uint8Array,
    count: number,
    signal: AbortSignal,
    known: { tokens?: Tensor; presence?: Presence | undefined } = {},
  ): Promise<SeenWords[]> {
    const { role, folder } = use;
    const vocabulary = await this.#vocabulary(join(folder, role.vocabulary));
    signal.throwIfAborted();
    const tokens = known.tokens ?? only((await this.#vision(use, pixels, count, ['tokens']))[0]);
    const [sure, where] = known.presence ?? (await this.#presence(join(folder, role.words), tokens));
    const words = vocabulary.length;
    if (sure.length !== count * words || where.length % sure.length !== 0) {
      throw new FabulaError(
        'model-failed',
        `${join(folder, role.words)} knows another number of words than its list has (${words}). Get the pack again.`,
      );
    }
    const each = where.length / count;
    return Array.from({ length: count }, (_, row) =>
      chooseWords(
        vocabulary,
        sure.subarray(row * words, (row + 1) * words),
        where.subarray(row * each, (row + 1) * each),
      ),
    );
  }

  /** @returns f32 [texts, dimensions]; a text of several rows gets the mean of their vectors, weighted by length */
  async encodeTexts(use: EncodeWith, texts: readonly string[], signal: AbortSignal): Promise<Float32Array> {
    const { role, folder } = use;
    const tokens = await this.#tokenizer(join(folder, role.tokenizer));
    const rows = texts.flatMap((text, index) =>
      tokens.rows(text, role.maxTokens).map((row) => ({ row, index })),
    );
    const vectors = await this.#encodeRows(
      join(folder, role.text),
      rows.map(({ row }) => row),
      signal,
    );
    const sums = new Float32Array(texts.length * role.dimensions);
    for (const [at, { row, index }] of rows.entries()) {
      for (let d = 0; d < role.dimensions; d++) {
        const sum = index * role.dimensions + d;
        sums[sum] = (sums[sum] ?? 0) + row.length * (vectors[at]?.[d] ?? 0);
      }
    }
    normaliseRows(sums, role.dimensions);
    return sums;
  }

  /** @param file a network `text` @param rows ids of texts @returns the unit vector of each, f32 [dimensions] */
  async #encodeRows(
    file: string,
    rows: readonly (readonly number[])[],
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    const network = await this.#sessions.get(file);
    // Rows of like length share a run, so that little is padded.
    const order = [...rows.entries()].sort(([, a], [, b]) => a.length - b.length);
    const vectors: Float32Array[] = [];
    for (let start = 0; start < order.length; start += TEXT_ROWS) {
      signal.throwIfAborted();
      const part = order.slice(start, start + TEXT_ROWS);
      const width = Math.max(...part.map(([, row]) => row.length));
      const padded = part.flatMap(([, row]) => [...row, ...new Array<number>(width - row.length).fill(PAD)]);
      const [embedding] = await network.run({ ids: idsTensor(padded, [part.length, width]) }, ['embedding']);
      const values = floats(only(embedding));
      const dimensions = values.length / part.length;
      for (const [at, [row]] of part.entries()) {
        vectors[row] = values.slice(at * dimensions, (at + 1) * dimensions);
      }
    }
    return vectors;
  }

  /**
   * Which image tokens captions of pictures are written from, see {@link keepTokens}.
   *
   * @param pixels u8 [count, S, S, 3]
   * @throws FabulaError `unavailable` where the pack writes from all of them
   */
  async captionRegions(
    use: CaptionWith,
    pixels: Uint8Array,
    count: number,
    signal: AbortSignal,
  ): Promise<NonNullable<Answer['regions']>> {
    const { tokenCounts } = use.role;
    if (!tokenCounts) {
      throw new FabulaError(
        'unavailable',
        'The pack that writes captions looks at all of every picture alike. The starter pack tells what it looks at.',
      );
    }
    signal.throwIfAborted();
    const need = floats(only((await this.#vision(use, pixels, count, ['need']))[0]));
    const each = need.length / count;
    const regions: NonNullable<Answer['regions']> = [];
    for (const { photos, kept } of keepTokens(need, count, tokenCounts)) {
      for (const [at, photo] of photos.entries()) {
        const own = Array.from(need.subarray(photo * each, (photo + 1) * each));
        regions[photo] = { need: own, kept: kept[at] ?? [] };
      }
    }
    return regions;
  }

  /**
   * Captions, and vectors too where `encode` is given.
   *
   * @param pixels u8 [count, S, S, 3]
   * @param options `onText` hears the likeliest caption of the first picture after every step of the search; it may
   *   change its mind about words it had. `steering` takes the place of the pack's own settings. `words` reads the
   *   pictures' words as well.
   */
  async captionImages(
    use: CaptionWith,
    encode: EncodeWith | null,
    pixels: Uint8Array,
    count: number,
    signal: AbortSignal,
    {
      onText,
      steering = null,
      words,
    }: { onText?: (text: string) => void; steering?: CaptionSteering | null; words?: WordsWith } = {},
  ): Promise<Answer> {
    signal.throwIfAborted();
    const shared = encode !== null && sameVision(encode, use);
    const counts = use.role.tokenCounts;
    // A style chooses among the candidates itself.
    const fits = use.role.fit !== undefined && steering === null;
    const outputs = ['tokens', ...(counts ? ['need'] : []), ...(shared || fits ? ['embedding'] : [])];
    const seen = await this.#vision(use, pixels, count, outputs);
    const output = (name: string): Tensor => only(seen[outputs.indexOf(name)]);
    const imageTokens = output('tokens');
    const embedding = fits ? floats(output('embedding')) : null;
    const { guide } = use.role;
    const guideFile = guide && join(use.folder, guide.words);
    const read = guideFile === undefined ? undefined : await this.#presence(guideFile, imageTokens);
    const rowOf = (values: Float32Array, photo: number): Float32Array => {
      const width = values.length / count;
      return values.subarray(photo * width, (photo + 1) * width);
    };
    const decode = (inputs: Record<string, Tensor>, photos: readonly number[]): Promise<Answer['captions']> =>
      this.#decode(use, inputs, signal, {
        steering,
        onText,
        pictures: photos.map((photo) => ({
          vector: embedding && rowOf(embedding, photo),
          presence: read && rowOf(read[0], photo),
        })),
      });
    const captions: Answer['captions'] = [];
    if (counts) {
      const values = floats(imageTokens);
      const [, places, width] = imageTokens.dims as [number, number, number];
      for (const { photos, kept } of keepTokens(floats(output('need')), count, counts)) {
        const rows = [photos.length, places, width];
        const inputs = {
          tokens: floatsTensor(takeRows(values, places * width, photos), rows),
          kept: idsTensor(kept.flat(), [photos.length, kept[0]?.length ?? 0]),
        };
        const written = await decode(inputs, photos);
        for (const [at, photo] of photos.entries()) captions[photo] = written[at]!;
      }
    } else {
      captions.push(...(await decode({ tokens: imageTokens }, [...Array(count).keys()])));
    }
    const answer = {
      captions,
      text: '',
      ...(words
        ? {
            words: await this.readWords(
              words,
              pixels,
              count,
              signal,
              sameVision(words, use)
                ? {
                    tokens: imageTokens,
                    presence: join(words.folder, words.role.words) === guideFile ? read : undefined,
                  }
                : {},
            ),
          }
        : {}),
    };
    if (encode === null) return { ...answer, vectors: null };
    const vectors = shared
      ? floats(output('embedding'))
      : await this.encodeImages(encode, pixels, count, signal);
    return { ...answer, vectors };
  }

  /** @param inputs of `prefix`, a row for each of `pictures` */
  async #decode(
    use: CaptionWith,
    inputs: Record<string, Tensor>,
    signal: AbortSignal,
    { steering, onText, pictures }: DecodeOptions,
  ): Promise<Answer['captions']> {
    const { role, folder } = use;
    const tokens = await this.#tokenizer(join(folder, role.tokenizer));
    const guides = await this.#guidesOf(use, pictures, tokens);
    const prefix = await this.#sessions.get(join(folder, role.prefix));
    const decoder = await this.#sessions.get(join(folder, role.decoder));
    signal.throwIfAborted();
    const cross = only((await prefix.run(inputs, ['cross']))[0]);
    let past: Tensor = floatsTensor(new Float32Array(0), [pictures.length, role.layers, 2, 0, role.width]);
    const wanted = steering && wordBonus(steering.words, tokens);
    const seen = role.guide?.search ?? 0;
    const found = await beamSearch(
      async ({ tokens: last, beams, photos, position }) => {
        signal.throwIfAborted();
        const step = {
          ids: idsTensor(last, [last.length, 1]),
          position: idsTensor([position], [1]),
          beam: idsTensor(beams, [beams.length]),
          past,
          cross,
          photo: idsTensor(photos, [photos.length]),
        };
        const [present, scores, topIds] = await decoder.run(step, ['present', 'top_scores', 'top_ids']);
        past = only(present);
        return { scores: floats(only(scores)), ids: ids(only(topIds)) };
      },
      pictures.length,
      {
        beams: steering?.beams ?? role.beams,
        maxTokens: role.maxTokens,
        lengthPenalty: steering?.lengthPenalty ?? role.lengthPenalty,
        begin: BOS,
        end: EOS,
        bonus: (caption, photo, ended) =>
          (wanted?.(caption) ?? 0) + seen * (guides?.[photo]?.(caption, ended) ?? 0),
      },
      onText && ((likeliest) => onText(tidyCaption(tokens.decode([...likeliest])))),
    );
    // A style chooses among the candidates itself.
    const chosen = steering ? found : await this.#ranked(use, found, pictures, guides, signal);
    return chosen.map((hypotheses) => {
      const candidates = hypotheses.map((hypothesis) => ({
        text: tidyCaption(tokens.decode(hypothesis.tokens)),
        score: hypothesis.logProbability / (hypothesis.tokens.length + 1),
      }));
      const best = candidates[0] ?? { text: '', score: -Infinity };
      return { ...best, candidates: steering ? candidates : [] };
    });
  }

  /** What holds the captions of each picture against its words, where the role says so. */
  async #guidesOf(
    { role, folder }: CaptionWith,
    pictures: DecodeOptions['pictures'],
    tokens: Tokens,
  ): Promise<Guide[] | null> {
    if (!role.guide) return null;
    const { notFirst } = role.guide;
    const files = { vocabulary: join(folder, role.guide.vocabulary), forms: join(folder, role.guide.forms) };
    const guide = await remembered(this.#guides, files.forms, async () => {
      const vocabulary = await this.#vocabulary(files.vocabulary);
      return new WordGuide(vocabulary, await loadWordForms(files.forms), notFirst, tokens);
    });
    return pictures.map(({ presence }) => guide.of(presence!));
  }

  /** The finished captions of each picture by their scores, how they fit it and what their words count, best first. */
  async #ranked(
    { role, folder }: CaptionWith,
    found: readonly Hypothesis[][],
    pictures: DecodeOptions['pictures'],
    guides: Guide[] | null,
    signal: AbortSignal,
  ): Promise<Hypothesis[][]> {
    const { fit, guide } = role;
    if (!fit && !guide) return [...found];
    const all = found.flatMap((hypotheses, photo) => hypotheses.map((hypothesis) => ({ hypothesis, photo })));
    const rows = all.map(({ hypothesis }) => hypothesis.tokens.slice(0, fit?.maxTokens));
    const vectors = fit
      ? await this.#encodeRows(
          join(folder, fit.text),
          rows.map((row) => (row.length > 0 ? row : [UNKNOWN])),
          signal,
        )
      : [];
    const ranked = all.map(({ hypothesis, photo }, at) => {
      const { tokens, logProbability } = hypothesis;
      const { vector } = pictures[photo]!;
      const score = logProbability / (tokens.length + 1) ** role.lengthPenalty;
      const fits = fit && vector ? fit.weight * dot(vectors[at]!, vector) : 0;
      const seen = guide && guides ? guide.rank * guides[photo]!(tokens, true) : 0;
      return { hypothesis, photo, rank: score + fits + seen };
    });
    ranked.sort((a, b) => b.rank - a.rank);
    return found.map((_, own) =>
      ranked.flatMap(({ hypothesis, photo }) => (photo === own ? [hypothesis] : [])),
    );
  }

  /** @param imageTokens f32 [N, P, D] */
  async #presence(file: string, imageTokens: Tensor): Promise<Presence> {
    const network = await this.#sessions.get(file);
    const [presence, cells] = await network.run({ tokens: imageTokens }, ['presence', 'cells']);
    return [floats(only(presence)), floats(only(cells))];
  }

  async #vision(
    use: EncodeWith | CaptionWith | WordsWith,
    pixels: Uint8Array,
    count: number,
    outputs: readonly string[],
  ): Promise<readonly Tensor[]> {
    const size = use.role.imageSize;
    const network = await this.#sessions.get(join(use.folder, use.role.vision));
    return network.run({ pixels: bytesTensor(pixels, [count, size, size, 3]) }, outputs);
  }

  #vocabulary(file: string): Promise<Vocabulary> {
    return remembered(this.#vocabularies, file, () => loadVocabulary(file));
  }

  #tokenizer(file: string): Promise<Tokens> {
    return remembered(this.#tokens, file, () => Tokens.load(file));
  }
}

/** What the network of words makes of N pictures: f32 [N, W], probabilities; f32 [N, P, W], logits of where. */
type Presence = [presence: Float32Array, cells: Float32Array];

/** What counts for and against a caption of one picture, see {@link WordGuide.of}. */
type Guide = ReturnType<WordGuide['of']>;

interface DecodeOptions {
  steering: CaptionSteering | null;
  onText: ((text: string) => void) | undefined;
  /** What captions are to fit, where the role says so: the vector of each picture, and the presence of each word. */
  pictures: readonly { vector: Float32Array | null; presence: Float32Array | undefined }[];
}

/** What a file was loaded as, loaded once; a failed try is not kept. */
function remembered<T>(known: Map<string, Promise<T>>, file: string, load: () => Promise<T>): Promise<T> {
  const already = known.get(file);
  if (already) return already;
  const loading = load();
  known.set(file, loading);
  loading.catch(() => known.delete(file));
  return loading;
}

type Sees = EncodeWith | CaptionWith | WordsWith;

/** Whether two roles use one vision network, which then runs once for both. */
function sameVision(one: Sees, other: Sees): boolean {
  return join(one.folder, one.role.vision) === join(other.folder, other.role.vision);
}

const TEXT_ROWS = 32;

/** Outputs asked for by name are always there; `Network.run` has made sure. */
function only(tensor: Tensor | undefined): Tensor {
  if (!tensor) throw new RangeError('The network gave no output.');
  return tensor;
}

function normaliseRows(values: Float32Array, width: number): void {
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    const length = Math.hypot(...row);
    if (length > 0) for (let d = 0; d < width; d++) row[d] = (row[d] ?? 0) / length;
  }
}
