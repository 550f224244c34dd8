import type { Condition } from '../../shared/condition.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { Pyramid, SeenWords } from '../../shared/pyramid.ts';
import { Host, spawnNodeWorker, type RequestOptions, type SpawnWorker } from './host.ts';
import type { CaptionSteering, Seen, Task } from './messages.ts';
import type { Pack, Packs } from './packs.ts';
import type { Roles } from './roles.ts';
import type { WrittenPanel } from './writer/layout.ts';

/** The share of a library's pictures that are taken to fit a text, before they are looked at. */
const fittingShare = 0.05;

export interface ModelCaption {
  text: string;
  /** Mean log-probability of the caption's tokens, at most 0. */
  score: number;
  /** What else the search came to, best first, the caption itself among it; empty unless it was steered. */
  candidates: { text: string; score: number }[];
}

export interface CaptionRequestOptions extends RequestOptions {
  /** How to search for captions of a style; the pack's own way when left out. */
  steering?: CaptionSteering | null | undefined;
}

export interface CaptionedPicture extends ModelCaption {
  /** Unit vector in {@link Models.space}. */
  vector: Float32Array;
  /** Its words; null where no pack reads them. */
  pyramid: Pyramid | null;
}

/** What is known of a picture once it has been looked at. */
export type SeenPicture = Pick<CaptionedPicture, 'vector' | 'pyramid'>;

export interface WriteRequest {
  /** The panels before, and last the one to go on with. The nearest are read, as many as the pack has room for. */
  panels: readonly WrittenPanel[];
  /** The pictures the panels have, as squares of {@link Models.imageSize}; seen where a pack joins them to the writer. */
  pictures?: readonly Uint8Array[];
  seed: number;
  /** The pack's own settings where left out. */
  maxTokens?: number;
  temperature?: number;
  nucleus?: number;
}

type With<Role extends keyof Roles> = { folder: string; role: Roles[Role] };

/**
 * What models can do for the studio, by role. Pictures are given as RGB bytes of a square, u8 [S, S, 3] with S =
 * {@link Models.imageSize}; all work is done in the worker process.
 *
 * Every method throws FabulaError `not-found` where no pack fills the role, `corrupt-pack` for a damaged pack (its
 * files are checked before they are first loaded), `model-failed`, and `cancelled` once the signal is raised.
 */
export class Models {
  readonly #packs: Packs;
  readonly #host: Host;

  constructor({ packs, spawn = spawnNodeWorker }: { packs: Packs; spawn?: SpawnWorker }) {
    this.#packs = packs;
    this.#host = new Host(spawn);
  }

  /** Names the vector space, `pack@revision`. Vectors of different spaces are never compared. */
  get space(): string {
    return this.#packs.get('encode').version;
  }

  /** The pack that captions, `pack@revision`. */
  get captionPack(): string {
    return this.#packs.get('caption').version;
  }

  /** Settings a caption was made with, for its provenance. */
  get captionSettings(): { beams: number; maxTokens: number; lengthPenalty: number } {
    const { beams, maxTokens, lengthPenalty } = this.#packs.get('caption').role;
    return { beams, maxTokens, lengthPenalty };
  }

  /** Whether {@link captionRegions} can be asked of the pack that captions. */
  get choosesRegions(): boolean {
    const packs = this.#packs;
    return (
      packs.list().some(({ roles }) => roles.includes('caption')) &&
      packs.get('caption').role.tokenCounts !== undefined
    );
  }

  /** The pack that writes, `pack@revision`, and the languages it writes (BCP 47). */
  get writer(): { version: string; languages: readonly string[] } {
    const { version, role } = this.#packs.get('write');
    return { version, languages: role.languages };
  }

  /**
   * The pack that reads words, `pack@revision`; null where none does, or where it wants pictures of another size than
   * the pack for search.
   */
  get wordsPack(): string | null {
    try {
      const { version, role } = this.#packs.get('words');
      return role.imageSize === this.imageSize ? version : null;
    } catch (error) {
      if (error instanceof FabulaError && error.code === 'not-found') return null;
      throw error;
    }
  }

  /**
   * The pack whose maps let the writer see pictures, find them and tell what to draw, `pack@revision`; null where no
   * pack has them, or where they were made for another writer than the one in use.
   */
  get joinPack(): string | null {
    return this.#joined()?.version ?? null;
  }

  /**
   * The logarithm of the odds that a picture fits a panel, in a library: from its similarity to the encoder's vector of
   * the panel's text, and to the vector of {@link readStory}.
   *
   * @throws FabulaError `not-found` where {@link joinPack} is null
   */
  storyLogOdds(text: number, story: number): number {
    const { calibration } = this.#join().role;
    const prior = Math.log(fittingShare / (1 - fittingShare));
    return calibration.text * text + calibration.story * story + calibration.bias + prior;
  }

  /** Side of the square, in pixels, in which pictures are given. */
  get imageSize(): number {
    return this.#packs.get('encode').role.imageSize;
  }

  /** Pictures that go through the caption models together. */
  get batch(): number {
    return this.#packs.get('caption').role.batch;
  }

  /**
   * Calibrated probability, 0..1, that a picture of this cosine similarity shows what a text asks. A pack is calibrated
   * on as many pairs that belong together as do not; in a library few pictures fit a text, so the odds are lowered to
   * that prior (Elkan, "The Foundations of Cost-Sensitive Learning", 2001, theorem 2).
   */
  probability(similarity: number): number {
    const { scale, bias } = this.#packs.get('encode').role.calibration;
    const prior = Math.log(fittingShare / (1 - fittingShare));
    return 1 / (1 + Math.exp(-(scale * similarity + bias + prior)));
  }

  /** Unit vectors of pictures, in order. */
  async encodeImages(pixels: readonly Uint8Array[], options: RequestOptions = {}): Promise<Float32Array[]> {
    const use = await this.#use('encode', options.signal);
    return this.#batches(pixels, use.role.batch, async (part) => {
      const task: Task = { kind: 'encode-images', with: use, ...joined(part, use.role.imageSize) };
      const { vectors } = await this.#host.request(task, options);
      return rowsOf(vectors, use.role.dimensions, part.length);
    });
  }

  /** Vectors and words of pictures, in one pass. */
  async look(pixels: readonly Uint8Array[], options: RequestOptions = {}): Promise<SeenPicture[]> {
    const use = await this.#use('encode', options.signal);
    const beside = await this.#wordsBeside(options.signal);
    return this.#batches(pixels, use.role.batch, async (part) => {
      const task: Task = {
        kind: 'encode-images',
        with: use,
        ...joined(part, use.role.imageSize),
        ...beside.task,
      };
      const { vectors, words } = await this.#host.request(task, options);
      const rows = rowsOf(vectors, use.role.dimensions, part.length);
      return rows.map((vector, index) => ({ vector, pyramid: beside.pyramid(words?.[index]) }));
    });
  }

  /**
   * What is to be seen on pictures, in words, in order.
   *
   * @throws FabulaError `not-found` where no pack reads words
   */
  async readWords(pixels: readonly Uint8Array[], options: RequestOptions = {}): Promise<Pyramid[]> {
    const { version: pack } = this.#packs.get('words');
    const use = await this.#use('words', options.signal);
    return this.#batches(pixels, use.role.batch, async (part) => {
      const task: Task = { kind: 'read-words', with: use, ...joined(part, use.role.imageSize) };
      const { words = [] } = await this.#host.request(task, options);
      return words.map((seen) => ({ pack, ...seen }));
    });
  }

  /** Side of the square, in pixels, that {@link readWords} takes. @throws FabulaError `not-found` */
  get wordsImageSize(): number {
    return this.#packs.get('words').role.imageSize;
  }

  /**
   * Which regions of pictures their captions are written from: the picture in 7 x 7 parts, row by row, how much each is
   * needed (0..1), and the parts kept.
   *
   * @throws FabulaError `unavailable` where the pack looks at all of every picture alike
   */
  async captionRegions(
    pixels: readonly Uint8Array[],
    options: RequestOptions = {},
  ): Promise<{ need: number[]; kept: number[] }[]> {
    const use = await this.#use('caption', options.signal);
    return this.#batches(pixels, use.role.batch, async (part) => {
      const task: Task = { kind: 'caption-regions', with: use, ...joined(part, use.role.imageSize) };
      return (await this.#host.request(task, options)).regions ?? [];
    });
  }

  /** Unit vectors of texts, in order. A text of several sentences gets the mean over its parts. */
  async encodeTexts(texts: readonly string[], options: RequestOptions = {}): Promise<Float32Array[]> {
    const use = await this.#use('encode', options.signal);
    return this.#batches(texts, TEXTS_A_REQUEST, async (part) => {
      const task: Task = { kind: 'encode-texts', with: use, texts: part };
      const { vectors } = await this.#host.request(task, { urgent: true, ...options });
      return rowsOf(vectors, use.role.dimensions, part.length);
    });
  }

  /** Captions of pictures, in order. `onText` is heard for a single picture only: its likeliest caption so far. */
  async captionImages(
    pixels: readonly Uint8Array[],
    { steering = null, ...options }: CaptionRequestOptions = {},
  ): Promise<ModelCaption[]> {
    const use = await this.#use('caption', options.signal);
    return this.#batches(pixels, use.role.batch, async (part) => {
      const task: Task = {
        kind: 'caption-images',
        with: use,
        encode: null,
        ...joined(part, use.role.imageSize),
        parts: options.onText !== undefined && pixels.length === 1,
        steering,
      };
      return (await this.#host.request(task, options)).captions;
    });
  }

  /** Captions, vectors and words in one pass: the vision network, where the roles share it, runs once. */
  async captionAndEncode(
    pixels: readonly Uint8Array[],
    { steering = null, ...options }: CaptionRequestOptions = {},
  ): Promise<CaptionedPicture[]> {
    const use = await this.#use('caption', options.signal);
    const encode = await this.#use('encode', options.signal);
    if (use.role.imageSize !== encode.role.imageSize) {
      throw new FabulaError(
        'unavailable',
        `The packs for captions and for search want pictures of different sizes (${use.role.imageSize} and ${encode.role.imageSize} pixels). Use packs that fill both roles.`,
      );
    }
    const beside = await this.#wordsBeside(options.signal);
    return this.#batches(pixels, use.role.batch, async (part) => {
      const task: Task = {
        kind: 'caption-images',
        with: use,
        encode,
        ...beside.task,
        ...joined(part, use.role.imageSize),
        parts: false,
        steering,
      };
      const { captions, vectors, words } = await this.#host.request(task, options);
      const rows = rowsOf(vectors, encode.role.dimensions, part.length);
      return captions.map((caption, index) => ({
        ...caption,
        vector: rows[index] ?? new Float32Array(0),
        pyramid: beside.pyramid(words?.[index]),
      }));
    });
  }

  /**
   * Goes on with the last of the panels, to the panel's end. The same panels, settings and seed give the same text.
   *
   * @param options `onText` hears the whole text so far after every piece.
   * @returns what is to be put behind the panel's own text, with the space that goes between; and who wrote it
   * @throws FabulaError `unavailable` with `details.languages` where the pack does not write the story's language
   */
  async write(
    { panels, pictures = [], seed, maxTokens, temperature, nucleus }: WriteRequest,
    options: RequestOptions = {},
  ): Promise<{ text: string; pack: string }> {
    const { version: pack } = this.writer;
    const use = await this.#use('write', options.signal);
    const seen = await this.#seen(pictures, options.signal);
    const { text } = await this.#host.request(
      {
        kind: 'write',
        with: use,
        panels: panels.map(({ picture, look, text }) => ({
          picture,
          look: seen === null ? null : (look ?? null),
          text,
        })),
        seen,
        settings: {
          seed,
          maxTokens: maxTokens ?? use.role.maxTokens,
          temperature: temperature ?? use.role.temperature,
          nucleus: nucleus ?? use.role.nucleus,
        },
      },
      { urgent: true, ...options },
    );
    return { text, pack };
  }

  /**
   * What the writer makes of the last panel after those before it: a vector in {@link space} to look for pictures with,
   * and a condition for the painter. Pictures are squares of {@link imageSize}, which panels name by number.
   *
   * @throws FabulaError `not-found` where {@link joinPack} is null; `unavailable` where the writer does not know the
   *   story's language
   */
  async readStory(
    panels: readonly WrittenPanel[],
    pictures: readonly Uint8Array[],
    options: RequestOptions = {},
  ): Promise<{ vector: Float32Array; condition: Condition }> {
    const joined = this.#join();
    const use = await this.#use('write', options.signal);
    await this.#packs.check(joined, options.signal);
    const { vectors, condition } = await this.#host.request(
      {
        kind: 'read-story',
        with: use,
        join: { folder: joined.folder, role: joined.role },
        panels: panels.map(({ picture, look = null, text }) => ({ picture, look, text })),
        seen: await this.#seen(pictures, options.signal),
      },
      { urgent: true, ...options },
    );
    const [vector] = rowsOf(vectors, joined.role.dimensions, 1);
    if (!vector || !condition) throw new FabulaError('model-failed', 'The story was read to no end.');
    return { vector, condition };
  }

  /** Captions of pictures as the writer sees them. @throws FabulaError `not-found` where {@link joinPack} is null */
  async tellImages(pixels: readonly Uint8Array[], options: RequestOptions = {}): Promise<ModelCaption[]> {
    const { folder, role } = this.#join();
    const use = await this.#use('write', options.signal);
    return this.#batches(pixels, 8, async (part) => {
      const task: Task = {
        kind: 'tell-images',
        with: use,
        join: { folder, role },
        ...joined(part, role.imageSize),
      };
      return (await this.#host.request(task, options)).captions;
    });
  }

  #join(): Pack & { role: Roles['join'] } {
    const joined = this.#joined();
    if (joined) return joined;
    throw new FabulaError(
      'not-found',
      'No pack joins pictures to the pack that writes. Add one with "fabula packs add FOLDER".',
    );
  }

  #joined(): (Pack & { role: Roles['join'] }) | null {
    let found: Pack & { role: Roles['join'] };
    let writer: Pack & { role: Roles['write'] };
    try {
      found = this.#packs.get('join');
      writer = this.#packs.get('write');
    } catch (error) {
      if (error instanceof FabulaError && error.code === 'not-found') return null;
      throw error;
    }
    const network = writer.manifest.files.find(({ path }) => path === writer.role.network);
    // Vectors of the maps are compared with those of the encoder they were made beside.
    const ours = this.#packs.get('encode').version === found.version;
    return network?.sha256 === found.role.writer && ours ? found : null;
  }

  async #seen(pictures: readonly Uint8Array[], signal?: AbortSignal): Promise<Seen> {
    const found = pictures.length === 0 ? null : this.#joined();
    if (!found) return null;
    await this.#packs.check(found, signal);
    const { folder, role } = found;
    return { with: { folder, role }, ...joined(pictures, role.imageSize) };
  }

  /** Ends the worker process. Requests that wait are cancelled. */
  close(): Promise<void> {
    return this.#host.close();
  }

  async #use<Role extends keyof Roles>(role: Role, signal?: AbortSignal): Promise<With<Role>> {
    const pack: Pack & { role: Roles[Role] } = this.#packs.get(role);
    await this.#packs.check(pack, signal);
    return { folder: pack.folder, role: pack.role };
  }

  /** What asks for words beside something else, where a pack reads them, and makes a pyramid of the answer. */
  async #wordsBeside(
    signal?: AbortSignal,
  ): Promise<{ task: { words?: With<'words'> }; pyramid: (seen: SeenWords | undefined) => Pyramid | null }> {
    const pack = this.wordsPack;
    if (pack === null) return { task: {}, pyramid: () => null };
    const words = await this.#use('words', signal);
    return { task: { words }, pyramid: (seen) => (seen === undefined ? null : { pack, ...seen }) };
  }

  async #batches<In, Out>(
    items: readonly In[],
    size: number,
    perform: (part: In[]) => Promise<Out[]>,
  ): Promise<Out[]> {
    const parts: Promise<Out[]>[] = [];
    for (let start = 0; start < items.length; start += size)
      parts.push(perform(items.slice(start, start + size)));
    return (await Promise.all(parts)).flat();
  }
}

const TEXTS_A_REQUEST = 256;

function joined(pictures: readonly Uint8Array[], size: number): { pixels: Uint8Array; count: number } {
  const bytes = size * size * 3;
  const pixels = new Uint8Array(pictures.length * bytes);
  for (const [index, picture] of pictures.entries()) {
    if (picture.length !== bytes) {
      throw new FabulaError(
        'invalid-input',
        `A picture has ${picture.length} bytes instead of ${bytes} (${size} x ${size} RGB).`,
      );
    }
    pixels.set(picture, index * bytes);
  }
  return { pixels, count: pictures.length };
}

function rowsOf(vectors: Float32Array | null, dimensions: number, count: number): Float32Array[] {
  if (vectors?.length !== count * dimensions) {
    throw new FabulaError(
      'model-failed',
      `The encoder answers with ${vectors?.length ?? 0} numbers instead of ${count} x ${dimensions}. Get the pack again.`,
    );
  }
  // Copies, so that keeping one vector does not keep its whole batch.
  return Array.from({ length: count }, (_, row) => vectors.slice(row * dimensions, (row + 1) * dimensions));
}
