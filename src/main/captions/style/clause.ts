import { baseOf, collectives, conjugate, isBe, readWords, type Word } from './english.ts';

/** A stretch of a clause that can be left out as a whole, or the one that it begins with. */
export type Piece = readonly Word[];

/**
 * A caption taken apart: somebody, doing something, somewhere. `subject` begins with who is seen, then come
 * modifiers; `rest` follows the verb.
 */
export interface Clause {
  subject: readonly Piece[];
  plural: boolean;
  /** Base form, `be` for a state ("is in the water"); null where the caption names things only. */
  verb: string | null;
  rest: readonly Piece[];
}

/** How the verb of a clause is put. */
export type VerbShape =
  'present' | 'present-progressive' | 'past' | 'past-progressive' | 'participle' | 'base';

/** Takes a caption in plain English apart. Never fails: what is not understood is a clause without a verb. */
export function readClause(text: string): Clause {
  const words = readWords(text);
  const at = mainVerb(words);
  if (at === null) {
    return { subject: pieces(words, true), plural: isPlural(words), verb: null, rest: [] };
  }
  const subject = words.slice(0, at.from);
  const found = words[at.verb]!;
  return {
    subject: pieces(subject, true),
    plural: isPlural(subject),
    verb: baseOf(found),
    rest: pieces(words.slice(at.verb + 1), false),
  };
}

/** Where the verb group begins, and its last word. */
function mainVerb(words: readonly Word[]): { from: number; verb: number } | null {
  const relative = (at: number): boolean => /^(?:who|that|which|to)$/i.test(words[at - 1]?.text ?? '');
  for (const [at, word] of words.entries()) {
    if (at === 0 || word.kind !== 'verb' || word.form === 'gerund' || relative(at)) continue;
    if (isBe(word.text)) {
      // "is (slowly) running"; "is covered with" and "is in" are states.
      const next = words[at + 1]?.kind === 'adverb' ? at + 2 : at + 1;
      return { from: at, verb: words[next]?.form === 'gerund' ? next : at };
    }
    // A participle behind its noun: "a field covered with snow".
    if (word.form === 'past' && words[at + 1]?.kind === 'preposition' && hasFinite(words, at + 1)) continue;
    if (word.form !== 'past' && words[at - 1]?.kind === 'preposition') continue;
    return { from: at, verb: at };
  }
  const gerund = words.findIndex(
    (word, at) => at > 0 && word.form === 'gerund' && ['noun', 'adverb'].includes(words[at - 1]!.kind),
  );
  return gerund < 0 ? null : { from: gerund, verb: gerund };
}

function hasFinite(words: readonly Word[], from: number): boolean {
  return words.some((word, at) => at >= from && word.kind === 'verb' && word.form !== 'gerund');
}

/** Whether a subject takes a plural verb: two men, a man and a woman, a group of people; not a black and white dog. */
function isPlural(subject: readonly Word[]): boolean {
  const end = subject.findIndex(
    (word, at) =>
      (word.kind === 'preposition' && word.text.toLowerCase() !== 'of') ||
      (word.form === 'gerund' && at > 0) ||
      /^(?:who|that|which)$/i.test(word.text),
  );
  const head = end < 0 ? subject : subject.slice(0, end);
  const of = head.findIndex((word) => word.text.toLowerCase() === 'of');
  const before = of < 0 ? head : head.slice(0, of);
  const last = before.findLast((word) => word.kind === 'noun');
  if (last === undefined) return false;
  if (of >= 0 && collectives.has(last.text.toLowerCase())) return true;
  const joined = head.findIndex((word) => word.text.toLowerCase() === 'and');
  if (joined > 0) {
    const [left, right] = [head.slice(0, joined), head.slice(joined + 1)];
    if (left.some((word) => word.kind === 'noun') && right.some((word) => word.kind === 'noun')) return true;
  }
  return last.plural;
}

/** Cuts words where a preposition, or in a subject a participle, begins something that could be left out. */
function pieces(words: readonly Word[], subject: boolean): Piece[] {
  const list: Word[][] = [];
  for (const [at, word] of words.entries()) {
    const lower = word.text.toLowerCase();
    const opens =
      (word.kind === 'preposition' &&
        lower !== 'of' &&
        !(lower === 'to' && /^(?:next|close|up|down|trying|about)$/i.test(words[at - 1]?.text ?? '')) &&
        // "looking up at", "jumps out of": two in a row are one.
        words[at - 1]?.kind !== 'preposition') ||
      (subject && word.form === 'gerund' && at > 0);
    if (at === 0 || opens) list.push([]);
    list.at(-1)!.push(word);
  }
  // What is joined by "and" hangs on the piece before it.
  const whole: Word[][] = [];
  for (const piece of list) {
    const before = whole.at(-1);
    if (before !== undefined && before.at(-1)?.kind === 'conjunction') before.push(...piece);
    else whole.push(piece);
  }
  return whole;
}

/** The words of a clause with its verb put in a shape, agreeing with its subject. */
export function sayClause(clause: Clause, shape: VerbShape): Word[] {
  const subject = clause.subject.flat();
  const rest = clause.rest.flat();
  if (clause.verb === null) return [...subject, ...rest];
  return [...subject, ...verbWords(clause, shape), ...inStep(rest, shape, clause.plural)];
}

function verbWords({ verb, plural }: Clause, shape: VerbShape): Word[] {
  const word = (text: string, form: Word['form']): Word => ({
    text,
    kind: 'verb',
    form,
    plural: false,
    after: '',
  });
  const being = shape.startsWith('past') ? (plural ? 'were' : 'was') : plural ? 'are' : 'is';
  const helper = word(being, shape.startsWith('past') ? 'past' : 'third');
  if (verb === 'be') return shape === 'participle' || shape === 'base' ? [] : [helper];
  const forms = conjugate(verb!);
  switch (shape) {
    case 'present':
      return [plural ? word(forms.base, 'base') : word(forms.third, 'third')];
    case 'past':
      return [word(forms.past, 'past')];
    case 'participle':
      return [word(forms.gerund, 'gerund')];
    case 'base':
      return [word(forms.base, 'base')];
    case 'present-progressive':
    case 'past-progressive':
      return [helper, word(forms.gerund, 'gerund')];
  }
}

/** Verbs behind the main one follow it: "runs and jumps" → "ran and jumped", "while a man watches" → "watched". */
function inStep(rest: readonly Word[], shape: VerbShape, plural: boolean): Word[] {
  return rest.map((word, at) => {
    if (word.kind !== 'verb') return word;
    const before = rest[at - 1];
    const joined = before?.kind === 'conjunction';
    if (isBe(word.text)) {
      if (!shape.startsWith('past')) return word;
      return { ...word, text: /^are$/i.test(word.text) ? 'were' : 'was' };
    }
    const forms = conjugate(baseOf(word));
    if (joined && word.form !== 'past') {
      if (shape === 'past') return { ...word, text: forms.past, form: 'past' };
      if (shape === 'base') return { ...word, text: forms.base, form: 'base' };
      if (shape === 'present') {
        if (word.form !== 'gerund') return word;
        return plural
          ? { ...word, text: forms.base, form: 'base' }
          : { ...word, text: forms.third, form: 'third' };
      }
      return { ...word, text: forms.gerund, form: 'gerund' };
    }
    const finite = (word.form === 'third' || word.form === 'base') && before?.kind === 'noun';
    return finite && shape.startsWith('past') ? { ...word, text: forms.past, form: 'past' } : word;
  });
}
