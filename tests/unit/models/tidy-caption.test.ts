import { expect, test } from 'vitest';
import { tidyCaption } from '../../../src/main/models/tidy-caption.ts';

test.each([
  ['a dog runs in the snow', 'A dog runs in the snow.'],
  ['this image shows a dog in the snow', 'A dog in the snow.'],
  ['In this picture, there is a boat', 'A boat.'],
  ['a photo of two girls', 'Two girls.'],
  ['the picture shows a red car .', 'A red car.'],
  ['a man man is riding a bike', 'A man is riding a bike.'],
  ['a dog in the water in the water', 'A dog in the water.'],
  ['a girl and a girl and a girl', 'A girl.'],
  ['two dogs are playing in the', 'Two dogs are playing.'],
  ['a man in a t shirt holds the dog s leash', "A man in a t-shirt holds the dog's leash."],
  ['élan vital', 'Élan vital.'],
  ['雪の中の犬。', '雪の中の犬。'],
  ['is it a boat?', 'Is it a boat?'],
  ['  ', ''],
  ['the', 'The.'],
])('%j becomes %j', (raw, tidy) => {
  expect(tidyCaption(raw)).toBe(tidy);
});

test('words that only begin alike are no repetition', () => {
  expect(tidyCaption('a man manages a mansion')).toBe('A man manages a mansion.');
  expect(tidyCaption('an imagery of waves')).toBe('An imagery of waves.');
});
