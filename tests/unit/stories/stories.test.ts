import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Stories } from '../../../src/main/stories/stories.ts';
import { applyEdit, type Edit } from '../../../src/shared/edits.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import { StorySchema, type Block, type Story } from '../../../src/shared/story.ts';
import {
  countingIds,
  fixedClock,
  imageBlock,
  openBench,
  panelOf,
  removeBench,
  seeded,
  storyOf,
  textBlock,
  type Bench,
} from '../../fixtures/stories.ts';

let bench: Bench;
let stories: Stories;
beforeEach(() => {
  bench = openBench();
  stories = bench.stories;
});
afterEach(async () => {
  await bench.close();
  removeBench(bench);
});

/** The same stories as another process sees them: read from the database, nothing remembered. */
const reopened = (): Stories =>
  new Stories({ database: bench.database, clock: fixedClock, ids: countingIds('again-'), emit: () => {} });

/** Everything of a story but the time of its last change. */
const bytes = (story: Story): string => JSON.stringify({ ...story, updatedAt: '' });

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof FabulaError ? error.code : String(error);
  }
  return 'nothing thrown';
};

describe('editing', () => {
  test('saves edit by edit, and undoes and redoes across a restart', () => {
    const { story } = stories.create('The lamp');
    const block = story.panels[0]!.blocks[0]!.id;
    stories.edit({
      story: story.id,
      revision: 0,
      edit: { type: 'set-text', block, text: 'A' },
      label: 'Type A',
    });
    const second = stories.edit({
      story: story.id,
      revision: 1,
      edit: { type: 'set-title', title: 'The lamp keeper' },
      label: 'Change title',
    });
    expect(second).toMatchObject({ revision: 2, undo: 'Change title', redo: null });

    const later = reopened();
    expect(later.open(story.id)).toMatchObject({ revision: 2, undo: 'Change title', redo: null });
    expect(later.undo(story.id)).toMatchObject({
      revision: 3,
      edit: { type: 'set-title', title: 'The lamp' },
      undo: 'Type A',
      redo: 'Change title',
    });
    expect(stories.open(story.id).story.title).toBe('The lamp');
    expect(stories.redo(story.id)).toMatchObject({ undo: 'Change title', redo: null });
    expect(reopened().open(story.id).story.title).toBe('The lamp keeper');
    expect(stories.redo(story.id)).toBeNull();
  });

  test('a new edit ends what could be redone', () => {
    const { story } = stories.create('One');
    const title = (revision: number, text: string) =>
      stories.edit({ story: story.id, revision, edit: { type: 'set-title', title: text }, label: text });
    title(0, 'Two');
    stories.undo(story.id);
    expect(title(2, 'Three')).toMatchObject({ undo: 'Three', redo: null });
    expect(stories.redo(story.id)).toBeNull();
    expect(stories.undo(story.id)).toMatchObject({ undo: null, redo: 'Three' });
    expect(stories.undo(story.id)).toBeNull();
  });

  test('a stale revision is a conflict, and writes nothing', () => {
    const { story } = stories.create('One');
    const other = reopened();
    other.edit({
      story: story.id,
      revision: 0,
      edit: { type: 'set-title', title: 'Theirs' },
      label: 'Theirs',
    });
    const before = JSON.stringify(other.open(story.id));
    expect(
      codeOf(() =>
        stories.edit({
          story: story.id,
          revision: 0,
          edit: { type: 'set-title', title: 'Mine' },
          label: 'Mine',
        }),
      ),
    ).toBe('conflict');
    expect(JSON.stringify(reopened().open(story.id))).toBe(before);
    expect(stories.open(story.id).story.title).toBe('Theirs');
  });

  test('an edit that does not fit writes nothing, not even the part of a batch that does', () => {
    const { story } = stories.create('One');
    const before = JSON.stringify(stories.open(story.id));
    expect(
      codeOf(() =>
        stories.edit({
          story: story.id,
          revision: 0,
          edit: {
            type: 'batch',
            edits: [
              { type: 'set-title', title: 'Half' },
              { type: 'remove-panel', panel: 'gone' },
            ],
          },
          label: 'Half',
        }),
      ),
    ).toBe('not-found');
    expect(JSON.stringify(reopened().open(story.id))).toBe(before);
  });

  test('writes only the panels an edit touches', () => {
    const { story } = stories.insert(
      storyOf(Array.from({ length: 50 }, (_, index) => panelOf(`p${index}`, textBlock(`t${index}`, 'x')))),
    );
    const written: string[] = [];
    bench.database.function('note', (id: unknown) => {
      written.push(String(id));
      return null;
    });
    bench.database.exec(`CREATE TEMP TRIGGER seen AFTER INSERT ON panels BEGIN SELECT note(NEW.id); END`);
    stories.edit({
      story: story.id,
      revision: 0,
      edit: { type: 'move-block', block: 't3', panel: 'p7', index: 1 },
      label: 'Move',
    });
    expect(written.sort()).toEqual(['p3', 'p7']);
  });

  test('tells the windows of every change, and only of what was saved', () => {
    const { story } = stories.create('One');
    bench.events.length = 0;
    const edit: Edit = { type: 'set-title', title: 'Two' };
    stories.edit({ story: story.id, revision: 0, edit, label: 'Title' });
    codeOf(() => stories.edit({ story: story.id, revision: 0, edit, label: 'Title' }));
    expect(bench.events).toEqual([
      { name: 'story.changed', payload: { id: story.id, revision: 1, edit, undo: 'Title', redo: null } },
    ]);
  });
});

describe('stories', () => {
  test('are listed newest first, with a cover', () => {
    stories.insert(
      storyOf([panelOf('p1', textBlock('t1', 'x'))], { id: 'old', updatedAt: '2020-01-01T00:00:00.000Z' }),
    );
    stories.insert(
      storyOf([panelOf('p1', textBlock('t1', 'x')), panelOf('p2', imageBlock('i1', 'a'.repeat(64)))], {
        id: 'new',
      }),
    );
    expect(stories.list()).toEqual([
      {
        id: 'new',
        title: 'The lamp',
        panels: 2,
        updatedAt: '2026-03-04T05:06:07.000Z',
        cover: 'a'.repeat(64),
      },
      { id: 'old', title: 'The lamp', panels: 1, updatedAt: '2020-01-01T00:00:00.000Z', cover: null },
    ]);
    expect(stories.remove('old')).toEqual({ removed: 1 });
    expect(stories.remove('old')).toEqual({ removed: 0 });
    expect(codeOf(() => stories.open('old'))).toBe('not-found');
    expect(bench.database.prepare(`SELECT count(*) FROM panels WHERE story = 'old'`).pluck().get()).toBe(0);
  });

  test('a story brought in twice is kept twice', () => {
    const record = storyOf([panelOf('p1', textBlock('t1', 'x'))]);
    const first = stories.insert(record).story;
    const second = stories.insert(record).story;
    expect(second.id).not.toBe(first.id);
    expect(second.panels).toEqual(first.panels);
  });

  test('a story whose ids repeat is refused', () => {
    const twice = storyOf([panelOf('p1', textBlock('t1', 'a')), panelOf('p2', textBlock('t1', 'b'))]);
    expect(codeOf(() => stories.insert(twice))).toBe('invalid-input');
    expect(stories.list()).toEqual([]);
  });
});

describe('2,000 random edits and undos', () => {
  test.each([1])('seed %i: undo to the start, redo to the end, byte for byte', (seed) => {
    const random = seeded(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    let count = 0;
    const fresh = () => `n${++count}`;
    const words = () =>
      ['', 'Moss', 'émoi 🐈', 'حارس المنارة', '灯台', '<b>&amp;</b>', '"\\\u0000'][below(7)]!.repeat(
        1 + below(3),
      );
    const newBlock = (): Block =>
      below(2) === 0
        ? textBlock(fresh(), words())
        : imageBlock(fresh(), 'abcdef0123456789'[below(16)]!.repeat(64), words());

    /** A random edit that may or may not fit the story. */
    const propose = (story: Story): Edit => {
      const panel = story.panels[below(story.panels.length)];
      const blocks = story.panels.flatMap((one) => one.blocks);
      const block = blocks[below(blocks.length)];
      const member = story.cast[below(story.cast.length)];
      switch (below(16)) {
        case 0:
          return { type: 'set-title', title: words() };
        case 1:
          return {
            type: 'set-settings',
            settings: { ...story.settings, seed: below(1000), author: words() },
          };
        case 2:
          return { type: 'insert-cast', index: below(3), member: { id: fresh(), name: 'A', look: words() } };
        case 3:
          return member
            ? { type: 'set-cast', member: { ...member, hue: below(300) - 150 } }
            : { type: 'remove-cast', id: 'none' };
        case 4:
          return { type: 'remove-cast', id: member?.id ?? 'none' };
        case 5:
        case 6:
          return {
            type: 'insert-panel',
            index: below(story.panels.length + 1),
            panel: { ...panelOf(fresh(), newBlock()), notes: words() },
          };
        case 7:
          return { type: 'remove-panel', panel: panel?.id ?? 'none' };
        case 8:
          return { type: 'move-panel', panel: panel?.id ?? 'none', index: below(story.panels.length + 1) };
        case 9:
          return {
            type: 'set-panel',
            panel: panel?.id ?? 'none',
            fields:
              below(2) === 0 ? { dialogue: words() } : { shot: '1A', duration: below(2) === 0 ? null : 2 },
          };
        case 10:
          return { type: 'insert-block', panel: panel?.id ?? 'none', index: below(3), block: newBlock() };
        case 11:
          return { type: 'remove-block', block: block?.id ?? 'none' };
        case 12:
          return {
            type: 'move-block',
            block: block?.id ?? 'none',
            panel: story.panels[below(story.panels.length)]?.id ?? 'none',
            index: below(3),
          };
        case 13:
          return block?.type === 'image'
            ? { type: 'set-image-caption', block: block.id, caption: words() }
            : { type: 'set-text', block: block?.id ?? 'none', text: words() };
        case 14: {
          if (block?.type !== 'image')
            return { type: 'show-version', block: block?.id ?? 'none', version: null };
          const version = {
            id: fresh(),
            asset: '9'.repeat(64),
            source: 'sketched' as const,
            createdAt: story.createdAt,
          };
          return [
            {
              type: 'insert-version' as const,
              block: block.id,
              index: below(block.versions.length + 1),
              version,
            },
            { type: 'show-version' as const, block: block.id, version: null },
            {
              type: 'remove-version' as const,
              block: block.id,
              version: block.versions[below(block.versions.length)]?.id ?? 'none',
              current: null,
            },
          ][below(3)]!;
        }
        default: {
          const one = panel?.id ?? 'none';
          return {
            type: 'batch',
            edits: [
              { type: 'set-panel', panel: one, fields: { notes: words() } },
              { type: 'insert-block', panel: one, index: 0, block: newBlock() },
            ],
          };
        }
      }
    };

    const first = stories.insert(
      storyOf([panelOf('p1', textBlock('t1', 'x')), panelOf('p2', imageBlock('i1', 'a'.repeat(64)))]),
    ).story;
    const id = first.id;
    let mirror = first;
    let steps = 0;
    // One transaction around all: the test is about what is kept, not about the disk.
    bench.database.exec('BEGIN');
    while (steps < 2000) {
      const { story, revision } = stories.open(id);
      const turn = random();
      if (turn < 0.15) {
        const change = stories.undo(id);
        if (change) mirror = applyEdit(mirror, change.edit).story;
      } else if (turn < 0.22) {
        const change = stories.redo(id);
        if (change) mirror = applyEdit(mirror, change.edit).story;
      } else {
        const edit = propose(story);
        try {
          stories.edit({ story: id, revision, edit, label: `step ${steps}` });
        } catch (error) {
          // Proposals that do not fit are refused and leave no trace.
          expect(error).toBeInstanceOf(FabulaError);
          expect(stories.open(id).revision).toBe(revision);
          continue;
        }
        mirror = applyEdit(mirror, edit).story;
      }
      steps++;
    }
    bench.database.exec('COMMIT');
    // What a window holds, which applies the same edits, is what was saved.
    const last = reopened().open(id).story;
    expect(bytes(mirror)).toBe(bytes(last));
    expect(() => StorySchema.parse(last)).not.toThrow();
    while (stories.redo(id)) {
      // To the end of what can be redone.
    }
    const end = bytes(reopened().open(id).story);
    bench.database.exec('BEGIN');
    let undone = 0;
    while (stories.undo(id)) undone++;
    bench.database.exec('COMMIT');
    expect(undone).toBeGreaterThan(500);
    expect(bytes(reopened().open(id).story)).toBe(bytes(first));
    bench.database.exec('BEGIN');
    for (const later = reopened(); later.redo(id););
    bench.database.exec('COMMIT');
    expect(bytes(stories.open(id).story)).toBe(end);
  });
});
