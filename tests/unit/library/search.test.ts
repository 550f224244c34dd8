import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { plainScan, VectorIndex } from '../../../src/main/library/search.ts';
import { openDatabase, type Database } from '../../../src/main/store/database.ts';
import { openLibrary, picture } from './samples.ts';
import { runChild } from '../run-child.ts';

const space = 'starter@1';

function random(seed: number) {
  let state = seed;
  return () => ((state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff) * 2 - 1;
}

/** Rows of assets that only vectors will be asked of. */
function addAssets(database: Database, count: number): string[] {
  const insert = database.prepare(
    `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
     VALUES (?, 'a', '', 'image/png', 1, 1, 1, '', 'imported', 0)`,
  );
  const ids = Array.from({ length: count }, (_, at) => at.toString(16).padStart(64, '0'));
  database.transaction(() => {
    for (const id of ids) insert.run(id);
  })();
  return ids;
}

describe('vector index', () => {
  test('finds exactly what comparing with every vector finds', () => {
    const { library, database } = openLibrary();
    const next = random(1);
    const vector = () => Float32Array.from({ length: 48 }, next);
    const items = addAssets(database, 3000).map((asset) => ({ asset, vector: vector() }));
    library.putVectors(space, items);
    const index = new VectorIndex(database, space);
    for (let round = 0; round < 20; round += 1) {
      const query = vector();
      const cosine = (other: Float32Array) => {
        let dot = 0;
        for (let at = 0; at < 48; at += 1) dot += query[at]! * other[at]!;
        return dot / (Math.hypot(...query) * Math.hypot(...other));
      };
      const exact = items
        .map((item) => ({ asset: item.asset, similarity: cosine(item.vector) }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, 10);
      const found = index.search(query, 10);
      expect(found.map(({ asset }) => asset)).toEqual(exact.map(({ asset }) => asset));
      for (const [at, hit] of found.entries()) expect(hit.similarity).toBeCloseTo(exact[at]!.similarity, 5);
    }
  });

  test('the plain scan that stands in for usearch finds the same, ties included', () => {
    const next = random(2);
    const matrix = Float32Array.from({ length: 200 * 8 }, () => Math.round(next() * 2));
    for (let round = 0; round < 20; round += 1) {
      const query = Float32Array.from({ length: 8 }, () => Math.round(next() * 2));
      const scores = Array.from({ length: 200 }, (_, row) =>
        query.reduce((sum, value, at) => sum + value * matrix[row * 8 + at]!, 0),
      );
      const rows = plainScan(matrix, 200, query, 12);
      expect(new Set(rows).size).toBe(12);
      expect(rows.map((row) => scores[row]).sort((a, b) => b! - a!)).toEqual(
        scores.toSorted((a, b) => b - a).slice(0, 12),
      );
    }
  });

  test('follows what is added, replaced and removed', async () => {
    const { library, database } = openLibrary();
    const [a, b, c] = addAssets(database, 3) as [string, string, string];
    const index = new VectorIndex(database, space);
    const nearest = () => index.search(Float32Array.of(1, 0), 3).map(({ asset }) => asset);
    expect(nearest()).toEqual([]);
    library.putVectors(space, [
      { asset: a, vector: Float32Array.of(1, 0.1) },
      { asset: b, vector: Float32Array.of(1, 0.2) },
    ]);
    expect(nearest()).toEqual([a, b]);
    library.putVectors(space, [{ asset: c, vector: Float32Array.of(2, 0) }]);
    expect(nearest()).toEqual([c, a, b]);
    library.putVectors(space, [{ asset: a, vector: Float32Array.of(0, 1) }]);
    expect(nearest()).toEqual([c, b, a]);
    await library.remove([b]);
    expect(nearest()).toEqual([c, a]);
    expect(index.size).toBe(2);
    expect(index.search(Float32Array.of(3, 0), 1)).toEqual([{ asset: c, similarity: 1 }]);
    await library.remove([a, c]);
    expect(nearest()).toEqual([]);
  });

  test('follows another process', async () => {
    const { library, database, dataDir } = openLibrary();
    const [a, b] = addAssets(database, 2) as [string, string];
    library.putVectors(space, [{ asset: a, vector: Float32Array.of(1, 1) }]);
    const index = new VectorIndex(database, space);
    expect(index.size).toBe(1);
    const { code, stderr } = await runChild(`
      import { openDatabase } from './src/main/store/database.ts';
      import { Files } from './src/main/library/files.ts';
      import { Library } from './src/main/library/library.ts';
      import { systemClock } from './src/main/ports.ts';
      const database = openDatabase(${JSON.stringify(join(dataDir, 'library.db'))});
      const library = new Library({ database, files: new Files(${JSON.stringify(dataDir)}), clock: systemClock });
      library.putVectors('${space}', [{ asset: '${b}', vector: Float32Array.of(1, 0) }]);
      database.close();`);
    expect([code, stderr]).toEqual([0, '']);
    expect(index.search(Float32Array.of(1, 0), 1)[0]?.asset).toBe(b);
  });

  test('spaces are never mixed, and those of replaced models are dropped', () => {
    const { library, database } = openLibrary();
    const ids = addAssets(database, 2);
    library.putVectors('old@1', [{ asset: ids[0]!, vector: Float32Array.of(1, 0, 0) }]);
    library.putVectors('new@2', [{ asset: ids[1]!, vector: Float32Array.of(0, 1) }]);
    expect(
      new VectorIndex(database, 'new@2').search(Float32Array.of(1, 0), 5).map(({ asset }) => asset),
    ).toEqual([ids[1]]);
    expect(library.missingVectors('new@2', 10)).toEqual([ids[0]]);
    expect(library.keepSpaces(['new@2'])).toEqual({ removed: 1 });
    expect(new VectorIndex(database, 'old@1').size).toBe(0);
    expect(library.vector('new@2', ids[1]!)).toEqual(Float32Array.of(0, 1));
    expect(library.vector('old@1', ids[0]!)).toBeNull();
  });

  test('vectors that mean nothing are refused, and those of assets removed meanwhile left out', async () => {
    const { library, database } = openLibrary();
    const { asset } = await library.importBytes('a.png', await picture(1).png().toBuffer());
    const put = (...values: number[]) =>
      library.putVectors(space, [{ asset: asset.id, vector: Float32Array.from(values) }]);
    expect(() => put(0, 0)).toThrow(expect.objectContaining({ code: 'invalid-input' }) as Error);
    expect(() => put(1, NaN)).toThrow(expect.objectContaining({ code: 'invalid-input' }) as Error);
    library.putVectors(space, [{ asset: 'e'.repeat(64), vector: Float32Array.of(1, 0) }]);
    put(3, 4);
    const index = new VectorIndex(database, space);
    expect(index.size).toBe(1);
    expect(() => index.search(Float32Array.of(1, 0, 0), 1)).toThrow(/3 dimensions/);
    expect(() => index.search(Float32Array.of(0, 0), 1)).toThrow(/no direction/);
  });

  test('survives being closed and opened', () => {
    const { library, database, dataDir } = openLibrary();
    const [id] = addAssets(database, 1) as [string];
    library.putVectors(space, [{ asset: id, vector: Float32Array.of(0.6, 0.8) }]);
    const again = openDatabase(join(dataDir, 'library.db'));
    expect(new VectorIndex(again, space).search(Float32Array.of(0.6, 0.8), 1)).toEqual([
      { asset: id, similarity: expect.closeTo(1, 6) as number },
    ]);
    again.close();
  });
});
