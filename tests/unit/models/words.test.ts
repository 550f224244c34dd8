import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { Models } from '../../../src/main/models/models.ts';
import { Packs } from '../../../src/main/models/packs.ts';
import { boxOfCells, chooseWords, type Vocabulary } from '../../../src/main/models/starter/words.ts';
import { resourcePath } from '../../../src/main/resources.ts';
import { PyramidSchema, wordsDownTo, type Pyramid } from '../../../src/shared/pyramid.ts';

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

const packs = new Packs([resourcePath('models')]);

test('words come with the vectors and the captions as they come alone', async () => {
  const models = new Models({ packs });
  onTestFinished(() => models.close());
  const files = ['dog-on-the-beach.png', 'fox-in-the-forest.png', 'tea-in-the-kitchen.png'];
  const pixels = await Promise.all(
    files.map((file) =>
      sharp(resourcePath('samples', file))
        .removeAlpha()
        .resize(models.wordsImageSize, models.wordsImageSize, { fit: 'fill' })
        .raw()
        .toBuffer(),
    ),
  );
  const alone = await models.readWords(pixels);
  expect(alone.map(({ pack }) => pack)).toEqual(files.map(() => models.wordsPack));
  for (const pyramid of alone) expect(PyramidSchema.parse(pyramid)).toEqual(pyramid);
  const words = (pyramid: Pyramid): string[] => wordsDownTo(pyramid, 3).map(({ word }) => word);
  expect(words(alone[0]!)).not.toEqual(words(alone[1]!));
  expect(words(alone[1]!)).toContain('forest');
  const seen = await models.look(pixels);
  expect(seen.map(({ pyramid }) => words(pyramid!))).toEqual(alone.map(words));
  const captioned = await models.captionAndEncode(pixels);
  expect(captioned.map(({ pyramid }) => words(pyramid!))).toEqual(alone.map(words));
});
