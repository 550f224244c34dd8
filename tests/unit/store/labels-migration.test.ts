import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { integrityProblems, openDatabase } from '../../../src/main/store/database.ts';
import { migrations } from '../../../src/main/store/migrations.ts';
import { version } from '../../../src/main/store/migrations/010-labels.ts';
import { temporaryFolder } from '../library/samples.ts';

test('the migration to labels and styles keeps every asset, and a label goes with its answers and its pictures', () => {
  const file = join(temporaryFolder(), 'library.db');
  const before = openDatabase(file, migrations.slice(0, version - 1));
  before
    .prepare(
      `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
       VALUES (?, 'a.png', '/photos', 'image/png', 4, 3, 12, '2026-01-01', 'imported', 0)`,
    )
    .run('a'.repeat(64));
  const rows = 'SELECT number, id, name, folder, width, height, bytes FROM assets';
  const assets = before.prepare(rows).all();
  before.close();

  const after = openDatabase(file);
  onTestFinished(() => {
    after.close();
  });
  expect(after.prepare(rows).all()).toEqual(assets);
  after.exec("INSERT INTO labels (id, name, key, created_at) VALUES ('l', 'Beach', 'beach', '')");
  after
    .prepare("INSERT INTO label_answers (label, asset, yes, answered_at) VALUES (1, ?, 1, '')")
    .run('a'.repeat(64));
  after.exec('INSERT INTO asset_labels (asset, label, probability) VALUES (1, 1, 1)');
  after.exec('DELETE FROM labels');
  expect(after.prepare('SELECT count(*) FROM label_answers').pluck().get()).toBe(0);
  expect(after.prepare('SELECT count(*) FROM asset_labels').pluck().get()).toBe(0);
  expect(integrityProblems(after)).toEqual([]);
});
