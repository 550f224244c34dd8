import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { CsvFile, JsonlFile, textFiles, writeTextFile } from '../../../src/main/captions/sidecars.ts';

const root = mkdtempSync(join(tmpdir(), 'fabula-sidecars-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder: string;
let path: string;
let count = 0;
beforeEach(() => {
  folder = mkdtempSync(join(root, `${count++}-`));
  path = join(folder, 'out.jsonl');
});

const never = () => false;
const line = (file: string, caption = 'A dog.') => ({ file, caption, pack: 'starter@1' });
const written = () =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as unknown);

describe('JSONL', () => {
  test('a line a picture, none twice, whatever its name', async () => {
    const odd = '/photos/two\nlines "and" 雪 \u2028.jpg';
    const first = await JsonlFile.open(path, never);
    first.add([line('/photos/a.jpg'), line(odd)]);
    first.add([line('/photos/a.jpg', 'Another.')]);
    first.close();
    const second = await JsonlFile.open(path, never);
    second.add([line(odd), line('/photos/./b.jpg'), line('/photos/b.jpg')]);
    second.close();
    expect(written()).toEqual([line('/photos/a.jpg'), line(odd), line('/photos/./b.jpg')]);
  });

  test('cut off at any byte of its last line, the file is repaired and the picture gets its line again', async () => {
    const whole = `${JSON.stringify(line('/a.jpg'))}\n`;
    const last = `${JSON.stringify(line('/é雪.jpg', 'Snow ❄.'))}\n`;
    for (let cut = 0; cut <= Buffer.byteLength(last); cut++) {
      writeFileSync(path, Buffer.concat([Buffer.from(whole), Buffer.from(last).subarray(0, cut)]));
      const file = await JsonlFile.open(path, never);
      file.add([line('/a.jpg'), line('/é雪.jpg', 'Snow ❄.')]);
      file.close();
      expect(readFileSync(path, 'utf8')).toBe(whole + last);
    }
  });

  test('lines with an error make room for another try', async () => {
    writeFileSync(
      path,
      `${JSON.stringify({ file: '/a.jpg', error: 'damaged', pack: null })}\n${JSON.stringify(line('/b.jpg'))}\n`,
    );
    const file = await JsonlFile.open(path, never);
    expect([file.has('/a.jpg'), file.has('/b.jpg')]).toEqual([false, true]);
    file.add([line('/a.jpg')]);
    file.close();
    expect(written()).toEqual([line('/b.jpg'), line('/a.jpg')]);
  });

  test('pictures that are captioned anew lose their line, others keep theirs', async () => {
    writeFileSync(path, `${JSON.stringify(line('/a.jpg'))}\n${JSON.stringify(line('/other.jpg'))}\n`);
    const file = await JsonlFile.open(path, (name) => name === '/a.jpg');
    file.add([line('/a.jpg', 'Anew.')]);
    file.close();
    expect(written()).toEqual([line('/other.jpg'), line('/a.jpg', 'Anew.')]);
    expect(readdirSync(folder)).toEqual(['out.jsonl']);
  });

  test.each(['my notes\nsecond line\n', '{"file": 3}\n', '[]\n{"file": "/a.jpg"}\n'])(
    'another file by that name is refused and left as it is: %j',
    async (text) => {
      writeFileSync(path, text);
      await expect(JsonlFile.open(path, never)).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringContaining(`${path}, line 1`) as string,
      });
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  test('a folder that is not there is named', async () => {
    await expect(JsonlFile.open(join(folder, 'no', 'out.jsonl'), never)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('out.jsonl') as string,
    });
  });
});

describe('CSV', () => {
  test('appears when it is closed, quoted, and safe to open in a spreadsheet', async () => {
    const csv = join(folder, 'out.csv');
    const file = await CsvFile.create(csv);
    await file.add([line('a "b", c.jpg', '=1+1'), { file: 'x.jpg', error: 'damaged', pack: null }]);
    expect(readdirSync(folder)).not.toContain('out.csv');
    await file.close();
    expect(readFileSync(csv, 'utf8')).toBe(
      'file,caption,error,pack\n"a ""b"", c.jpg",\'=1+1,,starter@1\nx.jpg,,damaged,\n',
    );
    expect(readdirSync(folder)).toEqual(['out.csv']);
  });

  test('discarded, it leaves nothing and the old one as it was', async () => {
    const csv = join(folder, 'out.csv');
    writeFileSync(csv, 'old');
    const file = await CsvFile.create(csv);
    await file.add([line('a.jpg')]);
    await file.discard();
    expect(readFileSync(csv, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['out.csv']);
  });
});

describe('.txt', () => {
  test('stands beside its picture, and two pictures of one name do not share it', () => {
    expect([...textFiles(['/p/a.jpg', '/p/a.png', '/p/b.c.jpg', '/q/a.png', '/p/none']).values()]).toEqual([
      '/p/a.txt',
      '/p/a.png.txt',
      '/p/b.c.txt',
      '/q/a.txt',
      '/p/none.txt',
    ]);
  });

  test.each([
    ['skip', null, 'New.', 'New.\n'],
    ['skip', 'Old.\n', 'New.', 'Old.\n'],
    ['skip', ' \n', 'New.', 'New.\n'],
    ['overwrite', 'Old.\nMore.\n', 'New.', 'New.\n'],
    ['append', null, 'New.', 'New.\n'],
    ['append', 'Old.', 'New.', 'Old.\nNew.\n'],
    ['append', 'Old.\nNew.\n', 'New.', 'Old.\nNew.\n'],
    ['append', 'Old.\n', 'Old. New.', 'Old. New.\n'],
    ['prepend', 'Old.\n', 'New.', 'New.\nOld.\n'],
    ['prepend', 'Old.\n', 'New. Old.', 'New. Old.\n'],
    ['overwrite', null, 'Two\r\nlines.', 'Two lines.\n'],
  ] as const)(
    '%s over %j writes %j as %j, and a second time changes nothing',
    async (mode, before, caption, after) => {
      const text = join(folder, 'a.txt');
      if (before !== null) writeFileSync(text, before);
      await writeTextFile(text, caption, mode);
      expect(readFileSync(text, 'utf8')).toBe(after);
      await writeTextFile(text, caption, mode);
      expect(readFileSync(text, 'utf8')).toBe(after);
      expect(readdirSync(folder)).toEqual(['a.txt']);
    },
  );

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'a read-only folder is named',
    async () => {
      chmodSync(folder, 0o500);
      await expect(writeTextFile(join(folder, 'a.txt'), 'A dog.', 'overwrite')).rejects.toMatchObject({
        code: 'no-permission',
        message: expect.stringContaining('a.txt') as string,
      });
      chmodSync(folder, 0o700);
    },
  );
});
