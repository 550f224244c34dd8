import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Models } from '../../src/main/models/models.ts';
import { Packs } from '../../src/main/models/packs.ts';
import { bytesTensor, floats, Sessions } from '../../src/main/models/session.ts';
import { resourcePath } from '../../src/main/resources.ts';
import { sceneFromWords } from '../../src/main/sketch/scene-words.ts';
import { layerWords, pyramidLayers, wordsDownTo, type Pyramid } from '../../src/shared/pyramid.ts';
import { readManifest, readSquares } from './photos.ts';
import { atLeast, skipped, type EvalOptions, type EvalRow } from './row.ts';
import { WordList } from './word-list.ts';

const part = 'word pyramid';
/** Scenes that nothing was trained on: the training used other seeds. */
const scenesSeed = 424_242;
/** Pictures on which the figures of PyTorch and of onnxruntime are compared: the first of the scenes. */
const comparedScenes = 200;
const repository = resolve(import.meta.dirname, '../..');

const SceneRowSchema = z.object({
  file: z.string(),
  figures: z.array(
    z.object({ name: z.string(), x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  ),
  place: z.string(),
  time: z.string(),
});
type SceneRow = z.infer<typeof SceneRowSchema>;

/** What the painter's places show of things by themselves: naming it is neither right nor wrong. */
const scenery = new Set(
  'tree flower house building plant rock fence furniture table bed couch chair mushroom castle clothes boat'.split(
    ' ',
  ),
);

/** Words of photos against human captions, of painted scenes against their figures, and scenes redrawn from words. */
export async function pyramid({ shared, quick, progress }: EvalOptions): Promise<EvalRow[]> {
  const packs = new Packs([resourcePath('models')]);
  const models = new Models({ packs });
  const list = new WordList();
  try {
    if (models.wordsPack === null) return [skipped(part, 'the pack reads no words')];
    return [
      ...(await photos(models, list, shared, quick ? 40 : 1000)),
      ...(await scenes(models, packs, list, quick ? 40 : 1000, progress)),
    ];
  } finally {
    await models.close();
  }
}

async function photos(models: Models, list: WordList, shared: string, count: number): Promise<EvalRow[]> {
  const found = readManifest(join(shared, 'photos'), 'flickr8k', 'dev')?.slice(0, count);
  if (!found) return [skipped(part, `${join(shared, 'photos')} is not there`)];
  const squares = await readSquares(
    found.map(({ file }) => join(shared, 'photos', file)),
    models.wordsImageSize,
  );
  const pyramids = await models.readWords(squares);
  const said = found.map(
    ({ captions = [] }) => new Set(captions.flatMap((caption) => [...list.read(caption)])),
  );
  const shares = pyramidLayers.map((layer) => {
    const words = pyramids.flatMap((one, at) =>
      layerWords(one, layer).map(({ word, probability }) => ({ word, probability, at })),
    );
    const right = words.filter(({ word, at }) => said[at]!.has(word)).length / words.length;
    const shuffled =
      words.filter(({ word, at }) => said[(at + 7) % said.length]!.has(word)).length / words.length;
    const expected = words.reduce((sum, { probability }) => sum + probability, 0) / words.length;
    return { layer, right, shuffled, expected, each: words.length / pyramids.length };
  });
  const on = `Flickr8k dev ${found.length}`;
  const rows = shares.map(({ layer, right, shuffled, expected, each }): EvalRow => ({
    part,
    what: `layer-${layer} words that a human caption says, ${on}`,
    value: right,
    note: `${each.toFixed(1)} a photo; the pack gives them ${expected.toFixed(3)}; of another photo's captions ${shuffled.toFixed(3)}`,
  }));
  const order = shares[0]!.right >= shares[1]!.right && shares[1]!.right >= shares[2]!.right;
  return [
    ...rows,
    {
      part,
      what: `higher layers are right more often, ${on}`,
      value: order ? 'yes' : 'no',
      asked: 'yes',
      met: order,
    },
  ];
}

async function scenes(
  models: Models,
  packs: Packs,
  list: WordList,
  count: number,
  progress: EvalOptions['progress'],
): Promise<EvalRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fabula-eval-'));
  try {
    const made = spawnSync(
      process.execPath,
      ['training/world/make.ts', '--count', String(count), '--seed', String(scenesSeed), '--out', folder],
      { cwd: repository, encoding: 'utf8' },
    );
    if (made.status !== 0) throw new Error(made.stderr);
    const rows = readFileSync(join(folder, 'scenes.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => SceneRowSchema.parse(JSON.parse(line)));
    const squares = await readSquares(
      rows.map(({ file }) => join(folder, file)),
      models.wordsImageSize,
    );
    const pyramids = await models.readWords(squares);
    progress('scenes captioned');
    const captions = await models.captionImages(squares);
    const on = `${rows.length} unseen painted scenes`;
    return [
      ...namedFigures(rows, pyramids, captions, list, on),
      ...redrawn(rows, pyramids, list, on),
      await agreement(packs, squares.slice(0, comparedScenes), count),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The figures that captions name, and those that words of 0.5 and more do. */
function namedFigures(
  rows: readonly SceneRow[],
  pyramids: readonly Pyramid[],
  captions: readonly { text: string }[],
  list: WordList,
  on: string,
): EvalRow[] {
  const part = 'illustrations';
  const isThing = (word: string): boolean => list.kinds.get(word) === 'thing';
  const told = scoreNames(
    rows,
    captions.map(({ text }) => [...list.said(text)].filter(isThing)),
    list,
  );
  const seen = scoreNames(
    rows,
    pyramids.map((pyramid) =>
      wordsDownTo(pyramid, 3)
        .filter(({ kind, probability }) => kind === 'thing' && probability >= 0.5)
        .map(({ word }) => word),
    ),
    list,
  );
  return [
    atLeast(part, `figures named in captions that are right, ${on}`, told.right, 0.8, `${told.named} named`),
    { part, what: `figures that captions name, ${on}`, value: told.found, note: `of ${told.figures}` },
    atLeast(
      part,
      `figures named by words of 0.5 and more that are right, ${on}`,
      seen.right,
      0.8,
      `${seen.named} named`,
    ),
    { part, what: `figures that these words name, ${on}`, value: seen.found, note: `of ${seen.figures}` },
  ];
}

/**
 * @param names of figures, for each scene
 * @returns `right`: the share of names that a figure of the scene has, or that are broader than what it has; `found`: the
 *   share of figures that are named, or named by something narrower
 */
function scoreNames(
  rows: readonly SceneRow[],
  names: readonly string[][],
  list: WordList,
): { named: number; right: number; figures: number; found: number } {
  let named = 0;
  let right = 0;
  let figures = 0;
  let found = 0;
  for (const [at, { figures: drawn }] of rows.entries()) {
    const own = drawn.map(({ name }) => ({ narrow: list.said(name), all: list.read(name) }));
    const people = own.filter(({ all }) => all.has('person')).length > 1 ? ['people'] : [];
    const all = new Set([...own.flatMap((figure) => [...figure.all]), ...people]);
    for (const word of names[at]!) {
      if (!all.has(word) && scenery.has(word)) continue;
      named += 1;
      if (all.has(word)) right += 1;
    }
    const told = new Set(names[at]!.flatMap((word) => [word, ...list.broader(word)]));
    figures += own.length;
    found += own.filter(({ narrow }) => [...narrow].some((word) => told.has(word))).length;
  }
  return { named, right: right / named, figures, found: found / figures };
}

/** Scenes drawn anew from the words read off their pictures, against what they were drawn from. */
function redrawn(
  rows: readonly SceneRow[],
  pyramids: readonly Pyramid[],
  list: WordList,
  on: string,
): EvalRow[] {
  let figures = 0;
  let kept = 0;
  let inPlace = 0;
  let places = 0;
  let times = 0;
  let drawn = 0;
  for (const [at, row] of rows.entries()) {
    const scene = sceneFromWords(wordsDownTo(pyramids[at]!, 3), { seed: 1 });
    drawn += scene.figures.length;
    if (scene.place === row.place) places += 1;
    if (scene.time === row.time) times += 1;
    for (const { name, x, y, w, h } of row.figures) {
      figures += 1;
      const words = list.read(name);
      const same = scene.figures.filter(({ word }) => words.has(word));
      if (same.length === 0) continue;
      kept += 1;
      const centred = same.some((figure) => {
        const [left, top] = [figure.x - x, figure.y - figure.height / 2 - y];
        return left >= -0.07 && left <= w + 0.07 && top >= -0.07 && top <= h + 0.07;
      });
      if (centred) inPlace += 1;
    }
  }
  const share = (value: number, of: number): number => (of === 0 ? 0 : value / of);
  return [
    {
      part,
      what: `figures kept when redrawn from words, ${on}`,
      value: share(kept, figures),
      note: `${drawn} drawn for ${figures}`,
    },
    { part, what: `kept figures that stand where they stood, ${on}`, value: share(inPlace, kept) },
    { part, what: `places kept when redrawn from words, ${on}`, value: share(places, rows.length) },
    { part, what: `hours kept when redrawn from words, ${on}`, value: share(times, rows.length) },
  ];
}

const FiguresSchema = z.object({
  scenes: z.number(),
  seed: z.number(),
  words: z.number(),
  probability: z.number(),
});

/** The words likelier than not on the first scenes, here and in PyTorch (`training/evaluate_words.py`). */
async function agreement(packs: Packs, squares: readonly Uint8Array[], made: number): Promise<EvalRow> {
  const what = `words likelier than not, onnxruntime against PyTorch, ${comparedScenes} scenes`;
  const file = join(repository, 'training/figures/pyramid.json');
  if (!existsSync(file)) return skipped(part, 'training/figures/pyramid.json is not there');
  if (made < comparedScenes) return skipped(part, 'too few scenes to compare with PyTorch');
  const asked = FiguresSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { folder, role } = packs.get('words');
  const sessions = new Sessions({ threads: 1 });
  const vision = await sessions.get(join(folder, role.vision));
  const network = await sessions.get(join(folder, role.words));
  let words = 0;
  for (const pixels of squares) {
    const [tokens] = await vision.run(
      { pixels: bytesTensor(pixels, [1, role.imageSize, role.imageSize, 3]) },
      ['tokens'],
    );
    const [presence] = await network.run({ tokens: tokens! }, ['presence']);
    for (const probability of floats(presence!)) if (probability >= 0.5) words += 1;
  }
  const met = Math.abs(words - asked.words) <= 0.01 * asked.words;
  return { part, what, value: words, asked: `${asked.words} ± 1 %`, met };
}
