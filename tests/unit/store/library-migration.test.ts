import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { integrityProblems, openDatabase } from '../../../src/main/store/database.ts';
import { migrations } from '../../../src/main/store/migrations.ts';
import { version } from '../../../src/main/store/migrations/002-library.ts';
import { temporaryFolder } from '../library/samples.ts';

test('the migration to tags and facets keeps every asset and caption, and says beside the asset who wrote it', () => {
  const file = join(temporaryFolder(), 'library.db');
  const before = openDatabase(file, migrations.slice(0, version - 1));
  const insert = before.prepare(
    `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
     VALUES (?, ?, '/photos', 'image/png', 4, 3, 12, '2026-01-01', 'imported', 0)`,
  );
  const caption = before.prepare(
    "INSERT INTO captions (asset, text, source, pack, settings, created_at) VALUES (?, ?, ?, ?, '{}', '')",
  );
  const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
  for (const id of ids) insert.run(id, `${id[0]!}.png`);
  const show = (id: string, number: number | bigint): void =>
    void before.prepare('UPDATE assets SET caption = ? WHERE id = ?').run(number, id);
  show(ids[0]!, caption.run(ids[0], 'a dog', 'model', 'starter@1').lastInsertRowid);
  caption.run(ids[1], 'a cat', 'model', 'starter@1');
  show(ids[1]!, caption.run(ids[1], 'my cat', 'person', null).lastInsertRowid);
  const rows = 'SELECT number, id, name, folder, width, height, bytes, caption FROM assets';
  const assets = before.prepare(rows).all();
  const captions = before.prepare('SELECT * FROM captions').all();
  before.close();

  const after = openDatabase(file);
  onTestFinished(() => {
    after.close();
  });
  expect(after.prepare(rows).all()).toEqual(assets);
  expect(after.prepare('SELECT * FROM captions').all()).toEqual(captions);
  const writers = after.prepare('SELECT caption_source, caption_pack FROM assets ORDER BY number').raw();
  expect(writers.all()).toEqual([
    ['model', 'starter@1'],
    ['person', null],
    [null, null],
  ]);
  // From now on a trigger keeps it so, whoever writes.
  after.prepare('UPDATE assets SET caption = NULL WHERE id = ?').run(ids[0]);
  after.prepare('UPDATE assets SET caption = 2 WHERE id = ?').run(ids[1]);
  after.prepare('DELETE FROM captions WHERE number = 2').run();
  expect(writers.all()).toEqual([
    [null, null],
    [null, null],
    [null, null],
  ]);
  expect(integrityProblems(after)).toEqual([]);
});
