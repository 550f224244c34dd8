import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { FolderRun } from '../../../src/main/captions/folder-run.ts';
import { randomIds } from '../../../src/main/ports.ts';
import { openDatabase, type Database } from '../../../src/main/store/database.ts';
import { CaptionOptionsSchema } from '../../../src/shared/contract.ts';

const root = mkdtempSync(join(tmpdir(), 'fabula-run-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let database: Database;
let time: number;
const clock = { now: () => new Date(time) };
beforeEach(() => {
  time = Date.UTC(2026, 10, 21);
  database = openDatabase(join(mkdtempSync(join(root, 'data-')), 'library.db'));
  return () => database.close();
});

const overwrite = CaptionOptionsSchema.parse({ mode: 'overwrite' });
const begin = (folder = '/photos', pack = 'starter@1', options = overwrite) =>
  FolderRun.begin({ database, clock, ids: randomIds }, folder, pack, options);

test('stopped, a run is gone on with; ended, the next one is new', () => {
  const first = begin();
  expect(first.isNew).toBe(true);
  first.release();
  const second = begin('/photos/');
  expect([second.isNew, second.id]).toEqual([false, first.id]);
  second.end();
  const third = begin();
  expect(third.isNew).toBe(true);
  expect(third.id).not.toBe(first.id);
});

test('another folder, pack or mode is another run', () => {
  const first = begin();
  const others = [
    begin('/other'),
    begin('/photos', 'starter@2'),
    begin('/photos', 'starter@1', CaptionOptionsSchema.parse({ mode: 'append' })),
  ];
  for (const other of others) expect(other.isNew).toBe(true);
  expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(4);
});

test('a folder in work is refused, until its process has been silent for a minute; that one then stops', () => {
  const first = begin();
  time += 59_000;
  expect(() => begin()).toThrow(expect.objectContaining({ code: 'conflict' }));
  first.beat();
  time += 59_000;
  expect(() => begin()).toThrow(`process ${process.pid}`);
  // As another process would, which has a number of its own.
  time += 2_000;
  const second = begin();
  expect(second.id).toBe(first.id);
  database.prepare("UPDATE settings SET value = json_set(value, '$.pid', 1)").run();
  expect(() => first.beat()).toThrow(expect.objectContaining({ code: 'conflict' }));
  first.end();
  expect(database.prepare('SELECT count(*) FROM settings').pluck().get()).toBe(1);
});

test('a process that is dead is not waited for', () => {
  const first = begin();
  // No process has this number: it is past the largest there can be.
  database.prepare("UPDATE settings SET value = json_set(value, '$.pid', 99999999)").run();
  expect(begin().id).toBe(first.id);
});
