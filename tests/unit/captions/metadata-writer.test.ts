import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { MetadataWriter } from '../../../src/main/captions/metadata-writer.ts';
import { readMetadata } from '../../../src/main/library/metadata.ts';
import { openLibrary, picture, temporaryFolder } from '../library/samples.ts';

const writer = new MetadataWriter();
afterAll(() => writer.close());

const caption = 'Ein Kätzchen & <b>猫</b> on a wall,\nقطة';
const ignore = (): Promise<void> => Promise.resolve();

async function pixelsOf(file: string): Promise<Buffer> {
  return sharp(readFileSync(file)).raw().toBuffer();
}

describe('into the picture', () => {
  test.each(['jpeg', 'png', 'webp', 'tiff', 'avif'] as const)(
    '%s: the caption is read back in any script, the pixels stay, nothing else is left in the folder',
    async (format) => {
      const file = join(temporaryFolder(), `a photo 写真.${format}`);
      await picture(1).toFormat(format).toFile(file);
      const before = await pixelsOf(file);
      expect(await writer.writeInto(file, caption, 'overwrite', ignore)).toBe(true);
      expect((await readMetadata(readFileSync(file))).caption).toBe(caption);
      expect(await pixelsOf(file)).toEqual(before);
      expect(readdirSync(dirname(file))).toEqual([basename(file)]);
    },
  );

  test('a GIF has room for XMP alone', async () => {
    const file = join(temporaryFolder(), 'photo.gif');
    await picture(1).gif().toFile(file);
    await writer.writeInto(file, 'Ein Kätzchen', 'overwrite', ignore);
    expect(readFileSync(file).includes('Ein Kätzchen')).toBe(true);
  });

  test('XMP, IPTC and EXIF all say it, and what else stood there stays', async () => {
    const file = join(temporaryFolder(), 'photo.jpg');
    const xmp =
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>harbour</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>';
    await picture(2)
      .jpeg()
      .withExif({ IFD0: { Artist: 'Mira' }, IFD2: { DateTimeOriginal: '2019:08:01 12:34:56' } })
      .withXmp(xmp)
      .toFile(file);
    await writer.writeInto(file, 'A red boat.', 'overwrite', ignore);
    const bytes = readFileSync(file);
    const { default: ExifReader } = await import('exifreader');
    const tags = ExifReader.load(bytes, { expanded: true });
    expect(tags.exif?.ImageDescription?.description).toBe('A red boat.');
    expect(tags.iptc?.['Caption/Abstract']?.description).toBe('A red boat.');
    expect(tags.xmp?.['description']?.description).toBe('A red boat.');
    expect(tags.exif?.['Artist']?.description).toBe('Mira');
    expect(tags.xmp?.['subject']?.description).toBe('harbour');
    expect((await readMetadata(bytes)).takenAt).toBe('2019-08-01T12:34:56');
  });

  test('append and prepend join what is there, once; skip leaves it', async () => {
    const file = join(temporaryFolder(), 'photo.jpg');
    await picture(3).jpeg().toFile(file);
    await writer.writeInto(file, 'First.', 'overwrite', ignore);
    await writer.writeInto(file, 'Second.', 'append', ignore);
    expect(await writer.writeInto(file, 'Second.', 'append', ignore)).toBe(false);
    await writer.writeInto(file, 'Zero.', 'prepend', ignore);
    expect(await writer.writeInto(file, 'Other.', 'skip', ignore)).toBe(false);
    expect((await readMetadata(readFileSync(file))).caption).toBe('Zero.\nFirst.\nSecond.');
  });

  test('what is no picture is named, and stays as it is', async () => {
    const file = join(temporaryFolder(), 'torn.jpg');
    writeFileSync(file, Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4]));
    await expect(writer.writeInto(file, 'x', 'overwrite', ignore)).rejects.toThrow(/torn\.jpg/);
    expect(readFileSync(file)).toHaveLength(6);
    expect(readdirSync(dirname(file))).toEqual(['torn.jpg']);
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'a folder that must not be written to is named',
    async () => {
      const folder = join(temporaryFolder(), 'locked');
      mkdirSync(folder);
      await picture(4).jpeg().toFile(join(folder, 'photo.jpg'));
      chmodSync(folder, 0o500);
      await expect(
        writer.writeInto(join(folder, 'photo.jpg'), 'x', 'overwrite', ignore),
      ).rejects.toMatchObject({
        code: 'no-permission',
      });
      chmodSync(folder, 0o700);
    },
  );
});

describe('into an XMP file beside it', () => {
  test('a new one has the whole file name, and the picture is not touched', async () => {
    const file = join(temporaryFolder(), 'photo.jpg');
    await picture(5).jpeg().toFile(file);
    const before = statSync(file, { bigint: true });
    expect(await writer.writeSidecar(file, caption, 'overwrite')).toBe(`${file}.xmp`);
    expect((await readMetadata(new Uint8Array(), readFileSync(`${file}.xmp`))).caption).toBe(caption);
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(before.mtimeNs);
    expect(readdirSync(dirname(file)).sort()).toEqual(['photo.jpg', 'photo.jpg.xmp']);
  });

  test('one that another program made is gone on with, whichever way it is named', async () => {
    const file = join(temporaryFolder(), 'photo.jpg');
    await picture(6).jpeg().toFile(file);
    const sidecar = join(dirname(file), 'photo.xmp');
    writeFileSync(
      sidecar,
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmp:Rating="4" crs:Exposure2012="+0.35"/></rdf:RDF></x:xmpmeta>',
    );
    expect(await writer.writeSidecar(file, 'A boat.', 'overwrite')).toBe(sidecar);
    const text = readFileSync(sidecar, 'utf8');
    expect(text).toContain('A boat.');
    expect(text).toMatch(/Rating\W+4/);
    expect(text).toMatch(/Exposure2012\W+0?\.?\+?0\.35/);
    expect(await writer.writeSidecar(file, 'A ship.', 'skip')).toBeNull();
  });

  test.skipIf(process.platform === 'win32')('a name with a line break is as good as any', async () => {
    const file = join(temporaryFolder(), 'two\nlines.jpg');
    await picture(7).jpeg().toFile(file);
    await writer.writeSidecar(file, 'A boat.', 'overwrite');
    await writer.writeInto(file, 'A boat.', 'overwrite', ignore);
    expect(readdirSync(dirname(file)).sort()).toEqual(['two\nlines.jpg', 'two\nlines.jpg.xmp']);
  });
});

describe('the library', () => {
  test('knows a picture again after a caption was written into it, there and where it is copied', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'photo.jpg');
    await picture(8).jpeg().toFile(file);
    const { library } = openLibrary();
    const { asset } = await library.importFile(file, { originals: 'leave' });
    await writer.writeInto(file, 'A boat.', 'overwrite', (rewritten) =>
      library.noteRewritten(asset.id, rewritten),
    );
    expect((await library.original(asset.id)).bytes).toEqual(readFileSync(file));
    const again = await library.importFile(file, { originals: 'leave' });
    expect(again).toMatchObject({ duplicate: true, asset: { id: asset.id } });
    writeFileSync(join(folder, 'copy.jpg'), readFileSync(file));
    const copy = await library.importFile(join(folder, 'copy.jpg'), { originals: 'leave' });
    expect(copy.asset.id).toBe(asset.id);
    expect(library.count()).toBe(1);
  });

  test('reads the caption that stands beside a picture, and takes it for newer than the one inside', async () => {
    const folder = temporaryFolder();
    const { library } = openLibrary();
    for (const [name, sidecar] of [
      ['a.jpg', 'a.xmp'],
      ['b.jpg', 'b.jpg.xmp'],
    ] as const) {
      const file = join(folder, name);
      await picture(name.charCodeAt(0))
        .jpeg()
        .withExif({ IFD0: { ImageDescription: 'Old.' } })
        .toFile(file);
      writeFileSync(
        join(folder, sidecar),
        `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt><rdf:li xml:lang="x-default">From ${sidecar}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>`,
      );
      const { asset } = await library.importFile(file, { originals: 'leave' });
      expect(asset.caption).toMatchObject({ text: `From ${sidecar}`, source: 'file' });
    }
  });
});
