import type { Database } from 'better-sqlite3';

export const version = 5;

/**
 * What a person took and refused when pictures were offered for a panel. It goes with its story: what was asked are
 * the story's own words.
 */
export function up(database: Database): void {
  database.exec(`
    CREATE TABLE choices (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      story TEXT NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
      panel TEXT NOT NULL,
      query TEXT NOT NULL,
      -- JSON: the pictures in the query, and every candidate shown with its source, confidence and rank.
      "like" TEXT NOT NULL,
      shown TEXT NOT NULL,
      suggested TEXT,
      accepted TEXT,
      refused TEXT NOT NULL,
      created_at TEXT NOT NULL
    );
    CREATE INDEX choices_by_story ON choices (story, number);
  `);
}
