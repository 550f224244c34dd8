import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3, { type Database } from 'better-sqlite3';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import { migrations as ownMigrations, type Migration } from './migrations.ts';

export type { Database } from 'better-sqlite3';

/** Marks the file as a Fabula library (`PRAGMA application_id`): "FABU". */
const applicationId = 0x46414255;

/** How long a writer waits for another process before it gives up, in milliseconds. */
const busyTimeout = 15_000;

/**
 * Opens the library's database, making it or bringing it up to date as needed. Several processes may have it open at
 * once (WAL). Before an existing database is migrated, a copy named `<file>.before-v<N>` is made beside it.
 *
 * Throws a FabulaError naming the file: `newer-database` when a newer Fabula wrote it, `no-permission`, `disk-full`,
 * or `invalid-input` when it is not a Fabula library.
 */
export function openDatabase(file: string, migrations: readonly Migration[] = ownMigrations): Database {
  assertOrdered(migrations);
  let database: Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    database = new BetterSqlite3(file, { timeout: busyTimeout });
    refuseForeign(database, file, migrations);
    database.pragma('journal_mode = WAL');
    // In WAL mode NORMAL keeps the database whole over a power cut, and loses nothing when only the process dies. What
    // a person made is saved `durably`; what can be made again (imports, vectors, renditions) need not wait for the disk.
    database.pragma('synchronous = NORMAL');
    database.pragma('cache_size = -32000');
    database.pragma('temp_store = MEMORY');
    migrate(database, file, migrations);
    database.pragma('foreign_keys = ON');
    return database;
  } catch (error) {
    database?.close();
    throw explainFileError(error, file);
  }
}

/**
 * Runs a piece of work in one transaction which, when this returns, lies on the disk: it outlives a power cut, and so
 * does everything committed before it. Inside another transaction it is a part of that one.
 */
export function durably<T>(database: Database, work: () => T): T {
  const transaction = database.transaction(work) as { immediate: () => T };
  if (database.inTransaction) return transaction.immediate();
  database.pragma('synchronous = FULL');
  try {
    return transaction.immediate();
  } finally {
    database.pragma('synchronous = NORMAL');
  }
}

/** What is wrong with the database file, in words; empty when nothing is. Reads the whole file. */
export function integrityProblems(database: Database): string[] {
  try {
    const found = database.pragma('quick_check') as { quick_check: string }[];
    const broken = database.pragma('foreign_key_check') as { table: string; parent: string }[];
    return [
      ...found.map((row) => row.quick_check).filter((line) => line !== 'ok'),
      ...broken.map((row) => `a row of ${row.table} refers to a missing row of ${row.parent}`),
    ];
  } catch (error) {
    // Damage may stop the check itself.
    return [error instanceof Error ? error.message : String(error)];
  }
}

function refuseForeign(database: Database, file: string, migrations: readonly Migration[]): void {
  const found = schemaVersion(database);
  const latest = migrations.at(-1)?.version ?? 0;
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
  const mark = database.pragma('application_id', { simple: true });
  if (tables > 0 && mark !== applicationId) {
    throw new FabulaError(
      'invalid-input',
      `“${file}” is a database of another program, not a Fabula library. Choose another data folder.`,
      { file },
    );
  }
  if (found > latest) {
    throw new FabulaError(
      'newer-database',
      `“${file}” was written by a newer Fabula (schema ${found}; this one knows ${latest}). Update Fabula, or choose another data folder. Nothing was changed.`,
      { file, found, known: latest },
    );
  }
}

function migrate(database: Database, file: string, migrations: readonly Migration[]): void {
  const latest = migrations.at(-1)?.version ?? 0;
  const before = schemaVersion(database);
  if (before === latest) return;
  if (before > 0) copyBefore(database, before, `${file}.before-v${latest}`);
  database
    .transaction(() => {
      // Read again under the write lock: another process may have migrated while this one waited for it.
      const current = schemaVersion(database);
      for (const migration of migrations) {
        if (migration.version > current) migration.up(database);
      }
      const broken = database.pragma('foreign_key_check') as unknown[];
      if (broken.length > 0) {
        throw new Error(`Migrating ${file} left ${broken.length} rows that refer to missing rows.`);
      }
      database.pragma(`application_id = ${applicationId}`);
      database.pragma(`user_version = ${latest}`);
    })
    .immediate();
}

function copyBefore(database: Database, version: number, target: string): void {
  const temporary = `${target}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  try {
    database.prepare('VACUUM INTO ?').run(temporary);
    const copy = new BetterSqlite3(temporary, { readonly: true });
    const copied = schemaVersion(copy);
    copy.close();
    // When another process has migrated in the meantime this is no copy from before, and that process made one.
    if (copied === version) renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function schemaVersion(database: Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}

function assertOrdered(migrations: readonly Migration[]): void {
  for (const [index, migration] of migrations.entries()) {
    if (migration.version !== index + 1) {
      throw new Error(
        `Migration ${migration.version} stands in place ${index + 1}; migrations are append-only.`,
      );
    }
  }
}
