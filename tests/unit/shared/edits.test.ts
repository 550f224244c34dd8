import { describe, expect, test } from 'vitest';
import { applyEdit, EditSchema, type Edit } from '../../../src/shared/edits.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import type { Story } from '../../../src/shared/story.ts';
import { imageBlock, panelOf, storyOf, textBlock } from '../../fixtures/stories.ts';

const asset = (digit: string) => digit.repeat(64);

const story = storyOf(
  [
    panelOf('p1', textBlock('t1', 'One'), imageBlock('i1', asset('a'))),
    panelOf('p2', textBlock('t2', 'Two')),
    panelOf('p3'),
  ],
  { cast: [{ id: 'c1', name: 'Moss', look: 'a small grey cat' }] },
);

const version = { id: 'v2', asset: asset('b'), source: 'sketched' as const, createdAt: story.createdAt };

const edits: Edit[] = [
  { type: 'set-title', title: 'Another' },
  { type: 'set-settings', settings: { ...story.settings, seed: 9, language: 'ms' } },
  { type: 'insert-cast', index: 0, member: { id: 'c2', name: 'Ada', look: '' } },
  { type: 'set-cast', member: { id: 'c1', name: 'Moss', look: 'a large black cat' } },
  { type: 'remove-cast', id: 'c1' },
  { type: 'insert-panel', index: 3, panel: panelOf('p4', textBlock('t4', 'Four')) },
  { type: 'remove-panel', panel: 'p1' },
  { type: 'move-panel', panel: 'p1', index: 2 },
  { type: 'set-panel', panel: 'p2', fields: { shot: '2A', duration: 3.5 } },
  { type: 'insert-block', panel: 'p3', index: 0, block: textBlock('t3', 'Three') },
  { type: 'remove-block', block: 'i1' },
  { type: 'move-block', block: 'i1', panel: 'p1', index: 0 },
  { type: 'move-block', block: 'i1', panel: 'p3', index: 0 },
  { type: 'set-text', block: 't1', text: 'Eins' },
  { type: 'set-image-caption', block: 'i1', caption: 'A lamp' },
  { type: 'insert-version', block: 'i1', index: 1, version },
  { type: 'remove-version', block: 'i1', version: 'i1-v1', current: null },
  { type: 'show-version', block: 'i1', version: null },
  { type: 'replace-version', block: 'i1', version: { ...version, id: 'i1-v1', seed: 7, prompt: 'a fox' } },
  {
    type: 'batch',
    edits: [
      { type: 'remove-panel', panel: 'p2' },
      { type: 'insert-panel', index: 0, panel: panelOf('p2', textBlock('t2', 'Two again')) },
      { type: 'set-text', block: 't2', text: 'Two for good' },
    ],
  },
];

describe('every edit', () => {
  test.each(edits.map((edit) => [edit.type, edit] as const))('%s is taken back byte for byte', (_, edit) => {
    const before = JSON.stringify(story);
    const applied = applyEdit(story, EditSchema.parse(edit));
    expect(JSON.stringify(applied.story)).not.toBe(before);
    expect(JSON.stringify(applyEdit(applied.story, applied.inverse).story)).toBe(before);
    expect(JSON.stringify(story)).toBe(before);
    // The inverse is data like any other edit: it can be stored, sent and checked.
    expect(EditSchema.parse(JSON.parse(JSON.stringify(applied.inverse)))).toEqual(applied.inverse);
  });

  test('shares the panels it leaves alone', () => {
    const applied = applyEdit(story, { type: 'set-text', block: 't1', text: 'x' }).story;
    expect(applied.panels[0]).not.toBe(story.panels[0]);
    expect(applied.panels[1]).toBe(story.panels[1]);
    expect(applied.panels[2]).toBe(story.panels[2]);
  });
});

describe('an edit that does not fit', () => {
  const refused: [string, string, Edit][] = [
    ['names a panel that is gone', 'not-found', { type: 'remove-panel', panel: 'p9' }],
    ['names a block that is gone', 'not-found', { type: 'set-text', block: 't9', text: '' }],
    ['names a version that is gone', 'not-found', { type: 'show-version', block: 'i1', version: 'v9' }],
    ['names a member that is gone', 'not-found', { type: 'remove-cast', id: 'c9' }],
    ['moves a panel past the end', 'invalid-input', { type: 'move-panel', panel: 'p1', index: 3 }],
    ['takes a panel id twice', 'invalid-input', { type: 'insert-panel', index: 0, panel: panelOf('p1') }],
    [
      'takes a block id twice',
      'invalid-input',
      { type: 'insert-block', panel: 'p3', index: 0, block: textBlock('t1', '') },
    ],
    [
      'brings a panel whose blocks share an id',
      'invalid-input',
      { type: 'insert-panel', index: 0, panel: panelOf('p4', textBlock('t4', 'a'), textBlock('t4', 'b')) },
    ],
    [
      'brings a picture that shows a version it has not',
      'invalid-input',
      {
        type: 'insert-block',
        panel: 'p3',
        index: 0,
        block: { id: 'i3', type: 'image', caption: '', current: 'v9', versions: [] },
      },
    ],
    ['writes text into a picture', 'invalid-input', { type: 'set-text', block: 'i1', text: '' }],
    ['captions a text', 'invalid-input', { type: 'set-image-caption', block: 't1', caption: '' }],
  ];
  test.each(refused)('%s: refused', (_, code, edit) => {
    let error: unknown;
    try {
      applyEdit(story, edit);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FabulaError);
    expect((error as FabulaError).code).toBe(code);
  });

  test('in the middle of a batch leaves nothing of the batch', () => {
    const before = JSON.stringify(story);
    const attempt = (): Story =>
      applyEdit(story, {
        type: 'batch',
        edits: [
          { type: 'set-title', title: 'Half' },
          { type: 'remove-panel', panel: 'p9' },
        ],
      }).story;
    expect(attempt).toThrow(/p9/);
    expect(JSON.stringify(story)).toBe(before);
  });
});
