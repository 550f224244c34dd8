import { createWriteStream, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPromise } from 'yauzl';
import { ZipFile } from 'yazl';
import { archiveLimits, readArchive, writeArchive } from '../../../src/main/stories/archive.ts';
import type { Asset } from '../../../src/shared/contract.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import type { Story } from '../../../src/shared/story.ts';
import {
  imageBlock,
  openBench,
  panelOf,
  photo,
  removeBench,
  storyOf,
  textBlock,
  type Bench,
} from '../../fixtures/stories.ts';

let here: Bench;
let there: Bench;
let file: string;
beforeEach(() => {
  here = openBench();
  there = openBench();
  file = join(here.dataDir, 'story.fabula');
});
afterEach(async () => {
  for (const bench of [here, there]) {
    await bench.close();
    removeBench(bench);
  }
});

const read = (limits?: typeof archiveLimits) =>
  readArchive(file, { library: there.library, stories: there.stories, ...(limits && { limits }) });

const failure = async (work: Promise<unknown>): Promise<FabulaError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FabulaError);
  return error as FabulaError;
};

const svg = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="url(#a)"/></svg>',
);
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function written(): Promise<Story> {
  const one = await here.library.importBytes('strand 海.jpg', await photo(1), { origin: 'imported' });
  const two = await here.library.importBytes('sketch.svg', svg, { origin: 'sketched' });
  here.library.setCaption(one.asset.id, { text: 'A beach', source: 'person', pack: null });
  const block = imageBlock('i1', one.asset.id);
  if (block.type !== 'image') throw new Error('not a picture');
  const story = storyOf([
    {
      ...panelOf('p1', textBlock('t1', 'حارس <b>المنارة</b>'), {
        ...block,
        versions: [
          ...block.versions,
          {
            id: 'v2',
            asset: two.asset.id,
            source: 'sketched',
            createdAt: block.versions[0]!.createdAt,
            seed: 7,
          },
        ],
      }),
      notes: 'Notes',
      dialogue: '“Who?”',
    },
    panelOf('p2'),
  ]);
  await writeArchive(story, here.library, file);
  return story;
}

/** Writes a ZIP of the given entries. */
async function zipped(entries: Record<string, string | Buffer>, compress = true): Promise<void> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(entries))
    zip.addBuffer(Buffer.from(content), path, { compress });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}

const manifest = (story: unknown, pictures: unknown[] = []) => JSON.stringify({ format: 1, story, pictures });

/** Every asset of the library that reads, sketches too. */
function assetsThere(): Asset[] {
  const { library } = there;
  return [...library.list({}, 0, 10).assets, ...library.list({ origin: 'sketched' }, 0, 10).assets];
}

function nothingCame(): void {
  expect(assetsThere()).toEqual([]);
  expect(there.stories.list()).toEqual([]);
}

describe('an archive', () => {
  test('brings story, every version and captions to another library', async () => {
    const story = await written();
    const { story: came } = await read();
    expect(came).toEqual(story);
    expect(
      assetsThere()
        .map(({ name, origin, caption }) => [name, origin, caption?.text, caption?.source])
        .sort(),
    ).toEqual([
      ['sketch.svg', 'sketched', undefined, undefined],
      ['strand 海.jpg', 'imported', 'A beach', 'person'],
    ]);
    expect(Buffer.from((await there.library.original(hash(svg))).bytes)).toEqual(svg);
  });

  test('is plain JSON and pictures, and the same story gives the same bytes', async () => {
    const story = await written();
    const first = readFileSync(file);
    await writeArchive(story, here.library, file);
    expect(readFileSync(file).equals(first)).toBe(true);
    const zip = await openPromise(file);
    const names: string[] = [];
    for await (const entry of zip.eachEntry()) names.push(entry.fileName);
    expect(names).toEqual([
      expect.stringMatching(/^images\/[0-9a-f]{64}\.jpg$/),
      `images/${hash(svg)}.svg`,
      'story.json',
    ]);
    expect(readdirSync(here.dataDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('goes without a picture that is gone, and says so', async () => {
    const story = storyOf([panelOf('p1', imageBlock('i1', 'a'.repeat(64)))]);
    const { warnings } = await writeArchive(story, here.library, file);
    expect(warnings).toHaveLength(1);
    expect((await read()).story).toEqual(story);
  });

  test('leaves nothing when it is cancelled, or when a picture fails for no known reason', async () => {
    const story = await written();
    const kept = readFileSync(file);
    const controller = new AbortController();
    const onProgress = () => {
      controller.abort();
    };
    await expect(
      writeArchive(story, here.library, file, { signal: controller.signal, onProgress }),
    ).rejects.toThrow();
    const library = {
      get: (id: string) => here.library.get(id),
      bytes: () => Promise.reject(new Error('a bug')),
    };
    await expect(writeArchive(story, library, file)).rejects.toThrow('a bug');
    expect(readFileSync(file).equals(kept)).toBe(true);
    expect(readdirSync(here.dataDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('is not written at all where there is no room for it', async () => {
    const missing = join(here.dataDir, 'no', 'such', 'folder.fabula');
    const error = await failure(writeArchive(storyOf([]), here.library, missing));
    expect(error.code).toBe('not-found');
    expect(error.message).toContain('folder.fabula');
  });
});

describe('a bad archive is refused, names its file and leaves nothing behind:', () => {
  afterEach(nothingCame);

  test('a path that leads out of it', async () => {
    await zipped({ 'story.json': manifest(storyOf([])), 'images/xx/evil.txt': 'x' });
    // ZIP writers refuse such names, so the name is changed in the bytes.
    const bytes = readFileSync(file);
    writeFileSync(
      file,
      Buffer.from(
        bytes
          .toString('latin1')
          .replaceAll('images/xx/evil.txt', '../../../../evil.txt'.slice(0, 18).padEnd(18, 't')),
        'latin1',
      ),
    );
    const error = await failure(read());
    expect(error.code).toBe('unsafe-path');
    expect(error.message).toContain('story.fabula');
    expect(existsSync(join(there.dataDir, '..', 'evil.txt'))).toBe(false);
  });

  test('an absolute path', async () => {
    await zipped({ 'story.json': manifest(storyOf([])), 'xtmp/evil': 'x' });
    writeFileSync(
      file,
      Buffer.from(readFileSync(file).toString('latin1').replaceAll('xtmp/evil', '/tmp/evil'), 'latin1'),
    );
    expect((await failure(read())).code).toBe('unsafe-path');
  });

  test('bytes that are no ZIP, or only its first half', async () => {
    writeFileSync(file, 'once upon a time');
    expect((await failure(read())).message).toMatch(/“story\.fabula” cannot be read: it is not a ZIP/);
    await written();
    writeFileSync(file, readFileSync(file).subarray(0, 900));
    expect((await failure(read())).code).toBe('invalid-input');
  });

  test('a picture that was changed', async () => {
    await written();
    const bytes = readFileSync(file);
    bytes[200]! ^= 0xff;
    writeFileSync(file, bytes);
    expect((await failure(read())).code).toBe('invalid-input');
  });

  test('a picture under a name that is not its hash', async () => {
    const path = `images/${'a'.repeat(64)}.jpg`;
    const picture = { asset: 'a'.repeat(64), file: path, name: 'x.jpg', origin: 'imported', caption: null };
    await zipped({ 'story.json': manifest(storyOf([]), [picture]), [path]: await photo(3) });
    expect((await failure(read())).message).toMatch(/is not the one it was written with/);
  });

  test('a picture that is none, after one that was fine', async () => {
    const good = await photo(4);
    const bad = Buffer.from('no picture');
    const pictures = [good, bad].map((bytes) => ({
      asset: hash(bytes),
      file: `images/${hash(bytes)}.jpg`,
      name: 'x.jpg',
      origin: 'imported',
      caption: null,
    }));
    await zipped({
      'story.json': manifest(storyOf([]), pictures),
      [pictures[0]!.file]: good,
      [pictures[1]!.file]: bad,
    });
    expect((await failure(read())).code).toBe('unreadable-image');
  });

  test('a drawing with a script in it', async () => {
    for (const active of [
      '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
      '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>',
      '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://example.org/x.png"/></svg>',
      '<svg xmlns="http://www.w3.org/2000/svg"><style>@import "http://example.org/x.css"</style></svg>',
    ]) {
      const bytes = Buffer.from(active);
      const path = `images/${hash(bytes)}.svg`;
      const picture = { asset: hash(bytes), file: path, name: 'x.svg', origin: 'sketched', caption: null };
      await zipped({ 'story.json': manifest(storyOf([]), [picture]), [path]: bytes });
      expect((await failure(read())).message).toMatch(/has scripts or refers to other files/);
    }
  });

  test('one that would unfold to more than it may', async () => {
    await zipped({ 'story.json': manifest(storyOf([])), 'images/zeros.bin': Buffer.alloc(8 * 2 ** 20) });
    expect((await failure(read())).message).toMatch(/unfold/);
    await zipped({ 'story.json': manifest(storyOf([])), 'images/a.bin': Buffer.alloc(3000, 'ab') }, false);
    expect((await failure(read({ ...archiveLimits, totalBytes: 2000 }))).message).toMatch(/unfold/);
  });

  test('one written by a newer Fabula', async () => {
    await zipped({ 'story.json': JSON.stringify({ format: 2, story: {}, scenes3d: [] }) });
    const error = await failure(read());
    expect(error.code).toBe('unsupported-format');
    expect(error.message).toMatch(/newer Fabula/);
  });

  test('a story that is none', async () => {
    await zipped({ 'story.json': '{"format": 1' });
    expect((await failure(read())).message).toMatch(/not JSON/);
    await zipped({ 'story.json': manifest({ ...storyOf([]), panels: [{ id: '../x' }] }) });
    expect((await failure(read())).message).toMatch(/story\.panels\.0\.id/);
    await zipped({ 'story.json': manifest(storyOf([panelOf('p1'), panelOf('p1')])) });
    expect((await failure(read())).message).toMatch(/more than one panel p1/);
    await zipped({ 'readme.txt': 'x' });
    expect((await failure(read())).message).toMatch(/story\.json is missing/);
  });

  test('one that is not there', async () => {
    const error = await failure(read());
    expect(error.code).toBe('not-found');
  });
});

test('a picture whose file Fabula wrote its caption into is archived as it is now', async () => {
  const path = join(here.dataDir, 'photo.jpg');
  writeFileSync(path, await photo(7));
  const { asset } = await here.library.importFile(path, { originals: 'leave' });
  const rewritten = await photo(8);
  writeFileSync(`${path}.new`, rewritten);
  await here.library.noteRewritten(asset.id, `${path}.new`);
  writeFileSync(path, rewritten);
  const { warnings } = await writeArchive(
    storyOf([panelOf('p1', imageBlock('i1', asset.id))]),
    here.library,
    file,
  );
  expect(warnings).toEqual([]);
  const { story } = await read();
  const block = story.panels[0]!.blocks[0]!;
  expect(block.type === 'image' && block.versions[0]!.asset).toBe(hash(rewritten));
  expect((await there.library.bytes(hash(rewritten))).bytes).toEqual(rewritten);
});
