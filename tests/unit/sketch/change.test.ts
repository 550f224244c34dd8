import { describe, expect, test } from 'vitest';
import { SceneSchema, type Scene } from '../../../src/shared/scene.ts';
import { noteText } from '../../../src/shared/mix.ts';
import { changeScene, mainFigures } from '../../../src/main/sketch/change-scene.ts';
import { readChange } from '../../../src/main/sketch/change.ts';
import { drawScene } from '../../../src/main/sketch/draw.ts';
import { mulberry32, pick } from '../../../src/main/sketch/random.ts';
import { readScene } from '../../../src/main/sketch/read.ts';

const farm = readScene('A cat sits beside a house with a tree, and two birds fly over the meadow', {
  seed: 5,
});

const changed = (scene: Scene, text: string, second?: Scene) =>
  changeScene(scene, readChange(text), { second });
const icons = (scene: Scene): string[] =>
  scene.figures.map(({ icon }) => icon.replace(/-(light|medium|dark|medium-light|medium-dark)$/, ''));
const count = (scene: Scene, icon: RegExp): number => icons(scene).filter((one) => icon.test(one)).length;
const codes = (scene: Scene, text: string, second?: Scene): string[] =>
  changed(scene, text, second).notes.map(({ code }) => code);
/** The figures of a scene that are in another one, to the byte. */
const kept = (before: Scene, after: Scene): number =>
  before.figures.filter((figure) =>
    after.figures.some((one) => JSON.stringify(one) === JSON.stringify(figure)),
  ).length;

describe('a change in words', () => {
  test.each([
    ['the same at night', { time: 'night' }],
    ['la misma escena de noche', { time: 'night' }],
    ['同じ場面を夜に', { time: 'night' }],
    ['نفس المشهد ليلا', { time: 'night' }],
    ['gambar yang sama pada waktu malam', { time: 'night' }],
    ['in the rain', { weather: 'rain' }],
    ['bajo la lluvia', { weather: 'rain' }],
    ['雨の中で', { weather: 'rain' }],
    ['تحت المطر', { weather: 'rain' }],
    ['dalam hujan', { weather: 'rain' }],
    ['in snow', { weather: 'snow' }],
    ['on the beach', { place: 'beach' }],
    ['en la playa', { place: 'beach' }],
    ['浜辺で', { place: 'beach' }],
    ['على الشاطئ', { place: 'beach' }],
    ['di pantai', { place: 'beach' }],
    ['a close-up', { shot: 'close-up' }],
  ] as const)('%s sets one thing and keeps the figures', (text, setting) => {
    const { scene } = changed(farm, text);
    expect(scene).toMatchObject(setting);
    expect(scene.figures.map(({ id }) => id)).toEqual(farm.figures.map(({ id }) => id));
    if ('time' in setting || 'weather' in setting) expect(scene.figures).toEqual(farm.figures);
    expect({ seed: scene.seed, text: scene.text }).toEqual({ seed: farm.seed, text: farm.text });
  });

  test.each([
    'with a dog instead of the cat',
    'replace the cat with a dog',
    'con un perro en vez del gato',
    'cambia el gato por un perro',
    '猫の代わりに犬',
    '猫を犬に変えて',
    'كلب بدلا من القطة',
    'استبدل القطة بكلب',
    'anjing bukannya kucing',
    'gantikan kucing dengan anjing',
  ])('%s puts a dog where the cat was', (text) => {
    const { scene } = changed(farm, text);
    const cat = farm.figures.find(({ icon }) => icon === 'cat')!;
    const dog = scene.figures.find(({ icon }) => icon === 'dog');
    expect(dog).toMatchObject({ id: cat.id, x: cat.x, y: cat.y });
    expect(count(scene, /^cat$/)).toBe(0);
    expect(kept(farm, scene)).toBe(farm.figures.length - 1);
  });

  test.each([
    'without the tree',
    'no tree',
    'sin el árbol',
    '木なしで',
    'بدون الشجرة',
    'tanpa pokok',
    'the tree is gone',
  ])('%s takes the tree away and nothing else', (text) => {
    const { scene } = changed(farm, text);
    expect(count(scene, /tree/)).toBe(0);
    expect(kept(farm, scene)).toBe(farm.figures.length - 1);
  });

  test.each(['two more birds', 'dos pájaros más', '鳥をもう二羽', 'dua ekor burung lagi'])(
    '%s adds two, and keeps those there',
    (text) => {
      const { scene } = changed(farm, text);
      expect(count(scene, /bird/)).toBe(count(farm, /bird/) + 2);
      expect(kept(farm, scene)).toBe(farm.figures.length);
      expect(new Set(scene.figures.map(({ id }) => id)).size).toBe(scene.figures.length);
    },
  );

  test.each([
    'add a boat on the left',
    'añade un barco a la izquierda',
    '左に船を追加して',
    'أضف قاربا على اليسار',
    'tambah perahu di sebelah kiri',
  ])('%s adds it there', (text) => {
    const { scene } = changed(farm, text);
    const boat = scene.figures.find(({ icon }) => icon === 'sailboat');
    expect(boat?.x).toBeLessThan(0.36);
    expect(kept(farm, scene)).toBe(farm.figures.length);
  });

  test.each([
    'a bigger house',
    'make the house bigger',
    'una casa más grande',
    '家を大きくして',
    'بيت أكبر',
    'rumah lebih besar',
  ])('%s makes it grow, in sight', (text) => {
    const { scene } = changed(farm, text);
    const [was, is] = [farm, scene].map((one) => one.figures.find(({ icon }) => icon === 'house')!);
    expect(is!.height).toBeGreaterThan(was!.height * 1.2);
    expect(is!.y - is!.height).toBeGreaterThan(-0.01);
    expect(kept(farm, scene)).toBe(farm.figures.length - 1);
  });

  test('colours, counts, moves and turns what is there', () => {
    expect(
      changed(farm, 'a red house').scene.figures.find(({ icon }) => icon === 'house')?.hue,
    ).toBeDefined();
    expect(count(changed(farm, 'only one bird').scene, /bird/)).toBe(1);
    expect(count(changed(farm, 'three birds').scene, /bird/)).toBe(3);
    const cat = (scene: Scene) => scene.figures.find(({ icon }) => icon === 'cat')!;
    expect(cat(changed(farm, 'move the cat to the left').scene).x).toBeLessThan(0.35);
    expect(cat(changed(farm, 'flip the cat').scene).flip).toBe(!cat(farm).flip);
    expect(cat(changed(farm, 'a smaller cat').scene).height).toBeLessThan(cat(farm).height);
  });

  test('puts things on, beside and on top of others, which carry them along', () => {
    const { scene } = changed(farm, 'add a hat on the cat and a dog next to the house');
    const hat = scene.figures.find(({ icon }) => icon === 'top-hat')!;
    const cat = scene.figures.find(({ icon }) => icon === 'cat')!;
    expect(hat.with).toBe(cat.id);
    expect(Math.abs(hat.x - cat.x)).toBeLessThan(0.1);
    const gone = changed(scene, 'without the cat').scene;
    expect(icons(gone)).not.toContain('top-hat');
    const dog = changed(scene, 'a dog instead of the cat').scene;
    expect(dog.figures.find(({ icon }) => icon === 'top-hat')?.with).toBe(cat.id);
  });

  test('does several things at once, and says each', () => {
    const { scene, notes } = changed(
      farm,
      'at night in the rain, without the tree, with a dog instead of the cat',
    );
    expect(scene).toMatchObject({ time: 'night', weather: 'rain' });
    expect(count(scene, /tree|^cat$/)).toBe(0);
    expect(notes.map((note) => noteText('en', note)).join(' ')).toBe(
      'The picture is set anew: Night. The picture is set anew: Rain. Taken away: tree. “dog” stands where “cat” stood. Kept as it was: house, birds; the place too: Meadow.',
    );
  });

  test.each([
    ['without the elephant', 'noteMissing'],
    ['a dog instead of the elephant', 'noteMissing'],
    ['make the elephant bigger', 'noteMissing'],
    ['without rain', 'noteNotSo'],
    ['add a zorblax', 'noteNoFigure'],
    ['the dog of the second picture', 'noteNoSecond'],
    ['hello world', 'noteUnread'],
    ['', 'noteNothing'],
  ])('says in words what it cannot do: %s', (text, code) => {
    const { scene } = changed(farm, text);
    expect(codes(farm, text)).toContain(code);
    expect(JSON.stringify(scene)).toBe(JSON.stringify(farm));
  });
});

describe('a second picture', () => {
  const desert = readScene('a girl with a hat rides a horse in the desert', { seed: 9 });

  test('gives its main figures, with rider and hat, when nothing is said', () => {
    const { scene } = changed(farm, '', desert);
    expect(mainFigures(desert).map(({ icon }) => icon)).toEqual(['horse']);
    for (const icon of ['horse', 'girl', 'top-hat']) expect(icons(scene)).toContain(icon);
    expect(scene.place).toBe('meadow');
    expect(kept(farm, scene)).toBe(farm.figures.length);
  });

  test('gives what is named, where it is wanted', () => {
    const { scene } = changed(farm, 'with the girl of the second picture instead of the cat', desert);
    expect(icons(scene)).toContain('girl');
    expect(icons(scene)).not.toContain('cat');
    expect(icons(scene)).not.toContain('horse');
    expect(codes(farm, 'with the dragon of the second picture', desert)).toContain('noteNotInSecond');
    expect(changed(farm, 'with the background of the second picture', desert).scene.place).toBe('desert');
  });
});

describe('any change of any scene', () => {
  const things = 'dog cat tree house boat bird car girl man horse flower mountain umbrella hat balloon'.split(
    ' ',
  );
  const forms = [
    (a: string, b: string) => `without the ${a} and with a ${b}`,
    (a: string, b: string) => `a ${b} instead of the ${a}`,
    (a: string, b: string) => `add two ${b}s on the left of the ${a}`,
    (a: string) => `a bigger ${a} on the beach at night`,
    (a: string, b: string) => `put a ${b} on the ${a}, in snow`,
    (a: string) => `only one ${a}, far away`,
    (a: string, b: string) => `move the ${a} behind the ${b}`,
    (a: string, b: string) => `${b} 犬 sin ${a} ${a} ${b}`,
  ];

  test('leaves a scene that can be drawn, is the same each time, and is not touched itself', () => {
    const random = mulberry32(77);
    for (let round = 0; round < 400; round++) {
      const [a, b, c, d] = [0, 1, 2, 3].map(() => pick(random, things)) as [string, string, string, string];
      const scene = readScene(
        `a ${a} and two ${c}s in the ${pick(random, ['park', 'city', 'sea', 'kitchen'])}`,
        {
          seed: round,
        },
      );
      const text = pick(random, forms)(random() < 0.6 ? a : d, b);
      const before = JSON.stringify(scene);
      const first = changed(scene, text);
      expect(JSON.stringify(scene), text).toBe(before);
      expect(changed(scene, text), text).toEqual(first);
      const result = SceneSchema.parse(first.scene);
      expect(first.notes.length, text).toBeGreaterThan(0);
      const ids = result.figures.map(({ id }) => id);
      expect(new Set(ids).size, text).toBe(ids.length);
      for (const figure of result.figures)
        if (figure.with !== undefined) expect(ids, text).toContain(figure.with);
      expect(result.seed).toBe(scene.seed);
      if (round % 20 === 0) expect(drawScene(result)).toContain('<svg');
    }
  });
});
