import { readClause, sayClause, type Clause, type Piece } from './clause.ts';
import {
  articleFor,
  baseOf,
  collectives,
  conjugate,
  isContent,
  singular,
  smallWords,
  type Word,
} from './english.ts';
import type { StyleProfile } from './profile.ts';
import { preferred } from './vocabulary.ts';

/** A caption the model came to, and the mean log-probability of its tokens. */
export interface CandidateCaption {
  text: string;
  score: number;
}

/** Candidates looked at; the search's later ones are rarely chosen. */
const candidatesRead = 6;
/** What a word too many or too few costs, in nats of the model's mean log-probability. */
const lengthCost = 0.12;
const phraseWeight = 0.15;
/** What it is worth that the search agrees on what is named. */
const agreementWeight = 1.2;

/**
 * Writes one caption in a style from what the model came to for a picture. Every candidate is taken apart; variants of
 * it leave out, or add from the others, what the length of the style asks for; and the best is chosen by how likely the
 * model finds it, how much the candidates agree on its words (as in minimum Bayes risk decoding), its length, and how
 * its words follow each other in the examples. Then it is said anew in the style.
 */
export function writeInStyle(candidates: readonly CandidateCaption[], profile: StyleProfile): string {
  const read = candidates
    .filter(({ text }) => text !== '')
    .slice(0, candidatesRead)
    .map(({ text, score }) => ({ clause: withoutRepeats(readClause(plain(text))), score }));
  if (read.length === 0) return '';
  const belief = beliefs(read);
  return profile.form === 'sentence' ? sentence(read, belief, profile) : keywords(read, belief, profile);
}

/** Without what is behind the verb and names again what stands before it: "riding a bike on a dirt bike". */
function withoutRepeats(clause: Clause): Clause {
  const seen = new Set(clause.subject.flat().filter(isContent).map(keyOf));
  const rest = clause.rest.filter((piece) => {
    const nouns = piece.filter((word) => word.kind === 'noun').map(keyOf);
    const again = nouns.length > 0 && seen.has(nouns.at(-1)!);
    for (const noun of nouns) seen.add(noun);
    return !again;
  });
  return { ...clause, rest };
}

/** As the model wrote it, before it was made a sentence. */
function plain(text: string): string {
  const first = text.slice(0, 1).toLowerCase();
  return (first + text.slice(1)).replace(/[.!?…]+$/, '');
}

interface Read {
  clause: Clause;
  score: number;
}

/** How much of the candidates' probability says each content word. */
function beliefs(read: readonly Read[]): (word: Word) => number {
  const best = Math.max(...read.map(({ score }) => score));
  const shares = new Map<string, number>();
  let total = 0;
  for (const { clause, score } of read) {
    const weight = Math.exp(4 * (score - best));
    total += weight;
    for (const key of new Set(wordsOf(clause).filter(isContent).map(keyOf))) {
      shares.set(key, (shares.get(key) ?? 0) + weight);
    }
  }
  return (word) => (shares.get(keyOf(word)) ?? 0) / total;
}

function wordsOf(clause: Clause): Word[] {
  return sayClause(clause, 'participle');
}

function keyOf(word: Word): string {
  const lower = word.text.toLowerCase();
  if (word.kind === 'verb') return baseOf(word);
  return word.kind === 'noun' ? singular(lower) : lower;
}

// Sentences

function sentence(read: readonly Read[], belief: (word: Word) => number, profile: StyleProfile): string {
  let best: { words: Word[]; value: number } | null = null;
  for (const { clause, score } of read) {
    for (const variant of variants(clause, read, profile, belief)) {
      const words = spoken(variant, profile);
      const content = words.filter(isContent);
      const agreed = content.reduce((sum, word) => sum + belief(word), 0) / Math.max(1, content.length);
      const { least, most, middle } = profile.length;
      const away = words.length < least ? least - words.length : Math.max(0, words.length - most);
      const value =
        score -
        lengthCost * away -
        (lengthCost / 4) * Math.abs(words.length - middle) +
        phraseWeight * profile.phrases.score(words) +
        agreementWeight * agreed;
      if (best === null || value > best.value) best = { words, value };
    }
  }
  const words = best!.words.map((word) => preferred(word, profile.preferences));
  return dressed(withArticles(words), profile);
}

/** The clause in the words of the style: the verb's shape, and articles or none. */
function spoken(clause: Clause, profile: StyleProfile): Word[] {
  const words = sayClause(clause, profile.verb ?? 'participle');
  return profile.bare ? words.filter((word) => !/^(?:a|an|the|its|his|her|their)$/i.test(word.text)) : words;
}

/** The clause as it is, and with less or more of what may go or come, as the style's length asks. */
function variants(
  clause: Clause,
  read: readonly Read[],
  profile: StyleProfile,
  belief: (word: Word) => number,
): Clause[] {
  const list = [clause];
  const length = (one: Clause): number => spoken(one, profile).length;
  let shorter = clause;
  while (length(shorter) > profile.length.middle) {
    const less = withoutLeast(shorter, belief);
    if (less === null) break;
    list.push(less);
    shorter = less;
  }
  let longer = clause;
  for (const piece of additions(clause, read)) {
    if (length(longer) >= profile.length.middle) break;
    longer = { ...longer, rest: [...longer.rest, piece] };
    list.push(longer);
  }
  return list;
}

/** Without the modifier, or failing that the adjective, that the candidates agree on least; null where none is left. */
function withoutLeast(clause: Clause, belief: (word: Word) => number): Clause | null {
  const worth = (piece: Piece): number => {
    const content = piece.filter(isContent);
    return content.reduce((sum, word) => sum + belief(word), 0) / Math.max(1, content.length);
  };
  const optional = [
    ...clause.subject.slice(1).map((piece) => ({ piece, worth: worth(piece) })),
    // Something must be left of where or what: "a man stands" says too little.
    ...(clause.rest.length > 1 ? clause.rest.slice(1) : []).map((piece) => ({ piece, worth: worth(piece) })),
  ].toSorted((a, b) => a.worth - b.worth);
  const least = optional[0]?.piece;
  if (least !== undefined) {
    return {
      ...clause,
      subject: clause.subject.filter((piece) => piece !== least),
      rest: clause.rest.filter((piece) => piece !== least),
    };
  }
  const adjective = [...clause.subject, ...clause.rest]
    .flat()
    .filter((word) => word.kind === 'adjective')
    .toSorted((a, b) => belief(a) - belief(b))[0];
  if (adjective === undefined) return null;
  const without = (piece: Piece): Piece => {
    const at = piece.indexOf(adjective);
    if (at < 0) return piece;
    // "brown and white": what joined it goes too.
    const joined = piece[at + 1]?.kind === 'conjunction' ? 2 : 1;
    const from = joined === 1 && piece[at - 1]?.kind === 'conjunction' ? at - 1 : at;
    return piece.filter((_, index) => index < from || index >= at + joined);
  };
  return { ...clause, subject: clause.subject.map(without), rest: clause.rest.map(without) };
}

/** What other candidates with the same subject and verb say besides, likelier ones first: "in the snow". */
function additions(clause: Clause, read: readonly Read[]): Piece[] {
  const have = new Set(wordsOf(clause).filter(isContent).map(keyOf));
  const openers = new Set(clause.rest.map((piece) => piece[0]?.text));
  const found: Piece[] = [];
  const subject = clause.subject[0]?.findLast((word) => word.kind === 'noun');
  for (const { clause: other } of read) {
    const otherSubject = other.subject[0]?.findLast((word) => word.kind === 'noun');
    if (!subject || !otherSubject || keyOf(subject) !== keyOf(otherSubject)) continue;
    for (const piece of other.rest) {
      if (piece[0]?.kind !== 'preposition' || openers.has(piece[0].text)) continue;
      const content = piece.filter(isContent);
      if (content.length === 0 || content.some((word) => have.has(keyOf(word)))) continue;
      found.push(piece);
      openers.add(piece[0].text);
      for (const word of content) have.add(keyOf(word));
    }
  }
  return found;
}

/** With `a` before consonants and `an` before vowels, after words have changed places. */
function withArticles(words: readonly Word[]): Word[] {
  return words.map((word, at) => {
    const next = words[at + 1];
    if (next === undefined || !/^an?$/i.test(word.text)) return word;
    return { ...word, text: articleFor(next.text) };
  });
}

function dressed(words: readonly Word[], profile: StyleProfile): string {
  const body = words
    .map((word) => word.text)
    .join(' ')
    .replace(/\bt shirt/gi, 't-shirt');
  const opening = openingFor(body, profile.openings);
  const text = opening === '' ? body : /[\s–—-]$/.test(opening) ? opening + body : `${opening} ${body}`;
  const begins = opening === '' || /[.!?:]$/.test(opening);
  const cased = withCase(
    begins && opening !== '' ? `${opening} ${upperFirst(body)}` : text,
    profile.casing,
    opening,
  );
  return `${cased}${profile.closing}${profile.end}`;
}

/** Which of several openings a caption gets: always the same one for the same caption. */
function openingFor(body: string, openings: readonly string[]): string {
  let sum = 0;
  for (const letter of body) sum = (sum * 31 + letter.codePointAt(0)!) >>> 0;
  return openings[sum % Math.max(1, openings.length)] ?? '';
}

function withCase(text: string, casing: StyleProfile['casing'], opening = ''): string {
  switch (casing) {
    case 'upper':
      return text.toUpperCase();
    case 'lower':
      return opening + text.slice(opening.length).toLowerCase();
    case 'sentence':
      return upperFirst(text);
    case 'title': {
      const words = text.split(' ');
      return words
        .map((word, at) =>
          at > 0 && at < words.length - 1 && smallWords.has(word.toLowerCase())
            ? word.toLowerCase()
            : upperFirst(word),
        )
        .join(' ');
    }
  }
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

// Keywords

function keywords(read: readonly Read[], belief: (word: Word) => number, profile: StyleProfile): string {
  const wanted = Math.max(1, profile.length.middle);
  const phrases = new Map<string, { words: Word[]; worth: number; order: number }>();
  let order = 0;
  const add = (words: Word[]): void => {
    const key = words.map(keyOf).join(' ');
    if (words.length === 0 || phrases.has(key)) return;
    const worth = words.reduce((sum, word) => sum + belief(word), 0) / words.length;
    phrases.set(key, { words, worth, order: order++ });
  };
  for (const { clause } of read) {
    for (const phrase of nounPhrases([...clause.subject, ...clause.rest].flat(), profile.keywordWords > 1.3))
      add(phrase);
    if (profile.keywordVerb !== null && clause.verb !== null && clause.verb !== 'be') {
      const forms = conjugate(clause.verb);
      const text = forms[profile.keywordVerb];
      add([{ text, kind: 'verb', form: profile.keywordVerb, plural: false, after: '' }]);
    }
  }
  const chosen: { words: Word[]; worth: number; order: number }[] = [];
  for (const phrase of [...phrases.values()].toSorted((a, b) => b.worth - a.worth || a.order - b.order)) {
    if (chosen.length >= wanted) break;
    // "shirt" says nothing beside "red shirt".
    const nouns = new Set(chosen.flatMap(({ words }) => words.map(keyOf)));
    if (phrase.words.some((word) => word.kind === 'noun' && nouns.has(keyOf(word)))) continue;
    chosen.push(phrase);
  }
  const texts = chosen
    .toSorted((a, b) => a.order - b.order)
    .map(({ words }) => words.map((word) => preferred(word, profile.preferences).text.toLowerCase()));
  if (profile.form === 'hashtags') {
    const tag = (words: readonly string[]): string =>
      profile.casing === 'title'
        ? words.map(upperFirst).join('')
        : words.join('').replace(/[^\p{L}\p{N}]/gu, '');
    return texts
      .map(
        (words) =>
          `#${withCase(tag(words), profile.casing === 'upper' ? 'upper' : profile.casing === 'title' ? 'sentence' : 'lower')}`,
      )
      .join(profile.separator);
  }
  const list = texts.map((words) => words.join(' '));
  const cased =
    profile.casing === 'sentence'
      ? upperFirst(list.join(profile.separator))
      : list.map((item) => withCase(item, profile.casing)).join(profile.separator);
  return cased + profile.end;
}

/** Nouns, with their adjectives where those are wanted; what a group consists of instead of the group. */
function nounPhrases(words: readonly Word[], adjectives: boolean): Word[][] {
  const list: Word[][] = [];
  let phrase: Word[] = [];
  const close = (): void => {
    const noun = phrase.findLastIndex((word) => word.kind === 'noun');
    const last = phrase[noun];
    if (last !== undefined && !vague.has(last.text.toLowerCase())) {
      const before = phrase.slice(0, noun).filter((word) => word.kind === 'noun' || adjectives);
      list.push([...before.slice(-1), last]);
    }
    phrase = [];
  };
  for (const [at, word] of words.entries()) {
    const groupOf = collectives.has(word.text.toLowerCase()) && words[at + 1]?.text.toLowerCase() === 'of';
    if ((word.kind === 'noun' && !groupOf) || word.kind === 'adjective') {
      if (word.kind === 'adjective' && phrase.some((one) => one.kind === 'noun')) close();
      phrase.push(word);
    } else close();
  }
  close();
  return list;
}

/** Nouns that say where something is in a picture, not what is in it. */
const vague = new Set(
  'front background top side sides edge middle back foreground air way group pair lot view picture its'.split(
    ' ',
  ),
);
