import type { Tokenizer } from '@huggingface/tokenizers';
import { loadTokenizer } from '../tokenizer.ts';

/**
 * The byte-level tokenizer of a writer: any text in any script to piece ids, and each piece's bytes. A piece may end in
 * the middle of a character; putting characters together is up to {@link Utf8Text}.
 */
export class Pieces {
  /** Each piece's bytes by id; undefined for the marks, which no text is cut into. */
  readonly bytes: readonly (Uint8Array | undefined)[];
  readonly #tokenizer: Tokenizer;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    const alphabet = byteAlphabet();
    const bytes: (Uint8Array | undefined)[] = [];
    for (const [piece, id] of tokenizer.get_vocab()) {
      const values = Array.from(piece, (letter) => alphabet.get(letter));
      bytes[id] =
        marks.has(piece) || values.includes(undefined) ? undefined : Uint8Array.from(values as number[]);
    }
    this.bytes = bytes;
  }

  /** @throws FabulaError `model-failed` naming the file. */
  static async load(file: string): Promise<Pieces> {
    return new Pieces(await loadTokenizer(file));
  }

  /** Ids of a text, without marks. */
  encode(text: string): number[] {
    return text === '' ? [] : this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /** The text of ids that are whole characters; what is not becomes U+FFFD. */
  decode(ids: readonly number[]): string {
    const parts = ids.map((id) => this.bytes[id] ?? new Uint8Array(0));
    return Buffer.concat(parts).toString('utf8');
  }
}

/** Pieces that stand for no text (`SPECIAL_TOKENS` of training/writer_text.py). */
const marks: ReadonlySet<string> = new Set(['<pad>', '<bos>', '<eos>', '<eop>', '<picture>', '</picture>']);

/** GPT-2's alphabet, in which tokenizer.json writes bytes: printable Latin-1 as itself, the rest from U+0100 on. */
function byteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    alphabet.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return alphabet;
}

/** Puts bytes together into text: gives whole characters only, and tells which bytes may come next (RFC 3629). */
export class Utf8Text {
  #text = '';
  /** Bytes of the character that is not whole yet. */
  #open: number[] = [];

  /** The text so far, without a character that is not whole yet. */
  get text(): string {
    return this.#text;
  }

  /** True when no character is open. */
  get whole(): boolean {
    return this.#open.length === 0;
  }

  /** Whether bytes go on from here without breaking a character. */
  accepts(bytes: Uint8Array): boolean {
    const open = [...this.#open];
    for (const byte of bytes) {
      open.push(byte);
      const state = character(open);
      if (state === 'broken') return false;
      if (state === 'whole') open.length = 0;
    }
    return true;
  }

  /** @throws RangeError for bytes it does not accept */
  add(bytes: Uint8Array): void {
    if (!this.accepts(bytes)) throw new RangeError('These bytes break a character.');
    const whole: number[] = [];
    for (const byte of bytes) {
      this.#open.push(byte);
      if (character(this.#open) === 'whole') whole.push(...this.#open.splice(0));
    }
    this.#text += Buffer.from(whole).toString('utf8');
  }
}

/** Whether bytes are a whole UTF-8 character, the beginning of one, or neither. */
function character(bytes: readonly number[]): 'whole' | 'open' | 'broken' {
  const [first = 0, second] = bytes;
  if (first < 0x80) return 'whole';
  const length =
    first >= 0xc2 && first <= 0xdf
      ? 2
      : first >= 0xe0 && first <= 0xef
        ? 3
        : first >= 0xf0 && first <= 0xf4
          ? 4
          : 0;
  if (length === 0 || bytes.length > length) return 'broken';
  if (bytes.slice(1).some((byte) => byte < 0x80 || byte > 0xbf)) return 'broken';
  if (second !== undefined) {
    // No character has two spellings, and surrogates and what lies past U+10FFFF are no characters.
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return 'broken';
  }
  return bytes.length === length ? 'whole' : 'open';
}
