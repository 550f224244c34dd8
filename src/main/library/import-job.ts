import { z } from 'zod';
import type { Job, JobTitle } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { JobContext, JobItem, JobRunner, Jobs } from '../jobs/jobs.ts';
import type { Library, Prepared } from './library.ts';
import { walkPictures } from './walk.ts';

const ParamsSchema = z.object({ originals: z.enum(['leave', 'copy']) });

/**
 * How many pictures are in hand at once: twice the threads that decode (libuv's four), so that these have work while
 * this thread enters what they have done.
 */
export const atOnce = 8;

/** How many pictures are entered in one transaction. */
const enteredAtOnce = 16;

/** How many pictures wait at most for a slower one before them: what a crash may undo, and is read again then. */
const waitingAtMost = 64;

/** Puts the import of files and folders in the queue. Paths must be absolute: another process may run the job. */
export function startImport(
  jobs: Pick<Jobs, 'start'>,
  { paths, originals }: { paths: readonly string[]; originals: 'leave' | 'copy' },
): Job {
  const title: JobTitle =
    paths.length === 1
      ? { key: 'app.jobImportOne', values: { name: paths[0]! } }
      : { key: 'app.jobImportMany', values: { count: paths.length } };
  return jobs.start('import', title, { originals }, paths);
}

/**
 * The runner of `import` jobs: items are files and folders; a folder gives way to the pictures in it. The result of a
 * finished item is `{asset, duplicate}`. A file that cannot be taken in fails by itself; a full disk, or a data folder
 * that may not be written, ends the job, which can be retried.
 *
 * @param exclude folders not to look into: the data folder
 */
export function importRunner(library: Library, { exclude }: { exclude: readonly string[] }): JobRunner {
  return async (context) => {
    const { originals } = ParamsSchema.parse(context.params);
    let stopped: unknown;
    const reading = new Set<JobItem>();
    let read: { item: JobItem; prepared: Prepared }[] = [];

    const failOne = (item: JobItem, error: unknown): void => {
      if (context.signal.aborted || endsJob(error)) throw error;
      context.fail(item, error);
    };

    /** Enters what has been read in the order of the items, so that a library lists a folder as the folder does. */
    const enterRead = (): void => {
      const slowest = Math.min(...Array.from(reading, ({ seq }) => seq));
      const before = read.length < waitingAtMost ? slowest : Infinity;
      const entering = read.filter(({ item }) => item.seq < before).sort((a, b) => a.item.seq - b.item.seq);
      if (entering.length === 0 || context.signal.aborted) return;
      read = read.filter(({ item }) => item.seq >= before);
      context.together(() => {
        for (const { item, prepared } of entering) {
          try {
            context.finish(item, () => {
              const { asset, duplicate } = library.enter(prepared);
              return { asset: asset.id, duplicate };
            });
          } catch (error) {
            failOne(item, error);
          }
        }
      });
    };

    const take = async (item: JobItem): Promise<void> => {
      reading.add(item);
      try {
        const prepared = await library.prepareFile(item.item, { originals });
        read.push({ item, prepared });
      } catch (error) {
        if (isFolder(error)) await expandFolder(context, item, exclude);
        else failOne(item, error);
      } finally {
        reading.delete(item);
      }
      if (read.length >= enteredAtOnce) enterRead();
    };

    const worker = async (): Promise<void> => {
      while (stopped === undefined && !context.signal.aborted) {
        const [item] = context.takeBatch(1);
        if (item === undefined) return;
        try {
          await take(item);
        } catch (error) {
          stopped ??= error;
        }
      }
    };

    // Expanding a folder adds items after the other workers may have run out of them.
    for (;;) {
      const [first] = context.takeBatch(1);
      if (first === undefined || stopped !== undefined) break;
      await take(first);
      await Promise.all(Array.from({ length: atOnce }, worker));
      enterRead();
    }
    if (stopped !== undefined) throw stopped;
  };
}

/** The assets an import job has brought so far, in the order of its items. */
export function importedAssets(jobs: Pick<Jobs, 'results'>, job: string): string[] {
  // Written by the runner above; a folder's own item leaves nothing behind.
  return jobs
    .results(job)
    .map(({ result }) => (result as { asset: string } | null)?.asset)
    .filter((asset) => asset !== undefined);
}

async function expandFolder(context: JobContext, item: JobItem, exclude: readonly string[]): Promise<void> {
  const pictures: string[] = [];
  const refused: { item: string; error: FabulaError }[] = [];
  for await (const found of walkPictures([item.item], { exclude, signal: context.signal })) {
    if (!('error' in found)) pictures.push(found.path);
    else if (found.path === item.item) return context.fail(item, found.error);
    else refused.push({ item: found.path, error: found.error });
  }
  context.expand(item, pictures, refused);
}

/** What makes every further item fail as well. */
function endsJob(error: unknown): boolean {
  return error instanceof FabulaError && error.code === 'disk-full';
}

function isFolder(error: unknown): boolean {
  return error instanceof FabulaError && error.details['folder'] === true;
}
