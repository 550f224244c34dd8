import { existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { resolveInside } from '../../../src/main/library/files.ts';
import { runChild } from '../run-child.ts';
import { bomb, openLibrary, picture, temporaryFolder } from './samples.ts';

/** Imports bytes as a file of a name, and expects it refused with a code, named, with nothing left behind. */
async function refused(name: string, bytes: Uint8Array, code: string): Promise<string> {
  const { library, files } = openLibrary();
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  const error: unknown = await library
    .importFile(path, { originals: 'copy' })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringContaining(path) as string });
  expect(library.count()).toBe(0);
  for (const folder of [files.cache, files.originals, join(files.root, 'temporary')]) {
    expect(readdirSync(folder, { recursive: true })).toEqual([]);
  }
  return (error as Error).message;
}

describe('pictures that are not', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)('a truncated %s', async (format) => {
    const bytes = await picture(1, 300, 200).toFormat(format).toBuffer();
    await refused(`cut.${format}`, bytes.subarray(0, Math.floor(bytes.length * 0.7)), 'unreadable-image');
  });

  test('a text called .jpg', async () => {
    await refused('letter.jpg', Buffer.from('Dear Sir or Madam,'), 'unreadable-image');
  });

  test('an empty file', async () => {
    expect(await refused('empty.png', Buffer.alloc(0), 'unreadable-image')).toContain('empty');
  });

  test('a header with noise behind it', async () => {
    const bytes = await picture(1).png().toBuffer();
    bytes.fill(0x5a, 40);
    await refused('noise.png', bytes, 'unreadable-image');
  });

  test.each([
    ['photo.heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
    ['photo.bmp', 'BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0'],
    ['photo.psd', '8BPS\0\x01'],
    ['photo.jxl', '\xff\x0a\0\0'],
    ['photo.jpg', '%PDF-1.7'],
    ['photo.nef', 'II*\0\x08\0\0\0'],
  ])('%s: a known kind that cannot be read is called by its name', async (name, bytes) => {
    expect(await refused(name, Buffer.from(bytes, 'latin1'), 'unsupported-format')).toMatch(/JPEG or PNG/);
  });
});

describe('too many pixels', () => {
  test.each([
    [60_000, 60_000],
    [30_001, 1],
    [29_000, 29_000],
  ])('%i × %i is refused by its header, before decoding', async (width, height) => {
    const start = performance.now();
    await refused('bomb.png', bomb(width, height), 'image-too-large');
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('an SVG that claims to be huge', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="50000" height="50000"><rect width="9" height="9"/></svg>';
    await refused('bomb.svg', Buffer.from(svg), 'image-too-large');
  });

  test('a long panorama within the limit is taken', async () => {
    const { library } = openLibrary();
    const wide = await sharp({ create: { width: 30_000, height: 4, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    expect((await library.importBytes('wide.png', wide)).asset.width).toBe(30_000);
  });
});

describe('SVG from outside', () => {
  test('loads no file and no address, and runs nothing', async () => {
    const { library } = openLibrary();
    const folder = temporaryFolder();
    const secret = join(folder, 'secret.png');
    writeFileSync(
      secret,
      await sharp({ create: { width: 50, height: 50, channels: 3, background: '#ff0000' } })
        .png()
        .toBuffer(),
    );
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const svg = `<?xml version="1.0"?>
      <?xml-stylesheet href="${address}/style.css"?>
      <!DOCTYPE svg [<!ENTITY secret SYSTEM "file:///etc/hostname"><!ENTITY far SYSTEM "${address}/entity">]>
      <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="100" onload="document.documentElement.setAttribute('fill', 'red')">
        <style>@import url("${address}/import.css"); rect { fill: url("${address}/paint.svg#p") #00ff00 }</style>
        <script>document.querySelector('rect').setAttribute('fill', 'red'); fetch("${address}/script")</script>
        <rect width="100" height="100" fill="#00ff00"/>
        <image width="50" height="50" href="${secret}"/>
        <image width="50" height="50" href="file://${secret}"/>
        <image x="50" width="50" height="50" xlink:href="secret.png"/>
        <image y="50" width="50" height="50" href="${address}/picture.png"/>
        <use href="${address}/use.svg#a"/>
        <text>&secret;&far;</text>
        <foreignObject width="50" height="50"><iframe xmlns="http://www.w3.org/1999/xhtml" src="${address}/frame"/></foreignObject>
      </svg>`;
    const path = join(folder, 'evil.svg');
    writeFileSync(path, svg);
    const taken = await library.importFile(path, { originals: 'leave' }).catch((error: unknown) => {
      // Refusing it would be as good; running it would not.
      expect(error).toMatchObject({ code: 'unreadable-image' });
    });
    if (taken) {
      const { file } = await library.media(taken.asset.id, 'thumb');
      const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      let red = 0;
      for (let at = 0; at < data.length; at += info.channels)
        if (data[at]! > 150 && data[at + 1]! < 100) red += 1;
      expect(red).toBe(0);
    }
    await new Promise((closed) => server.close(closed));
    expect(asked).toBe(0);
  });

  test('entities that multiply are stopped soon', async () => {
    const { library } = openLibrary();
    const levels = Array.from(
      { length: 12 },
      (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`,
    ).join('');
    const svg = `<!DOCTYPE svg [<!ENTITY e0 "lol">${levels}]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&e12;</text></svg>`;
    const start = performance.now();
    await expect(library.importBytes('laughs.svg', Buffer.from(svg))).rejects.toMatchObject({
      code: 'unreadable-image',
    });
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('places', () => {
  test('a path that is not there, and a folder where a file is meant, are named', async () => {
    const { library } = openLibrary();
    const folder = temporaryFolder();
    const gone = join(folder, 'gone.jpg');
    await expect(library.importFile(gone, { originals: 'leave' })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(gone) as string,
    });
    await expect(library.importFile(folder, { originals: 'leave' })).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining(folder) as string,
    });
  });

  test.each([
    '子犬 と 猫.png',
    'كلب.png',
    'line\nbreak\ttab.png',
    ' leading and trailing .png',
    '😀 "quoted" & <b>.png',
    '-rf.png',
    "it's $(here) `now`.png",
    'e\u0301te\u0301.png',
  ])('a file called %j', async (name) => {
    const { library } = openLibrary();
    const path = join(temporaryFolder(), name);
    writeFileSync(path, await picture(1).png().toBuffer());
    const { asset } = await library.importFile(path, { originals: 'leave' });
    expect(asset.name).toBe(name);
    expect((await library.original(asset.id)).mime).toBe('image/png');
  });

  test('a name from outside is only a name', async () => {
    const { library, dataDir } = openLibrary();
    const { asset } = await library.importBytes('../../../../etc/passwd', await picture(1).png().toBuffer());
    expect([asset.name, asset.folder]).toEqual(['passwd', '']);
    expect((await library.bytes(asset.id)).mime).toBe('image/png');
    expect((await library.media(asset.id, 'thumb')).file.startsWith(dataDir)).toBe(true);
  });

  test.each(['../x', 'a/../../x', '/etc/passwd', 'a\\..\\..\\x', 'C:\\x', '', 'a\0b', '..'])(
    '%j does not lead out of a folder',
    (path) => {
      expect(() => resolveInside(temporaryFolder(), path)).toThrow(
        expect.objectContaining({ code: 'unsafe-path' }) as Error,
      );
    },
  );

  test('neither does a link', () => {
    const root = temporaryFolder();
    const outside = temporaryFolder();
    writeFileSync(join(outside, 'secret'), 'x');
    symlinkSync(outside, join(root, 'link'));
    symlinkSync(join(outside, 'secret'), join(root, 'file'));
    symlinkSync(`${root}-sibling`, join(root, 'dangling'));
    mkdirSync(join(root, 'ab'));
    for (const path of ['link/secret', 'link/new', 'file']) {
      expect(() => resolveInside(root, path), path).toThrow(
        expect.objectContaining({ code: 'unsafe-path' }) as Error,
      );
    }
    expect(resolveInside(root, 'ab/new')).toMatch(/ab.new$/);
  });

  test('a link in the cache that leads out of it is not served', async () => {
    const { library, files } = openLibrary();
    const { asset } = await library.importBytes('a.png', await picture(1).png().toBuffer());
    const outside = join(temporaryFolder(), 'secret.webp');
    writeFileSync(outside, 'secret');
    symlinkSync(outside, files.rendition(asset.id, 'preview'));
    await expect(library.media(asset.id, 'preview')).rejects.toMatchObject({ code: 'unsafe-path' });
  });
});

describe('no room, no right', () => {
  const script = (dataDir: string, file: string) => `
    import { Files } from './src/main/library/files.ts';
    import { Library } from './src/main/library/library.ts';
    import { systemClock } from './src/main/ports.ts';
    import { openDatabase } from './src/main/store/database.ts';
    import { toFailure } from './src/shared/errors.ts';
    const database = openDatabase(${JSON.stringify(join(dataDir, 'library.db'))});
    try {
      const library = new Library({ database, files: new Files(${JSON.stringify(dataDir)}), clock: systemClock });
      await library.importFile(${JSON.stringify(file)}, { originals: 'copy' });
    } catch (error) {
      console.log(JSON.stringify({ ...toFailure(error), assets: database.prepare('SELECT count(*) FROM assets').pluck().get() }));
    }`;

  test.skipIf(process.platform === 'win32')(
    'a file that may not be written for want of room is called so and leaves nothing',
    async () => {
      const dataDir = temporaryFolder();
      const { database } = openLibrary(dataDir);
      database.pragma('wal_checkpoint(TRUNCATE)');
      const file = join(temporaryFolder(), 'large.png');
      writeFileSync(
        file,
        await sharp({
          create: {
            width: 900,
            height: 900,
            channels: 3,
            background: 'red',
            noise: { type: 'gaussian', mean: 128, sigma: 60 },
          },
        })
          .png()
          .toBuffer(),
      );
      // A limit on file size stands for the full disk: writing past it fails part of the way.
      const { stdout } = await runChild(script(dataDir, file), { after: 'ulimit -f 1000' });
      const failure = JSON.parse(stdout) as { code: string; message: string; assets: number };
      expect(failure).toMatchObject({ code: 'disk-full', assets: 0 });
      expect(failure.message).toContain(dataDir);
      expect(readdirSync(join(dataDir, 'originals'), { recursive: true })).not.toContainEqual(
        expect.stringContaining('.png'),
      );
      expect(readdirSync(join(dataDir, 'temporary'))).toEqual([]);
    },
  );

  test.skipIf(process.platform === 'win32')(
    'a database that has no room takes nothing in, and says so',
    async () => {
      const { library, database } = openLibrary();
      const size = database.pragma('page_count', { simple: true }) as number;
      database.pragma(`max_page_count = ${size}`);
      let code = '';
      for (let seed = 1; seed < 200 && code === ''; seed += 1) {
        await library
          .importBytes(`${'long name '.repeat(20)}${seed}.png`, await picture(seed, 16, 16).png().toBuffer())
          .catch((error: unknown) => (code = (error as { code: string }).code));
      }
      expect(code).toBe('disk-full');
      const assets = library.list({}, 0, 1000);
      database.pragma(`max_page_count = ${size + 1000}`);
      // What was taken in before is whole, and room made is room used.
      expect(library.findWords('long name', 1000)).toHaveLength(assets.total);
      await library.importBytes('more.png', await picture(999).png().toBuffer());
      expect(library.count()).toBe(assets.total + 1);
    },
  );

  test.skipIf(process.platform === 'win32')('a cache that may not be written is named', async () => {
    const dataDir = temporaryFolder();
    openLibrary(dataDir);
    const file = join(temporaryFolder(), 'a.png');
    writeFileSync(file, await picture(1).png().toBuffer());
    const { stdout } = await runChild(
      `
      import { Files } from './src/main/library/files.ts';
      import { toFailure } from './src/shared/errors.ts';
      try {
        await new Files(${JSON.stringify(dataDir)}).write(${JSON.stringify(join(dataDir, 'cache', 'aa', 'x.webp'))}, Buffer.from('x'));
      } catch (error) { console.log(JSON.stringify(toFailure(error))); }`,
      { unprivilegedWithout: join(dataDir, 'cache') },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'no-permission',
      message: expect.stringContaining(dataDir) as string,
    });
  });

  test('a kept copy that was damaged from outside is an error, not another picture', async () => {
    const { library, files } = openLibrary();
    const { asset } = await library.importBytes('a.png', await picture(1, 200, 200).png().toBuffer());
    truncateSync(files.original(asset.id, 'image/png'), 200);
    await expect(library.pixels(asset.id, 16)).rejects.toMatchObject({ code: 'unreadable-image' });
    expect(existsSync((await library.media(asset.id, 'thumb')).file)).toBe(true);
  });
});
