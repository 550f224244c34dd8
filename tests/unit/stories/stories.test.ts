import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { History } from '../../../src/main/history.ts';
import { Stories } from '../../../src/main/stories/stories.ts';
import type { Edit } from '../../../src/shared/edits.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import {
  countingIds,
  fixedClock,
  imageBlock,
  openBench,
  panelOf,
  removeBench,
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
  new Stories({
    database: bench.database,
    clock: fixedClock,
    ids: countingIds('again-'),
    history: new History({ database: bench.database, clock: fixedClock }),
    emit: () => {},
  });

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
    expect(bench.history.undo(story.id)).toMatchObject({
      change: { revision: 3, edit: { type: 'set-title', title: 'The lamp' } },
      label: 'Change title',
      undo: 'Type A',
      redo: 'Change title',
    });
    expect(stories.open(story.id).story.title).toBe('The lamp');
    expect(bench.history.redo(story.id)).toMatchObject({ undo: 'Change title', redo: null });
    expect(reopened().open(story.id).story.title).toBe('The lamp keeper');
    expect(bench.history.redo(story.id)).toBeNull();
  });

  test('a new edit ends what could be redone', () => {
    const { story } = stories.create('One');
    const title = (revision: number, text: string) =>
      stories.edit({ story: story.id, revision, edit: { type: 'set-title', title: text }, label: text });
    title(0, 'Two');
    bench.history.undo(story.id);
    expect(title(2, 'Three')).toMatchObject({ undo: 'Three', redo: null });
    expect(bench.history.redo(story.id)).toBeNull();
    expect(bench.history.undo(story.id)).toMatchObject({ undo: null, redo: 'Three' });
    expect(bench.history.undo(story.id)).toBeNull();
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
