import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Illustrator, type PictureSearch } from '../../../src/main/stories/illustrate.ts';
import { VectorIndex } from '../../../src/main/library/search.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import { currentVersion, type ImageBlock, type Story } from '../../../src/shared/story.ts';
import {
  countingIds,
  fixedClock,
  openBench,
  panelOf,
  photo,
  removeBench,
  storyOf,
  textBlock,
  type Bench,
} from '../../fixtures/stories.ts';

/**
 * An encoder small enough to see through: a dimension a word. The index, the library, the sketch painter, the jobs
 * and the database are the real ones; the real encoder is measured by the benchmarks.
 */
const words = ['dog', 'beach', 'cat', 'lighthouse', 'boat', 'bread', 'night', 'snow'];
function encode(text: string): Float32Array {
  const vector = Float32Array.from(words, (word) => (text.toLowerCase().includes(word) ? 1 : 0.02));
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

let bench: Bench;
let illustrator: Illustrator;
let pictures: Record<string, string>;
let asked: string[][];
let broken: Error | null;

beforeEach(async () => {
  bench = openBench();
  const { database, library } = bench;
  pictures = {};
  asked = [];
  broken = null;
  let seed = 0;
  for (const caption of ['a dog on a beach', 'a cat', 'a lighthouse at night', 'snow']) {
    const { asset } = await library.importBytes(`${caption}.jpg`, await photo(++seed), {
      origin: 'imported',
    });
    library.setCaption(asset.id, { text: caption, source: 'person', pack: null });
    library.putVectors('test@1', [{ asset: asset.id, vector: encode(caption) }]);
    pictures[caption] = asset.id;
  }
  const index = new VectorIndex(database, 'test@1');
  const search: PictureSearch = {
    space: 'test@1',
    encodeTexts: (texts) => {
      asked.push(texts);
      return broken === null ? Promise.resolve(texts.map(encode)) : Promise.reject(broken);
    },
    search: (vector, k) => index.search(vector, k),
    probability: (similarity) => 1 / (1 + Math.exp(-12 * (similarity - 0.6))),
  };
  illustrator = new Illustrator({ ...bench, search, ids: countingIds('v'), clock: fixedClock });
});
afterEach(async () => {
  await bench.close();
  removeBench(bench);
});

const insert = (texts: string[], changes: Partial<Story> = {}): string =>
  bench.stories.insert(
    storyOf(
      texts.map((text, index) => panelOf(`p${index + 1}`, textBlock(`t${index + 1}`, text))),
      changes,
    ),
  ).story.id;

const match = (story: string, panel: string, query?: string) =>
  illustrator.match({ story, panel, limit: 3, ...(query === undefined ? {} : { query }) });

const picture = (story: string, panel: number): ImageBlock => {
  const block = bench.stories.open(story).story.panels[panel - 1]!.blocks[0]!;
  if (block.type !== 'image') throw new Error('the panel does not begin with a picture');
  return block;
};

describe('a match', () => {
  test('offers found and drawn pictures, and suggests the found one where it fits', async () => {
    const story = insert(['A dog on the beach.']);
    const before = JSON.stringify(bench.stories.open(story));
    const found = await match(story, 'p1');
    expect(found.retrieved).toHaveLength(3);
    expect(found.retrieved[0]).toMatchObject({
      asset: pictures['a dog on a beach'],
      source: 'retrieved',
      note: 'a dog on a beach',
      seed: null,
    });
    expect(found.retrieved[0]!.confidence).toBeGreaterThan(0.9);
    expect(found.decision).toMatchObject({ choice: 'retrieve' });
    expect(found.decision.reason).toMatch(/“a dog on a beach”.*\d+ %.*sketch/);

    expect(found.sketched.length).toBeGreaterThan(0);
    const [sketch] = found.sketched;
    expect(sketch!.scene!.figures.map(({ word }) => word)).toContain('dog');
    // The drawing is in the library as an asset of its own, and is the picture of that scene.
    expect(bench.library.get(sketch!.asset)).toMatchObject({ origin: 'sketched', mime: 'image/svg+xml' });
    expect(JSON.stringify(bench.stories.open(story))).toBe(before);
  });

  test('suggests the sketch where the library has nothing that fits', async () => {
    const found = await match(insert(['Two children eat bread in a boat.']), 'p1');
    expect(found.decision.choice).toBe('sketch');
    expect(found.decision.reason).toMatch(/^A sketch shows \d of \d named things?/);
  });

  test('asks for the panel alone, in English, and never for the story', async () => {
    const story = insert(['A dog.', 'Un perro en la playa.', 'Snow.', 'A boat.']);
    const found = await match(story, 'p2');
    expect(found.query).toBe('Un perro en la playa.');
    expect(asked.at(-1)![0]).toMatch(/dog/);
    expect(asked.at(-1)).toHaveLength(3);
    expect(asked.at(-1)!.join(' ')).not.toMatch(/boat/);
    expect(found.retrieved[0]!.asset).toBe(pictures['a dog on a beach']);
  });

  test('lets the neighbours put equal candidates in order, without changing their probability', async () => {
    const near = insert(['The lighthouse stood there.', 'It was night, with snow.', 'Snow again.'], {
      id: 'near',
    });
    const alone = insert(['It was night, with snow.'], { id: 'alone' });
    const byStory = async (story: string, panel: string) =>
      (await match(story, panel)).retrieved.map(({ asset, confidence }) => [asset, confidence] as const);
    const lonely = new Map(await byStory(alone, 'p1'));
    for (const [asset, confidence] of await byStory(near, 'p2')) {
      if (lonely.has(asset)) expect(confidence).toBeCloseTo(lonely.get(asset)!, 6);
    }
    const first = insert(['Lighthouse lighthouse.', 'It was night.', 'The lighthouse.'], { id: 'first' });
    expect((await match(first, 'p2')).retrieved[0]!.asset).toBe(pictures['a lighthouse at night']);
  });

  test('takes a query of the person instead of the text', async () => {
    const found = await match(insert(['A dog on the beach.']), 'p1', 'a cat');
    expect(found.query).toBe('a cat');
    expect(found.retrieved[0]!.asset).toBe(pictures['a cat']);
  });

  test('draws with the cast, and the same way every time', async () => {
    const cast = [{ id: 'c1', name: 'Moss', look: 'a small grey cat' }];
    const story = insert(['Moss sat on the beach.'], { cast });
    const first = await match(story, 'p1');
    const again = await match(story, 'p1');
    expect(first.sketched.map(({ asset }) => asset)).toEqual(again.sketched.map(({ asset }) => asset));
    expect(first.sketched[0]!.scene!.figures.some((figure) => figure.cast === 'c1')).toBe(true);
    expect(new Set(first.sketched.map(({ seed }) => seed)).size).toBe(first.sketched.length);
  });

  test('still draws when the models cannot run, and says why nothing was found', async () => {
    broken = new FabulaError('model-failed', 'The text encoder could not be loaded.');
    const found = await match(insert(['A dog on the beach.']), 'p1');
    expect(found.retrieved).toEqual([]);
    expect(found.decision).toMatchObject({ choice: 'sketch' });
    expect(found.decision.reason).toContain('The text encoder could not be loaded');
  });

  test('has nothing for a panel without words, and refuses one that is gone', async () => {
    const story = insert(['… !']);
    expect((await match(story, 'p1')).decision).toMatchObject({ choice: 'none', confidence: 0 });
    await expect(match(story, 'p9')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('illustrating a story', () => {
  test('gives every panel both candidates as one undoable edit, with where they came from', async () => {
    const story = insert(['A dog on the beach.', 'Two children eat bread in a boat.', '…']);
    const job = await bench.jobs.waitFor(illustrator.start(story).id);
    expect(job).toMatchObject({ state: 'done', done: 3, failed: 0 });

    const found = picture(story, 1);
    expect(found.versions.map(({ source }) => source)).toEqual(['retrieved', 'sketched']);
    expect(currentVersion(found)).toMatchObject({
      source: 'retrieved',
      asset: pictures['a dog on a beach'],
      prompt: 'A dog on the beach.',
      pack: 'test@1',
    });
    const drawn = currentVersion(picture(story, 2))!;
    expect(drawn).toMatchObject({ source: 'sketched', prompt: 'Two children eat bread in a boat.' });
    expect(drawn.scene!.figures.length).toBeGreaterThan(0);
    expect(drawn.seed).toBe(drawn.scene!.seed);
    expect(bench.stories.open(story).story.panels[2]!.blocks).toHaveLength(1);

    expect(bench.history.undo(story)).toMatchObject({
      redo: 'Illustrate panel 2',
      undo: 'Illustrate panel 1',
    });
    bench.history.undo(story);
    expect(bench.stories.open(story).story.panels.every(({ blocks }) => blocks.length === 1)).toBe(true);
  });

  test('does not show one picture over and over, unless it is clearly the best', async () => {
    const story = insert(['A cat.', 'A cat and a dog on the beach.', 'A cat.']);
    await bench.jobs.waitFor(illustrator.start(story).id);
    const found = [1, 2, 3].map(
      (panel) => picture(story, panel).versions.find(({ source }) => source === 'retrieved')!.asset,
    );
    expect(found[0]).toBe(pictures['a cat']);
    expect(found[1]).toBe(pictures['a dog on a beach']);
    // Nothing else shows a cat, so here the same picture is clearly the best.
    expect(found[2]).toBe(pictures['a cat']);
  });

  test('leaves pictures alone, fills places that wait, and does nothing twice', async () => {
    const story = bench.stories.insert(
      storyOf([
        panelOf('p1', textBlock('t1', 'A cat.'), {
          id: 'i1',
          type: 'image',
          caption: 'Here',
          current: null,
          versions: [],
        }),
        panelOf('p2', textBlock('t2', 'A dog on the beach.')),
      ]),
    ).story.id;
    await bench.jobs.waitFor(illustrator.start(story).id);
    const after = bench.stories.open(story);
    const [text, waiting] = after.story.panels[0]!.blocks;
    expect(text).toMatchObject({ type: 'text' });
    expect(waiting).toMatchObject({
      id: 'i1',
      caption: 'Here',
      versions: [{ source: 'retrieved' }, { source: 'sketched' }],
    });
    expect(currentVersion(waiting as ImageBlock)?.asset).toBe(pictures['a cat']);

    const again = await bench.jobs.waitFor(illustrator.start(story).id);
    expect(again.total).toBe(0);
    expect(bench.stories.open(story)).toEqual(after);
  });
});
