import { FabulaError } from '../../../shared/errors.ts';
import { readClause, type VerbShape } from './clause.ts';
import { isBe, isContent, readWords, smallWords, type Word } from './english.ts';
import { PhraseModel } from './phrase-model.ts';
import { preferences, type Preference } from './vocabulary.ts';

export type Casing = 'sentence' | 'title' | 'lower' | 'upper';

/** What a few example captions have in common: how they are put, not what they are about. */
export interface StyleProfile {
  form: 'sentence' | 'keywords' | 'hashtags';
  casing: Casing;
  /** How the verb is put; null where examples name things without one. */
  verb: VerbShape | null;
  /** Whether `a` and `the` are left out, as in headlines. */
  bare: boolean;
  /** Every caption begins with one of these; none where empty. */
  openings: readonly string[];
  /** Every caption ends with this, before its full stop; empty for none. */
  closing: string;
  /** Punctuation at the end. */
  end: string;
  /** Words, or keywords, between opening and closing. */
  length: { least: number; middle: number; most: number };
  /** Between keywords. */
  separator: string;
  /** Words a keyword has on average. */
  keywordWords: number;
  /** Whether keywords name what is done, and in which form. */
  keywordVerb: 'gerund' | 'base' | null;
  preferences: readonly Preference[];
  /** How words of which kind follow each other. */
  phrases: PhraseModel;
}

/** The fewest and most examples that a style is learned from. */
export const exampleCount = { least: 3, most: 8 } as const;

/** The share of examples that must have something for it to be of the style. */
const shared = 0.6;

/** What a person says of seeing something: what follows is what was seen. */
const seeing = `(?:see|saw|seen|watch(?:ed|ing)?|spot(?:ted)?|notice[d]?|photograph(?:ed)?|found|find|met|meet|caught|catch|film(?:ed)?|admire[d]?|capture[d]?|passed|spied|observe[d]?|came across|come across|looked at|took a (?:picture|photo) of)`;
const frame = new RegExp(
  `^(.*?\\b)??(I|we|you)((?: (?:just|also|even|once|then|can|could|finally|often|really|got to|happened to))*) (${seeing})(?= )`,
  'i',
);
/** Words before "I saw" that say when, not what: the others are about the example's own picture. */
const when = new Set(
  `today yesterday tonight this that the one in on at morning afternoon evening night noon day weekend week monday
   tuesday wednesday thursday friday saturday sunday summer winter spring autumn later then again earlier finally first
   dear diary once here and so last`.split(/\s+/),
);

/**
 * Learns a style from examples (in-context examples as in Flamingo, Alayrac et al. 2022; here they are read, since the
 * model that captions has not been trained to imitate).
 *
 * @throws FabulaError `invalid-input` for fewer than 3 or more than 8 examples, or examples that are not English
 */
export function learnStyle(examples: readonly string[]): StyleProfile {
  const texts = examples
    .map((example) =>
      example
        .normalize('NFC')
        .replace(/[^\S\n]+/g, ' ')
        .trim(),
    )
    .filter(Boolean);
  if (texts.length < exampleCount.least || texts.length > exampleCount.most) {
    throw new FabulaError(
      'invalid-input',
      `A style is learned from ${exampleCount.least} to ${exampleCount.most} examples; ${texts.length} were given.`,
    );
  }
  refuseOtherLanguages(texts);
  const most = (test: (text: string) => boolean): boolean => share(texts, test) >= shared;
  if (most((text) => hashtags(text).length >= 2 && hashtags(text).length >= text.split(/\s+/).length * 0.8)) {
    return keywordStyle(texts, 'hashtags');
  }
  if (most(isKeywords)) return keywordStyle(texts, 'keywords');
  return sentenceStyle(texts.map((text) => text.replace(/\s+/g, ' ')));
}

function share<T>(items: readonly T[], test: (item: T) => boolean): number {
  return items.filter(test).length / items.length;
}

function refuseOtherLanguages(texts: readonly string[]): void {
  const all = texts.join(' ');
  const letters = all.match(/\p{L}/gu)?.length ?? 0;
  const latin = all.match(/\p{Script=Latin}/gu)?.length ?? 0;
  const words = all.toLowerCase().match(/\p{L}+/gu) ?? [];
  const english = /^(?:a|an|the|in|on|of|and|is|are|was|were|with|i|we|to|at|by|my|his|her|this|you)$/;
  const telling = share(words, (word) => english.test(word));
  const foreign = latin < letters * 0.8 || (words.length >= 20 && telling < 0.06 && !texts.every(isKeywords));
  if (letters === 0 || foreign) {
    throw new FabulaError(
      'invalid-input',
      'Captions are written in English; give examples of the style in English.',
    );
  }
}

const separators = /\s*[,;|·•/\n]\s*/;
const hashtags = (text: string): string[] => text.match(/#[\p{L}\p{N}_]+/gu) ?? [];
const items = (text: string): string[] =>
  text
    .replace(/[.\s]+$/, '')
    .split(separators)
    .filter(Boolean);

/** Several short things with marks between them, and nothing that makes a sentence of them. */
function isKeywords(text: string): boolean {
  const list = items(text);
  if (list.length < 3) return false;
  const words = list.reduce((sum, item) => sum + item.split(/\s+/).length, 0);
  return words / list.length <= 2.6 && !readWords(text).some((word) => isBe(word.text));
}

function keywordStyle(texts: readonly string[], form: 'keywords' | 'hashtags'): StyleProfile {
  const lists = texts.map((text) =>
    form === 'hashtags' ? hashtags(text).map((tag) => tag.slice(1)) : items(text),
  );
  const flat = lists.flat();
  const words = readWords(flat.join(' , '));
  const verbs = words.filter((word) => word.kind === 'verb' || /.ing$/i.test(word.text));
  const gerund = verbs.some((word) => /ing$/i.test(word.text));
  const marks = texts.flatMap((text) => text.match(/[,;|·•/\n]/g) ?? []);
  const mark = commonest(marks) ?? ',';
  return {
    form,
    casing: casingOf(flat, 'sentence'),
    verb: null,
    bare: !words.some((word) => /^(?:a|an|the)$/i.test(word.text)),
    openings: [],
    closing: '',
    end: form === 'hashtags' ? '' : endOf(texts),
    length: lengths(lists.map((list) => list.length)),
    separator:
      form === 'hashtags' ? ' ' : mark === '\n' ? '\n' : /[,;]/.test(mark) ? `${mark} ` : ` ${mark} `,
    keywordWords: flat.reduce((sum, item) => sum + item.split(/\s+/).length, 0) / Math.max(1, flat.length),
    keywordVerb: gerund ? 'gerund' : verbs.length > 0 ? 'base' : null,
    preferences: preferences(words),
    phrases: new PhraseModel([]),
  };
}

function sentenceStyle(texts: readonly string[]): StyleProfile {
  const end = endOf(texts);
  const closing = commonClosing(texts.map(withoutEnd));
  const bodies = texts.map((text) => {
    const body = withoutEnd(text);
    return closing !== '' && body.endsWith(closing) ? body.slice(0, -closing.length).trimEnd() : body;
  });
  const openings = openingsOf(bodies);
  const cores = bodies.map((body) => {
    const own = [...openings]
      .sort((a, b) => b.length - a.length)
      .find((opening) => startsWith(body, opening));
    const seen = own === undefined ? frame.exec(body) : null;
    return body.slice(own?.length ?? seen?.[0].length ?? 0).replace(/^[\s,:]+/, '');
  });
  const read = cores.map((core) => readWords(plainCase(core, texts)));
  const firstPerson = share(bodies, (body) => /\b(?:I|[Ww]e|[Mm]y|[Oo]ur|me|us)\b/.test(body)) >= shared;
  const frames =
    openings.length > 0 || !firstPerson
      ? openings
      : [
          `${share(bodies, (body) => /\b(?:we|our|us)\b/i.test(body)) > 0.5 ? 'We' : 'I'} ${isPast(bodies) ? 'saw' : 'see'}`,
        ];
  const seen = frames.length > 0 && frames.every((one) => new RegExp(`\\b${seeing}$`, 'i').test(one));
  const articles = share(read, (words) => words.some((word) => /^(?:a|an|the)$/i.test(word.text)));
  return {
    form: 'sentence',
    casing: casingOf(bodies, 'sentence'),
    verb: verbOf(
      cores.map((core) => plainCase(core, texts)),
      seen,
    ),
    bare: articles <= 0.25,
    openings: frames,
    closing,
    end,
    length: lengths(read.map((words) => words.length)),
    separator: ', ',
    keywordWords: 1,
    keywordVerb: null,
    preferences: preferences(read.flat()),
    phrases: new PhraseModel(read),
  };
}

/** Titles and capitals hide what kind a word is: they are read in lower case. */
function plainCase(core: string, texts: readonly string[]): string {
  const casing = casingOf(texts, 'sentence');
  return casing === 'sentence' ? core.slice(0, 1).toLowerCase() + core.slice(1) : core.toLowerCase();
}

function isPast(texts: readonly string[]): boolean {
  const verbs = texts
    .flatMap((text) => readWords(text))
    .filter((word) => word.kind === 'verb' && word.form !== 'gerund');
  return share(verbs, (word) => word.form === 'past') > 0.5;
}

/** How most examples put their verb. @param seen they follow "I saw": a finite verb there is a base form. */
function verbOf(cores: readonly string[], seen: boolean): VerbShape | null {
  const shapes = cores.map((core): VerbShape | null => {
    const words = readWords(core);
    const clause = readClause(core);
    if (clause.verb === null) return null;
    const group = words.slice(clause.subject.flat().length);
    const [first, second, third] = group;
    const gerund = second?.form === 'gerund' || third?.form === 'gerund';
    if (first?.form === 'gerund') return 'participle';
    if (first !== undefined && isBe(first.text)) {
      const past = first.form === 'past';
      return gerund ? (past ? 'past-progressive' : 'present-progressive') : past ? 'past' : 'present';
    }
    if (first?.form === 'past') return seen ? null : 'past';
    return seen ? 'base' : 'present';
  });
  const named = shapes.filter((shape) => shape !== null);
  if (named.length * 2 < cores.length)
    return seen ? 'participle' : named.length === 0 ? 'participle' : (commonest(named) ?? null);
  // Two shapes of one time: the plain one says both.
  return commonest(named) ?? null;
}

function openingsOf(bodies: readonly string[]): string[] {
  const framed = bodies.flatMap((body) => {
    const found = frame.exec(body);
    if (found === null) return [];
    const [whole, before = '', person, adverbs = ''] = found;
    const lead = before.toLowerCase().match(/\p{L}+/gu) ?? [];
    // "At the harbour I saw": the harbour belongs to the example's own picture.
    if (lead.every((word) => when.has(word)) && before.length <= 40) return [whole];
    return [`${capital(person!)}${whole.slice(before.length + person!.length)}`.trim() || adverbs];
  });
  if (framed.length >= bodies.length * shared) return [...new Set(framed)];
  const common = commonPrefix(bodies);
  return common === '' ? [] : [common];
}

/** The longest beginning that most of the texts share, cut where what is seen begins. */
function commonPrefix(texts: readonly string[]): string {
  const needed = Math.max(2, Math.ceil(texts.length * shared));
  let best = '';
  for (const text of texts) {
    const ends = [...text.matchAll(/\s/g)].map((match) => match.index);
    for (const end of ends) {
      const prefix = text.slice(0, end);
      if (prefix.length > best.length && texts.filter((one) => startsWith(one, prefix)).length >= needed)
        best = prefix;
    }
  }
  const comma = /^.*[,:—–]/.exec(best)?.[0];
  if (comma !== undefined) return comma;
  const words = readWords(best);
  const verb = words.findLastIndex(
    (word) => word.kind === 'verb' && !(isBe(word.text) && words.length === 1),
  );
  const of = words.findIndex((word) => /^of$/i.test(word.text));
  const last = Math.max(verb, of);
  // "Two dogs", "A man in": what is seen, by chance the same.
  if (
    last <= 0 ||
    (verb === last &&
      words.slice(0, last).every((word) => /^(?:a|an|two|some)$/i.test(word.text) || isContent(word)) &&
      !/^(?:photo|picture|image|view|scene)/i.test(words.find((word) => word.kind === 'noun')?.text ?? ''))
  ) {
    return /^(?:here|there|this|look|see|behold)\b/i.test(best) && last >= 0 ? upTo(best, words, last) : '';
  }
  return upTo(best, words, last);
}

/** A text up to its word `last`, with the small words that lead on from it ("shows us"). */
function upTo(text: string, words: readonly Word[], last: number): string {
  let end = 0;
  for (const [at, word] of words.entries()) {
    const leads = at > last && /^(?:us|you|me|how|that|of|is|are|at)$/i.test(word.text);
    if (at > last && !leads) break;
    end = text.indexOf(word.text, end) + word.text.length;
  }
  return text.slice(0, end);
}

function startsWith(text: string, prefix: string): boolean {
  return (
    text.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase() &&
    !/^[\p{L}\p{N}]/u.test(text.slice(prefix.length))
  );
}

/** What most texts end with, where it stands apart from the sentence: behind a mark, a hashtag, or "in Norway". */
function commonClosing(texts: readonly string[]): string {
  const needed = Math.max(2, Math.ceil(texts.length * shared));
  let best = '';
  for (const text of texts) {
    for (const { index } of text.matchAll(/\s(?=\S)/g)) {
      const suffix = text.slice(index);
      const apart = /[,;:.!?—–-]$/.test(text.slice(0, index)) || /^\s[^\p{L}\p{N}"'“]/u.test(suffix);
      const told = /^\s(?:in|on|at|during|from|with|for|by|today|yesterday)\b.*\s/i.test(suffix);
      if (!apart && !told) continue;
      if (suffix.length <= best.length) continue;
      if (texts.filter((one) => one.endsWith(suffix)).length >= needed) {
        const mark = /[,;:—–-]$/.exec(text.slice(0, index))?.[0] ?? '';
        best = mark + suffix;
      }
    }
  }
  return best;
}

const endMarks = /[.!?…。]+$/u;
const withoutEnd = (text: string): string => text.replace(endMarks, '').trimEnd();

function endOf(texts: readonly string[]): string {
  return commonest(texts.map((text) => endMarks.exec(text)?.[0] ?? '')) ?? '.';
}

function casingOf(texts: readonly string[], otherwise: Casing): Casing {
  const words = texts.flatMap((text) => text.match(/[\p{L}][\p{L}'’-]*/gu) ?? []);
  const long = words.filter((word) => word.length > 1);
  if (share(long, (word) => word === word.toUpperCase()) > 0.9) return 'upper';
  const main = long.filter((word) => word.length > 3 && !smallWords.has(word.toLowerCase()));
  if (main.length > 0 && share(main, (word) => /^\p{Lu}/u.test(word)) > 0.8) return 'title';
  const firsts = texts.map((text) => /\p{L}/u.exec(text)?.[0] ?? '');
  return share(firsts, (first) => /\p{Ll}/u.test(first)) >= shared ? 'lower' : otherwise;
}

function lengths(counts: readonly number[]): StyleProfile['length'] {
  const sorted = counts.toSorted((a, b) => a - b);
  return { least: sorted[0]!, middle: sorted[Math.floor(sorted.length / 2)]!, most: sorted.at(-1)! };
}

function commonest<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
