import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Jobs, type JobContext, type JobRunner } from '../../../src/main/jobs/jobs.ts';
import { randomIds, systemClock } from '../../../src/main/ports.ts';
import { openDatabase, type Database } from '../../../src/main/store/database.ts';
import type { Job } from '../../../src/shared/contract.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import { temporaryFolder } from '../library/samples.ts';
import { startChild } from '../run-child.ts';

function openJobs(options: { file?: string; adopt?: boolean; database?: Database } = {}) {
  const file = options.file ?? join(temporaryFolder(), 'library.db');
  const database = options.database ?? openDatabase(file);
  const told: Job[] = [];
  const jobs = new Jobs({
    database,
    clock: systemClock,
    ids: randomIds,
    emit: (job) => told.push(job),
    ...(options.adopt === undefined ? {} : { adopt: options.adopt }),
  });
  onTestFinished(async () => {
    await jobs.close();
    database.close();
  });
  return { jobs, database, file, told };
}

/** A runner that notes what it does and, past `free` items, waits for `release`. */
function stepwise(free = Infinity) {
  const worked: string[] = [];
  const gate = Promise.withResolvers<undefined>();
  const runner: JobRunner = async (context) => {
    for await (const item of context.items()) {
      if (worked.length >= free) await Promise.race([gate.promise, aborted(context)]);
      if (context.signal.aborted) return;
      worked.push(item.item);
      context.finish(item);
    }
  };
  return { worked, runner, release: () => gate.resolve(undefined) };
}

function aborted({ signal }: JobContext): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

describe('running', () => {
  test('does every item once, in order, and tells of it', async () => {
    const { jobs, told } = openJobs();
    const { worked, runner } = stepwise();
    jobs.register('caption', runner);
    const started = jobs.start('caption', 'Caption 3 pictures', {}, ['a', 'b', 'c', 'a']);
    expect(started).toMatchObject({ label: 'Caption 3 pictures', total: 3, done: 0 });
    const ended = await jobs.waitFor(started.id);
    expect(ended).toMatchObject({ state: 'done', done: 3, total: 3, failed: 0, error: null });
    expect(worked).toEqual(['a', 'b', 'c']);
    expect(told.at(-1)).toEqual(ended);
  });

  test('an item that fails is named and the others go on', async () => {
    const { jobs } = openJobs();
    jobs.register('import', async (context) => {
      for await (const item of context.items()) {
        if (item.item === 'b')
          context.fail(item, new FabulaError('unreadable-image', '“b.jpg” is damaged.'), 'b.jpg');
        else context.finish(item, () => ({ length: item.item.length }));
      }
    });
    const job = await jobs.waitFor(jobs.start('import', 'Import', {}, ['a', 'b', 'c']).id);
    expect(job).toMatchObject({ state: 'done', done: 3, failed: 1 });
    expect(jobs.errors(job.id)).toEqual([
      { item: 'b.jpg', code: 'unreadable-image', message: '“b.jpg” is damaged.' },
    ]);
    expect(jobs.results(job.id)).toEqual([
      { item: 'a', result: { length: 1 } },
      { item: 'c', result: { length: 1 } },
    ]);
  });

  test('an item and what its runner writes are saved together or not at all', async () => {
    const { jobs, database } = openJobs();
    const write = database.prepare('INSERT INTO settings VALUES (?, ?)');
    jobs.register('caption', async (context) => {
      for await (const item of context.items()) {
        try {
          context.finish(item, () => {
            write.run(item.item, 'written');
            if (item.item === 'b') throw new FabulaError('invalid-input', 'No.');
          });
        } catch (error) {
          context.fail(item, error);
        }
      }
    });
    const job = await jobs.waitFor(jobs.start('caption', 'Caption', {}, ['a', 'b', 'c']).id);
    expect(job).toMatchObject({ done: 3, failed: 1 });
    expect(database.prepare('SELECT key FROM settings ORDER BY key').pluck().all()).toEqual(['a', 'c']);
  });

  test('a folder gives way to its files, those refused failing from the start', async () => {
    const { jobs } = openJobs();
    jobs.register('import', async (context) => {
      for await (const item of context.items()) {
        if (item.item === 'folder') {
          context.expand(
            item,
            ['x', 'y', 'given'],
            [{ item: 'z', error: new FabulaError('no-permission', 'No.') }],
          );
        } else context.finish(item);
      }
    });
    const job = await jobs.waitFor(jobs.start('import', 'Import', {}, ['folder', 'given']).id);
    expect(job).toMatchObject({ state: 'done', done: 4, total: 4, failed: 1 });
    expect(
      jobs
        .results(job.id)
        .map(({ item }) => item)
        .sort(),
    ).toEqual(['given', 'x', 'y']);
    expect(jobs.errors(job.id)).toEqual([{ item: 'z', code: 'no-permission', message: 'No.' }]);
  });

  test('a runner that throws makes the job fail with its message; the rest can be retried', async () => {
    const { jobs } = openJobs();
    let broken = true;
    jobs.register('export', async (context) => {
      for await (const item of context.items()) {
        if (broken && item.item === 'b') throw new FabulaError('disk-full', 'No room left on the disk.');
        context.finish(item);
      }
    });
    const job = await jobs.waitFor(jobs.start('export', 'Export', {}, ['a', 'b', 'c']).id);
    expect(job).toMatchObject({ state: 'failed', done: 1, error: 'No room left on the disk.' });
    broken = false;
    jobs.retry(job.id);
    expect(await jobs.waitFor(job.id)).toMatchObject({ state: 'done', done: 3, error: null });
  });

  test('a runner that leaves items undone does not pass for done', async () => {
    const { jobs } = openJobs();
    jobs.register('caption', async (context) => {
      context.finish(context.takeBatch(1)[0]!);
    });
    const job = await jobs.waitFor(jobs.start('caption', 'Caption', {}, ['a', 'b']).id);
    expect(job).toMatchObject({ state: 'failed', done: 1, total: 2 });
    expect(job.error).toContain('1 left');
  });

  test('jobs of a kind run one after the other, of two kinds side by side', async () => {
    const { jobs } = openJobs();
    const first = stepwise(0);
    jobs.register('caption', first.runner);
    jobs.register('import', stepwise().runner);
    const one = jobs.start('caption', 'One', {}, ['a']);
    const two = jobs.start('caption', 'Two', {}, ['b']);
    const other = jobs.start('import', 'Other', {}, ['c']);
    expect((await jobs.waitFor(other.id)).state).toBe('done');
    expect(jobs.get(one.id).state).toBe('running');
    expect(jobs.get(two.id).state).toBe('queued');
    first.release();
    await jobs.waitFor(two.id);
    expect(first.worked).toEqual(['a', 'b']);
    expect(jobs.list().map(({ label }) => label)).toEqual(['Other', 'Two', 'One']);
  });
});

describe('in the person’s hands', () => {
  test('pause stops, resume goes on with what is left', async () => {
    const { jobs } = openJobs();
    const { worked, runner, release } = stepwise(2);
    jobs.register('caption', runner);
    const { id } = jobs.start('caption', 'Caption', {}, ['a', 'b', 'c', 'd']);
    await vi.waitFor(() => expect(worked).toHaveLength(2));
    expect(jobs.pause(id).state).toBe('paused');
    await vi.waitFor(() => expect(jobs.get(id)).toMatchObject({ state: 'paused', done: 2 }));
    release();
    expect(worked).toEqual(['a', 'b']);
    jobs.resume(id);
    expect(await jobs.waitFor(id)).toMatchObject({ state: 'done', done: 4 });
    expect(worked).toEqual(['a', 'b', 'c', 'd']);
  });

  test('cancel keeps what is done, and a runner that does not listen cannot write on', async () => {
    const { jobs } = openJobs();
    const refused: unknown[] = [];
    jobs.register('caption', async (context) => {
      const [first, second] = context.takeBatch(2);
      context.finish(first!);
      await aborted(context);
      try {
        context.finish(second!, () => ({ late: true }));
      } catch (error) {
        refused.push(error);
      }
    });
    const { id } = jobs.start('caption', 'Caption', {}, ['a', 'b']);
    await vi.waitFor(() => expect(jobs.get(id).done).toBe(1));
    expect(jobs.cancel(id).state).toBe('cancelled');
    expect(await jobs.waitFor(id)).toMatchObject({ state: 'cancelled', done: 1, total: 2 });
    await vi.waitFor(() => expect(refused).toMatchObject([{ code: 'cancelled' }]));
    expect(jobs.results(id)).toHaveLength(1);
  });

  test('retry does the failed items again and no others', async () => {
    const { jobs } = openJobs();
    const worked: string[] = [];
    jobs.register('caption', async (context) => {
      for await (const item of context.items()) {
        worked.push(item.item);
        if (item.item === 'b' && worked.length < 4)
          context.fail(item, new FabulaError('model-failed', 'Again.'));
        else context.finish(item);
      }
    });
    const { id } = jobs.start('caption', 'Caption', {}, ['a', 'b', 'c']);
    await jobs.waitFor(id);
    jobs.retry(id);
    expect(await jobs.waitFor(id)).toMatchObject({ state: 'done', done: 3, failed: 0 });
    expect(worked).toEqual(['a', 'b', 'c', 'b']);
    expect(jobs.errors(id)).toEqual([]);
  });

  test('clear takes away finished jobs only', async () => {
    const { jobs } = openJobs();
    jobs.register('caption', stepwise().runner);
    const done = jobs.start('caption', 'Done', {}, ['a']);
    await jobs.waitFor(done.id);
    const waiting = jobs.start('import', 'Nobody runs imports here', {}, ['b']);
    expect(jobs.clear()).toEqual({ removed: 1 });
    expect(jobs.list().map(({ id }) => id)).toEqual([waiting.id]);
    expect(() => jobs.get(done.id)).toThrow(expect.objectContaining({ code: 'not-found' }) as Error);
  });

  test('waiting can be given up without touching the job', async () => {
    const { jobs } = openJobs();
    const { runner, release } = stepwise(0);
    jobs.register('caption', runner);
    const { id } = jobs.start('caption', 'Caption', {}, ['a']);
    await expect(jobs.waitFor(id, AbortSignal.timeout(20))).rejects.toMatchObject({ code: 'cancelled' });
    expect(jobs.get(id).state).toBe('running');
    release();
    await jobs.waitFor(id);
  });

  test('progress is told at most a few times a second, and the end always', async () => {
    const { jobs, told } = openJobs();
    jobs.register('import', stepwise().runner);
    const { id } = jobs.start(
      'import',
      'Import',
      {},
      Array.from({ length: 400 }, (_, at) => `${at}`),
    );
    await jobs.waitFor(id);
    expect(told.length).toBeLessThan(100);
    expect(told.at(-1)).toMatchObject({ state: 'done', done: 400 });
  });
});

describe('across processes', () => {
  test('progress made inside a larger transaction is told while the job still runs', async () => {
    const { jobs, database, told } = openJobs();
    const gate = Promise.withResolvers<undefined>();
    jobs.register('caption', async (context) => {
      const batch = context.takeBatch(2);
      database.transaction(() => batch.forEach((item) => context.finish(item)))();
      await gate.promise;
    });
    const job = jobs.start('caption', 'Caption 2 pictures', {}, ['a', 'b']);
    await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ id: job.id, state: 'running', done: 2 }));
    gate.resolve(undefined);
    await jobs.waitFor(job.id);
  });

  test('closing leaves the rest for the next start', async () => {
    const file = join(temporaryFolder(), 'library.db');
    const first = openDatabase(file);
    const jobs = new Jobs({ database: first, clock: systemClock, ids: randomIds });
    const before = stepwise(1);
    jobs.register('caption', before.runner);
    const { id } = jobs.start('caption', 'Caption', { pack: 'starter' }, ['a', 'b', 'c']);
    await vi.waitFor(() => expect(before.worked).toEqual(['a']));
    await jobs.close();
    first.close();

    const next = openJobs({ file });
    const after = stepwise();
    next.jobs.register('caption', after.runner);
    expect(await next.jobs.waitFor(id)).toMatchObject({ state: 'done', done: 3 });
    expect(after.worked).toEqual(['b', 'c']);
  });

  test('a job whose process was killed is gone on with at once, and nothing is done twice', async () => {
    const { jobs, file } = openJobs();
    const child = startChild(`
      import { Jobs } from './src/main/jobs/jobs.ts';
      import { randomIds, systemClock } from './src/main/ports.ts';
      import { openDatabase } from './src/main/store/database.ts';
      const jobs = new Jobs({ database: openDatabase(${JSON.stringify(file)}), clock: systemClock, ids: randomIds });
      jobs.register('caption', async (context) => {
        for await (const item of context.items()) {
          context.finish(item, () => 'child');
          if (item.item === '19') {
            console.log('half');
            await new Promise((resolve) => setTimeout(resolve, 60_000));
          }
        }
      });
      jobs.start('caption', 'Caption', {}, Array.from({ length: 40 }, (_, at) => String(at)));`);
    await new Promise<void>((half) => child.stdout!.once('data', () => half()));
    const [job] = jobs.list();

    // While the other process lives, the job is its own.
    jobs.register('caption', async (context) => {
      for await (const item of context.items()) context.finish(item, () => 'parent');
    });
    expect(jobs.get(job!.id)).toMatchObject({ state: 'running', done: 20 });
    expect(jobs.results(job!.id).every(({ result }) => result === 'child')).toBe(true);

    child.kill('SIGKILL');
    await new Promise((ended) => child.once('close', ended));
    // Anything that looks for work finds it; the heartbeat does so every few seconds.
    expect(await jobs.waitFor(job!.id)).toMatchObject({ state: 'done', done: 40, total: 40 });
    const results = jobs.results(job!.id);
    expect(results.map(({ item }) => Number(item))).toEqual(Array.from({ length: 40 }, (_, at) => at));
    expect(results.filter(({ result }) => result === 'child')).toHaveLength(20);
    expect(results.filter(({ result }) => result === 'parent')).toHaveLength(20);
  });

  test('a short-lived process does not take up what it did not start', async () => {
    const { jobs, database } = openJobs();
    const { id } = jobs.start('caption', 'For the window', {}, ['a']);
    const command = new Jobs({ database, clock: systemClock, ids: randomIds, adopt: false });
    onTestFinished(() => command.close());
    const { worked, runner } = stepwise();
    command.register('caption', runner);
    const own = command.start('caption', 'Its own', {}, ['b']);
    await command.waitFor(own.id);
    expect(worked).toEqual(['b']);
    expect(jobs.get(id).state).toBe('queued');
  });

  test('what another process cancels is not gone on with here', async () => {
    const { jobs, database } = openJobs();
    const { worked, runner } = stepwise(1);
    jobs.register('caption', runner);
    const { id } = jobs.start('caption', 'Caption', {}, ['a', 'b']);
    await vi.waitFor(() => expect(worked).toHaveLength(1));
    const other = new Jobs({ database, clock: systemClock, ids: randomIds, adopt: false });
    onTestFinished(() => other.close());
    other.cancel(id);
    await vi.waitFor(() => expect(jobs.get(id).state).toBe('cancelled'));
    expect(worked).toEqual(['a']);
  });
});
