import type { Database } from 'better-sqlite3';

export const version = 10;

/** Labels of a person's own, what was answered about them, and the pictures that have them; saved caption styles. */
export function up(database: Database): void {
  database.exec(`
    CREATE TABLE labels (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      -- The name as it is compared, as of tags.
      key TEXT NOT NULL UNIQUE,
      created_at TEXT NOT NULL,
      -- The vector space in which the label was last worked out, and the name's vector in it (float32); null at first.
      space TEXT,
      text BLOB,
      -- A fingerprint of the vectors and answers that it was last worked out from.
      state TEXT
    );

    CREATE TABLE label_answers (
      label INTEGER NOT NULL REFERENCES labels (number) ON DELETE CASCADE,
      asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
      yes INTEGER NOT NULL CHECK (yes IN (0, 1)),
      answered_at TEXT NOT NULL,
      PRIMARY KEY (label, asset)
    ) WITHOUT ROWID;
    CREATE INDEX label_answers_by_asset ON label_answers (asset);

    -- The pictures that have a label: by a person's answer, or because it is likelier than not.
    CREATE TABLE asset_labels (
      asset INTEGER NOT NULL REFERENCES assets (number) ON DELETE CASCADE,
      label INTEGER NOT NULL REFERENCES labels (number) ON DELETE CASCADE,
      probability REAL NOT NULL,
      PRIMARY KEY (asset, label)
    ) WITHOUT ROWID;
    CREATE INDEX asset_labels_by_label ON asset_labels (label, asset);

    CREATE TABLE caption_styles (
      key TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      -- JSON: the captions that the style is learned from.
      examples TEXT NOT NULL
    ) WITHOUT ROWID;
  `);
}
