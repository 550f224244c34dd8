import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Exports, type ExportLibrary } from '../../../src/main/exports/exports.ts';
import { ExportOptionsSchema, type ExportPreview } from '../../../src/shared/contract.ts';
import type { Story } from '../../../src/shared/story.ts';
import { readPdf } from '../../fixtures/pdf-text.ts';
import {
  imageBlock,
  openBench,
  panelOf,
  photo,
  removeBench,
  storyOf,
  textBlock,
  type Bench,
} from '../../fixtures/stories.ts';

let bench: Bench;
let exports: Exports;
beforeEach(() => {
  bench = openBench();
  exports = open();
});
afterEach(async () => {
  exports.close();
  await bench.close();
  removeBench(bench);
});

function open(changes: Partial<ExportLibrary> = {}): Exports {
  const folder = join(bench.dataDir, 'exports');
  mkdirSync(folder, { recursive: true });
  const library = new Proxy(bench.library, {
    get: (target, key) => {
      const value: unknown = (changes as Record<string | symbol, unknown>)[key] ?? Reflect.get(target, key);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
  // A queue takes a kind of job once, and these do not start any.
  const jobs = { ...bench.jobs, register: () => undefined } as unknown as Bench['jobs'];
  return new Exports({ ...bench, library, jobs, folder });
}

const options = (changes: Parameters<(typeof ExportOptionsSchema)['parse']>[0] = {}) =>
  ExportOptionsSchema.parse(changes);

/** Eleven panels of mixed lengths, scripts and picture shapes. */
async function insert(changes: Partial<Story> = {}): Promise<Story> {
  const shapes = [
    [640, 480],
    [300, 500],
    [1400, 700],
  ] as const;
  const assets = await Promise.all(
    shapes.map(async ([width, height], index) => {
      const bytes = await photo(index + 1, width, height);
      return (await bench.library.importBytes(`${index}.jpg`, bytes, { origin: 'imported' })).asset.id;
    }),
  );
  const texts = [
    'A short one.',
    'عاش القط في أعلى المنارة.',
    '灯台の猫が住んでいました。',
    'Many words. '.repeat(60),
  ];
  return bench.stories.insert(
    storyOf(
      Array.from({ length: 11 }, (_, index) =>
        panelOf(
          `p${index}`,
          ...(index === 5
            ? []
            : [imageBlock(`i${index}`, assets[index % 3]!, index === 1 ? 'A caption' : '')]),
          textBlock(`t${index}`, `Panel${index + 1}. ${texts[index % 4]!}`),
        ),
      ),
      changes,
    ),
  ).story;
}

const pixelsOf = async (preview: ExportPreview, page = 0, from = exports) =>
  sharp(await from.previewPage(preview.id, page, 400))
    .raw()
    .toBuffer();

describe('a preview', () => {
  test('has the pages of the export: as many, as large, with the same panels on each', async () => {
    const story = await insert();
    for (const changes of [
      { layout: 'grid-2x2' },
      { layout: 'grid-3x3', orientation: 'landscape', page: 'letter' },
      { layout: 'grid-1x2', place: 'beside', cover: true },
      { layout: 'film-strip' },
      { layout: 'picture-book' },
      { layout: 'script-left', panels: ['p2', 'p3', 'p7'] },
    ] as const) {
      const wanted = options({ ...changes, panels: 'panels' in changes ? [...changes.panels] : [] });
      const preview = await exports.preview(story.id, wanted);
      const file = join(bench.dataDir, 'story.pdf');
      await exports.writeTo(story, 'pdf', wanted, file);
      const { pages } = await readPdf(readFileSync(file));
      expect(preview.pages).toHaveLength(pages.length);
      expect(preview.waiting).toBe(0);
      for (const [index, page] of pages.entries()) {
        const shown = preview.pages[index]!;
        expect(shown.width).toBeCloseTo(page.width, 1);
        expect(shown.height).toBeCloseTo(page.height, 1);
        const numbers = [...page.text.matchAll(/Panel(\d+)\./g)].map(([, number]) => Number(number));
        if (numbers.length === 0) continue;
        expect([changes.layout, index, shown.panels?.last]).toEqual([
          changes.layout,
          index,
          Math.max(...numbers),
        ]);
        expect(shown.panels!.first).toBeLessThanOrEqual(Math.min(...numbers));
      }
    }
  });

  test('is drawn page by page, and looks as the export does', async () => {
    const story = await insert();
    const preview = await exports.preview(story.id, options());
    const png = await exports.previewPage(preview.id, 0, 500);
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 500, height: 707 });
    // Paper is white, pictures are not; text and pictures move when the layout does.
    const first = await pixelsOf(preview);
    expect(first.filter((value) => value === 255).length).toBeGreaterThan(first.length / 3);
    expect(first.filter((value) => value < 128).length).toBeGreaterThan(first.length / 50);
    const other = await exports.preview(story.id, options({ layout: 'film-strip' }));
    expect((await pixelsOf(other)).equals(first)).toBe(false);
    const again = await exports.preview(story.id, options());
    expect((await pixelsOf(again)).equals(first)).toBe(true);
  });

  test('is let go of once newer ones have come, and has no pages but its own', async () => {
    const story = await insert();
    const first = await exports.preview(story.id, options());
    for (const page of [first.pages.length, -1, Number.NaN]) {
      await expect(exports.previewPage(first.id, page, 400)).rejects.toMatchObject({ code: 'not-found' });
    }
    await expect(exports.previewPage('none', 0, 400)).rejects.toMatchObject({ code: 'not-found' });
    for (let index = 0; index < 4; index++) await exports.preview(story.id, options());
    await expect(exports.previewPage(first.id, 0, 400)).rejects.toMatchObject({ code: 'not-found' });
    exports.close();
    const after = await exports.preview(story.id, options());
    expect(after.pages).toEqual(first.pages);
  });

  test('names the picture that is missing, and leaves its frame as the export does', async () => {
    const path = join(bench.dataDir, 'lost.jpg');
    writeFileSync(path, await photo(7));
    const { asset } = await bench.library.importFile(path, { originals: 'leave' });
    await bench.library.media(asset.id, 'thumb');
    unlinkSync(path);
    const story = bench.stories.insert(storyOf([panelOf('p1', imageBlock('i1', asset.id))])).story;
    const { warnings } = await exports.preview(story.id, options());
    expect(warnings).toEqual([expect.stringMatching(/^Panel 1: .*lost\.jpg/)]);
  });

  test('shows the pages first when pictures take long, and says how many it waits for', async () => {
    const story = await insert();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    exports = open({
      media: async (asset, size) => {
        await held;
        return bench.library.media(asset, size);
      },
    });
    const early: ExportPreview[] = [];
    const whole = await exports.preview(story.id, options(), {
      onPreview: (preview) => {
        early.push(preview);
        release();
      },
    });
    expect(early).toMatchObject([{ waiting: 3, pages: whole.pages }]);
    expect(whole.waiting).toBe(0);
    expect((await pixelsOf(early[0]!)).equals(await pixelsOf(whole))).toBe(false);
  });

  test('in large frames shows thumbnails first, and the same pages with sharper pictures then', async () => {
    const story = await insert();
    const early: ExportPreview[] = [];
    const listen = { onPreview: (preview: ExportPreview) => early.push(preview) };
    const whole = await exports.preview(story.id, options({ layout: 'picture-book' }), listen);
    expect(early.at(-1)).toMatchObject({ pages: whole.pages });
    expect(early.at(-1)!.waiting).toBeGreaterThan(0);
    const page = whole.pages.length - 1;
    const sharp = await exports.previewPage(whole.id, page, 900);
    expect(sharp.length).toBeGreaterThan((await exports.previewPage(early.at(-1)!.id, page, 900)).length);
    // The second time they are at hand.
    early.length = 0;
    await exports.preview(story.id, options({ layout: 'picture-book', notes: true }), listen);
    expect(early).toEqual([]);
  });

  test('that is no longer wanted is not waited for, and the next one is set', async () => {
    const story = await insert();
    const controllers = Array.from({ length: 4 }, () => new AbortController());
    const cancelled = controllers.map(({ signal }) => exports.preview(story.id, options(), { signal }));
    const settled = Promise.allSettled(cancelled);
    setTimeout(() => controllers.forEach((controller) => controller.abort()), 30);
    expect((await settled).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    await expect(cancelled[3]).rejects.toMatchObject({ code: 'cancelled' });
    expect((await exports.preview(story.id, options({ layout: 'grid-1x1' }))).pages).toHaveLength(11);
  });

  test('follows the story, and what it cannot print is said', async () => {
    const story = await insert();
    const before = await exports.preview(story.id, options({ layout: 'grid-1x1' }));
    const { revision } = bench.stories.open(story.id);
    bench.stories.edit({
      story: story.id,
      revision,
      edit: { type: 'insert-panel', index: 11, panel: panelOf('p12', textBlock('t12', 'Tibetan བོད')) },
      label: 'Add panel',
    });
    const after = await exports.preview(story.id, options({ layout: 'grid-1x1' }));
    expect(after.pages).toHaveLength(before.pages.length + 1);
    expect(after.warnings).toEqual([expect.stringContaining('No font of Fabula has')]);
    await expect(exports.preview(story.id, options({ panels: ['none'] }))).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await expect(exports.preview('none', options())).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('the last choice of a story', () => {
  const choice = {
    format: 'html' as const,
    options: options({ layout: 'film-strip', notes: true, footer: '{page}' }),
  };

  test('is there again after a restart, for that story alone, and goes with it', async () => {
    const story = await insert();
    const other = bench.stories.create('Another');
    expect(exports.choice(story.id)).toBeNull();
    expect(exports.remember(story.id, choice)).toEqual(choice);
    expect(open().choice(story.id)).toEqual(choice);
    expect(exports.choice(other.story.id)).toBeNull();
    exports.remember(story.id, { ...choice, format: 'pdf' });
    expect(exports.choice(story.id)?.format).toBe('pdf');
    bench.stories.remove(story.id);
    expect(exports.choice(story.id)).toBeNull();
    expect(() => exports.remember(story.id, choice)).toThrowError(
      expect.objectContaining({ code: 'not-found' }),
    );
  });

  test('that this version cannot do is left aside', async () => {
    const story = await insert();
    bench.database
      .prepare('INSERT INTO export_choices VALUES (?, ?)')
      .run(story.id, JSON.stringify({ format: 'hologram', options: {} }));
    expect(exports.choice(story.id)).toBeNull();
  });
});
