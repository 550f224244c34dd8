/**
 * How often "match" decides right, and how much the words of captions and names help it: with looks alone, and with
 * the words.
 *
 *   npm run bench:match -- [--photos DIR] [--count 800]
 *
 * 1. Cases (`bench/data/match-cases.json`) on the bundled sample pictures, each known by its file name alone: for half
 *    of them one sample fits, for half none does. Right is to suggest that very picture, or to suggest a sketch.
 * 2. Photos with human captions: a caption is asked, another one of the same photo is its caption in the library, and
 *    the first suggestion is right only when it is that very photo (others may fit as well, so this is a lower bound).
 *    The weights in `word-evidence.ts` were fitted on the first half of the photos; figures are of the second.
 *
 * Prints one JSON object.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { resourcePath } from '../src/main/resources.ts';
import { openStudio, type Studio } from '../src/main/studio.ts';
import type { Match } from '../src/shared/contract.ts';

const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: resolve(import.meta.dirname, '../../shared/photos') },
    count: { type: 'string', default: '800' },
  },
});
const CaseSchema = z.object({ query: z.string(), picture: z.string().nullable() });
const RowSchema = z.object({
  file: z.string(),
  dataset: z.string(),
  split: z.string().optional(),
  captions: z.array(z.string()).optional(),
});

/** What a match would be by looks alone: pictures in the order of their vectors, and the decision by the best of them. */
async function byLooks(studio: Studio, query: string, share: number) {
  const { translateToEnglish } = await import('../src/main/sketch/lexicon.ts');
  const [vector] = await studio.search.encodeTexts([translateToEnglish(query)], {});
  const [best] = studio.search.search(vector!, 1);
  const confidence = best === undefined ? 0 : studio.search.probability(best.similarity);
  return { best: best?.asset, retrieves: confidence >= 0.2 && confidence >= 0.75 * share };
}

async function withStudio<T>(work: (studio: Studio) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'fabula-bench-'));
  const studio = await openStudio({ dataDir, resident: false });
  try {
    return await work(studio);
  } finally {
    await studio.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function ask(studio: Studio, story: string, panel: string, query: string): Promise<Match> {
  return studio.illustrator.match({ story, panel, query, limit: 1, sketches: 0 });
}

/** The share of named things that a sketch of the query draws, as the decision weighs it. */
async function shareOf(query: string): Promise<number> {
  const { readScene } = await import('../src/main/sketch/read.ts');
  const scene = readScene(query, { seed: 1 });
  const drawn = new Set(scene.figures.map((figure) => figure.word.toLowerCase())).size;
  return drawn + scene.unknown.length === 0 ? 0 : drawn / (drawn + scene.unknown.length);
}

const rounded = (value: number): number => Number(value.toFixed(3));

async function sampleCases() {
  const cases = z
    .array(CaseSchema)
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'data/match-cases.json'), 'utf8')));
  return withStudio(async (studio) => {
    await studio.jobs.waitFor(studio.startImport([resourcePath('samples')], 'leave').id);
    await studio.search.embedMissing();
    const assets = studio.library.list({}, 0, 1000).assets;
    const { story } = studio.stories.create('Bench');
    const right = { looks: { fits: 0, none: 0 }, words: { fits: 0, none: 0 } };
    const wrong: string[] = [];
    for (const { query, picture } of cases) {
      const wanted = assets.find(({ name }) => name === `${picture}.png`)?.id;
      if (picture !== null && wanted === undefined) throw new Error(`No sample is called ${picture}.`);
      const kind = picture === null ? 'none' : 'fits';
      const looks = await byLooks(studio, query, await shareOf(query));
      if (picture === null ? !looks.retrieves : looks.retrieves && looks.best === wanted)
        right.looks[kind] += 1;
      const { decision, retrieved } = await ask(studio, story.id, story.panels[0]!.id, query);
      const retrieves = decision.choice === 'retrieve';
      if (picture === null ? !retrieves : retrieves && retrieved[0]?.asset === wanted) right.words[kind] += 1;
      else wrong.push(`${query} -> ${decision.choice}: ${decision.reason}`);
    }
    const half = cases.filter(({ picture }) => picture === null).length;
    const shares = ({ fits, none }: { fits: number; none: number }) => ({
      oneFits: rounded(fits / (cases.length - half)),
      noneFits: rounded(none / half),
      all: rounded((fits + none) / cases.length),
    });
    return { cases: cases.length, looks: shares(right.looks), words: shares(right.words), wrong };
  });
}

async function photoCases() {
  const manifest = join(values.photos, 'manifest.jsonl');
  if (!existsSync(manifest)) return { skipped: `${manifest} is not there` };
  const rows = readFileSync(manifest, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => RowSchema.parse(JSON.parse(line)))
    .filter((row) => row.dataset === 'flickr8k' && row.split === 'dev' && (row.captions?.length ?? 0) > 1)
    .slice(0, Number(values.count));
  const tested = rows.slice(Math.floor(rows.length / 2));
  return withStudio(async (studio) => {
    const { library } = studio;
    const ids: string[] = [];
    for (const { file, captions } of tested) {
      const { asset } = await library.importFile(join(values.photos, file), { originals: 'leave' });
      library.setCaption(asset.id, { text: captions![1]!, source: 'person', pack: null });
      ids.push(asset.id);
    }
    await studio.search.embedMissing();
    const { story } = studio.stories.create('Bench');
    const first = { looks: 0, words: 0 };
    const chosen = { looks: { all: 0, right: 0 }, words: { all: 0, right: 0 } };
    for (const [at, { captions }] of tested.entries()) {
      const query = captions![0]!;
      const looks = await byLooks(studio, query, await shareOf(query));
      const { decision, retrieved } = await ask(studio, story.id, story.panels[0]!.id, query);
      for (const [kind, best, retrieves] of [
        ['looks', looks.best, looks.retrieves],
        ['words', retrieved[0]?.asset, decision.choice === 'retrieve'],
      ] as const) {
        if (best === ids[at]) first[kind] += 1;
        if (retrieves) chosen[kind].all += 1;
        if (retrieves && best === ids[at]) chosen[kind].right += 1;
      }
    }
    const figures = (kind: 'looks' | 'words') => ({
      thatPhotoFirst: rounded(first[kind] / tested.length),
      libraryChosen: rounded(chosen[kind].all / tested.length),
      thatPhotoWhenChosen: rounded(chosen[kind].right / Math.max(1, chosen[kind].all)),
    });
    return { photos: tested.length, looks: figures('looks'), words: figures('words') };
  });
}

console.log(JSON.stringify({ samples: await sampleCases(), photos: await photoCases() }, null, 2));
