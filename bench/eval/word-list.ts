import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The words of `training/words.txt` and how text is read with them, as `training/words.py` does it: with their other
 * forms and listed synonyms, and with all that is broader.
 */
export class WordList {
  readonly #byForm = new Map<string, Set<string>>();
  readonly #broader = new Map<string, string[]>();
  readonly kinds = new Map<string, string>();

  constructor(file = resolve(import.meta.dirname, '../../training/words.txt')) {
    let kind = '';
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      if (line.startsWith('[')) {
        kind = line.slice(1).split(' ')[0]!;
        continue;
      }
      const [left = '', right = ''] = line.split(' : ');
      const [name = '', ...broader] = left.split(' < ').map((part) => part.trim());
      if (kind === 'none') {
        this.#byForm.set(name, new Set());
        continue;
      }
      this.kinds.set(name, kind);
      this.#broader.set(name, broader);
      const forms = [
        name,
        ...right
          .split(',')
          .map((form) => form.trim())
          .filter(Boolean),
      ];
      for (const form of forms) {
        const derived =
          kind === 'thing' || kind === 'place' ? plurals(form) : kind === 'action' ? verbForms(form) : [];
        for (const one of [form, ...derived]) {
          const known = this.#byForm.get(one) ?? new Set<string>();
          this.#byForm.set(one, known.add(name));
        }
      }
    }
  }

  /** Every word that says the same of more things. */
  broader(word: string): string[] {
    return (this.#broader.get(word) ?? []).flatMap((above) => [above, ...this.broader(above)]);
  }

  /** The words a text says itself; the longest phrase wins. */
  said(text: string): Set<string> {
    const tokens = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    const found = new Set<string>();
    for (let at = 0; at < tokens.length;) {
      let length = Math.min(4, tokens.length - at);
      for (; length > 1; length -= 1) if (this.#byForm.has(tokens.slice(at, at + length).join(' '))) break;
      for (const word of this.#byForm.get(tokens.slice(at, at + length).join(' ')) ?? []) found.add(word);
      at += length;
    }
    return found;
  }

  /** The words a text says, and those broader. */
  read(text: string): Set<string> {
    const said = this.said(text);
    return new Set([...said, ...[...said].flatMap((word) => this.broader(word))]);
  }
}

function plurals(noun: string): string[] {
  if (noun.endsWith('man')) return [`${noun.slice(0, -3)}men`];
  if (/[^aeiou]y$/.test(noun)) return [`${noun.slice(0, -1)}ies`];
  return [`${noun}s`, `${noun}es`];
}

function verbForms(name: string): string[] {
  const [first = '', ...rest] = name.split(' ');
  if (!first.endsWith('ing')) return [];
  const stem = first.slice(0, -3);
  const doubled = stem.length > 2 && stem.at(-1) === stem.at(-2);
  const stems = [stem, `${stem}e`, ...(doubled ? [stem.slice(0, -1)] : [])];
  const forms = [...stems.flatMap((one) => ['', 's', 'es', 'ing'].map((end) => one + end)), `${stem}ed`];
  return forms.map((form) => [form, ...rest].join(' '));
}
