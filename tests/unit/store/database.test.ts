import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { explainFileError } from '../../../src/main/fs-errors.ts';
import { History } from '../../../src/main/history.ts';
import { systemClock } from '../../../src/main/ports.ts';
import { integrityProblems, openDatabase } from '../../../src/main/store/database.ts';
import { migrations, type Migration } from '../../../src/main/store/migrations.ts';
import { temporaryFolder } from '../library/samples.ts';
import { runChild } from '../run-child.ts';

const next: Migration = {
  version: migrations.length + 1,
  up: (database) => {
    database.exec("ALTER TABLE settings ADD COLUMN note TEXT NOT NULL DEFAULT 'migrated'");
  },
};

function open(file: string, list: readonly Migration[] = migrations) {
  const database = openDatabase(file, list);
  onTestFinished(() => {
    database.close();
  });
  return database;
}

describe('opening', () => {
  test('makes a database in a folder that does not exist yet, in WAL mode, whole', () => {
    const file = join(temporaryFolder(), 'data', 'library.db');
    const database = open(file);
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(integrityProblems(database)).toEqual([]);
  });

  test('keeps what is in it', () => {
    const file = join(temporaryFolder(), 'library.db');
    const first = openDatabase(file);
    first.prepare('INSERT INTO settings VALUES (?, ?)').run('language', 'ja');
    first.close();
    expect(open(file).prepare('SELECT * FROM settings').all()).toEqual([{ key: 'language', value: 'ja' }]);
    expect(existsSync(`${file}.before-v1`)).toBe(false);
  });
});

describe('migration 001', () => {
  test('leads from nothing to every table the services use', () => {
    const file = join(temporaryFolder(), 'library.db');
    const database = open(file, migrations.slice(0, 1));
    const tables = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%\\_fts\\_%' ESCAPE '\\'",
      )
      .pluck()
      .all();
    expect(tables).toEqual(
      expect.arrayContaining(
        'settings assets asset_paths captions assets_fts vectors jobs job_items stories panels story_edits'.split(
          ' ',
        ),
      ),
    );
  });

  test('counts vectors added and removed, also when their asset goes', () => {
    const database = open(join(temporaryFolder(), 'library.db'));
    const id = 'a'.repeat(64);
    database
      .prepare(
        `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
         VALUES (?, 'a.png', '', 'image/png', 1, 1, 1, '', 'imported', 0)`,
      )
      .run(id);
    database.prepare("INSERT INTO vectors (space, asset, vector) VALUES ('p@1', ?, x'00')").run(id);
    database.prepare('DELETE FROM assets').run();
    expect(database.prepare('SELECT * FROM vector_spaces').all()).toEqual([
      { space: 'p@1', added: 1, removed: 1 },
    ]);
  });
});

describe('migration 003', () => {
  test('keeps the pictures, and lets other bytes be one of them as long as it is there', () => {
    const file = join(temporaryFolder(), 'library.db');
    const id = 'a'.repeat(64);
    const before = open(file, migrations.slice(0, 2));
    before
      .prepare(
        `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
         VALUES (?, 'a.png', '', 'image/png', 1, 1, 1, '', 'imported', 0)`,
      )
      .run(id);
    before.close();
    const database = open(file, migrations.slice(0, 3));
    expect(database.prepare('SELECT id FROM assets').pluck().all()).toEqual([id]);
    database.prepare('INSERT INTO asset_aliases (hash, asset) VALUES (?, ?)').run('b'.repeat(64), id);
    database.prepare('DELETE FROM assets').run();
    expect(database.prepare('SELECT * FROM asset_aliases').all()).toEqual([]);
  });
});

describe('migrating', () => {
  test('brings rows along and leaves a copy from before beside the file', () => {
    const file = join(temporaryFolder(), 'library.db');
    const before = openDatabase(file);
    before.prepare("INSERT INTO settings VALUES ('language', 'ja')").run();
    before.close();

    const after = open(file, [...migrations, next]);
    expect(after.prepare('SELECT * FROM settings').all()).toEqual([
      { key: 'language', value: 'ja', note: 'migrated' },
    ]);
    const copy = new BetterSqlite3(`${file}.before-v${next.version}`, { readonly: true });
    expect(copy.pragma('user_version', { simple: true })).toBe(migrations.length);
    expect(copy.prepare('SELECT * FROM settings').all()).toEqual([{ key: 'language', value: 'ja' }]);
    copy.close();
  });

  test('changes nothing when it fails', () => {
    const file = join(temporaryFolder(), 'library.db');
    openDatabase(file).close();
    const failing: Migration = {
      version: next.version,
      up: (database) => {
        next.up(database);
        throw new Error('half way');
      },
    };
    expect(() => openDatabase(file, [...migrations, failing])).toThrow('half way');
    const database = open(file);
    expect(
      database
        .prepare('SELECT * FROM settings')
        .columns()
        .map(({ name }) => name),
    ).toEqual(['key', 'value']);
  });

  test('two processes that migrate at once agree', async () => {
    const file = join(temporaryFolder(), 'library.db');
    openDatabase(file).close();
    const script = `
      import { openDatabase } from './src/main/store/database.ts';
      import { migrations } from './src/main/store/migrations.ts';
      const next = { version: migrations.length + 1, up: (d) => d.exec("ALTER TABLE settings ADD COLUMN note TEXT") };
      openDatabase(${JSON.stringify(file)}, [...migrations, next]).close();`;
    const children = await Promise.all([runChild(script), runChild(script)]);
    expect(children.map(({ code }) => code)).toEqual([0, 0]);
    expect(open(file, [...migrations, next]).pragma('user_version', { simple: true })).toBe(next.version);
  });

  test('refuses migrations out of order', () => {
    expect(() => openDatabase(join(temporaryFolder(), 'library.db'), [next])).toThrow('append-only');
  });
});

describe('bad input', () => {
  test('a database from a newer version is refused, named, and left alone', () => {
    const file = join(temporaryFolder(), 'library.db');
    openDatabase(file, [...migrations, next]).close();
    const before = readFileSync(file);
    expect(() => openDatabase(file)).toThrow(
      expect.objectContaining({
        code: 'newer-database',
        message: expect.stringContaining(file) as string,
      }) as Error,
    );
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('a file that is no database is refused, named, and left alone', () => {
    const file = join(temporaryFolder(), 'library.db');
    writeFileSync(file, 'This is a shopping list, and a long one.\n'.repeat(200));
    expect(() => openDatabase(file)).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        message: expect.stringContaining(file) as string,
      }) as Error,
    );
    expect(readFileSync(file, 'utf8')).toContain('shopping list');
  });

  test("another program's database is refused", () => {
    const file = join(temporaryFolder(), 'library.db');
    const foreign = new BetterSqlite3(file);
    foreign.exec('CREATE TABLE bookmarks (url TEXT)');
    foreign.close();
    expect(() => openDatabase(file)).toThrow(/another program/);
  });

  test('a damaged database is refused or reported, not used in silence', () => {
    const file = join(temporaryFolder(), 'library.db');
    const database = openDatabase(file);
    const insert = database.prepare('INSERT INTO settings VALUES (?, ?)');
    database.transaction(() => {
      for (let key = 0; key < 2000; key += 1) insert.run(`key ${key}`, 'value '.repeat(20));
    })();
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, bytes.length - 40_000, bytes.length - 8000);
    writeFileSync(file, bytes);
    expect(integrityProblems(open(file))).not.toEqual([]);
  });

  test('a data folder that may not be written is named', async () => {
    const folder = temporaryFolder();
    const { stdout } = await runChild(
      `
      import { openDatabase } from './src/main/store/database.ts';
      import { toFailure } from './src/shared/errors.ts';
      try { openDatabase(${JSON.stringify(join(folder, 'library.db'))}); } catch (error) { console.log(JSON.stringify(toFailure(error))); }`,
      { unprivilegedWithout: folder },
    );
    const failure = JSON.parse(stdout) as { code: string; message: string };
    expect(failure.code).toBe('no-permission');
    expect(failure.message).toContain(folder);
  });

  test('a full disk is called so, and what was written before stays', () => {
    const file = join(temporaryFolder(), 'library.db');
    const database = open(file);
    const insert = database.prepare('INSERT INTO settings VALUES (?, ?)');
    insert.run('kept', 'yes');
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true }) as number}`);
    let thrown: unknown;
    try {
      insert.run('large', 'x'.repeat(1_000_000));
    } catch (error) {
      thrown = explainFileError(error, file);
    }
    expect(thrown).toMatchObject({ code: 'disk-full', message: expect.stringContaining(file) as string });
    expect(database.prepare('SELECT key FROM settings').pluck().all()).toEqual(['kept']);
    expect(integrityProblems(database)).toEqual([]);
  });
});

describe('migration 004', () => {
  test('makes one history of the edits of every story, in the order in which they were done', () => {
    const file = join(temporaryFolder(), 'library.db');
    const before = openDatabase(file, migrations.slice(0, 3));
    before.exec(`
      INSERT INTO stories VALUES ('s1', '', '{}', '[]', '[]', 2, '', ''), ('s2', '', '{}', '[]', '[]', 2, '', '');
      INSERT INTO story_edits VALUES
        ('s1', 1, 'First “one”', '{"a":1}', '{"a":0}', 'done', '2026-01-01T00:00:01.000Z'),
        ('s2', 1, 'Second', '{"b":1}', '{"b":0}', 'done', '2026-01-01T00:00:02.000Z'),
        ('s1', 2, 'Third', '{"a":2}', '{"a":1}', 'undone', '2026-01-01T00:00:03.000Z'),
        ('s1', 3, 'Fourth', '{"a":3}', '{"a":2}', 'undone', '2026-01-01T00:00:04.000Z');
    `);
    before.close();

    const after = open(file);
    const history = new History({ database: after, clock: systemClock });
    expect(history.state('s1')).toEqual({ undo: 'First “one”', redo: 'Third' });
    expect(history.state('s2')).toEqual({ undo: 'Second', redo: null });
    expect(history.state(null)).toEqual({ undo: null, redo: null });
    const steps: unknown[] = [];
    history.registerStories({
      step: (story, edit) => (menu) => {
        steps.push([story, edit]);
        return { id: story, revision: 0, edit, ...menu };
      },
    });
    expect(history.redo('s1')?.redo).toBe('Fourth');
    expect(history.redo('s1')?.redo).toBeNull();
    while (history.undo('s1'));
    expect(steps).toEqual([
      ['s1', { a: 2 }],
      ['s1', { a: 3 }],
      ['s1', { a: 2 }],
      ['s1', { a: 1 }],
      ['s1', { a: 0 }],
    ]);
    expect(after.pragma('foreign_key_check')).toEqual([]);
  });
});
