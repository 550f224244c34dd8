import type { Database } from 'better-sqlite3';

export const version = 6;

/** How each story was exported last; goes with its story. */
export function up(database: Database): void {
  database.exec(`
    CREATE TABLE export_choices (
      story TEXT PRIMARY KEY REFERENCES stories (id) ON DELETE CASCADE,
      -- An ExportChoice of the contract, as JSON.
      choice TEXT NOT NULL
    ) WITHOUT ROWID;
  `);
}
