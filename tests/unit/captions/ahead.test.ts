import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ahead } from '../../../src/main/captions/ahead.ts';

test('results come in order, prepared side by side, and never more than the window', async () => {
  let running = 0;
  let most = 0;
  let unread = 0;
  const prepare = async (item: number): Promise<number> => {
    unread++;
    most = Math.max(most, ++running);
    await wait((item * 7) % 5);
    running--;
    return item;
  };
  const seen: number[] = [];
  for await (const item of ahead(
    Array.from({ length: 40 }, (_, index) => index),
    prepare,
    6,
  )) {
    expect(unread).toBeLessThanOrEqual(6);
    unread--;
    seen.push(item);
    if (item % 10 === 0) await wait(10);
  }
  expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => index));
  expect(most).toBeGreaterThan(2);
});

test('a reader that stops early leaves nothing running', async () => {
  let running = 0;
  const prepare = async (item: number): Promise<number> => {
    running++;
    await wait(5);
    running--;
    return item;
  };
  for await (const item of ahead([1, 2, 3, 4, 5, 6], prepare, 4)) if (item === 1) break;
  expect(running).toBe(0);
});
