import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Jobs } from '../../../src/main/jobs/jobs.ts';
import { importRunner, startImport } from '../../../src/main/library/import-job.ts';
import { randomIds, systemClock } from '../../../src/main/ports.ts';
import { integrityProblems } from '../../../src/main/store/database.ts';
import { runChild, startChild } from '../run-child.ts';
import { openLibrary, picture, temporaryFolder } from './samples.ts';

function openImports(dataDir?: string) {
  const opened = openLibrary(dataDir);
  const jobs = new Jobs({ database: opened.database, clock: systemClock, ids: randomIds });
  onTestFinished(() => jobs.close());
  jobs.register('import', importRunner(opened.library, { exclude: [opened.dataDir] }));
  return { ...opened, jobs };
}

async function photos(folder: string, count: number, from = 0): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let seed = from; seed < from + count; seed += 1) {
    writeFileSync(
      join(folder, `${seed}.jpg`),
      await picture(seed, 48, 32 + seed)
        .jpeg()
        .toBuffer(),
    );
  }
}

/** A process that imports a folder as the studio does. */
const importing = (dataDir: string, folder: string) => `
  import { Files } from './src/main/library/files.ts';
  import { importRunner, startImport } from './src/main/library/import-job.ts';
  import { Library } from './src/main/library/library.ts';
  import { Jobs } from './src/main/jobs/jobs.ts';
  import { randomIds, systemClock } from './src/main/ports.ts';
  import { openDatabase } from './src/main/store/database.ts';
  const database = openDatabase(${JSON.stringify(join(dataDir, 'library.db'))});
  const library = new Library({ database, files: new Files(${JSON.stringify(dataDir)}), clock: systemClock });
  const jobs = new Jobs({ database, clock: systemClock, ids: randomIds, emit: (job) => console.log(job.done) });
  jobs.register('import', importRunner(library, { exclude: [] }));
  await jobs.waitFor(startImport(jobs, { paths: [${JSON.stringify(folder)}], originals: 'leave' }).id);
  await jobs.close();
  database.close();`;

test('a folder in, each picture once, each bad file named, the rest taken in', async () => {
  const { library, jobs } = openImports();
  const folder = temporaryFolder();
  await photos(join(folder, 'a'), 20);
  await photos(join(folder, 'b'), 5, 15);
  writeFileSync(join(folder, 'note.txt'), 'not a picture');
  writeFileSync(join(folder, 'lie.png'), 'not a picture either');
  truncateSync(join(folder, 'a', '3.jpg'), 200);
  const started = startImport(jobs, { paths: [folder, join(folder, 'gone.jpg')], originals: 'leave' });
  const job = await jobs.waitFor(started.id);
  expect(job).toMatchObject({ state: 'done', total: 27, done: 27, failed: 3 });
  expect(jobs.errors(job.id)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ item: join(folder, 'gone.jpg'), code: 'not-found' }),
      expect.objectContaining({ item: join(folder, 'a', '3.jpg'), code: 'unreadable-image' }),
      expect.objectContaining({ item: join(folder, 'lie.png'), code: 'unreadable-image' }),
    ]),
  );
  expect(library.count()).toBe(19);
  const duplicates = jobs
    .results(job.id)
    .filter(({ result }) => (result as { duplicate: boolean }).duplicate);
  expect(duplicates).toHaveLength(5);

  // Mended, it comes in with a retry; what is there already is known without being read again.
  writeFileSync(join(folder, 'a', '3.jpg'), await picture(3, 48, 35).jpeg().toBuffer());
  jobs.retry(job.id);
  expect(await jobs.waitFor(job.id)).toMatchObject({ state: 'done', failed: 2 });
  expect(library.count()).toBe(20);
});

test('pictures come in the order of their folder, however long each takes to read', async () => {
  const { library, jobs } = openImports();
  const folder = temporaryFolder();
  const names = Array.from({ length: 40 }, (_, index) => `${index + 1}.jpg`);
  for (const [seed, name] of names.entries()) {
    // Every sixth is a thousand times as large as the others.
    const [width, height] = seed % 6 === 0 ? [2400, 1600] : [64, 48];
    writeFileSync(join(folder, name), await picture(seed, width, height).jpeg().toBuffer());
  }
  await jobs.waitFor(startImport(jobs, { paths: [folder], originals: 'leave' }).id);
  expect(library.ids({}).map((id) => library.get(id).name)).toEqual(names);
});

test('the data folder inside an imported folder is not imported', async () => {
  const folder = temporaryFolder();
  await photos(folder, 2);
  const { library, jobs } = openImports(join(folder, 'fabula'));
  for (let round = 0; round < 2; round += 1) {
    await jobs.waitFor(startImport(jobs, { paths: [folder], originals: 'copy' }).id);
    expect(library.count()).toBe(2);
  }
});

test('an empty folder is done at once', async () => {
  const { jobs } = openImports();
  const job = await jobs.waitFor(startImport(jobs, { paths: [temporaryFolder()], originals: 'leave' }).id);
  expect(job).toMatchObject({ state: 'done', total: 0, done: 0 });
});

test('cancel keeps what is done', async () => {
  const { library, jobs } = openImports();
  const folder = temporaryFolder();
  await photos(folder, 80);
  const { id } = startImport(jobs, { paths: [folder], originals: 'leave' });
  await vi.waitFor(() => expect(jobs.get(id).done).toBeGreaterThan(0), { interval: 2 });
  jobs.cancel(id);
  const job = await jobs.waitFor(id);
  expect(job.state).toBe('cancelled');
  await jobs.close();
  expect(jobs.get(id).done).toBe(library.count());
});

test('killed in the middle, the next process finishes: every picture once, nothing broken', async () => {
  const dataDir = temporaryFolder();
  const folder = temporaryFolder();
  await photos(folder, 120);
  const child = startChild(importing(dataDir, folder));
  await new Promise<void>((half) => {
    child.stdout!.on('data', (text: Buffer) => {
      if (
        text
          .toString()
          .split('\n')
          .some((line) => Number(line) >= 16)
      )
        half();
    });
  });
  child.kill('SIGKILL');
  await new Promise((ended) => child.once('close', ended));

  const { library, jobs, database } = openImports(dataDir);
  const [job] = jobs.list();
  const before = library.count();
  expect(before).toBeGreaterThan(0);
  expect(await jobs.waitFor(job!.id)).toMatchObject({ state: 'done', done: 120, failed: 0 });
  expect(library.count()).toBe(120);
  expect(integrityProblems(database)).toEqual([]);
  for (const id of library.ids({})) expect((await library.media(id, 'thumb')).file).toContain(id);
  const duplicates = jobs
    .results(job!.id)
    .filter(({ result }) => (result as { duplicate: boolean }).duplicate);
  expect(duplicates).toEqual([]);
});

test('two processes import at once and caption meanwhile: nothing lost, nothing twice', async () => {
  const dataDir = temporaryFolder();
  const folder = temporaryFolder();
  await photos(folder, 30);
  const { library, jobs, database } = openImports(dataDir);
  const other = runChild(importing(dataDir, folder));
  const own = await jobs.waitFor(startImport(jobs, { paths: [folder], originals: 'leave' }).id);
  for (const id of library.ids({})) {
    library.setCaption(id, { text: 'Written while another process imports.', source: 'person', pack: null });
    await new Promise((later) => setTimeout(later, 2));
  }
  expect(await other).toMatchObject({ code: 0, stderr: '' });
  expect(own).toMatchObject({ state: 'done', failed: 0 });
  expect(library.count()).toBe(30);
  expect(library.findWords('written', 100)).toHaveLength(30);
  expect(integrityProblems(database)).toEqual([]);
});
