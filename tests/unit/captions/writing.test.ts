import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CaptionWriting } from '../../../src/main/captions/writing.ts';
import { Jobs } from '../../../src/main/jobs/jobs.ts';
import { readMetadata } from '../../../src/main/library/metadata.ts';
import { readSidecar } from '../../../src/main/library/sidecars.ts';
import { randomIds, systemClock } from '../../../src/main/ports.ts';
import { CaptionWriteOptionsSchema, type CaptionWriteOptions } from '../../../src/shared/contract.ts';
import { openLibrary, picture, temporaryFolder } from '../library/samples.ts';

async function setUp() {
  const { library, database } = openLibrary();
  const jobs = new Jobs({ database, clock: systemClock, ids: randomIds });
  onTestFinished(() => jobs.close());
  const folder = temporaryFolder();
  const ids: string[] = [];
  for (const name of ['one.jpg', 'two.jpg', 'bare.jpg', 'gone.jpg']) {
    await picture(name.length * 7 + name.charCodeAt(0))
      .jpeg()
      .toFile(join(folder, name));
    const { asset } = await library.importFile(join(folder, name), { originals: 'leave' });
    if (name !== 'bare.jpg') {
      library.setCaption(asset.id, { text: `Caption of ${name}`, source: 'person', pack: null });
    }
    ids.push(asset.id);
  }
  rmSync(join(folder, 'gone.jpg'));
  const drawn = await picture(99).png().toBuffer();
  const { asset } = await library.importBytes('drawn.png', drawn, { origin: 'imported' });
  library.setCaption(asset.id, { text: 'Nowhere to go', source: 'person', pack: null });
  const writing = new CaptionWriting({ library, jobs });
  const write = (options: Partial<CaptionWriteOptions>) =>
    jobs.waitFor(writing.start({ filter: {} }, CaptionWriteOptionsSchema.parse(options)).id);
  return { library, jobs, folder, ids, writing, write };
}

test('captions go into XMP files; a picture without a file fails alone, by its name', async () => {
  const { folder, jobs, write } = await setUp();
  const job = await write({ place: 'sidecar' });
  expect(job).toMatchObject({ state: 'done', total: 4, done: 4, failed: 2 });
  for (const name of ['one.jpg', 'two.jpg']) {
    expect((await readSidecar(readFileSync(join(folder, `${name}.xmp`)))).caption).toBe(`Caption of ${name}`);
  }
  expect(existsSync(join(folder, 'bare.jpg.xmp'))).toBe(false);
  const errors = jobs.errors(job.id);
  expect(errors.map(({ item }) => item).sort()).toEqual(['drawn.png', 'gone.jpg']);
  expect(errors.find(({ item }) => item === 'drawn.png')!.message).toMatch(/no file outside the library/);
});

test('captions go into the pictures, and the library still shows them', async () => {
  const { library, folder, ids, write } = await setUp();
  await write({ place: 'file' });
  expect((await readMetadata(readFileSync(join(folder, 'one.jpg')))).caption).toBe('Caption of one.jpg');
  expect((await library.original(ids[0]!)).bytes).toEqual(readFileSync(join(folder, 'one.jpg')));
  const again = await write({ place: 'file', mode: 'append' });
  expect(again).toMatchObject({ failed: 2 });
  expect((await readMetadata(readFileSync(join(folder, 'one.jpg')))).caption).toBe('Caption of one.jpg');
});

test('captions go into text files', async () => {
  const { folder, write } = await setUp();
  await write({ place: 'text' });
  expect(readFileSync(join(folder, 'two.txt'), 'utf8')).toBe('Caption of two.jpg\n');
});

test('two pictures that differ in their extension only have a text file each, in one job and in two', async () => {
  const { library, jobs, writing } = await setUp();
  const folder = temporaryFolder();
  const ids: string[] = [];
  for (const [at, name] of ['a.png', 'a.jpg'].entries()) {
    await picture(200 + at).toFile(join(folder, name));
    const { asset } = await library.importFile(join(folder, name), { originals: 'leave' });
    library.setCaption(asset.id, { text: `Caption of ${name}`, source: 'person', pack: null });
    ids.push(asset.id);
  }
  const options = CaptionWriteOptionsSchema.parse({ place: 'text', mode: 'overwrite' });
  for (const assets of [ids, [ids[0]!], [ids[1]!]]) {
    await jobs.waitFor(writing.start({ assets }, options).id);
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('Caption of a.jpg\n');
    expect(readFileSync(join(folder, 'a.png.txt'), 'utf8')).toBe('Caption of a.png\n');
  }
});
