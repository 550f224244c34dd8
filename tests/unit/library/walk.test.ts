import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { walkPictures, type WalkOptions } from '../../../src/main/library/walk.ts';
import { runChild } from '../run-child.ts';
import { picture, temporaryFolder } from './samples.ts';

function fill(root: string, ...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), name);
  }
}

/** What is found under a folder: relative paths, `name: code` where there was an error. */
async function found(root: string, paths = [root], options: WalkOptions = {}): Promise<string[]> {
  const list: string[] = [];
  for await (const one of walkPictures(paths, options)) {
    const name = relative(root, one.path);
    list.push('error' in one ? `${name}: ${one.error.code}` : name);
  }
  return list;
}

test('finds pictures in subfolders, in the order of names a person expects', async () => {
  const root = temporaryFolder();
  fill(
    root,
    'b/10.jpg',
    'b/2.jpg',
    'a.PNG',
    'notes.txt',
    'c/deep/er/x.webp',
    'photo.txt',
    'c/photo.xmp',
    '犬.jpeg',
    'raw.nef',
    'phone.heic',
  );
  expect(await found(root)).toEqual([
    'a.PNG',
    'b/2.jpg',
    'b/10.jpg',
    'c/deep/er/x.webp',
    'phone.heic',
    'raw.nef',
    '犬.jpeg',
  ]);
});

test('knows pictures by their first bytes when the name does not tell', async () => {
  const root = temporaryFolder();
  writeFileSync(join(root, 'IMG_0001'), await picture(1).jpeg().toBuffer());
  writeFileSync(join(root, 'page.html'), '<html><svg xmlns="http://www.w3.org/2000/svg"/></html>');
  writeFileSync(join(root, 'data.bin'), Buffer.alloc(100));
  writeFileSync(join(root, 'empty'), '');
  expect(await found(root)).toEqual(['IMG_0001']);
});

test('leaves out hidden files and folders, and those it is told to', async () => {
  const root = temporaryFolder();
  fill(root, '.hidden.jpg', '.git/x.jpg', '._photo.jpg', 'data/cache/x.jpg', 'seen.jpg');
  expect(await found(root, [root], { exclude: [join(root, 'data')] })).toEqual(['seen.jpg']);
});

test('follows links, and no loop', async () => {
  const root = temporaryFolder();
  const elsewhere = temporaryFolder();
  fill(root, 'a/x.jpg');
  fill(elsewhere, 'y.jpg');
  symlinkSync(root, join(root, 'a', 'loop'));
  symlinkSync(elsewhere, join(root, 'linked'));
  symlinkSync(join(elsewhere, 'y.jpg'), join(root, 'one.jpg'));
  expect(await found(root)).toEqual(['a/x.jpg', 'linked/y.jpg', 'one.jpg']);
});

test('reports what cannot be looked at and goes on', async () => {
  const root = temporaryFolder();
  fill(root, 'a.jpg', 'z.jpg');
  symlinkSync(join(root, 'nowhere'), join(root, 'broken.jpg'));
  symlinkSync(join(root, 'nowhere'), join(root, 'broken.txt'));
  expect(await found(root, [root, join(root, 'missing')])).toEqual([
    'a.jpg',
    'broken.jpg: not-found',
    'z.jpg',
    'missing: not-found',
  ]);
});

test.skipIf(process.platform !== 'linux')('a name that is no text is reported, not guessed', async () => {
  const root = temporaryFolder();
  fill(root, 'a.jpg');
  writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9]), Buffer.from('.jpg')]), 'x');
  expect(await found(root)).toEqual(['a.jpg', 'caf\ufffd.jpg: invalid-input']);
});

test.skipIf(process.platform === 'win32')(
  'a folder that may not be opened is named and the others go on',
  async () => {
    const root = temporaryFolder();
    fill(root, 'a/x.jpg', 'locked/y.jpg', 'z.jpg');
    chmodSync(join(root, 'locked'), 0o700);
    const { stdout } = await runChild(
      `
    import { walkPictures } from './src/main/library/walk.ts';
    for await (const one of walkPictures([${JSON.stringify(root)}])) console.log(one.path + (one.error ? ': ' + one.error.code : ''));`,
      { unprivilegedWithout: root },
    );
    const locked = process.getuid?.() === 0 ? [`${root}/locked: no-permission`] : [`${root}/locked/y.jpg`];
    expect(stdout.trim().split('\n')).toEqual([`${root}/a/x.jpg`, ...locked, `${root}/z.jpg`]);
  },
);

test('stops when it is told to', async () => {
  const root = temporaryFolder();
  fill(root, 'a/x.jpg');
  await expect(found(root, [root], { signal: AbortSignal.abort() })).rejects.toThrow();
});
