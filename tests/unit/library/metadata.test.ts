import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { readMetadata } from '../../../src/main/library/metadata.ts';
import { picture } from './samples.ts';

function xmp(properties: string): string {
  return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/">${properties}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;
}

/** A JPEG with an IPTC caption (IIM 2:120 in a Photoshop resource block, APP13). */
async function withIptc(caption: string): Promise<Buffer> {
  const record = (tag: [number, number], data: Buffer) =>
    Buffer.concat([Buffer.from([0x1c, ...tag, data.length >> 8, data.length & 255]), data]);
  const iim = Buffer.concat([
    record([1, 90], Buffer.from('\x1b%G', 'latin1')),
    record([2, 120], Buffer.from(caption, 'utf8')),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(iim.length);
  const resource = Buffer.concat([
    Buffer.from('Photoshop 3.0\0' + '8BIM\x04\x04\0\0', 'latin1'),
    size,
    iim,
    Buffer.alloc(iim.length % 2),
  ]);
  const marker = Buffer.from([0xff, 0xed, (resource.length + 2) >> 8, (resource.length + 2) & 255]);
  const jpeg = await picture(1).jpeg().toBuffer();
  return Buffer.concat([jpeg.subarray(0, 2), marker, resource, jpeg.subarray(2)]);
}

const description = (text: string) =>
  `<dc:description><rdf:Alt><rdf:li xml:lang="de">Ein Hund</rdf:li><rdf:li xml:lang="x-default">${text}</rdf:li></rdf:Alt></dc:description>`;

describe('captions in files', () => {
  test.each(['jpeg', 'png', 'webp', 'avif', 'tiff'] as const)(
    'XMP in %s, in the default language',
    async (format) => {
      const bytes = await picture(1)
        .withXmp(xmp(description('犬 &amp; 猫')))
        .toFormat(format)
        .toBuffer();
      // libvips writes PNG's packet where only libvips looks for it.
      const { xmp: packet } = await sharp(bytes).metadata();
      expect((await readMetadata(bytes, packet)).caption).toBe('犬 & 猫');
    },
  );

  test('IPTC, in UTF-8', async () => {
    expect((await readMetadata(await withIptc('Ein Hündchen läuft — 走る'))).caption).toBe(
      'Ein Hündchen läuft — 走る',
    );
  });

  test('EXIF, where nothing better is there', async () => {
    const exif = { IFD0: { ImageDescription: 'Two boats' } };
    expect((await readMetadata(await picture(1).jpeg().withExif(exif).toBuffer())).caption).toBe('Two boats');
    const both = await picture(1)
      .jpeg()
      .withExif(exif)
      .withXmp(xmp(description('Three boats')))
      .toBuffer();
    expect((await readMetadata(both)).caption).toBe('Three boats');
  });

  test.each(['OLYMPUS DIGITAL CAMERA', 'SONY DSC', '   ', '...', 'DCIM'])(
    'what cameras write by themselves (%j) is none',
    async (text) => {
      const bytes = await picture(1)
        .jpeg()
        .withExif({ IFD0: { ImageDescription: text } })
        .toBuffer();
      expect((await readMetadata(bytes)).caption).toBeNull();
    },
  );
});

describe('dates', () => {
  const dated = async (IFD2: { [name: string]: string }) =>
    (await readMetadata(await picture(1).jpeg().withExif({ IFD2 }).toBuffer())).takenAt;

  test('without a zone where the camera gave none, with it where it did', async () => {
    expect(await dated({ DateTimeOriginal: '2019:08:01 12:34:56' })).toBe('2019-08-01T12:34:56');
    expect(await dated({ DateTimeOriginal: '2019:08:01 12:34:56', OffsetTimeOriginal: '+09:00' })).toBe(
      '2019-08-01T12:34:56+09:00',
    );
  });

  test.each(['0000:00:00 00:00:00', '2019:02:31 10:00:00', '2019:13:01 10:00:00', 'yesterday', ' '])(
    '%j is no date',
    async (text) => {
      expect(await dated({ DateTimeOriginal: text })).toBeNull();
    },
  );

  test('from XMP where EXIF has none', async () => {
    const bytes = await picture(1)
      .jpeg()
      .withXmp(xmp('<photoshop:DateCreated>2020-02-03T04:05:06+09:00</photoshop:DateCreated>'))
      .toBuffer();
    expect((await readMetadata(bytes)).takenAt).toBe('2020-02-03T04:05:06+09:00');
  });
});

test('orientation is read', async () => {
  expect(
    (await readMetadata(await picture(1).withMetadata({ orientation: 6 }).jpeg().toBuffer())).orientation,
  ).toBe(6);
});

test('metadata that is none, or broken, is none', async () => {
  const none = { takenAt: null, orientation: 1, caption: null, keywords: [] };
  expect(await readMetadata(await picture(1).jpeg().toBuffer())).toEqual(none);
  expect(await readMetadata(Buffer.from('no picture at all'))).toEqual(none);
  const broken = await sharp(await picture(1).jpeg().toBuffer())
    .withXmp('<x:xmpmeta><unclosed')
    .toBuffer();
  expect(await readMetadata(broken)).toEqual(none);
});
