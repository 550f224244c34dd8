import type { Database } from 'better-sqlite3';

export const version = 2;

/** Tags; who wrote the caption shown, beside the asset, for facets; the queue of captions to be reviewed. */
export function up(database: Database): void {
  database.exec(`
    -- The key is the name as it is compared: normalised and in lower case, which SQLite does for ASCII alone.
    CREATE TABLE tags (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      key TEXT NOT NULL UNIQUE
    );
    CREATE TABLE asset_tags (
      asset INTEGER NOT NULL REFERENCES assets (number) ON DELETE CASCADE,
      tag INTEGER NOT NULL REFERENCES tags (number) ON DELETE CASCADE,
      PRIMARY KEY (asset, tag)
    ) WITHOUT ROWID;
    CREATE INDEX asset_tags_by_tag ON asset_tags (tag, asset);

    -- Source and pack of the caption shown, kept in step by the trigger: lists and facets of 100,000 assets are
    -- answered from one index, without looking up a caption for each.
    ALTER TABLE assets ADD COLUMN caption_source TEXT;
    ALTER TABLE assets ADD COLUMN caption_pack TEXT;
    UPDATE assets SET
      caption_source = (SELECT source FROM captions WHERE number = assets.caption),
      caption_pack = (SELECT pack FROM captions WHERE number = assets.caption)
    WHERE caption IS NOT NULL;
    CREATE TRIGGER assets_captioned AFTER UPDATE OF caption ON assets BEGIN
      UPDATE assets SET
        caption_source = (SELECT source FROM captions WHERE number = new.caption),
        caption_pack = (SELECT pack FROM captions WHERE number = new.caption)
      WHERE number = new.number;
    END;
    CREATE INDEX assets_listed ON assets (origin, number, folder, taken_at, caption_source, caption_pack);

    -- The queue of the review, in order. before is the caption that was decided on.
    CREATE TABLE review_items (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      asset TEXT NOT NULL UNIQUE REFERENCES assets (id) ON DELETE CASCADE,
      state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'edited', 'rejected'))
    );
  `);
}
