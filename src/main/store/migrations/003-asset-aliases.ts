import type { Database } from 'better-sqlite3';

export const version = 3;

/**
 * Writing a caption into a picture changes its bytes, and so their SHA-256, while it stays the same picture: here is
 * which asset the new bytes are.
 */
export function up(database: Database): void {
  database.exec(`
    CREATE TABLE asset_aliases (
      hash TEXT PRIMARY KEY CHECK (length(hash) = 64),
      asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE INDEX asset_aliases_by_asset ON asset_aliases (asset);
  `);
}
