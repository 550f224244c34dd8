/**
 * The interleaved model (GILL): pictures found by a caption alone and after others, captions the writer puts pictures
 * into, and what its condition gives back of scenes it has not seen; all through the app's own code.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Condition } from '../../src/shared/condition.ts';
import { FabulaError } from '../../src/shared/errors.ts';
import { Models } from '../../src/main/models/models.ts';
import { Packs } from '../../src/main/models/packs.ts';
import { resourcePath } from '../../src/main/resources.ts';
import { mapped, readManifest, readSquares, recalls, scoreCaptions, type Recalls } from './photos.ts';
import { agreement, atLeast, skipped, type EvalOptions, type EvalRow } from './row.ts';

const part = 'interleaved model';
/** How much better the fifth of five captions is to find its photo than alone (issue 4; Koh et al. 2023, table 2). */
const contextHelps = 1.3;

const FiguresSchema = z.object({
  one: z.number(),
  five: z.number(),
  scenes: z.array(
    z.object({
      texts: z.array(z.string()),
      place: z.string(),
      time: z.string(),
      weather: z.string(),
      figures: z.array(z.object({ icon: z.string(), x: z.number() })),
    }),
  ),
  place: z.number(),
  figures: z.number(),
  right: z.number(),
  stand: z.number(),
});

/** Scores the role `join` of the packs in `packFolder`. */
export async function joint(options: EvalOptions, packFolder = resourcePath('models')): Promise<EvalRow[]> {
  const models = new Models({ packs: new Packs([packFolder]) });
  try {
    if (models.joinPack === null) return [skipped(part, 'no pack joins pictures to the writer')];
    return [...(await photos(models, options)), ...(await scenes(models, options))];
  } finally {
    await models.close();
  }
}

/** The vector of a story; of one the writer takes for another language the text's own, as Match does. */
async function vectorOf(models: Models, panels: { picture: null; text: string }[]): Promise<Float32Array> {
  try {
    return (await models.readStory(panels, [])).vector;
  } catch (error) {
    if (!(error instanceof FabulaError && error.code === 'unavailable')) throw error;
    const [vector] = await models.encodeTexts([panels.at(-1)!.text]);
    return vector!;
  }
}

/** The condition of a story; one the writer takes for another language tells nothing. */
async function conditionOf(models: Models, panels: { picture: null; text: string }[]): Promise<Condition> {
  try {
    return (await models.readStory(panels, [])).condition;
  } catch (error) {
    if (!(error instanceof FabulaError && error.code === 'unavailable')) throw error;
    return { place: null, time: null, weather: null, figures: [] };
  }
}

/** PyTorch's figures on the same inputs, by `training/evaluate_joint.py`. */
function theirs(): z.infer<typeof FiguresSchema> | null {
  const file = join(import.meta.dirname, '../../training/figures/joint.json');
  return existsSync(file) ? FiguresSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
}

async function photos(models: Models, { shared, quick, progress }: EvalOptions): Promise<EvalRow[]> {
  const manifest = readManifest(join(shared, 'photos'), 'flickr8k', 'dev');
  if (manifest === null) return [skipped(part, `${join(shared, 'photos')} is missing`)];
  const rows = manifest.filter((row) => (row.captions?.length ?? 0) >= 5).slice(0, quick ? 40 : 1000);
  const squares = await readSquares(
    rows.map(({ file }) => join(shared, 'photos', file)),
    models.imageSize,
    progress,
  );
  progress('photos encoded');
  const pictures = await models.encodeImages(squares);
  const asked = async (
    what: string,
    captions: (row: (typeof rows)[number]) => string[],
  ): Promise<Recalls> => {
    const vectors = await mapped(
      rows,
      (row) =>
        vectorOf(
          models,
          captions(row).map((text) => ({ picture: null, text })),
        ),
      (done, total) => progress(what, done, total),
    );
    return recalls(vectors, pictures, (query, at) => query === at);
  };
  const one = await asked('asked by one caption', (row) => row.captions!.slice(4, 5));
  const five = await asked('asked by five captions', (row) => row.captions!.slice(0, 5));
  const whole = theirs();
  const encoded = await models.encodeTexts(rows.map((row) => row.captions!.slice(0, 5).join(' ')));
  const alone = await models.encodeTexts(rows.map((row) => row.captions![4]!));
  const concatenated = recalls(encoded, pictures, (query, at) => query === at);
  const plain = recalls(alone, pictures, (query, at) => query === at);
  const found: EvalRow[] = [
    {
      part,
      what: `R@1 of one caption, Flickr8k dev ${rows.length}`,
      value: one['R@1'],
      note: `R@10 ${one['R@10'].toFixed(3)}`,
    },
    {
      part,
      what: 'R@1 of the same caption after four others',
      value: five['R@1'],
      note: `R@10 ${five['R@10'].toFixed(3)}`,
    },
    atLeast(
      part,
      'R@1 with five captions as context, times that of one',
      five['R@1'] / one['R@1'],
      contextHelps,
    ),
    {
      part,
      what: 'R@1 of the text encoder: one caption',
      value: plain['R@1'],
      note: `R@10 ${plain['R@10'].toFixed(3)}`,
    },
    {
      part,
      what: 'R@1 of the text encoder: five captions in one query',
      value: concatenated['R@1'],
      note: 'what Match never does',
    },
  ];
  if (whole !== null && !quick) {
    for (const [what, ours, other] of [
      ['R@1 of one caption', one['R@1'], whole.one],
      ['R@1 of five captions', five['R@1'], whole.five],
    ] as const) {
      found.push(agreement(part, what, ours, other, rows.length));
    }
  }
  const shown = squares.slice(0, quick ? 20 : rows.length);
  const batches = Array.from({ length: Math.ceil(shown.length / 8) }, (_, at) =>
    shown.slice(8 * at, 8 * at + 8),
  );
  const told = (
    await mapped(
      batches,
      (some) => models.tellImages(some),
      (done) => progress('photos told of', 8 * done, shown.length),
    )
  ).flat();
  const scores = scoreCaptions(
    shared,
    told.map(({ text }, at) => ({ photo: rows[at]!, caption: text })),
  );
  if (scores === null) found.push(skipped(part, 'captions: caption_metrics.py or python3 is missing'));
  else {
    found.push(
      {
        part,
        what: 'captions of the writer that sees, Flickr8k dev: CIDEr-D',
        value: scores.cider_d,
        note: `${scores.distinct} different ones of ${scores.n}`,
      },
      {
        part,
        what: 'the same: content precision, times shuffled',
        value: scores.content_precision / Math.max(1e-9, scores.content_precision_shuffled),
      },
    );
  }
  return found;
}

/** What the condition gives back of painted scenes it has not seen, told by their descriptions. */
async function scenes(models: Models, { quick, progress }: EvalOptions): Promise<EvalRow[]> {
  const whole = theirs();
  if (whole === null) return [skipped(part, 'training/figures/joint.json is missing')];
  const rows = whole.scenes.slice(0, quick ? 30 : whole.scenes.length);
  let place = 0;
  const figures = { all: 0, found: 0, said: 0, stand: 0 };
  const conditions = await mapped(
    rows,
    ({ texts }) =>
      conditionOf(
        models,
        texts.map((text) => ({ picture: null, text })),
      ),
    (done, total) => progress('scenes told', done, total),
  );
  for (const [at, scene] of rows.entries()) {
    const condition = conditions[at]!;
    if (condition.place?.name === scene.place) place++;
    figures.said += condition.figures.length;
    const wanted = [...new Map(scene.figures.map((figure) => [figure.icon, figure])).values()];
    figures.all += wanted.length;
    for (const { icon, x } of wanted) {
      const shown = condition.figures.find((figure) => figure.icon === icon);
      if (!shown) continue;
      figures.found++;
      if (Math.abs(shown.x - x) <= 1 / 6) figures.stand++;
    }
  }
  const share = (count: number, all: number): number => count / Math.max(1, all);
  const ours = {
    place: share(place, rows.length),
    figures: share(figures.found, figures.all),
    right: share(figures.found, figures.said),
    stand: share(figures.stand, figures.found),
  };
  return [
    { part, what: `places in the painter's condition, ${rows.length} unseen scenes`, value: ours.place },
    { part, what: 'figures of the scenes that it tells of', value: ours.figures },
    { part, what: 'figures it tells of that are in the scene', value: ours.right },
    { part, what: 'figures it tells of, within a sixth of the width of where they stand', value: ours.stand },
    ...(quick
      ? []
      : [
          agreement(part, 'places in the condition', ours.place, whole.place, rows.length),
          agreement(part, 'figures of the scenes told of', ours.figures, whole.figures, figures.all),
          agreement(part, 'figures told of that are in the scene', ours.right, whole.right, figures.said),
        ]),
  ];
}
