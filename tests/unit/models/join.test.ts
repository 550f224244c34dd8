import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conditionWords } from '../../../src/shared/condition.ts';
import { Models } from '../../../src/main/models/models.ts';
import { Packs } from '../../../src/main/models/packs.ts';
import { floats, floatsTensor } from '../../../src/main/models/session.ts';
import { behind } from '../../../src/main/models/writer/join.ts';
import { layOut } from '../../../src/main/models/writer/layout.ts';
import { resourcePath } from '../../../src/main/resources.ts';
import { drawScene } from '../../../src/main/sketch/draw.ts';
import { readScene } from '../../../src/main/sketch/read.ts';
import { openStudio, type Studio } from '../../../src/main/studio.ts';

const packs = new Packs([resourcePath('models')]);

describe('pictures among words', () => {
  const marks = { begin: 1, end: 2, panelEnd: 3, picture: 4, pictureEnd: 5, never: [0] };
  const encode = (text: string): number[] => [...text].map((letter) => letter.codePointAt(0)!);

  test('a picture stands before its marks, with its caption between them or nothing', () => {
    const panels = [
      { picture: 'A dog.', look: 1, text: 'A' },
      { picture: null, look: 0, text: '' },
    ];
    expect(layOut(panels, marks, encode, 100, 3)).toEqual([
      1,
      ...[-2, -2, -2],
      4,
      ...encode(' a dog'),
      5,
      ...encode(' A'),
      3,
      ...[-1, -1, -1],
      4,
      5,
    ]);
  });

  test('part of a picture is never left where a story is cut', () => {
    const panels = [
      { picture: null, look: 0, text: 'first' },
      { picture: null, look: 1, text: 'second' },
    ];
    for (let most = 6; most < 40; most++) {
      const ids = layOut(panels, marks, encode, most, 4);
      expect(ids.length).toBeLessThanOrEqual(most);
      for (const picture of [-1, -2]) expect([0, 4]).toContain(ids.filter((id) => id === picture).length);
    }
  });

  test('keys and values go behind those that are there, on the axis of positions', () => {
    const past = floatsTensor(Float32Array.of(1, 2, 3, 4), [1, 2, 1, 1, 2]);
    const joined = behind(past, Float32Array.of(5, 6, 7, 8, 9, 10, 11, 12), 2);
    expect(joined.dims).toEqual([1, 2, 1, 3, 2]);
    expect([...floats(joined)]).toEqual([1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12]);
  });
});

describe('the writer with its eyes open', () => {
  const models = new Models({ packs });
  let folder: string;
  let studio: Studio;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fabula-join-'));
    studio = await openStudio({ dataDir: join(folder, 'data'), resident: false });
  });
  afterAll(async () => {
    await models.close();
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const drawn = async (text: string): Promise<Uint8Array> => {
    const size = models.imageSize;
    const svg = Buffer.from(drawScene(readScene(text, { seed: 2 }), { width: size, height: size }));
    return sharp(svg).removeAlpha().raw().toBuffer();
  };
  const length = (vector: Float32Array): number => Math.hypot(...vector);

  test('a vector of unit length, which the panels before move', async () => {
    const panel = { picture: null, text: 'It runs along the shore.' };
    const alone = await models.readStory([panel], []);
    const after = await models.readStory([{ picture: null, text: 'A dog plays on the beach.' }, panel], []);
    expect(alone.vector).toHaveLength(256);
    expect(length(alone.vector)).toBeCloseTo(1, 3);
    expect(length(after.vector)).toBeCloseTo(1, 3);
    expect(after.vector).not.toEqual(alone.vector);
    expect(await models.readStory([panel], [])).toEqual(alone);
  });

  test('the condition tells what a description names, and goes on telling it', async () => {
    const told = { picture: null, text: 'A dog chases a cat in the forest at night.' };
    const { condition } = await models.readStory([told], []);
    const words = conditionWords(condition);
    expect(words).toEqual(expect.arrayContaining(['forest', 'night']));
    expect(condition.figures.map(({ icon }) => icon)).toEqual(expect.arrayContaining(['dog']));
    for (const { x, probability } of condition.figures) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(1);
      expect(probability).toBeGreaterThan(0);
    }
    const next = await models.readStory([told, { picture: null, text: 'What a surprise!' }], []);
    expect(next.condition.figures.map(({ icon }) => icon)).toContain('dog');
  });

  test('a picture of the panel before changes what is written next', async () => {
    const picture = await drawn('A black cat sits on a red car in the city');
    const panels = [
      { picture: null, look: 0, text: 'Look!' },
      { picture: null, text: 'Then' },
    ];
    const options = { panels, seed: 4 };
    const seen = await models.write({ ...options, pictures: [picture] });
    const blind = await models.write(options);
    expect(seen.text).not.toBe(blind.text);
    expect(await models.write({ ...options, pictures: [picture] })).toEqual(seen);
    const [caption] = await models.tellImages([picture]);
    expect(caption!.text.split(' ').length).toBeGreaterThan(2);
  });

  test('a panel that names nothing is drawn with what the story tells', async () => {
    const outline = '# Out\n\nA dog chases a cat in the forest at night.\n\nWhat a surprise!\n';
    const { story } = studio.importOutline('out.md', outline).story;
    const match = await studio.illustrator.match({
      story: story.id,
      panel: story.panels[1]!.id,
      limit: 0,
      sketches: 1,
    });
    const scene = match.sketched[0]!.scene!;
    expect(scene.figures.map(({ icon }) => icon)).toContain('dog');
    expect(match.condition?.pack).toMatch(/@/);
    expect(match.decision.because.map(({ code }) => code)).toContain('reasonCondition');
  });
});
