import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Models } from '../../src/main/models/models.ts';
import { Packs } from '../../src/main/models/packs.ts';
import { resourcePath } from '../../src/main/resources.ts';
import { readManifest, readSquares, recalls, scoreCaptions, type CaptionScores } from './photos.ts';
import { agreement, atLeast, skipped, type EvalOptions, type EvalRow } from './row.ts';

/** What PyTorch makes of the same photos: `training/evaluate.py --torch --figures training/figures/starter.json`. */
const FiguresSchema = z.object({
  photos: z.number(),
  text_to_image: z.object({ r1: z.number(), r5: z.number(), r10: z.number() }),
  captions: z.object({ cider_d: z.number(), bleu4: z.number(), content_precision: z.number() }).optional(),
});
const figuresFile = join(import.meta.dirname, '../../training/figures/starter.json');

/** Captions of Flickr8k's dev photos, and finding those photos by their human captions. */
export async function captions({ shared, quick, progress }: EvalOptions): Promise<EvalRow[]> {
  const photos = readManifest(join(shared, 'photos'), 'flickr8k', 'dev')?.slice(0, quick ? 100 : undefined);
  if (!photos) return [skipped('captions', `${join(shared, 'photos')} is not there`)];
  const models = new Models({ packs: new Packs([resourcePath('models')]) });
  try {
    const squares = await readSquares(
      photos.map(({ file }) => join(shared, 'photos', file)),
      models.imageSize,
      progress,
    );
    progress('photos captioned');
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
    return [...rows, ...besidePyTorch(photos.length, texts.length, scores, found['R@10'])];
  } finally {
    await models.close();
  }
}

/** The app's figures beside PyTorch's, where PyTorch was asked about the same photos. */
function besidePyTorch(
  photos: number,
  texts: number,
  scores: CaptionScores | null,
  recall: number,
): EvalRow[] {
  if (!existsSync(figuresFile))
    return [skipped('captions', 'PyTorch: training/figures/starter.json is not there')];
  const theirs = FiguresSchema.parse(JSON.parse(readFileSync(figuresFile, 'utf8')));
  if (theirs.photos !== photos) return [];
  const { captions: written, text_to_image: retrieved } = theirs;
  return [
    ...(scores && written
      ? [
          agreement('captions', 'CIDEr-D', scores.cider_d, written.cider_d),
          agreement('captions', 'BLEU-4', scores.bleu4, written.bleu4),
        ]
      : []),
    agreement('retrieval', 'text to picture R@10', recall, retrieved.r10, texts),
  ];
}
