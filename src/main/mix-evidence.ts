import { wordsDownTo, type Pyramid, type WordKind } from '../shared/pyramid.ts';
import type { Scene } from '../shared/scene.ts';
import type { Wish } from './sketch/change.ts';
import { senses } from './sketch/lexicon.ts';
import { wordsOfScene } from './sketch/scene-words.ts';
import { namedThings } from './stories/word-evidence.ts';

/**
 * What the words seen on pictures say of a change: that a picture shows what the change adds, lacks what it takes away,
 * and shows the rest. Words of scenes, of changes and of pyramids meet as the figures and settings of the lexicon they
 * stand for, so that `puppy` is a `dog` and `sand` a beach.
 */

/** What is asked of the words seen on a picture, as figures, settings and other words. */
export interface AskedWords {
  added: ReadonlySet<string>;
  removed: ReadonlySet<string>;
  kept: ReadonlySet<string>;
}

/** The evidence of a picture's words for what was asked; sums of log-likelihood ratios, in nats. 0 says nothing. */
export interface SeenEvidence {
  added: number;
  removed: number;
  kept: number;
  /** How much of what was seen on the picture asked with, and was not to change, is seen on this one too; 0 and more. */
  alike: number;
}

/** What goes without saying of a scene, and no pyramid has a word for. */
const plain: ReadonlySet<string> = new Set(['time day', 'weather clear', 'place plain']);
/** A word that a pyramid does not list is at most this likely, and at most half as likely as it is on any picture. */
const unlisted = { most: 0.05, share: 0.5 };
/** No word is surer than this; what a calibrated probability says near its ends is rough. */
const surest = 0.98;
const leastSure = 0.005;
/** How frequent a word is taken to be that no picture of the sample shows; one that all show still tells something. */
const rarest = 0.01;
const commonest = 0.9;

/** What words were found to stand for: a library says the same few hundred over and over. */
const known = new Map<string, readonly string[]>();
const mostKnown = 20_000;

/** The figures, settings and other things a word of a kind stands for. */
function meanings(word: string, kind: WordKind): readonly string[] {
  const key = `${kind} ${word}`;
  let found = known.get(key);
  if (found === undefined) {
    found = lookedUp(word, kind);
    if (known.size >= mostKnown) known.clear();
    known.set(key, found);
  }
  return found;
}

function lookedUp(word: string, kind: WordKind): string[] {
  const things = [...namedThings(word).keys()];
  if (kind === 'thing') return things;
  const settings = senses('en', word).concepts.filter((concept) => /^(?:place|time|weather) /.test(concept));
  return settings.length > 0 ? settings : things;
}

/** Whatever a word may stand for, of any kind. */
export function anyMeaning(word: string): string[] {
  return [...new Set([...meanings(word, 'thing'), ...meanings(word, 'place')])];
}

/** How likely each thing is on a picture, by its pyramid. */
export function meaningsOf(pyramid: Pyramid): Map<string, number> {
  const likely = new Map<string, number>();
  for (const { word, kind, probability } of wordsDownTo(pyramid, 3)) {
    for (const meaning of meanings(word, kind)) {
      likely.set(meaning, Math.max(likely.get(meaning) ?? 0, probability));
    }
  }
  return likely;
}

/** How likely each thing is on any picture: the mean over a sample of the library. */
export function frequencies(sample: readonly Pyramid[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const pyramid of sample) {
    for (const [meaning, probability] of meaningsOf(pyramid)) {
      sums.set(meaning, (sums.get(meaning) ?? 0) + probability / sample.length);
    }
  }
  return sums;
}

/**
 * What a change asks of a picture's words: the difference of the scenes before and after it, and what its wishes name
 * whether or not the scene before had it, since a scene read off a photo lacks much that is on it.
 */
export function askedWords(before: Scene, after: Scene, wishes: readonly Wish[]): AskedWords {
  const [was, is] = [sceneMeanings(before), sceneMeanings(after)];
  const added = new Set([...is].filter((one) => !was.has(one)));
  const removed = new Set([...was].filter((one) => !is.has(one)));
  for (const wish of wishes) {
    if (wish.do === 'replace') {
      for (const one of namedThings(wish.to.word).keys()) added.add(one);
      for (const one of namedThings(wish.from.word).keys()) removed.add(one);
    } else if (wish.do === 'add' || wish.do === 'name') {
      for (const one of namedThings(wish.thing.word).keys()) added.add(one);
    } else if (wish.do === 'remove') {
      for (const one of namedThings(wish.thing.word).keys()) removed.add(one);
    } else if (wish.do === 'set') {
      for (const [field, value] of Object.entries(wish.setting)) added.add(`${field} ${value}`);
    }
  }
  for (const one of added) removed.delete(one);
  const kept = new Set(
    [...is].filter((one) => was.has(one) && !added.has(one) && !removed.has(one) && !plain.has(one)),
  );
  return { added, removed, kept };
}

function sceneMeanings(scene: Scene): Set<string> {
  const words = wordsDownTo(wordsOfScene(scene), 3).filter(({ kind }) => kind !== 'count' && kind !== 'look');
  const found = new Set(words.flatMap(({ word, kind }) => meanings(word, kind)));
  found.add(`time ${scene.time}`).add(`weather ${scene.weather}`);
  if (scene.place !== 'plain') found.add(`place ${scene.place}`);
  return found;
}

/** Weighs the words seen on pictures, as asked for a picture with words of its own. */
export class WordWeigher {
  readonly #asked: AskedWords;
  readonly #frequent: ReadonlyMap<string, number>;
  readonly #own: readonly (readonly [meaning: string, weight: number])[];

  /**
   * @param own the words seen on the picture asked with, where they are known
   * @param sample pyramids of pictures of the library, for how frequent words are
   */
  constructor(asked: AskedWords, own: Pyramid | null, sample: readonly Pyramid[]) {
    this.#asked = asked;
    this.#frequent = frequencies(sample);
    this.#own = [...(own === null ? [] : meaningsOf(own))]
      .filter(([one]) => !asked.added.has(one) && !asked.removed.has(one))
      // A rare thing that both show tells more than grass does.
      .map(([one, probability]) => [
        one,
        probability * Math.log(1 / Math.max(rarest, this.#frequent.get(one) ?? 0)),
      ]);
  }

  weigh(pyramid: Pyramid): SeenEvidence {
    const likely = meaningsOf(pyramid);
    const sum = (names: Iterable<string>, of: (name: string) => number): number => {
      let total = 0;
      for (const name of names) total += of(name);
      return total;
    };
    const probability = (name: string): number => {
      const most = Math.min(unlisted.share * (this.#frequent.get(name) ?? rarest), unlisted.most);
      return Math.min(surest, Math.max(leastSure, likely.get(name) ?? most));
    };
    const shows = (name: string): number =>
      Math.log(probability(name) / Math.max(rarest, this.#frequent.get(name) ?? 0));
    const lacks = (name: string): number =>
      Math.log((1 - probability(name)) / (1 - Math.min(commonest, this.#frequent.get(name) ?? 0)));
    let alike = 0;
    for (const [name, weight] of this.#own) alike += weight * (likely.get(name) ?? 0);
    return {
      added: sum(this.#asked.added, shows),
      removed: sum(this.#asked.removed, lacks),
      kept: sum(this.#asked.kept, shows),
      alike,
    };
  }
}
