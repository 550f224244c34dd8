import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { VectorIndex } from '../../src/main/library/search.ts';
import { blend, Search, type SearchModels } from '../../src/main/search.ts';
import { sketchPack } from '../../src/shared/pyramid.ts';
import { openLibrary } from './library/samples.ts';

/**
 * Searches by several texts and pictures, with vectors planted so that the right answer is known: the first half of the
 * dimensions says what is in a picture (dog, cat, beach, city, snow, red), the second half that it is a picture or a
 * text, which is what keeps the two apart in the vectors of real encoders too.
 */

const things = ['dog', 'cat', 'beach', 'city', 'snow', 'red'];
const space = 'planted@1';

function planted(kind: 'picture' | 'text', weights: Readonly<Record<string, number>>): Float32Array {
  const vector = new Float32Array(things.length + 2);
  for (const [thing, weight] of Object.entries(weights)) {
    // Pictures differ from each other more than texts do.
    vector[things.indexOf(thing)] = weight * (kind === 'picture' ? 1 : 0.4);
  }
  vector[things.length + (kind === 'picture' ? 0 : 1)] = 1;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** Encodes by the words a text has; calibrated so that a picture of the one thing asked for is likely. */
const models: SearchModels = {
  space,
  imageSize: 8,
  encodeTexts: (texts) =>
    Promise.resolve(
      texts.map((text) =>
        planted(
          'text',
          Object.fromEntries(things.filter((thing) => text.includes(thing)).map((thing) => [thing, 1])),
        ),
      ),
    ),
  encodeImages: (pixels) => Promise.resolve(pixels.map(() => planted('picture', { cat: 1, snow: 1 }))),
  look: (pixels) =>
    Promise.resolve(pixels.map(() => ({ vector: planted('picture', { cat: 1, snow: 1 }), pyramid: null }))),
  wordsPack: null,
  probability: (similarity) => 1 / (1 + Math.exp(-40 * (similarity - 0.1))),
};

const pictures: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'dog beach': { dog: 1, beach: 1 },
  'dog city': { dog: 1, city: 1 },
  'dog snow': { dog: 1, snow: 1 },
  'cat beach': { cat: 1, beach: 1 },
  'cat city': { cat: 1, city: 1 },
  'cat snow': { cat: 1, snow: 1 },
  'red city': { red: 1, city: 1 },
  'red beach': { red: 1, beach: 1 },
  'red dog': { red: 1, dog: 1 },
  snow: { snow: 1 },
  beach: { beach: 1 },
  city: { city: 1 },
};

function open() {
  const { library, database } = openLibrary();
  const insert = database.prepare(
    `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
     VALUES (?, ?, ?, 'image/png', 1, 1, 1, '', 'imported', 0)`,
  );
  const ids = new Map<string, string>();
  for (const [index, name] of Object.keys(pictures).entries()) {
    const id = createHash('sha256').update(name).digest('hex');
    ids.set(name, id);
    insert.run(id, `${index}.png`, name.includes('city') ? '/photos/city' : '/photos');
  }
  library.putVectors(
    space,
    Object.entries(pictures).map(([name, weights]) => ({
      asset: ids.get(name)!,
      vector: planted('picture', weights),
    })),
  );
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  const search = new Search({ library, models, openIndex: (of) => new VectorIndex(database, of) });
  return { library, search, id: (name: string) => ids.get(name)!, name: (id: string) => names.get(id)! };
}

test('a text with a text taken away finds what shows the one and not the other', async () => {
  const { search, name } = open();
  const plain = await search.find({ plus: [{ text: 'dog' }], minus: [] }, { limit: 4 });
  expect(plain.hits.map((hit) => name(hit.asset.id)).toSorted()).toEqual(
    ['dog beach', 'dog city', 'dog snow', 'red dog'].toSorted(),
  );
  const { hits, good } = await search.find(
    { plus: [{ text: 'dog' }], minus: [{ text: 'beach' }, { text: 'snow' }] },
    { limit: 12 },
  );
  const found = hits.map((hit) => name(hit.asset.id));
  expect(found.slice(0, 2).toSorted()).toEqual(['dog city', 'red dog']);
  expect(good).toBe(true);
  // A picture of what is not wanted is unlikely to be what was asked, however well it shows the rest.
  expect(hits.find((hit) => name(hit.asset.id) === 'dog beach')!.confidence!).toBeLessThan(
    hits[0]!.confidence! / 2,
  );
});

test('a picture with a text finds the like of both, and a picture with a text taken away the like without it', async () => {
  const { search, id, name } = open();
  const both = await search.find(
    { plus: [{ asset: id('dog beach') }, { text: 'snow' }], minus: [] },
    { limit: 1 },
  );
  expect(name(both.hits[0]!.asset.id)).toBe('dog snow');
  const less = await search.find(
    { plus: [{ asset: id('dog beach') }], minus: [{ text: 'dog' }] },
    { limit: 12 },
  );
  expect(['beach', 'red beach', 'cat beach']).toContain(name(less.hits[0]!.asset.id));
  const found = less.hits.map((hit) => name(hit.asset.id));
  expect(found).not.toContain('dog beach');
  expect(found.indexOf('beach')).toBeLessThan(found.indexOf('dog city'));
});

test('a picture less a picture, and the file of a picture that is not in the library', async () => {
  const { search, id, name } = open();
  const less = await search.find(
    { plus: [{ asset: id('red city') }], minus: [{ asset: id('city') }] },
    { limit: 1 },
  );
  expect(name(less.hits[0]!.asset.id)).toMatch(/^red/);
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const like = await search.find({ plus: [{ picture: png, name: 'x.png' }], minus: [] }, { limit: 1 });
  expect(name(like.hits[0]!.asset.id)).toBe('cat snow');
});

test('within a filter, only what fits it is found, as many as asked for', async () => {
  const { search, name } = open();
  const { hits } = await search.find(
    { plus: [{ text: 'dog' }], minus: [] },
    { limit: 3, filter: { folder: '/photos/city' } },
  );
  expect(hits.map((hit) => name(hit.asset.id))[0]).toBe('dog city');
  expect(hits).toHaveLength(3);
  expect(hits.every((hit) => name(hit.asset.id).includes('city'))).toBe(true);
});

test('words count where every text has them, and leave out what has the words of what is not wanted', async () => {
  const { library, search, id, name } = open();
  const write = (of: string, text: string): void =>
    void library.setCaption(id(of), { text, source: 'person', pack: null });
  write('city', 'a hydrant at the corner');
  write('snow', 'a hydrant under a lamp');
  const found = await search.find({ plus: [{ text: 'hydrant' }], minus: [{ text: 'lamp' }] }, { limit: 12 });
  const words = found.hits.filter((hit) => hit.words).map((hit) => name(hit.asset.id));
  expect(words).toEqual(['city']);
  expect(found.hits.map((hit) => name(hit.asset.id))).not.toContain('snow');
  expect(found.good).toBe(true);
});

test('sketches are found by their words where they are asked for, and only there', async () => {
  const { library, search, name } = open();
  const bytes = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>');
  const { asset } = await library.importBytes('dog.svg', bytes, { origin: 'sketched' });
  const word = (what: string) => ({ word: what, kind: 'thing' as const, probability: 1, box: null });
  const pyramid = { concept: word('dog'), subjects: [word('zeppelin')], details: [] };
  library.putWords([{ asset: asset.id, pyramid: { pack: sketchPack, ...pyramid } }]);
  // Captioning a sketch leaves its words, which are exact, as they are, and makes it no neighbour of its own text.
  library.setCaption(asset.id, { text: 'a dog', source: 'model', pack: 'seen@1' });
  library.putWords([{ asset: asset.id, pyramid: { pack: 'seen@1', ...pyramid, concept: word('cat') } }]);
  library.putVectors(space, [{ asset: asset.id, vector: planted('text', { dog: 1 }) }]);
  expect(library.words(asset.id)?.concept.word).toBe('dog');

  for (const text of ['dog', 'zeppelin']) {
    const query = { plus: [{ text }], minus: [] };
    const everywhere = await search.find(query, { limit: 12 });
    expect(everywhere.hits.map((hit) => hit.asset.id)).not.toContain(asset.id);
    const sketches = await search.find(query, { limit: 12, filter: { origin: 'sketched' } });
    expect(sketches.hits.map((hit) => hit.asset.id)).toEqual([asset.id]);
  }
  const { hits } = await search.find({ plus: [{ text: 'dog' }], minus: [] }, { limit: 1 });
  expect(name(hits[0]!.asset.id)).toMatch(/dog/);
});

test('nothing likely is said to be so', async () => {
  const { search } = open();
  const { good, hits } = await search.find({ plus: [{ text: 'zeppelin' }], minus: [] }, { limit: 5 });
  expect(good).toBe(false);
  expect(hits).toHaveLength(5);
  await expect(search.find({ plus: [{ text: ' ' }], minus: [] }, { limit: 5 })).rejects.toThrow(
    'Give a text',
  );
});

test('a blend weighs each term by how far its similarities lie apart', () => {
  const vector = blend(
    [
      { vector: Float32Array.of(1, 0), spread: 0.3 },
      { vector: Float32Array.of(0, 1), spread: 0.1 },
    ],
    [],
  );
  expect(vector[1]! / vector[0]!).toBeCloseTo(3, 4);
  expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
});
