import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { Files } from '../../src/main/library/files.ts';
import { Library } from '../../src/main/library/library.ts';
import { systemClock } from '../../src/main/ports.ts';
import { openDatabase } from '../../src/main/store/database.ts';
import type { EvalOptions } from './row.ts';

const PhotoSchema = z.object({
  file: z.string(),
  dataset: z.string(),
  split: z.string().optional(),
  captions: z.array(z.string()).optional(),
  labels: z.array(z.string()).optional(),
});
export type Photo = z.infer<typeof PhotoSchema>;

/**
 * The photos of a manifest's data set and split, in order.
 *
 * @param photos the folder with `manifest.jsonl`
 * @returns null where there is no manifest
 */
export function readManifest(photos: string, dataset: string, split?: string): Photo[] | null {
  const manifest = join(photos, 'manifest.jsonl');
  if (!existsSync(manifest)) return null;
  return readFileSync(manifest, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => PhotoSchema.parse(JSON.parse(line)))
    .filter((row) => row.dataset === dataset && (split === undefined || row.split === split));
}

/**
 * Squares of photos as the app makes them for its models: u8 [S, S, 3], S = `size`.
 *
 * @param progress hears how many have been read
 */
export async function readSquares(
  files: readonly string[],
  size: number,
  progress?: EvalOptions['progress'],
): Promise<Uint8Array[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'fabula-eval-'));
  const database = openDatabase(join(scratch, 'library.db'));
  try {
    const library = new Library({ database, files: new Files(scratch), clock: systemClock });
    const squares: Uint8Array[] = [];
    for (let start = 0; start < files.length; start += 8) {
      const some = files.slice(start, start + 8).map(async (file) => {
        const picture = await library.prepareFile(file, { originals: 'leave', square: size });
        return picture.square!;
      });
      squares.push(...(await Promise.all(some)));
      progress?.('pictures read', squares.length, files.length);
    }
    return squares;
  } finally {
    database.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Scalar product of two vectors of one length. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

export interface Recalls {
  'R@1': number;
  'R@5': number;
  'R@10': number;
  medianRank: number;
}

/** The share of queries with a right answer among the first 1, 5 and 10, and the median rank of the best one. */
export function recalls(
  queries: readonly Float32Array[],
  found: readonly Float32Array[],
  right: (query: number, at: number) => boolean,
): Recalls {
  const ranks = queries.map((query, index) => {
    const similarities = found.map((vector) => dot(vector, query));
    const best = Math.max(...similarities.filter((_, at) => right(index, at)));
    return similarities.filter((similarity) => similarity > best).length;
  });
  const share = (k: number): number => ranks.filter((rank) => rank < k).length / ranks.length;
  const medianRank = ranks.toSorted((a, b) => a - b)[Math.floor(ranks.length / 2)]! + 1;
  return { 'R@1': share(1), 'R@5': share(5), 'R@10': share(10), medianRank };
}

const CaptionScoresSchema = z.object({
  n: z.number(),
  distinct: z.number(),
  bleu1: z.number(),
  bleu4: z.number(),
  cider_d: z.number(),
  content_precision: z.number(),
  content_precision_shuffled: z.number(),
});
export type CaptionScores = z.infer<typeof CaptionScoresSchema>;

/**
 * Captions against the human ones of the manifest, by `tools/caption_metrics.py` of the shared folder.
 *
 * @returns null where the script, the manifest or `python3` is missing
 */
export function scoreCaptions(
  shared: string,
  captions: readonly { photo: Photo; caption: string }[],
): CaptionScores | null {
  const script = join(shared, 'tools/caption_metrics.py');
  const manifest = join(shared, 'photos/manifest.jsonl');
  const first = captions[0];
  if (!existsSync(script) || !existsSync(manifest) || !first) return null;
  const scratch = mkdtempSync(join(tmpdir(), 'fabula-eval-'));
  try {
    const file = join(scratch, 'captions.jsonl');
    const lines = captions.map(({ photo, caption }) =>
      JSON.stringify({ file: basename(photo.file), caption }),
    );
    writeFileSync(file, `${lines.join('\n')}\n`);
    const { dataset, split } = first.photo;
    const which = ['--dataset', dataset, ...(split === undefined ? [] : ['--split', split])];
    const { error, status, stdout, stderr } = spawnSync(
      'python3',
      [script, '--captions', file, '--references', manifest, ...which],
      { encoding: 'utf8' },
    );
    if (error) return null;
    if (status !== 0) throw new Error(stderr);
    return CaptionScoresSchema.parse(JSON.parse(stdout));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Maps items in order, a few at a time, so that requests to the models overlap with what is done with the answers.
 *
 * @param progress hears how many are done
 */
export async function mapped<In, Out>(
  items: readonly In[],
  work: (item: In, at: number) => Promise<Out>,
  progress?: (done: number, total: number) => void,
): Promise<Out[]> {
  const results = new Array<Out>(items.length);
  let [next, done] = [0, 0];
  const line = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      results[at] = await work(items[at]!, at);
      progress?.(++done, items.length);
    }
  };
  await Promise.all([line(), line(), line(), line()]);
  return results;
}
