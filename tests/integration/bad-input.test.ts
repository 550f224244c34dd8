import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import BetterSqlite3 from 'better-sqlite3';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  copyOfStarter,
  ensureBuilt,
  fabula,
  root,
  temporaryFolder,
  type Finished,
} from '../fixtures/built.ts';
import { drawPicture, writePictures } from '../fixtures/pictures.ts';
import { OpenDoor } from '../fixtures/web-door.ts';

/**
 * What goes wrong in a person's hands, through the real command line and the real server: an error in one line that
 * names the file or the field, the exit code that docs/command-line.md promises, nothing lost or half-written, and
 * everything else done.
 */

beforeAll(ensureBuilt, 120_000);

interface Place {
  folder: string;
  pictures: string;
  data: string;
  /** Runs the command line on this place's data folder. */
  run(...args: string[]): Promise<Finished>;
  /** The names of the pictures in the library. */
  names(): string[];
}

/** A folder with one good picture in it, which has to come through whatever lies beside it. */
async function place(): Promise<Place> {
  const folder = temporaryFolder();
  const pictures = join(folder, 'pictures');
  const data = join(folder, 'data');
  await writePictures(pictures, ['good.jpg']);
  return {
    folder,
    pictures,
    data,
    run: (...args) => fabula([...args, '--data', data]),
    names: () => inLibrary(data),
  };
}

function inLibrary(data: string): string[] {
  const database = new BetterSqlite3(join(data, 'library.db'), { readonly: true });
  try {
    return database.prepare('SELECT name FROM assets ORDER BY name').pluck().all() as string[];
  } finally {
    database.close();
  }
}

/** One line, from the program, without a stack. */
function oneLine(finished: Finished): string {
  expect(finished.err).toMatch(/^fabula: .+\n$/);
  expect(finished.err).not.toMatch(/\n\s+at |internal|This is a bug/);
  return finished.err;
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** A PNG whose header claims a size that its few bytes would unfold to. */
function pngOf(width: number, height: number): Buffer {
  const chunk = (type: string, content: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(content.length);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(crc32(body));
    return Buffer.concat([head, body, tail]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(100_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('pictures: the bad one is named, the good one is taken in', () => {
  /** Puts files beside the good picture, imports the folder, and gives back what was said. */
  async function importBeside(
    files: Record<string, Buffer | string>,
  ): Promise<{ at: Place; said: Finished }> {
    const at = await place();
    for (const [name, content] of Object.entries(files)) writeFileSync(join(at.pictures, name), content);
    return { at, said: await at.run('import', at.pictures) };
  }

  test('1. a truncated JPEG', async () => {
    const whole = await drawPicture(3, 800, 600);
    const { at, said } = await importBeside({ 'half.jpg': whole.subarray(0, whole.length / 2) });
    expect(said.code).toBe(1);
    expect(oneLine(said)).toMatch(/half\.jpg.*(damaged|incomplete)/);
    expect(said.out).toBe('1 picture imported, 0 already there, 1 failed.\n');
    expect(at.names()).toEqual(['good.jpg']);
  });

  test('2. a file that lies about its kind: text is refused, a PNG called .jpg is taken for what it is', async () => {
    const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#abc' } })
      .png()
      .toBuffer();
    const { at, said } = await importBeside({ 'letter.png': 'Dear library,', 'really-png.jpg': png });
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('letter.png');
    expect(at.names()).toEqual(['good.jpg', 'really-png.jpg']);
  });

  test('3. an empty file', async () => {
    const { at, said } = await importBeside({ 'empty.jpg': '' });
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('empty.jpg');
    expect(at.names()).toEqual(['good.jpg']);
  });

  test('4. a pixel bomb, refused by its header before anything is unfolded', async () => {
    const { at, said } = await importBeside({
      'bomb.png': pngOf(60_000, 60_000),
      'long.png': pngOf(30_001, 1),
    });
    expect(said.code).toBe(1);
    expect(said.err.split('\n').filter((line) => line.includes('too many pixels'))).toHaveLength(2);
    expect(said.err).toContain('bomb.png');
    expect(said.err).toContain('long.png');
    expect(at.names()).toEqual(['good.jpg']);
  });

  test('5. an SVG with a script is shown as pixels, and no export carries the script', async () => {
    const { at, said } = await importBeside({
      'active.svg':
        '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60" onload="alert(1)"><script>alert(1)</script><rect width="80" height="60" fill="#00f"/></svg>',
    });
    expect(said.code).toBe(0);
    writeFileSync(join(at.folder, 'tale.md'), '# Tale\n\nA blue field.\n\n![](pictures/active.svg)\n');
    const written = await at.run(
      'illustrate',
      join(at.folder, 'tale.md'),
      '-o',
      join(at.folder, 'tale.html'),
    );
    expect(written.code).toBe(0);
    const html = readFileSync(join(at.folder, 'tale.html'), 'utf8');
    expect(html).not.toMatch(/alert\(1\)|onload/);
    expect(html).not.toContain('image/svg+xml');
    expect(html).toContain('<img');
  });

  test('6. an SVG that links to files and addresses reaches none of them', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const secret = join(temporaryFolder(), 'secret.png');
    await sharp({ create: { width: 80, height: 60, channels: 3, background: '#ff0000' } })
      .png()
      .toFile(secret);
    try {
      const { at, said } = await importBeside({
        'linked.svg': `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY file SYSTEM "file:///etc/hostname">]>
          <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="80" height="60">
          <style>@import url("http://127.0.0.1:${port}/style.css");</style>
          <rect width="80" height="60" fill="#fff"/>
          <image width="80" height="60" href="http://127.0.0.1:${port}/a.png"/>
          <image width="80" height="60" xlink:href="file://${secret}"/><text>&file;</text></svg>`,
      });
      expect(asked).toBe(0);
      if (said.code === 0) {
        const found = JSON.parse((await at.run('search', 'linked', '--json')).out) as {
          hits: { asset: { id: string; name: string } }[];
        };
        const { id } = found.hits.find(({ asset }) => asset.name === 'linked.svg')!.asset;
        const thumb = join(at.data, 'cache', id.slice(0, 2), `${id}-thumb.webp`);
        const { data } = await sharp(thumb).raw().toBuffer({ resolveWithObject: true });
        // The linked picture is plain red; what was drawn has no red in it.
        expect(data[1]).toBeGreaterThan(200);
      } else {
        expect(oneLine(said)).toContain('linked.svg');
      }
      expect(at.names()).toContain('good.jpg');
    } finally {
      server.close();
    }
  });

  test.skipIf(process.platform === 'win32')(
    '7. a name with a newline and terminal codes stays on one line, and is a whole name in JSON',
    async () => {
      const name = 'two\nlines \u001b[31mred.jpg';
      const { at, said } = await importBeside({ [name]: 'no picture' });
      expect(said.code).toBe(1);
      expect(oneLine(said)).toContain('two\\nlines \\u001b[31mred.jpg');
      rmSync(join(at.pictures, name));
      await writePictures(at.pictures, [name]);
      const captioned = await at.run('caption', at.pictures, '--json');
      expect(captioned.code).toBe(0);
      const lines = captioned.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { file: string });
      expect(lines.map(({ file }) => file)).toContain(join(at.pictures, name));
    },
  );

  test('8. names in any script are taken in, found, and named again as they were', async () => {
    const names = ['قطة على السطح.jpg', '雪の山 ☃️.jpg', 'Ωμέγα — «ñandú».jpg', '🦊🌲.jpg', 'हिमालय.jpg'];
    const at = await place();
    mkdirSync(join(at.pictures, 'фото'));
    for (const [index, name] of names.entries()) {
      writeFileSync(join(at.pictures, 'фото', name), await drawPicture(index + 10));
    }
    expect((await at.run('import', at.pictures)).code).toBe(0);
    expect(at.names().sort()).toEqual(['good.jpg', ...names].sort());
    for (const [word, name] of [
      ['السطح', names[0]],
      ['雪の山', names[1]],
      ['ñandú', names[2]],
      ['हिमालय', names[4]],
    ] as const) {
      const { hits } = JSON.parse((await at.run('search', word, '-k', '6', '--json')).out) as {
        hits: { asset: { name: string }; words: boolean }[];
      };
      expect(hits.find(({ words }) => words)?.asset.name).toBe(name);
    }
  });

  test('9. kinds of picture no free decoder reads are told from damaged ones', async () => {
    const heic = Buffer.concat([
      Buffer.from([0, 0, 0, 24]),
      Buffer.from('ftypheic\0\0\0\0heicmif1'),
      Buffer.alloc(64),
    ]);
    const { at, said } = await importBeside({
      'phone.heic': heic,
      'scan.pdf': '%PDF-1.7',
      'raw.cr2': Buffer.from('II*\0\x10\0\0\0CR'),
    });
    expect(said.code).toBe(1);
    expect(said.err).toMatch(/phone\.heic.*HEIC/);
    expect(said.err).toMatch(/raw\.cr2/);
    expect(at.names()).toEqual(['good.jpg']);
  });

  test.skipIf(process.platform === 'win32')('10. folders that link to themselves end', async () => {
    const at = await place();
    symlinkSync(at.pictures, join(at.pictures, 'again'));
    symlinkSync(join(at.pictures, 'nowhere'), join(at.pictures, 'broken.jpg'));
    const said = await at.run('import', at.pictures);
    expect(said.out).toContain('1 picture imported');
    expect(at.names()).toEqual(['good.jpg']);
  });

  test('11. a file that is not there, beside one that is', async () => {
    const at = await place();
    const said = await at.run('import', join(at.pictures, 'missing.jpg'), join(at.pictures, 'good.jpg'));
    expect(said.code).toBe(1);
    expect(oneLine(said)).toMatch(/missing\.jpg.*does not exist/);
    expect(at.names()).toEqual(['good.jpg']);
  });
});

describe('disks', () => {
  test.skipIf(process.platform === 'win32')(
    '12. a folder that may not be written: captions are kept, the sidecar that failed is named',
    async () => {
      const at = await place();
      chmodSync(at.pictures, 0o555);
      mkdirSync(at.data);
      const args = [join(root, 'out', 'main', 'cli.js'), 'caption', at.pictures, '--txt', '--data', at.data];
      // Root may write anywhere, so the command is run as nobody.
      const nobody = process.getuid?.() === 0 ? 65_534 : undefined;
      if (nobody !== undefined) for (const path of [at.folder, at.data]) chownSync(path, nobody, nobody);
      try {
        const said = spawnSync(process.execPath, args, {
          encoding: 'utf8',
          ...(nobody === undefined ? {} : { uid: nobody, gid: nobody }),
        });
        expect(said.status).toBe(1);
        expect(said.stderr).toMatch(/fabula: .*good\.(txt|jpg).*(permission|written)/i);
        expect(readdirSync(at.pictures)).toEqual(['good.jpg']);
        // The caption itself is in the library.
        const again = await at.run('caption', at.pictures);
        expect(again.err).toContain('1 had a caption');
      } finally {
        chmodSync(at.pictures, 0o755);
      }
    },
  );

  test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0 || !canMount())(
    '13. a full disk: the import stops and says so; with room it goes on and loses nothing',
    async () => {
      const at = await place();
      mkdirSync(at.data);
      for (let index = 0; index < 24; index++) {
        const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
        await sharp({ create: { width: 400, height: 400, channels: 3, background: '#000', noise } })
          .jpeg({ quality: 95 })
          .toFile(join(at.pictures, `noise ${index}.jpg`));
      }
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', at.data]).status).toBe(0);
      try {
        const full = await at.run('import', at.pictures, '--originals', 'copy');
        expect(full.code).toBe(1);
        expect(full.err).toMatch(/fabula: .*[Nn]o room left on the disk/);
        expect(full.err).not.toMatch(/\n\s+at /);
        expect(spawnSync('mount', ['-o', 'remount,size=100m', at.data]).status).toBe(0);
        const more = await at.run('import', at.pictures, '--originals', 'copy');
        expect(more.code).toBe(0);
        expect(new Set(at.names()).size).toBe(25);
        expect((await at.run('doctor', '--json')).out).toContain('the database is whole');
      } finally {
        spawnSync('umount', [at.data]);
      }
    },
    180_000,
  );

  test('14. a place to write to that is not there: the story stays, the file does not appear', async () => {
    const at = await place();
    writeFileSync(join(at.folder, 'tale.md'), '# Tale\n\nA cat.\n');
    const target = join(at.folder, 'nowhere', 'tale.pdf');
    const said = await at.run('illustrate', join(at.folder, 'tale.md'), '-o', target);
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('tale.pdf');
    expect(existsSync(join(at.folder, 'nowhere'))).toBe(false);
    const kept = await at.run('export', 'Tale', '-o', join(at.folder, 'tale.html'));
    expect(kept.code).toBe(0);
  });

  test('15. a data folder that is a file', async () => {
    const at = await place();
    writeFileSync(at.data, 'not a folder');
    const said = await at.run('import', at.pictures);
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain(at.data);
    expect(readFileSync(at.data, 'utf8')).toBe('not a folder');
  });
});

describe('the library', () => {
  test('16. a database from a newer version is refused and left as it is', async () => {
    const at = await place();
    await at.run('import', at.pictures);
    const file = join(at.data, 'library.db');
    const database = new BetterSqlite3(file);
    database.pragma('user_version = 999');
    database.close();
    const before = hashOf(file);
    for (const args of [['import', at.pictures], ['search', 'cat'], ['jobs']]) {
      const said = await at.run(...args);
      expect(said.code).toBe(1);
      expect(oneLine(said)).toMatch(/library\.db.*newer Fabula.*[Uu]pdate/);
    }
    expect(hashOf(file)).toBe(before);
  });

  test('17. a damaged database is named and left as it is', async () => {
    const at = await place();
    mkdirSync(at.data);
    const file = join(at.data, 'library.db');
    writeFileSync(file, 'this is no database'.repeat(1000));
    const before = hashOf(file);
    const said = await at.run('search', 'cat');
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('library.db');
    expect(hashOf(file)).toBe(before);
  });

  test('18. an original that was moved away: the story is written without it, and says so', async () => {
    const at = await place();
    writeFileSync(join(at.folder, 'tale.md'), '# Tale\n\nA field.\n\n![](pictures/good.jpg)\n');
    await at.run('illustrate', join(at.folder, 'tale.md'), '-o', join(at.folder, 'first.html'));
    rmSync(join(at.pictures, 'good.jpg'));
    const said = await at.run('export', 'Tale', '-o', join(at.folder, 'tale.pdf'));
    expect(said.code).toBe(1);
    expect(said.err).toContain('good.jpg');
    expect(readFileSync(join(at.folder, 'tale.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
  });
});

describe('packs', () => {
  test('19. a pack with a changed file is not added, and nothing of it stays', async () => {
    const at = await place();
    const copy = copyOfStarter(at.folder, 'mine');
    const weights = join(copy, 'decoder.onnx');
    const bytes = readFileSync(weights);
    bytes[bytes.length >> 1]! ^= 0xff;
    writeFileSync(weights, bytes);
    const said = await at.run('packs', 'add', copy);
    expect(said.code).toBe(1);
    expect(oneLine(said)).toMatch(/decoder\.onnx.*SHA-256/);
    expect(readdirSync(join(at.data, 'packs'))).toEqual([]);
    expect((await at.run('packs', 'list')).code).toBe(0);
  });

  test('20. a pack that was damaged after it was added: named by every command that needs it, nothing captioned', async () => {
    const at = await place();
    expect((await at.run('packs', 'add', copyOfStarter(at.folder, 'mine'))).code).toBe(0);
    truncateSync(join(at.data, 'packs', 'mine', 'vision.onnx'), 1000);
    const said = await at.run('caption', at.pictures);
    expect(said.code).toBe(1);
    expect(said.err).toMatch(/fabula: .*vision\.onnx/);
    expect((await at.run('packs', 'list')).err).toContain('vision.onnx');
    expect((await at.run('doctor')).out).toMatch(/^fails\s+packs.*vision\.onnx/m);
    // What needs no pack goes on: the story is sketched.
    writeFileSync(join(at.folder, 'tale.md'), '# Tale\n\nA cat on a roof.\n');
    const drawn = await at.run(
      'illustrate',
      join(at.folder, 'tale.md'),
      '-o',
      join(at.folder, 'tale.pdf'),
      '--json',
    );
    expect(drawn.code).toBe(1);
    expect(drawn.err).toContain('vision.onnx');
    expect(JSON.parse(drawn.out)).toMatchObject({ panels: [{ source: 'sketched' }] });
    // Taking the pack away again makes everything work.
    expect((await at.run('packs', 'remove', 'mine')).code).toBe(0);
    expect((await at.run('caption', at.pictures)).code).toBe(0);
  });

  test('21. a manifest whose files lead out of the pack', async () => {
    const at = await place();
    const copy = copyOfStarter(at.folder, 'mine');
    const file = join(copy, 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('decoder.onnx', '../decoder.onnx'));
    const said = await at.run('packs', 'add', copy);
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('manifest.json');
    expect(existsSync(join(at.data, 'decoder.onnx'))).toBe(false);
  });
});

describe('stories', () => {
  async function archive(at: Place): Promise<string> {
    writeFileSync(join(at.folder, 'tale.md'), '# Tale\n\nA field.\n\n![](pictures/good.jpg)\n');
    const file = join(at.folder, 'tale.fabula');
    expect((await at.run('illustrate', join(at.folder, 'tale.md'), '-o', file)).code).toBe(0);
    return file;
  }

  test('22. an archive with ../ in its paths is refused before anything is unpacked', async () => {
    const at = await place();
    const file = await archive(at);
    const text = readFileSync(file, 'latin1');
    // Same length, so that the archive stays one.
    writeFileSync(file, text.replaceAll('story.json', '../../a.js'), 'latin1');
    const elsewhere = ['--data', join(at.folder, 'other')];
    const said = await fabula(['export', file, '-o', join(at.folder, 'out.html'), ...elsewhere]);
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('tale.fabula');
    expect(inLibrary(join(at.folder, 'other'))).toEqual([]);
    expect(existsSync(join(at.folder, 'a.js'))).toBe(false);
    expect(existsSync(join(at.folder, 'out.html'))).toBe(false);
  });

  test('23. a truncated archive is refused whole: no story, no pictures', async () => {
    const at = await place();
    const file = await archive(at);
    truncateSync(file, readFileSync(file).length - 100);
    const other = join(at.folder, 'other');
    const said = await fabula(['export', file, '-o', join(at.folder, 'out.html'), '--data', other]);
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('tale.fabula');
    expect(inLibrary(other)).toEqual([]);
  });

  test('24. markup in a story is text: in the page, in the PDF, in the name of the file', async () => {
    const at = await place();
    const marked =
      'Use \\<script>alert(1)\\</script> and #set page(width: 1pt) $x$ @ref \\*star\\* [x] {y} & "q" \\\\ // no';
    writeFileSync(join(at.folder, 'tale.md'), `# Tale \\<b>\n\n${marked}\n`);
    for (const name of ['tale.html', 'tale.pdf']) {
      const said = await at.run('illustrate', join(at.folder, 'tale.md'), '-o', join(at.folder, name));
      expect(said).toMatchObject({ code: 0 });
    }
    const html = readFileSync(join(at.folder, 'tale.html'), 'utf8');
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('&lt;script&gt;alert(1)');
    const text = spawnSync('pdftotext', [join(at.folder, 'tale.pdf'), '-'], { encoding: 'utf8' });
    if (text.error === undefined) {
      const words = text.stdout.replace(/\s+/g, ' ');
      for (const piece of ['<script>alert(1)</script>', '#set page(width: 1pt)', '$x$', '@ref', '*star*']) {
        expect(words).toContain(piece);
      }
    }
  });

  test('25. malformed front matter: the line is named, no story is made, no file written', async () => {
    const at = await place();
    writeFileSync(join(at.folder, 'tale.md'), '---\ntitle: [unclosed\nseed: many\n---\n\nA cat.\n');
    const said = await at.run('illustrate', join(at.folder, 'tale.md'), '-o', join(at.folder, 'tale.pdf'));
    expect(said.code).toBe(1);
    expect(oneLine(said)).toMatch(/tale\.md.*line \d+/);
    expect(existsSync(join(at.folder, 'tale.pdf'))).toBe(false);
    expect((await at.run('export', 'Tale', '-o', join(at.folder, 'x.pdf'))).err).toContain('none yet');
  });

  test('26. an outline that is no text, and one that is not there', async () => {
    const at = await place();
    writeFileSync(join(at.folder, 'tale.md'), Buffer.from([0x23, 0x20, 0xff, 0xfe, 0xfd, 0x80]));
    const said = await at.run('illustrate', join(at.folder, 'tale.md'), '-o', join(at.folder, 'tale.pdf'));
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('tale.md');
    const missing = await at.run('illustrate', join(at.folder, 'none.md'), '-o', join(at.folder, 'tale.pdf'));
    expect(missing.code).toBe(1);
    expect(oneLine(missing)).toMatch(/none\.md.*does not exist/);
  });

  test('27. a picture that an outline names and nobody has: named with its line, the rest is written', async () => {
    const at = await place();
    writeFileSync(join(at.folder, 'tale.md'), '# Tale\n\nA field.\n\n![](pictures/gone.jpg)\n\nA house.\n');
    const said = await at.run('illustrate', join(at.folder, 'tale.md'), '-o', join(at.folder, 'tale.pdf'));
    expect(said.code).toBe(1);
    expect(oneLine(said)).toMatch(/line 5.*gone\.jpg/);
    expect(existsSync(join(at.folder, 'tale.pdf'))).toBe(true);
  });

  test('28. a story nobody has is answered with those there are', async () => {
    const at = await place();
    writeFileSync(join(at.folder, 'tale.md'), '# Tale\n\nA cat.\n');
    await at.run('illustrate', join(at.folder, 'tale.md'), '-o', join(at.folder, 'tale.html'));
    const said = await at.run('export', 'Tail', '-o', join(at.folder, 'x.pdf'));
    expect(said.code).toBe(1);
    expect(oneLine(said)).toContain('“Tale”');
  });
});

describe('the browser door', () => {
  test('29. an oversized body and malformed JSON are refused in words, and nothing is changed', async () => {
    const open = await OpenDoor.open({ bodyLimit: 50_000 });
    try {
      await open.signIn();
      const post = (body: string) =>
        open.ask({
          method: 'POST',
          path: '/command/stories.create',
          headers: { origin: open.origin, 'content-type': 'application/json' },
          body,
        });
      const large = await post(JSON.stringify({ title: 'x'.repeat(100_000) }));
      expect(large.status).toBe(413);
      expect(JSON.parse(large.body)).toMatchObject({
        ok: false,
        message: expect.stringContaining('larger') as string,
      });
      const broken = await post('{"title": "x"');
      expect(broken.status).toBe(400);
      expect(JSON.parse(broken.body)).toMatchObject({
        ok: false,
        message: expect.stringContaining('JSON') as string,
      });
      const deep = await post('['.repeat(40_000));
      expect(deep.status).toBe(400);
      expect(open.studio.stories.list()).toEqual([]);
    } finally {
      await open.close();
    }
  });

  test('30. an edit made on an old revision is refused, and the story stays as it was', async () => {
    const open = await OpenDoor.open();
    try {
      await open.signIn();
      const { story, revision } = open.studio.stories.create('Tale');
      const edit = (title: string) =>
        open.command('stories.edit', {
          story: story.id,
          revision,
          label: 'Rename',
          edit: { type: 'set-title', title },
        });
      expect(await edit('First')).toMatchObject({ ok: true });
      expect(await edit('Second')).toMatchObject({ ok: false, code: 'conflict' });
      expect(open.studio.stories.open(story.id).story.title).toBe('First');
    } finally {
      await open.close();
    }
  });
});

function canMount(): boolean {
  return spawnSync('unshare', ['-m', 'true']).status === 0;
}
