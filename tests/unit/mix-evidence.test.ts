import { expect, test } from 'vitest';
import { askedWords, WordWeigher } from '../../src/main/mix-evidence.ts';
import { changeScene } from '../../src/main/sketch/change-scene.ts';
import { readChange } from '../../src/main/sketch/change.ts';
import { readScene } from '../../src/main/sketch/read.ts';
import type { Pyramid, Word } from '../../src/shared/pyramid.ts';

const place = new Set(['beach', 'park', 'street']);

/** A pyramid of things and places with their probabilities; the first is the concept. */
function pyramid(words: Record<string, number>): Pyramid {
  const [concept, ...subjects] = Object.entries(words).map(([word, probability]): Word => {
    const kind = place.has(word) ? 'place' : word === 'night' ? 'time' : 'thing';
    return { word, kind, probability, box: null };
  });
  return { pack: 'test@1', concept: concept!, subjects, details: [] };
}

const library = [
  pyramid({ dog: 0.9, beach: 0.8 }),
  pyramid({ cat: 0.9, beach: 0.7 }),
  pyramid({ cat: 0.8, dog: 0.7, beach: 0.6 }),
  pyramid({ man: 0.9, street: 0.9 }),
  pyramid({ car: 0.9, street: 0.8, night: 0.7 }),
];

function asked(before: string, change: string) {
  const scene = readScene(before, { seed: 1 });
  const read = readChange(change);
  return askedWords(scene, changeScene(scene, read).scene, read.wishes);
}

test('a change is what it adds, what it takes away and what it keeps', () => {
  const words = asked('a dog on the beach', 'a cat instead of the dog');
  expect([...words.added]).toEqual(['figure:cat']);
  expect([...words.removed]).toEqual(['figure:dog']);
  expect([...words.kept]).toEqual(['place beach']);
  expect(asked('a dog on the beach', 'the same at night').added).toContain('time night');
});

test('what is named counts also where the scene lacked it', () => {
  const words = asked('a tree in a park', 'a cat instead of the dog');
  expect(words.added).toContain('figure:cat');
  expect(words.removed).toContain('figure:dog');
});

test('the picture that shows what is added, lacks what goes and shows the rest comes first', () => {
  const weigher = new WordWeigher(
    asked('a dog on the beach', 'a cat instead of the dog'),
    library[0]!,
    library,
  );
  const score = (words: Pyramid): number => {
    const { added, removed, kept, alike } = weigher.weigh(words);
    return added + removed + kept + alike;
  };
  const order = library.toSorted((a, b) => score(b) - score(a));
  expect(order[0]).toBe(library[1]);
  // The same two, but the dog is still there.
  expect(weigher.weigh(library[2]!).removed).toBeLessThan(weigher.weigh(library[1]!).removed);
  expect(weigher.weigh(library[3]!).added).toBeLessThan(0);
});

test('synonyms in pyramids count as what they name, and surer words count more', () => {
  const weigher = new WordWeigher(asked('a man in a street', 'with a cat'), null, library);
  const added = (words: Record<string, number>): number => weigher.weigh(pyramid(words)).added;
  expect(added({ kitten: 0.9 })).toBeCloseTo(added({ cat: 0.9 }));
  expect(added({ cat: 0.9 })).toBeGreaterThan(added({ cat: 0.3 }));
  expect(added({ cat: 0.3 })).toBeGreaterThan(added({ horse: 0.9 }));
  expect(weigher.weigh(pyramid({ cat: 0.9 })).alike).toBe(0);
});
