import { expect, test } from 'vitest';
import { drawScene } from '../../../src/main/sketch/draw.ts';
import { readScene } from '../../../src/main/sketch/read.ts';
import { sceneFromWords, wordsOfScene } from '../../../src/main/sketch/scene-words.ts';
import { PyramidSchema, wordsDownTo, type Word } from '../../../src/shared/pyramid.ts';
import { SceneSchema } from '../../../src/shared/scene.ts';

const words = (list: readonly Word[]): string[] => list.map(({ word }) => word);

test('the words of a scene are exact, the main figure first', () => {
  const scene = readScene('A dog and a cat on the beach at night in the rain.', { seed: 3 });
  const pyramid = PyramidSchema.parse(wordsOfScene(scene));
  expect(pyramid.pack).toBe('sketch');
  expect(['dog', 'cat']).toContain(pyramid.concept.word);
  expect(words(pyramid.subjects)).toContain('beach');
  expect(words(pyramid.details)).toEqual(expect.arrayContaining(['night', 'rain']));
  for (const { box, kind } of wordsDownTo(pyramid, 3)) {
    if (kind !== 'thing') continue;
    expect(box!.width).toBeGreaterThan(0.02);
    expect(box!.x + box!.width).toBeLessThanOrEqual(1.001);
  }
});

test('a scene of the words shows the same things in the same places', () => {
  const scene = readScene('A dog and an elephant in the forest at night', { seed: 5 });
  const again = SceneSchema.parse(sceneFromWords(wordsDownTo(wordsOfScene(scene), 3), { seed: 9 }));
  expect(again.place).toBe('forest');
  expect(again.time).toBe('night');
  expect(again.figures.map(({ icon }) => icon).sort()).toEqual(scene.figures.map(({ icon }) => icon).sort());
  for (const figure of scene.figures) {
    const same = again.figures.find(({ icon }) => icon === figure.icon)!;
    expect(Math.abs(same.x - figure.x)).toBeLessThan(0.06);
    expect(Math.abs(same.y - figure.y)).toBeLessThan(0.08);
    expect(same.height / figure.height).toBeGreaterThan(0.7);
  }
  expect(drawScene(again)).toContain('<svg');
});

test('words in general and parts of things are not drawn beside what they are', () => {
  const box = { x: 0.2, y: 0.3, width: 0.3, height: 0.5 };
  const thing = (word: string, probability = 0.9): Word => ({ word, kind: 'thing', probability, box });
  const scene = sceneFromWords(
    [thing('animal'), thing('person'), thing('woman'), thing('hand'), thing('shirt'), thing('ball', 0.1)],
    { seed: 1 },
  );
  expect(scene.figures.map(({ word }) => word)).toEqual(['woman']);
  expect(sceneFromWords([thing('person')], { seed: 1 }).figures).toHaveLength(1);
  const bare = sceneFromWords([{ word: 'sand', kind: 'place', probability: 0.8, box: null }], { seed: 1 });
  expect(bare).toMatchObject({ place: 'beach', figures: [] });
});
