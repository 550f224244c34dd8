import type { Tokenizer } from '@huggingface/tokenizers';
import { loadTokenizer } from '../tokenizer.ts';

/** Special tokens of the starter family. */
export const PAD = 0;
export const BOS = 1;
export const EOS = 2;
export const UNKNOWN = 3;

/** Marks a piece that goes on with the word before it (WordPiece). */
const continuation = '##';

/** The tokenizer of a pack: text to token ids and back. */
export class Tokens {
  readonly #tokenizer: Tokenizer;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** @throws FabulaError `model-failed` naming the file. */
  static async load(file: string): Promise<Tokens> {
    return new Tokens(await loadTokenizer(file));
  }

  /**
   * Token ids of a text, without special tokens; a single `<unk>` when nothing of it is left. The networks have seen
   * lower-case letters and digits only, so everything else is dropped, as in training.
   */
  encode(text: string): number[] {
    const plain = words(text).join(' ');
    const ids = plain === '' ? [] : this.#tokenizer.encode(plain, { add_special_tokens: false }).ids;
    return ids.length > 0 ? ids : [UNKNOWN];
  }

  /** Whether a token begins a word rather than going on with the one before it. */
  beginsWord(id: number): boolean {
    return !this.#tokenizer.id_to_token(id)?.startsWith(continuation);
  }

  decode(ids: number[]): string {
    return this.#tokenizer.decode(ids, { skip_special_tokens: true });
  }

  /**
   * A text as rows of at most `maxTokens` ids. Sentences stay whole where they fit, and short neighbours share a row:
   * one vector for a whole page says less than the mean over its sentences.
   */
  rows(text: string, maxTokens: number): number[][] {
    const rows: number[][] = [];
    for (const sentence of text.split(/[.!?\n;]+/)) {
      if (words(sentence).length === 0) continue;
      let ids = this.encode(sentence);
      const last = rows.at(-1);
      if (last && last.length + ids.length <= maxTokens) {
        last.push(...ids);
        continue;
      }
      while (ids.length > 0) {
        rows.push(ids.slice(0, maxTokens));
        ids = ids.slice(maxTokens);
      }
    }
    return rows.length > 0 ? rows : [[UNKNOWN]];
  }
}

function words(text: string): string[] {
  return (
    text
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? []
  );
}
