import type { Database } from 'better-sqlite3';

export const version = 4;

/**
 * One undo history over stories and library. `story_edits` had an order for each story only; now every entry has a
 * `turn` in one order over everything that was done or undone.
 */
export function up(database: Database): void {
  database.exec(`
    CREATE TABLE history (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      -- The story the entry changed; null for a change of the library.
      story TEXT REFERENCES stories (id) ON DELETE CASCADE,
      -- JSON: words, or a message key with its values.
      label TEXT NOT NULL,
      -- What a story's entry does and what takes it back (JSON); null for the library, whose rows are history_changes.
      edit TEXT,
      inverse TEXT,
      -- A run, such as a job, whose later changes of the library belong to this same entry.
      run TEXT,
      state TEXT NOT NULL CHECK (state IN ('done', 'undone')),
      -- When the entry was last done or undone, in the one order of history_clock. In a scope (a story, the library)
      -- the entries done come before those undone; turns grow along the first and fall along the second.
      turn INTEGER NOT NULL,
      -- Id a window gave the request that last did or undid the entry: the same request again does nothing.
      request TEXT,
      created_at TEXT NOT NULL
    );
    CREATE INDEX history_by_scope ON history (story, state, turn);
    CREATE INDEX history_by_run ON history (run) WHERE run IS NOT NULL;
    CREATE INDEX history_by_request ON history (request) WHERE request IS NOT NULL;
    CREATE TABLE history_clock (turn INTEGER NOT NULL);

    -- What an entry changed in the library: one value of one asset a row, before and after (JSON).
    CREATE TABLE history_changes (
      entry INTEGER NOT NULL REFERENCES history (number) ON DELETE CASCADE,
      asset TEXT NOT NULL,
      kind TEXT NOT NULL,
      key TEXT NOT NULL,
      before TEXT NOT NULL,
      after TEXT NOT NULL,
      PRIMARY KEY (entry, asset, kind, key)
    ) WITHOUT ROWID;

    INSERT INTO history (story, label, edit, inverse, state, turn, created_at)
      SELECT story, json_quote(label), edit, inverse, state, 0, created_at FROM story_edits
      ORDER BY created_at, story, seq;
    INSERT INTO history_clock SELECT 2 * coalesce(max(number), 0) + 1 FROM history;
    UPDATE history SET turn = iif(state = 'done', number, (SELECT turn FROM history_clock) - number);
    DROP TABLE story_edits;
  `);
}
