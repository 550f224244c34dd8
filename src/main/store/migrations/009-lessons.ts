import type { Database } from 'better-sqlite3';

export const version = 9;

/**
 * What a choice needs so that suggestions can learn from it: how the evidence stood before any taste was asked, and
 * whether the person wants it left out. Choices made before this teach with even evidence.
 */
export function up(database: Database): void {
  database.exec(`
    -- Log-odds of a drawing against a picture of the library; null where they were not known.
    ALTER TABLE choices ADD COLUMN odds REAL;
    ALTER TABLE choices ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;
  `);
}
