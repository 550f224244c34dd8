import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLibrary, picture, temporaryFolder } from './samples.ts';

async function three() {
  const opened = openLibrary();
  const ids: string[] = [];
  for (const seed of [1, 2, 3]) {
    const bytes = await picture(seed).png().toBuffer();
    const { asset } = await opened.library.importBytes(`IMG_${seed}.png`, bytes);
    ids.push(asset.id);
  }
  return { ...opened, ids };
}

test('tags are added to many and taken away, and spelled as they were first written', async () => {
  const { library, ids } = await three();
  expect(library.tag(ids, { add: ['Summer  2019', 'sea'] })).toEqual({ changed: 3 });
  expect(library.tag(ids, { add: ['summer 2019'] })).toEqual({ changed: 0 });
  expect(library.get(ids[0]!).tags).toEqual(['sea', 'Summer 2019']);
  expect(library.tag([ids[0]!], { remove: ['SEA'], add: ['beach'] })).toEqual({ changed: 1 });
  expect(library.get(ids[0]!).tags).toEqual(['beach', 'Summer 2019']);
  expect(library.tags()).toEqual([
    { name: 'Summer 2019', count: 3 },
    { name: 'sea', count: 2 },
    { name: 'beach', count: 1 },
  ]);
  await library.remove([ids[0]!]);
  expect(library.tags().map(({ name }) => name)).toEqual(['sea', 'Summer 2019']);
});

test('tags are found by their words, together with those of captions, until they are taken away', async () => {
  const { library, ids } = await three();
  library.setCaption(ids[1]!, { text: 'two dogs running', source: 'person', pack: null });
  library.tag([ids[1]!], { add: ['Tante Žofie', '夏休み'] });
  expect(library.findWords('zofie', 5)).toEqual([ids[1]]);
  expect(library.findWords('夏休', 5)).toEqual([ids[1]]);
  expect(library.findWords('dogs tante', 5)).toEqual([ids[1]]);
  library.setCaption(ids[1]!, { text: 'a cat', source: 'person', pack: null });
  expect(library.findWords('cat zofie', 5)).toEqual([ids[1]]);
  library.tag([ids[1]!], { remove: ['tante žofie'] });
  expect(library.findWords('zofie', 5)).toEqual([]);
  expect(library.findWords('cat', 5)).toEqual([ids[1]]);
});

test('keywords of a file become tags: XMP subjects, also several', async () => {
  const { library } = openLibrary();
  const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>
      <rdf:li>Mountains</rdf:li><rdf:li>Čmelák</rdf:li><rdf:li>mountains</rdf:li><rdf:li>&lt;script&gt;</rdf:li>
    </rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`;
  const path = join(temporaryFolder(), 'tagged.jpg');
  writeFileSync(path, await picture(4).withXmp(packet).jpeg().toBuffer());
  const { asset } = await library.importFile(path, { originals: 'leave' });
  expect(asset.tags.toSorted()).toEqual(['<script>', 'Mountains', 'Čmelák'].toSorted());
  expect(library.findWords('mountains', 5)).toEqual([asset.id]);
});

test('keywords of a file become tags: IPTC', async () => {
  const { library } = openLibrary();
  const dataset = (number: number, text: string): Buffer => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from([0x1c, 2, number, bytes.length >> 8, bytes.length & 255]), bytes]);
  };
  const iptc = Buffer.concat([dataset(25, 'harbour'), dataset(25, 'boats')]);
  const resource = Buffer.concat([
    Buffer.from('Photoshop 3.0\0' + '8BIM', 'latin1'),
    Buffer.from([0x04, 0x04, 0, 0, 0, 0, iptc.length >> 8, iptc.length & 255]),
    iptc,
    Buffer.alloc(iptc.length % 2),
  ]);
  const marker = Buffer.from([0xff, 0xed, (resource.length + 2) >> 8, (resource.length + 2) & 255]);
  const jpeg = await picture(5).jpeg().toBuffer();
  const path = join(temporaryFolder(), 'press.jpg');
  writeFileSync(path, Buffer.concat([jpeg.subarray(0, 2), marker, resource, jpeg.subarray(2)]));
  expect(readFileSync(path)).toHaveLength(jpeg.length + resource.length + 4);
  const { asset } = await library.importFile(path, { originals: 'leave' });
  expect(asset.tags).toEqual(['boats', 'harbour']);
});
