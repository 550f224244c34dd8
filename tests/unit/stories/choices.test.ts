import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { join } from 'node:path';
import { openDatabase } from '../../../src/main/store/database.ts';
import { migrations } from '../../../src/main/store/migrations.ts';
import { Choices } from '../../../src/main/stories/choices.ts';
import {
  fixedClock,
  openBench,
  panelOf,
  removeBench,
  storyOf,
  textBlock,
  type Bench,
} from '../../fixtures/stories.ts';
import { temporaryFolder } from '../library/samples.ts';

let bench: Bench;
let choices: Choices;
const asset = (letter: string): string => letter.repeat(64);
const shown = [
  { asset: asset('a'), source: 'retrieved' as const, confidence: 0.8, rank: 0 },
  { asset: asset('b'), source: 'retrieved' as const, confidence: null, rank: 1 },
  { asset: asset('c'), source: 'sketched' as const, confidence: 1, rank: 0 },
];
const choice = (story: string) => ({
  story,
  panel: 'p1',
  query: 'A dog, 犬 🐕',
  like: [asset('d')],
  shown,
  suggested: asset('a'),
  accepted: asset('c'),
  refused: [asset('b')],
  odds: -1.5,
});

beforeEach(() => {
  bench = openBench();
  choices = new Choices({ database: bench.database, clock: fixedClock });
  for (const id of ['one', 'two']) {
    bench.stories.insert(storyOf([panelOf('p1', textBlock('t1', 'A dog.'))], { id, title: id }));
  }
});
afterEach(async () => {
  await bench.close();
  removeBench(bench);
});

describe('choices', () => {
  test('are kept as they were made, and listed the latest first', () => {
    const first = choices.record(choice('one'));
    const second = choices.record({ ...choice('two'), accepted: null });
    expect(second.recorded).toBeGreaterThan(first.recorded);
    const { total, choices: listed } = choices.list({ offset: 0, limit: 10 });
    expect(total).toBe(2);
    expect(listed[1]).toEqual({
      ...choice('one'),
      number: first.recorded,
      title: 'one',
      createdAt: '2026-03-04T05:06:07.000Z',
      leftOut: false,
    });
    expect(listed[0]).toMatchObject({ story: 'two', accepted: null });
    expect(choices.list({ story: 'one', offset: 0, limit: 10 }).total).toBe(1);
    expect(choices.list({ offset: 1, limit: 1 }).choices.map(({ story }) => story)).toEqual(['one']);
  });

  test('are forgotten when the person says so, of one story or all, and with their story', () => {
    for (const story of ['one', 'one', 'two']) choices.record(choice(story));
    expect(choices.clear('one')).toEqual({ removed: 2 });
    bench.stories.remove('two');
    expect(choices.list({ offset: 0, limit: 10 })).toEqual({ total: 0, choices: [] });
    choices.record(choice('one'));
    expect(choices.clear()).toEqual({ removed: 1 });
  });

  test('refuse what was not shown, and a story that is gone', () => {
    expect(() => choices.record({ ...choice('one'), accepted: asset('e') })).toThrow(
      /was not among those shown/,
    );
    expect(() => choices.record(choice('none'))).toThrow(
      expect.objectContaining({ code: 'not-found' }) as Error,
    );
    expect(choices.list({ offset: 0, limit: 10 }).total).toBe(0);
  });
});

test('the migration that makes them leaves everything else as it was', () => {
  const file = join(temporaryFolder(), 'library.db');
  const at = migrations.findIndex(({ up }) => up.toString().includes('CREATE TABLE choices'));
  const before = openDatabase(file, migrations.slice(0, at));
  before.prepare("INSERT INTO settings VALUES ('language', 'ja')").run();
  before
    .prepare(
      `INSERT INTO stories (id, title, settings, "cast", panel_order, revision, created_at, updated_at)
       VALUES ('s', 'Kept', '{}', '[]', '["p"]', 7, '', '')`,
    )
    .run();
  before.prepare("INSERT INTO panels VALUES ('s', 'p', '{}')").run();
  const rows = (database: typeof before, table: string) => database.prepare(`SELECT * FROM ${table}`).all();
  const kept = ['settings', 'stories', 'panels'].map((table) => rows(before, table));
  before.close();

  const after = openDatabase(file, migrations.slice(0, at + 1));
  onTestFinished(() => {
    after.close();
  });
  expect(['settings', 'stories', 'panels'].map((table) => rows(after, table))).toEqual(kept);
  expect(rows(after, 'choices')).toEqual([]);
  after
    .prepare(
      `INSERT INTO choices (story, panel, query, "like", shown, refused, created_at) VALUES ('s', 'p', '', '[]', '[]', '[]', '')`,
    )
    .run();
  after.prepare('DELETE FROM stories').run();
  expect(rows(after, 'choices')).toEqual([]);
});
