/**
 * How well the pack in use finds pictures by text and texts by picture, and how good its captions are, on photos it
 * was not trained on.
 *
 *   npm run bench:retrieval -- [--dataset flickr8k] [--split dev] [--shared DIR] [--captions out.jsonl]
 *
 * Text to picture: each human caption is searched for among all photos. Picture to text: each photo among all
 * captions, and found when one of its own is. Photos go the way they go in the app: files, library, worker. Prints one
 * JSON object; with `python3` the captions are scored by `../shared/tools/caption_metrics.py` as well.
 */
import { writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Models } from '../src/main/models/models.ts';
import { Packs } from '../src/main/models/packs.ts';
import { resourcePath } from '../src/main/resources.ts';
import { readManifest, readSquares, recalls, scoreCaptions } from './eval/photos.ts';

const { values } = parseArgs({
  options: {
    shared: { type: 'string', default: resolve(import.meta.dirname, '../../shared') },
    dataset: { type: 'string', default: 'flickr8k' },
    split: { type: 'string', default: 'dev' },
    captions: { type: 'string' },
    pack: { type: 'string', default: resourcePath('models') },
  },
});

const photos = join(values.shared, 'photos');
const rows = readManifest(photos, values.dataset, values.split)?.filter((row) => row.captions?.length);
if (!rows) {
  console.log(`retrieval: skipped, ${photos} has no manifest.jsonl`);
  process.exit(0);
}
if (rows.length === 0)
  throw new Error(`${photos} has no captioned photos of ${values.dataset}/${values.split}.`);

const models = new Models({ packs: new Packs([values.pack]) });
try {
  const squares = await readSquares(
    rows.map(({ file }) => join(photos, file)),
    models.imageSize,
  );
  const pictures = await models.captionAndEncode(squares);
  const texts = rows.flatMap((row, photo) => (row.captions ?? []).map((text) => ({ text, photo })));
  const vectors = await models.encodeTexts(texts.map(({ text }) => text));
  const images = pictures.map(({ vector }) => vector);
  const captions = rows.map((photo, at) => ({ photo, caption: pictures[at]!.text }));
  if (values.captions !== undefined) {
    const lines = captions.map(({ photo, caption }) =>
      JSON.stringify({ file: basename(photo.file), caption }),
    );
    writeFileSync(values.captions, `${lines.join('\n')}\n`);
  }
  console.log(
    JSON.stringify({
      pack: models.space,
      photos: rows.length,
      texts: texts.length,
      textToPicture: recalls(vectors, images, (text, photo) => texts[text]!.photo === photo),
      pictureToText: recalls(images, vectors, (photo, text) => texts[text]!.photo === photo),
      captions: scoreCaptions(values.shared, captions),
    }),
  );
} finally {
  await models.close();
}
