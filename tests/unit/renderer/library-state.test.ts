import { expect, test } from 'vitest';
import { folderTree } from '../../../src/renderer/src/state/folder-tree.ts';
import { readAddress, writeAddress } from '../../../src/renderer/src/state/library-address.ts';
import type { AssetFilter } from '../../../src/shared/contract.ts';

const id = 'a'.repeat(64);

test('an address brings back every part of filter and search, in any script', () => {
  const filter: Required<AssetFilter> = {
    folder: '/photos/夏休み & more?/#1',
    takenFrom: '2018',
    takenTo: '2019-08-01',
    dated: true,
    tags: ['sea & sand', 'عائلة'],
    labels: ['our dog'],
    words: ['dog', 'living room'],
    captioned: false,
    captionSource: 'model',
    pack: 'starter@2026.11-1',
    origin: 'painted',
    job: 'job-1',
  };
  const search = {
    text: 'a dog + a cat',
    withTexts: ['red'],
    withoutTexts: ['grass', '雪'],
    like: [id],
    unlike: [id],
  };
  expect(readAddress(writeAddress(filter, search))).toEqual({ filter, search });
  const nothing = { text: '', withTexts: [], withoutTexts: [], like: [], unlike: [] };
  expect(writeAddress({}, nothing)).toBe('');
  expect(readAddress('')).toEqual({ filter: {}, search: nothing });
});

test('what an address has that means nothing is left out', () => {
  const { filter, search } = readAddress(
    'kind=stolen&by=nobody&from=yesterday&to=2019-13-99x&caption=maybe&like=../../x&tag=&job=a/b',
  );
  expect(filter).toEqual({});
  expect(search.like).toEqual([]);
});

test('the tree of folders begins where it branches, and counts what lies below', () => {
  const tree = folderTree([
    { folder: '/home/me/Pictures/2019', count: 2 },
    { folder: '/home/me/Pictures/2019/sea/boats', count: 3 },
    { folder: '/home/me/Pictures/10 more', count: 1 },
    { folder: '/home/me/Pictures/9 more', count: 1 },
    { folder: '', count: 7 },
  ]);
  expect(tree).toHaveLength(1);
  expect(tree[0]).toMatchObject({ name: 'home/me/Pictures', path: '/home/me/Pictures', count: 7 });
  expect(tree[0]!.children.map(({ name, count }) => [name, count])).toEqual([
    ['9 more', 1],
    ['10 more', 1],
    ['2019', 5],
  ]);
  expect(tree[0]!.children[2]!.children).toEqual([
    { path: '/home/me/Pictures/2019/sea/boats', name: 'sea/boats', count: 3, children: [] },
  ]);
});

test('folders of Windows', () => {
  expect(folderTree([{ folder: 'C:\\Users\\me', count: 1 }])).toEqual([
    { path: 'C:\\Users\\me', name: 'C:/Users/me', count: 1, children: [] },
  ]);
});
