import { access } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Sketches } from '../../../src/main/stories/sketches.ts';
import type { Edit } from '../../../src/shared/edits.ts';
import type { RequestPart } from '../../../src/shared/contract.ts';
import type { Scene } from '../../../src/shared/scene.ts';
import { currentVersion, type Block, type CastMember, type ImageVersion } from '../../../src/shared/story.ts';
import { systemClock, type Clock } from '../../../src/main/ports.ts';
import { Files } from '../../../src/main/library/files.ts';
import { placeNamed } from '../../../src/main/sketch/places.ts';
import { readScene } from '../../../src/main/sketch/read.ts';
import { openBench, panelOf, removeBench, storyOf, textBlock, type Bench } from '../../fixtures/stories.ts';

let bench: Bench;
let sketches: Sketches;
/** A clock that is two days ahead: everything kept so far is old for it. */
const later: Clock = { now: () => new Date(systemClock.now().getTime() + 48 * 3_600_000) };
const running = { signal: new AbortController().signal };

beforeEach(() => {
  bench = openBench();
  sketches = new Sketches({ ...bench, clock: systemClock });
});
afterEach(async () => {
  await bench.close();
  removeBench(bench);
});

async function version(id: string, scene: Scene): Promise<ImageVersion> {
  return {
    id,
    asset: await sketches.draw(scene),
    source: 'sketched',
    createdAt: '2026-03-04T05:06:07.000Z',
    seed: scene.seed,
    scene,
  };
}

function shown(id: string, ...versions: ImageVersion[]): Block {
  return { id, type: 'image', caption: '', current: versions.at(-1)!.id, versions };
}

function edit(story: string, change: Edit): void {
  const { revision } = bench.stories.open(story);
  bench.stories.edit({ story, revision, edit: change, label: 'Change' });
}

describe('tidying', () => {
  const draw = (text: string): Promise<string> => sketches.draw(readScene(text, { seed: 1 }));
  const kept = (assets: readonly string[]): boolean[] =>
    assets.map((asset) => bench.library.getMany([asset]).length === 1);

  test('removes only old sketches that no story, version, undo or redo speaks of', async () => {
    const first = await version('v1', readScene('A cat.', { seed: 1 }));
    const second = await version('v2', readScene('A dog.', { seed: 1 }));
    bench.stories.insert(
      storyOf([panelOf('p1', shown('i1', first, second)), panelOf('p2', textBlock('t', 'x'))]),
    );
    const deleted = await version('v3', readScene('A lion.', { seed: 1 }));
    edit('story-1', { type: 'insert-block', panel: 'p2', index: 0, block: shown('i2', deleted) });
    edit('story-1', { type: 'remove-panel', panel: 'p2' });
    // In place, twice, and one of them taken back: its picture is now only in what can be redone.
    const edited = await version('v2', readScene('A fox.', { seed: 1 }));
    const undone = await version('v2', readScene('A bear.', { seed: 1 }));
    edit('story-1', { type: 'replace-version', block: 'i1', version: edited });
    edit('story-1', { type: 'replace-version', block: 'i1', version: undone });
    bench.history.undo('story-1');
    const offered = await draw('A whale.');
    const spoken = await draw('A goat.');
    bench.library.setCaption(spoken, { text: 'My goat', source: 'person', pack: null });
    const imported = await bench.library.importBytes(
      'drawn elsewhere.svg',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h8v8z"/></svg>'),
    );
    const versions = [first, second, edited, undone, deleted].map(({ asset }) => asset);
    const everything = [...versions, offered, spoken, imported.asset.id];

    expect(await sketches.tidy(running)).toBe(0);
    expect(kept(everything)).toEqual(everything.map(() => true));

    const aged = new Sketches({ ...bench, clock: later });
    expect(await aged.tidy(running)).toBe(1);
    expect(kept(everything)).toEqual(everything.map((asset) => asset !== offered));
    await expect(access(new Files(bench.dataDir).original(offered, 'image/svg+xml'))).rejects.toThrow();

    // A new edit ends what could be redone; nothing but the history held that picture.
    edit('story-1', { type: 'set-title', title: 'Another' });
    expect(await aged.tidy(running)).toBe(1);
    expect(kept([undone.asset, edited.asset, second.asset])).toEqual([false, true, true]);
    const undo = () => bench.history.undo('story-1');
    while (undo() !== null);
    for (const { asset } of [first, second]) await bench.library.media(asset, 'thumb');

    bench.stories.remove('story-1');
    expect(await aged.tidy(running)).toBe(4);
    expect(kept(everything)).toEqual(
      everything.map((asset) => asset === spoken || asset === imported.asset.id),
    );
  });

  test('looks through a history of many pages, and stops when the studio closes', async () => {
    const used = await Promise.all(
      Array.from({ length: 6 }, (_, at) => version('v', readScene('A cat and a dog.', { seed: at + 1 }))),
    );
    const unused = await Promise.all(
      Array.from({ length: 24 }, (_, at) => draw(`A whale and a cat, seen ${at} times.`)),
    );
    bench.stories.insert(storyOf([panelOf('p1', shown('i1', used[0]!))]));
    for (let round = 0; round < 250; round++) {
      edit('story-1', { type: 'replace-version', block: 'i1', version: used[round % 6]! });
    }
    const aged = new Sketches({ ...bench, clock: later });
    const stopped = AbortSignal.abort();
    expect(await aged.tidy({ signal: stopped })).toBe(0);
    expect(await aged.tidy(running)).toBe(new Set(unused).size);
    expect(kept(used.map(({ asset }) => asset))).not.toContain(false);
  });

  test('counts a sketch that is drawn again as new', async () => {
    const old = await draw('A whale.');
    bench.database.prepare("UPDATE assets SET imported_at = '2020-01-01T00:00:00.000Z'").run();
    await draw('A whale.');
    expect(await sketches.tidy(running)).toBe(0);
    expect(kept([old])).toEqual([true]);
  });
});

describe('a look of the cast', () => {
  const mira: CastMember = { id: 'mira', name: 'Mira', look: 'a girl with a red scarf' };
  const tomo: CastMember = { id: 'tomo', name: 'Tomo', look: 'a small grey cat' };
  const texts = [
    'Mira and Tomo walk in the park.',
    'Tomo sleeps on the couch.',
    'ミラは犬と公園で遊ぶ。',
    'ميرا تركب حصانا.',
    'A dog alone.',
  ];

  async function story(cast: CastMember[]): Promise<void> {
    const panels = await Promise.all(
      texts.map(async (text, at) =>
        panelOf(
          `p${at}`,
          textBlock(`t${at}`, text),
          shown(`i${at}`, await version(`v${at}`, readScene(text, { seed: at + 1, cast }))),
        ),
      ),
    );
    bench.stories.insert(storyOf(panels, { cast }));
  }

  const sceneOf = (panel: number): Scene => {
    const block = bench.stories.open('story-1').story.panels[panel]!.blocks[1]!;
    if (block.type !== 'image') throw new Error('no picture');
    return currentVersion(block)!.scene!;
  };

  async function recast(member: string): Promise<{ blocks: string[]; parts: RequestPart[] }> {
    const parts: RequestPart[] = [];
    const { versions } = await sketches.recast('story-1', member, {
      ...running,
      send: (part) => parts.push(part),
    });
    const blocks = versions.map(({ block }) => block);
    if (versions.length > 0) {
      edit('story-1', {
        type: 'batch',
        edits: versions.map(({ block, version }) => ({ type: 'replace-version', block, version })),
      });
    }
    return { blocks, parts };
  }

  test('needs no redrawing while it is as the sketches were drawn', async () => {
    await story([mira, tomo]);
    expect(sketches.outdated('story-1')).toEqual([]);
  });

  test('is obeyed by every sketch that shows the member, in whatever script it was named, as one edit', async () => {
    await story([mira, tomo]);
    const before = structuredClone(bench.stories.open('story-1').story.panels);
    const changed = { ...mira, look: 'a robot with a top hat' };
    edit('story-1', { type: 'set-cast', member: changed });
    expect(sketches.outdated('story-1')).toEqual([{ member: 'mira', blocks: ['i0', 'i2', 'i3'] }]);

    const stood = [0, 2, 3].map((at) => sceneOf(at).figures.find((figure) => figure.cast === 'mira')!);
    const { blocks, parts } = await recast('mira');
    expect(blocks).toEqual(['i0', 'i2', 'i3']);
    expect(parts).toEqual([0, 1, 2].map((done) => ({ kind: 'progress', done, total: 3 })));
    for (const [nth, at] of [0, 2, 3].entries()) {
      const { figures } = sceneOf(at);
      const member = figures.find((figure) => figure.cast === 'mira')!;
      expect(member.icon).toBe('robot');
      expect([member.x, member.y, member.id]).toEqual([stood[nth]!.x, stood[nth]!.y, stood[nth]!.id]);
      const worn = figures.filter((figure) => figure.with === member.id).map((figure) => figure.icon);
      expect(worn).toContain('top-hat');
      expect(worn).not.toContain('scarf');
      const hat = figures.find((figure) => figure.icon === 'top-hat')!;
      // It sits on the head: across it, and near its top.
      expect(Math.abs(hat.x - member.x)).toBeLessThan(0.05);
      expect(Math.abs(hat.y - (member.y - member.height))).toBeLessThan(0.12);
    }
    expect(sketches.outdated('story-1')).toEqual([]);

    bench.history.undo('story-1');
    expect(bench.stories.open('story-1').story.panels).toEqual(before);
  });

  test('leaves what was done by hand where it was', async () => {
    await story([mira, tomo]);
    const scene = sceneOf(0);
    const moved = {
      ...scene,
      place: 'beach',
      figures: scene.figures.map((figure) =>
        figure.cast === 'tomo' ? { ...figure, x: 0.11, y: 0.6, rotation: 20, height: 0.5 } : figure,
      ),
    };
    const changed = await version('v0', moved);
    edit('story-1', { type: 'replace-version', block: 'i0', version: changed });
    edit('story-1', { type: 'set-cast', member: { ...tomo, hue: 120 } });
    await recast('tomo');
    const now = sceneOf(0);
    expect(now).toEqual({
      ...moved,
      figures: moved.figures.map((figure) => (figure.cast === 'tomo' ? { ...figure, hue: 120 } : figure)),
    });
  });

  test('joins somebody whom the text named before the cast knew of them', async () => {
    await story([tomo]);
    expect(sceneOf(2).figures.some((figure) => figure.cast === 'mira')).toBe(false);
    edit('story-1', { type: 'insert-cast', index: 1, member: mira });
    expect(sketches.outdated('story-1')).toEqual([{ member: 'mira', blocks: ['i0', 'i2', 'i3'] }]);
    await recast('mira');
    for (const at of [0, 2, 3]) {
      expect(sceneOf(at)).toEqual(readScene(texts[at]!, { seed: at + 1, cast: [tomo, mira] }));
    }
  });

  test('can be broken off, and then changes nothing', async () => {
    await story([mira, tomo]);
    edit('story-1', { type: 'set-cast', member: { ...mira, look: 'a fox' } });
    const stop = new AbortController();
    const work = sketches.recast('story-1', 'mira', {
      signal: stop.signal,
      send: ({ kind }) => {
        if (kind === 'progress') stop.abort();
      },
    });
    await expect(work).rejects.toThrow();
    expect(sceneOf(0).figures.find((figure) => figure.cast === 'mira')!.icon).not.toBe('fox');
  });

  const names: [script: string, name: string, text: string][] = [
    ['Arabic', 'ليلى', 'جلست ليلى والقطة في الحديقة.'],
    ['Hebrew', 'נועה', 'נועה והכלב בגן.'],
    ['Japanese', '花子', '花子は猫と海へ行った。'],
    ['Chinese', '小明', '小明和狗在公园。'],
    ['Korean', '민수', '민수는 개와 공원에 갔다.'],
    ['Devanagari', 'मीरा', 'मीरा और कुत्ता बगीचे में हैं।'],
    ['Cyrillic', 'Иван', 'Иван и собака в лесу.'],
    ['Malay', 'Siti', 'Siti dan kucing di taman.'],
    ['two words', 'Captain Reyes', 'Captain Reyes sees a boat.'],
  ];
  test.each(names)('is found by a name in %s', (_script, name, text) => {
    const cast = [{ id: 'm', name, look: 'a robot' }];
    const member = readScene(text, { seed: 1, cast }).figures.find((figure) => figure.cast === 'm');
    expect(member?.icon).toBe('robot');
  });

  test('shows the whole cast with colours and what it wears', () => {
    const [girl, cat] = sketches.looks([mira, { ...tomo, hue: 90 }]);
    expect(girl).toMatchObject({ member: 'mira', hue: 0 });
    expect(girl!.icon).toMatch(/^girl/);
    expect(cat).toMatchObject({ member: 'tomo', label: 'cat', hue: 90 });
    const bare = sketches.looks([{ ...mira, look: 'a girl' }])[0]!;
    expect(girl!.picture.length).toBeGreaterThan(bare.picture.length);
    expect(cat!.picture).not.toBe(sketches.looks([tomo])[0]!.picture);
  });
});

describe('composing anew', () => {
  const text = 'A dog chases two cats under a tree in the park. A man holds an umbrella.';

  test('composes anew, with the same things', () => {
    const scene = readScene(text, { seed: 1 });
    const again = sketches.restage(scene, { seed: 2 });
    expect(again.seed).toBe(2);
    expect(again.figures.map(({ word }) => word)).toEqual(scene.figures.map(({ word }) => word));
    expect(again.figures.map(({ x }) => x)).not.toEqual(scene.figures.map(({ x }) => x));
    expect(sketches.restage(scene, { seed: 1 })).toEqual(scene);
  });

  test('keeps what was moved, added, replaced, taken away or chosen by hand', () => {
    const scene = readScene(text, { seed: 1 });
    const [dog, cat] = [
      scene.figures.find(({ icon }) => icon === 'dog')!,
      scene.figures.find(({ icon }) => icon.includes('cat'))!,
    ];
    const added = sketches.fit(scene, 'owl', 'búho', {});
    const changed: Scene = {
      ...scene,
      place: 'beach',
      weather: 'snow',
      figures: [
        ...scene.figures
          .filter(({ icon }) => icon !== 'umbrella')
          .map((figure) =>
            figure.id === dog.id
              ? { ...figure, x: 0.2, rotation: 12 }
              : figure.id === cat.id
                ? sketches.fit(scene, 'fox', 'zorro', { instead: cat.id })
                : figure,
          ),
        added,
      ],
    };
    const again = sketches.restage(changed, { seed: 99 });
    const find = (id: string) => again.figures.find((figure) => figure.id === id);
    expect(again).toMatchObject({ seed: 99, place: 'beach', weather: 'snow', time: scene.time });
    expect(find(dog.id)).toMatchObject({ x: 0.2, rotation: 12 });
    expect(find(cat.id)).toMatchObject({ icon: 'fox', word: 'zorro' });
    expect(find(added.id)).toEqual(added);
    expect(again.figures.some(({ icon }) => icon === 'umbrella')).toBe(false);
    expect(again.figures.length).toBe(changed.figures.length);
    expect(new Set(again.figures.map(({ id }) => id)).size).toBe(again.figures.length);
  });
});

describe('another place or shot', () => {
  const scene = readScene('A dog and a cat in the park.', { seed: 3 });
  const [dog, cat] = scene.figures.map(({ id }) => id) as [string, string];
  const moved: Scene = {
    ...scene,
    figures: scene.figures.map((figure) => (figure.id === cat ? { ...figure, x: 0.9, height: 0.2 } : figure)),
  };
  const of = (one: Scene, id: string) => one.figures.find((figure) => figure.id === id)!;

  test('is what the text alone would give for what nobody touched', () => {
    const near = sketches.restage(moved, { shot: 'close-up' });
    expect(near.shot).toBe('close-up');
    expect(of(near, dog)).toEqual(of(readScene(scene.text, { seed: 3, shot: 'close-up' }), dog));
    expect(of(near, dog).height).toBeGreaterThan(of(moved, dog).height * 1.2);
    expect(of(near, cat).x).toBe(0.9);
    expect(of(near, cat).height).toBeGreaterThan(0.25);
    expect(sketches.restage(near, { shot: 'medium' }).figures.map(({ height }) => height)).toEqual([
      of(moved, dog).height,
      expect.closeTo(0.2, 2),
    ]);
  });

  test('keeps figures on the ground', () => {
    for (const place of ['lake', 'kitchen', 'bridge', 'stage']) {
      const there = sketches.restage(moved, { place });
      const [low, high] = placeNamed(place).ground!;
      for (const { y } of there.figures) {
        expect(y).toBeGreaterThan(low - 0.05);
        expect(y).toBeLessThan(high + 0.05);
      }
      expect(there.place).toBe(place);
    }
  });

  test('is refused when the place is not known', () => {
    expect(() => sketches.restage(scene, { place: 'atlantis' })).toThrow(/atlantis/);
  });
});

describe('a figure for a scene', () => {
  const scene = readScene('A girl in the park.', { seed: 4 });

  test('is of a size that fits what is there', () => {
    const [girl] = scene.figures;
    const elephant = sketches.fit(scene, 'elephant', 'elefante', {});
    const mouse = sketches.fit(scene, 'mouse', 'mouse', {});
    expect(elephant.height).toBeGreaterThan(girl!.height);
    expect(mouse.height).toBeLessThan(girl!.height / 2);
    expect(elephant.word).toBe('elefante');
  });

  test('lies where it is dropped, in front of the others', () => {
    const ball = sketches.fit(scene, 'soccer-ball', 'ball', { at: { x: 0.3, y: 0.4 } });
    expect(ball.x).toBeCloseTo(0.3, 3);
    expect(ball.y - ball.height / 2).toBeCloseTo(0.4, 3);
    expect(ball.depth).toBeGreaterThan(Math.max(...scene.figures.map(({ depth }) => depth)));
  });

  test('gets an id of its own however often it is added', () => {
    let busy = scene;
    for (let count = 0; count < 5; count++) {
      busy = { ...busy, figures: [...busy.figures, sketches.fit(busy, 'owl', 'owl', {})] };
    }
    expect(new Set(busy.figures.map(({ id }) => id)).size).toBe(busy.figures.length);
    expect(new Set(busy.figures.filter(({ icon }) => icon === 'owl').map(({ x }) => x)).size).toBeGreaterThan(
      3,
    );
  });

  test('that replaces another stands on its foot and looks its way', () => {
    const pair = readScene('A dog looks at a cat.', { seed: 2 });
    const dog = pair.figures[0]!;
    for (const flip of [false, true]) {
      const turned = { ...pair, figures: pair.figures.map((one) => (one === dog ? { ...one, flip } : one)) };
      const horse = sketches.fit(turned, 'horse', 'caballo', { instead: dog.id });
      expect(horse).toMatchObject({ id: dog.id, x: dog.x, y: dog.y, icon: 'horse', word: 'caballo' });
      expect(horse.height).toBeGreaterThan(dog.height);
      // Both figures look to the left when they are not flipped.
      expect(horse.flip).toBe(flip);
    }
  });
});
