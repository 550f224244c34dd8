import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FabulaError } from '../../../shared/errors.ts';
import { UNKNOWN, type Tokens } from './tokens.ts';
import type { Vocabulary } from './words.ts';

/** How words are said: each form or phrase with the words of the vocabulary that it says. An empty list says none. */
const WordFormsSchema = z.record(z.string().min(1).max(200), z.array(z.string()).max(100));
export type WordForms = z.infer<typeof WordFormsSchema>;

/** @throws FabulaError `corrupt-pack` naming the file */
export async function loadWordForms(file: string): Promise<WordForms> {
  try {
    return WordFormsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new FabulaError(
      'corrupt-pack',
      `${file} does not tell how words are said. Get the pack again.`,
      {},
      { cause },
    );
  }
}

/** A word as likely as this counts neither for a caption nor against it: 1 / e. */
const indifferent = -1;
/** Most that a word counts against a caption. */
const worst = -5;
/** What it costs to say a thing once more: "a dog beside a dog". */
const repeated = 1;
/** What it costs to end without any thing: "in the snow". */
const nothing = 2;
/** What it costs to begin with a word that is not to come first: "on the grass a dog". */
const backwards = 2;

interface Place {
  next: Map<number, Place>;
  /** The words said where a form ends here, else null. */
  says: readonly number[] | null;
  /** Words whose form goes on from here within its only word, and the share of its pieces that is there. */
  begun: { word: number; share: number }[];
}

/**
 * Holds captions under way against the words that another network sees on the picture, so that the search leaves what is
 * not there and comes to what is (decoding guided by a classifier; Yang and Klein 2021, "FUDGE"). Forms are looked up
 * as token ids, from the left, the longest first: a "hot dog" is no dog.
 */
export class WordGuide {
  readonly #root: Place = place();
  readonly #broader: ReadonlySet<number>[];
  readonly #isThing: boolean[];
  readonly #beginsWord: boolean[] = [];
  readonly #notFirst: readonly number[][];
  readonly #tokens: Tokens;

  /** @param notFirst words that captions had better not begin with */
  constructor(vocabulary: Vocabulary, forms: WordForms, notFirst: readonly string[], tokens: Tokens) {
    this.#tokens = tokens;
    this.#notFirst = notFirst.map((word) => tokens.encode(word));
    const numbers = new Map(vocabulary.map(({ word }, at) => [word, at]));
    const known = (names: readonly string[]): number[] => names.flatMap((name) => numbers.get(name) ?? []);
    this.#broader = vocabulary.map(({ broader }) => new Set(known(broader)));
    this.#isThing = vocabulary.map(({ kind }) => kind === 'thing');
    for (const [form, names] of Object.entries(forms)) this.#add(form, known(names));
  }

  #add(form: string, says: readonly number[]): void {
    const pieces = this.#tokens.encode(form);
    if (pieces.includes(UNKNOWN)) return;
    const single = pieces.slice(1).every((piece) => !this.#begins(piece));
    let at = this.#root;
    for (const [index, piece] of pieces.entries()) {
      if (index > 0 && single) {
        const share = index / pieces.length;
        at.begun.push(...says.map((word) => ({ word, share })));
      }
      const next = at.next.get(piece) ?? place();
      at.next.set(piece, next);
      at = next;
    }
    at.says = says;
  }

  #begins(piece: number): boolean {
    return (this.#beginsWord[piece] ??= this.#tokens.beginsWord(piece));
  }

  /**
   * @param presence f32 [words], the probabilities of the vocabulary's words on one picture
   * @returns what a caption's words count together, some -10 to 3: those that a narrower word says are left out, and a
   *   word that is still being spelled counts by the share of its pieces that is there
   * @throws FabulaError `model-failed` where there are more or fewer probabilities than words
   */
  of(presence: Float32Array): (caption: readonly number[], ended: boolean) => number {
    if (presence.length !== this.#broader.length) {
      throw new FabulaError(
        'model-failed',
        `The pack's network of words knows ${presence.length} of them and its list ${this.#broader.length}. Get the pack again.`,
      );
    }
    const counts = presence.map((probability) =>
      Math.max(worst, Math.log(Math.max(probability, 1e-6)) - indifferent),
    );
    return (caption, ended) => this.#count(caption, ended, counts);
  }

  #count(caption: readonly number[], ended: boolean, counts: Float32Array): number {
    const said: number[] = [];
    let value = this.#notFirst.some((pieces) => this.#beginsWith(caption, pieces)) ? -backwards : 0;
    for (let start = 0; start < caption.length;) {
      const { says, end, last } = this.#longest(caption, start);
      if (says) {
        if (says.length > 0 && says.every((word) => this.#isThing[word] && said.includes(word)))
          value -= repeated;
        for (const word of says) if (!said.includes(word)) said.push(word);
      } else if (last && !ended && end === caption.length) {
        let hoped = 0;
        for (const { word, share } of last.begun) hoped = Math.max(hoped, share * counts[word]!);
        value += hoped;
      }
      start = end;
    }
    if (ended && !said.some((word) => this.#isThing[word])) value -= nothing;
    for (const word of said) {
      if (!said.some((other) => other !== word && this.#broader[other]!.has(word))) value += counts[word]!;
    }
    return value;
  }

  #beginsWith(caption: readonly number[], pieces: readonly number[]): boolean {
    const after = caption[pieces.length];
    return pieces.every((piece, at) => caption[at] === piece) && (after === undefined || this.#begins(after));
  }

  /** What is said from a word's start on: to where, and how far forms go along with the caption if it ends there. */
  #longest(
    caption: readonly number[],
    start: number,
  ): { says: readonly number[] | null; end: number; last: Place | undefined } {
    let at: Place | undefined = this.#root;
    let says: readonly number[] | null = null;
    let end = start + 1;
    while (end < caption.length && !this.#begins(caption[end]!)) end++;
    let last: Place | undefined;
    for (let index = start; index < caption.length; index++) {
      at = at.next.get(caption[index]!);
      if (!at) break;
      const after = index + 1;
      if (after === caption.length) last = at;
      if (at.says && (after === caption.length || this.#begins(caption[after]!))) {
        says = at.says;
        end = after;
      }
    }
    return { says, end, last };
  }
}

function place(): Place {
  return { next: new Map(), says: null, begun: [] };
}
