import type { Database } from 'better-sqlite3';

export const version = 7;

/**
 * A blurred picture of each asset in some 25 bytes (ThumbHash), shown until its thumbnail has come. Null until it was
 * made; empty where none can be made.
 */
export function up(database: Database): void {
  database.exec('ALTER TABLE assets ADD COLUMN thumb_hash BLOB');
}
