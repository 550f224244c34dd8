import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { thumbHashToApproximateAspectRatio, thumbHashToRGBA } from 'thumbhash';
import { expect, onTestFinished, test } from 'vitest';
import { integrityProblems, openDatabase } from '../../../src/main/store/database.ts';
import { migrations } from '../../../src/main/store/migrations.ts';
import { version } from '../../../src/main/store/migrations/007-thumb-hashes.ts';
import { Jobs } from '../../../src/main/jobs/jobs.ts';
import { importRunner, startImport } from '../../../src/main/library/import-job.ts';
import type { Library } from '../../../src/main/library/library.ts';
import { ThumbHashing } from '../../../src/main/library/thumb-hashing.ts';
import { randomIds, systemClock } from '../../../src/main/ports.ts';
import type { Asset } from '../../../src/shared/contract.ts';
import { openLibrary, picture, temporaryFolder } from './samples.ts';

/** Colour of the blurred picture at a place given in fractions, as RGBA. */
function colourAt(hash: string, x: number, y: number): number[] {
  const { w, h, rgba } = thumbHashToRGBA(Buffer.from(hash, 'base64'));
  const at = (Math.floor(y * h) * w + Math.floor(x * w)) * 4;
  return [...rgba.subarray(at, at + 4)];
}

const isRed = ([red, green, blue]: number[]): boolean => red! > 150 && green! < 110 && blue! < 110;

/** An asset as it is when the blurred pictures that were to be made are there. */
async function hashed(library: Library, { asset }: { asset: Asset }): Promise<Asset> {
  await library.hashThumbs({ signal: new AbortController().signal });
  return library.get(asset.id);
}

test.each([{}, { square: 208 }])('the library keeps a picture blurred, in its shape (%o)', async (how) => {
  const { library } = openLibrary();
  const file = join(temporaryFolder(), 'wide.jpg');
  await picture(3, 400, 200).jpeg().toFile(file);
  const asset = await hashed(library, await library.importFile(file, { originals: 'leave', ...how }));
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
  const even = await hashed(
    library,
    await library.importBytes('grey.png', await grey.toColourspace('b-w').png().toBuffer()),
  );
  for (const value of colourAt(even.thumbHash!, 0.5, 0.5).slice(0, 3)) {
    expect(Math.abs(value - 200)).toBeLessThan(12);
  }
  const half = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="40" height="40" fill="red"/></svg>',
  );
  const clear = await hashed(library, await library.importBytes('half.svg', half));
  const [left, right] = [colourAt(clear.thumbHash!, 0.2, 0.5), colourAt(clear.thumbHash!, 0.85, 0.5)];
  expect(isRed(left)).toBe(true);
  expect(left[3]).toBeGreaterThan(200);
  expect(right[3]).toBeLessThan(60);
  const turned = await picture(5, 400, 200).jpeg().withMetadata({ orientation: 6 }).toBuffer();
  const tall = await hashed(library, await library.importBytes('turned.jpg', turned));
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
  expect(await library.hashThumbs({ signal: stop.signal })).toEqual({ made: 2, left: false });
  expect(isRed(colourAt(library.get(ids[0]!).thumbHash!, 0.2, 0.2))).toBe(true);
  expect(library.get(ids[1]!).thumbHash).toBeNull();
  // The damaged one is not tried again; the one without a thumbnail gets its blurred picture with it.
  const { library: again } = openLibrary(dataDir);
  expect(await again.hashThumbs({ signal: stop.signal })).toEqual({ made: 0, left: false });
  expect(library.get(ids[2]!).thumbHash).toBeNull();
});

test('a thumbnail made when it is first asked for brings the blurred picture a library lacked', async () => {
  const { library, files } = openLibrary();
  const path = join(temporaryFolder(), 'one.png');
  writeFileSync(path, await picture(9).png().toBuffer());
  const { asset } = await library.importFile(path, { originals: 'leave' });
  expect(library.get(asset.id).thumbHash).toBeNull();
  await library.media(asset.id, 'preview');
  expect(library.get(asset.id).thumbHash).toBeNull();
  await files.remove(asset.id, 'image/png');
  await library.media(asset.id, 'thumb');
  expect(isRed(colourAt(library.get(asset.id).thumbHash!, 0.2, 0.2))).toBe(true);
});

test('blurred pictures are made once an import is done, and gone on with after a restart', async () => {
  const dataDir = temporaryFolder();
  const folder = temporaryFolder();
  await Promise.all(
    Array.from({ length: 40 }, (_, at) =>
      picture(at)
        .png()
        .toFile(join(folder, `${at}.png`)),
    ),
  );
  const { library, database, files } = openLibrary(dataDir);
  const blurred = (): number =>
    database.prepare<[], number>('SELECT count(*) FROM assets WHERE thumb_hash IS NOT NULL').pluck().get()!;
  const jobs = new Jobs({ database, clock: systemClock, ids: randomIds });
  jobs.register('import', importRunner(library, { exclude: [files.root] }));
  const busy = (): boolean => jobs.list().some(({ state }) => state === 'running');
  const hashing = new ThumbHashing({ library, busy, wait: 10 });
  const job = startImport(jobs, { paths: [folder], originals: 'leave' });
  const states: number[] = [];
  while (busy() || jobs.get(job.id).state === 'queued') {
    // The studio wakes it at every change of the library.
    hashing.wake();
    states.push(blurred());
    await setTimeout(5);
  }
  expect((await jobs.waitFor(job.id)).done).toBe(40);
  expect(states.length).toBeGreaterThan(2);
  expect(Math.max(...states)).toBe(0);
  await expect.poll(blurred).toBe(40);
  expect(library.list({}, 0, 100).assets.every(({ thumbHash }) => thumbHash !== null)).toBe(true);

  // Closed in the middle of it, as the studio is, and opened again.
  database.prepare('UPDATE assets SET thumb_hash = NULL').run();
  const first = new ThumbHashing({ library: openLibrary(dataDir).library, busy, wait: 0 });
  first.wake();
  await setTimeout(2);
  await Promise.all([first.close(), hashing.close()]);
  const left = 40 - blurred();
  expect(left).toBeGreaterThan(0);
  await setTimeout(30);
  expect(40 - blurred()).toBe(left);
  const second = new ThumbHashing({ library: openLibrary(dataDir).library, busy, wait: 0 });
  second.wake();
  await expect.poll(blurred).toBe(40);
  await second.close();
  await jobs.close();
});
