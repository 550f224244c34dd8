import type { Database, Statement } from 'better-sqlite3';
import type { TagCount } from '../../shared/contract.ts';

/** A tag as it is compared: composed, in lower case, with single spaces. */
export function tagKey(name: string): string {
  return tidyTag(name).toLowerCase();
}

/** A tag as it is kept and shown: composed (NFC), on one line, with single spaces and none around. */
export function tidyTag(name: string): string {
  return name
    .normalize('NFC')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/** Tags of assets, by the assets' row numbers. A tag is spelled as it was first written; case does not tell tags apart. */
export class Tags {
  readonly #number: Statement<[string], number>;
  readonly #create: Statement;
  readonly #add: Statement;
  readonly #remove: Statement;
  readonly #of: Statement<[number], string>;
  readonly #has: Statement<[number, string]>;
  readonly #all: Statement<[], TagCount>;

  constructor(database: Database) {
    this.#number = database
      .prepare<[string], number>('SELECT number FROM tags WHERE key = ?')
      .pluck() as Statement<[string], number>;
    this.#create = database.prepare('INSERT INTO tags (name, key) VALUES (?, ?)');
    this.#add = database.prepare('INSERT OR IGNORE INTO asset_tags (asset, tag) VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM asset_tags WHERE asset = ? AND tag = ?');
    // The plus keeps the planner from compiling a join anew for every value (see the statements of the library).
    this.#of = database
      .prepare<[number], string>(
        'SELECT name FROM asset_tags JOIN tags ON tags.number = tag WHERE asset = +? ORDER BY key',
      )
      .pluck() as Statement<[number], string>;
    this.#has = database.prepare(
      'SELECT 1 FROM asset_tags JOIN tags ON tags.number = tag WHERE asset = +? AND key = +?',
    );
    this.#all = database.prepare<[], TagCount>(
      `SELECT name, count(*) AS count FROM asset_tags JOIN tags ON tags.number = tag GROUP BY tag
       ORDER BY count DESC, key`,
    );
  }

  /** The tags of an asset, in order. */
  of(asset: number): string[] {
    return this.#of.all(asset);
  }

  has(asset: number, name: string): boolean {
    return this.#has.get(asset, tagKey(name)) !== undefined;
  }

  /** Every tag in use, the most used one first. */
  all(): TagCount[] {
    return this.#all.all();
  }

  /** @returns false when the asset had the tag already, or nothing is left of its name */
  add(asset: number, name: string): boolean {
    const key = tagKey(name);
    if (key === '') return false;
    const tag = this.#number.get(key) ?? this.#create.run(tidyTag(name), key).lastInsertRowid;
    return this.#add.run(asset, tag).changes > 0;
  }

  /** @returns false when the asset did not have the tag */
  remove(asset: number, name: string): boolean {
    const tag = this.#number.get(tagKey(name));
    return tag !== undefined && this.#remove.run(asset, tag).changes > 0;
  }
}
