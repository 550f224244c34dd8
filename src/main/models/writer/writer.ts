import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { FabulaError } from '../../../shared/errors.ts';
import type { Condition } from '../../../shared/condition.ts';
import type { Answer, JoinWith, Seen, WriteWith } from '../messages.ts';
import { floats, idsTensor, type Sessions } from '../session.ts';
import { Join, readAlong } from './join.ts';
import { layOut, plainText, type WrittenPanel } from './layout.ts';
import { Pieces, Utf8Text } from './pieces.ts';
import { sample, seededRandom } from './sampling.ts';

export interface WriteSettings {
  seed: number;
  /** Most pieces to write. */
  maxTokens: number;
  temperature: number;
  nucleus: number;
}

/**
 * The family `writer`: a causal language model that continues a panel (see `roles.ts` for the shapes of the network and
 * `training/writer_text.py` for what it has read). Gives way to other work after every piece.
 */
export class Writer {
  readonly #sessions: Sessions;
  readonly #pieces = new Map<string, Promise<Pieces>>();
  readonly #join: Join;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#join = new Join(sessions);
  }

  /**
   * Continues the last panel until its end.
   *
   * @param seen The pictures that panels have, where they are to be seen.
   * @param onText Hears the whole text so far after every piece that adds to it.
   * @returns what is to be put behind the panel's own text, with the space that goes between
   * @throws FabulaError `unavailable` with `details.languages` when the story is in another language; whatever aborts
   */
  async write(
    use: WriteWith,
    panels: readonly WrittenPanel[],
    seen: Seen,
    settings: WriteSettings,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<string> {
    const { role, folder } = use;
    const pieces = await this.#tokenizer(join(folder, role.tokenizer));
    refuseOtherLanguage(use, panels, pieces);
    const network = await this.#sessions.get(join(folder, role.network));
    const maxTokens = Math.min(settings.maxTokens, role.maxTokens);
    const pictures = seen && (await this.#join.pictures(seen, signal));
    const room = role.context - maxTokens;
    const prompt = layOut(panels, role.marks, (text) => pieces.encode(text), room, pictures?.positions);
    const written = prompt.slice(prompt.lastIndexOf(role.marks.panelEnd) + 1).filter((id) => id >= 0);
    const draft = new Draft(role.marks, pieces, panels.at(-1)?.text ?? '', written);
    const random = seededRandom(settings.seed);
    let { past, logits } = await readAlong(network, use, prompt, pictures, signal);
    for (let count = 0; count < maxTokens; count++) {
      signal.throwIfAborted();
      const id = sample(floats(logits), {
        temperature: settings.temperature,
        nucleus: settings.nucleus,
        random,
        allowed: (piece) => draft.allows(piece),
      });
      if (id < 0 || draft.ends(id)) {
        const text = draft.closed(draft.text);
        if (text !== draft.text) onText(text);
        return text;
      }
      draft.add(id);
      onText(draft.text);
      const [present, scores] = await network.run({ ids: idsTensor([id], [1, 1]), past }, [
        'present',
        'logits',
      ]);
      if (!present || !scores) throw new RangeError('The network gave no output.');
      past = present;
      logits = scores;
      // onnxruntime has the thread while it runs; between two pieces other requests get it, and a cancel is heard.
      await setImmediate();
    }
    return draft.closed(draft.trimmed);
  }

  /**
   * What the writer makes of the last panel, after those before it: a vector to look for pictures with, and a condition
   * for the painter.
   *
   * @throws FabulaError `unavailable` with `details.languages` when the story is in another language; whatever aborts
   */
  async read(
    use: WriteWith,
    joined: JoinWith,
    panels: readonly WrittenPanel[],
    seen: Seen,
    signal: AbortSignal,
  ): Promise<{ vector: Float32Array; condition: Condition }> {
    const { role, folder } = use;
    const pieces = await this.#tokenizer(join(folder, role.tokenizer));
    refuseOtherLanguage(use, panels, pieces);
    const network = await this.#sessions.get(join(folder, role.network));
    const pictures = seen && (await this.#join.pictures(seen, signal));
    const room = role.context - 1;
    const prompt = [
      ...layOut(panels, role.marks, (text) => pieces.encode(text), room, pictures?.positions),
      role.marks.panelEnd,
    ];
    const { past } = await readAlong(network, use, prompt, pictures, signal);
    let panel = 0;
    const places = prompt.map((id) => {
      if (id === role.marks.begin) return -1;
      // The mark that ends a panel belongs to it.
      return id === role.marks.panelEnd ? panel++ : panel;
    });
    return this.#join.told(joined, past, places);
  }

  /** Captions that the writer puts pictures into, the likeliest piece after the other. */
  async tell(use: WriteWith, seen: NonNullable<Seen>, signal: AbortSignal): Promise<Answer['captions']> {
    const { role, folder } = use;
    const { begin, picture, pictureEnd } = role.marks;
    const pieces = await this.#tokenizer(join(folder, role.tokenizer));
    const network = await this.#sessions.get(join(folder, role.network));
    const pictures = await this.#join.pictures(seen, signal);
    const captions: Answer['captions'] = [];
    for (let number = 0; number < seen.count; number++) {
      const prompt = [begin, ...new Array<number>(pictures.positions).fill(-1 - number), picture];
      let { past, logits } = await readAlong(network, use, prompt, pictures, signal);
      const written: number[] = [];
      let total = 0;
      while (written.length < longestCaption) {
        signal.throwIfAborted();
        const { id, logProbability } = likeliest(floats(logits), (piece) =>
          written.length === 0 ? piece !== pictureEnd : true,
        );
        total += logProbability;
        if (id === pictureEnd) break;
        written.push(id);
        const [present, scores] = await network.run({ ids: idsTensor([id], [1, 1]), past }, [
          'present',
          'logits',
        ]);
        if (!present || !scores) throw new RangeError('The network gave no output.');
        past = present;
        logits = scores;
      }
      const text = pieces.decode(written).trim();
      const score = total / (written.length + 1);
      captions.push({ text, score, candidates: [{ text, score }] });
    }
    return captions;
  }

  #tokenizer(file: string): Promise<Pieces> {
    const known = this.#pieces.get(file);
    if (known) return known;
    const loading = Pieces.load(file);
    this.#pieces.set(file, loading);
    loading.catch(() => this.#pieces.delete(file));
    return loading;
  }
}

/** Pieces of a caption at most. */
const longestCaption = 28;

function likeliest(
  logits: Float32Array,
  allowed: (id: number) => boolean,
): { id: number; logProbability: number } {
  let id = -1;
  let most = -Infinity;
  for (const [at, logit] of logits.entries()) {
    if (logit > most && allowed(at)) {
      id = at;
      most = logit;
    }
  }
  const sum = logits.reduce((all, logit) => all + Math.exp(logit - most), 0);
  return { id, logProbability: -Math.log(sum) };
}

/** Pieces in a row that a panel has once only: a small model else says one thing over and over. */
const ONCE = 3;
/** A panel ends no sooner than after this many words: a suggestion of nothing is none. */
const FEWEST_WORDS = 3;

/** What has been written so far, and what may come next. */
class Draft {
  readonly #marks: WriteWith['role']['marks'];
  readonly #pieces: Pieces;
  readonly #utf8 = new Utf8Text();
  readonly #silent: ReadonlySet<number>;
  /** The last pieces of the panel, and every run of {@link ONCE} pieces it has. */
  readonly #last: number[] = [];
  readonly #runs = new Set<string>();
  /** Quotation marks of the panel's own text. */
  readonly #quotes: number;
  /** How the panel's own text ends, which decides what may be put behind it. */
  readonly #after: 'nothing' | 'space' | 'word' | 'sign';

  /** @param written The panel's pieces so far, those of its picture's caption included. */
  constructor(marks: WriteWith['role']['marks'], pieces: Pieces, own: string, written: readonly number[]) {
    this.#marks = marks;
    this.#pieces = pieces;
    this.#silent = new Set([marks.begin, marks.picture, marks.pictureEnd, ...marks.never]);
    for (const id of written) this.#remember(id);
    this.#quotes = quoteCount(plainText(own));
    this.#after =
      own.trim() === ''
        ? 'nothing'
        : /\s$/u.test(own)
          ? 'space'
          : /[\p{L}\p{M}\p{N}]$/u.test(own)
            ? 'word'
            : 'sign';
  }

  /** The text to put behind the panel's own, whole characters only. */
  get text(): string {
    const { text } = this.#utf8;
    // Every text begins with a space, as in training; one that is there already is not put there twice.
    return this.#after === 'nothing' || this.#after === 'space' ? text.replace(/^\s+/u, '') : text;
  }

  /** The text up to the end of its last sentence, or of its last word, for one that was not ended. */
  get trimmed(): string {
    const { text } = this;
    const sentence = /^[^]*[.!?]["')]*(?=\s|$)/u.exec(text)?.[0];
    return sentence ?? text.replace(/\s+\S*$/u, '');
  }

  /** A text with the quotation mark that ends a speech the panel has begun; small models forget it. */
  closed(text: string): string {
    const open = (this.#quotes + quoteCount(text)) % 2 === 1;
    return open && /[.!?]$/.test(text) ? `${text}"` : text;
  }

  ends(id: number): boolean {
    return id === this.#marks.end || id === this.#marks.panelEnd;
  }

  allows(id: number): boolean {
    if (this.ends(id)) return this.#utf8.whole && wordCount(this.#utf8.text) >= FEWEST_WORDS;
    const bytes = this.#pieces.bytes[id];
    if (this.#silent.has(id) || !bytes || !this.#utf8.accepts(bytes)) return false;
    // Characters of several pieces are no words: what looks like a run there is spelling.
    if (this.#utf8.whole && this.#runs.has([...this.#last, id].join())) return false;
    if (this.#utf8.text !== '' || !this.#utf8.whole) return true;
    const spaced = bytes[0] === SPACE;
    if (this.#after === 'nothing' || this.#after === 'space') return spaced && bytes.length > 1;
    // Nothing is glued to a word but the sign that ends it.
    return spaced ? bytes.length > 1 : this.#after === 'sign' || !isLetter(bytes[0] ?? 0);
  }

  add(id: number): void {
    this.#utf8.add(this.#pieces.bytes[id] ?? new Uint8Array(0));
    this.#remember(id);
  }

  #remember(id: number): void {
    if (this.#last.length === ONCE - 1) this.#runs.add([...this.#last, id].join());
    this.#last.push(id);
    if (this.#last.length === ONCE) this.#last.shift();
  }
}

const SPACE = 0x20;

/** A letter or digit of ASCII, or the first byte of a character outside it. */
function isLetter(byte: number): boolean {
  return byte >= 0x80 || /[A-Za-z0-9]/.test(String.fromCharCode(byte));
}

function quoteCount(text: string): number {
  return text.split('"').length - 1;
}

function wordCount(text: string): number {
  return text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
}

/** Fewer letters than this say nothing about the language. */
const FEWEST_LETTERS = 24;
/** Panels that are looked at: a story may quote another language far away. */
const NEAREST = 4;

/**
 * A writer that goes on in a language it has not read writes rubbish, so it says so instead. Two signs tell: letters of
 * a script that none of its languages is written in, and words that have to be spelled almost letter by letter. Words
 * with a capital are left out there, for they may be names.
 */
function refuseOtherLanguage(use: WriteWith, panels: readonly WrittenPanel[], pieces: Pieces): void {
  const { languages, lettersPerToken } = use.role;
  const text = plainText(
    panels
      .slice(-NEAREST)
      .map((panel) => panel.text)
      .join(' '),
  );
  const letters = text.match(/\p{L}/gu) ?? [];
  const scripts = new Set(languages.map((language) => new Intl.Locale(language).maximize().script ?? 'Latn'));
  const known = new RegExp([...scripts].map((script) => `\\p{Script=${script}}`).join('|'), 'u');
  const foreign = letters.filter((letter) => !known.test(letter)).length;
  const words = (text.match(/[\p{L}\p{M}]+/gu) ?? []).filter((word) => !/^\p{Lu}/u.test(word));
  const spelled = words.reduce((sum, word) => sum + word.length, 0);
  const tokens = words.reduce((sum, word) => sum + pieces.encode(` ${word}`).length, 0);
  const strange = spelled >= FEWEST_LETTERS && spelled / tokens < lettersPerToken;
  if (foreign * 2 <= letters.length && !strange) return;
  const names = new Intl.DisplayNames(['en'], { type: 'language' });
  const list = new Intl.ListFormat('en').format(languages.map((language) => names.of(language) ?? language));
  throw new FabulaError(
    'unavailable',
    `This story does not seem to be in ${list}, and the pack that writes knows nothing else. Add a pack that writes the story's language with "fabula packs add FOLDER".`,
    { languages: [...languages] },
  );
}
