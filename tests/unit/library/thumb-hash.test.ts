import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { thumbHashToApproximateAspectRatio, thumbHashToRGBA } from 'thumbhash';
import { expect, onTestFinished, test } from 'vitest';
import { integrityProblems, openDatabase } from '../../../src/main/store/database.ts';
import { migrations } from '../../../src/main/store/migrations.ts';
import { version } from '../../../src/main/store/migrations/007-thumb-hashes.ts';
import { openLibrary, picture, temporaryFolder } from './samples.ts';

/** Colour of the blurred picture at a place given in fractions, as RGBA. */
function colourAt(hash: string, x: number, y: number): number[] {
  const { w, h, rgba } = thumbHashToRGBA(Buffer.from(hash, 'base64'));
  const at = (Math.floor(y * h) * w + Math.floor(x * w)) * 4;
  return [...rgba.subarray(at, at + 4)];
}

const isRed = ([red, green, blue]: number[]): boolean => red! > 150 && green! < 110 && blue! < 110;

test.each([{}, { square: 208 }])('an import keeps the picture blurred, in its shape (%o)', async (how) => {
  const { library } = openLibrary();
  const file = join(temporaryFolder(), 'wide.jpg');
  await picture(3, 400, 200).jpeg().toFile(file);
  const { asset } = await library.importFile(file, { originals: 'leave', ...how });
  expect(Buffer.from(asset.thumbHash!, 'base64').length).toBeLessThan(30);
  expect(thumbHashToApproximateAspectRatio(Buffer.from(asset.thumbHash!, 'base64'))).toBeCloseTo(2, 0);
  expect(isRed(colourAt(asset.thumbHash!, 0.2, 0.2))).toBe(true);
  expect(isRed(colourAt(asset.thumbHash!, 0.8, 0.8))).toBe(false);
  expect(library.list({}, 0, 10).assets[0]!.thumbHash).toBe(asset.thumbHash);
  expect(library.thumbHashes([asset.id, 'f'.repeat(64)])).toEqual({ [asset.id]: asset.thumbHash });
});

test('grey pictures, transparent ones and turned ones are blurred as they look', async () => {
  const { library } = openLibrary();
  const grey = sharp(Buffer.alloc(60 * 40, 200), { raw: { width: 60, height: 40, channels: 1 } });
  const { asset: even } = await library.importBytes(
    'grey.png',
    await grey.toColourspace('b-w').png().toBuffer(),
  );
  for (const value of colourAt(even.thumbHash!, 0.5, 0.5).slice(0, 3)) {
    expect(Math.abs(value - 200)).toBeLessThan(12);
  }
  const half = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="40" height="40" fill="red"/></svg>',
  );
  const { asset: clear } = await library.importBytes('half.svg', half);
  const [left, right] = [colourAt(clear.thumbHash!, 0.2, 0.5), colourAt(clear.thumbHash!, 0.85, 0.5)];
  expect(isRed(left)).toBe(true);
  expect(left[3]).toBeGreaterThan(200);
  expect(right[3]).toBeLessThan(60);
  const turned = await picture(5, 400, 200).jpeg().withMetadata({ orientation: 6 }).toBuffer();
  const { asset: tall } = await library.importBytes('turned.jpg', turned);
  expect(thumbHashToApproximateAspectRatio(Buffer.from(tall.thumbHash!, 'base64'))).toBeLessThan(0.7);
  // A quarter turn to the right brings the red corner to the top right.
  expect(isRed(colourAt(tall.thumbHash!, 0.8, 0.2))).toBe(true);
});

test('the migration keeps every asset, and those with a thumbnail are blurred afterwards', async () => {
  const dataDir = temporaryFolder();
  const file = join(dataDir, 'library.db');
  const before = openDatabase(file, migrations.slice(0, version - 1));
  const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
  for (const id of ids) {
    before
      .prepare(
        `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
         VALUES (?, ?, '/photos', 'image/png', 60, 40, 12, '2026-01-01', 'imported', 0)`,
      )
      .run(id, `${id[0]!}.png`);
  }
  const rows = 'SELECT number, id, name, folder, width, height, bytes, caption FROM assets ORDER BY number';
  const assets = before.prepare(rows).all();
  before.close();

  const { library, database, files } = openLibrary(dataDir);
  expect(database.prepare(rows).all()).toEqual(assets);
  expect(integrityProblems(database)).toEqual([]);
  expect(library.get(ids[0]!).thumbHash).toBeNull();
  await files.write(files.rendition(ids[0]!, 'thumb'), await picture(7).webp().toBuffer());
  await files.write(files.rendition(ids[1]!, 'thumb'), new Uint8Array([1, 2, 3]));
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  expect(await library.hashThumbs({ signal: stop.signal })).toBe(2);
  expect(isRed(colourAt(library.get(ids[0]!).thumbHash!, 0.2, 0.2))).toBe(true);
  expect(library.get(ids[1]!).thumbHash).toBeNull();
  // The damaged one is not tried again; the one without a thumbnail gets its blurred picture with it.
  expect(await library.hashThumbs({ signal: stop.signal })).toBe(0);
  expect(library.get(ids[2]!).thumbHash).toBeNull();
});

test('a thumbnail made when it is first asked for brings the blurred picture a library lacked', async () => {
  const { library, database, files } = openLibrary();
  const path = join(temporaryFolder(), 'one.png');
  writeFileSync(path, await picture(9).png().toBuffer());
  const { asset } = await library.importFile(path, { originals: 'leave' });
  database.prepare('UPDATE assets SET thumb_hash = NULL').run();
  await library.media(asset.id, 'preview');
  expect(library.get(asset.id).thumbHash).toBeNull();
  await files.remove(asset.id, 'image/png');
  await library.media(asset.id, 'thumb');
  expect(library.get(asset.id).thumbHash).toBe(asset.thumbHash);
});
