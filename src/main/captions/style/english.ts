import { createRequire } from 'node:module';
import type nlp from 'compromise/two';

/**
 * English words as the styles need them: tagged, and in the form that is wanted. Tagging and irregular forms come from
 * compromise; what is corrected here are the words that captions are full of and that it takes for something else.
 */

export type WordKind =
  | 'noun'
  | 'verb'
  | 'adjective'
  | 'adverb'
  | 'determiner'
  | 'number'
  | 'preposition'
  | 'conjunction'
  | 'pronoun'
  | 'other';

export interface Word {
  /** As written, without punctuation around it. */
  text: string;
  kind: WordKind;
  /** Of a verb: `base` (run; also with a plural subject), `third` (runs), `past` (ran, also taken), `gerund` (running). */
  form: 'base' | 'third' | 'past' | 'gerund' | null;
  /** Of a noun. */
  plural: boolean;
  /** Punctuation that follows. */
  after: string;
}

const prepositions = new Set(
  `about above across after against along alongside among amongst around at atop before behind below beneath beside
   besides between beyond by down during for from in inside into near of off on onto out outside over past through
   throughout to toward towards under underneath up upon via with within without next while as`.split(/\s+/),
);
const determiners = new Set(
  'a an the this that these those some several many another both each every'.split(' '),
);
const possessives = new Set('my your his her its our their'.split(' '));
const pronouns = new Set(
  'i we you he she it they me us him them who which someone something itself themselves'.split(' '),
);
const conjunctions = new Set('and or but'.split(' '));
const pluralNouns = new Set('people men women children police cattle sheep'.split(' '));
/** Nouns of "in front of" and its like. */
const places = new Set('front top back side middle'.split(' '));
/** Nouns that look plural or are none, and take a singular verb. */
const singularNouns = new Set('grass dress glass bus moss cross class canvas lens'.split(' '));
/** Nouns that a count of others stands behind: a group of people are. */
export const collectives = new Set(
  'group crowd couple bunch pair team number herd flock pack lot row line'.split(' '),
);
const be = new Set('is are was were be am'.split(' '));
/** Verbs that compromise takes for nouns behind a plural subject: people sit. */
const actions = new Set(
  `sit stand run walk ride play jump swim climb ski surf watch look pose wait race dance wave hold smile talk eat work
   rest sleep fight cheer gather perform march fish hike cross skate slide swing kick throw catch leap`.split(
    /\s+/,
  ),
);
/** What compromise's verb endings get wrong. */
const gerunds: Readonly<Record<string, string>> = { ski: 'skiing', lie: 'lying', die: 'dying', tie: 'tying' };

export const isBe = (word: string): boolean => be.has(word.toLowerCase());

/** Reads a text into words. Punctuation stays with the word before it. */
export function readWords(text: string): Word[] {
  const words = english()
    .nlp(text)
    .termList()
    .filter((term) => term.text !== '')
    .map((term): Word => {
      const tags = term.tags ?? new Set<string>();
      const lower = term.text.toLowerCase();
      const word: Word = {
        text: term.text,
        kind: 'other',
        form: null,
        plural: false,
        after: term.post.trim(),
      };
      if (possessives.has(lower) || determiners.has(lower)) return { ...word, kind: 'determiner' };
      if (pronouns.has(lower)) return { ...word, kind: 'pronoun' };
      if (conjunctions.has(lower)) return { ...word, kind: 'conjunction' };
      if (prepositions.has(lower)) return { ...word, kind: 'preposition' };
      if (be.has(lower)) return { ...word, kind: 'verb', form: lower.startsWith('w') ? 'past' : 'third' };
      if (places.has(lower)) return { ...word, kind: 'noun' };
      if (tags.has('Value')) return { ...word, kind: 'number' };
      if (tags.has('Verb') && !tags.has('Modal')) {
        const form = tags.has('Gerund')
          ? 'gerund'
          : tags.has('PastTense') || tags.has('Participle')
            ? 'past'
            : tags.has('Infinitive')
              ? 'base'
              : 'third';
        return { ...word, kind: 'verb', form };
      }
      if (tags.has('Noun')) {
        const plural = (tags.has('Plural') || pluralNouns.has(lower)) && !singularNouns.has(lower);
        return { ...word, kind: 'noun', plural };
      }
      if (tags.has('Adjective')) return { ...word, kind: 'adjective' };
      if (tags.has('Adverb')) return { ...word, kind: 'adverb' };
      return word;
    });
  for (const [at, word] of words.entries()) correct(word, words.slice(0, at), words[at + 1]);
  return words;
}

/** Puts right what a word's neighbours show to be something else than it was taken for. */
function correct(word: Word, earlier: readonly Word[], after: Word | undefined): void {
  const before = earlier.at(-1);
  const lower = word.text.toLowerCase();
  const closed = after === undefined || after.kind === 'preposition' || after.kind === 'determiner';
  const several = before?.plural || earlier.some((one) => one.kind === 'conjunction');
  if (word.kind === 'noun' && before?.kind === 'noun' && several && actions.has(lower) && closed) {
    Object.assign(word, { kind: 'verb', form: 'base', plural: false });
  }
  const closedOrJoined = closed || after.kind === 'conjunction';
  if (word.kind === 'noun' && before?.kind === 'noun' && !before.plural && closedOrJoined) {
    if (/s$/.test(lower) && actions.has(lower.replace(/e?s$/, '')))
      Object.assign(word, { kind: 'verb', form: 'third', plural: false });
    if (/.ing$/.test(lower) && closed && after !== undefined)
      Object.assign(word, { kind: 'verb', form: 'gerund', plural: false });
  }
  // Behind a determiner there is no finite verb: "the race", "a fence".
  if (
    word.kind === 'verb' &&
    (before?.kind === 'determiner' || before?.kind === 'adjective') &&
    word.form !== 'gerund' &&
    word.form !== 'past' &&
    !isBe(lower)
  ) {
    Object.assign(word, { kind: 'noun', form: null });
  }
  if (word.kind === 'verb' && before?.kind === 'number' && (word.form === 'third' || word.form === 'base')) {
    Object.assign(word, { kind: 'noun', form: null, plural: true });
  }
  // "is playing": a gerund even where it is taken for a noun.
  if (word.kind === 'noun' && /.ing$/.test(lower) && before !== undefined && isBe(before.text)) {
    Object.assign(word, { kind: 'verb', form: 'gerund' });
  }
}

interface VerbForms {
  base: string;
  third: string;
  past: string;
  gerund: string;
}

interface Transform {
  verb: {
    conjugate(infinitive: string, model: object): Record<string, string>;
    toInfinitive(word: string, model: object, form: string): string;
  };
  noun: { toSingular(word: string, model: object): string; toPlural(word: string, model: object): string };
}

interface English {
  nlp: typeof nlp;
  model: object;
  /** The inside of compromise that its own methods use; its types name it `object` only. */
  transform: Transform;
}

let loaded: English | undefined;

/** Compromise, loaded with the first words that are read: unpacking its lexicon takes longer than the rest of a start. */
function english(): English {
  if (loaded === undefined) {
    const compromise = createRequire(import.meta.url)('compromise/two') as typeof nlp;
    const { transform } = (compromise.methods() as { two: { transform: Transform } }).two;
    loaded = { nlp: compromise, model: compromise.model(), transform };
  }
  return loaded;
}

const known = new Map<string, VerbForms>();

/** The forms of a verb, by its base form. */
export function conjugate(base: string): VerbForms {
  let forms = known.get(base);
  if (forms === undefined) {
    const { model, transform } = english();
    const { PresentTense, PastTense, Gerund } = transform.verb.conjugate(base, model);
    forms = {
      base,
      third: PresentTense ?? `${base}s`,
      past: PastTense ?? `${base}ed`,
      gerund: gerunds[base] ?? Gerund ?? `${base}ing`,
    };
    known.set(base, forms);
  }
  return forms;
}

const tenseNames = {
  base: 'Infinitive',
  third: 'PresentTense',
  past: 'PastTense',
  gerund: 'Gerund',
} as const;

/** The base form of a verb: running → run. */
export function baseOf(word: Word): string {
  const lower = word.text.toLowerCase();
  if (isBe(lower)) return 'be';
  if (word.form === null || word.form === 'base') return lower;
  const irregular = Object.entries(gerunds).find(([, gerund]) => gerund === lower);
  const { model, transform } = english();
  return irregular?.[0] ?? transform.verb.toInfinitive(lower, model, tenseNames[word.form]);
}

export function singular(noun: string): string {
  const { model, transform } = english();
  return singularNouns.has(noun) ? noun : transform.noun.toSingular(noun, model);
}

export function plural(noun: string): string {
  const { model, transform } = english();
  return transform.noun.toPlural(noun, model);
}

/** `a` or `an`, by how the word behind it begins to sound. */
export function articleFor(word: string): 'a' | 'an' {
  if (/^(?:hour|honest|heir)/i.test(word)) return 'an';
  if (/^(?:uni(?!n)|use|usu|eu|one\b|once\b)/i.test(word)) return 'a';
  return /^[aeiou]/i.test(word) ? 'an' : 'a';
}

/** Small words of a headline, which stay in lower case in its middle. */
export const smallWords = new Set(
  'a an the and or but of in on at to by for from with into onto over as nor via up'.split(' '),
);

/** Words that say something about the picture: what is compared, counted and trimmed. */
export function isContent(word: Word): boolean {
  if (word.kind === 'noun' || word.kind === 'adjective' || word.kind === 'number') return true;
  return word.kind === 'verb' && !isBe(word.text);
}
