import { createHash } from 'node:crypto';
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';
import type { Asset, AssetFilter, AssetOrigin, FacetCounts } from '../../../src/shared/contract.ts';
import { openLibrary, picture } from './samples.ts';

/** The same numbers every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

const folders = ['/a', '/a/b', '/a/b/c', '/ab', '/x/y', ''].map((folder) => folder.replaceAll('/', sep));
const tagNames = ['sea', 'Family', 'café', '夏'];

function fill(count: number, seed: number) {
  const { library, database } = openLibrary();
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const insert = database.prepare(
    `INSERT INTO assets (id, name, folder, mime, width, height, bytes, taken_at, imported_at, origin, kept)
     VALUES (?, ?, ?, 'image/png', 1, 1, 1, ?, '', ?, 0)`,
  );
  for (let index = 0; index < count; index += 1) {
    const id = createHash('sha256').update(`${seed} ${index}`).digest('hex');
    const month = String(1 + Math.floor(next() * 3)).padStart(2, '0');
    const taken = next() < 0.2 ? null : `${pick(['2018', '2019'])}-${month}-${pick(['01', '15'])}T10:00:00`;
    const origin: AssetOrigin = next() < 0.7 ? 'imported' : pick(['painted', 'sketched']);
    insert.run(id, `${index}.png`, pick(folders), taken, origin);
    const by = next();
    const text = pick(['a dog', 'a cat']);
    if (by < 0.2) library.setCaption(id, { text, source: 'person', pack: null });
    else if (by < 0.5) library.setCaption(id, { text, source: 'model', pack: 'small@1' });
    else if (by < 0.6) library.setCaption(id, { text, source: 'model', pack: 'large@2' });
    library.tag([id], { add: tagNames.filter(() => next() < 0.3) });
  }
  // Every asset, also sketches, by one list each.
  const all = (['imported', 'painted', 'sketched'] as const).flatMap(
    (origin) => library.list({ origin }, 0, 10_000).assets,
  );
  return { library, database, all, next, pick };
}

function inFolder(asset: Asset, folder: string): boolean {
  return asset.folder === folder || asset.folder.startsWith(folder + sep);
}

/** What a filter means, part by part, written down once more and plainly. */
const fits: { readonly [part: string]: (asset: Asset, filter: AssetFilter) => boolean } = {
  folder: (asset, { folder }) => folder === undefined || inFolder(asset, folder),
  taken: (asset, { takenFrom, takenTo, dated }) =>
    (takenFrom === undefined || (asset.takenAt ?? '').slice(0, takenFrom.length) >= takenFrom) &&
    (takenTo === undefined ||
      (asset.takenAt !== null && asset.takenAt.slice(0, takenTo.length) <= takenTo)) &&
    (dated === undefined || (asset.takenAt !== null) === dated),
  tags: (asset, { tags }) =>
    (tags ?? []).every((tag) => asset.tags.some((own) => own.toLowerCase() === tag.toLowerCase())),
  captioned: (asset, { captioned }) => captioned === undefined || (asset.caption !== null) === captioned,
  source: (asset, { captionSource, pack }) =>
    (captionSource === undefined || asset.caption?.source === captionSource) &&
    (pack === undefined || asset.caption?.pack === pack),
  origin: (asset, { origin }) =>
    origin === undefined ? asset.origin !== 'sketched' : asset.origin === origin,
};

function counted<Key extends string>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function bruteForce(all: readonly Asset[], filter: AssetFilter) {
  const left = (part: string | null): Asset[] =>
    all.filter((asset) => Object.entries(fits).every(([name, fit]) => name === part || fit(asset, filter)));
  return {
    total: left(null).length,
    folders: counted(left('folder').map((asset) => asset.folder)),
    months: counted(left('taken').flatMap((asset) => asset.takenAt?.slice(0, 7) ?? [])),
    undated: left('taken').filter((asset) => asset.takenAt === null).length,
    tags: counted(left(null).flatMap((asset) => asset.tags)),
    labels: [],
    words: [],
    captioned: left('captioned').filter((asset) => asset.caption !== null).length,
    uncaptioned: left('captioned').filter((asset) => asset.caption === null).length,
    writers: counted(
      left('source').flatMap(({ caption }) => (caption ? `${caption.source} ${caption.pack}` : [])),
    ),
    origins: counted(left('origin').map((asset) => asset.origin)),
  };
}

function asMaps(counts: FacetCounts) {
  const { folders: byFolder, months, tags, writers, origins, ...rest } = counts;
  return {
    ...rest,
    folders: new Map(byFolder.map(({ folder, count }) => [folder, count])),
    months: new Map(months.map(({ month, count }) => [month, count])),
    tags: new Map(tags.map(({ name, count }) => [name, count])),
    writers: new Map(writers.map(({ source, pack, count }) => [`${source} ${pack}`, count])),
    origins: new Map(origins.map(({ origin, count }) => [origin, count])),
  };
}

test('facets and lists agree with counting by hand, for random filters', () => {
  const { library, all, next, pick } = fill(300, 7);
  const maybe = <T>(value: T): T | undefined => (next() < 0.35 ? value : undefined);
  for (let round = 0; round < 120; round += 1) {
    const chosen = {
      folder: maybe(pick(folders.filter((folder) => folder !== ''))),
      takenFrom: maybe(pick(['2018', '2019-02', '2018-02-15'])),
      takenTo: maybe(pick(['2019', '2018-03', '2019-01-01'])),
      dated: maybe(next() < 0.5),
      tags: maybe([pick(tagNames).toUpperCase(), pick(tagNames)]),
      captioned: maybe(next() < 0.7),
      captionSource: maybe(pick(['person', 'model'] as const)),
      pack: maybe(pick(['small@1', 'large@2', 'none@0'])),
      origin: maybe(pick(['imported', 'painted', 'sketched'] as const)),
    };
    const filter = Object.fromEntries(
      Object.entries(chosen).filter(([, value]) => value !== undefined),
    ) as AssetFilter;
    const expected = bruteForce(all, filter);
    expect(asMaps(library.facets(filter)), JSON.stringify(filter)).toEqual(expected);
    const { total, assets } = library.list(filter, 0, 1000);
    expect(total).toBe(expected.total);
    expect(assets.every((asset) => Object.values(fits).every((fit) => fit(asset, filter)))).toBe(true);
    expect(library.ids(filter)).toEqual(assets.map((asset) => asset.id));
  }
});

test('a list can be opened at any depth and in any order, and follows what is written', () => {
  const { library, all } = fill(200, 3);
  const shown = all.filter((asset) => asset.origin !== 'sketched');
  for (const order of ['imported', 'newest', 'taken', 'name'] as const) {
    const whole = library.list({}, 0, 1000, order).assets.map((asset) => asset.id);
    expect(whole).toHaveLength(shown.length);
    const pages = Array.from({ length: Math.ceil(shown.length / 7) }, (_, page) =>
      library.list({}, page * 7, 7, order).assets.map((asset) => asset.id),
    ).flat();
    expect(pages).toEqual(whole);
  }
  const taken = library.list({}, 0, 1000, 'taken').assets.map((asset) => asset.takenAt ?? '9999');
  expect(taken).toEqual(taken.toSorted());
  const before = library.list({ captioned: true }, 0, 1).total;
  const bare = library.list({ captioned: false }, 0, 1).assets[0]!;
  library.setCaption(bare.id, { text: 'now it has one', source: 'person', pack: null });
  expect(library.list({ captioned: true }, 0, 1).total).toBe(before + 1);
  expect(library.facets({}).captioned).toBe(before + 1);
});

test('another process that writes is noticed', () => {
  const first = fill(20, 5);
  const id = first.library.list({ captioned: false }, 0, 1).assets[0]!.id;
  const { captioned } = first.library.facets({});
  const second = openLibrary(join(first.database.name, '..'));
  second.library.setCaption(id, { text: 'from elsewhere', source: 'person', pack: null });
  expect(first.library.facets({}).captioned).toBe(captioned + 1);
  expect(first.library.list({ captioned: true }, 0, 1).total).toBe(captioned + 1);
});

test('a list of the captions of one job', async () => {
  const { library } = openLibrary();
  const ids: string[] = [];
  for (const seed of [1, 2, 3]) {
    const { asset } = await library.importBytes(`${seed}.png`, await picture(seed).png().toBuffer());
    ids.push(asset.id);
  }
  const write = (id: string, job: string): void =>
    void library.setCaption(id, { text: 'x', source: 'model', pack: 'p@1', settings: { job } });
  write(ids[0]!, 'job-1');
  write(ids[1]!, 'job-2');
  write(ids[1]!, 'job-1');
  write(ids[2]!, 'job-1');
  write(ids[2]!, 'job-2');
  expect(library.ids({ job: 'job-1' })).toEqual([ids[0], ids[1]]);
  expect(library.facets({ job: 'job-1' })).toMatchObject({ total: 2, captioned: 2, uncaptioned: 0 });
});
