import { namedThings } from '../../src/main/stories/word-evidence.ts';

/** A photo, what is asked of it, and the photos that differ from it by just that. */
export interface PhotoPair {
  /** Number of the photo asked with. */
  base: number;
  /** The human caption of it that the pair was found by. */
  caption: string;
  /** The word for what is replaced, and for what stands in its place. */
  from: string;
  to: string;
  /** Numbers of the photos that are right. */
  right: number[];
}

/** Things that two captions must share, and the other words that either may have beside the thing replaced. */
const fewestShared = 2;
const mostApart = 1;

/**
 * Photos that are alike but for one thing, by their captions (as Ventura et al. 2024, “CoVR”, find pairs of videos): a
 * caption of the one and a caption of the other share at least two things or doings and differ by one thing each, and by
 * one other word at most; none of the other's captions names what was replaced, none of the base's what came instead. A
 * photo is asked with once: by the replacement that most photos answer.
 *
 * @param captions of each photo, by people
 */
export function photoPairs(captions: readonly (readonly string[])[]): PhotoPair[] {
  const things = captions.map((some) => some.map((caption) => namedThings(caption)));
  const all = things.map((some) => new Set(some.flatMap((one) => [...one.keys()])));
  const isThing = (name: string): boolean => name.startsWith('figure:');
  const pairs: PhotoPair[] = [];
  for (const [base, own] of things.entries()) {
    const found = new Map<string, PhotoPair>();
    for (const [number, before] of own.entries()) {
      const caption = captions[base]![number]!;
      for (const [other, theirs] of things.entries()) {
        if (other === base) continue;
        for (const after of theirs) {
          const gone = [...before.keys()].filter((name) => !after.has(name));
          if (before.size - gone.length < fewestShared || gone.length > 1 + mostApart) continue;
          const come = [...after.keys()].filter((name) => !before.has(name));
          if (come.length > 1 + mostApart) continue;
          const [[from, ...more], [to, ...others]] = [gone.filter(isThing), come.filter(isThing)];
          if (from === undefined || to === undefined || more.length > 0 || others.length > 0) continue;
          if (all[other]!.has(from) || all[base]!.has(to)) continue;
          const key = `${number} ${from} ${to}`;
          const known = found.get(key);
          if (known === undefined) {
            const words = { from: before.get(from)!, to: after.get(to)! };
            found.set(key, { base, caption, ...words, right: [other] });
          } else if (!known.right.includes(other)) known.right.push(other);
        }
      }
    }
    const [most] = [...found.values()].toSorted((a, b) => b.right.length - a.right.length);
    if (most) pairs.push(most);
  }
  return pairs;
}
