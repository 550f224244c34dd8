import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { StudioEmitter } from '../../src/main/events.ts';
import { ForeignChanges } from '../../src/main/foreign-changes.ts';
import { History } from '../../src/main/history.ts';
import { Library } from '../../src/main/library/library.ts';
import { Files } from '../../src/main/library/files.ts';
import { Stories } from '../../src/main/stories/stories.ts';
import { FabulaError } from '../../src/shared/errors.ts';
import type { Clock } from '../../src/main/ports.ts';
import {
  countingIds,
  fixedClock,
  openBench,
  panelOf,
  photo,
  removeBench,
  storyOf,
  textBlock,
  type Bench,
} from '../fixtures/stories.ts';

let bench: Bench;
let assets: string[];
beforeEach(async () => {
  bench = openBench();
  assets = [];
  for (let index = 0; index < 4; index++) {
    assets.push((await bench.library.importBytes(`${index}.jpg`, await photo(index, 16, 16))).asset.id);
  }
});
afterEach(async () => {
  await bench.close();
  removeBench(bench);
});

const write = (asset: number, text: string, label = text): void => {
  bench.history.library(label, () =>
    bench.library.setCaption(assets[asset]!, { text, source: 'person', pack: null }),
  );
};

/** What a batch of a captioning job does. */
const caption = (run: string, which: number[], text = 'By a model.'): void => {
  bench.history.library(
    (count) => ({ key: 'library.captionPictures', values: { count } }),
    () => {
      for (const asset of which) {
        bench.library.setCaption(
          assets[asset]!,
          { text, source: 'model', pack: 'p@1' },
          { replacePerson: true },
        );
      }
    },
    { run },
  );
};

const shown = (): (string | null)[] =>
  bench.library.getMany(assets).map((asset) => asset.caption?.text ?? null);

const titled = (id: string): ((title: string) => void) => {
  return (title) =>
    void bench.stories.change(id, () => ({ edit: { type: 'set-title', title }, label: title }));
};

describe('the library', () => {
  test('a caption is taken back and put in again, words to be found included, across a restart', async () => {
    write(0, 'A heron at dawn.');
    write(0, 'A stork at noon.');
    expect(bench.history.state(null)).toEqual({ undo: 'A stork at noon.', redo: null });
    expect(bench.history.undo(null)).toMatchObject({ changed: 1, kept: 0, undo: 'A heron at dawn.' });
    expect(bench.library.findWords('heron', 5)).toEqual([assets[0]]);
    expect(bench.library.findWords('stork', 5)).toEqual([]);

    await bench.close();
    bench = openBench(bench.dataDir);
    expect(bench.history.undo(null)).toMatchObject({ undo: null, redo: 'A heron at dawn.' });
    expect(shown()).toEqual([null, null, null, null]);
    bench.history.redo(null);
    bench.history.redo(null);
    expect(shown()[0]).toBe('A stork at noon.');
    expect(bench.history.redo(null)).toBeNull();
  });

  test('a batch of captions is one entry, however many pictures and however often it is gone on with', async () => {
    caption('job-1', [0, 1]);
    write(3, 'Mine.');
    await bench.close();
    bench = openBench(bench.dataDir);
    caption('job-1', [2]);
    expect(bench.history.state(null).undo).toBe('Mine.');
    bench.history.undo(null);
    expect(bench.history.undo(null)).toMatchObject({
      label: { key: 'library.captionPictures', values: { count: 3 } },
      changed: 3,
      undo: null,
    });
    expect(shown()).toEqual([null, null, null, null]);

    // Taken back and then gone on with, it is an entry of its own, and does not bring the others back.
    caption('job-1', [1]);
    expect(bench.history.state(null)).toEqual({
      undo: { key: 'library.captionPictures', values: { count: 1 } },
      redo: null,
    });
  });

  test('what a person changed since is left as it is, and counted', () => {
    caption('job-1', [0, 1, 2]);
    write(1, 'Mine.');
    bench.history.undo(null);
    bench.history.redo(null);
    // The person's entry is not the one taken back here: it is dropped from the history as a long one drops it.
    bench.database.prepare("DELETE FROM history WHERE label LIKE '%Mine%'").run();
    expect(bench.history.undo(null)).toMatchObject({ changed: 2, kept: 1 });
    expect(shown()).toEqual([null, 'Mine.', null, null]);
    expect(bench.history.redo(null)).toMatchObject({ changed: 2, kept: 1 });
    expect(shown()).toEqual(['By a model.', 'Mine.', 'By a model.', null]);
  });

  test('where a job wrote over a person’s words, undo goes back to those', () => {
    caption('job-1', [0], 'First.');
    write(0, 'Mine.');
    caption('job-1', [0], 'Again.');
    bench.database.prepare("DELETE FROM history WHERE label LIKE '%Mine%'").run();
    bench.history.undo(null);
    expect(shown()[0]).toBe('Mine.');
  });

  test('work that fails leaves neither changes nor an entry; work inside other work is part of it', () => {
    expect(() =>
      bench.history.library('Half', () => {
        bench.library.setCaption(assets[0]!, { text: 'Half.', source: 'person', pack: null });
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(bench.history.state(null)).toEqual({ undo: null, redo: null });
    expect(shown()[0]).toBeNull();
    bench.history.library('Both', () => {
      write(0, 'One.');
      write(1, 'Two.');
    });
    expect(bench.history.undo(null)).toMatchObject({ label: 'Both', changed: 2, undo: null });
  });

  test('an asset that is gone is left out', async () => {
    caption('job-1', [0, 1]);
    await bench.library.remove([assets[0]!]);
    expect(bench.history.undo(null)).toMatchObject({ changed: 1, kept: 1 });
  });

  test('undo ends the run that it takes back before it goes on', () => {
    const stopped: string[] = [];
    const history = new History({
      database: bench.database,
      clock: fixedClock,
      stop: (run) => stopped.push(run),
    });
    const library = new Library({
      database: bench.database,
      files: new Files(bench.dataDir),
      clock: fixedClock,
      history,
    });
    caption('job-7', [0]);
    history.undo(null);
    expect(stopped).toEqual(['job-7']);
    expect(library.get(assets[0]!).caption).toBeNull();
  });
});

describe('stories and library', () => {
  test('a story’s window undoes the last of both, in order; the library’s view its own alone', () => {
    const { id } = bench.stories.insert(storyOf([panelOf('p1', textBlock('t1', 'x'))])).story;
    const other = bench.stories.create('Other').story.id;
    const title = titled(id);
    title('One');
    write(0, 'Caption.');
    title('Two');
    titled(other)('Elsewhere');

    expect(bench.history.state(id)).toEqual({ undo: 'Two', redo: null });
    expect(bench.history.state(null)).toEqual({ undo: 'Caption.', redo: null });
    expect(bench.history.undo(id)?.label).toBe('Two');
    expect(bench.history.undo(id)?.label).toBe('Caption.');
    expect(bench.history.undo(id)?.label).toBe('One');
    expect(bench.history.undo(id)).toBeNull();
    expect(bench.history.redo(id)?.label).toBe('One');
    expect(bench.history.redo(id)?.label).toBe('Caption.');
    expect(bench.stories.open(other)).toMatchObject({ undo: 'Caption.', story: { title: 'Elsewhere' } });

    // What is undone last is redone first, also where another view undid something before.
    expect(bench.history.undo(null)?.label).toBe('Caption.');
    expect(bench.history.undo(id)?.label).toBe('One');
    expect(bench.history.redo(id)?.label).toBe('One');
    expect(bench.history.redo(id)?.label).toBe('Caption.');
  });

  test('a new entry ends what its own scope could redo, and only that', () => {
    const { id } = bench.stories.create('A story').story;
    titled(id)('One');
    write(0, 'Caption.');
    bench.history.undo(id);
    bench.history.undo(id);
    write(1, 'Another.');
    expect(bench.history.state(id).redo).toBe('One');
    expect(bench.history.state(null).redo).toBeNull();
    titled(id)('Two');
    expect(bench.history.state(id)).toEqual({ undo: 'Two', redo: null });
  });

  test('a request that is asked again, because its answer was lost, is done once', () => {
    const { id } = bench.stories.create('A story').story;
    const edit = {
      story: id,
      revision: 0,
      edit: { type: 'set-title' as const, title: 'New' },
      label: 'Edit title',
      once: 'request-1',
    };
    bench.stories.edit(edit);
    const again = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        return error instanceof FabulaError ? { code: error.code, ...error.details } : error;
      }
    };
    expect(again(() => bench.stories.edit(edit))).toEqual({ code: 'conflict', done: true });
    expect(bench.stories.open(id).revision).toBe(1);
    bench.history.undo(id, 'request-2');
    expect(again(() => bench.history.undo(id, 'request-2'))).toEqual({ code: 'conflict', done: true });
    expect(bench.stories.open(id).redo).toBe('Edit title');
  });
});

describe('what is kept', () => {
  test('the oldest entries go first, by number and by age; the rest undoes as before', () => {
    let today = new Date('2026-01-01T00:00:00.000Z').getTime();
    const clock: Clock = { now: () => new Date(today) };
    const history = new History({
      database: bench.database,
      clock,
      limits: { most: 10, least: 4, days: 90 },
    });
    const stories = new Stories({
      database: bench.database,
      clock,
      ids: countingIds('s-'),
      history,
      emit: () => {},
    });
    const { id } = stories.create('0').story;
    const count = (): unknown =>
      bench.database.prepare('SELECT count(*) FROM history WHERE story = ?').pluck().get(id);
    const title = (text: string): unknown =>
      stories.change(id, () => ({ edit: { type: 'set-title', title: text }, label: text }));

    for (let n = 1; n <= 15; n++) title(String(n));
    expect(count()).toBe(10);
    today += 91 * 86_400_000;
    title('16');
    // Ten are too many by one; six of them are too old, and four are kept however old they are.
    expect(count()).toBe(4);
    const undone: unknown[] = [];
    for (let step = history.undo(id); step !== null; step = history.undo(id)) undone.push(step.label);
    expect(undone).toEqual(['16', '15', '14', '13']);
    expect(stories.open(id).story.title).toBe('12');
    while (history.redo(id));
    expect(stories.open(id).story.title).toBe('16');
  });

  test('a story takes its history with it', () => {
    const { id } = bench.stories.create('A story').story;
    titled(id)('One');
    write(0, 'Caption.');
    bench.stories.remove(id);
    expect(bench.database.prepare('SELECT count(*) FROM history').pluck().get()).toBe(1);
    expect(bench.history.state(null).undo).toBe('Caption.');
  });
});

describe('what other processes change', () => {
  test('is told to the windows of this one, and nothing else is', async () => {
    const events = new StudioEmitter();
    const heard: string[] = [];
    events.listen('stories.changed', ({ story }) => heard.push(`story ${story}`));
    events.listen('library.changed', () => heard.push('library'));
    events.listen('history.changed', ({ undo }) => heard.push(`history ${JSON.stringify(undo)}`));
    const { id } = bench.stories.create('Here').story;
    const watch = new ForeignChanges({ database: bench.database, events, history: bench.history, every: 20 });
    const other = openBench(bench.dataDir, countingIds('other-'));
    onTestFinished(async () => {
      watch.close();
      await other.close();
    });
    const next = async (expected: string[]): Promise<void> => {
      await vi.waitFor(() => expect(heard.length).toBeGreaterThanOrEqual(expected.length), 5000);
      expect(heard.splice(0)).toEqual(expected);
    };

    other.stories.change(id, () => ({ edit: { type: 'set-title', title: 'There' }, label: 'Title' }));
    await next([`story ${id}`]);
    expect(bench.stories.open(id).story.title).toBe('There');
    other.history.library('Elsewhere', () =>
      other.library.setCaption(assets[0]!, { text: 'Elsewhere.', source: 'person', pack: null }),
    );
    await next(['history "Elsewhere"', 'library']);
    other.history.undo(null);
    await next(['history null', 'library']);
    other.stories.remove(id);
    await next([`story ${id}`]);

    // A setting is none of these; nor is what this process writes itself.
    other.database.prepare("INSERT INTO settings VALUES ('note', '1')").run();
    write(1, 'Here.');
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(heard.filter((one) => one.startsWith('story'))).toEqual([]);
  });
});
