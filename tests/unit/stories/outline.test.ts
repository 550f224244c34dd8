import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeOutline, readOutline } from '../../../src/main/stories/outline.ts';
import { attachPictures } from '../../../src/main/stories/outline-pictures.ts';
import { checkStory } from '../../../src/shared/edits.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import { StorySchema, type Panel } from '../../../src/shared/story.ts';
import {
  countingIds,
  fixedClock,
  openBench,
  photo,
  removeBench,
  type Bench,
} from '../../fixtures/stories.ts';

const read = (markdown: string, name = 'outline.md') => {
  const outline = readOutline(markdown, { name, ids: countingIds('o'), clock: fixedClock });
  StorySchema.parse(outline.story);
  checkStory(outline.story);
  return outline;
};

/** A panel in short: texts as they are, pictures as `[path]`. */
const short = (outline: ReturnType<typeof read>) => (panel: Panel) => {
  const paths = new Map(outline.pictures.map(({ block, path }) => [block, path]));
  return panel.blocks.map((block) =>
    block.type === 'text' ? block.text : `[${paths.get(block.id) ?? '-'}]`,
  );
};
const panels = (markdown: string) => {
  const outline = read(markdown);
  return outline.story.panels.map(short(outline));
};

const failure = (work: () => unknown): FabulaError => {
  try {
    work();
  } catch (error) {
    if (error instanceof FabulaError) return error;
    throw error;
  }
  throw new Error('nothing thrown');
};

describe('an outline', () => {
  test('has a title, settings and a cast from its front matter', () => {
    const { story, warnings } = read(`---
title: 灯台の猫
author: Mira Solano
language: ja
seed: 42
panelDuration: 2.5
cast:
  - name: Moss
    look: a small grey cat
  - { name: Ada }
---
# Not the title
One.
`);
    expect(story).toMatchObject({
      title: '灯台の猫',
      settings: { author: 'Mira Solano', language: 'ja', seed: 42, panelDuration: 2.5 },
      cast: [
        { name: 'Moss', look: 'a small grey cat' },
        { name: 'Ada', look: '' },
      ],
    });
    expect(story.panels.map(({ shot }) => shot)).toEqual(['Not the title']);
    expect(warnings).toEqual([]);
  });

  test('does not print a title that is given twice', () => {
    const { story } = read('---\ntitle: The lamp\n---\n\n# The lamp\n\nOne.');
    expect(story.title).toBe('The lamp');
    expect(story.panels.map(({ shot }) => shot)).toEqual(['']);
  });

  test('takes its title from the first level-1 heading, else from the file name', () => {
    expect(read('# The *lamp*\n\nOne.').story.title).toBe('The lamp');
    expect(read('One.', 'lighthouse notes.md').story.title).toBe('lighthouse notes');
    expect(read('').story).toMatchObject({ title: 'outline', panels: [] });
  });

  test('makes a panel of each paragraph, list item and code block', () => {
    expect(
      panels(
        '# T\n\nOne\nand on.\n\n- Two\n- Three\n  - Four\n\n1. Five\n\n   still five\n\n---\n\n```\nsix  x\n```\n',
      ),
    ).toEqual([['One and on.'], ['Two'], ['Three'], ['Four'], ['Five\n\nstill five'], ['six  x']]);
  });

  test('joins lines of scripts without spaces without one', () => {
    expect(panels('灯台の\n猫が\nいた。\n\nOne  \ntwo')).toEqual([['灯台の猫がいた。'], ['One\ntwo']]);
  });

  test('labels the next panel with a heading, and loses none', () => {
    const { story } = read('# T\n\nOne.\n\n## Part two\n\n### 2A\n\nTwo.\n\n## The end');
    expect(story.panels.map(({ shot }) => shot)).toEqual(['', 'Part two · 2A', 'The end']);
    const long = read(`# T\n\n## ${'long '.repeat(60)}\n\nOne.`).story.panels[0]!;
    expect(long.shot.length).toBeLessThanOrEqual(200);
    expect(long.notes).toBe('long '.repeat(60).trim());
  });

  test('puts quotes into the dialogue of the panel before', () => {
    const { story } = read(
      'One.\n\n> Who is there?\n>\n> Nobody.\n\n> A third line.\n\n## 2\n\n> First words',
    );
    expect(story.panels.map(({ dialogue, shot }) => [shot, dialogue])).toEqual([
      ['', 'Who is there?\nNobody.\nA third line.'],
      ['2', 'First words'],
    ]);
  });

  test('keeps pictures between words, and gives lone ones to the panel before', () => {
    expect(
      panels(
        '![](first.jpg)\n\nBefore ![a](in.jpg) after ![b](two.png)\n\n![](x.jpg) ![](y.jpg)\n\n## New\n\n![](z.jpg)',
      ),
    ).toEqual([
      ['[first.jpg]'],
      ['Before', '[in.jpg]', 'after', '[two.png]', '[x.jpg]', '[y.jpg]'],
      ['[z.jpg]'],
    ]);
  });

  test('keeps markup and HTML as the characters they are written in', () => {
    expect(
      panels(
        'A <b onclick="x()">bold</b> *word* and `code` &amp; [link](http://x).\n\n<script>alert(1)</script>\n\n#hash $math$ @at',
      ),
    ).toEqual([
      ['A <b onclick="x()">bold</b> word and code & link.'],
      ['<script>alert(1)</script>'],
      ['#hash $math$ @at'],
    ]);
  });

  test('resolves pictures by reference, and warns of addresses', () => {
    const outline = read('A ![alt][one] b\n\n![](https://example.org/a.jpg)\n\n[one]: <my picture.jpg>');
    expect(outline.pictures).toEqual([expect.objectContaining({ path: 'my picture.jpg', line: 1 })]);
    expect(outline.warnings).toEqual([expect.stringContaining('outline.md: line 3: ')]);
    expect(outline.story.panels[0]!.blocks[1]).toMatchObject({ caption: 'alt', current: null });
  });
});

describe('a faulty outline', () => {
  test.each([
    [
      'YAML that does not parse',
      '---\ntitle: ok\nauthor: "open\n---\n\nText',
      /“outline\.md”, line [345]: front matter: /,
    ],
    ['a field of the wrong kind', '---\ntitle: ok\nseed: many\n---\n', /line 3: front matter: seed: /],
    ['a cast without names', '---\ncast:\n  - look: grey\n---\n', /line 3: front matter: cast\.0\.name: /],
    ['a front matter that is no mapping', '---\n- one\n- two\n---\n', /line 2: front matter: write it as/],
    [
      'aliases that unfold without end',
      `---\na: &a [x, x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
        .map((key, index) => `${key}: &${key} [${`*${'abcdefgh'[index]!},`.repeat(10)}]`)
        .join('\n')}\n---\n`,
      /front matter: /,
    ],
  ])('%s: refused, naming file and line', (_, markdown, message) => {
    const error = failure(() => read(markdown));
    expect(error.code).toBe('invalid-input');
    expect(error.message).toMatch(message);
  });

  test('an unknown setting is left out with a warning', () => {
    const { warnings, story } = read('---\ntitle: T\ncolour: red\n---\nOne.');
    expect(story.title).toBe('T');
    expect(warnings).toEqual([expect.stringMatching(/^outline\.md: line 3: “colour”/)]);
  });

  test('bytes that are no text are refused, UTF-16 is read', () => {
    expect(failure(() => decodeOutline(Buffer.from([0x4d, 0xe9, 0x20]), 'latin.md')).message).toMatch(
      /“latin\.md” is not text in UTF-8/,
    );
    expect(failure(() => decodeOutline(Buffer.from('a\0b'), 'zip.md')).code).toBe('invalid-input');
    expect(decodeOutline(Buffer.from('\ufeffMañana', 'utf16le'), 'wide.md')).toBe('Mañana');
    expect(decodeOutline(Buffer.from('\ufeffMañana'), 'bom.md')).toBe('Mañana');
  });
});

describe('pictures of an outline', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = openBench();
  });
  afterEach(async () => {
    await bench.close();
    removeBench(bench);
  });

  test('are imported from its folder; what is missing or broken is named by file and line', async () => {
    const folder = mkdtempSync(join(bench.dataDir, 'outline-'));
    writeFileSync(join(folder, 'my photo.jpg'), await photo(1));
    writeFileSync(join(folder, '100%.jpg'), await photo(2));
    writeFileSync(join(folder, 'broken.jpg'), 'not a picture');
    const outline = read(
      'One ![](my%20photo.jpg)\n\nTwo ![](<100%.jpg>)\n\nThree ![](gone.jpg)\n\nFour ![](broken.jpg)\n\nFive ![](../outside.jpg)',
    );
    const { story, warnings } = await attachPictures(outline.story, outline.pictures, {
      folder,
      name: 'outline.md',
      library: bench.library,
      ids: countingIds('v'),
      clock: fixedClock,
    });
    const shown = story.panels.map(({ blocks }) => blocks.find((block) => block.type === 'image')!.current);
    expect(shown).toEqual(['v1', 'v2', null, null, null]);
    expect(bench.library.count()).toBe(2);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/^outline\.md: line 5: .*gone\.jpg/);
    expect(warnings[1]).toMatch(/^outline\.md: line 7: .*broken\.jpg/);
    expect(warnings[2]).toMatch(/^outline\.md: line 9: /);
    checkStory(StorySchema.parse(story));
    rmSync(folder, { recursive: true });
  });
});
