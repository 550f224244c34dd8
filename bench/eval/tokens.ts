import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { bytesTensor, floats, Sessions } from '../../src/main/models/session.ts';
import { Packs } from '../../src/main/models/packs.ts';
import { keepTokens } from '../../src/main/models/starter/kept-tokens.ts';
import { Starter } from '../../src/main/models/starter/starter.ts';
import { resourcePath } from '../../src/main/resources.ts';
import { median } from '../median.ts';
import { readManifest, readSquares, scoreCaptions } from './photos.ts';
import { atLeast, atMost, skipped, type EvalOptions, type EvalRow } from './row.ts';

const ROUNDS = 5;

/** Image tokens: as many as a picture needs against all of them, and detail mined against none. */
export async function tokens({ shared, quick }: EvalOptions): Promise<EvalRow[]> {
  return [...minedRows(), ...(await keptRows(shared, quick))];
}

const MiningSchema = z.object({
  scenes: z.number(),
  steps: z.number(),
  small_figures: z.number(),
  mined: z.object({ small_recall: z.number(), recall: z.number() }),
  plain: z.object({ small_recall: z.number(), recall: z.number() }),
});

/** What `training/evaluate_mining.py` made of tokens trained with and without mining for the same steps. */
function minedRows(): EvalRow[] {
  const file = resolve(import.meta.dirname, '../../training/figures/mining.json');
  if (!existsSync(file)) return [skipped('mining', `${file} is not there`)];
  const { scenes, steps, small_figures, mined, plain } = MiningSchema.parse(
    JSON.parse(readFileSync(file, 'utf8')),
  );
  const what = `recall of ${small_figures} figures under 3 % of the picture, ${scenes} unseen scenes, 49 tokens, ${steps} steps`;
  return [
    {
      part: 'mining',
      what: `${what}, with mining`,
      value: mined.small_recall,
      asked: `> ${plain.small_recall}`,
      met: mined.small_recall > plain.small_recall,
      note: 'PyTorch, training/evaluate_mining.py',
    },
    { part: 'mining', what: `${what}, without`, value: plain.small_recall, note: '--no-mining' },
    { part: 'mining', what: 'all figures, with and without', value: `${mined.recall} and ${plain.recall}` },
  ];
}

async function keptRows(shared: string, quick: boolean): Promise<EvalRow[]> {
  const part = 'dynamic tokens';
  const { role, folder } = new Packs([resourcePath('models')]).get('caption');
  if (!role.tokenCounts) return [skipped(part, 'the pack in use keeps every token')];
  const photos = readManifest(join(shared, 'photos'), 'flickr8k', 'dev')?.slice(0, quick ? 96 : undefined);
  if (!photos) return [skipped(part, `${join(shared, 'photos')} is not there`)];

  const squares = await readSquares(
    photos.map(({ file }) => join(shared, 'photos', file)),
    role.imageSize,
  );
  const batches: Uint8Array[][] = [];
  for (let start = 0; start < squares.length; start += role.batch)
    batches.push(squares.slice(start, start + role.batch));
  const sessions = new Sessions({ threads: availableParallelism() });
  const starter = new Starter(sessions);

  let kept = 0;
  let all = 0;
  const vision = await sessions.get(join(folder, role.vision));
  for (const batch of batches) {
    const pixels = bytesTensor(Buffer.concat(batch), [batch.length, role.imageSize, role.imageSize, 3]);
    const need = floats((await vision.run({ pixels }, ['need']))[0]!);
    all += need.length;
    for (const group of keepTokens(need, batch.length, role.tokenCounts)) kept += group.kept.flat().length;
  }

  const places = all / squares.length;
  const ways = { kept: role, all: { ...role, tokenCounts: [places] as [number] } };
  const caption = async (way: keyof typeof ways, some: readonly Uint8Array[][]): Promise<string[]> => {
    const written: string[] = [];
    for (const batch of some) {
      const use = { folder, role: ways[way] };
      const { captions } = await starter.captionImages(
        use,
        null,
        Buffer.concat(batch),
        batch.length,
        AbortSignal.timeout(600_000),
      );
      written.push(...captions.map(({ text }) => text));
    }
    return written;
  };
  const cider: Partial<Record<keyof typeof ways, number>> = {};
  for (const way of ['kept', 'all'] as const) {
    const written = await caption(way, batches);
    const scores = scoreCaptions(
      shared,
      photos.map((photo, at) => ({ photo, caption: written[at]! })),
    );
    if (scores) cider[way] = scores.cider_d;
  }

  const few = batches.slice(0, Math.ceil(192 / role.batch));
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times: number[] = [];
    // Taking turns at going first, so that neither gains from it.
    const order = round % 2 === 0 ? (['kept', 'all'] as const) : (['all', 'kept'] as const);
    for (const way of order) {
      const began = performance.now();
      await caption(way, few);
      times[way === 'kept' ? 0 : 1] = performance.now() - began;
    }
    ratios.push(times[1]! / times[0]!);
  }

  const on = `Flickr8k dev ${photos.length}`;
  const rows = [atMost(part, `share of tokens kept, ${on}`, kept / all, 0.6)];
  if (cider.kept !== undefined && cider.all !== undefined) {
    const note = `${cider.kept} against ${cider.all} with all ${places} tokens`;
    rows.push(
      atLeast(part, `CIDEr-D, share of that with all tokens, ${on}`, cider.kept / cider.all, 0.97, note),
    );
  }
  const note = `median of ${ROUNDS} rounds of ${few.flat().length} photos, taking turns`;
  rows.push(atLeast(part, 'captions a second, times that with all tokens', median(ratios), 1.15, note));
  return rows;
}
