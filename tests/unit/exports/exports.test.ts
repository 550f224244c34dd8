import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPromise } from 'yauzl';
import { Exports } from '../../../src/main/exports/exports.ts';
import { printPicture } from '../../../src/main/exports/pictures.ts';
import { decodeOutline, readOutline } from '../../../src/main/stories/outline.ts';
import { readArchive } from '../../../src/main/stories/archive.ts';
import { ExportOptionsSchema, type ExportFormat } from '../../../src/shared/contract.ts';
import { panelText, type Story } from '../../../src/shared/story.ts';
import {
  countingIds,
  fixedClock,
  imageBlock,
  openBench,
  panelOf,
  photo,
  removeBench,
  storyOf,
  textBlock,
  type Bench,
} from '../../fixtures/stories.ts';
import { readPdf } from '../../fixtures/pdf-text.ts';

let bench: Bench;
let exports: Exports;
let folder: string;
beforeEach(() => {
  bench = openBench();
  folder = join(bench.dataDir, 'exports');
  mkdirSync(folder);
  exports = new Exports({ ...bench, folder });
});
afterEach(async () => {
  await bench.close();
  removeBench(bench);
});

const options = (changes = {}) => ExportOptionsSchema.parse(changes);
const markup = '<script>alert(1)</script> & "quotes" *stars* [x](y) ![i](j) `c` # h';

async function insert(changes: Partial<Story> = {}): Promise<Story> {
  const jpeg = await bench.library.importBytes('one.jpg', await photo(1), { origin: 'imported' });
  const png = await bench.library.importBytes(
    'two.png',
    await sharp({
      create: { width: 40, height: 30, channels: 4, background: { r: 0, g: 90, b: 200, alpha: 0.4 } },
    })
      .png()
      .toBuffer(),
    { origin: 'imported' },
  );
  bench.library.setCaption(jpeg.asset.id, { text: 'A "lamp" <in> the fog', source: 'person', pack: null });
  return bench.stories.insert(
    storyOf(
      [
        panelOf('p1', imageBlock('i1', jpeg.asset.id), textBlock('t1', markup)),
        {
          ...panelOf('p2', textBlock('t2', 'مرحبا بالعالم'), imageBlock('i2', png.asset.id, 'Two')),
          shot: '2 <A>',
          dialogue: 'Hm & "so"',
        },
        panelOf('p3', textBlock('t3', 'Line one\nLine two')),
      ],
      { title: 'Lamp / <b>Fog</b>: "one"', ...changes },
    ),
  ).story;
}

describe('an export job', () => {
  test.each(['pdf', 'html', 'markdown', 'fabula'] as ExportFormat[])(
    'makes a %s file to fetch',
    async (format) => {
      const story = await insert();
      const started = exports.start(story.id, format, options());
      const job = await bench.jobs.waitFor(started.id);
      expect(job).toMatchObject({ state: 'done', done: 1, failed: 0 });
      const { file, name, mime } = exports.fileOf(job.id);
      expect(statSync(file).size).toBeGreaterThan(500);
      const [extension, type] = {
        pdf: ['.pdf', 'application/pdf'],
        html: ['.html', 'text/html; charset=utf-8'],
        markdown: ['.zip', 'application/zip'],
        fabula: ['.fabula', 'application/zip'],
      }[format] as [string, string];
      expect(name).toBe(`Lamp b Fog b one${extension}`);
      expect(mime).toBe(type);
      expect(readdirSync(join(folder, job.id))).toEqual([name]);
    },
  );

  test('has no file before it is done, for a job of another kind, or for a path in place of an id', () => {
    for (const id of ['none', '../library.db', '..', '']) {
      expect(() => exports.fileOf(id)).toThrowError(expect.objectContaining({ code: 'not-found' }));
    }
  });

  test('reports what was missing, and goes on', async () => {
    const path = join(bench.dataDir, 'lost.jpg');
    writeFileSync(path, await photo(7));
    const { asset } = await bench.library.importFile(path, { originals: 'leave' });
    unlinkSync(path);
    const story = bench.stories.insert(
      storyOf([panelOf('p1', imageBlock('i1', asset.id)), panelOf('p2', textBlock('t2', 'Still here.'))]),
    ).story;
    const job = await bench.jobs.waitFor(exports.start(story.id, 'pdf', options()).id);
    expect(job.state).toBe('done');
    expect(JSON.stringify(bench.jobs.results(job.id))).toContain('lost.jpg');
    expect((await readPdf(readFileSync(exports.fileOf(job.id).file))).text).toContain('Still here.');
  });

  test('fails with a reason when its story is gone', async () => {
    const story = await insert();
    const started = exports.start(story.id, 'pdf', options());
    bench.stories.remove(story.id);
    await bench.jobs.waitFor(started.id);
    // Either it was quicker than the deletion, or it says that the story is gone.
    const errors = bench.jobs.errors(started.id);
    if (errors.length > 0) expect(errors[0]).toMatchObject({ code: 'not-found' });
    expect(() => exports.start(story.id, 'pdf', options())).toThrowError(
      expect.objectContaining({ code: 'not-found' }),
    );
  });
});

describe('HTML', () => {
  test('is one file that needs nothing else and runs nothing', async () => {
    const story = await insert();
    const file = join(bench.dataDir, 'story.html');
    await exports.writeTo(story, 'html', options({ header: '<i>head</i>' }), file);
    const html = readFileSync(file, 'utf8');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;');
    expect(html).toContain('<title>Lamp / &lt;b&gt;Fog&lt;/b&gt;: &quot;one&quot;</title>');
    expect(html).toContain('alt="A &quot;lamp&quot; &lt;in&gt; the fog"');
    expect(html).toContain('&lt;i&gt;head&lt;/i&gt;');
    expect(html).not.toMatch(/<script|<i>head|<b>Fog/);
    expect(html).toMatch(/Content-Security-Policy" content="default-src 'none'; img-src data:/);
    expect(html).toContain('<p lang="ar" dir="rtl">مرحبا بالعالم</p>');
    expect(html).toContain('Line one<br>Line two');
    const sources = [...html.matchAll(/\b(?:src|href)="([^"]{0,30})/g)].map(([, source]) => source);
    expect(sources).toEqual([
      expect.stringMatching(/^data:image\/jpeg;base64,/),
      expect.stringMatching(/^data:image\/png;base64,/),
    ]);
  });
});

describe('Markdown', () => {
  test('with its pictures beside it reads back as the same story', async () => {
    const story = await insert({ cast: [{ id: 'c1', name: 'Moss', look: 'a small: grey cat' }] });
    const file = join(bench.dataDir, 'my story.md');
    await exports.writeTo(story, 'markdown', options(), file);
    const outline = readOutline(decodeOutline(readFileSync(file), 'my story.md'), {
      name: 'my story.md',
      ids: countingIds('o'),
      clock: fixedClock,
    });
    expect(outline.warnings).toEqual([]);
    expect(outline.story.title).toBe(story.title);
    expect(outline.story.cast).toMatchObject([{ name: 'Moss', look: 'a small: grey cat' }]);
    expect(outline.story.panels.map(panelText)).toEqual(story.panels.map(panelText));
    expect(outline.story.panels.map(({ blocks }) => blocks.map(({ type }) => type))).toEqual(
      story.panels.map(({ blocks }) => blocks.map(({ type }) => type)),
    );
    expect(outline.story.panels[1]).toMatchObject({ shot: '2 <A>', dialogue: 'Hm & "so"' });
    expect(
      outline.pictures.map(({ path }) => existsSync(join(bench.dataDir, decodeURIComponent(path)))),
    ).toEqual([true, true]);
    expect(readdirSync(join(bench.dataDir, 'my story-images'))).toHaveLength(2);
  });

  test('in a ZIP holds both', async () => {
    const file = join(bench.dataDir, 'story.zip');
    await exports.writeTo(await insert(), 'markdown', options(), file);
    const zip = await openPromise(file);
    const names: string[] = [];
    for await (const entry of zip.eachEntry()) names.push(entry.fileName);
    expect(names).toEqual([
      'story.md',
      expect.stringMatching(/^images\/.+\.jpg$/),
      expect.stringMatching(/^images\/.+\.png$/),
    ]);
  });
});

describe('writing', () => {
  test('a .fabula file can be read again', async () => {
    const story = await insert();
    const file = join(bench.dataDir, 'story.fabula');
    await exports.writeTo(story, 'fabula', options(), file);
    const { story: again } = await readArchive(file, bench);
    expect({ ...again, id: story.id }).toEqual(story);
  });

  test('to a folder that is not there names the file and leaves nothing', async () => {
    const story = await insert();
    for (const format of ['pdf', 'html', 'markdown', 'fabula'] as ExportFormat[]) {
      const file = join(bench.dataDir, 'missing', `story.${format}`);
      await expect(exports.writeTo(story, format, options(), file)).rejects.toMatchObject({
        code: 'not-found',
        message: expect.stringContaining(format === 'markdown' ? 'story-images' : 'story.') as string,
      });
    }
    expect(existsSync(join(bench.dataDir, 'missing'))).toBe(false);
  });

  test('leaves the file that was there when it fails or is cancelled', async () => {
    const story = await insert();
    const file = join(bench.dataDir, 'story.pdf');
    writeFileSync(file, 'precious');
    await expect(
      exports.writeTo(story, 'pdf', options(), file, { signal: AbortSignal.abort() }),
    ).rejects.toThrow();
    await expect(exports.writeTo(story, 'pdf', options({ panels: ['p9'] }), file)).rejects.toThrow(/p9|None/);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(readdirSync(bench.dataDir).filter((name) => name.includes('.tmp'))).toEqual([]);
  });
});

describe('a picture for print', () => {
  const jpeg = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#468' } }).jpeg();

  test('passes as it is when it is a plain JPEG or PNG of a sensible size', async () => {
    const bytes = await jpeg(300, 200).toBuffer();
    const printed = await printPicture({ bytes, mime: 'image/jpeg' }, 400);
    expect(printed.bytes).toBe(bytes);
    expect(printed).toMatchObject({ extension: 'jpg', width: 300, height: 200 });
  });

  test('is turned upright, scaled down and brought to sRGB', async () => {
    const turned = await jpeg(300, 200).withMetadata({ orientation: 6 }).toBuffer();
    const upright = await printPicture({ bytes: turned, mime: 'image/jpeg' }, 400);
    expect(upright).toMatchObject({ width: 200, height: 300 });
    expect((await sharp(upright.bytes).metadata()).orientation ?? 1).toBe(1);

    const large = await printPicture({ bytes: await jpeg(3000, 1500).toBuffer(), mime: 'image/jpeg' }, 600);
    expect(large).toMatchObject({ width: 600, height: 300 });

    const cmyk = await jpeg(100, 100).toColourspace('cmyk').toBuffer();
    const printed = await printPicture({ bytes: cmyk, mime: 'image/jpeg' }, 400);
    expect((await sharp(printed.bytes).metadata()).space).toBe('srgb');
  });

  test('keeps transparency, and only then is a PNG', async () => {
    const clear = sharp({
      create: { width: 50, height: 50, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } },
    });
    const solid = sharp({
      create: { width: 50, height: 50, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 1 } },
    });
    expect(
      (await printPicture({ bytes: await clear.webp().toBuffer(), mime: 'image/webp' }, 400)).extension,
    ).toBe('png');
    expect(
      (await printPicture({ bytes: await solid.webp().toBuffer(), mime: 'image/webp' }, 400)).extension,
    ).toBe('jpg');
  });

  test('that cannot be decoded is refused', async () => {
    const bytes = (await jpeg(300, 200).toBuffer()).subarray(0, 60);
    await expect(printPicture({ bytes, mime: 'image/jpeg' }, 400)).rejects.toMatchObject({
      code: 'unreadable-image',
    });
  });
});
