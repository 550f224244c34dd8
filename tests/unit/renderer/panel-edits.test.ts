import { describe, expect, test } from 'vitest';
import {
  joinWithTextBefore,
  mergePanels,
  moveBlock,
  movePanels,
  paragraphsOf,
  placePictures,
  splitPanel,
  splitParagraphs,
} from '../../../src/renderer/src/state/panel-edits.ts';
import type { SimpleEdit } from '../../../src/renderer/src/state/synced-story.svelte.ts';
import { applyEdit } from '../../../src/shared/edits.ts';
import type { Panel, Story } from '../../../src/shared/story.ts';
import { imageBlock, panelOf, seeded, storyOf, textBlock } from '../../fixtures/stories.ts';

const asset = (digit: string): string => digit.repeat(64);

/** Applies edits as the one step they are, and checks on the way that undo gives the very story back. */
function apply(story: Story, edits: SimpleEdit[]): Story {
  if (edits.length === 0) return story;
  const before = JSON.stringify(story);
  const applied = applyEdit(story, { type: 'batch', edits });
  expect(JSON.stringify(applyEdit(applied.story, applied.inverse).story)).toBe(before);
  return applied.story;
}

function order(story: Story): string {
  return story.panels.map(({ id }) => id).join('');
}

/** A panel in one line: texts as they are, pictures as `#` and the digit of their asset. */
function shown(panel: Panel): string {
  return panel.blocks
    .map((block) =>
      block.type === 'text'
        ? block.text
        : `#${block.versions.find(({ id }) => id === block.current)?.asset[0] ?? ''}`,
    )
    .join(' | ');
}

const letters = [...'ABCDEFGH'];
const row = storyOf(letters.map((id) => panelOf(id)));

describe('moving panels', () => {
  test.each([
    ['A', 3, 'BCADEFGH'],
    ['D', 0, 'DABCEFGH'],
    ['AB', 4, 'CDABEFGH'],
    ['AC', 4, 'BDACEFGH'],
    ['FH', 1, 'AFHBCDEG'],
    ['ACEG', 4, 'BDACEGFH'],
    ['BH', 8, 'ACDEFGBH'],
    ['BC', 3, 'ABCDEFGH'],
    ['BC', 1, 'ABCDEFGH'],
    ['ABCDEFGH', 5, 'ABCDEFGH'],
  ])('%s to gap %i gives %s', (ids, gap, expected) => {
    expect(order(apply(row, movePanels(row.panels, new Set(ids), gap)))).toBe(expected);
  });

  test('what stands where it should is not moved', () => {
    expect(movePanels(row.panels, new Set('BC'), 2)).toEqual([]);
    expect(movePanels(row.panels, new Set('A'), 4)).toHaveLength(1);
  });

  test('any selection to any gap keeps both orders and loses nothing', () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const ids = new Set(letters.filter(() => random() < 0.4));
      const gap = Math.floor(random() * 9);
      const moved = order(apply(row, movePanels(row.panels, ids, gap)));
      const kept = (list: string[]): string => list.filter((id) => !ids.has(id)).join('');
      const chosen = letters.filter((id) => ids.has(id)).join('');
      expect(moved).toBe(kept(letters.slice(0, gap)) + chosen + kept(letters.slice(gap)));
    }
  });
});

describe('splitting and merging', () => {
  const story = storyOf([
    panelOf('p0', textBlock('t0', 'Before.')),
    panelOf('p1', textBlock('t1', 'One two'), imageBlock('i1', asset('a')), textBlock('t2', 'Last.')),
  ]);

  test('what follows the caret goes to a new panel, texts and pictures alike', () => {
    const split = splitPanel(story.panels[1]!, 1, 't1', 3);
    const done = apply(story, split!.edits);
    expect(done.panels.map(shown)).toEqual(['Before.', 'One', 'two | #a | Last.']);
    expect(done.panels[2]!.id).toBe(split!.panel);
    expect(done.panels[2]!.blocks[0]!.id).toBe(split!.block);
    expect(splitPanel(story.panels[1]!, 1, 'i1', 0)).toBeNull();
  });

  test('merging what was split gives one text back, and says where the two met', () => {
    const split = splitPanel(story.panels[1]!, 1, 't1', 3)!;
    const done = apply(story, split.edits);
    const merge = mergePanels(done.panels[1]!, done.panels[2]!);
    const merged = apply(done, merge.edits);
    expect(merged.panels.map(shown)).toEqual(['Before.', 'One\ntwo | #a | Last.']);
    expect(merge).toMatchObject({ block: 't1', caret: 4 });
  });

  test('merging keeps dialogue, notes and a shot label', () => {
    const first = { ...panelOf('a', imageBlock('i', asset('b'))), dialogue: 'Hm.', notes: 'N1' };
    const second = { ...panelOf('b', textBlock('t', 'Text')), dialogue: 'Oh!', shot: '2B' };
    const merge = mergePanels(first, second);
    const [merged] = apply(storyOf([first, second]), merge.edits).panels;
    expect(merged).toMatchObject({ id: 'a', shot: '2B', dialogue: 'Hm.\nOh!', notes: 'N1' });
    expect(shown(merged!)).toBe('#b | Text');
    expect(merge).toMatchObject({ block: 't', caret: 0 });
  });

  test('two texts beside each other become one; a picture between keeps them apart', () => {
    const panel = panelOf('p', textBlock('a', 'A'), textBlock('b', 'B'), imageBlock('i', asset('c')));
    const join = joinWithTextBefore(panel, 'b')!;
    expect(shown(apply(storyOf([panel]), join.edits).panels[0]!)).toBe('A\nB | #c');
    expect(joinWithTextBefore(panel, 'a')).toBeNull();
    expect(joinWithTextBefore(panel, 'i')).toBeNull();
  });

  test('paragraphs become panels of their own', () => {
    const text = 'Eins.\n\n  Zwei,\nnoch zwei.\n \n\nثلاثة';
    expect(paragraphsOf(text)).toEqual(['Eins.', 'Zwei,\nnoch zwei.', 'ثلاثة']);
    const before = storyOf([panelOf('p', textBlock('t', text), imageBlock('i', asset('d'))), panelOf('q')]);
    const done = apply(before, splitParagraphs(before.panels[0]!, 0, 't'));
    expect(done.panels.map(shown)).toEqual(['Eins.', 'Zwei,\nnoch zwei.', 'ثلاثة | #d', '']);
    expect(splitParagraphs(panelOf('x', textBlock('y', 'One.')), 0, 'y')).toEqual([]);
  });
});

describe('moving blocks and placing pictures', () => {
  const story = storyOf([
    panelOf('p', textBlock('a', 'A'), textBlock('b', 'B'), imageBlock('i', asset('a'))),
    panelOf('q', textBlock('c', 'C')),
  ]);

  test.each([
    ['a', { kind: 'block', panel: 'p', index: 3 }, ['B | #a | A', 'C']],
    ['i', { kind: 'block', panel: 'p', index: 0 }, ['#a | A | B', 'C']],
    ['i', { kind: 'block', panel: 'q', index: 1 }, ['A | B', 'C | #a']],
    ['b', { kind: 'gap', index: 1 }, ['A | #a', 'B', 'C']],
    ['b', { kind: 'block', panel: 'p', index: 2 }, ['A | B | #a', 'C']],
  ] as const)('block %s lands at %o', (block, landing, expected) => {
    expect(apply(story, moveBlock(story, block, landing)).panels.map(shown)).toEqual(expected);
  });

  test('pictures between panels make panels, in a panel blocks, on a picture a version', () => {
    const two = [asset('1'), asset('2')];
    const between = placePictures(story, two, { kind: 'gap', index: 1 }, 'imported');
    const panels = apply(story, between.edits).panels;
    expect(panels.map(shown)).toEqual(['A | B | #a', '#1 | ', '#2 | ', 'C']);
    expect(between.place.panel).toBe(panels[1]!.id);

    const inside = placePictures(story, two, { kind: 'block', panel: 'q', index: 0 }, 'imported');
    expect(apply(story, inside.edits).panels.map(shown)).toEqual(['A | B | #a', '#1 | #2 | C']);

    const onto = placePictures(story, two, { kind: 'version', panel: 'p', block: 'i' }, 'retrieved');
    const done = apply(story, onto.edits);
    expect(done.panels.map(shown)).toEqual(['A | B | #1 | #2', 'C']);
    const block = done.panels[0]!.blocks[2]!;
    expect(
      block.type === 'image' && block.versions.map((version) => [version.asset[0], version.source]),
    ).toEqual([
      ['a', 'imported'],
      ['1', 'retrieved'],
    ]);
    expect(onto.place).toEqual({ panel: 'p', block: 'i' });
  });
});
