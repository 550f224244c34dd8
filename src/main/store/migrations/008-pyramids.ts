import type { Database } from 'better-sqlite3';

export const version = 8;

/** What is on each picture in words, and the words themselves, for facets and for search. */
export function up(database: Database): void {
  database.exec(`
    CREATE TABLE pyramids (
      asset TEXT PRIMARY KEY REFERENCES assets (id) ON DELETE CASCADE,
      -- Pack and revision of the model that saw them, or 'sketch' for those of a scene.
      pack TEXT NOT NULL,
      -- SeenWords, as JSON.
      words TEXT NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE seen_words (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      word TEXT NOT NULL UNIQUE
    );
    -- Those of a pyramid that are likelier than not; replaced together with it.
    CREATE TABLE asset_words (
      asset INTEGER NOT NULL REFERENCES assets (number) ON DELETE CASCADE,
      word INTEGER NOT NULL REFERENCES seen_words (number) ON DELETE CASCADE,
      probability REAL NOT NULL,
      PRIMARY KEY (asset, word)
    ) WITHOUT ROWID;
    CREATE INDEX asset_words_by_word ON asset_words (word, asset, probability);
  `);
}
