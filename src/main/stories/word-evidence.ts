import { senses, translateToEnglish, wordForms } from '../sketch/lexicon.ts';

/**
 * What the words beside a picture (a person's or the file's own caption, and the file name) say about whether it fits
 * a query. Words of any language that the lexicon knows meet as the thing they name: `perahu` finds `boat`. Captions
 * of models are no evidence: a model wrote them after the same look at the picture that the encoder took, and measured
 * beside its similarity they add nothing (`npm run bench:match`).
 */

/** Words that say nothing of what a picture shows. */
const empty = new Set(
  `a an the this that these those some any each every no not and or but nor so as at by for from in into of off on onto out
  over to up upon with without within under above behind beside between below near next through across along around
  against after before during while when where who whom whose which what how why than then there here too very just only
  also again once more most much many few all both other another such own same is am are was were be been being do does
  did done have has had having will would can could may might must shall should i me my mine you your yours he him his she
  her hers it its we us our ours they them their theirs one two three four five six seven eight nine ten first second
  if because until about like got get gets getting let lets say says said saying go goes going went come comes came
  photo photograph picture image sketch drawing view shot img dsc scan copy final untitled`.split(/\s+/),
);

const irregular: Readonly<Record<string, string>> = {
  children: 'child',
  people: 'person',
  feet: 'foot',
  geese: 'goose',
  mice: 'mouse',
  teeth: 'tooth',
  ran: 'run',
  sat: 'sit',
  slept: 'sleep',
  stood: 'stand',
  rode: 'ride',
  flew: 'fly',
  swam: 'swim',
  ate: 'eat',
  wore: 'wear',
  held: 'hold',
  fell: 'fall',
  sang: 'sing',
  drank: 'drink',
  lay: 'lie',
  lit: 'light',
};

/**
 * The things a text names, each once, with the (English) word that first names it: the figure of the lexicon a word
 * stands for, or else the word without its ending. Words with digits in them, as cameras name files, are left out.
 */
export function namedThings(text: string): Map<string, string> {
  const things = new Map<string, string>();
  for (const word of translateToEnglish(text)
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}']+/gu) ?? []) {
    const plain = word.replace(/'s?$/, '');
    if (plain.length < 2 || /\p{N}/u.test(plain) || empty.has(plain)) continue;
    const name = thing(irregular[plain] ?? plain);
    if (!things.has(name)) things.set(name, plain);
  }
  return things;
}

const known = new Map<string, string>();
/** Enough for the words of a language; the captions of a library repeat a few thousand. */
const mostKnown = 20_000;

function thing(word: string): string {
  let name = known.get(word);
  if (name === undefined) {
    name = figureOf(word) ?? stem(word);
    if (known.size >= mostKnown) known.clear();
    known.set(word, name);
  }
  return name;
}

const isFigure = (name: string): boolean => name.startsWith('figure:');

function figureOf(word: string): string | undefined {
  // The plain plural first, or else `caves` would be cafés before they are a cave.
  for (const form of [word, word.replace(/s$/, ''), ...wordForms(word, 'en')]) {
    const { figures, concepts } = senses('en', form);
    if (figures[0] !== undefined) return `figure:${figures[0].icon}`;
    if (concepts.length > 0) return undefined;
  }
  return undefined;
}

/** Takes off what English adds to words, so that `riding`, `rides` and `ride` are one. */
function stem(word: string): string {
  let base = word;
  if (/..ies$/.test(base)) base = `${base.slice(0, -3)}y`;
  else if (/(?:s|x|z|ch|sh)es$/.test(base)) base = base.slice(0, -2);
  else if (/..[^su]s$/.test(base)) base = base.slice(0, -1);
  const bare = /^(.*[aeiouy].*)(?:ing|ed)$/.exec(base)?.[1];
  if (bare !== undefined && bare.length > 2) base = bare.replace(/([^aeiouls])\1$/, '$1');
  return base.length > 3 ? base.replace(/e$/, '') : base;
}

/**
 * How telling a thing is in a library: one that few pictures are described with tells more than one that many are
 * (inverse document frequency, Spärck Jones 1972). In nats, at least ln 2.
 *
 * @param holding in how many of the pictures' words the thing stands
 */
export function telling(pictures: number, holding: number): number {
  return Math.log(1 + (pictures + 1) / (holding + 1));
}

/**
 * How evidence adds up: fitted by logistic regression on the first half of the photos of `npm run bench:match` (5.4, 0.45
 * and -2.4), the first two raised by a fifth to a third on its sample cases, where file names are all there is.
 */
const fitted = { closeness: 6.5, shared: 0.6, base: -2.4 };
/** No words alone make more certain than this, in nats. */
const mostEvidence = 6;

/** What the words beside a picture say: how they move its odds, and which of the query's words they have. */
export interface WordEvidence {
  /** Added to the logarithm of the odds that the picture fits. */
  logOdds: number;
  /** The query's words found, the most telling first. */
  shared: string[];
}

/**
 * The evidence of a picture's words for a query, a logistic model with two inputs: the closeness of the two sets of
 * things (the geometric mean of the shares of each that is shared, 0..1; the query's things by weight), and the weight
 * of what is shared. A caption that shares nothing counts against its picture; a file name does not, since most names
 * never meant to describe.
 *
 * @param query the query's things with how telling each is
 * @param caption the text of a caption that no model wrote, or null
 * @param name the file name without its ending
 */
export function wordEvidence(
  query: ReadonlyMap<string, { word: string; weight: number }>,
  caption: string | null,
  name: string,
): WordEvidence {
  const named = against(query, namedThings(nameWords(name)));
  const captioned = caption === null ? none : against(query, namedThings(caption));
  return named.shared.length > 0 && named.logOdds > captioned.logOdds ? named : captioned;
}

const none: WordEvidence = { logOdds: 0, shared: [] };

function against(
  query: ReadonlyMap<string, { word: string; weight: number }>,
  things: ReadonlyMap<string, string>,
): WordEvidence {
  const shared = [...query]
    .filter(([one]) => things.has(one))
    .map(([, { word, weight }]) => ({ word, weight }));
  const sum = (list: Iterable<{ weight: number }>): number => {
    let total = 0;
    for (const { weight } of list) total += weight;
    return total;
  };
  const weight = sum(shared);
  const ofQuery = weight / (sum(query.values()) || 1);
  const ofPicture = shared.length / (things.size || 1);
  const logOdds = fitted.closeness * Math.sqrt(ofQuery * ofPicture) + fitted.shared * weight + fitted.base;
  // Another animal in the same desert is another picture: where both name figures, they must share one.
  const asked = [...query.keys()].filter(isFigure);
  const otherFigures = asked.length > 0 && [...things.keys()].some(isFigure);
  const most = otherFigures && !asked.some((one) => things.has(one)) ? 0 : mostEvidence;
  return {
    logOdds: things.size === 0 ? 0 : Math.min(most, logOdds),
    shared: shared.toSorted((a, b) => b.weight - a.weight).map(({ word }) => word),
  };
}

/** `DogOnBeach`, `dog_on-beach` and `dog on beach` as words. */
function nameWords(name: string): string {
  return name.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').replace(/[_.-]+/g, ' ');
}
