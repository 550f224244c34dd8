import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Tensor } from 'onnxruntime-node';
import { FabulaError } from '../../../shared/errors.ts';
import type { WriteWith } from '../messages.ts';
import { floats, floatsTensor, idsTensor, type Sessions } from '../session.ts';
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

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /**
   * Continues the last panel until its end.
   *
   * @param onText Hears the whole text so far after every piece that adds to it.
   * @returns what is to be put behind the panel's own text, with the space that goes between
   * @throws FabulaError `unavailable` with `details.languages` when the story is in another language; whatever aborts
   */
  async write(
    use: WriteWith,
    panels: readonly WrittenPanel[],
    settings: WriteSettings,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<string> {
    const { role, folder } = use;
    const pieces = await this.#tokenizer(join(folder, role.tokenizer));
    refuseOtherLanguage(use, panels, pieces);
    const network = await this.#sessions.get(join(folder, role.network));
    const maxTokens = Math.min(settings.maxTokens, role.maxTokens);
    const prompt = layOut(panels, role.marks, (text) => pieces.encode(text), role.context - maxTokens);
    const written = prompt.slice(prompt.lastIndexOf(role.marks.panelEnd) + 1);
    const draft = new Draft(role.marks, pieces, panels.at(-1)?.text ?? '', written);
    const random = seededRandom(settings.seed);
    let past: Tensor = floatsTensor(new Float32Array(0), [role.layers, 2, role.heads, 0, role.channels]);
    let next = prompt;
    for (let count = 0; count < maxTokens; count++) {
      signal.throwIfAborted();
      const inputs = { ids: idsTensor(next, [1, next.length]), past };
      const [present, logits] = await network.run(inputs, ['present', 'logits']);
      if (!present || !logits) throw new RangeError('The network gave no output.');
      past = present;
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
      next = [id];
      // onnxruntime has the thread while it runs; between two pieces other requests get it, and a cancel is heard.
      await setImmediate();
    }
    return draft.closed(draft.trimmed);
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
