import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { Packs } from '../../../src/main/models/packs.ts';
import { Sessions } from '../../../src/main/models/session.ts';
import { Starter } from '../../../src/main/models/starter/starter.ts';
import { Tokens } from '../../../src/main/models/starter/tokens.ts';
import { WordGuide } from '../../../src/main/models/starter/word-guide.ts';
import type { Vocabulary } from '../../../src/main/models/starter/words.ts';
import { resourcePath } from '../../../src/main/resources.ts';

const packs = new Packs([resourcePath('models')]);
const { folder, role } = packs.get('caption');
const tokens = await Tokens.load(join(folder, role.tokenizer));

const vocabulary: Vocabulary = [
  { word: 'animal', kind: 'thing', layers: [1], broader: [] },
  { word: 'dog', kind: 'thing', layers: [1, 2], broader: ['animal'] },
  { word: 'cat', kind: 'thing', layers: [1, 2], broader: ['animal'] },
  { word: 'beach', kind: 'place', layers: [1, 2], broader: [] },
];
const guide = new WordGuide(
  vocabulary,
  {
    animal: ['animal'],
    dog: ['dog'],
    dogs: ['dog'],
    cat: ['cat'],
    beach: ['beach'],
    'hot dog': [],
    'black cat': ['cat'],
  },
  ['on', 'in front'],
  tokens,
);
/** What a dog counts that is as likely as 0.9; a word as likely as 1 / e counts nothing. */
const dog = 1 + Math.log(0.9);
/** Of animal, dog, cat, beach. */
const count = guide.of(Float32Array.of(0.9, 0.9, 0.01, 1 / Math.E));
const said = (text: string, ended = true): number => count(tokens.encode(text), ended);

test('what is likely counts for a caption, what is not counts against it, what is between counts nothing', () => {
  expect(said('a dog')).toBeCloseTo(dog);
  expect(said('a black cat')).toBeCloseTo(Math.log(0.01) + 1);
  expect(said('the beach', false)).toBeCloseTo(0, 5);
  expect(said('two friends', false)).toBe(0);
  // A caption is of something.
  expect(said('the beach')).toBeCloseTo(-2, 5);
  // And begins with it.
  expect(said('on the beach a dog')).toBeCloseTo(dog - 2, 5);
  expect(said('in front of a dog')).toBeCloseTo(dog - 2, 5);
  expect(said('one dog on the beach')).toBeCloseTo(dog, 5);
});

test('what a narrower word says counts once, a thing said again costs, and the longest phrase is what is said', () => {
  expect(said('an animal, a dog')).toBeCloseTo(dog);
  expect(said('a dog beside a dog')).toBeCloseTo(dog - 1);
  expect(said('dogs on the beach, a beach')).toBeCloseTo(dog, 5);
  expect(said('a hot dog', false)).toBe(0);
});

test('a word that is being spelled counts by the share of it that is there, until it ends as another', () => {
  const spelled = tokens.encode('kangaroo');
  expect(spelled.length).toBeGreaterThan(1);
  const kangaroos = new WordGuide(
    [{ word: 'kangaroo', kind: 'thing', layers: [1], broader: [] }],
    { kangaroo: ['kangaroo'] },
    [],
    tokens,
  ).of(Float32Array.of(0.99));
  const kangaroo = 1 + Math.log(0.99);
  const begun = spelled.slice(0, 1);
  expect(kangaroos(begun, false)).toBeCloseTo(kangaroo / spelled.length);
  expect(kangaroos(begun, true)).toBe(-2);
  expect(kangaroos(spelled, false)).toBeCloseTo(kangaroo);
});

test('a network of another number of words is refused', () => {
  expect(() => guide.of(new Float32Array(3))).toThrow(/3 of them and its list 4/);
});

test('captions of the sample pictures say what is to be seen there, as they do not when nothing leads them', async () => {
  const samples = resourcePath('samples');
  const files = (await readdir(samples)).filter((name) => name.endsWith('.png')).sort();
  const size = role.imageSize;
  const pictures = await Promise.all(
    files.map((name) =>
      sharp(join(samples, name)).resize(size, size, { fit: 'fill' }).removeAlpha().raw().toBuffer(),
    ),
  );
  const starter = new Starter(new Sessions({ threads: 2 }));
  /** How many captions say the first word of their file's name that they could: `dog-on-the-beach.png`. */
  const hits = async (use: typeof role): Promise<number> => {
    const { signal } = new AbortController();
    const pixels = Buffer.concat(pictures);
    const { captions } = await starter.captionImages(
      { folder, role: use },
      null,
      pixels,
      files.length,
      signal,
    );
    return captions.filter(({ text }, at) => {
      const words = files[at]!.replace('.png', '').split('-');
      return words.some(
        (word) => word.length > 2 && new RegExp(`\\b${word.replace(/s$/, '')}`, 'i').test(text),
      );
    }).length;
  };
  const { guide: _, ...alone } = role;
  const [led, left] = [await hits(role), await hits(alone)];
  expect(led).toBeGreaterThanOrEqual(left + 2);
});
