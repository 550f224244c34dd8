import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { exportPdf } from '../../../src/main/exports/pdf.ts';
import type { ExportParts } from '../../../src/main/exports/parts.ts';
import { ExportOptionsSchema } from '../../../src/shared/contract.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import { defaultSettings, type Panel, type Story } from '../../../src/shared/story.ts';
import { imageBlock, panelOf, photo, storyOf, textBlock } from '../../fixtures/stories.ts';
import { bare, readPdf } from '../../fixtures/pdf-text.ts';

const pictures: ExportParts['pictures'] = async (asset) => ({
  bytes: await photo(parseInt(asset.slice(0, 4), 16)),
  mime: 'image/jpeg',
});

type Options = Parameters<(typeof ExportOptionsSchema)['parse']>[0];

const pdf = (story: Story, options: Options = {}, parts: Partial<ExportParts> = {}) =>
  exportPdf(story, { options: ExportOptionsSchema.parse(options), pictures, ...parts });

const panels = (...texts: string[]): Panel[] =>
  texts.map((text, index) => panelOf(`p${index + 1}`, textBlock(`t${index + 1}`, text)));

const assetOf = (number: number) => number.toString(16).padStart(4, '0').repeat(16);

describe('text in a PDF', () => {
  test('is shown as it is, whatever it holds', async () => {
    const texts = [
      '#let x = 1; #panic("no") $a^2$ \\#escaped \\n @label <label> `code` *bold* _it_ ~ -- --- ... //comment /*c*/',
      '<script>alert("x")</script> &amp; <b>not bold</b> ]] }} #] [#image("/etc/passwd")]',
      '= Not a heading\n- not a list\n+ 1. \'quotes\' "double"',
    ];
    const story = storyOf(panels(...texts), {
      title: '#title $x$ <b>',
      settings: { ...defaultSettings, author: '#author @me' },
    });
    const read = await readPdf(
      await pdf(story, { header: '#header <i>', footer: '$footer$ `x`', layout: 'grid-1x1' }),
    );
    for (const text of [...texts, story.title, story.settings.author, '#header <i>', '$footer$ `x`']) {
      for (const word of text.split(/\s+/)) expect(bare(read.text)).toContain(bare(word));
    }
    expect(read.title).toBe('#title $x$ <b>');
  });

  test('of 5,000 words runs on over pages and loses none, in every kind of layout', async () => {
    const words = Array.from({ length: 5000 }, (_, index) => `w${index}${'abcdefgh'.slice(0, index % 8)}`);
    const story = storyOf([
      ...panels('Before.', `${words.slice(0, 2500).join(' ')}\n\n${words.slice(2500).join(' ')}`, 'After.'),
      panelOf('p4', imageBlock('i4', assetOf(1)), textBlock('t4', words.slice(0, 400).join(' '))),
    ]);
    for (const layout of ['grid-2x2', 'grid-4x4', 'grid-1x3', 'film-strip', 'picture-book', 'script-left']) {
      const read = await readPdf(await pdf(story, { layout }));
      const found = new Set(read.text.split(/\s+/));
      const missing = words.filter((word) => !found.has(word));
      expect([layout, missing]).toEqual([layout, []]);
      expect(read.text).toContain('After.');
      expect(read.pages.length).toBeGreaterThan(3);
    }
  });

  test('is found again in every script, each paragraph in its own direction', async () => {
    const scripts = [
      'The lamp keeper’s cat — “affable” final fjord.',
      'خرج الصياد العجوز إلى البحر في الصباح الباكر، وكان القمر لا يزال فوق الجبال.',
      '灯台のてっぺんに、モスという小さな灰色の猫が住んでいました。',
      '灯塔的最高处住着一只小灰猫，风整夜讲着长长的故事。',
      'लालटेन के रखवाले की बिल्ली समुद्र को देखती रही।',
      'הים היה שקט והחתול הקטן ישב.',
      'ทะเลสงบและแมวตัวน้อย',
      '바다는 조용했고 작은 고양이는 앉아 있었다.',
      'Кошка сидела на маяке. Η γάτα κάθισε.',
    ];
    const bytes = await pdf(storyOf(panels(...scripts, 'Emoji 🐈🌊👩‍🚀')), { layout: 'grid-2x4' });
    const read = await readPdf(bytes);
    // Right-to-left and Indic text is compared by its letters: PDF keeps them in the order they are drawn in.
    for (const text of scripts) {
      const letters = [...bare(text)].filter((character) => /\p{L}/u.test(character));
      const found = bare(read.text);
      expect(letters.filter((letter) => !found.includes(letter))).toEqual([]);
    }
    for (const text of [scripts[2], scripts[3], scripts[7]]) expect(bare(read.text)).toContain(bare(text!));
    expect(read.tagged).toBe(true);
    expect(read.metadata).toContain('pdfuaid');
  });

  test('with characters no font has is still set, and says which they are', async () => {
    const warnings: string[] = [];
    const story = storyOf(panels('Tibetan བོད་ཡིག and more.'));
    const read = await readPdf(await pdf(story, {}, { onWarning: (warning) => warnings.push(warning) }));
    expect(warnings).toEqual([expect.stringMatching(/No font of Fabula has these characters.*བ/)]);
    expect(read.text).toContain('and more.');
    expect(read.tagged).toBe(true);
  });
});

const poppler = (() => {
  try {
    execFileSync('pdftotext', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!poppler)('as poppler reads it (skipped where pdftotext is not installed)', () => {
  test('every word of five scripts is found and every font embedded', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fabula-pdf-'));
    const texts = [
      'One morning the keeper went down the steps to mend his net.',
      'عاش القط في أعلى المنارة، وكان البحر هادئا في ذلك الصباح.',
      '風は長い物語を語り、灯りは夜通し歌いました。',
      'लालटेन के रखवाले की बिल्ली समुद्र को देखती रही।',
      'הים היה שקט והחתול הקטן ישב על המדרגה האחרונה.',
    ];
    const file = join(folder, 'scripts.pdf');
    writeFileSync(file, await pdf(storyOf(panels(...texts)), { layout: 'grid-1x4' }));
    const found = bare(execFileSync('pdftotext', [file, '-'], { encoding: 'utf8' }));
    const words = texts.flatMap((text) => text.match(/[\p{L}\p{M}]+/gu)!);
    expect(words.filter((word) => !found.includes(bare(word)))).toEqual([]);
    const fonts = execFileSync('pdffonts', [file], { encoding: 'utf8' }).trim().split('\n').slice(2);
    expect(fonts.length).toBeGreaterThan(4);
    for (const font of fonts) expect(font).toMatch(/ yes (yes|no ) yes +\d+ +\d+$/);
    rmSync(folder, { recursive: true });
  });
});

describe('pages', () => {
  const nine = storyOf(
    Array.from({ length: 9 }, (_, index) =>
      panelOf(
        `p${index}`,
        textBlock(`t${index}`, `Text ${index}.`),
        imageBlock(`i${index}`, assetOf(index), ''),
      ),
    ),
    { settings: { ...defaultSettings, author: 'Mira Solano' } },
  );

  test.each([
    ['grid-1x1', 9],
    ['grid-2x2', 3],
    ['grid-3x3', 1],
    ['grid-4x4', 1],
    ['film-strip', 1],
    ['picture-book', 10],
  ])('%s has the panels it says: %i pages', async (layout, count) => {
    for (const [page, orientation, width, height] of [
      ['a4', 'portrait', 595, 842],
      ['letter', 'landscape', 792, 612],
    ]) {
      const read = await readPdf(await pdf(nine, { layout, page, orientation } as Options));
      expect(read.pages.length).toBe(count);
      expect(Math.round(read.pages[0]!.width)).toBe(width);
      expect(Math.round(read.pages[0]!.height)).toBe(height);
      for (let index = 0; index < 9; index++) expect(read.text).toContain(`Text ${index}.`);
    }
  });

  test('are tagged: title, headings, paragraphs, and pictures with alternative texts', async () => {
    const story = storyOf([
      panelOf('p1', imageBlock('i1', assetOf(1), 'A lamp in the fog'), textBlock('t1', 'One.')),
      panelOf('p2', imageBlock('i2', assetOf(2)), textBlock('t2', 'Two.')),
      panelOf('p3', imageBlock('i3', assetOf(3)), textBlock('t3', 'Three.')),
    ]);
    const captionOf = (asset: string) => (asset === assetOf(2) ? 'a boat at sea' : null);
    const read = await readPdf(await pdf(story, {}, { captionOf }));
    const [page] = read.pages;
    expect(page!.alternatives).toEqual(['A lamp in the fog', 'a boat at sea', 'Picture of panel 3']);
    expect(page!.roles.filter((role) => role === 'Figure')).toHaveLength(3);
    expect(page!.roles.filter((role) => /^H\d?$/.test(role))).toHaveLength(3);
    expect(read.text).toContain('A lamp in the fog');
    expect(read.text).not.toContain('a boat at sea');
    expect(read.language).toBe('en');
  });

  test('print what was asked for, and nothing else', async () => {
    const panel = { ...nine.panels[0]!, shot: '12B', notes: 'A note.', dialogue: '“A word.”', duration: 2.5 };
    const story = { ...nine, panels: [panel, ...nine.panels.slice(1)] };
    const all = (
      await readPdf(await pdf(story, { notes: true, durations: true, header: 'Head', footer: 'Foot' }))
    ).text;
    for (const text of [
      '12B',
      'A note.',
      '“A word.”',
      '2.5 s',
      '4 s',
      'Mira Solano',
      'Head',
      'Foot',
      '1 / 3',
    ]) {
      expect(bare(all)).toContain(bare(text));
    }
    const few = (
      await readPdf(
        await pdf(story, { shotNumbers: false, dialogue: false, pageNumbers: false, panels: ['p0', 'p5'] }),
      )
    ).text;
    for (const text of ['12B', 'A note.', 'A word.', '2.5 s', '1 / 1', 'Text 1.'])
      expect(bare(few)).not.toContain(bare(text));
    for (const text of ['Text 0.', 'Text 5.']) expect(few).toContain(text);
    await expect(pdf(story, { panels: ['p77'] })).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('keep their place with an empty story, an empty panel and a picture that waits', async () => {
    const waiting = { id: 'i1', type: 'image' as const, caption: '', current: null, versions: [] };
    for (const story of [storyOf([]), storyOf([panelOf('p1'), panelOf('p2', waiting)], { title: '' })]) {
      for (const layout of ['grid-2x2', 'film-strip', 'picture-book', 'script-left']) {
        expect((await readPdf(await pdf(story, { layout }))).pages.length).toBeGreaterThan(0);
      }
    }
  });
});

describe('choices', () => {
  const one = (changes: Partial<Panel> = {}, story: Partial<Story> = {}) =>
    storyOf(
      [
        {
          ...panelOf('p1', imageBlock('i1', assetOf(1), 'The caption'), textBlock('t1', 'The text.')),
          ...changes,
        },
      ],
      story,
    );
  const pageOf = async (story: Story, options: Options, at = 0) =>
    (await readPdf(await pdf(story, options))).pages[at]!;
  const place = (page: Awaited<ReturnType<typeof pageOf>>, text: string) =>
    page.pieces.find((piece) => piece.text.includes(text))!;

  test('leave out text or captions, and keep them for readers of the picture', async () => {
    const without = await pageOf(one(), { text: false, captions: false });
    expect(without.text).not.toContain('The text.');
    expect(without.text).not.toContain('The caption');
    expect(without.alternatives).toEqual(['The caption']);
    const withBoth = await pageOf(one(), {});
    expect(withBoth.text).toContain('The text.');
    expect(withBoth.text).toContain('The caption');
  });

  test('put words under the picture or beside it', async () => {
    for (const layout of ['grid-1x2', 'grid-2x2', 'picture-book']) {
      const title = layout === 'picture-book' ? 1 : 0;
      const common = { layout, orientation: 'landscape', captions: false } as const;
      const above = place(await pageOf(one(), { ...common, place: 'above' }, title), 'The text.');
      const beside = place(await pageOf(one(), { ...common, place: 'beside' }, title), 'The text.');
      expect([layout, beside.x > above.x + 60, beside.y > above.y + 60]).toEqual([layout, true, true]);
    }
    // Where a column is too narrow for both, the choice is not there.
    const narrow = await Promise.all(
      (['above', 'beside'] as const).map((place) => pageOf(one(), { layout: 'grid-4x4', place })),
    );
    expect(narrow[1]!.pieces).toEqual(narrow[0]!.pieces);
  });

  test('fill in fields, and let them number the pages instead', async () => {
    const story = storyOf(panels('One.', 'Two.'), {
      title: 'The {page} lamp',
      settings: { ...defaultSettings, author: 'Mira' },
    });
    const read = await readPdf(
      await pdf(
        story,
        { layout: 'grid-1x1', header: '{title} by {author} {nothing}', footer: '{date}: {page} of {pages}' },
        { date: new Date('2026-11-22T12:00:00Z') },
      ),
    );
    expect(read.pages).toHaveLength(2);
    expect(bare(read.pages[0]!.text)).toContain(bare('The {page} lamp by Mira {nothing}'));
    expect(bare(read.pages[0]!.text)).toContain(bare('November 22, 2026: 1 of 2'));
    expect(bare(read.pages[1]!.text)).toContain(bare('November 22, 2026: 2 of 2'));
    expect(bare(read.text)).not.toContain(bare('1 / 2'));
  });

  test('begin with a cover: title, author and the first picture', async () => {
    const story = one({}, { settings: { ...defaultSettings, author: 'Mira' } });
    for (const layout of ['grid-2x2', 'film-strip', 'picture-book', 'script-left']) {
      const [cover, next] = (await readPdf(await pdf(story, { layout, cover: true }))).pages;
      expect([layout, bare(cover!.text)]).toEqual([layout, bare('The lamp Mira')]);
      expect(cover!.alternatives).toEqual(['The caption']);
      expect(next!.text).toContain('The text.');
      expect(next!.text).not.toContain('The lamp');
    }
    const [plain] = (await readPdf(await pdf(storyOf(panels('Words.')), { cover: true }))).pages;
    expect(plain!.text.trim()).toBe('The lamp');
  });

  test('print the few words of Fabula in the language of the story', async () => {
    for (const [language, notes, script] of [
      ['', 'Notes', 'Script'],
      ['es-MX', 'Notas', 'Guion'],
      ['ms', 'Nota', 'Skrip'],
      ['ja', 'メモ', '台本'],
      ['ar', 'ملاحظات', 'النص'],
    ] as const) {
      const story = one({ notes: 'x' }, { settings: { ...defaultSettings, language } });
      const read = await readPdf(await pdf(story, { layout: 'script-left', notes: true }));
      for (const word of [notes, script]) {
        const letters = [...bare(word)];
        expect([language, letters.filter((letter) => !bare(read.text).includes(letter))]).toEqual([
          language,
          [],
        ]);
      }
      expect(read.language).toBe(language === '' ? 'en' : language);
    }
    const unnamed = storyOf([panelOf('p1', imageBlock('i1', assetOf(1)), textBlock('t1', 'قط صغير يجلس.'))]);
    expect((await pageOf(unnamed, {})).alternatives).toEqual(['صورة اللوحة 1']);
  });

  test('break a word that is longer than its column, and no other', async () => {
    const word = 'Donaudampfschifffahrtsgesellschaftskapitän';
    const story = storyOf(panels(`${word} speaks`, 'Beside it.', 'c', 'd'));
    for (const layout of ['grid-4x4', 'film-strip']) {
      const page = await pageOf(story, { layout });
      const beside = place(page, 'Beside');
      for (const piece of page.pieces.filter(
        ({ text, x }) => x < beside.x && word.includes(text.replace('-', '')),
      )) {
        expect(piece.x + piece.width).toBeLessThan(beside.x);
      }
    }
  });
});

describe('an export', () => {
  const story = storyOf([
    panelOf('p1', imageBlock('i1', assetOf(1)), textBlock('t1', 'One 🐈.')),
    panelOf('p2', imageBlock('i2', assetOf(2)), textBlock('t2', 'Two.')),
    panelOf('p3', imageBlock('i3', assetOf(1)), textBlock('t3', 'Three.')),
  ]);

  test('of the same story has the same bytes', async () => {
    const first = await pdf(story);
    // Pictures become ready in another order.
    const slow: ExportParts['pictures'] = async (asset) => {
      if (asset === assetOf(1)) await new Promise((resolve) => setTimeout(resolve, 60));
      return pictures(asset);
    };
    expect(Buffer.from(await pdf(story, {}, { pictures: slow })).equals(Buffer.from(first))).toBe(true);
    const later = await pdf({ ...story, updatedAt: '2027-01-01T00:00:00.000Z' });
    expect(Buffer.from(later).equals(Buffer.from(first))).toBe(false);
  });

  test('goes on without a picture that is missing, and names its panels', async () => {
    const warnings: string[] = [];
    const read = await readPdf(
      await pdf(
        story,
        {},
        {
          pictures: (asset) =>
            asset === assetOf(1)
              ? Promise.reject(new FabulaError('not-found', '“gone.jpg” does not exist.'))
              : pictures(asset),
          onWarning: (warning) => warnings.push(warning),
        },
      ),
    );
    expect(warnings).toEqual(['Panels 1, 3: “gone.jpg” does not exist.']);
    for (const text of ['One', 'Two.', 'Three.', 'Missing picture']) expect(read.text).toContain(text);
  });

  test('takes any picture the library has', async () => {
    const base = sharp({
      create: { width: 300, height: 200, channels: 4, background: { r: 200, g: 30, b: 30, alpha: 0.5 } },
    });
    const kinds: Record<string, { bytes: Buffer; mime: string }> = {
      [assetOf(1)]: { bytes: await base.webp().toBuffer(), mime: 'image/webp' },
      [assetOf(2)]: {
        bytes: Buffer.from(
          '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9"/></svg>',
        ),
        mime: 'image/svg+xml',
      },
    };
    const warnings: string[] = [];
    const read = await readPdf(
      await pdf(
        story,
        {},
        { pictures: (asset) => Promise.resolve(kinds[asset]!), onWarning: (text) => warnings.push(text) },
      ),
    );
    expect(warnings).toEqual([]);
    expect(read.pages[0]!.roles.filter((role) => role === 'Figure')).toHaveLength(3);
  });

  test('can be cancelled, and tells how far it is', async () => {
    const controller = new AbortController();
    const steps: [number, number][] = [];
    await expect(
      pdf(
        story,
        {},
        {
          signal: controller.signal,
          onProgress: (done, total) => {
            steps.push([done, total]);
            if (done === 2) controller.abort();
          },
        },
      ),
    ).rejects.toMatchObject({ code: 'cancelled' });
    expect(steps).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    const finished: number[] = [];
    await pdf(story, {}, { onProgress: (done, total) => finished.push(done / total) });
    expect(finished.at(-1)).toBe(1);
  });
});
