import { expect, test } from 'vitest';
import { ReviewQueue } from '../../../src/main/captions/review.ts';
import { openLibrary, picture } from '../library/samples.ts';

async function withQueue(captioned: number) {
  const opened = openLibrary();
  const { library, database } = opened;
  const ids: string[] = [];
  for (let seed = 0; seed < captioned + 1; seed += 1) {
    const bytes = await picture(seed).png().toBuffer();
    const { asset } = await library.importBytes(`${seed}.png`, bytes);
    if (seed < captioned) {
      library.setCaption(asset.id, { text: `caption ${seed}`, source: 'model', pack: 'starter@1' });
    }
    ids.push(asset.id);
  }
  return { ...opened, ids, queue: new ReviewQueue({ database, library }) };
}

test('the queue holds what has a caption, remembers each decision, and knows where to go on', async () => {
  const { queue, library, database, ids } = await withQueue(4);
  expect(queue.start({ filter: {} })).toEqual({
    total: 4,
    counts: { waiting: 4, accepted: 0, edited: 0, rejected: 0 },
    next: 0,
  });
  queue.decide(ids[0]!, 'accept', '');
  queue.decide(ids[1]!, 'edit', 'my words');
  queue.decide(ids[3]!, 'reject', '');
  expect(library.get(ids[0]!).caption).toMatchObject({ text: 'caption 0', source: 'person', pack: null });
  expect(library.captionHistory(ids[0]!).at(-1)!.settings).toEqual({
    review: 'accepted',
    from: { source: 'model', pack: 'starter@1' },
  });
  expect(library.get(ids[1]!).caption).toMatchObject({ text: 'my words', source: 'person' });
  expect(library.get(ids[3]!).caption).toBeNull();
  // Another process, or the same one after a restart.
  const again = new ReviewQueue({ database, library });
  expect(again.get()).toEqual({
    total: 4,
    counts: { waiting: 1, accepted: 1, edited: 1, rejected: 1 },
    next: 2,
  });
  expect(again.list(0, 10).items.map(({ state }) => state)).toEqual([
    'accepted',
    'edited',
    'waiting',
    'rejected',
  ]);
  expect(again.list(2, 1).items[0]!.asset.id).toBe(ids[2]);
  expect(again.decide(ids[2]!, 'accept', '').review.next).toBeNull();
});

test('a decision can be changed; a removed picture leaves the queue; nothing to review is said', async () => {
  const { queue, library, ids } = await withQueue(2);
  expect(() => queue.start({ assets: [ids[2]!], filter: {} })).toThrow(
    'None of these pictures has a caption',
  );
  queue.start({ assets: [ids[1]!, ids[0]!], filter: {} });
  expect(queue.list(0, 5).items.map(({ asset }) => asset.id)).toEqual([ids[1], ids[0]]);
  queue.decide(ids[1]!, 'reject', '');
  expect(() => queue.decide(ids[1]!, 'accept', '')).toThrow('no caption to accept');
  expect(queue.decide(ids[1]!, 'edit', 'after all').item.state).toBe('edited');
  await library.remove([ids[0]!]);
  expect(queue.get()).toMatchObject({ total: 1, next: null });
  expect(() => queue.decide(ids[0]!, 'accept', '')).toThrow('no longer among those');
});
