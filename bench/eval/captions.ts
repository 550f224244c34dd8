import { join } from 'node:path';
import { Models } from '../../src/main/models/models.ts';
import { Packs } from '../../src/main/models/packs.ts';
import { resourcePath } from '../../src/main/resources.ts';
import { readManifest, readSquares, recalls, scoreCaptions } from './photos.ts';
import { atLeast, skipped, type EvalOptions, type EvalRow } from './row.ts';

/** Captions of Flickr8k's dev photos, and finding those photos by their human captions. */
export async function captions({ shared, quick }: EvalOptions): Promise<EvalRow[]> {
  const photos = readManifest(join(shared, 'photos'), 'flickr8k', 'dev')?.slice(0, quick ? 100 : undefined);
  if (!photos) return [skipped('captions', `${join(shared, 'photos')} is not there`)];
  const models = new Models({ packs: new Packs([resourcePath('models')]) });
  try {
    const squares = await readSquares(
      photos.map(({ file }) => join(shared, 'photos', file)),
      models.imageSize,
    );
    const pictures = await models.captionAndEncode(squares);
    const scores = scoreCaptions(
      shared,
      photos.map((photo, at) => ({ photo, caption: pictures[at]!.text })),
    );
    const on = `Flickr8k dev ${photos.length}`;
    const rows: EvalRow[] = [];
    if (scores) {
      const times = scores.content_precision / scores.content_precision_shuffled;
      rows.push(
        atLeast('captions', `CIDEr-D, ${on}`, scores.cider_d, 0.42),
        atLeast('captions', `BLEU-4, ${on}`, scores.bleu4, 0.16),
        atLeast(
          'captions',
          `content precision, times that of shuffled pairs, ${on}`,
          times,
          2.5,
          `${scores.content_precision} against ${scores.content_precision_shuffled}`,
        ),
      );
    } else {
      rows.push(skipped('captions', `python3 with ${join(shared, 'tools/caption_metrics.py')} is not there`));
    }
    const texts = photos.flatMap((photo, at) => (photo.captions ?? []).map((text) => ({ text, at })));
    const vectors = await models.encodeTexts(texts.map(({ text }) => text));
    const images = pictures.map(({ vector }) => vector);
    const found = recalls(vectors, images, (query, at) => texts[query]!.at === at);
    rows.push(
      atLeast(
        'retrieval',
        `text to picture R@10, ${on}`,
        found['R@10'],
        0.3,
        `R@1 ${found['R@1'].toFixed(3)}, R@5 ${found['R@5'].toFixed(3)}, median rank ${found.medianRank}`,
      ),
    );
    return rows;
  } finally {
    await models.close();
  }
}
