import { expect, test } from 'vitest';
import { beamSearch, type Rows, type Step } from '../../../src/main/models/starter/beam-search.ts';

const END = 2;
const settings = { beams: 2, maxTokens: 6, lengthPenalty: 1, begin: 1, end: END };

/** A decoder that is a table: what may follow which token, with probabilities. */
function decoder(table: Record<number, Record<number, number>>, seen: Rows[] = []) {
  return (rows: Rows): Promise<Step> => {
    seen.push(rows);
    const width = 4;
    const scores = new Float32Array(rows.tokens.length * width).fill(-Infinity);
    const ids = new BigInt64Array(rows.tokens.length * width).fill(99n);
    for (const [row, token] of rows.tokens.entries()) {
      const next = Object.entries(table[token] ?? {}).sort((a, b) => b[1] - a[1]);
      for (const [rank, [id, probability]] of next.entries()) {
        scores[row * width + rank] = Math.log(probability);
        ids[row * width + rank] = BigInt(id);
      }
    }
    return Promise.resolve({ scores, ids });
  };
}

test('a likelier whole beats the likelier first word', async () => {
  // Greedy takes 10 first (0.6) and ends at 0.6 * 0.3; the other way is worth 0.4 * 0.9.
  const table = {
    1: { 10: 0.6, 11: 0.4 },
    10: { 12: 0.3, 13: 0.3 },
    11: { 14: 0.9 },
    12: { [END]: 1 },
    13: { [END]: 1 },
    14: { [END]: 1 },
  };
  const [[best] = []] = await beamSearch(decoder(table), 1, settings);
  expect(best?.tokens).toEqual([11, 14]);
  expect(best?.logProbability).toBeCloseTo(Math.log(0.36));
  expect(best?.score).toBeCloseTo(Math.log(0.36) / 3);
});

test('each row names the row before that it goes on from, and finished photos leave the batch', async () => {
  const seen: Rows[] = [];
  const step = decoder(
    { 1: { 10: 0.7, 11: 0.3 }, 10: { [END]: 0.9, 12: 0.1 }, 11: { [END]: 0.9, 12: 0.1 }, 12: { 12: 1 } },
    seen,
  );
  const short = await beamSearch(step, 2, settings);
  expect(short.map(([best]) => best?.tokens)).toEqual([[10], [10]]);
  expect(seen[0]).toEqual({ tokens: [1, 1], beams: [0, 1], photos: [0, 1], position: 0 });
  expect(seen[1]).toEqual({
    tokens: [10, 11, 10, 11],
    beams: [0, 0, 1, 1],
    photos: [0, 0, 1, 1],
    position: 1,
  });
  expect(seen).toHaveLength(2);
});

test('what never ends is cut at the longest length', async () => {
  const [[best] = []] = await beamSearch(decoder({ 1: { 10: 1 }, 10: { 10: 1 } }), 1, settings);
  expect(best?.tokens).toEqual([10, 10, 10, 10, 10, 10]);
});

test('the length penalty chooses between short and long', async () => {
  const table = { 1: { 10: 0.9 }, 10: { [END]: 0.45, 11: 0.55 }, 11: { 12: 0.9 }, 12: { [END]: 0.9 } };
  const short = await beamSearch(decoder(table), 1, { ...settings, lengthPenalty: 0 });
  const long = await beamSearch(decoder(table), 1, { ...settings, lengthPenalty: 2 });
  // 0.9 * 0.45 against 0.9 * 0.55 * 0.9 * 0.9: nearly alike, so the length decides.
  expect(short[0]?.[0]?.tokens).toEqual([10]);
  expect(long[0]?.[0]?.tokens).toEqual([10, 11, 12]);
});

test('an error of a step, such as a cancellation, ends the search', async () => {
  const stop = () => Promise.reject(new Error('stopped'));
  await expect(beamSearch(stop, 1, settings)).rejects.toThrow('stopped');
});

test('a bonus decides between words that are nearly as likely, and all that was finished comes back', async () => {
  const table = { 1: { 10: 0.5, 11: 0.4, 12: 0.1 }, 10: { [END]: 1 }, 11: { [END]: 1 }, 12: { [END]: 1 } };
  const bonus = (tokens: readonly number[]): number => (tokens.includes(11) ? 1 : 0);
  const [found] = await beamSearch(decoder(table), 1, { ...settings, beams: 2, bonus });
  expect(found?.map((one) => one.tokens)).toEqual([[11], [10]]);
  // The bonus chooses; it is no part of how likely the words are.
  expect(found?.[0]?.logProbability).toBeCloseTo(Math.log(0.4));
});

test('a bonus leads the search of its photo alone, and is no part of the log-probability', async () => {
  const table = { 1: { 10: 0.8, 11: 0.2 }, 10: { [END]: 1 }, 11: { [END]: 1 } };
  const ends: boolean[] = [];
  const found = await beamSearch(decoder(table), 2, {
    ...settings,
    bonus: (tokens, photo, ended) => {
      ends.push(ended);
      return photo === 1 && tokens.includes(11) ? 2 : 0;
    },
  });
  expect(found.map(([best]) => best?.tokens)).toEqual([[10], [11]]);
  expect(found[1]![0]!.logProbability).toBeCloseTo(Math.log(0.2));
  expect(new Set(ends)).toEqual(new Set([true, false]));
});
