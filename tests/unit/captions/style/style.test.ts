import { describe, expect, test } from 'vitest';
import { readClause, sayClause, type VerbShape } from '../../../../src/main/captions/style/clause.ts';
import { learnStyle } from '../../../../src/main/captions/style/profile.ts';
import { CaptionStyle } from '../../../../src/main/captions/style/style.ts';

const said = (text: string, shape: VerbShape): string =>
  sayClause(readClause(text), shape)
    .map((word) => word.text)
    .join(' ');

describe('the grammar', () => {
  test.each<[string, VerbShape, string]>([
    ['a brown dog is running through the grass', 'past', 'a brown dog ran through the grass'],
    ['a brown dog is running through the grass', 'participle', 'a brown dog running through the grass'],
    ['two dogs play in the snow', 'past', 'two dogs played in the snow'],
    ['two dogs play in the snow', 'present-progressive', 'two dogs are playing in the snow'],
    ['a man in a red shirt is riding a bike', 'present', 'a man in a red shirt rides a bike'],
    [
      'a group of people are standing in front of a building',
      'past-progressive',
      'a group of people were standing in front of a building',
    ],
    ['a man and a woman stand on a snowy hill', 'base', 'a man and a woman stand on a snowy hill'],
    ['a man and a woman stand on a snowy hill', 'past', 'a man and a woman stood on a snowy hill'],
    // The model's own slip in number is put right.
    ['a black dog are playing with a ball', 'present-progressive', 'a black dog is playing with a ball'],
    ['a black and white dog is sitting on a couch', 'present', 'a black and white dog sits on a couch'],
    ['a girl wearing a pink dress sits on a swing', 'past', 'a girl wearing a pink dress sat on a swing'],
    ['a dog is in the water', 'past', 'a dog was in the water'],
    ['a dog is in the water', 'participle', 'a dog in the water'],
    ['a boy runs and jumps in a field', 'past', 'a boy ran and jumped in a field'],
    ['a boy in a swimming pool', 'past', 'a boy in a swimming pool'],
  ])('%s, %s', (text, shape, expected) => {
    expect(said(text, shape)).toBe(expected);
  });
});

describe('what is learned from examples', () => {
  test('a headline: title case, the present, no articles, no full stop', () => {
    expect(
      learnStyle([
        'Sailors Race Across Stormy Bay',
        'Farmer Feeds Hungry Lambs',
        'Children Build Giant Snowman',
      ]),
    ).toMatchObject({
      form: 'sentence',
      casing: 'title',
      verb: 'present',
      bare: true,
      end: '',
      openings: [],
    });
  });

  test('a diary: who sees, when, and what is seen as a participle; the place of an example is not of the style', () => {
    const profile = learnStyle([
      'Today I saw a horse galloping along the shore.',
      'At the harbour I watched two children feeding ducks.',
      'This morning I saw an old man reading on a bench.',
    ]);
    expect(profile.openings).toEqual(['Today I saw', 'I watched', 'This morning I saw']);
    expect(profile).toMatchObject({ verb: 'participle', end: '.', bare: false });
  });

  test('a first person that sees nothing by name is given something to see with, in the same tense', () => {
    const past = ['We walked along the river.', 'We fed the ducks in the park.', 'Our dog chased a ball.'];
    expect(learnStyle(past).openings).toEqual(['We saw']);
  });

  test('an opening and a closing that most examples share', () => {
    const profile = learnStyle([
      'This photo shows a woman reading a book, somewhere in Norway.',
      'This photo shows two boats drifting on a lake, somewhere in Norway.',
      'This photo shows a child feeding a goat, somewhere in Norway.',
    ]);
    expect(profile.openings).toEqual(['This photo shows']);
    expect(profile.closing).toBe(', somewhere in Norway');
    expect(profile.verb).toBe('participle');
  });

  test('a beginning that is only the same picture twice is no opening', () => {
    const profile = learnStyle([
      'A man rides a bike.',
      'A man feeds a dog.',
      'A man reads a book on a bench.',
    ]);
    expect(profile.openings).toEqual([]);
    expect(profile.verb).toBe('present');
  });

  test('keywords and hashtags, with their marks and their number', () => {
    expect(learnStyle(['lake; boat; fishing', 'hill; snow; skiing', 'cat; sofa; sleeping'])).toMatchObject({
      form: 'keywords',
      separator: '; ',
      length: { middle: 3 },
      keywordVerb: 'gerund',
    });
    expect(learnStyle(['#lake #boat', '#hill #snow', '#cat #sofa']).form).toBe('hashtags');
  });

  test('words used again and again in place of others that mean the same', () => {
    const { preferences } = learnStyle(['A kid runs.', 'Two kids jump.', 'A kid sleeps in a tent.']);
    expect(preferences).toContainEqual({ kind: 'noun', prefer: 'kid', avoid: ['child', 'youngster'] });
  });

  test('too few examples, and examples in another language, are refused in words', () => {
    expect(() => learnStyle(['One.', 'Two.'])).toThrow('3 to 8 examples');
    expect(() => learnStyle(['犬が走る。', '猫が眠る。', '鳥が飛ぶ。'])).toThrow('English');
  });
});

describe('captions in a style', () => {
  const candidates = [
    { text: 'A man in a red shirt is riding a bike through the woods.', score: -0.9 },
    { text: 'A man in a blue shirt is riding a bike down a path.', score: -0.95 },
    { text: 'A man is riding a bike through the woods.', score: -1 },
  ];
  const write = (examples: string[]): string => new CaptionStyle(examples).write(candidates);

  test('keep what the search agrees on, and drop what it does not where the style is short', () => {
    expect(
      write(['Sailors Race Across Stormy Bay', 'Farmer Feeds Hungry Lambs', 'Children Build Giant Snowman']),
    ).toMatch(/^Man Rides Bike( Through Woods)?$/);
    expect(
      write([
        'Today I saw a cat sleeping.',
        'Today I saw a dog eating.',
        'Today I saw two boys playing chess.',
      ]),
    ).toMatch(/^Today I saw a man riding a bike/);
  });

  test('name things for keywords and hashtags', () => {
    expect(
      write(['lake, boat, fishing', 'hill, snow, skiing', 'cat, sofa, sleeping']).split(', '),
    ).toHaveLength(3);
    expect(write(['#lake #boat', '#hill #snow', '#cat #sofa'])).toMatch(/^#\w+ #\w+$/);
  });

  test('say a word the way the examples do, with the right article', () => {
    expect(write(['A guy reads.', 'A guy eats an apple.', 'Two guys play chess in the park.'])).toMatch(
      /^A guy .*rides a bike/,
    );
  });

  test('come to nothing where the search does', () => {
    expect(new CaptionStyle(['A dog.', 'A cat.', 'A horse.']).write([])).toBe('');
  });
});
