import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Illustrator, type PictureSearch } from '../../../src/main/stories/illustrate.ts';
import { blend } from '../../../src/main/search.ts';
import { VectorIndex } from '../../../src/main/library/search.ts';
import type { RequestPart } from '../../../src/shared/contract.ts';
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
let held: Promise<void> | null;

beforeEach(async () => {
  bench = openBench();
  const { database, library } = bench;
  pictures = {};
  asked = [];
  broken = null;
  held = null;
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
    encodeTexts: async (texts) => {
      asked.push(texts);
      await held;
      if (broken !== null) throw broken;
      return texts.map(encode);
    },
    search: (vector, k) => index.search(vector, k),
    pictureVector: (asset) =>
      Promise.resolve().then(() => {
        library.get(asset);
        return library.vector('test@1', asset)!;
      }),
    knownVector: (asset) => library.vector('test@1', asset),
    blended: (plus, minus) =>
      blend(
        plus.map((vector) => ({ vector, spread: 1 })),
        minus.map((vector) => ({ vector, spread: 1 })),
      ),
    spread: () => 1,
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
    expect(found.decision.reason).toMatch(/“a dog on a beach”.*\d+%.*dog, beach.*sketch/);

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

  test('sends what is found and each sketch as it comes, found ones before the last sketch', async () => {
    const parts: RequestPart[] = [];
    const story = insert(['A dog on the beach.']);
    const whole = await illustrator.match(
      { story, panel: 'p1', limit: 2, sketches: 3 },
      { send: (part) => parts.push(part) },
    );
    const candidates = parts.filter((part) => part.kind === 'candidates');
    const bySource = (source: string) => candidates.filter((part) => part.source === source);
    expect(bySource('retrieved').map((part) => part.candidates)).toEqual([whole.retrieved]);
    expect(bySource('sketched').map((part) => part.candidates)).toEqual(whole.sketched.map((one) => [one]));
    expect(candidates.findIndex(({ source }) => source === 'retrieved')).toBeLessThan(candidates.length - 1);
  });

  test('sends sketches while the encoder still works', async () => {
    let open = (): void => undefined;
    held = new Promise((resolve) => (open = resolve));
    const sources: string[] = [];
    const story = insert(['A dog on the beach.']);
    await illustrator.match(
      { story, panel: 'p1', limit: 2, sketches: 2 },
      {
        send: (part) => {
          if (part.kind === 'candidates') sources.push(part.source);
          if (sources.length === 2) open();
        },
      },
    );
    expect(sources).toEqual(['sketched', 'sketched', 'retrieved']);
  });

  test('draws nothing more once it is cancelled', async () => {
    const cancel = new AbortController();
    const story = insert(['A dog on the beach.']);
    const running = illustrator.match(
      { story, panel: 'p1', limit: 2, sketches: 20 },
      {
        signal: cancel.signal,
        send: (part) => {
          if (part.kind === 'candidates' && part.source === 'sketched') cancel.abort();
        },
      },
    );
    await expect(running).rejects.toThrow();
    const sketches = bench.library.list({ origin: 'sketched' }, 0, 100).total;
    expect(sketches).toBeLessThan(5);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(bench.library.list({ origin: 'sketched' }, 0, 100).total).toBe(sketches);
  });

  test('goes by a picture: with words in between, and without words by the picture alone', async () => {
    const story = insert(['A dog on the beach.']);
    const like = [pictures['a lighthouse at night']!];
    const both = await illustrator.match({ story, panel: 'p1', limit: 3, like });
    expect(both.decision).toMatchObject({ choice: 'retrieve', because: [{ code: 'reasonLike' }, {}] });
    expect(both.retrieved.map(({ asset }) => asset)).not.toContain(like[0]);
    const alone = await illustrator.match({
      story,
      panel: 'p1',
      limit: 3,
      like: [pictures['snow']!],
      query: '',
    });
    expect(alone.retrieved).toHaveLength(3);
    expect(alone.retrieved.every(({ confidence }) => confidence === null)).toBe(true);
    expect(alone).toMatchObject({ sketched: [], decision: { choice: 'retrieve', confidence: null } });
  });

  test('leaves out a refused picture and lowers what looks like it', async () => {
    const looks = (weights: Record<string, number>): Float32Array => {
      const vector = Float32Array.from(words, (word) => weights[word] ?? 0);
      const length = Math.hypot(...vector);
      return vector.map((value) => value / length);
    };
    const add = async (seed: number, vector: Float32Array): Promise<string> => {
      const { asset } = await bench.library.importBytes(`IMG_${seed}.jpg`, await photo(seed), {
        origin: 'imported',
      });
      bench.library.putVectors('test@1', [{ asset: asset.id, vector }]);
      return asset.id;
    };
    const refused = await add(61, looks({ dog: 0.8, beach: 0.6 }));
    const twin = await add(62, looks({ dog: 0.8, beach: 0.59 }));
    const rival = await add(63, looks({ dog: 0.75, snow: 0.66 }));
    const story = insert(['A dog.']);
    const order = async (unlike: string[]) =>
      (await illustrator.match({ story, panel: 'p1', limit: 9, unlike })).retrieved.map(({ asset }) => asset);
    const before = await order([]);
    expect(before.indexOf(twin)).toBeLessThan(before.indexOf(rival));
    const after = await order([refused]);
    expect(after).not.toContain(refused);
    expect(after.indexOf(twin)).toBeGreaterThan(after.indexOf(rival));
    // One that was removed from the library meanwhile does no harm.
    expect(await order(['f'.repeat(64)])).toEqual(before);
  });

  test('does not draw a refused sketch again, but another', async () => {
    const story = insert(['A dog on the beach.']);
    const [first] = (await illustrator.match({ story, panel: 'p1', limit: 0, sketches: 1 })).sketched;
    const again = await illustrator.match({
      story,
      panel: 'p1',
      limit: 0,
      sketches: 1,
      unlike: [first!.asset],
    });
    expect(again.retrieved).toEqual([]);
    expect(again.sketched).toHaveLength(1);
    expect(again.sketched[0]!.asset).not.toBe(first!.asset);
  });

  test('believes the words of people and of names, and not those of models', async () => {
    const story = insert(['A dragon sleeps in a cave.']);
    const add = async (name: string, seed: number, source: 'person' | 'model' | null) => {
      const { asset } = await bench.library.importBytes(name, await photo(seed), { origin: 'imported' });
      if (source !== null) {
        bench.library.setCaption(asset.id, { text: 'a dragon in a cave', source, pack: null });
      }
      bench.library.putVectors('test@1', [{ asset: asset.id, vector: encode('bread') }]);
      return asset.id;
    };
    const person = await add('IMG_1.jpg', 51, 'person');
    const named = await add('DragonInCave.jpg', 52, null);
    const model = await add('IMG_2.jpg', 53, 'model');
    const found = await illustrator.match({ story, panel: 'p1', limit: 9 });
    const of = (asset: string) => found.retrieved.find((one) => one.asset === asset)!;
    expect(of(person).words).toEqual(['dragon', 'cave']);
    expect(of(named).words).toEqual(['dragon', 'cave']);
    expect(of(model).words).toEqual([]);
    expect(of(person).confidence).toBeGreaterThan(4 * of(model).confidence!);
    expect(of(named).confidence).toBeCloseTo(of(person).confidence!, 6);
    expect(found.retrieved.slice(0, 2).map(({ asset }) => asset)).toEqual(
      expect.arrayContaining([person, named]),
    );
    expect(found.decision.because).toContainEqual(
      expect.objectContaining({
        code: 'reasonWords',
        values: expect.objectContaining({ words: ['dragon', 'cave'] }) as unknown,
      }),
    );
  });

  test('says that the library is empty, and that a picture to go by is gone', async () => {
    await bench.library.remove(Object.values(pictures));
    const story = insert(['A dog on the beach.']);
    expect((await match(story, 'p1')).decision).toMatchObject({
      choice: 'sketch',
      because: [{ code: 'reasonSketch' }, { code: 'reasonEmpty' }],
    });
    const gone = await illustrator.match({ story, panel: 'p1', limit: 3, like: [pictures['a cat']!] });
    expect(gone.problem).toMatchObject({ code: 'not-found' });
    expect(gone.sketched.length).toBeGreaterThan(0);
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
      redo: { key: 'app.illustratePanel', values: { number: 2 } },
      undo: { key: 'app.illustratePanel', values: { number: 1 } },
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
