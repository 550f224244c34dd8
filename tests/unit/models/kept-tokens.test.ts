import { describe, expect, it } from 'vitest';
import { keepTokens, takeRows } from '../../../src/main/models/starter/kept-tokens.ts';

/** Four photos of six tokens. */
const need = Float32Array.from([
  ...[0.9, 0.1, 0.2, 0.8, 0.3, 0.1],
  ...[0.9, 0.9, 0.9, 0.9, 0.9, 0.9],
  ...[0.1, 0.1, 0.1, 0.1, 0.1, 0.4],
  ...[0.6, 0.7, 0.1, 0.8, 0.2, 0.3],
]);

describe('the image tokens a picture keeps', () => {
  it('follow the picture: the smallest number that holds all it needs, most needed first, in reading order', () => {
    expect(keepTokens(need, 4, [2, 4, 6])).toEqual([
      {
        photos: [0, 2],
        kept: [
          [0, 3],
          [0, 5],
        ],
      },
      { photos: [3], kept: [[0, 1, 3, 5]] },
      { photos: [1], kept: [[0, 1, 2, 3, 4, 5]] },
    ]);
  });

  it('are the same whichever pictures share the batch', () => {
    const alone = keepTokens(need.subarray(18), 1, [2, 4, 6]);
    expect(alone).toEqual([{ photos: [0], kept: [[0, 1, 3, 5]] }]);
  });

  it('are cut to the largest number where more are needed', () => {
    expect(keepTokens(need.subarray(6, 12), 1, [3])).toEqual([{ photos: [0], kept: [[0, 1, 2]] }]);
  });

  it('are taken from the rows of their photos', () => {
    expect([...takeRows(Float32Array.from([1, 2, 3, 4, 5, 6]), 2, [2, 0])]).toEqual([5, 6, 1, 2]);
  });
});
