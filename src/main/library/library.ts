import { createHash, hash } from 'node:crypto';
import { createReadStream, existsSync, type BigIntStats } from 'node:fs';
import { access, open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import type {
  Asset,
  AssetFilter,
  AssetOrder,
  AssetOrigin,
  CaptionRecord,
  CaptionSource,
  FacetCounts,
  MediaSize,
  TagCount,
} from '../../shared/contract.ts';
import { FabulaError, type Json } from '../../shared/errors.ts';
import type { Pyramid } from '../../shared/pyramid.ts';
import { explainFileError } from '../fs-errors.ts';
import type { History } from '../history.ts';
import type { Clock } from '../ports.ts';
import { Facets } from './facets.ts';
import type { Files } from './files.ts';
import { conditions } from './filter.ts';
import { requirePicture, type PictureType } from './formats.ts';
import { readMetadata } from './metadata.ts';
import { Pyramids } from './pyramids.ts';
import { readSidecars } from './sidecars.ts';
import {
  hashOfThumb,
  inspect,
  rasterised,
  render,
  renderThumb,
  squarePixels,
  type PictureSource,
} from './pictures.ts';
import { Tags } from './tags.ts';
import { thumbHash } from './thumb-hash.ts';
import { indexedName, indexedWords, matchExpression } from './words.ts';

export interface LibraryOptions {
  database: Database;
  files: Files;
  clock: Clock;
  /** Keeps what can be undone. Without one nothing can be. */
  history?: History;
  /** Hears of assets added, removed or captioned: their ids, or null for many. Several changes are told at once. */
  emit?: (assets: string[] | null) => void;
}

export interface ImportOptions {
  /** Leave the file where it is, or copy it into the library. */
  originals: 'leave' | 'copy';
  /**
   * Decode a new picture to a square of this side, in pixels, for the models; its thumbnail is then made when it is
   * first asked for. One decoding instead of three is what a batch of captions can afford.
   */
  square?: number;
}

export interface Imported {
  asset: Asset;
  /** Whether the library had these bytes already. */
  duplicate: boolean;
}

/** A picture read and decoded, ready to be entered with {@link Library.enter}. */
export interface Prepared {
  readonly id: string;
  readonly name: string;
  /** Where the file was found; null for bytes that came without one. */
  readonly place: { path: string; stamp: string } | null;
  readonly kept: boolean;
  readonly record: NewRecord | null;
  /** RGB bytes as from {@link Library.pixels}, where they were asked for and the picture was decoded; else null. */
  readonly square: Uint8Array | null;
}

/** What the library learns from the bytes; null in {@link Prepared} when it has them already. */
interface NewRecord {
  mime: PictureType;
  width: number;
  height: number;
  bytes: number;
  takenAt: string | null;
  caption: string | null;
  keywords: string[];
  origin: AssetOrigin;
  /** Null where it is made later, of the thumbnail. */
  thumbHash: Uint8Array | null;
}

export interface NewCaption {
  text: string;
  source: CaptionSource;
  /** `pack@revision` of the model, or null. */
  pack: string | null;
  /** How the model was asked; kept with the caption. */
  settings?: Json;
}

/** Files up to this size are read once into memory for everything; larger ones are read as streams. Bytes. */
const heldAtOnce = 128 * 1024 * 1024;
/** Metadata of larger files is looked for in their beginning. */
const metadataBytes = 16 * 1024 * 1024;
/** Longer side of an imported vector picture that is handed to an export, in pixels. */
const vectorExportSide = 2048;
/** More changed assets than this are told as "many". */
const toldOneByOne = 500;
/** Time left to other work for each blurred picture made in the background, in milliseconds. */
const hashPauseMs = 4;
/** How long changes are gathered before they are told, in milliseconds. */
const tellAfter = 250;

interface AssetRow {
  number: number;
  id: string;
  name: string;
  folder: string;
  mime: PictureType;
  width: number;
  height: number;
  bytes: number;
  taken_at: string | null;
  imported_at: string;
  origin: AssetOrigin;
  kept: 0 | 1;
  /** Number of the caption shown. */
  caption: number | null;
  caption_text: string | null;
  caption_source: CaptionSource | null;
  caption_pack: string | null;
  caption_created_at: string | null;
  /** JSON; null where there are none. */
  tags: string | null;
  /** Null until it was made; empty where none can be made. */
  thumb_hash: Buffer | null;
}

const selectAssets = `
  SELECT assets.number, assets.id, name, folder, mime, width, height, bytes, taken_at, imported_at, origin, kept,
    assets.caption, captions.text AS caption_text, captions.source AS caption_source, captions.pack AS caption_pack,
    captions.created_at AS caption_created_at, thumb_hash,
    (SELECT json_group_array(tags.name ORDER BY tags.key) FROM asset_tags JOIN tags ON tags.number = asset_tags.tag
     WHERE asset_tags.asset = assets.number) AS tags
  FROM assets LEFT JOIN captions ON captions.number = assets.caption`;

/** How a list is put in order; equal ones by when they were imported. */
const orders: Readonly<Record<AssetOrder, string>> = {
  imported: 'assets.number',
  newest: 'assets.number DESC',
  taken: 'assets.taken_at IS NULL, assets.taken_at, assets.number',
  name: 'assets.name COLLATE NOCASE, assets.number',
};

/** How many lists are kept ready to be paged through. */
const listingsKept = 6;

/** The statements that every picture or every caption needs, prepared once. */
function prepareStatements(database: Database) {
  return {
    // In a join the planner looks at what is bound to `= ?` and compiles the statement anew for every value (STAT4); it
    // does not look behind the plus, which makes one row eight times as fast.
    asset: database.prepare<[string], AssetRow>(`${selectAssets} WHERE assets.id = +?`),
    /** Those of a JSON array of numbers, in any order. */
    numbered: database.prepare<[string], AssetRow>(
      `${selectAssets} WHERE assets.number IN (SELECT value FROM json_each(?))`,
    ),
    ownChanges: database.prepare<[], number>('SELECT total_changes()').pluck() as Statement<[], number>,
    otherChanges: database.prepare<[], number>('PRAGMA data_version').pluck() as Statement<[], number>,
    path: database.prepare<[string], { asset: string; stamp: string; kept: 0 | 1 }>(
      'SELECT asset, stamp, kept FROM asset_paths JOIN assets ON assets.id = asset WHERE path = +?',
    ),
    alias: database.prepare<[string], string>('SELECT asset FROM asset_aliases WHERE hash = ?').pluck(),
    putPath: database.prepare(
      `INSERT INTO asset_paths (path, asset, stamp) VALUES (?, ?, ?)
       ON CONFLICT (path) DO UPDATE SET asset = excluded.asset, stamp = excluded.stamp`,
    ),
    insert: database.prepare(
      `INSERT INTO assets
         (id, name, folder, mime, width, height, bytes, taken_at, imported_at, origin, kept, thumb_hash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    keep: database.prepare('UPDATE assets SET kept = 1 WHERE id = ?'),
    hashThumb: database.prepare('UPDATE assets SET thumb_hash = ? WHERE id = ?'),
    thumbHash: database
      .prepare<[string], Buffer | null>('SELECT thumb_hash FROM assets WHERE id = ?')
      .pluck() as Statement<[string], Buffer | null>,
    renew: database.prepare('UPDATE assets SET imported_at = ? WHERE id = ?'),
    index: database.prepare('INSERT OR REPLACE INTO assets_fts (rowid, name, caption) VALUES (?, ?, ?)'),
    insertCaption: database.prepare(
      'INSERT INTO captions (asset, text, source, pack, settings, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    showCaption: database.prepare('UPDATE assets SET caption = ? WHERE id = ?'),
  };
}

/** The asset library: pictures known by the SHA-256 of their bytes, their captions, their words and their vectors. */
export class Library {
  readonly #database: Database;
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #history: History | undefined;
  readonly #emit: (assets: string[] | null) => void;
  readonly #renditions = new Map<string, Promise<void>>();
  /** Number of the last asset that {@link hashThumbs} has come to. */
  #hashedUpTo = 0;
  readonly #changed = new Set<string>();
  #telling: NodeJS.Timeout | undefined;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #tags: Tags;
  readonly #pyramids: Pyramids;
  readonly #facets: Facets;
  readonly #inTransaction: <T>(work: () => T) => T;
  #listings: { state: string; lists: Map<string, number[]> } = { state: '', lists: new Map() };

  constructor(options: LibraryOptions) {
    this.#database = options.database;
    this.#files = options.files;
    this.#clock = options.clock;
    this.#history = options.history;
    this.#emit = options.emit ?? (() => {});
    this.#statements = prepareStatements(this.#database);
    this.#tags = new Tags(this.#database);
    this.#pyramids = new Pyramids(this.#database);
    this.#facets = new Facets(this.#database);
    const transaction = this.#database.transaction((work: () => unknown) => work());
    this.#inTransaction = <T>(work: () => T) => transaction(work) as T;
    // A caption once written stays in the table: its number tells it from every other, also from one of the same words.
    this.#history?.register('caption', {
      read: (asset) => {
        const row = this.#statements.asset.get(asset);
        return row === undefined ? undefined : row.caption;
      },
      write: (asset, _key, caption) => this.#restoreCaption(asset, caption as number | null),
    });
    this.#history?.register('tag', {
      read: (asset, name) => {
        const row = this.#statements.asset.get(asset);
        return row === undefined ? undefined : this.#tags.has(row.number, name);
      },
      write: (asset, name, on) => void this.tag([asset], on === true ? { add: [name] } : { remove: [name] }),
    });
  }

  // Importing

  /**
   * Takes a file into the library. Throws a FabulaError naming the file when it is not there, may not be read, is not a
   * picture that can be decoded, or is too large; nothing is left behind then.
   */
  async importFile(path: string, options: ImportOptions): Promise<Imported> {
    return this.enter(await this.prepareFile(path, options));
  }

  /**
   * Takes bytes into the library, such as an upload or a sketch; they are kept in the data folder.
   *
   * @param name a file name for the asset
   */
  async importBytes(
    name: string,
    bytes: Uint8Array,
    { origin = 'imported' }: { origin?: AssetOrigin } = {},
  ): Promise<Imported> {
    const id = hash('sha256', bytes);
    const shown = basename(name.replaceAll('\\', '/')) || 'picture';
    return this.enter(
      await this.#prepare(id, { input: bytes, name: shown }, bytes.length, null, true, origin, undefined),
    );
  }

  /**
   * The slow part of {@link importFile}: reads, recognises, decodes and makes the thumbnail, and enters nothing yet.
   * A folder is refused with `details.folder` true.
   */
  async prepareFile(given: string, { originals, square }: ImportOptions): Promise<Prepared> {
    const path = resolve(given);
    const keep = originals === 'copy';
    try {
      const known = this.#statements.path.get(path);
      if (known !== undefined && (known.kept === 1 || !keep)) {
        const place = { path, stamp: stampOf(await stat(path, { bigint: true })) };
        const untouched = known.stamp === place.stamp;
        if (untouched && (square !== undefined || (await this.#hasThumb(known.asset)))) {
          return { id: known.asset, name: basename(path), place, kept: keep, record: null, square: null };
        }
      }
      const { input, stamp, bytes } = await readPicture(path);
      const found = typeof input === 'string' ? await hashFile(input) : hash('sha256', input);
      const id = this.#statements.alias.get(found) ?? found;
      return await this.#prepare(id, { input, name: path }, bytes, { path, stamp }, keep, 'imported', square);
    } catch (error) {
      throw explainFileError(error, path);
    }
  }

  async #prepare(
    id: string,
    { input, name }: { input: Uint8Array | string; name: string },
    bytes: number,
    place: Prepared['place'],
    keep: boolean,
    origin: AssetOrigin,
    square: number | undefined,
  ): Promise<Prepared> {
    const shown = basename(name);
    const existing = this.#statements.asset.get(id);
    const head = typeof input === 'string' ? await readHead(input, 4096) : input;
    const source: PictureSource = { input, name, type: existing?.mime ?? requirePicture(head, name) };
    let record: NewRecord | null = null;
    let pixels: Uint8Array | null = null;
    if (existing === undefined || (square === undefined && !(await this.#hasThumb(id)))) {
      const inspected = await inspect(source);
      let blurred: Uint8Array | null = null;
      if (square === undefined) {
        const thumb = await render(source, inspected, 'thumb');
        await this.#files.write(this.#files.rendition(id, 'thumb'), thumb);
      } else {
        pixels = await squarePixels(source, inspected, square);
        blurred = thumbHash({ data: pixels, width: square, height: square, channels: 3 }, inspected);
      }
      const inside = inspected.hasMetadata
        ? await readMetadata(
            typeof input === 'string' ? await readHead(input, metadataBytes) : input,
            inspected.xmp,
          )
        : { takenAt: null, caption: null, keywords: [] };
      // What photo programs keep beside a picture is newer than what they found in it.
      const beside = place === null ? null : await readSidecars(place.path);
      record = {
        mime: source.type,
        width: inspected.width,
        height: inspected.height,
        bytes,
        takenAt: beside?.takenAt ?? inside.takenAt,
        caption: beside?.caption ?? inside.caption,
        keywords: [...(beside?.keywords ?? []), ...inside.keywords],
        origin,
        thumbHash: blurred,
      };
    }
    if (keep && existing?.kept !== 1) {
      await this.#files.write(this.#files.original(id, source.type), await whole(source), { durable: true });
    }
    return { id, name: shown, place, kept: keep, record, square: pixels };
  }

  /** Enters what {@link prepareFile} has read, in one transaction; may run inside a larger one. */
  enter(prepared: Prepared): Imported {
    const { id, place, record } = prepared;
    try {
      return this.#inTransaction(() => {
        const known = this.#statements.asset.get(id);
        if (known === undefined) {
          if (record === null) {
            throw new FabulaError(
              'conflict',
              `“${prepared.name}” was removed while it was read. Import it again.`,
            );
          }
          this.#insert(prepared, record);
        } else if (known.origin === 'sketched') {
          // A sketch drawn again is wanted again: tidying goes by this date.
          this.#statements.renew.run(this.#now(), id);
        } else if (prepared.kept && known.kept === 0) {
          this.#statements.keep.run(id);
        }
        if (place !== null) this.#statements.putPath.run(place.path, id, place.stamp);
        if (known !== undefined && place !== null) this.#followMove(known, place.path);
        return { asset: this.get(id), duplicate: known !== undefined };
      });
    } catch (error) {
      throw explainFileError(error, this.#database.name);
    }
  }

  #insert({ id, name, place, kept }: Prepared, record: NewRecord): void {
    const { lastInsertRowid } = this.#statements.insert.run(
      id,
      name,
      place === null ? '' : dirname(place.path),
      record.mime,
      record.width,
      record.height,
      record.bytes,
      record.takenAt,
      this.#now(),
      record.origin,
      kept ? 1 : 0,
      record.thumbHash,
    );
    if (record.caption !== null)
      this.#insertCaption(id, { text: record.caption, source: 'file', pack: null });
    for (const keyword of record.keywords) this.#tags.add(Number(lastInsertRowid), keyword);
    this.#index(Number(lastInsertRowid), name, record.caption ?? '');
    this.#tell(id);
  }

  /**
   * Says that the bytes of a file are an asset's, too: those that Fabula wrote its caption into. To be called before
   * the file takes the picture's place, so that the picture is never taken for another one.
   *
   * @throws FabulaError `not-found` for an asset that is not in the library
   */
  async noteRewritten(id: string, file: string): Promise<void> {
    this.#row(id);
    const rewritten = await hashFile(file);
    try {
      this.#database
        .prepare('INSERT OR REPLACE INTO asset_aliases (hash, asset) VALUES (?, ?)')
        .run(rewritten, id);
    } catch (error) {
      throw explainFileError(error, this.#database.name);
    }
  }

  /** When the file an asset is shown under is gone and the same file lies elsewhere, it was moved there. */
  #followMove(row: AssetRow, path: string): void {
    const shown = join(row.folder, row.name);
    if (row.folder === '' || shown === path || existsSync(shown)) return;
    this.#database.prepare('DELETE FROM asset_paths WHERE path = ? AND asset = ?').run(shown, row.id);
    this.#database
      .prepare('UPDATE assets SET folder = ?, name = ? WHERE id = ?')
      .run(dirname(path), basename(path), row.id);
    this.#index(row.number, basename(path), row.caption_text ?? '');
    this.#tell(row.id);
  }

  async #hasThumb(id: string): Promise<boolean> {
    return exists(this.#files.rendition(id, 'thumb'));
  }

  // Looking up

  /** Throws `not-found` for an asset that is not in the library. */
  get(id: string): Asset {
    return toAsset(this.#row(id));
  }

  /** Those of the assets that exist, in the order asked for. */
  getMany(ids: readonly string[]): Asset[] {
    return ids
      .map((id) => this.#statements.asset.get(id))
      .filter((row) => row !== undefined)
      .map(toAsset);
  }

  /** How many pictures the library holds; sketches belong to their stories and do not count. */
  count(): number {
    return this.#database
      .prepare("SELECT count(*) FROM assets WHERE origin <> 'sketched'")
      .pluck()
      .get() as number;
  }

  /** A stretch of the assets that fit a filter, in the order asked for, and how many fit in all. */
  list(
    filter: AssetFilter,
    offset: number,
    limit: number,
    order: AssetOrder = 'imported',
  ): { total: number; assets: Asset[] } {
    const numbers = this.#listing(filter, order);
    const wanted = numbers.slice(offset, offset + limit);
    const rows = new Map(
      this.#statements.numbered.all(JSON.stringify(wanted)).map((row) => [row.number, row]),
    );
    return {
      total: numbers.length,
      assets: wanted.flatMap((number) => rows.get(number) ?? []).map(toAsset),
    };
  }

  /** The ids of every asset that fits a filter, in the order asked for. */
  ids(filter: AssetFilter, order: AssetOrder = 'imported'): string[] {
    const { where, values } = conditions(filter);
    return this.#database
      .prepare(`SELECT assets.id FROM assets WHERE ${where} ORDER BY ${orders[order]}`)
      .pluck()
      .all(...values) as string[];
  }

  /**
   * The row numbers of a list, kept while nothing is written to the database, by this connection or another: a page at
   * any depth of a list that is scrolled through costs no more than its own rows.
   */
  #listing(filter: AssetFilter, order: AssetOrder): number[] {
    const state = `${this.#statements.ownChanges.get()!} ${this.#statements.otherChanges.get()!}`;
    if (this.#listings.state !== state) this.#listings = { state, lists: new Map() };
    const { lists } = this.#listings;
    const key = JSON.stringify([filter, order]);
    let numbers = lists.get(key);
    if (numbers === undefined) {
      const { where, values } = conditions(filter);
      numbers = this.#database
        .prepare(`SELECT assets.number FROM assets WHERE ${where} ORDER BY ${orders[order]}`)
        .pluck()
        .all(...values) as number[];
      if (lists.size >= listingsKept) lists.clear();
      lists.set(key, numbers);
    }
    return numbers;
  }

  /**
   * Assets of a filter whose caption or file name has every word of a text, best first (BM25, captions counting twice).
   * The last word may be the beginning of a longer one when nothing has it whole.
   */
  findWords(text: string, limit: number, filter: AssetFilter = {}): string[] {
    const { where, values } = conditions(filter);
    const find = this.#database
      .prepare(
        `SELECT assets.id FROM assets_fts JOIN assets ON assets.number = assets_fts.rowid
         WHERE assets_fts MATCH ? AND ${where} ORDER BY bm25(assets_fts, 1.0, 2.0), assets.number LIMIT ?`,
      )
      .pluck();
    for (const prefix of [false, true]) {
      const expression = matchExpression(text, prefix);
      if (expression === null) return [];
      const found = find.all(expression, ...values, limit) as string[];
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Pictures whose caption or file name has any of some words, those with more and rarer ones first (BM25). */
  findAnyWord(words: readonly string[], limit: number): string[] {
    const expression = words
      .map((word) => matchExpression(word, false))
      .filter((one) => one !== null)
      .map((one) => `(${one})`)
      .join(' OR ');
    if (expression === '') return [];
    return this.#database
      .prepare<[string, number], string>(
        `SELECT assets.id FROM assets_fts JOIN assets ON assets.number = assets_fts.rowid
         WHERE assets_fts MATCH ? AND assets.origin <> 'sketched'
         ORDER BY bm25(assets_fts, 1.0, 2.0), assets.number LIMIT ?`,
      )
      .pluck()
      .all(expression, limit) as string[];
  }

  /** In how many assets' captions or file names each of some words stands, in order. */
  countWords(words: readonly string[]): number[] {
    const count = this.#database
      .prepare<[string], number>('SELECT count(*) FROM assets_fts WHERE assets_fts MATCH ?')
      .pluck();
    return words.map((word) => {
      const expression = matchExpression(word, false);
      return expression === null ? 0 : (count.get(expression) as number);
    });
  }

  // Changing

  /**
   * Takes assets out of the library with their captions, vectors, renditions and kept copies; files left where they
   * were are not touched. Throws `conflict`, and removes nothing, when a story shows one of them.
   */
  async remove(ids: readonly string[]): Promise<{ removed: number }> {
    const removed: AssetRow[] = [];
    const remove = this.#database.prepare('DELETE FROM assets WHERE id = ?');
    const unindex = this.#database.prepare('DELETE FROM assets_fts WHERE rowid = ?');
    this.#database
      .transaction(() => {
        const rows = [...new Set(ids)]
          .map((id) => this.#statements.asset.get(id))
          .filter((row) => row !== undefined);
        this.#refuseUsed(rows);
        for (const row of rows) {
          unindex.run(row.number);
          remove.run(row.id);
          removed.push(row);
          this.#tell(row.id);
        }
      })
      .immediate();
    for (const row of removed) await this.#files.remove(row.id, row.mime);
    return { removed: removed.length };
  }

  /** Throws `conflict`, naming the stories, when any of the assets is in a panel of one. */
  #refuseUsed(rows: readonly AssetRow[]): void {
    const wanted = new Map(rows.map((row) => [row.id, row.name]));
    const used = new Set<string>();
    const titles = new Set<string>();
    const panels = this.#database.prepare<[], { title: string; json: string }>(
      'SELECT title, json FROM panels JOIN stories ON stories.id = panels.story',
    );
    for (const { title, json } of panels.iterate()) {
      for (const [id] of json.matchAll(/[0-9a-f]{64}/g)) {
        if (!wanted.has(id)) continue;
        used.add(id);
        titles.add(title);
      }
    }
    if (used.size === 0) return;
    const [first] = used;
    const named = [...titles].slice(0, 5).map((title) => `“${title || 'Untitled'}”`);
    const stories = `${named.join(', ')}${titles.size > 5 ? ` and ${titles.size - 5} more` : ''}`;
    const what = `“${wanted.get(first!)!}”${used.size > 1 ? ` and ${used.size - 1} more` : ''}`;
    throw new FabulaError(
      'conflict',
      `${what} ${used.size > 1 ? 'are' : 'is'} used in the ${titles.size > 1 ? 'stories' : 'story'} ${stories}. Take ${used.size > 1 ? 'them' : 'it'} out first. Nothing was removed.`,
      { asset: first!, used: used.size },
    );
  }

  /**
   * Saves a caption; an empty text takes the caption away. A model's caption never replaces a person's unless
   * `replacePerson` says so: then the asset comes back as it was. Earlier captions stay in the history.
   */
  setCaption(
    id: string,
    caption: NewCaption,
    { replacePerson = false }: { replacePerson?: boolean } = {},
  ): Asset {
    try {
      this.#inTransaction(() => {
        const row = this.#row(id);
        if (row.caption_source === 'person' && caption.source !== 'person' && !replacePerson) return;
        const text = caption.text.trim();
        const number = this.#insertCaption(id, { ...caption, text });
        this.#history?.note(id, 'caption', '', row.caption, number);
        this.#index(row.number, row.name, text);
        this.#tell(id);
      });
    } catch (error) {
      throw explainFileError(error, this.#database.name);
    }
    return this.get(id);
  }

  /** Every caption an asset has had, oldest first; an empty text where a caption was taken away. */
  captionHistory(id: string): CaptionRecord[] {
    this.#row(id);
    return this.#database
      .prepare<[string], Omit<CaptionRecord, 'settings' | 'shown'> & { settings: string; shown: 0 | 1 }>(
        `SELECT captions.number, text, source, pack, settings, created_at AS createdAt,
           captions.number IS assets.caption AS shown
         FROM captions JOIN assets ON assets.id = captions.asset WHERE asset = ? ORDER BY captions.number`,
      )
      .all(id)
      .map((row) => ({ ...row, settings: JSON.parse(row.settings) as Json, shown: row.shown === 1 }));
  }

  /** The captions of those of the given assets, or of the assets of a filter, that have one. */
  captions(what: readonly string[] | AssetFilter): { asset: string; text: string }[] {
    const select =
      'SELECT assets.id AS asset, text FROM assets JOIN captions ON captions.number = assets.caption';
    if (isList(what)) {
      const find = this.#database.prepare<[string], { asset: string; text: string }>(
        `${select} WHERE assets.id = ?`,
      );
      return [...new Set(what)].map((id) => find.get(id)).filter((found) => found !== undefined);
    }
    const { where, values } = conditions(what);
    return this.#database
      .prepare<unknown[], { asset: string; text: string }>(`${select} WHERE ${where} ORDER BY assets.number`)
      .all(...values);
  }

  /** Shows an earlier caption of an asset again, by its number in {@link captionHistory}. */
  restoreCaption(id: string, number: number): Asset {
    this.#inTransaction(() => {
      const row = this.#row(id);
      const text = this.#database
        .prepare('SELECT text FROM captions WHERE number = ? AND asset = ?')
        .pluck()
        .get(number, id) as string | undefined;
      if (text === undefined) {
        throw new FabulaError('not-found', `“${row.name}” has no earlier caption ${number}.`, { asset: id });
      }
      const shown = text === '' ? null : number;
      this.#history?.note(id, 'caption', '', row.caption, shown);
      this.#restoreCaption(id, shown);
    });
    return this.get(id);
  }

  // Tags and facets

  /** Every tag in use, the most used one first. */
  tags(): TagCount[] {
    return this.#tags.all();
  }

  /** Adds tags to assets and takes others away; assets that are gone are left out. */
  tag(
    ids: readonly string[],
    { add = [], remove = [] }: { add?: readonly string[]; remove?: readonly string[] },
  ): { changed: number } {
    let changed = 0;
    this.#inTransaction(() => {
      for (const id of new Set(ids)) {
        const row = this.#statements.asset.get(id);
        if (row === undefined) continue;
        const removed = remove.filter((name) => this.#setTag(row, name, false));
        const added = add.filter((name) => this.#setTag(row, name, true));
        if (removed.length + added.length === 0) continue;
        this.#index(row.number, row.name, row.caption_text ?? '');
        this.#tell(id);
        changed += 1;
      }
    });
    return { changed };
  }

  #setTag(row: AssetRow, name: string, on: boolean): boolean {
    const changed = on ? this.#tags.add(row.number, name) : this.#tags.remove(row.number, name);
    if (changed) this.#history?.note(row.id, 'tag', name, !on, on);
    return changed;
  }

  /** Counts the pictures of a filter by folder, month, tag and so on. */
  facets(filter: AssetFilter): FacetCounts {
    return this.#facets.count(filter);
  }

  /** Shows an earlier caption again, or none; undo and redo do. */
  #restoreCaption(id: string, number: number | null): void {
    const row = this.#row(id);
    const text =
      number === null
        ? ''
        : (this.#database
            .prepare('SELECT text FROM captions WHERE number = ?')
            .pluck()
            .get(number) as string);
    this.#statements.showCaption.run(number, id);
    this.#index(row.number, row.name, text);
    this.#tell(id);
  }

  /** @returns the number of the caption now shown; null when the text is empty, which takes the caption away */
  #insertCaption(id: string, { text, source, pack, settings = {} }: NewCaption): number | null {
    const { lastInsertRowid } = this.#statements.insertCaption.run(
      id,
      text,
      source,
      pack,
      JSON.stringify(settings),
      this.#now(),
    );
    const number = text === '' ? null : Number(lastInsertRowid);
    this.#statements.showCaption.run(number, id);
    return number;
  }

  /** Brings the full-text index in step with an asset: the one place that writes it. */
  #index(number: number, name: string, caption: string): void {
    const words = [caption, ...this.#tags.of(number)].map(indexedWords).join('\n');
    this.#statements.index.run(number, indexedName(name), words);
  }

  // Pictures

  /**
   * RGB bytes, `size` × `size` × 3, squashed to a square, the right way up, on white. Throws as {@link original}.
   */
  async pixels(id: string, size: number): Promise<Uint8Array> {
    const row = this.#row(id);
    return squarePixels(await this.#source(row), inspectedOf(row), size);
  }

  /** The file of a rendition (WebP), made when it is first asked for; it lies inside the cache folder. */
  async media(id: string, size: MediaSize): Promise<{ file: string; mime: string }> {
    const row = this.#row(id);
    const file = this.#files.rendition(id, size);
    if (!(await exists(file))) {
      let making = this.#renditions.get(file);
      if (making === undefined) {
        making = this.#makeRendition(row, size, file).finally(() => this.#renditions.delete(file));
        this.#renditions.set(file, making);
      }
      await making;
    }
    return { file: this.#files.contained(file), mime: 'image/webp' };
  }

  async #makeRendition(row: AssetRow, size: MediaSize, file: string): Promise<void> {
    const source = await this.#source(row);
    if (size !== 'thumb') {
      await this.#files.write(file, await render(source, inspectedOf(row), size));
      return;
    }
    const { thumb, hash } = await renderThumb(source, inspectedOf(row));
    await this.#files.write(file, thumb);
    if (row.thumb_hash === null) this.#statements.hashThumb.run(hash, row.id);
  }

  /** The blurred pictures (ThumbHash, base64) of those of the assets that have one. */
  thumbHashes(ids: readonly string[]): Record<string, string> {
    const found = ids.map((id) => [id, this.#statements.thumbHash.get(id)] as const);
    return Object.fromEntries(
      found.flatMap(([id, hash]) => (hash && hash.length > 0 ? [[id, hash.toString('base64')]] : [])),
    );
  }

  /**
   * Makes the blurred pictures that are still to be made, of the thumbnails there are; a thumbnail made later brings its
   * own. Goes on where it ended, and leaves time to other work in between.
   *
   * @param free whether it may go on; asked before every picture
   * @returns how many were made, and whether it ended early
   */
  async hashThumbs({
    signal,
    free = () => true,
  }: {
    signal: AbortSignal;
    free?: () => boolean;
  }): Promise<{ made: number; left: boolean }> {
    const next = this.#database.prepare<[number], { number: number; id: string }>(
      'SELECT number, id FROM assets WHERE thumb_hash IS NULL AND number > ? ORDER BY number LIMIT 64',
    );
    let made = 0;
    for (;;) {
      const lacking = next.all(this.#hashedUpTo);
      if (lacking.length === 0) return { made, left: false };
      const hashes: { id: string; hash: Uint8Array }[] = [];
      let last = this.#hashedUpTo;
      let left = false;
      for (const { number, id } of lacking) {
        signal.throwIfAborted();
        left = !free();
        if (left) break;
        last = number;
        const thumb = await readFile(this.#files.rendition(id, 'thumb')).catch(() => null);
        if (thumb === null) continue;
        // A damaged thumbnail has no blurred picture either, and is not tried again.
        hashes.push({ id, hash: await hashOfThumb(thumb).catch(() => new Uint8Array()) });
      }
      signal.throwIfAborted();
      // Together: each change of the database makes lists that are scrolled through be read anew.
      if (hashes.length > 0) {
        this.#inTransaction(() => {
          for (const { id, hash } of hashes) this.#statements.hashThumb.run(hash, id);
        });
      }
      this.#hashedUpTo = last;
      made += hashes.length;
      if (left) return { made, left };
      await pause(hashes.length * hashPauseMs, undefined, { signal });
    }
  }

  /**
   * The asset's own bytes, for exports. Vector pictures from outside come as PNG, since they may hold scripts; drawn
   * ones as SVG. Throws `not-found` or `conflict`, naming the file, when an original left in place is gone or changed.
   */
  async original(id: string): Promise<{ bytes: Uint8Array; mime: string }> {
    const row = this.#row(id);
    const source = await this.#source(row);
    if (row.mime === 'image/svg+xml' && row.origin !== 'sketched') {
      return { bytes: await rasterised(source, inspectedOf(row), vectorExportSide), mime: 'image/png' };
    }
    return { bytes: await whole(source), mime: row.mime };
  }

  /** Whether a file of the asset is still there, by its name: without reading it, so it may have changed. */
  async hasOriginal(id: string): Promise<boolean> {
    const row = this.#row(id);
    if (row.kept === 1) return exists(this.#files.original(row.id, row.mime));
    const paths = this.#database.prepare('SELECT path FROM asset_paths WHERE asset = ?').pluck().all(id);
    for (const path of paths as string[]) if (await exists(path)) return true;
    return false;
  }

  /** The very bytes the asset is known by, for archives; never to be shown as they are when they are SVG. */
  async bytes(id: string): Promise<{ bytes: Uint8Array; mime: string }> {
    const row = this.#row(id);
    return { bytes: await whole(await this.#source(row)), mime: row.mime };
  }

  /** The bytes of an asset, from the kept copy or from wherever the same file still lies. */
  async #source(row: AssetRow): Promise<PictureSource> {
    if (row.kept === 1) {
      const path = this.#files.original(row.id, row.mime);
      try {
        return { input: await readFile(path), type: row.mime, name: row.name };
      } catch (error) {
        throw explainFileError(error, path);
      }
    }
    let problem: unknown;
    for (const place of this.#places(row.id)) {
      try {
        return await this.#sourceAt(row, place);
      } catch (error) {
        problem ??= explainFileError(error, place.path);
      }
    }
    throw (
      problem ??
      new FabulaError('not-found', `The file of “${row.name}” is gone. Import it again.`, { file: row.name })
    );
  }

  #places(id: string): { path: string; stamp: string }[] {
    return this.#database
      .prepare<[string], { path: string; stamp: string }>(
        'SELECT path, stamp FROM asset_paths WHERE asset = ?',
      )
      .all(id);
  }

  /**
   * A file that is the asset, as far as one still lies where it was imported from.
   *
   * @throws FabulaError `not-found` when none does, or the asset never had a file of its own; `conflict` when the file
   *   there is another picture by now
   */
  async placeOf(id: string): Promise<string> {
    const row = this.#row(id);
    let problem: unknown;
    for (const place of this.#places(id)) {
      try {
        const stamp = stampOf(await stat(place.path, { bigint: true }));
        // Nothing is decoded: only a file that was touched since is read, to see whether it is the same picture.
        if (stamp !== place.stamp) await this.#sourceAt(row, place);
        return place.path;
      } catch (error) {
        problem ??= explainFileError(error, place.path);
      }
    }
    throw (
      problem ??
      new FabulaError(
        'not-found',
        `“${row.name}” has no file outside the library to write to: it was uploaded or drawn here.`,
        { file: row.name },
      )
    );
  }

  async #sourceAt(row: AssetRow, { path, stamp }: { path: string; stamp: string }): Promise<PictureSource> {
    const { input, stamp: found } = await readPicture(path);
    if (found !== stamp) {
      const now = typeof input === 'string' ? await hashFile(input) : hash('sha256', input);
      if (now !== row.id && this.#statements.alias.get(now) !== row.id) {
        throw new FabulaError(
          'conflict',
          `“${path}” has changed since it was imported. Import it again to use it as it is now.`,
          { file: path },
        );
      }
      this.#database.prepare('UPDATE asset_paths SET stamp = ? WHERE path = ?').run(found, path);
    }
    return { input, type: row.mime, name: path };
  }

  // Vectors

  /**
   * Saves vectors a model made, replacing those the assets had in the same space; assets removed meanwhile are left
   * out, and sketches, which get none ({@link missingVectors}). Throws `invalid-input` for a vector with no direction
   * (zero or not finite).
   *
   * @param space `pack@revision` of the encoder
   */
  putVectors(space: string, items: readonly { asset: string; vector: Float32Array }[]): void {
    const remove = this.#database.prepare('DELETE FROM vectors WHERE asset = ? AND space = ?');
    const insert = this.#database.prepare(
      `INSERT INTO vectors (space, asset, vector)
       SELECT ?, id, ? FROM assets WHERE id = ? AND origin <> 'sketched'`,
    );
    this.#database.transaction(() => {
      for (const { asset, vector } of items) {
        const length = Math.hypot(...vector);
        if (!(length > 0 && Number.isFinite(length))) {
          throw new FabulaError('invalid-input', `The vector for asset ${asset} has no direction.`, {
            asset,
          });
        }
        remove.run(asset, space);
        insert.run(space, Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength), asset);
      }
    })();
  }

  /** An asset's vector in a space, or null while there is none. */
  vector(space: string, asset: string): Float32Array | null {
    const blob = this.#database
      .prepare<[string, string], Buffer>('SELECT vector FROM vectors WHERE asset = ? AND space = ?')
      .pluck()
      .get(asset, space) as Buffer | undefined;
    return blob === undefined ? null : new Float32Array(new Uint8Array(blob).buffer);
  }

  /**
   * Assets without a vector in a space, oldest first. Sketches get none: a panel whose sketch was drawn from its words
   * would otherwise always find that one first.
   */
  missingVectors(space: string, limit: number): string[] {
    return this.#database
      .prepare(
        `SELECT id FROM assets WHERE origin <> 'sketched'
         AND NOT EXISTS (SELECT 1 FROM vectors WHERE asset = id AND space = ?) ORDER BY number LIMIT ?`,
      )
      .pluck()
      .all(space, limit) as string[];
  }

  /** Drops the vectors of every other space: those of models that have been replaced. */
  keepSpaces(spaces: readonly string[]): { removed: number } {
    const marks = spaces.map(() => '?').join(', ');
    const { changes } = this.#database
      .prepare(`DELETE FROM vectors WHERE space NOT IN (${marks})`)
      .run(...spaces);
    return { removed: changes };
  }

  // Words

  /** What is on an asset in words, or null while it is not known. @throws FabulaError `not-found` */
  words(id: string): Pyramid | null {
    this.#row(id);
    return this.#pyramids.get(id);
  }

  /** Keeps what was seen on assets, in the place of what was known; assets that are gone are left out. */
  putWords(items: readonly { asset: string; pyramid: Pyramid }[]): void {
    this.#pyramids.put(items);
  }

  /** Pictures, sketches left out, whose words a pack has not read. */
  missingWords(pack: string): string[] {
    return this.#pyramids.missing(pack);
  }

  /** Drops the words that any other pack has read. */
  keepWords(pack: string): { removed: number } {
    return this.#pyramids.keep(pack);
  }

  /** Every word that some asset shows, more likely than not. */
  knownWords(): Set<string> {
    return this.#pyramids.known();
  }

  /** Pyramids of pictures of the library, the same ones each time; which they are has nothing to do with what they show. */
  sampleWords(count: number): Pyramid[] {
    return this.#pyramids.sample(count);
  }

  /** Assets of a filter that show all of some words, the likeliest first. */
  findSeen(words: readonly string[], limit: number, filter: AssetFilter = {}): string[] {
    return this.#pyramids.find(words, limit, filter);
  }

  /** Says that many assets have changed in what lists and facets show of them. */
  tellMany(): void {
    this.#emit(null);
  }

  #row(id: string): AssetRow {
    const row = this.#statements.asset.get(id);
    if (row === undefined) {
      throw new FabulaError('not-found', `The library has no asset ${id}. It may have been removed.`, {
        asset: id,
      });
    }
    return row;
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }

  #tell(id: string): void {
    this.#changed.add(id);
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const assets = [...this.#changed];
      this.#changed.clear();
      this.#emit(assets.length > toldOneByOne ? null : assets);
    }, tellAfter).unref();
  }
}

function isList(what: readonly string[] | AssetFilter): what is readonly string[] {
  return Array.isArray(what);
}

function toAsset(row: AssetRow): Asset {
  return {
    id: row.id,
    name: row.name,
    folder: row.folder,
    mime: row.mime,
    width: row.width,
    height: row.height,
    bytes: row.bytes,
    takenAt: row.taken_at,
    importedAt: row.imported_at,
    origin: row.origin,
    caption:
      row.caption_text === null
        ? null
        : {
            text: row.caption_text,
            source: row.caption_source!,
            pack: row.caption_pack,
            createdAt: row.caption_created_at!,
          },
    tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
    thumbHash:
      row.thumb_hash === null || row.thumb_hash.length === 0 ? null : row.thumb_hash.toString('base64'),
  };
}

function inspectedOf(row: AssetRow) {
  return { width: row.width, height: row.height };
}

/**
 * Opens a file once for its stamp and its bytes, or its path when it is too large to hold. A folder is refused with
 * `details.folder` true.
 */
async function readPicture(path: string): Promise<{ input: Buffer | string; stamp: string; bytes: number }> {
  const file = await open(path).catch(async (error: unknown) => {
    // Windows does not open folders.
    if ((await stat(path).catch(() => undefined))?.isDirectory()) throw notAFile(path, true);
    throw error;
  });
  try {
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) throw notAFile(path, found.isDirectory());
    const bytes = Number(found.size);
    const stamp = stampOf(found);
    if (bytes > heldAtOnce) return { input: path, stamp, bytes };
    const held = Buffer.allocUnsafeSlow(bytes);
    let read = 0;
    while (read < bytes) {
      const { bytesRead } = await file.read(held, read, bytes - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return { input: held.subarray(0, read), stamp, bytes: read };
  } finally {
    await file.close();
  }
}

function notAFile(path: string, folder: boolean): FabulaError {
  return new FabulaError('invalid-input', `“${path}” is not a file. Give a picture, or a folder of them.`, {
    file: path,
    folder,
  });
}

/** Size and times to the nanosecond: what tells, as in git's index, that a file has not been touched since. */
function stampOf(found: BigIntStats): string {
  return `${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}

async function whole({ input }: PictureSource): Promise<Uint8Array> {
  return typeof input === 'string' ? readFile(input) : input;
}

async function hashFile(path: string): Promise<string> {
  const sha = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), sha);
  return sha.digest('hex');
}

async function readHead(path: string, bytes: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
