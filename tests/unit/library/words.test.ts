import { beforeEach, describe, expect, test } from 'vitest';
import type { Library } from '../../../src/main/library/library.ts';
import { openLibrary, picture } from './samples.ts';

describe('words in any script', () => {
  let library: Library;
  beforeEach(() => {
    library = openLibrary().library;
  });

  async function captioned(name: string, caption: string, seed: number): Promise<string> {
    const { asset } = await library.importBytes(name, await picture(seed).png().toBuffer());
    library.setCaption(asset.id, { text: caption, source: 'person', pack: null });
    return asset.id;
  }

  test.each([
    [
      'English, by stem',
      'Two dogs are running on the beach.',
      ['dog', 'RUN', 'running dogs', 'beaches'],
      ['cat', 'do running', 'each'],
    ],
    ['Spanish, without accents', 'Un niño pequeño corre.', ['nino', 'NIÑO', 'pequeno corre'], ['nina']],
    [
      'Japanese',
      '子犬が海で走る。東京タワー',
      ['犬', '子犬', '海', '走る', 'タワー', '京タ', '東京 子犬'],
      ['猫', '犬子', '東犬'],
    ],
    ['Chinese', '两只小狗在海滩上奔跑', ['小狗', '海滩', '狗', '跑'], ['小猫', '狗小']],
    ['Korean, under particles', '강아지가 바다에서 달린다', ['강아지', '바다', '달린'], ['고양이']],
    ['Thai', 'สุนัขวิ่งบนชายหาด', ['สุนัข', 'ชายหาด'], ['แมว']],
    ['Arabic, with and without vowel marks', 'كَلْبٌ يجري على الشاطئ', ['كلب', 'كَلْبٌ', 'الشاطئ'], ['قطة']],
    ['Hebrew', 'כֶּלֶב רץ', ['כלב', 'רץ'], ['חתול']],
    ['Devanagari', 'एक कुत्ता दौड़ रहा है', ['कुत्ता', 'दौड़'], ['बिल्ली']],
    ['Malay', 'Seekor anjing berlari di pantai', ['anjing', 'pantai'], ['kucing']],
    ['emoji', 'Rex 🐶🏖️ und ❤️', ['🐶', '🏖️', '❤'], ['🐱']],
    ['full-width letters', 'ＤＯＧ ｶﾒﾗ', ['dog', 'カメラ'], ['cat']],
  ])('%s', async (_script, caption, found, missed) => {
    const id = await captioned('x.png', caption, 1);
    await captioned('y.png', 'nothing alike', 2);
    for (const query of found) expect(library.findWords(query, 9), query).toEqual([id]);
    for (const query of missed) expect(library.findWords(query, 9), query).toEqual([]);
  });

  test('file names count, without their ending', async () => {
    const id = await captioned('IMG_2034-DogOnBeach 夏休み.JPG', '', 1);
    for (const query of ['2034', 'dog', 'beach', '夏休み', '休'])
      expect(library.findWords(query, 9), query).toEqual([id]);
    expect(library.findWords('jpg', 9)).toEqual([]);
  });

  test('the last word may be unfinished when nothing has it whole', async () => {
    const id = await captioned('x.png', 'A lighthouse at night', 1);
    expect(library.findWords('light', 9)).toEqual([id]);
    const whole = await captioned('y.png', 'A light in the dark', 2);
    expect(library.findWords('light', 9)).toEqual([whole]);
  });

  test('captions count more than names', async () => {
    const named = await captioned('dog.png', 'An animal on grass', 1);
    const told = await captioned('x.png', 'A dog on grass here', 2);
    expect(library.findWords('dog', 9)).toEqual([told, named]);
  });

  test.each([
    '',
    '   ',
    '"',
    'a" OR "b',
    '*',
    'NEAR(',
    '-',
    '()',
    'caption:dog',
    '\0',
    "'; DROP TABLE assets; --",
    '^',
    '"犬',
  ])('a query of signs (%j) is words or nothing, never an error', async (query) => {
    await captioned('x.png', 'plain words', 1);
    expect(library.findWords(query, 9)).toEqual([]);
    expect(library.count()).toBe(1);
  });
});
