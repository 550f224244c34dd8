import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { Packs, type Manifest } from '../../../src/main/models/packs.ts';
import { resourcePath } from '../../../src/main/resources.ts';
import { FabulaError } from '../../../src/shared/errors.ts';

const root = mkdtempSync(join(tmpdir(), 'fabula-packs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let home: string;
let shipped: string;
let own: string;
let count = 0;
beforeEach(() => {
  home = join(root, String(count++));
  shipped = join(home, 'shipped');
  own = join(home, 'own');
  writePack(join(shipped, 'starter'));
});

const role = {
  family: 'starter',
  vision: 'vision.onnx',
  text: 'text.onnx',
  tokenizer: 'tokenizer.json',
  dimensions: 4,
  imageSize: 8,
  batch: 2,
  maxTokens: 8,
  calibration: { bias: -2, scale: 10 },
} as const;

/** A pack of three small files; what is not asked for differently is right. */
function writePack(folder: string, changes: Partial<Manifest> = {}): Manifest {
  mkdirSync(folder, { recursive: true });
  const files = ['vision.onnx', 'text.onnx', 'tokenizer.json'].map((path) => {
    const content = `content of ${path}`;
    writeFileSync(join(folder, path), content);
    return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  });
  const manifest: Manifest = {
    format: 1,
    id: 'starter',
    name: 'Starter',
    revision: '1',
    licence: 'MIT',
    description: '',
    roles: { encode: role },
    files,
    ...changes,
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
}

async function failure(work: () => unknown): Promise<FabulaError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FabulaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('a pack is listed, found by its role, and verified', async () => {
  const packs = new Packs([shipped, own]);
  expect(packs.list()).toEqual([
    {
      id: 'starter',
      name: 'Starter',
      revision: '1',
      licence: 'MIT',
      roles: ['encode'],
      bytes: 67,
      problem: null,
    },
  ]);
  expect(packs.get('encode')).toMatchObject({ version: 'starter@1', folder: join(shipped, 'starter'), role });
  await packs.verify('starter');
});

test('the pack shipped with Fabula is whole', async () => {
  const packs = new Packs([resourcePath('models')]);
  await packs.verify('starter');
  expect(packs.list().find(({ id }) => id === 'starter')).toMatchObject({
    roles: ['encode', 'caption', 'words', 'join'],
    problem: null,
  });
});

test('a role that no pack fills is not found', async () => {
  const error = await failure(() => new Packs([shipped]).get('caption'));
  expect(error.code).toBe('not-found');
  expect(error.message).toContain('caption');
});

test('one byte changed: corrupt-pack names the file, also after it was verified once', async () => {
  const packs = new Packs([shipped]);
  await packs.verify('starter');
  const file = join(shipped, 'starter', 'text.onnx');
  writeFileSync(file, 'Content of text.onnx');
  utimesSync(file, 1, 1);
  const error = await failure(() => packs.verify('starter'));
  expect(error.code).toBe('corrupt-pack');
  expect(error.message).toContain(file);
  expect(error.message).toContain('SHA-256');
});

test('another size: corrupt-pack without reading the file', async () => {
  const file = join(shipped, 'starter', 'text.onnx');
  appendFileSync(file, 'x');
  const packs = new Packs([shipped]);
  const error = await failure(() => packs.get('encode'));
  expect(error.code).toBe('corrupt-pack');
  expect(error.message).toContain(`${file}: it has 21 bytes instead of 20`);
  expect(packs.list()[0]?.problem).toBe(error.message);
});

test('a missing file', async () => {
  const file = join(shipped, 'starter', 'tokenizer.json');
  rmSync(file);
  const error = await failure(() => new Packs([shipped]).get('encode'));
  expect(error.code).toBe('corrupt-pack');
  expect(error.message).toContain(`${file} is missing`);
});

test.each([
  ['bad JSON', '{"format": 1,', 'corrupt-pack', 'is not valid JSON'],
  ['not an object', '[]', 'corrupt-pack', 'manifest.json'],
  ['a newer format', JSON.stringify({ format: 2 }), 'corrupt-pack', 'format'],
])('%s: the pack is listed with its problem and the others work', async (_, text, code, words) => {
  mkdirSync(join(own, 'mine'), { recursive: true });
  writeFileSync(join(own, 'mine', 'manifest.json'), text);
  const packs = new Packs([shipped, own]);
  expect(packs.list().find(({ id }) => id === 'mine')?.problem).toContain(words);
  expect(packs.get('encode').manifest.id).toBe('starter');
  const error = await failure(() => packs.verify('mine'));
  expect(error.code).toBe(code);
});

test.each([
  '../outside.onnx',
  '/etc/passwd',
  'a/../../b.onnx',
  'a\\..\\b.onnx',
  'C:/x.onnx',
  './vision.onnx',
])('a path that leaves the pack is refused: %s', async (path) => {
  const folder = join(home, 'new');
  const manifest = writePack(folder);
  writePack(folder, { files: [...manifest.files, { path, bytes: 1, sha256: '0'.repeat(64) }] });
  writeFileSync(join(home, 'outside.onnx'), 'x');
  const packs = new Packs([shipped, own]);
  const error = await failure(() => packs.add(folder));
  expect(error.code).toBe('corrupt-pack');
  expect(error.message).toContain('files.3.path');
  expect(existsSync(own) ? readdirSync(own) : []).toEqual([]);
});

test('a role that uses a file the manifest does not list is refused', async () => {
  writePack(join(shipped, 'starter'), { roles: { encode: { ...role, text: 'other.onnx' } } });
  const error = await failure(() => new Packs([shipped]).verify('starter'));
  expect(error.message).toContain('other.onnx');
});

test.skipIf(process.platform === 'win32')('a link that leads out of the pack is refused', async () => {
  const secret = join(home, 'secret');
  writeFileSync(secret, 'content of text.onnx');
  const file = join(shipped, 'starter', 'text.onnx');
  rmSync(file);
  symlinkSync(secret, file);
  const error = await failure(() => new Packs([shipped]).get('encode'));
  expect(error.code).toBe('unsafe-path');
  expect(error.message).toContain(file);
});

test('an added pack goes before the shipped one; removed, the shipped one is back', async () => {
  const source = join(home, 'new');
  writePack(source, { id: 'mine', revision: '7' });
  writeFileSync(join(source, 'unlisted.txt'), 'not part of the pack');
  const packs = new Packs([shipped, own]);
  expect(packs.get('encode').version).toBe('starter@1');
  await packs.add(source);
  expect(packs.get('encode').version).toBe('mine@7');
  expect(readdirSync(own)).toEqual(['mine']);
  expect(readdirSync(join(own, 'mine')).sort()).toEqual([
    'manifest.json',
    'text.onnx',
    'tokenizer.json',
    'vision.onnx',
  ]);
  await packs.remove('mine');
  expect(packs.get('encode').version).toBe('starter@1');
  expect(readdirSync(own)).toEqual([]);
});

test('adding a damaged pack leaves the one that was there', async () => {
  const source = join(home, 'new');
  writePack(source, { id: 'mine', revision: '1' });
  const packs = new Packs([shipped, own]);
  await packs.add(source);
  writePack(source, { id: 'mine', revision: '2' });
  writeFileSync(join(source, 'text.onnx'), 'Content of text.onnx');
  const error = await failure(() => packs.add(source));
  expect(error.code).toBe('corrupt-pack');
  expect(error.message).toContain('text.onnx');
  expect(readdirSync(own)).toEqual(['mine']);
  expect(packs.get('encode').version).toBe('mine@1');
  writeFileSync(join(source, 'text.onnx'), 'content of text.onnx');
  await packs.add(source);
  expect(packs.get('encode').version).toBe('mine@2');
});

test('a shipped pack cannot be removed, and an unknown one is not found', async () => {
  const packs = new Packs([shipped, own]);
  expect((await failure(() => packs.remove('starter'))).code).toBe('invalid-input');
  expect((await failure(() => packs.remove('nope'))).code).toBe('not-found');
  expect(existsSync(join(shipped, 'starter', 'manifest.json'))).toBe(true);
});

test('a pack that calls itself like a shipped one is refused; a new revision of it is taken', async () => {
  const source = join(home, 'new');
  writePack(source);
  const packs = new Packs([shipped, own]);
  expect((await failure(() => packs.add(source))).code).toBe('conflict');
  writePack(source, { revision: '2' });
  await packs.add(source);
  expect(packs.get('encode').version).toBe('starter@2');
});

test('cancelled, adding leaves nothing', async () => {
  const source = join(home, 'new');
  writePack(source, { id: 'mine' });
  const error = await failure(() => new Packs([shipped, own]).add(source, AbortSignal.abort()));
  expect(error.code).toBe('cancelled');
  expect(readdirSync(own)).toEqual([]);
});

test('adding what is no pack says so', async () => {
  mkdirSync(join(home, 'empty'));
  const error = await failure(() => new Packs([shipped, own]).add(join(home, 'empty')));
  expect(error.code).toBe('not-found');
  expect(error.message).toContain('manifest.json');
});

test('a broken pack of the person that fills a role is reported, not passed over', async () => {
  cpSync(join(shipped, 'starter'), join(own, 'mine'), { recursive: true });
  const text = readFileSync(join(own, 'mine', 'manifest.json'), 'utf8').replace('"starter"', '"mine"');
  writeFileSync(join(own, 'mine', 'manifest.json'), text);
  rmSync(join(own, 'mine', 'text.onnx'));
  const error = await failure(() => new Packs([shipped, own]).get('encode'));
  expect(error.code).toBe('corrupt-pack');
  expect(error.message).toContain(join(own, 'mine', 'text.onnx'));
});
