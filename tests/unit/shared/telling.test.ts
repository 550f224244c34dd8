import { expect, test } from 'vitest';
import type { Pyramid, Word } from '../../../src/shared/pyramid.ts';
import { tell } from '../../../src/shared/telling.ts';

const word = (name: string, kind: Word['kind'], x: number | null = null): Word => ({
  word: name,
  kind,
  probability: 0.8,
  box: x === null ? null : { x, y: 0.2, width: 0.2, height: 0.5 },
});

const pyramid: Pyramid = {
  pack: 'p@1',
  concept: word('dog', 'thing', 0.05),
  subjects: [word('boy', 'thing', 0.7), word('beach', 'place')],
  details: [
    word('running', 'action'),
    word('ball', 'thing', 0.75),
    word('sunset', 'time'),
    word('wet', 'look'),
  ],
};

test('a picture is told from one word to a paragraph', () => {
  expect(tell(pyramid, null, 1)).toBe('dog');
  expect(tell(pyramid, null, 2)).toBe('dog and boy on the beach');
  expect(tell(pyramid, null, 3)).toBe('A dog and a boy on the beach at sunset.');
  expect(tell(pyramid, 'two dogs by the sea', 3)).toBe('Two dogs by the sea.');
  expect(tell(pyramid, 'two dogs by the sea', 4)).toBe(
    'Two dogs by the sea. Also seen: boy, beach, running, ball, sunset, wet.',
  );
  expect(tell(pyramid, 'two dogs by the sea', 5)).toBe(
    'Two dogs by the sea. On the left: dog. On the right: boy and ball. Going on: running. The setting: beach and sunset. To be seen, too: wet.',
  );
});

test('nothing is said twice, and nothing is said that neither words nor caption say', () => {
  const text = 'A wet dog and boys with a ball, running on the beach at sunset';
  expect(tell(pyramid, text, 4)).toBe(`${text}.`);
  const bare: Pyramid = { pack: 'p@1', concept: word('snow', 'place'), subjects: [], details: [] };
  for (const length of [1, 2] as const) expect(tell(bare, null, length)).toBe('snow');
  expect(tell(bare, null, 5)).toBe('Snow.');
});
