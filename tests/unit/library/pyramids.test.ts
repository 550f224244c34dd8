import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase, integrityProblems } from '../../../src/main/store/database.ts';
import { migrations } from '../../../src/main/store/migrations.ts';
import { version } from '../../../src/main/store/migrations/008-pyramids.ts';
import type { Pyramid, Word } from '../../../src/shared/pyramid.ts';
import { openLibrary, picture, temporaryFolder } from './samples.ts';

const word = (name: string, probability: number): Word => ({
  word: name,
  kind: 'thing',
  probability,
  box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
});

function pyramid(pack: string, concept: string, subjects: Word[], details: Word[] = []): Pyramid {
  return { pack, concept: word(concept, 0.95), subjects, details };
}

async function three() {
  const opened = openLibrary();
  const ids: string[] = [];
  for (const seed of [1, 2, 3]) {
    const { asset } = await opened.library.importBytes(`${seed}.png`, await picture(seed).png().toBuffer());
    ids.push(asset.id);
  }
  return { ...opened, ids: ids as [string, string, string] };
}

test('the migration keeps what a library holds', () => {
  const file = join(temporaryFolder(), 'library.db');
  const before = openDatabase(file, migrations.slice(0, version - 1));
  const id = 'a'.repeat(64);
  before
    .prepare(
      `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
       VALUES (?, 'a.png', '/photos', 'image/png', 4, 3, 12, '2026-01-01', 'imported', 0)`,
    )
    .run(id);
  const assets = before.prepare('SELECT * FROM assets').all();
  before.close();
  const after = openDatabase(file);
  onTestFinished(() => {
    after.close();
  });
  expect(after.prepare('SELECT * FROM assets').all()).toEqual(assets);
  expect(after.prepare('SELECT count(*) FROM pyramids').pluck().get()).toBe(0);
  expect(integrityProblems(after)).toEqual([]);
});

test('words are kept, found, counted, and gone with their picture', async () => {
  const { library, ids, database } = await three();
  const dog = pyramid('p@1', 'dog', [word('grass', 0.9)], [word('ball', 0.6), word('red', 0.3)]);
  library.putWords([
    { asset: ids[0], pyramid: dog },
    { asset: ids[1], pyramid: pyramid('p@1', 'dog', [word('beach', 0.8)]) },
    { asset: 'f'.repeat(64), pyramid: dog },
  ]);
  expect(library.words(ids[0])).toEqual(dog);
  expect(library.words(ids[2])).toBeNull();
  expect(() => library.words('f'.repeat(64))).toThrow(/has no asset/);
  expect(library.findSeen(['dog', 'grass'], 10)).toEqual([ids[0]]);
  expect(library.findSeen(['red'], 10)).toEqual([]);
  expect(library.knownWords()).toEqual(new Set(['dog', 'grass', 'ball', 'beach']));

  expect(library.ids({ words: ['dog'] })).toEqual([ids[0], ids[1]]);
  expect(library.ids({ words: ['dog', 'beach'] })).toEqual([ids[1]]);
  expect(library.facets({}).words).toEqual([
    { word: 'dog', count: 2 },
    { word: 'ball', count: 1 },
    { word: 'beach', count: 1 },
    { word: 'grass', count: 1 },
  ]);
  const narrowed = library.facets({ words: ['beach'] });
  expect(narrowed.total).toBe(1);
  expect(narrowed.words).toEqual([
    { word: 'beach', count: 1 },
    { word: 'dog', count: 1 },
  ]);

  await library.remove([ids[1]]);
  expect(library.ids({ words: ['beach'] })).toEqual([]);
  expect(database.prepare('SELECT count(*) FROM pyramids').pluck().get()).toBe(1);
});

test('the words of a pack that was replaced are read anew and dropped; those of a scene stay', async () => {
  const { library, ids } = await three();
  library.putWords([
    { asset: ids[0], pyramid: pyramid('old@1', 'cat', []) },
    { asset: ids[1], pyramid: pyramid('sketch', 'dragon', []) },
  ]);
  expect(library.missingWords('new@1')).toEqual(ids);
  library.putWords([{ asset: ids[2], pyramid: pyramid('new@1', 'horse', []) }]);
  expect(library.keepWords('new@1')).toEqual({ removed: 1 });
  expect(library.words(ids[0])).toBeNull();
  expect(library.words(ids[1])?.concept.word).toBe('dragon');
  expect(library.words(ids[2])?.concept.word).toBe('horse');
  expect(library.knownWords()).toEqual(new Set(['dragon', 'horse']));
  // A pyramid in the place of another takes its words away with it.
  library.putWords([{ asset: ids[2], pyramid: pyramid('new@1', 'pony', []) }]);
  expect(library.ids({ words: ['horse'] })).toEqual([]);
});
