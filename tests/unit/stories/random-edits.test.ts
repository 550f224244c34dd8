import { afterEach, expect, test } from 'vitest';
import { applyEdit } from '../../../src/shared/edits.ts';
import { FabulaError } from '../../../src/shared/errors.ts';
import { StorySchema, type Story } from '../../../src/shared/story.ts';
import {
  countingIds,
  fixedClock,
  imageBlock,
  openBench,
  panelOf,
  photo,
  removeBench,
  seeded,
  storyOf,
  textBlock,
  type Bench,
} from '../../fixtures/stories.ts';
import { asStored, editTypes, RandomEdits } from '../shared/random-edits.ts';

/**
 * One undo stack over a story and the library, on a real database, against the plainest model there is: for each
 * scope a list of snapshots and a place in it. Whatever is done in whatever order, both must agree at every step.
 */

let bench: Bench;
afterEach(async () => {
  await bench.close();
  removeBench(bench);
});

const open = (dataDir?: string): Bench => openBench(dataDir, countingIds('id-'), fixedClock);

/** What a scope looked like after each of its entries; `at` is where it stands now. */
class Scope {
  readonly snapshots: string[];
  at = 0;

  constructor(first: string) {
    this.snapshots = [first];
  }

  get now(): string {
    return this.snapshots[this.at]!;
  }

  add(snapshot: string): void {
    this.snapshots.splice(++this.at, Infinity, snapshot);
  }
}

test.each([1])(
  'seed %i: 2,000 random edits, undos and redos; back to the start and on to the end',
  async (seed) => {
    const random = seeded(seed);
    const edits = new RandomEdits(random);
    bench = open();
    const assets: string[] = [];
    for (let index = 0; index < 5; index++) {
      assets.push((await bench.library.importBytes(`${index}.jpg`, await photo(index, 16, 16))).asset.id);
    }
    const panels = [panelOf('p1', textBlock('t1', 'x')), panelOf('p2', imageBlock('i1', assets[0]!))];
    const first = bench.stories.insert(storyOf(panels)).story;
    const id = first.id;

    // The story as every byte of the record (the clock stands still); the library as the captions shown.
    const storyNow = (): string => JSON.stringify(bench.stories.open(id).story);
    const libraryNow = (): string =>
      JSON.stringify(bench.library.getMany(assets).map(({ caption }) => caption));
    const story = new Scope(storyNow());
    const library = new Scope(libraryNow());
    /** The story as a window holds it, which applies the edits it hears of. */
    let mirror: Story = first;
    const drawn = new Set<string>();
    const counts = { edits: 0, library: 0, undone: 0, redone: 0 };

    const step = (direction: 'undo' | 'redo', view: string | null): boolean => {
      const before = [story.at, library.at];
      const menu = bench.history.state(view);
      const done = bench.history[direction](view);
      expect(done?.label ?? null).toEqual(menu[direction]);
      if (done === null) return false;
      const scope = done.change === null ? library : story;
      scope.at += direction === 'undo' ? -1 : 1;
      if (done.change === null) expect(done).toMatchObject({ changed: 1, kept: 0 });
      else mirror = applyEdit(mirror, done.change.edit).story;
      // The other scope is left alone, and asking for the opposite would lead straight back.
      expect(bench.history.state(view)[direction === 'undo' ? 'redo' : 'undo']).toEqual(done.label);
      expect([story.at, library.at]).not.toEqual(before);
      return true;
    };

    let runs = 0;
    const changeLibrary = (): void => {
      const asset = edits.one(assets);
      if (edits.below(3) > 0) {
        bench.history.library(`caption ${counts.library}`, () =>
          bench.library.setCaption(asset, { text: edits.text(), source: 'person', pack: null }),
        );
        return;
      }
      // A job that comes back for the same picture is still one entry.
      const run = `run-${++runs}`;
      for (const text of ['First.', 'Second.'].slice(edits.below(2))) {
        bench.history.library(
          (count) => ({ key: 'library.captionPictures', values: { count } }),
          () =>
            bench.library.setCaption(asset, { text, source: 'model', pack: 'p@1' }, { replacePerson: true }),
          { run },
        );
      }
    };
    const entries = (): number =>
      bench.database.prepare('SELECT max(number) FROM history').pluck().get() as number;

    // Two transactions around all: the test is about what is kept, not about how fast the disk is.
    bench.database.exec('BEGIN');
    for (let steps = 0; steps < 2000; steps++) {
      if (steps === 1000) {
        bench.database.exec('COMMIT');
        await bench.close();
        bench = open(bench.dataDir);
        bench.database.exec('BEGIN');
      }
      const turn = random();
      const view = edits.below(4) === 0 ? null : id;
      if (turn < 0.2) counts.undone += step('undo', view) ? 1 : 0;
      else if (turn < 0.32) counts.redone += step('redo', view) ? 1 : 0;
      else if (turn < 0.42) {
        const before = entries();
        changeLibrary();
        // Taking away a caption that is not there is no change, and leaves no entry.
        if (entries() > before) library.add(libraryNow());
        counts.library++;
      } else {
        const opened = bench.stories.open(id);
        const edit = asStored(edits.next(opened.story));
        try {
          bench.stories.edit({ story: id, revision: opened.revision, edit, label: `step ${steps}` });
        } catch (error) {
          // What does not fit is refused and leaves no trace.
          expect(error).toBeInstanceOf(FabulaError);
          expect(bench.stories.open(id).revision).toBe(opened.revision);
          expect(storyNow()).toBe(story.now);
          steps--;
          continue;
        }
        for (const { type } of edit.type === 'batch' ? edit.edits : [edit]) drawn.add(type);
        mirror = applyEdit(mirror, edit).story;
        story.add(storyNow());
        counts.edits++;
      }
      expect(storyNow()).toBe(story.now);
      expect(libraryNow()).toBe(library.now);
    }
    expect([...drawn].sort()).toEqual([...editTypes].sort());
    expect(counts.edits).toBeGreaterThan(900);
    expect(counts.library).toBeGreaterThan(100);
    expect(counts.undone).toBeGreaterThan(200);
    expect(counts.redone).toBeGreaterThan(50);

    // What a window holds, which applies the same edits, is what was saved; and it is a story.
    expect(JSON.stringify({ ...mirror, updatedAt: first.updatedAt })).toBe(storyNow());
    expect(() => StorySchema.parse(bench.stories.open(id).story)).not.toThrow();

    while (bench.history.redo(id));
    const last = [storyNow(), libraryNow()];
    expect(last).toEqual([story.snapshots.at(-1), library.snapshots.at(-1)]);
    while (bench.history.undo(id));
    expect([storyNow(), libraryNow()]).toEqual([JSON.stringify(first), library.snapshots[0]]);

    bench.database.exec('COMMIT');
    await bench.close();
    bench = open(bench.dataDir);
    expect(storyNow()).toBe(JSON.stringify(first));
    bench.database.exec('BEGIN');
    while (bench.history.redo(id));
    expect([storyNow(), libraryNow()]).toEqual(last);
    bench.database.exec('COMMIT');
    expect(bench.database.pragma('integrity_check', { simple: true })).toBe('ok');
  },
  // Seven seconds of work, and as many more as a busy machine makes of them.
  240_000,
);
