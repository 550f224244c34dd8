import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Captions } from '../../../src/main/captions/captions.ts';
import { History } from '../../../src/main/history.ts';
import { Jobs } from '../../../src/main/jobs/jobs.ts';
import { Files } from '../../../src/main/library/files.ts';
import { Library } from '../../../src/main/library/library.ts';
import { spawnNodeWorker, type WorkerProcess } from '../../../src/main/models/host.ts';
import { Models } from '../../../src/main/models/models.ts';
import { Packs } from '../../../src/main/models/packs.ts';
import { randomIds, systemClock } from '../../../src/main/ports.ts';
import { resourcePath } from '../../../src/main/resources.ts';
import { openDatabase, type Database } from '../../../src/main/store/database.ts';
import { CaptionOptionsSchema, type CaptionOptions } from '../../../src/shared/contract.ts';

const root = mkdtempSync(join(tmpdir(), 'fabula-captions-'));
const packs = new Packs([resourcePath('models')]);
let models: Models;
beforeAll(() => {
  models = new Models({ packs });
});
afterAll(async () => {
  await models.close();
  rmSync(root, { recursive: true, force: true });
});

let database: Database;
let library: Library;
let jobs: Jobs;
let captions: Captions;
let dataDir: string;

function open(use: Models = models): void {
  database = openDatabase(join(dataDir, 'library.db'));
  const history = new History({ database, clock: systemClock });
  library = new Library({ database, files: new Files(dataDir), clock: systemClock, history });
  jobs = new Jobs({ database, clock: systemClock, ids: randomIds });
  captions = new Captions({ library, models: use, jobs, database, history });
}

async function close(): Promise<void> {
  await jobs.close();
  database.close();
}

beforeEach(() => {
  dataDir = mkdtempSync(join(root, 'data-'));
  open();
});
afterEach(close);

const options = (changes: Partial<CaptionOptions> = {}): CaptionOptions =>
  CaptionOptionsSchema.parse(changes);

async function add(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const background = { r: (index * 53) % 256, g: (index * 97) % 256, b: (index * 151) % 256 };
    const bytes = await sharp({ create: { width: 64, height: 48, channels: 3, background } })
      .png()
      .toBuffer();
    ids.push((await library.importBytes(`picture-${index}.png`, bytes, { origin: 'imported' })).asset.id);
  }
  return ids;
}

const textOf = (id: string): string | undefined => library.get(id).caption?.text;

test('a job captions what has none, and keeps pack, revision, settings and vectors', async () => {
  const ids = await add(10);
  const job = captions.start({ filter: {} }, options({ suffix: '#trip' }));
  expect(job).toMatchObject({ kind: 'caption', label: 'Caption 10 pictures', total: 10 });
  expect(await jobs.waitFor(job.id)).toMatchObject({ state: 'done', done: 10, failed: 0 });
  const expected = await models.captionImages(
    await Promise.all(ids.map((id) => library.pixels(id, models.imageSize))),
  );
  for (const [index, id] of ids.entries()) {
    expect(library.get(id).caption).toMatchObject({
      text: `${expected[index]!.text} #trip`,
      source: 'model',
      pack: models.captionPack,
    });
    expect(library.vector(models.space, id)).toHaveLength(256);
  }
  const settings = database.prepare('SELECT settings FROM captions LIMIT 1').pluck().get() as string;
  expect(JSON.parse(settings)).toEqual({
    ...models.captionSettings,
    mode: 'skip',
    suffix: '#trip',
    job: job.id,
  });
});

test('a vector from a caption job is the one the encoder gives', async () => {
  const [id = ''] = await add(1);
  await jobs.waitFor(captions.start({ assets: [id] }, options()).id);
  const [vector] = await models.encodeImages([await library.pixels(id, models.imageSize)]);
  expect(library.vector(models.space, id)).toEqual(vector);
});

describe('modes', () => {
  test("skip leaves what is captioned out of the job; a person's words stay in every mode", async () => {
    const [bare = '', mine = '', file = ''] = await add(3);
    library.setCaption(mine, { text: 'Grandma at the lake.', source: 'person', pack: null });
    library.setCaption(file, { text: 'From the camera.', source: 'file', pack: null });

    const skip = captions.start({ assets: [bare, mine, file] }, options());
    expect(skip.total).toBe(1);
    await jobs.waitFor(skip.id);
    const written = textOf(bare)!;
    expect(textOf(file)).toBe('From the camera.');

    await jobs.waitFor(captions.start({ filter: {} }, options({ mode: 'append' })).id);
    expect(textOf(bare)).toBe(`${written} ${written}`);
    expect(textOf(file)).toMatch(/^From the camera\. .+/);

    await jobs.waitFor(captions.start({ filter: {} }, options({ mode: 'overwrite' })).id);
    expect(textOf(bare)).toBe(written);
    expect(textOf(file)).not.toContain('camera');
    expect(textOf(mine)).toBe('Grandma at the lake.');

    await jobs.waitFor(
      captions.start({ assets: [mine] }, options({ mode: 'prepend', replacePerson: true })).id,
    );
    expect(textOf(mine)).toMatch(/^.+ Grandma at the lake\.$/);
  });

  test('a caption that a person writes while the job runs is kept', async () => {
    const ids = await add(2);
    const job = captions.start({ assets: ids }, options({ mode: 'overwrite' }));
    const last = ids[1]!;
    library.setCaption(last, { text: 'Mine.', source: 'person', pack: null });
    await jobs.waitFor(job.id);
    expect(textOf(last)).toBe('Mine.');
    expect(textOf(ids[0]!)).toBeTruthy();
  });
});

test('a picture that fails is named, and the others get their captions', async () => {
  const ids = await add(3);
  const job = captions.start({ assets: ids }, options());
  // Takes its kept copy away, as a broken disk would.
  rmSync(join(dataDir, 'originals', ids[1]!.slice(0, 2), `${ids[1]!}.png`));
  expect(await jobs.waitFor(job.id)).toMatchObject({ state: 'done', done: 3, failed: 1 });
  expect(jobs.errors(job.id)).toMatchObject([{ item: 'picture-1.png', code: 'not-found' }]);
  expect(ids.map((id) => textOf(id) !== undefined)).toEqual([true, false, true]);
});

test('an asset that does not exist is refused before the job begins', async () => {
  expect(() => captions.start({ assets: ['0'.repeat(64)] }, options())).toThrow(
    expect.objectContaining({ code: 'not-found' }),
  );
  expect(jobs.list()).toEqual([]);
});

test('cancel keeps what is done, and nothing is half there', async () => {
  const ids = await add(40);
  const job = captions.start({ assets: ids }, options());
  while (jobs.get(job.id).done < 8) await new Promise((resolve) => setTimeout(resolve, 5));
  jobs.cancel(job.id);
  const ended = await jobs.waitFor(job.id);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const captioned = ids.filter((id) => textOf(id) !== undefined);
  expect(ended.state).toBe('cancelled');
  expect(captioned.length).toBe(jobs.get(job.id).done);
  expect(captioned.length).toBeLessThan(40);
  expect(ids.filter((id) => library.vector(models.space, id) !== null)).toEqual(captioned);
});

test('closed in the middle and opened again, a job goes on; append happens once to each', async () => {
  const ids = await add(40);
  for (const id of ids) library.setCaption(id, { text: 'Old.', source: 'file', pack: null });
  const job = captions.start({ assets: ids }, options({ mode: 'append' }));
  while (jobs.get(job.id).done < 8) await new Promise((resolve) => setTimeout(resolve, 5));
  await close();
  open();
  expect(jobs.get(job.id).done).toBeLessThan(40);
  expect(await jobs.waitFor(job.id)).toMatchObject({ state: 'done', done: 40, failed: 0 });
  const expected = await models.captionImages(
    await Promise.all(ids.map((id) => library.pixels(id, models.imageSize))),
  );
  expect(ids.map(textOf)).toEqual(expected.map(({ text }) => `Old. ${text}`));
});

test('a picture that takes the worker down fails alone', async () => {
  const ids = await add(5);
  const poison = await library.pixels(ids[2]!, models.imageSize);
  const spawn = (): WorkerProcess => {
    const worker = spawnNodeWorker();
    let ready = false;
    worker.onMessage(() => (ready = true));
    const strike = (): void => {
      if (ready) process.kill(worker.pid!, 'SIGKILL');
      else setTimeout(strike, 5);
    };
    return {
      onMessage: (listener) => worker.onMessage(listener),
      onExit: (listener) => worker.onExit(listener),
      kill: () => worker.kill(),
      send: (message) => {
        worker.send(message);
        const pixels =
          message.kind === 'run' && 'pixels' in message.task ? Buffer.from(message.task.pixels) : null;
        if (pixels?.includes(Buffer.from(poison))) strike();
      },
    };
  };
  const fragile = new Models({ packs, spawn });
  await close();
  open(fragile);
  const job = captions.start({ assets: ids }, options());
  expect(await jobs.waitFor(job.id)).toMatchObject({ state: 'done', done: 5, failed: 1 });
  expect(jobs.errors(job.id)).toMatchObject([{ item: 'picture-2.png', code: 'model-failed' }]);
  expect(ids.map((id) => textOf(id) !== undefined)).toEqual([true, true, false, true, true]);
  await fragile.close();
});

test('a suggestion is the caption a job would write, and is saved nowhere', async () => {
  const [id = ''] = await add(1);
  const suggestion = await captions.suggest(id);
  expect(suggestion.pack).toBe(models.captionPack);
  expect(library.get(id).caption).toBeNull();
  await jobs.waitFor(captions.start({ assets: [id] }, options()).id);
  expect(textOf(id)).toBe(suggestion.text);
});
