import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Scene } from '../../../src/shared/scene.ts';
import { times, weathers } from '../../../src/shared/scene.ts';
import { describeScene } from '../../../src/main/sketch/describe.ts';
import { drawScene, figureRect } from '../../../src/main/sketch/draw.ts';
import { allFigures, figureInfo } from '../../../src/main/sketch/lexicon.ts';
import { places } from '../../../src/main/sketch/places.ts';
import { hashText, mulberry32, pick } from '../../../src/main/sketch/random.ts';
import { rasterise } from '../../../src/main/sketch/raster.ts';
import { readScene } from '../../../src/main/sketch/read.ts';

const size = { width: 384, height: 216 };
const aspect = 16 / 9;

const blank = (change: Partial<Scene>): Scene => ({
  format: 1,
  seed: 1,
  place: 'meadow',
  time: 'day',
  weather: 'clear',
  shot: 'medium',
  mood: 'neutral',
  figures: [],
  unknown: [],
  text: '',
  ...change,
});

async function brightness(svg: string): Promise<number> {
  const { channels } = await sharp(Buffer.from(svg)).removeAlpha().stats();
  return channels.reduce((sum, channel) => sum + channel.mean, 0) / channels.length;
}

/** Sentences made of words the lexicon has, joined at random. */
function randomText(seed: number): string {
  const random = mulberry32(seed);
  const labels = allFigures().map((figure) => figure.label);
  const joins = [
    'and',
    'on',
    'under',
    'behind',
    'in front of',
    'holding',
    'riding',
    'chasing',
    'in',
    'next to',
    'above',
  ];
  const numbers = ['a', 'a', 'a', 'two', 'three', 'many'];
  let text = `${pick(random, numbers)} ${pick(random, labels)}`;
  for (let i = Math.floor(random() * 4); i > 0; i--)
    text += ` ${pick(random, joins)} ${pick(random, numbers)} ${pick(random, labels)}`;
  return `${text} ${pick(random, places).phrase}`;
}

describe('drawing', () => {
  it('gives the same bytes for the same scene', async () => {
    const scene = readScene('A dog chases a cat in the forest at night, in the rain.', { seed: 5 });
    expect(drawScene(scene, size)).toBe(drawScene(structuredClone(scene), size));
    expect(await rasterise(drawScene(scene, size), size)).toEqual(
      await rasterise(drawScene(scene, size), size),
    );
  });

  it('draws every place at every time of day', async () => {
    for (const place of places) {
      for (const time of times) {
        const png = await rasterise(drawScene(blank({ place: place.name, time }), size), {
          width: 96,
          height: 54,
        });
        expect((await sharp(png).metadata()).width, place.name).toBe(96);
      }
    }
    for (const weather of weathers) expect(drawScene(blank({ weather }), size)).not.toContain('NaN');
  });

  it('makes night darker than day, indoors and out', async () => {
    for (const place of ['forest', 'beach', 'city', 'living-room', 'snow', 'kitchen', 'street']) {
      const day = await brightness(drawScene(blank({ place }), size));
      const dusk = await brightness(drawScene(blank({ place, time: 'dusk' }), size));
      const night = await brightness(drawScene(blank({ place, time: 'night' }), size));
      expect(night, place).toBeLessThan(day * 0.8);
      expect(dusk, place).toBeLessThan(day);
      expect(dusk, place).toBeGreaterThan(night);
    }
  });

  it('changes with the weather', () => {
    const drawings = weathers.map((weather) => drawScene(blank({ weather }), size));
    expect(new Set(drawings).size).toBe(weathers.length);
  });

  it('draws at the size asked for', async () => {
    const png = await rasterise(drawScene(blank({}), { width: 300, height: 300 }), 150);
    const { width, height } = await sharp(png).metadata();
    expect([width, height]).toEqual([150, 150]);
  });

  it('uses every id once, and only ids it defines', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const svg = drawScene(
        readScene(`${randomText(seed)}. Three peacocks and two jellyfish.`, { seed }),
        size,
      );
      const ids = [...svg.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1]);
      expect(new Set(ids).size).toBe(ids.length);
      for (const match of svg.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(match[1]);
    }
  });

  it('never lets text become markup', () => {
    const evil = '"><script>alert(1)</script><image href="file:///etc/passwd"/> a dog & <cat>';
    const scene = readScene(evil, { cast: [{ id: 'x', name: '<b>Dog</b>', look: '"/><script>' }] });
    const svg = drawScene(
      { ...scene, unknown: [evil], figures: scene.figures.map((figure) => ({ ...figure, word: evil })) },
      size,
    );
    expect(svg).not.toContain('script');
    expect(svg).not.toContain('passwd');
    expect(svg).not.toContain('<image');
  });

  it('refuses a place or figure it does not know', () => {
    expect(() => drawScene(blank({ place: 'atlantis' }))).toThrow(/atlantis/);
    const [figure] = readScene('A dog.').figures;
    if (!figure) throw new Error('the dog is missing');
    expect(() => drawScene(blank({ figures: [{ ...figure, icon: '"/><script>' }] }))).toThrow(/figure/);
  });

  it('contains nothing but numbers where numbers belong', () => {
    for (let seed = 1; seed <= 60; seed++) {
      expect(drawScene(readScene(randomText(seed), { seed }), size)).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});

describe('composition of 300 random texts', () => {
  const scenes = Array.from({ length: 300 }, (_, at) => readScene(randomText(at + 1), { seed: at + 1 }));

  it('keeps figures inside the frame', () => {
    for (const scene of scenes) {
      for (const figure of scene.figures) {
        const rect = figureRect(figure, aspect);
        const centre = rect.x + rect.w / 2;
        expect(centre, `${scene.text}: ${figure.icon}`).toBeGreaterThan(0);
        expect(centre, `${scene.text}: ${figure.icon}`).toBeLessThan(1);
        expect(rect.y, `${scene.text}: ${figure.icon}`).toBeGreaterThan(-0.02);
        expect(rect.y + rect.h, `${scene.text}: ${figure.icon}`).toBeLessThan(1.02);
        expect(rect.x, `${scene.text}: ${figure.icon}`).toBeGreaterThan(-0.08);
        expect(rect.x + rect.w, `${scene.text}: ${figure.icon}`).toBeLessThan(1.08);
      }
    }
  });

  it('keeps figures large enough to see', () => {
    for (const scene of scenes)
      for (const figure of scene.figures)
        expect(figure.height, `${scene.text}: ${figure.icon}`).toBeGreaterThan(0.015);
  });

  it('has every figure the scene names, with unique ids', () => {
    for (const scene of scenes) {
      expect(new Set(scene.figures.map(({ id }) => id)).size).toBe(scene.figures.length);
      for (const figure of scene.figures) expect(figureInfo(figure.icon)).toBeDefined();
    }
  });
});

describe('sizes', () => {
  it('are plausible: a mouse beside an elephant is small, and visible', () => {
    const scene = readScene('A mouse beside an elephant.', { seed: 2 });
    const mouse = scene.figures.find(({ icon }) => icon === 'mouse');
    const elephant = scene.figures.find(({ icon }) => icon === 'elephant');
    const ratio = (mouse?.height ?? 0) / (elephant?.height ?? 1);
    expect(ratio).toBeLessThan(0.3);
    expect(ratio).toBeGreaterThan(0.1);
  });
});

describe('describing', () => {
  it('names the figures and the place, and is the same twice', () => {
    const scene = readScene('A dog and a cat in the forest at night.', { seed: 4 });
    const captions = describeScene(scene, { relations: [{ kind: 'chase', from: 0, to: 1 }] });
    expect(captions).toEqual(describeScene(scene, { relations: [{ kind: 'chase', from: 0, to: 1 }] }));
    expect(captions.length).toBeGreaterThanOrEqual(2);
    for (const caption of captions)
      expect(caption).toMatch(/a dog (?:chasing|running after|following) a cat/);
  });

  it('counts', () => {
    expect(describeScene(readScene('Two ducks on a lake.', { seed: 1 }))[0]).toMatch(/^two ducks/);
    expect(describeScene(readScene('Three mice.', { seed: 1 })).join(' ')).toMatch(/three mice/);
  });
});

describe('chance', () => {
  it('is the same on every machine', () => {
    const random = mulberry32(42);
    expect([random(), random(), random()].map((value) => Math.round(value * 1e6))).toEqual([
      601104, 448291, 852466,
    ]);
    expect(hashText('fabula')).toBe(hashText('fabula'));
    expect(hashText('fabula')).not.toBe(hashText('fabulb'));
  });
});
