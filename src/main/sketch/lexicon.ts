import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { FabulaError } from '../../shared/errors.ts';
import { resourcePath } from '../resources.ts';
import { props } from './props.ts';
import { segmentWords, sentenceLanguage } from './words.ts';

/**
 * Which words name which figures, and what each figure is like. The data is made by `scripts/make-lexicon.ts`; this
 * module loads it, and the figures' artwork, once, when first asked.
 */

export type Habitat = 'ground' | 'far' | 'sky' | 'air' | 'water' | 'deep' | 'wall' | 'table' | 'hand';

/** What a figure lacks: `head` is a human head alone, `bust` a human cut at the waist, `beast` an animal's head. */
export type Lacks = 'head' | 'bust' | 'beast' | undefined;

export interface FigureInfo {
  /** Name in the figure set, without skin tone. */
  readonly icon: string;
  /** English name, e.g. `dog`. */
  readonly label: string;
  /** Natural height in metres. */
  readonly metres: number;
  readonly habitat: Habitat;
  /** The way it looks when not flipped. */
  readonly facing: 'L' | 'R' | 'N';
  readonly lacks: Lacks;
  /** The inked box on the 32 x 32 field the artwork is drawn on. */
  readonly box: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  /** The hue most of the ink has, 0..359 degrees, or -1 where it is grey. */
  readonly hue: number;
  /** Of a bust: the colour where it is cut. */
  readonly hem?: string;
}

/** A word's meaning in a sentence: a figure, or something that sets the scene, e.g. `place forest`. */
export interface Senses {
  /** Figures the word names, best first. */
  readonly figures: readonly FigureInfo[];
  /** Concepts such as `place forest`, `rel on`, `num 3`. */
  readonly concepts: readonly string[];
}

type FigureRow = [
  icon: string,
  label: string,
  metres: number,
  habitat: Habitat,
  facing: 'L' | 'R' | 'N',
  lacks: string,
  x: number,
  y: number,
  w: number,
  h: number,
  hue: number,
  hem?: string,
];

interface LexiconFile {
  figures: FigureRow[];
  words: Record<string, Record<string, string>>;
  concepts: Record<string, Record<string, string[]>>;
}

interface Lexicon {
  readonly figures: readonly FigureInfo[];
  readonly byIcon: ReadonlyMap<string, FigureInfo>;
  readonly words: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly concepts: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** The most words (or, in scripts without spaces, characters) one entry has, by language. */
  readonly longest: Readonly<Record<string, number>>;
}

let lexicon: Lexicon | undefined;
let artwork: Readonly<Record<string, { body: string }>> | undefined;

/** Scripts written without spaces, whose words are found by longest match. */
export const unspaced: ReadonlySet<string> = new Set(['ja', 'zh']);

function load(): Lexicon {
  if (lexicon) return lexicon;
  const file = JSON.parse(readFileSync(resourcePath('sketch', 'lexicon.json'), 'utf8')) as LexiconFile;
  const figures = file.figures.map(
    ([icon, label, metres, habitat, facing, lacks, x, y, w, h, hue, hem]): FigureInfo => ({
      icon,
      label,
      metres,
      habitat,
      facing,
      lacks: lacks === '-' ? undefined : (lacks as Lacks),
      box: { x, y, w, h },
      hue,
      ...(hem === undefined ? {} : { hem }),
    }),
  );
  const longest: Record<string, number> = {};
  for (const table of [file.words, file.concepts]) {
    for (const [language, words] of Object.entries(table)) {
      for (const word of Object.keys(words)) {
        const length = unspaced.has(language) ? word.length : word.split(' ').length;
        longest[language] = Math.max(longest[language] ?? 1, Math.min(length, 8));
      }
    }
  }
  lexicon = {
    figures,
    byIcon: new Map(figures.map((figure) => [figure.icon, figure])),
    words: file.words,
    concepts: file.concepts,
    longest,
  };
  return lexicon;
}

/** The most words one entry of a language has (characters, where the script has no spaces), at most 8. */
export function longestEntry(language: string): number {
  return load().longest[language] ?? 1;
}

const skinTone = /-(?:medium-light|medium-dark|light|medium|dark)$/;

/** What is known of a figure, by its name with or without a skin tone, or undefined where there is no such figure. */
export function figureInfo(icon: string): FigureInfo | undefined {
  const { byIcon } = load();
  return byIcon.get(icon) ?? byIcon.get(icon.replace(skinTone, ''));
}

/** Every figure there is, in the order of the lexicon. */
export function allFigures(): readonly FigureInfo[] {
  return load().figures;
}

/**
 * The artwork of a figure: SVG elements on a 32 x 32 field.
 * @throws FabulaError `invalid-input` when no figure has that name.
 */
export function figureBody(icon: string): string {
  const prop = Object.hasOwn(props, icon) ? props[icon] : undefined;
  if (prop) return prop.body;
  artwork ??= (
    createRequire(import.meta.url)('@iconify-json/fluent-emoji-flat/icons.json') as {
      icons: Record<string, { body: string }>;
    }
  ).icons;
  const found = Object.hasOwn(artwork, icon) ? artwork[icon] : artwork[icon.replace(skinTone, '')];
  if (!found || !figureInfo(icon)) {
    throw new FabulaError(
      'invalid-input',
      `The scene names a figure "${icon}" which the figure set does not have.`,
      {
        icon,
      },
    );
  }
  return found.body;
}

/** True where the artwork exists in the skin tone asked for, e.g. `girl-medium-dark`. */
export function hasTone(icon: string, tone: string): boolean {
  if (Object.hasOwn(props, icon)) return false;
  figureBody(icon);
  return artwork !== undefined && Object.hasOwn(artwork, `${icon}-${tone}`);
}

const nothing: Senses = { figures: [], concepts: [] };

/** What a word, in lower case, means in one language. Weak senses (keywords) are left out: they are for search. */
export function senses(language: string, word: string): Senses {
  const { words, concepts, figures } = load();
  const table = words[language];
  const entry = table && Object.hasOwn(table, word) ? table[word] : undefined;
  const ideas = concepts[language];
  const idea = ideas && Object.hasOwn(ideas, word) ? ideas[word] : undefined;
  if (entry === undefined && idea === undefined) return nothing;
  const strong = (entry ?? '').split('|', 1)[0] ?? '';
  const named = strong === '' ? [] : strong.split(' ').flatMap((at) => figures[Number(at)] ?? []);
  return { figures: named, concepts: idea ?? [] };
}

export interface FoundFigure {
  icon: string;
  /** English name. */
  label: string;
  /** 0..1; 1 where the query names the figure. */
  score: number;
}

/**
 * Figures for a search query in any known language, best first: those the query names, then those with a keyword of
 * it, then those whose English name contains a word of it.
 */
export function findFigures(query: string, limit = 24): FoundFigure[] {
  const { words, figures } = load();
  const scores = new Map<FigureInfo, number>();
  const give = (figure: FigureInfo | undefined, score: number): void => {
    if (figure && (scores.get(figure) ?? 0) < score) scores.set(figure, score);
  };
  const text = query.normalize('NFC').toLowerCase().trim();
  if (text === '') return [];
  const script = sentenceLanguage(text);
  const parts = [
    text,
    ...(unspaced.has(script) ? segmentWords(text, script) : text.split(/[^\p{L}\p{M}\p{N}'-]+/u)),
  ];
  for (const [nth, part] of parts.entries()) {
    if (part === '') continue;
    const whole = nth === 0 ? 1 : 0.8;
    for (const [language, table] of Object.entries(words)) {
      for (const [derived, form] of wordForms(part, language).entries()) {
        const entry = Object.hasOwn(table, form) ? table[form] : undefined;
        if (entry === undefined) continue;
        const [strong = '', weak = ''] = entry.split('|');
        const near =
          (language === script || language === 'en' ? 1 : 0.9) * (derived === 0 ? 1 : 0.97 - derived * 0.01);
        for (const [rank, at] of strong.split(' ').filter(Boolean).entries()) {
          give(figures[Number(at)], whole * near * (1 - rank * 0.02));
        }
        for (const [rank, at] of weak.split(' ').filter(Boolean).entries()) {
          give(figures[Number(at)], whole * near * (0.6 - rank * 0.01));
        }
      }
    }
    if (part.length > 2) {
      for (const figure of figures) if (figure.label.includes(part)) give(figure, 0.4 * whole);
    }
  }
  return [...scores]
    .sort((a, b) => b[1] - a[1] || a[0].icon.localeCompare(b[0].icon, 'en'))
    .slice(0, limit)
    .map(([{ icon, label }, score]) => ({ icon, label, score: Math.round(score * 1000) / 1000 }));
}

/**
 * The forms under which a word may stand in the lexicon, likeliest first: itself, then what it would be without the
 * plural, article or particle its language adds.
 */
export function wordForms(word: string, language: string): string[] {
  const forms = [word];
  const add = (form: string): void => {
    if (form.length > 1 && !forms.includes(form)) forms.push(form);
  };
  if (language === 'en') {
    const base = word.replace(/'s?$/, '');
    add(base);
    if (base.endsWith('ies')) add(`${base.slice(0, -3)}y`);
    if (base.endsWith('ves')) {
      add(`${base.slice(0, -3)}f`);
      add(`${base.slice(0, -3)}fe`);
    }
    if (/(?:s|x|z|ch|sh|o)es$/.test(base)) add(base.slice(0, -2));
    if (base.endsWith('s') && !base.endsWith('ss')) add(base.slice(0, -1));
    if (base.endsWith('men')) add(`${base.slice(0, -3)}man`);
  } else if (['es', 'pt', 'fr', 'it'].includes(language)) {
    const base = word.replace(/^(?:l|d|qu)'/, '');
    add(base);
    if (base.endsWith('ces')) add(`${base.slice(0, -3)}z`);
    if (base.endsWith('es')) add(base.slice(0, -2));
    if (base.endsWith('s') || base.endsWith('x')) add(base.slice(0, -1));
    if (/(?:it|cit)[oa]s?$/.test(base)) add(base.replace(/c?it([oa])s?$/, '$1'));
    if (language === 'pt' && base.endsWith('ões')) add(`${base.slice(0, -3)}ão`);
    if (language === 'fr' && base.endsWith('aux')) add(`${base.slice(0, -3)}al`);
    // Feminine of an animal or a trade: perra, gata, maestra.
    if (language === 'es' && /as?$/.test(base)) add(base.replace(/as?$/, 'o'));
  } else if (language === 'ms' || language === 'id') {
    const half = /^(.+)-\1$/.exec(word)?.[1];
    if (half !== undefined) add(half);
    for (const form of half === undefined ? [word] : [half])
      add(form.replace(/(?:nya|lah|kah|pun|ku|mu)$/, ''));
    const doubled = /^(.+)-(.+?)(?:nya|an)?$/.exec(word);
    if (doubled?.[1] !== undefined && doubled[1] === doubled[2]) add(doubled[1]);
  } else if (language === 'ar') {
    const bare = word.replaceAll(/[\u064b-\u0652\u0640]/g, '');
    add(bare);
    const stem = bare.replace(/^[وف](?=.{3})/, '');
    add(stem);
    const bases = [bare, stem];
    for (const form of [bare, stem]) bases.push(form.replace(/^(?:بال|كال|ال|لل|[بلك](?=.{3}))/, ''));
    // The ending of the indefinite object: قاربا, a boat.
    for (const form of [bare, stem]) if (form.endsWith('ا')) bases.push(form.slice(0, -1));
    for (const base of bases) {
      add(base);
      // Dual and sound plurals, and the pronoun endings.
      for (const ending of [/(?:ان|ين|ون)$/, /ات$/, /(?:ها|هم|ه|ك|ي|نا)$/]) {
        const cut = base.replace(ending, '');
        if (cut === base) continue;
        add(cut);
        add(`${cut}ة`);
        if (cut.endsWith('ت')) add(`${cut.slice(0, -1)}ة`);
      }
    }
  } else if (language === 'de') {
    for (const ending of ['en', 'er', 'n', 'e', 's'])
      if (word.endsWith(ending)) add(word.slice(0, -ending.length));
  } else if (language === 'he') {
    const bare = word.replace(/^(?:[הובלמכש]{1,2})(?=.{2})/, '');
    add(bare);
    for (const form of [word, bare]) add(form.replace(/(?:ים|ות)$/, ''));
  } else if (language === 'ko') {
    const bare = word.replace(
      /(?:에서|으로|까지|부터|들은|들이|들을|들|은|는|이|가|을|를|의|에|와|과|로|도)$/,
      '',
    );
    add(bare);
    add(bare.replace(/들$/, ''));
  } else if (language === 'hi') {
    for (const ending of ['ों', 'ें', 'े', 'ी']) {
      if (word.endsWith(ending)) {
        add(word.slice(0, -ending.length));
        add(`${word.slice(0, -ending.length)}ा`);
      }
    }
  }
  return forms;
}

/**
 * A text with each word the lexicon knows, in whatever language, replaced by the English name of its figure or place,
 * so that a search in one language finds captions in another. Unknown words are kept; English text is returned as is.
 */
export function translateToEnglish(text: string): string {
  const language = sentenceLanguage(text);
  if (language === 'en') return text;
  const tokens = segmentWords(text.normalize('NFC').toLowerCase(), language);
  const out: string[] = [];
  const join = unspaced.has(language) ? '' : ' ';
  const reach = longestEntry(language);
  for (let at = 0; at < tokens.length;) {
    let step = 0;
    for (let span = Math.min(reach, tokens.length - at); span > 0 && step === 0; span--) {
      const word = tokens.slice(at, at + span).join(join);
      for (const form of wordForms(word, language)) {
        const { figures, concepts } = senses(language, form);
        const english = figures[0]?.label ?? englishConcept(concepts);
        if (english === undefined) continue;
        if (english !== '') out.push(english);
        step = span;
        break;
      }
    }
    if (step === 0) out.push(tokens[at] ?? '');
    at += Math.max(step, 1);
  }
  return out.filter((word) => word.trim() !== '').join(' ');
}

/** The English for a concept worth searching for; an empty string for one that is not; undefined for none. */
function englishConcept(concepts: readonly string[]): string | undefined {
  if (concepts.length === 0) return undefined;
  for (const concept of concepts) {
    const [kind = '', ...rest] = concept.split(' ');
    const value = rest.join(' ');
    if (kind === 'place' || kind === 'inside') return value.replaceAll('-', ' ');
    if (kind === 'time' || kind === 'weather' || kind === 'mood' || kind === 'hue' || kind === 'size')
      return value;
    if (kind === 'rel') return relationEnglish[value] ?? '';
    if (kind === 'num') return value;
    if (kind === 'group') return (senses('en', rest.slice(1).join(' ')).figures[0]?.label ?? rest[1]) || '';
  }
  return '';
}

const relationEnglish: Readonly<Record<string, string>> = {
  front: 'in front of',
  behind: 'behind',
  on: 'on',
  under: 'under',
  beside: 'and',
  between: 'between',
  above: 'above',
  hold: 'holding',
  ride: 'riding',
  chase: 'chasing',
  in: 'in',
};
