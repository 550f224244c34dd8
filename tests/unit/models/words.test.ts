import { expect, test } from 'vitest';
import { boxOfCells, chooseWords, type Vocabulary } from '../../../src/main/models/starter/words.ts';
import { PyramidSchema } from '../../../src/shared/pyramid.ts';

const vocabulary: Vocabulary = [
  { word: 'animal', kind: 'thing', layers: [1], broader: [] },
  { word: 'dog', kind: 'thing', layers: [1, 2], broader: ['animal'] },
  { word: 'cat', kind: 'thing', layers: [1, 2], broader: ['animal'] },
  { word: 'person', kind: 'thing', layers: [1], broader: [] },
  { word: 'man', kind: 'thing', layers: [2], broader: ['person'] },
  { word: 'beach', kind: 'place', layers: [1, 2], broader: [] },
  { word: 'running', kind: 'action', layers: [3], broader: [] },
  { word: 'night', kind: 'time', layers: [3], broader: [] },
];
const W = vocabulary.length;

/** Logits with a word in some of the 49 cells. */
function cellsWith(word: number, ...at: number[]): Float32Array {
  const cells = new Float32Array(49 * W).fill(-6);
  for (const cell of at) cells[cell * W + word] = 3;
  return cells;
}

const presence = (given: Record<string, number>): Float32Array =>
  Float32Array.from(vocabulary, ({ word }) => given[word] ?? 0.01);

test('layers go from what is sure and coarse to what is fine; what is broader is not said again', () => {
  const seen = chooseWords(
    vocabulary,
    presence({ animal: 0.9, dog: 0.85, person: 0.6, man: 0.5, beach: 0.7, running: 0.4, night: 0.3 }),
    cellsWith(1, 8),
  );
  expect(PyramidSchema.parse({ pack: 'p@1', ...seen })).toBeTruthy();
  expect(seen.concept.word).toBe('dog');
  expect(seen.subjects.map(({ word }) => word)).toEqual(['beach', 'man']);
  expect(seen.details.map(({ word }) => word)).toEqual(['running', 'night']);
  expect(seen.details[1]!.box).toBeNull();
});

test('where the narrower word is not sure the broader one stands', () => {
  const seen = chooseWords(vocabulary, presence({ animal: 0.9, dog: 0.4, cat: 0.35 }), cellsWith(0, 0));
  expect(seen.concept.word).toBe('animal');
  expect(seen.subjects.map(({ word }) => word)).toEqual(['dog', 'cat']);
});

test('a box goes round the cells of a word, and not round a second place of it', () => {
  // Columns 1 and 2 of rows 1 and 2; one cell far away.
  const box = boxOfCells(cellsWith(1, 8, 9, 15, 16, 48), W, 1);
  expect(box).toEqual({ x: 0.143, y: 0.143, width: 0.286, height: 0.286 });
});
