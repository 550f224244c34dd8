import { join } from 'node:path';
import { labelOdds, labelThreshold, nextQuestion, type Answer } from '../../src/main/labels/fit.ts';
import { labelTexts, nameVector } from '../../src/main/labels/name.ts';
import { Models } from '../../src/main/models/models.ts';
import { Packs } from '../../src/main/models/packs.ts';
import { resourcePath } from '../../src/main/resources.ts';
import { readManifest, readSquares } from './photos.ts';
import { skipped, type EvalOptions, type EvalRow } from './row.ts';

/** Folders of photos that are sorted by what they show, and what a person would call each kind. */
const sets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  intel_scenes: {
    buildings: 'buildings',
    forest: 'forest',
    glacier: 'glacier',
    mountain: 'mountain',
    sea: 'sea',
    street: 'street',
  },
  dogcat_ardamavi: { dog: 'dog', cat: 'cat' },
  tf_flowers: {
    daisy: 'daisy',
    dandelion: 'dandelion',
    roses: 'rose',
    sunflowers: 'sunflower',
    tulips: 'tulip',
  },
};
const answerCounts = [0, 5, 10] as const;
/** Photos of each kind: half are asked about, half are judged. */
const photosOfKind = 60;

/**
 * Own labels: every kind of each set as a label, with no answers and with a few, asked about the photos the app would
 * ask about and answered truly; judged on photos that were not among those asked about.
 */
export async function labels({ shared, quick }: EvalOptions): Promise<EvalRow[]> {
  const photos = join(shared, 'photos');
  const rows: EvalRow[] = [];
  const models = new Models({ packs: new Packs([resourcePath('models')]) });
  try {
    for (const [dataset, names] of Object.entries(sets)) {
      const all = readManifest(photos, dataset);
      if (!all || all.length === 0) {
        rows.push(skipped('labels', `${join(photos, dataset)} is not there`));
        continue;
      }
      const kinds = [...new Set(all.flatMap((photo) => photo.labels ?? []))].filter((kind) => kind in names);
      const chosen = kinds.flatMap((kind) =>
        all.filter((photo) => photo.labels?.includes(kind)).slice(0, quick ? 12 : photosOfKind),
      );
      const squares = await readSquares(
        chosen.map(({ file }) => join(photos, file)),
        models.imageSize,
      );
      const vectors = await models.encodeImages(squares);
      const dimensions = vectors[0]!.length;
      const matrix = new Float32Array(vectors.length * dimensions);
      for (const [row, vector] of vectors.entries()) matrix.set(vector, row * dimensions);
      const scores = new Map(answerCounts.map((count) => [count, { right: 0, of: 0, f1: [] as number[] }]));
      for (const kind of kinds) {
        const text = nameVector(await models.encodeTexts(labelTexts(names[kind]!)));
        const isKind = (row: number): boolean => chosen[row]!.labels!.includes(kind);
        const odds = (answers: readonly Answer[]): Float64Array =>
          labelOdds(
            { matrix, count: vectors.length, dimensions },
            text,
            (s) => models.probability(s),
            answers,
          );
        const answers: Answer[] = [];
        for (const count of answerCounts) {
          while (answers.length < count) {
            const now = odds(answers);
            // Photos of even places are asked about, those of odd places judged.
            const threshold = labelThreshold(now);
            const judged = Array.from(now.keys()).filter((at) => at % 2 === 1);
            const known = [...answers, ...judged.map((at) => ({ row: at, yes: false }))];
            const row = nextQuestion(now, threshold, known)!;
            answers.push({ row, yes: isKind(row) });
          }
          const now = odds(answers);
          const threshold = labelThreshold(now);
          let [hits, said, there] = [0, 0, 0];
          const score = scores.get(count)!;
          for (let row = 1; row < vectors.length; row += 2) {
            const yes = now[row]! >= threshold;
            const truly = isKind(row);
            if (yes) said++;
            if (truly) there++;
            if (yes && truly) hits++;
            score.right += yes === truly ? 1 : 0;
            score.of += 1;
          }
          score.f1.push(said + there === 0 ? 0 : (2 * hits) / (said + there));
        }
      }
      for (const count of answerCounts) {
        const { right, of, f1 } = scores.get(count)!;
        const mean = f1.reduce((sum, one) => sum + one, 0) / f1.length;
        rows.push({
          part: 'labels',
          what: `F1 over ${kinds.length} labels after ${count} answers, ${dataset} ${chosen.length}`,
          value: Number(mean.toFixed(4)),
          note: `accuracy ${(right / of).toFixed(4)}`,
        });
      }
    }
    return rows;
  } finally {
    await models.close();
  }
}
