import { describe, expect, test } from 'vitest';
import { conditionWords, type Condition } from '../../../src/shared/condition.ts';
import { SceneSchema } from '../../../src/shared/scene.ts';
import { fillScene } from '../../../src/main/sketch/condition.ts';
import { drawScene } from '../../../src/main/sketch/draw.ts';
import { readScene } from '../../../src/main/sketch/read.ts';

const figure = (icon: string, word: string, x: number, y = 0.85) => ({
  ...{ icon, word, x, y },
  probability: 0.8,
  height: 0.3,
});
const condition: Condition = {
  place: { name: 'beach', probability: 0.9 },
  time: { name: 'night', probability: 0.8 },
  weather: { name: 'clear', probability: 0.9 },
  figures: [figure('dog', 'dog', 0.8), figure('boy', 'boy', 0.2), figure('no-such-thing', 'thing', 0.5)],
};

describe('a condition in a scene', () => {
  test('a text that names nothing gets figures in their order, place and time', () => {
    const scene = fillScene(readScene('It was so much fun.', { seed: 3 }), condition);
    expect(() => SceneSchema.parse(scene)).not.toThrow();
    expect([scene.place, scene.time, scene.weather]).toEqual(['beach', 'night', 'clear']);
    const [left, right] = scene.figures.toSorted((a, b) => a.x - b.x);
    expect([left?.word, right?.word]).toEqual(['boy', 'dog']);
    expect(scene.figures).toHaveLength(2);
    expect(drawScene(scene)).toContain('<svg');
  });

  test('what the text names goes before it', () => {
    const named = readScene('A cat sleeps in the kitchen.', { seed: 3 });
    expect(fillScene(named, condition)).toBe(named);
    const place = fillScene(readScene('Deep in the forest it was dark.', { seed: 3 }), condition);
    expect(place.place).toBe('forest');
  });

  test('a condition that tells nothing changes nothing', () => {
    const scene = readScene('It was so much fun.', { seed: 3 });
    const silent = { place: null, time: null, weather: null, figures: [] };
    expect(fillScene(scene, silent)).toBe(scene);
    expect(conditionWords(silent)).toEqual([]);
  });

  test('its words: figures, place, and what is out of the usual', () => {
    expect(conditionWords(condition)).toEqual(['dog', 'boy', 'thing', 'beach', 'night']);
  });
});
