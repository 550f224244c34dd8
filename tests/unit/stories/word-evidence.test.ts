import { describe, expect, test } from 'vitest';
import { namedThings, telling, wordEvidence } from '../../../src/main/stories/word-evidence.ts';

const query = (text: string) =>
  new Map([...namedThings(text)].map(([name, word]) => [name, { word, weight: telling(24, 1) }]));

describe('the things a text names', () => {
  test('are the same in every form of a word', () => {
    const same = (a: string, b: string) =>
      expect([...namedThings(a).keys()]).toEqual([...namedThings(b).keys()]);
    same('dogs', 'the dog');
    same('riding', 'rides');
    same('children running', 'a child ran');
    same('wolves in caves', 'wolf, cave');
  });

  test('are the same in every language the lexicon knows', () => {
    const dragon = [...namedThings('a dragon').keys()];
    for (const text of [
      'Seekor naga.',
      '竜は笑いました。',
      'El dragón duerme en la cueva.',
      'un dragon et une fleur',
    ]) {
      expect([...namedThings(text).keys()]).toEqual(expect.arrayContaining(dragon));
    }
  });

  test('are no function words, and nothing of what cameras call their files', () => {
    expect([...namedThings('This is a picture of the two of them, IMG_2041 DSC00012')]).toEqual([]);
  });
});

describe('the evidence of words', () => {
  const dragon = query('A dragon sleeps in a cave with its treasure.');

  test('grows with what is shared', () => {
    const of = (caption: string) => wordEvidence(dragon, caption, 'IMG_1').logOdds;
    expect(of('a dragon sleeping in a cave')).toBeGreaterThan(of('a dragon on a hill'));
    expect(of('a dragon on a hill')).toBeGreaterThan(of('a cat on a hill'));
    expect(of('a cat on a hill')).toBeLessThan(0);
  });

  test('counts nothing against a picture whose name merely says something else', () => {
    expect(wordEvidence(dragon, null, 'holiday in Rome')).toEqual({ logOdds: 0, shared: [] });
    expect(wordEvidence(dragon, null, 'dragon-in-a-cave')).toMatchObject({ shared: ['dragon', 'cave'] });
    expect(wordEvidence(dragon, null, 'DragonCave').logOdds).toBeGreaterThan(2);
  });

  test('is none where both name figures and share only the place', () => {
    const horse = query('A horse is lost in the desert.');
    expect(wordEvidence(horse, null, 'camels-in-the-desert').logOdds).toBeLessThanOrEqual(0);
    expect(wordEvidence(horse, null, 'desert').logOdds).toBeGreaterThan(0);
  });

  test('is bounded, and tells more where a word is rare', () => {
    const long = query('dragon cave castle knight horse princess tower bridge river forest moon star');
    const all = wordEvidence(
      long,
      'dragon cave castle knight horse princess tower bridge river forest moon star',
      '',
    );
    expect(all.logOdds).toBeLessThanOrEqual(6);
    expect(telling(1000, 1)).toBeGreaterThan(telling(1000, 100));
  });
});
