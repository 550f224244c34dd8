import type { Database, Statement } from 'better-sqlite3';
import type { AssetFilter } from '../../shared/contract.ts';
import { sketchPack, wordsDownTo, type Pyramid, type SeenWords } from '../../shared/pyramid.ts';
import { conditions } from './filter.ts';

/** From this probability on a word counts for facets and for search. */
const likely = 0.5;

interface PyramidRow {
  pack: string;
  words: string;
}

/**
 * Pyramids of assets, and which words are on which asset. An asset has one pyramid: that of the pack in use, or, where
 * it is a sketch, that of its scene.
 */
export class Pyramids {
  readonly #database: Database;
  readonly #get: Statement<[string], PyramidRow>;
  readonly #sample: Statement<[number], PyramidRow>;
  readonly #takes: Statement<[string, string], number>;
  readonly #put: Statement;
  readonly #forget: Statement;
  readonly #addWord: Statement;
  readonly #wordNumber: Statement<[string], number>;
  readonly #link: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#get = database.prepare('SELECT pack, words FROM pyramids WHERE asset = ?');
    // Ids are digests of the files' bytes, so that the first of them are as good as drawn by lot.
    this.#sample = database.prepare('SELECT pack, words FROM pyramids ORDER BY asset LIMIT ?');
    this.#takes = database
      .prepare(`SELECT number FROM assets WHERE id = ? AND (origin <> 'sketched' OR ? = '${sketchPack}')`)
      .pluck() as Statement<[string, string], number>;
    this.#put = database.prepare('INSERT OR REPLACE INTO pyramids (asset, pack, words) VALUES (?, ?, ?)');
    this.#forget = database.prepare('DELETE FROM asset_words WHERE asset = ?');
    this.#addWord = database.prepare('INSERT OR IGNORE INTO seen_words (word) VALUES (?)');
    this.#wordNumber = database.prepare('SELECT number FROM seen_words WHERE word = ?').pluck() as Statement<
      [string],
      number
    >;
    this.#link = database.prepare(
      'INSERT OR IGNORE INTO asset_words (asset, word, probability) VALUES (?, ?, ?)',
    );
  }

  get(asset: string): Pyramid | null {
    const row = this.#get.get(asset);
    return row === undefined ? null : pyramidOf(row);
  }

  /** Up to so many pyramids, drawn as if by lot and always the same. */
  sample(count: number): Pyramid[] {
    return this.#sample.all(count).map(pyramidOf);
  }

  /**
   * Keeps pyramids in the place of those the assets had, in one transaction. Assets that are gone are left out, and
   * what a pack saw on a sketch, of which the scene says what is on it.
   */
  put(items: readonly { asset: string; pyramid: Pyramid }[]): void {
    this.#database.transaction(() => {
      for (const { asset, pyramid } of items) {
        const number = this.#takes.get(asset, pyramid.pack);
        if (number === undefined) continue;
        const { pack, ...words } = pyramid;
        this.#put.run(asset, pack, JSON.stringify(words));
        this.#forget.run(number);
        for (const { word, probability } of wordsDownTo(pyramid, 3)) {
          if (probability < likely) continue;
          this.#addWord.run(word);
          this.#link.run(number, this.#wordNumber.get(word), probability);
        }
      }
    })();
  }

  /** Pictures, sketches left out, without a pyramid of a pack, the first imported first. */
  missing(pack: string): string[] {
    return this.#database
      .prepare(
        `SELECT id FROM assets WHERE origin <> 'sketched'
         AND NOT EXISTS (SELECT 1 FROM pyramids WHERE asset = id AND pack = ?) ORDER BY number`,
      )
      .pluck()
      .all(pack) as string[];
  }

  /** Drops the pyramids that another pack saw, with their words; those of scenes stay. */
  keep(pack: string): { removed: number } {
    return this.#database.transaction(() => {
      const old = 'SELECT asset FROM pyramids WHERE pack NOT IN (?, ?)';
      this.#database
        .prepare(`DELETE FROM asset_words WHERE asset IN (SELECT number FROM assets WHERE id IN (${old}))`)
        .run(pack, sketchPack);
      const { changes } = this.#database
        .prepare(`DELETE FROM pyramids WHERE pack NOT IN (?, ?)`)
        .run(pack, sketchPack);
      this.#database
        .prepare('DELETE FROM seen_words WHERE number NOT IN (SELECT word FROM asset_words)')
        .run();
      return { removed: changes };
    })();
  }

  /** Every word that is on some asset. */
  known(): Set<string> {
    return new Set(this.#database.prepare('SELECT word FROM seen_words').pluck().all() as string[]);
  }

  /** Assets of a filter that show all of some words, the likeliest first. */
  find(words: readonly string[], limit: number, filter: AssetFilter): string[] {
    if (words.length === 0) return [];
    const marks = words.map(() => '?').join(', ');
    const { where, values } = conditions(filter);
    return this.#database
      .prepare(
        `SELECT assets.id FROM asset_words
         JOIN seen_words ON seen_words.number = asset_words.word
         JOIN assets ON assets.number = asset_words.asset
         WHERE seen_words.word IN (${marks}) AND ${where} GROUP BY asset_words.asset
         HAVING count(*) = ? ORDER BY sum(ln(probability)) DESC, asset_words.asset LIMIT ?`,
      )
      .pluck()
      .all(...words, ...values, words.length, limit) as string[];
  }
}

function pyramidOf({ pack, words }: PyramidRow): Pyramid {
  return { pack, ...(JSON.parse(words) as SeenWords) };
}
