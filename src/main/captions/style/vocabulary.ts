import { baseOf, conjugate, plural, singular, type Word } from './english.ts';

/**
 * Words that mean the same in a caption, the one the models use most first. Only where examples use one of a group
 * does it take the place of the others: other words of examples say what is in their pictures, not how it is said.
 */
const groups: readonly { kind: 'noun' | 'verb' | 'adjective'; words: readonly string[] }[] = [
  { kind: 'noun', words: ['child', 'kid', 'youngster'] },
  { kind: 'noun', words: ['man', 'guy', 'gentleman', 'fellow', 'bloke'] },
  { kind: 'noun', words: ['woman', 'lady'] },
  { kind: 'noun', words: ['boy', 'lad'] },
  { kind: 'noun', words: ['dog', 'pup', 'pooch', 'hound', 'doggo'] },
  { kind: 'noun', words: ['cat', 'kitty'] },
  { kind: 'noun', words: ['baby', 'infant'] },
  { kind: 'noun', words: ['bike', 'bicycle'] },
  { kind: 'noun', words: ['car', 'automobile'] },
  { kind: 'noun', words: ['ocean', 'sea'] },
  { kind: 'noun', words: ['sidewalk', 'pavement'] },
  { kind: 'noun', words: ['couch', 'sofa'] },
  { kind: 'verb', words: ['run', 'dash', 'race', 'sprint'] },
  { kind: 'verb', words: ['jump', 'leap', 'bound'] },
  { kind: 'verb', words: ['walk', 'stroll', 'wander'] },
  { kind: 'verb', words: ['look', 'gaze', 'peer'] },
  { kind: 'verb', words: ['sit', 'perch'] },
  { kind: 'adjective', words: ['little', 'small', 'tiny'] },
  { kind: 'adjective', words: ['large', 'big', 'huge'] },
];

export interface Preference {
  kind: 'noun' | 'verb' | 'adjective';
  prefer: string;
  avoid: readonly string[];
}

/** A word as the groups have it: nouns in the singular, verbs in the base form. */
function lemma(word: Word): string {
  const lower = word.text.toLowerCase();
  if (word.kind === 'verb') return baseOf(word);
  return word.kind === 'noun' && word.plural ? singular(lower) : lower;
}

/** Which of several words that mean the same the examples use. */
export function preferences(words: readonly Word[]): Preference[] {
  const used = new Map<string, number>();
  for (const word of words) {
    const key = `${word.kind} ${lemma(word)}`;
    used.set(key, (used.get(key) ?? 0) + 1);
  }
  return groups.flatMap(({ kind, words: group }) => {
    const counts = group.map((word) => used.get(`${kind} ${word}`) ?? 0);
    const most = Math.max(...counts);
    const total = counts.reduce((sum, count) => sum + count, 0);
    // Nothing is preferred where two are used alike; a rarer word used once may belong to its picture.
    const least = most === counts[0] ? 1 : 2;
    if (most < least || most * 3 < total * 2) return [];
    const prefer = group[counts.indexOf(most)]!;
    return [{ kind, prefer, avoid: group.filter((word) => word !== prefer) }];
  });
}

/** A word in the place of which another is preferred, in the same form. */
export function preferred(word: Word, wanted: readonly Preference[]): Word {
  if (wanted.length === 0 || (word.kind !== 'noun' && word.kind !== 'verb' && word.kind !== 'adjective')) {
    return word;
  }
  const own = lemma(word);
  const found = wanted.find(({ kind, avoid }) => kind === word.kind && avoid.includes(own));
  if (found === undefined) return word;
  if (word.kind === 'verb') return { ...word, text: conjugate(found.prefer)[word.form ?? 'base'] };
  return { ...word, text: word.kind === 'noun' && word.plural ? plural(found.prefer) : found.prefer };
}

/** What a preference asks of the search: the word itself rather than those that mean the same. */
export function wordBonuses(wanted: readonly Preference[]): { word: string; bonus: number }[] {
  const forms = (kind: Preference['kind'], word: string): string[] => {
    if (kind === 'verb') return Object.values(conjugate(word));
    return kind === 'noun' ? [word, plural(word)] : [word];
  };
  return wanted.flatMap(({ kind, prefer, avoid }) => [
    ...forms(kind, prefer).map((word) => ({ word, bonus: preferBonus })),
    ...avoid.flatMap((one) => forms(kind, one).map((word) => ({ word, bonus: -preferBonus / 2 }))),
  ]);
}

/** In nats: enough to decide between words that fit nearly as well, too little to put one where it does not belong. */
const preferBonus = 0.8;
