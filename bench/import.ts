/**
 * How fast pictures are imported, against sharp alone making the same thumbnails from the same files.
 *
 * Both take turns over the same files in the same run; the ratio printed is that of the medians. sharp alone reads,
 * decodes, resizes and encodes, four files at a time, and writes each thumbnail; the import does that and recognises,
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
import { importRunner, startImport } from '../src/main/library/import-job.ts';
import { Library } from '../src/main/library/library.ts';
import { renditionOptions } from '../src/main/library/pictures.ts';
import { walkPictures } from '../src/main/library/walk.ts';
import { randomIds, systemClock } from '../src/main/ports.ts';
import { openDatabase } from '../src/main/store/database.ts';
import { mediaSizes } from '../src/shared/contract.ts';
import { median } from './median.ts';

const atOnce = 4;

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

const alone: number[] = [];
const library: number[] = [];
for (let round = 1; round <= Number(values.rounds); round += 1) {
  alone.push(await inFolder(sharpAlone));
  library.push(await inFolder(imported));
  console.log(
    `round ${round}: sharp alone ${alone.at(-1)!.toFixed(1)}/s, import ${library.at(-1)!.toFixed(1)}/s`,
  );
}
const ratio = median(library) / median(alone);
console.log(
  `median: sharp alone ${median(alone).toFixed(1)}/s, import ${median(library).toFixed(1)}/s, ratio ${ratio.toFixed(2)} (wanted: at least 0.60)`,
);
process.exitCode = ratio >= 0.6 ? 0 : 1;

/** Pictures a second. */
async function inFolder(work: (dataDir: string) => Promise<void>): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'fabula-bench-'));
  try {
    const start = performance.now();
    await work(dataDir);
    return (paths.length * 1000) / (performance.now() - start);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function sharpAlone(dataDir: string): Promise<void> {
  const target = join(dataDir, 'thumbs');
  await mkdir(target);
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
}

async function imported(dataDir: string): Promise<void> {
  const database = openDatabase(join(dataDir, 'library.db'));
  const files = new Files(dataDir);
  const target = new Library({ database, files, clock: systemClock });
  const jobs = new Jobs({ database, clock: systemClock, ids: randomIds });
  jobs.register('import', importRunner(target, { exclude: [files.root] }));
  const job = await jobs.waitFor(startImport(jobs, { paths, originals: 'leave' }).id);
  if (job.state !== 'done' || job.done !== paths.length || job.failed > 0) {
    throw new Error(
      `The import ended ${job.state} with ${job.done} of ${paths.length}, ${job.failed} failed.`,
    );
  }
  await jobs.close();
  database.close();
}
