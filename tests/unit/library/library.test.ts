import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test, vi } from 'vitest';
import type { Asset } from '../../../src/shared/contract.ts';
import { openLibrary, picture, temporaryFolder } from './samples.ts';

async function saved(folder: string, name: string, seed: number): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, await picture(seed).jpeg().toBuffer());
  return path;
}

/** The colour of a pixel of a rendition, as `red` or `other`. */
async function colourAt(image: Sharp, x: number, y: number): Promise<'red' | 'other'> {
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * info.channels;
  return data[at]! > 180 && data[at + 1]! < 90 && data[at + 2]! < 90 ? 'red' : 'other';
}

describe('importing', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)(
    'reads %s, by content and not by name',
    async (format) => {
      const { library, dataDir } = openLibrary();
      const path = join(temporaryFolder(), 'holiday.bin');
      writeFileSync(path, await picture(1).toFormat(format).toBuffer());
      const { asset, duplicate } = await library.importFile(path, { originals: 'leave' });
      expect(duplicate).toBe(false);
      expect(asset).toMatchObject({
        name: 'holiday.bin',
        mime: `image/${format}`,
        width: 60,
        height: 40,
        origin: 'imported',
        caption: null,
      });
      const thumb = await library.media(asset.id, 'thumb');
      expect(thumb.file.startsWith(join(dataDir, 'cache'))).toBe(true);
      expect(await sharp(thumb.file).metadata()).toMatchObject({ format: 'webp', width: 60, height: 40 });
      expect(await colourAt(sharp(thumb.file), 5, 5)).toBe('red');
      expect(await colourAt(sharp(thumb.file), 50, 30)).toBe('other');
    },
  );

  test('reads SVG and draws it at the size asked for', async () => {
    const { library } = openLibrary();
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 12"><rect width="12" height="6" fill="#f00"/></svg>';
    const { asset } = await library.importBytes('icon.svg', Buffer.from(svg));
    expect(asset).toMatchObject({ mime: 'image/svg+xml', width: 24, height: 12 });
    const { file } = await library.media(asset.id, 'thumb');
    expect(await sharp(file).metadata()).toMatchObject({ width: 320, height: 160 });
    expect(await colourAt(sharp(file), 150, 70)).toBe('red');
  });

  test.each([3, 6, 8])('obeys EXIF orientation %i in size, thumbnail and pixels', async (orientation) => {
    const { library } = openLibrary();
    const bytes = await picture(2).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
    const { asset } = await library.importBytes('turned.jpg', bytes);
    const turned = orientation >= 5;
    expect([asset.width, asset.height]).toEqual(turned ? [40, 60] : [60, 40]);
    // Where the red top left quarter of the stored pixels belongs once turned.
    const [right, down] = { 3: [true, true], 6: [true, false], 8: [false, true] }[orientation]!;
    const thumb = sharp((await library.media(asset.id, 'thumb')).file);
    expect(await colourAt(thumb, right ? asset.width - 6 : 5, down ? asset.height - 6 : 5)).toBe('red');
    const pixels = await library.pixels(asset.id, 32);
    expect(pixels).toHaveLength(32 * 32 * 3);
    const square = sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } });
    expect(await colourAt(square, right ? 28 : 3, down ? 28 : 3)).toBe('red');
    expect(await colourAt(square, right ? 3 : 28, down ? 3 : 28)).toBe('other');
  });

  test('pixels are RGB on white for grey, transparent, 16-bit and CMYK pictures', async () => {
    const { library } = openLibrary();
    const clear = { create: { width: 8, height: 8, channels: 4, background: '#00000000' } } as const;
    const variants = [
      await sharp(clear).png().toBuffer(),
      await picture(3).grayscale().png().toBuffer(),
      await picture(3).toColourspace('rgb16').png().toBuffer(),
      await picture(3).toColourspace('cmyk').jpeg().toBuffer(),
    ];
    for (const [index, bytes] of variants.entries()) {
      const { asset } = await library.importBytes(`${index}`, bytes);
      const pixels = await library.pixels(asset.id, 16);
      expect(pixels).toHaveLength(16 * 16 * 3);
      if (index === 0) expect(new Set(pixels)).toEqual(new Set([255]));
    }
  });

  test('knows the same bytes again, whatever their name and place', async () => {
    const { library } = openLibrary();
    const folder = temporaryFolder();
    const first = await library.importFile(await saved(folder, 'a.jpg', 4), { originals: 'leave' });
    const again = await library.importFile(await saved(folder, 'a.jpg', 4), { originals: 'leave' });
    const copy = await library.importFile(await saved(folder, 'b.jpg', 4), { originals: 'leave' });
    expect([first.duplicate, again.duplicate, copy.duplicate]).toEqual([false, true, true]);
    expect(copy.asset).toEqual(first.asset);
    expect(library.count()).toBe(1);
  });

  test('a file whose content changed is a new asset, though name, size and date are the same', async () => {
    const { library } = openLibrary();
    const folder = temporaryFolder();
    const path = join(folder, 'a.png');
    const bytes = [5, 6].map((seed) => picture(seed).png({ compressionLevel: 0 }).toBuffer());
    writeFileSync(path, await bytes[0]!);
    utimesSync(path, 1000, 1000);
    const first = await library.importFile(path, { originals: 'leave' });
    writeFileSync(path, await bytes[1]!);
    utimesSync(path, 1000, 1000);
    const second = await library.importFile(path, { originals: 'leave' });
    expect(second.duplicate).toBe(false);
    expect(second.asset.id).not.toBe(first.asset.id);
  });

  test('follows a file that was moved', async () => {
    const { library } = openLibrary();
    const folder = temporaryFolder();
    const path = await saved(folder, 'old-name.jpg', 7);
    const { asset } = await library.importFile(path, { originals: 'leave' });
    mkdirSync(join(folder, 'sorted'));
    renameSync(path, join(folder, 'sorted', 'beach.jpg'));
    const moved = await library.importFile(join(folder, 'sorted', 'beach.jpg'), { originals: 'leave' });
    expect(moved).toMatchObject({
      duplicate: true,
      asset: { id: asset.id, name: 'beach.jpg', folder: join(folder, 'sorted') },
    });
    expect(library.findWords('beach', 9)).toEqual([asset.id]);
    expect(library.findWords('old', 9)).toEqual([]);
    expect((await library.original(asset.id)).mime).toBe('image/jpeg');
  });

  test('keeps date and caption of the file', async () => {
    const { library } = openLibrary();
    const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt><rdf:li xml:lang="x-default">子犬が走る</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>`;
    const bytes = await picture(8)
      .jpeg()
      .withExif({ IFD2: { DateTimeOriginal: '2019:08:01 12:34:56' } })
      .withXmp(xmp)
      .toBuffer();
    const { asset } = await library.importBytes('dated.jpg', bytes);
    expect(asset.takenAt).toBe('2019-08-01T12:34:56');
    expect(asset.caption).toMatchObject({ text: '子犬が走る', source: 'file', pack: null });
    expect(library.findWords('子犬', 9)).toEqual([asset.id]);
  });

  test('leaves originals where they are, or keeps a copy that outlives them', async () => {
    const { library, files } = openLibrary();
    const folder = temporaryFolder();
    const left = await library.importFile(await saved(folder, 'left.jpg', 9), { originals: 'leave' });
    const copiedPath = await saved(folder, 'copied.jpg', 10);
    const bytes = readFileSync(copiedPath);
    const copied = await library.importFile(copiedPath, { originals: 'copy' });
    rmSync(folder, { recursive: true });

    expect((await library.original(copied.asset.id)).bytes).toEqual(bytes);
    expect(existsSync(files.original(left.asset.id, 'image/jpeg'))).toBe(false);
    await expect(library.original(left.asset.id)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(join(folder, 'left.jpg')) as string,
    });
    // The thumbnail is still there to look at.
    expect(existsSync((await library.media(left.asset.id, 'thumb')).file)).toBe(true);
  });

  test('an original that was changed in place is not passed off as the asset', async () => {
    const { library } = openLibrary();
    const folder = temporaryFolder();
    const path = await saved(folder, 'a.jpg', 11);
    const { asset } = await library.importFile(path, { originals: 'leave' });
    await saved(folder, 'a.jpg', 12);
    await expect(library.original(asset.id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(path) as string,
    });
    await expect(library.pixels(asset.id, 8)).rejects.toMatchObject({ code: 'conflict' });
    // Touched but the same: still the asset.
    await saved(folder, 'a.jpg', 11);
    expect((await library.pixels(asset.id, 8)).length).toBe(192);
  });

  test('a drawn SVG comes back as SVG, one from outside as PNG, both with their very bytes for archives', async () => {
    const { library } = openLibrary();
    const svg = (colour: string) =>
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="9" height="9" fill="${colour}"/></svg>`,
      );
    const drawn = await library.importBytes('drawn.svg', svg('red'), { origin: 'sketched' });
    const foreign = await library.importBytes('foreign.svg', svg('blue'));
    expect(await library.original(drawn.asset.id)).toEqual({ bytes: svg('red'), mime: 'image/svg+xml' });
    const { bytes, mime } = await library.original(foreign.asset.id);
    expect([mime, (await sharp(bytes).metadata()).format]).toEqual(['image/png', 'png']);
    expect((await library.bytes(foreign.asset.id)).bytes).toEqual(svg('blue'));
  });
});

describe('listing and removing', () => {
  async function filled() {
    const opened = openLibrary();
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    const assets: Asset[] = [];
    for (const [index, name] of ['a.jpg', 'sub/b.jpg', 'c.jpg'].entries()) {
      assets.push(
        (await opened.library.importFile(await saved(folder, name, 20 + index), { originals: 'leave' }))
          .asset,
      );
    }
    return { ...opened, folder, ids: assets.map(({ id }) => id) };
  }

  test('lists by filter, in order of import, page by page', async () => {
    const { library, folder, ids } = await filled();
    library.setCaption(ids[1]!, { text: 'By a person.', source: 'person', pack: null });
    expect(library.list({}, 1, 1)).toMatchObject({ total: 3, assets: [{ id: ids[1] }] });
    expect(library.ids({ captioned: false })).toEqual([ids[0], ids[2]]);
    expect(library.ids({ captionSource: 'person' })).toEqual([ids[1]]);
    expect(library.ids({ folder: join(folder, 'sub') })).toEqual([ids[1]]);
    expect(library.ids({ folder })).toHaveLength(3);
    expect(library.ids({ folder: join(folder, 'su') })).toEqual([]);
    expect(library.ids({ origin: 'sketched' })).toEqual([]);
  });

  test('leaves sketches to their stories unless they are asked for', async () => {
    const { library, ids } = await filled();
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
    const { asset } = await library.importBytes('sketch.svg', svg, { origin: 'sketched' });
    expect(library.ids({})).toEqual(ids);
    expect(library.ids({ origin: 'sketched' })).toEqual([asset.id]);
    expect(library.count()).toBe(3);
    expect(library.missingVectors('p@1', 10)).toEqual(ids);
  });

  test('removes everything of an asset but the person’s own file; a removed one can come back', async () => {
    const { library, folder, ids, database } = await filled();
    const [id] = ids as [string];
    library.setCaption(id, { text: 'Gone soon.', source: 'person', pack: null });
    library.putVectors('p@1', [{ asset: id, vector: Float32Array.of(1, 0) }]);
    const { file } = await library.media(id, 'preview');
    expect(await library.remove([id, 'f'.repeat(64)])).toEqual({ removed: 1 });
    expect(() => library.get(id)).toThrow(expect.objectContaining({ code: 'not-found' }) as Error);
    expect(existsSync(file)).toBe(false);
    expect(library.findWords('gone', 9)).toEqual([]);
    for (const table of ['captions', 'vectors'])
      expect(database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0);
    expect(existsSync(join(folder, 'a.jpg'))).toBe(true);

    const back = await library.importFile(join(folder, 'a.jpg'), { originals: 'leave' });
    expect(back).toMatchObject({ duplicate: false, asset: { id, caption: null } });
    expect(existsSync((await library.media(id, 'thumb')).file)).toBe(true);
  });

  test('refuses to remove what a story shows, and then removes nothing', async () => {
    const { library, database, ids } = await filled();
    database.exec(`
      INSERT INTO stories VALUES ('s', 'The fox', '{}', '[]', '["p"]', 0, '', '');
      INSERT INTO panels VALUES ('s', 'p', '{"asset":"${ids[2]!}"}');`);
    await expect(library.remove(ids)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/c\.jpg.*The fox/) as string,
    });
    expect(library.count()).toBe(3);
  });

  test('tells of changes, many at once', async () => {
    const { ids, told } = await filled();
    await vi.waitFor(() => expect(told.flat()).toEqual(ids));
    expect(told.length).toBeLessThan(4);
  });
});

describe('captions', () => {
  async function one() {
    const opened = openLibrary();
    const { asset } = await opened.library.importBytes('a.png', await picture(30).png().toBuffer());
    return { ...opened, id: asset.id };
  }
  const model = (text: string) =>
    ({ text, source: 'model', pack: 'starter@1', settings: { beams: 3 } }) as const;
  const person = (text: string) => ({ text, source: 'person', pack: null }) as const;

  test('a model never replaces a person unless it is asked to', async () => {
    const { library, id } = await one();
    expect(library.setCaption(id, model('A dog.')).caption).toMatchObject({
      text: 'A dog.',
      source: 'model',
      pack: 'starter@1',
    });
    expect(library.setCaption(id, model('A brown dog.')).caption?.text).toBe('A brown dog.');
    expect(library.setCaption(id, person('Rex at the lake.')).caption?.text).toBe('Rex at the lake.');
    expect(library.setCaption(id, model('A dog in water.')).caption?.text).toBe('Rex at the lake.');
    expect(library.setCaption(id, model('A wet dog.'), { replacePerson: true }).caption).toMatchObject({
      text: 'A wet dog.',
      source: 'model',
    });
    expect(library.captionHistory(id).map(({ text, source, settings }) => [text, source, settings])).toEqual([
      ['A dog.', 'model', { beams: 3 }],
      ['A brown dog.', 'model', { beams: 3 }],
      ['Rex at the lake.', 'person', {}],
      ['A wet dog.', 'model', { beams: 3 }],
    ]);
  });

  test('an empty text takes the caption away, from the index too', async () => {
    const { library, id } = await one();
    library.setCaption(id, person('Rex.'));
    expect(library.findWords('rex', 9)).toEqual([id]);
    expect(library.setCaption(id, person('  ')).caption).toBeNull();
    expect(library.findWords('rex', 9)).toEqual([]);
    expect(library.setCaption(id, model('A dog.')).caption?.text).toBe('A dog.');
  });

  test('one for an asset that is not there is refused', async () => {
    const { library } = await one();
    expect(() => library.setCaption('0'.repeat(64), person('Nobody.'))).toThrow(
      expect.objectContaining({ code: 'not-found' }) as Error,
    );
  });
});

describe('renditions', () => {
  test('a preview is made once when two ask at the same time, and again after the cache was emptied', async () => {
    const { library, files } = openLibrary();
    const { asset } = await library.importBytes('large.jpg', await picture(31, 2000, 900).jpeg().toBuffer());
    const [one, two] = await Promise.all([
      library.media(asset.id, 'preview'),
      library.media(asset.id, 'preview'),
    ]);
    expect(one).toEqual(two);
    expect(await sharp(one.file).metadata()).toMatchObject({ width: 1280, height: 576 });
    expect(basename(one.file)).toBe(`${asset.id}-preview.webp`);
    rmSync(files.cache, { recursive: true });
    mkdirSync(files.cache);
    expect(existsSync((await library.media(asset.id, 'thumb')).file)).toBe(true);
  });
});
