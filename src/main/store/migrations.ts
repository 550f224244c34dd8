import type { Database } from 'better-sqlite3';
import * as initial from './migrations/001-initial.ts';
import * as library from './migrations/002-library.ts';
import * as assetAliases from './migrations/003-asset-aliases.ts';
import * as history from './migrations/004-history.ts';
import * as choices from './migrations/005-choices.ts';
import * as exportChoices from './migrations/006-export-choices.ts';
import * as thumbHashes from './migrations/007-thumb-hashes.ts';
import * as pyramids from './migrations/008-pyramids.ts';
import * as lessons from './migrations/009-lessons.ts';
import * as labels from './migrations/010-labels.ts';

export interface Migration {
  /** 1, 2, 3, …: the schema version (`PRAGMA user_version`) that `up` leads to. */
  readonly version: number;
  up(database: Database): void;
}

/** Every migration in order. Append-only: one that has shipped is never changed. */
export const migrations: readonly Migration[] = [
  initial,
  library,
  assetAliases,
  history,
  choices,
  exportChoices,
  thumbHashes,
  pyramids,
  lessons,
  labels,
];
