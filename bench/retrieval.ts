/**
 * How well the pack in use finds pictures by text and texts by picture, and how good its captions are, on photos it
 * was not trained on.
 *
 *   npm run bench:retrieval -- [--dataset flickr8k] [--split dev] [--photos DIR] [--captions out.jsonl]
 *
 * Text to picture: each human caption is searched for among all photos. Picture to text: each photo among all
 * captions, and found when one of its own is. Photos go the way they go in the app: files, library, worker. Prints one
 * JSON object; with `python3` the captions are scored by `../shared/tools/caption_metrics.py` as well.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Files } from '../src/main/library/files.ts';
import { Library } from '../src/main/library/library.ts';
import { Models, type CaptionedPicture } from '../src/main/models/models.ts';
import { Packs } from '../src/main/models/packs.ts';
import { systemClock } from '../src/main/ports.ts';
import { resourcePath } from '../src/main/resources.ts';
import { openDatabase } from '../src/main/store/database.ts';

const shared = resolve(import.meta.dirname, '../../shared');
const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: join(shared, 'photos') },
    dataset: { type: 'string', default: 'flickr8k' },
    split: { type: 'string', default: 'dev' },
    captions: { type: 'string' },
    pack: { type: 'string', default: resourcePath('models') },
  },
});

const RowSchema = z.object({
  file: z.string(),
  dataset: z.string(),
  split: z.string().optional(),
  captions: z.array(z.string()).optional(),
});
const manifest = join(values.photos, 'manifest.jsonl');
if (!existsSync(manifest)) {
  console.log(`retrieval: skipped, ${manifest} is not there`);
  process.exit(0);
}
const rows = readFileSync(manifest, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => RowSchema.parse(JSON.parse(line)))
  .filter((row) => row.dataset === values.dataset && row.split === values.split && row.captions?.length);
if (rows.length === 0)
  throw new Error(`${manifest} has no captioned photos of ${values.dataset}/${values.split}.`);

const models = new Models({ packs: new Packs([values.pack]) });
const scratch = mkdtempSync(join(tmpdir(), 'fabula-bench-'));
const database = openDatabase(join(scratch, 'library.db'));

async function readPhotos(): Promise<CaptionedPicture[]> {
  const library = new Library({ database, files: new Files(scratch), clock: systemClock });
  const pictures: CaptionedPicture[] = [];
  for (let start = 0; start < rows.length; start += models.batch) {
    const squares = await Promise.all(
      rows.slice(start, start + models.batch).map(async ({ file }) => {
        const square = models.imageSize;
        const picture = await library.prepareFile(join(values.photos, file), { originals: 'leave', square });
        return picture.square!;
      }),
    );
    pictures.push(...(await models.captionAndEncode(squares)));
  }
  return pictures;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

/** The share of queries with a right answer among the first 1, 5 and 10, and the median rank of the best one. */
function recalls(
  queries: readonly Float32Array[],
  found: readonly Float32Array[],
  right: (query: number, at: number) => boolean,
) {
  const ranks = queries.map((query, index) => {
    const similarities = found.map((vector) => dot(vector, query));
    const best = Math.max(...similarities.filter((_, at) => right(index, at)));
    return similarities.filter((similarity) => similarity > best).length;
  });
  const share = (k: number): number =>
    Number((ranks.filter((rank) => rank < k).length / ranks.length).toFixed(4));
  const median = ranks.toSorted((a, b) => a - b)[Math.floor(ranks.length / 2)]! + 1;
  return { 'R@1': share(1), 'R@5': share(5), 'R@10': share(10), medianRank: median };
}

function captionScores(file: string): unknown {
  const script = join(shared, 'tools/caption_metrics.py');
  if (!existsSync(script)) return null;
  const args = [
    script,
    '--captions',
    file,
    '--references',
    manifest,
    '--split',
    values.split,
    '--dataset',
    values.dataset,
  ];
  const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

try {
  const pictures = await readPhotos();
  const texts = rows.flatMap((row, photo) => (row.captions ?? []).map((text) => ({ text, photo })));
  const vectors = await models.encodeTexts(texts.map(({ text }) => text));
  const images = pictures.map(({ vector }) => vector);

  const file = values.captions ?? join(scratch, 'captions.jsonl');
  const lines = rows.map((row, index) =>
    JSON.stringify({ file: basename(row.file), caption: pictures[index]!.text }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
  console.log(
    JSON.stringify({
      pack: models.space,
      photos: rows.length,
      texts: texts.length,
      textToPicture: recalls(vectors, images, (text, photo) => texts[text]!.photo === photo),
      pictureToText: recalls(images, vectors, (photo, text) => texts[text]!.photo === photo),
      captions: captionScores(file),
    }),
  );
} finally {
  await models.close();
  database.close();
  rmSync(scratch, { recursive: true, force: true });
}
