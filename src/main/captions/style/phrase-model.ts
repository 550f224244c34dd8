import { isContent, type Word } from './english.ts';

const begin = '^';
const end = '$';

/**
 * A bigram model over the shape of a few texts: small words as they are, all others as their kind, so that it learns
 * how something is said and not what is said. Smoothed with unigrams (Jelinek and Mercer 1980), since examples are few.
 */
export class PhraseModel {
  readonly #pairs = new Map<string, number>();
  readonly #firsts = new Map<string, number>();
  readonly #singles = new Map<string, number>();
  #total = 0;

  constructor(texts: readonly (readonly Word[])[]) {
    for (const text of texts) {
      const shapes = shapesOf(text);
      for (const [at, shape] of shapes.entries()) {
        if (at === 0) continue;
        const before = shapes[at - 1]!;
        add(this.#pairs, `${before} ${shape}`);
        add(this.#firsts, before);
        add(this.#singles, shape);
        this.#total += 1;
      }
    }
  }

  /** Mean log-probability of a step; 0 for a model of nothing. */
  score(text: readonly Word[]): number {
    if (this.#total === 0) return 0;
    const shapes = shapesOf(text);
    let sum = 0;
    for (let at = 1; at < shapes.length; at++) {
      const [before, shape] = [shapes[at - 1]!, shapes[at]!];
      const pair = (this.#pairs.get(`${before} ${shape}`) ?? 0) / (this.#firsts.get(before) ?? 1);
      const single = ((this.#singles.get(shape) ?? 0) + 0.5) / (this.#total + 20);
      sum += Math.log(0.6 * pair + 0.4 * single);
    }
    return sum / (shapes.length - 1);
  }
}

function shapesOf(words: readonly Word[]): string[] {
  return [
    begin,
    ...words.map((word) =>
      isContent(word)
        ? `${word.kind} ${word.form ?? (word.plural ? 'plural' : '')}`
        : word.text.toLowerCase(),
    ),
    end,
  ];
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
