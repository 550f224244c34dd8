/**
 * How fast pictures are imported, against sharp alone making the same thumbnails from the same files.
 *
 * Both take turns over the same files in the same run; the ratio printed is the median of the rounds' ratios, which a
 * machine that is busy with other things disturbs least. sharp alone reads, decodes, resizes and encodes as many files
 * at a time as the import, and writes each thumbnail; the import, into a new library, does that and recognises,
 * hashes, reads metadata, and enters everything into the database as a job.
 *
 *   npm run bench:import -- [FOLDER] [--files N] [--rounds N]
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { Jobs } from '../src/main/jobs/jobs.ts';
import { Files } from '../src/main/library/files.ts';
import { atOnce, importRunner, startImport } from '../src/main/library/import-job.ts';
import { Library } from '../src/main/library/library.ts';
import { renditionOptions } from '../src/main/library/pictures.ts';
import { walkPictures } from '../src/main/library/walk.ts';
import { randomIds, systemClock } from '../src/main/ports.ts';
import { openDatabase } from '../src/main/store/database.ts';
import { mediaSizes } from '../src/shared/contract.ts';
import { median } from './median.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { files: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '5' } },
});
const folder = resolve(positionals[0] ?? join(import.meta.dirname, '../../shared/photos/flickr8k'));
const paths: string[] = [];
for await (const found of walkPictures([folder])) {
  if (!('error' in found)) paths.push(found.path);
  if (paths.length === Number(values.files)) break;
}
if (paths.length === 0) {
  console.error(`No pictures in ${folder}. Name a folder that has some: npm run bench:import -- FOLDER`);
  process.exit(1);
}
console.log(`${paths.length} pictures of ${folder}, thumbnails ${mediaSizes.thumb} px wide`);

// Both begin with the files in the page cache.
for (const path of paths) await readFile(path);

const rates: { alone: number; imported: number }[] = [];
for (let round = 0; round < Number(values.rounds); round += 1) {
  // Who goes first changes, so that neither always has the warmer machine.
  const first = await inFolder(round % 2 === 0 ? sharpAlone : imported);
  const second = await inFolder(round % 2 === 0 ? imported : sharpAlone);
  const rate = round % 2 === 0 ? { alone: first, imported: second } : { alone: second, imported: first };
  rates.push(rate);
  console.log(
    `round ${round + 1}: sharp alone ${rate.alone.toFixed(1)}/s, import ${rate.imported.toFixed(1)}/s, ratio ${(rate.imported / rate.alone).toFixed(2)}`,
  );
}
const ratio = median(rates.map((rate) => rate.imported / rate.alone));
console.log(
  `median: sharp alone ${median(rates.map((rate) => rate.alone)).toFixed(1)}/s, ` +
    `import ${median(rates.map((rate) => rate.imported)).toFixed(1)}/s, ` +
    `ratio within a round ${ratio.toFixed(2)} (wanted: at least 0.60)`,
);
process.exitCode = ratio >= 0.6 ? 0 : 1;

/** Pictures a second. */
async function inFolder(work: (dataDir: string) => Promise<number>): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'fabula-bench-'));
  try {
    return (paths.length * 1000) / (await work(dataDir));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Both take milliseconds, from when the folder, or the library, is open. */
async function sharpAlone(dataDir: string): Promise<number> {
  const target = join(dataDir, 'thumbs');
  await mkdir(target);
  const start = performance.now();
  const width = mediaSizes.thumb;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < paths.length) {
      const index = next++;
      const thumb = await sharp(await readFile(paths[index]!))
        .autoOrient()
        .resize({ width, height: width * 2, fit: 'inside', withoutEnlargement: true })
        .webp(renditionOptions.thumb)
        .toBuffer();
      await writeFile(join(target, `${index}.webp`), thumb);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return performance.now() - start;
}

async function imported(dataDir: string): Promise<number> {
  const database = openDatabase(join(dataDir, 'library.db'));
  const files = new Files(dataDir);
  const target = new Library({ database, files, clock: systemClock });
  const jobs = new Jobs({ database, clock: systemClock, ids: randomIds });
  jobs.register('import', importRunner(target, { exclude: [files.root] }));
  const start = performance.now();
  const job = await jobs.waitFor(startImport(jobs, { paths, originals: 'leave' }).id);
  const took = performance.now() - start;
  if (job.state !== 'done' || job.done !== paths.length || job.failed > 0) {
    throw new Error(
      `The import ended ${job.state} with ${job.done} of ${paths.length}, ${job.failed} failed.`,
    );
  }
  await jobs.close();
  database.close();
  return took;
}
