import type { Database } from 'better-sqlite3';

export const version = 1;

/**
 * The first schema. JSON columns hold records of `src/shared`; times are ISO 8601 in UTC, but for `taken_at`, which
 * is the camera's local time unless the camera gave a zone.
 */
export function up(database: Database): void {
  database.exec(`
    CREATE TABLE settings (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) WITHOUT ROWID;

    -- One row per picture, recognised by the SHA-256 of its bytes (id). The integer key is what assets_fts refers to.
    CREATE TABLE assets (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE CHECK (length(id) = 64),
      name TEXT NOT NULL,
      folder TEXT NOT NULL,
      mime TEXT NOT NULL,
      width INTEGER NOT NULL CHECK (width > 0),
      height INTEGER NOT NULL CHECK (height > 0),
      bytes INTEGER NOT NULL,
      taken_at TEXT,
      imported_at TEXT NOT NULL,
      origin TEXT NOT NULL CHECK (origin IN ('imported', 'sketched', 'painted')),
      -- 1 when a copy of the bytes lies in the data folder.
      kept INTEGER NOT NULL CHECK (kept IN (0, 1)),
      -- The caption shown, a row of captions; null while there is none.
      caption INTEGER REFERENCES captions (number) ON DELETE SET NULL
    );
    CREATE INDEX assets_by_folder ON assets (folder);

    -- Every place on disk where an asset has been seen. The stamp (size and times) tells whether the file there is
    -- still the same without reading it again.
    CREATE TABLE asset_paths (
      path TEXT PRIMARY KEY,
      asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
      stamp TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX asset_paths_by_asset ON asset_paths (asset);

    -- Every caption an asset has had. An empty text records that a person took the caption away.
    CREATE TABLE captions (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
      text TEXT NOT NULL,
      source TEXT NOT NULL CHECK (source IN ('person', 'model', 'file')),
      pack TEXT,
      settings TEXT NOT NULL,
      created_at TEXT NOT NULL
    );
    CREATE INDEX captions_by_asset ON captions (asset);

    -- Words of names and captions, prepared by library/words.ts; rowid is assets.number. Marks (Mn, Mc) are part of
    -- words in Devanagari and Arabic; symbols (So) make emoji words of their own.
    CREATE VIRTUAL TABLE assets_fts USING fts5 (
      name, caption,
      content = '', contentless_delete = 1,
      tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc So'"
    );

    -- Vectors as little-endian float32. A replaced vector gets a new seq, so a reader asks for what is past the last
    -- seq it saw; vector_spaces counts changes so that it knows when to ask.
    CREATE TABLE vectors (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      space TEXT NOT NULL,
      asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
      vector BLOB NOT NULL,
      UNIQUE (asset, space)
    );
    CREATE INDEX vectors_by_space ON vectors (space, seq);
    CREATE TABLE vector_spaces (
      space TEXT PRIMARY KEY,
      added INTEGER NOT NULL DEFAULT 0,
      removed INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE TRIGGER vectors_added AFTER INSERT ON vectors BEGIN
      INSERT INTO vector_spaces (space, added) VALUES (new.space, 1)
        ON CONFLICT (space) DO UPDATE SET added = added + 1;
    END;
    CREATE TRIGGER vectors_removed AFTER DELETE ON vectors BEGIN
      UPDATE vector_spaces SET removed = removed + 1 WHERE space = old.space;
    END;

    CREATE TABLE jobs (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      label TEXT NOT NULL,
      params TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'done', 'cancelled', 'failed')),
      total INTEGER NOT NULL,
      done INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      error TEXT,
      -- The process that runs the job, and until when it is believed to be alive (milliseconds since 1970).
      owner TEXT,
      lease_until INTEGER NOT NULL DEFAULT 0,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    );
    CREATE TABLE job_items (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
      item TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'done', 'failed')),
      result TEXT,
      -- For failed items: the name a person knows the item by, the error's code and message.
      name TEXT,
      code TEXT,
      message TEXT,
      UNIQUE (job, item)
    );
    CREATE INDEX job_items_by_state ON job_items (job, state, seq);

    CREATE TABLE stories (
      id TEXT PRIMARY KEY,
      title TEXT NOT NULL,
      settings TEXT NOT NULL,
      "cast" TEXT NOT NULL,
      panel_order TEXT NOT NULL,
      revision INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE panels (
      story TEXT NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
      id TEXT NOT NULL,
      json TEXT NOT NULL,
      PRIMARY KEY (story, id)
    );
    CREATE TABLE story_edits (
      story TEXT NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      label TEXT NOT NULL,
      edit TEXT NOT NULL,
      inverse TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('done', 'undone')),
      created_at TEXT NOT NULL,
      PRIMARY KEY (story, seq)
    );
  `);
}
