import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { readMetadata } from '../../src/main/library/metadata.ts';
import { readSidecar } from '../../src/main/library/sidecars.ts';
import { bare, readPdf } from '../fixtures/pdf-text.ts';
import { copyOfStarter, ensureBuilt, fabula, node, root, temporaryFolder } from '../fixtures/built.ts';

/** The built command line, as a shell runs it. */

beforeAll(ensureBuilt, 120_000);

async function picturesIn(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index++) {
    await sharp({
      create: {
        width: 64,
        height: 48,
        channels: 3,
        background: { r: (index * 37) % 256, g: index % 256, b: 90 },
      },
    })
      .png()
      .toFile(join(folder, `picture ${index}.png`));
  }
}

test(
  'import, search, caption, illustrate and export: the whole way over one data folder',
  { timeout: 180_000 },
  async () => {
    const folder = temporaryFolder();
    const data = ['--data', join(folder, 'data')];
    await picturesIn(join(folder, 'pictures'), 3);
    await sharp({ create: { width: 80, height: 60, channels: 3, background: '#ff0000' } })
      .jpeg()
      .toFile(join(folder, 'pictures', 'lighthouse.jpg'));

    const imported = await fabula(['import', join(folder, 'pictures'), ...data, '--json']);
    expect(imported.code).toBe(0);
    expect(JSON.parse(imported.out)).toMatchObject({ imported: 4, known: 0, failed: 0, encoded: 4 });
    const again = await fabula(['import', join(folder, 'pictures'), ...data]);
    expect(again.out).toBe('0 pictures imported, 4 already there, 0 failed.\n');

    const found = await fabula(['search', 'lighthouse', '-k', '2', ...data, '--json']);
    expect(found.code).toBe(0);
    const answer = JSON.parse(found.out) as {
      good: boolean;
      hits: { asset: { name: string }; words: boolean }[];
    };
    expect(answer.good).toBe(true);
    expect(answer.hits).toHaveLength(2);
    expect(answer.hits[0]).toMatchObject({ words: true, asset: { name: 'lighthouse.jpg' } });

    const like = await fabula([
      'search',
      '--image',
      join(folder, 'pictures', 'lighthouse.jpg'),
      ...data,
      '--json',
    ]);
    const nearest = JSON.parse(like.out) as { hits: { asset: { name: string }; similarity: number }[] };
    expect(nearest.hits[0]!.asset.name).toBe('lighthouse.jpg');
    expect(nearest.hits[0]!.similarity).toBeCloseTo(1, 3);

    const lines = join(folder, 'captions.jsonl');
    const captioned = await fabula(['caption', join(folder, 'pictures'), '--jsonl', lines, '--txt', ...data]);
    expect(captioned.code).toBe(0);
    expect(captioned.out.trim().split('\n')).toHaveLength(4);
    expect(captioned.err).toContain('4 pictures captioned');
    const written = readFileSync(lines, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { file: string; caption: string; pack: string });
    expect(written).toHaveLength(4);
    for (const { file, caption, pack } of written) {
      expect(caption).not.toBe('');
      expect(pack).toMatch(/^starter@/);
      expect(readFileSync(file.replace(/\.\w+$/, '.txt'), 'utf8').trim()).toBe(caption);
    }
    const skipped = await fabula(['caption', join(folder, 'pictures'), '--jsonl', lines, ...data]);
    expect(skipped.err).toContain('0 pictures captioned, 4 had a caption');
    const embedded = await fabula(['caption', join(folder, 'pictures'), '--xmp', '--embed', ...data]);
    expect(embedded.err).toContain('0 pictures captioned, 4 had a caption, 0 failed');
    for (const { file, caption } of written) {
      expect((await readMetadata(readFileSync(file))).caption).toBe(caption);
      expect((await readSidecar(readFileSync(`${file}.xmp`))).caption).toBe(caption);
    }
    const known = await fabula(['import', join(folder, 'pictures'), ...data, '--json']);
    expect(JSON.parse(known.out)).toMatchObject({ imported: 0, known: 4 });
    expect(readFileSync(lines, 'utf8').trim().split('\n')).toHaveLength(4);

    writeFileSync(
      join(folder, 'tale.md'),
      '# The Tale\n\nA dog runs on the beach.\n\nThe moon rises over a house.\n',
    );
    const story = await fabula([
      'illustrate',
      join(folder, 'tale.md'),
      '-o',
      join(folder, 'tale.pdf'),
      ...data,
      '--json',
    ]);
    expect(story.code).toBe(0);
    const { panels, story: id } = JSON.parse(story.out) as {
      panels: { source: string | null }[];
      story: string;
    };
    expect(panels).toHaveLength(2);
    expect(panels.every(({ source }) => source === 'sketched' || source === 'retrieved')).toBe(true);
    expect(readFileSync(join(folder, 'tale.pdf')).subarray(0, 5).toString()).toBe('%PDF-');

    for (const [name, file] of [
      ['The Tale', 'tale.html'],
      [id, 'tale.fabula'],
      ['The Tale', 'tale.zip'],
    ] as const) {
      const exported = await fabula(['export', name, '-o', join(folder, file), ...data]);
      expect(exported.code).toBe(0);
      expect(existsSync(join(folder, file))).toBe(true);
    }
    expect(readFileSync(join(folder, 'tale.html'), 'utf8')).toContain('A dog runs on the beach.');

    const strip = await fabula([
      ...['export', 'The Tale', '-o', join(folder, 'strip.pdf'), '--layout', 'film-strip', '--panels', '2'],
      ...['--cover', '--footer', '{title}: {page} of {pages}', '--no-shot-numbers', ...data, '--json'],
    ]);
    expect(JSON.parse(strip.out)).toMatchObject({ panels: 1 });
    const read = await readPdf(readFileSync(join(folder, 'strip.pdf')));
    expect(read.pages).toHaveLength(2);
    expect(read.text).toContain('The moon rises');
    expect(read.text).not.toContain('A dog runs');
    expect(bare(read.text)).toContain(bare('The Tale: 2 of 2'));
    for (const panels of ['0', 'x', '3-1', '7']) {
      const wrong = await fabula([
        'export',
        'The Tale',
        '-o',
        join(folder, 'no.pdf'),
        '--panels',
        panels,
        ...data,
      ]);
      expect(wrong.code).toBe(panels === '7' ? 1 : 2);
      expect(wrong.err).toContain('--panels');
      expect(existsSync(join(folder, 'no.pdf'))).toBe(false);
    }

    const jobs = await fabula(['jobs', ...data, '--json']);
    const kinds = (JSON.parse(jobs.out) as { kind: string; state: string }[]).map(
      ({ kind, state }) => `${kind} ${state}`,
    );
    expect(kinds).toContain('illustrate done');
    expect(kinds).toContain('import done');
    expect((await fabula(['jobs', 'clear', ...data])).out).toMatch(/^\d+ removed\.\n$/);
    expect((await fabula(['jobs', ...data])).err).toBe('No jobs.\n');
  },
);

describe('sketch', () => {
  test('draws a PNG of the width asked for, an SVG, and the scene; a seed draws the same picture again', async () => {
    const folder = temporaryFolder();
    const at = (name: string): string => join(folder, name);
    const drawn = await fabula([
      'sketch',
      'two cats under a tree at night',
      '-o',
      at('a.png'),
      '--width',
      '320',
    ]);
    expect(drawn.code).toBe(0);
    expect(await sharp(at('a.png')).metadata()).toMatchObject({ format: 'png', width: 320, height: 180 });
    await fabula(['sketch', 'two cats under a tree at night', '-o', at('a.svg'), '--seed', '7']);
    await fabula(['sketch', 'two cats under a tree at night', '-o', at('b.svg'), '--seed', '7']);
    await fabula(['sketch', 'two cats under a tree at night', '-o', at('c.svg'), '--seed', '8']);
    expect(readFileSync(at('a.svg'), 'utf8')).toBe(readFileSync(at('b.svg'), 'utf8'));
    expect(readFileSync(at('a.svg'), 'utf8')).not.toBe(readFileSync(at('c.svg'), 'utf8'));
    await fabula(['sketch', 'two cats under a tree at night', '-o', at('a.json')]);
    const scene = JSON.parse(readFileSync(at('a.json'), 'utf8')) as {
      time: string;
      figures: { word: string }[];
    };
    expect(scene.time).toBe('night');
    expect(scene.figures.filter(({ word }) => /^cats?$/.test(word))).toHaveLength(2);
  });

  test('words it knows no figure for are named', async () => {
    const folder = temporaryFolder();
    const { code, err } = await fabula([
      'sketch',
      'a cat beside a flibbertigibbet',
      '-o',
      join(folder, 'a.svg'),
    ]);
    expect(code).toBe(0);
    expect(err).toContain('flibbertigibbet');
  });
});

describe('usage', () => {
  test.each([
    [['nonsense']],
    [['search']],
    [['search', '--without', 'cat']],
    [['search', 'cat', '-k', 'many']],
    [['sketch', 'cat']],
    [['sketch', 'cat', '-o', 'cat.doc']],
    [['import']],
    [['caption', 'x', '--mode', 'sometimes']],
    [['illustrate', 'x.md', '-o', 'x.pdf', '--layout', 'grid-9x9']],
    [['serve', '--port', '99999999']],
    [['packs', 'polish']],
    [['--frobnicate']],
  ])('%j is wrong usage: exit code 2 and one line that says why', async (args) => {
    const { code, out, err } = await fabula([
      ...args,
      ...(args[0]!.startsWith('-') ? [] : ['--data', '/nonexistent']),
    ]);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(/^fabula: .+\n$/);
  });

  test('help and version are answers', async () => {
    const help = await fabula(['--help']);
    expect(help.code).toBe(0);
    for (const name of [
      'import',
      'caption',
      'search',
      'sketch',
      'illustrate',
      'export',
      'packs',
      'jobs',
      'serve',
      'doctor',
      'demo',
    ]) {
      expect(help.out).toContain(`  ${name}`);
    }
    expect((await fabula(['caption', '--help'])).out).toContain('--jsonl');
    expect(await fabula(['--version'])).toMatchObject({ code: 0, out: '0.1.0\n', err: '' });
  });
});

test('packs: those shipped are listed, a copy can be added and removed, a shipped one cannot', async () => {
  const folder = temporaryFolder();
  const data = ['--data', join(folder, 'data')];
  const list = async (): Promise<unknown> =>
    JSON.parse((await fabula(['packs', 'list', ...data, '--json'])).out) as unknown;
  const starter = { id: 'starter', problem: null, roles: ['encode', 'caption', 'words', 'join'] };
  const shipped = [
    { id: 'decide', problem: null, roles: ['decide'] },
    starter,
    { id: 'writer', problem: null, roles: ['write'] },
  ];
  expect(await list()).toMatchObject(shipped);
  expect(await fabula(['packs', 'add', copyOfStarter(folder, 'mine'), ...data])).toMatchObject({
    code: 0,
    err: '',
  });
  expect(await list()).toMatchObject([...shipped, { ...starter, id: 'mine' }]);
  expect((await fabula(['packs', 'remove', 'mine', ...data])).code).toBe(0);
  expect(await list()).toMatchObject(shipped);
  expect(await fabula(['packs', 'remove', 'starter', ...data])).toMatchObject({
    code: 1,
    err: expect.stringContaining('shipped with Fabula') as string,
  });
});

test('doctor tells of every part, and of a data folder that cannot be used', async () => {
  const folder = temporaryFolder();
  const { code, out } = await fabula(['doctor', '--data', join(folder, 'data'), '--json']);
  const checks = JSON.parse(out) as { name: string; state: string; detail: string }[];
  const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
  expect(states).toMatchObject({
    node: 'works',
    sqlite: 'works',
    pictures: 'works',
    packs: 'works',
    models: 'works',
    writing: 'works',
    pdf: 'works',
  });
  expect(code).toBe(0);

  writeFileSync(join(folder, 'file'), '');
  const broken = await fabula(['doctor', '--data', join(folder, 'file', 'data')]);
  expect(broken.code).toBe(1);
  expect(broken.out).toMatch(/^fails\s+data folder/);
  expect(broken.out).toMatch(/^works\s+sqlite/m);
});

// Windows has no signals to send: there, ending a process from outside ends it at once.
const signals = process.platform !== 'win32';

describe.runIf(signals)('stopping', () => {
  test('Ctrl+C ends the captioning of a folder, keeps what is done, and a second run takes the rest', async () => {
    const folder = temporaryFolder();
    const data = ['--data', join(folder, 'data')];
    await picturesIn(join(folder, 'pictures'), 40);
    let stopped = false;
    const started = fabula(['caption', join(folder, 'pictures'), ...data], {
      onOut: (out, kill) => {
        if (stopped || !out.includes('\n')) return;
        stopped = true;
        kill('SIGINT');
      },
    });
    const first = await started;
    expect(first.code).toBe(130);
    expect(first.err).toContain('Stopping');
    const kept = first.out.trim().split('\n').length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(40);
    const second = await fabula(['caption', join(folder, 'pictures'), ...data]);
    expect(second.code).toBe(0);
    const [, captioned, before] = /(\d+) pictures? captioned, (\d+) had a caption/
      .exec(second.err)!
      .map(Number);
    expect(captioned! + before!).toBe(40);
    expect(before).toBeGreaterThanOrEqual(kept);
  });

  test('a reader that goes away ends the printing, not the work', async () => {
    const folder = temporaryFolder();
    await picturesIn(join(folder, 'pictures'), 40);
    const cli = join(root, 'out', 'main', 'cli.js');
    const lines = join(folder, 'lines.jsonl');
    const { status, stdout, stderr } = spawnSync(
      'bash',
      [
        '-c',
        'set -o pipefail; "$0" "$1" caption "$2" --data "$3" --jsonl "$4" --json | head -n 1',
        node,
        cli,
        join(folder, 'pictures'),
        join(folder, 'data'),
        lines,
      ],
      { encoding: 'utf8' },
    );
    expect(stderr).not.toContain('EPIPE');
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(readFileSync(lines, 'utf8').trim().split('\n')).toHaveLength(40);
  });
});

test.runIf(signals)('serve prints its address, answers, and Ctrl+C closes it well', async () => {
  const folder = temporaryFolder();
  let asked: Promise<Response> | undefined;
  const { code, out, err } = await fabula(['serve', '--data', join(folder, 'data')], {
    onOut: (text, kill) => {
      if (asked !== undefined || !text.includes('\n')) return;
      asked = fetch(text.trim(), { redirect: 'manual' });
      void asked.finally(() => {
        kill('SIGINT');
      });
    },
  });
  expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{40,}\n$/);
  expect((await asked!).status).toBe(303);
  expect(code).toBe(0);
  expect(err).not.toContain('Stopping');
  expect(existsSync(join(folder, 'data', 'library.db-wal'))).toBe(false);
});

test.runIf(signals)(
  'the script of the checkout runs on an older Node by finding a newer one, and passes on exit codes and signals',
  async () => {
    // As npm runs it: the script itself needs no new Node, and what it starts gets one.
    const { status, stdout } = spawnSync(node, [join(root, 'scripts', 'fabula.mjs'), 'search'], {
      cwd: temporaryFolder(),
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    const folder = temporaryFolder();
    const child = spawn(
      node,
      [join(root, 'scripts', 'fabula.mjs'), 'serve', '--data', join(folder, 'data')],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, PATH: dirname(node) },
      },
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  },
);

test('neither the command line nor the worker asks for Electron', () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/(?:from|import|require\()\s*["']electron["']/);
    for (const [, relative] of text.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+\.js)["']/g)) {
      visit(join(dirname(file), relative!));
    }
  };
  for (const entry of ['cli.js', 'worker.js', 'pdf-worker.js']) visit(join(root, 'out', 'main', entry));
  expect(seen.size).toBeGreaterThan(4);
});
