import { createRequire } from 'node:module';
import type { Database, Statement } from 'better-sqlite3';
import { FabulaError } from '../../shared/errors.ts';

export interface VectorHit {
  asset: string;
  /** Cosine similarity, -1 to 1. */
  similarity: number;
}

interface Usearch {
  exactSearch(
    dataset: Float32Array,
    query: Float32Array,
    dimensions: number,
    count: number,
    metric: string,
    threads: number,
  ): { keys: BigUint64Array };
}

/** How many more rows than asked for are compared again in double precision, which settles near ties. */
const compared = 32;
/** Pictures that {@link VectorIndex.spread} looks at, and how few are too few. */
const sampled = 2000;
const fewest = 8;

/**
 * Exact nearest neighbours among the vectors of one space. The vectors are held in one packed matrix, 4 bytes a
 * dimension, which follows the database by itself: what this or another process has added or removed is there at the
 * next search.
 *
 * The scan is usearch's (SIMD, one thread); where its native part cannot be loaded, a plain loop about three times as
 * slow. An approximate index (HNSW) is not used: at 50,000 vectors the exact scan takes milliseconds.
 */
export class VectorIndex {
  readonly #selectNew: Statement<[string, number], { seq: number; asset: string; vector: Buffer }>;
  readonly #selectSeqs: Statement<[string], number>;
  readonly #selectCounts: Statement<[string], { added: number; removed: number }>;
  readonly #database: Database;
  readonly #space: string;
  #dimensions = 0;
  #matrix = new Float32Array(0);
  /** The same memory as the matrix. */
  #bytes = new Uint8Array(0);
  #assets: string[] = [];
  #seqs: number[] = [];
  #added = 0;
  #removed = 0;

  /** @param space `pack@revision` of the encoder whose vectors are searched */
  constructor(database: Database, space: string) {
    this.#database = database;
    this.#space = space;
    this.#selectNew = database.prepare(
      'SELECT seq, asset, vector FROM vectors WHERE space = ? AND seq > ? ORDER BY seq',
    );
    this.#selectSeqs = database
      .prepare<[string], number>('SELECT seq FROM vectors WHERE space = ?')
      .pluck() as Statement<[string], number>;
    this.#selectCounts = database.prepare('SELECT added, removed FROM vector_spaces WHERE space = ?');
  }

  /** The vectors themselves, row by row, unit length: f32 [assets, dimensions]. Not to be changed; good until the next call. */
  rows(): { assets: readonly string[]; matrix: Float32Array; dimensions: number; state: string } {
    this.refresh();
    return {
      assets: this.#assets,
      matrix: this.#matrix,
      dimensions: this.#dimensions,
      state: `${this.#space} ${this.#added} ${this.#removed}`,
    };
  }

  /** How many vectors can be found. */
  get size(): number {
    this.refresh();
    return this.#assets.length;
  }

  /**
   * The `k` assets whose vectors are most like `vector`, best first; equal ones in order of their ids. Throws
   * `invalid-input` when the vector has another number of dimensions than those of the space, or no direction.
   *
   * @param only the assets to search among; all when left out
   */
  search(vector: Float32Array, k: number, only?: ReadonlySet<string>): VectorHit[] {
    this.refresh();
    const rows = this.#assets.length;
    if (rows === 0 || k <= 0) return [];
    const query = this.#query(vector);
    const candidates =
      only === undefined
        ? this.#nearest(query, Math.min(rows, k + compared))
        : this.#nearestAmong(query, k + compared, only);
    const hits = Array.from(candidates, (row) => ({
      asset: this.#assets[row]!,
      similarity: Math.min(1, Math.max(-1, this.#similarity(row, query))),
    }));
    hits.sort((a, b) => b.similarity - a.similarity || (a.asset < b.asset ? -1 : 1));
    return hits.slice(0, k);
  }

  /**
   * How far the similarities of a vector to the pictures of the space lie apart: their standard deviation, over at most
   * {@link sampled} of them; null where there are too few, or all are the same.
   */
  spread(vector: Float32Array): number | null {
    this.refresh();
    const rows = this.#assets.length;
    if (rows < fewest) return null;
    const query = this.#query(vector);
    const count = Math.min(rows, sampled);
    let sum = 0;
    let squares = 0;
    for (let at = 0; at < count; at += 1) {
      const similarity = this.#similarity(Math.floor((at * rows) / count), query);
      sum += similarity;
      squares += similarity * similarity;
    }
    const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
    return deviation > 1e-4 ? deviation : null;
  }

  #query(vector: Float32Array): Float32Array {
    if (vector.length !== this.#dimensions) {
      throw new FabulaError(
        'invalid-input',
        `The query has ${vector.length} dimensions and the vectors of ${this.#space} have ${this.#dimensions}.`,
      );
    }
    return unit(vector);
  }

  /** Brings the matrix in step with the database; searching does so by itself. Loads everything the first time. */
  refresh(): void {
    const counts = this.#selectCounts.get(this.#space) ?? { added: 0, removed: 0 };
    if (counts.added === this.#added && counts.removed === this.#removed) return;
    // One read transaction, so that counts and rows are of the same moment.
    this.#database.transaction(() => {
      const { added, removed } = this.#selectCounts.get(this.#space)!;
      if (removed !== this.#removed) this.#dropRemoved();
      if (added !== this.#added) this.#loadNew(added - removed);
      this.#added = added;
      this.#removed = removed;
    })();
  }

  #dropRemoved(): void {
    if (this.#assets.length === 0) return;
    const live = new Set(this.#selectSeqs.all(this.#space));
    const width = this.#dimensions;
    let to = 0;
    for (let from = 0; from < this.#assets.length; from += 1) {
      if (!live.has(this.#seqs[from]!)) continue;
      if (to < from) {
        this.#matrix.copyWithin(to * width, from * width, (from + 1) * width);
        this.#assets[to] = this.#assets[from]!;
        this.#seqs[to] = this.#seqs[from]!;
      }
      to += 1;
    }
    this.#assets.length = to;
    this.#seqs.length = to;
  }

  /** @param expected how many vectors there will be, for which room is made at once */
  #loadNew(expected: number): void {
    for (const { seq, asset, vector } of this.#selectNew.iterate(this.#space, this.#seqs.at(-1) ?? 0)) {
      const width = vector.byteLength / 4;
      if (this.#assets.length === 0) this.#dimensions = width;
      if (width !== this.#dimensions) {
        throw new FabulaError(
          'invalid-input',
          `The library has vectors of ${width} and of ${this.#dimensions} dimensions under ${this.#space}. Reinstall the pack under another revision.`,
        );
      }
      const start = this.#assets.length * width;
      this.#makeRoom(start + width, expected * width);
      vector.copy(this.#bytes, start * 4);
      normalise(this.#matrix, start, start + width);
      this.#assets.push(asset);
      this.#seqs.push(seq);
    }
  }

  #makeRoom(needed: number, expected: number): void {
    if (needed <= this.#matrix.length) return;
    // A growing library gets room for half as many again, so that adding one by one does not copy all each time.
    const larger = new Float32Array(
      Math.max(needed, this.#matrix.length === 0 ? expected : Math.ceil(needed * 1.5)),
    );
    larger.set(this.#matrix);
    this.#matrix = larger;
    this.#bytes = new Uint8Array(larger.buffer);
  }

  /** The rows whose dot products with the query are greatest, in no particular order. */
  #nearest(query: Float32Array, count: number): Iterable<number> {
    const rows = this.#assets.length;
    const usearch = loadUsearch();
    if (usearch !== null) {
      const dataset = this.#matrix.subarray(0, rows * this.#dimensions);
      return Array.from(usearch.exactSearch(dataset, query, this.#dimensions, count, 'ip', 1).keys, Number);
    }
    return plainScan(this.#matrix, rows, query, count);
  }

  #nearestAmong(query: Float32Array, count: number, only: ReadonlySet<string>): number[] {
    const found: { row: number; score: number }[] = [];
    for (const [row, asset] of this.#assets.entries()) {
      if (only.has(asset)) found.push({ row, score: this.#similarity(row, query) });
    }
    return found
      .sort((a, b) => b.score - a.score)
      .slice(0, count)
      .map(({ row }) => row);
  }

  #similarity(row: number, query: Float32Array): number {
    return dot(this.#matrix, row * this.#dimensions, query);
  }
}

/**
 * The `count` rows of a packed matrix whose dot products with the query are greatest, in no particular order: what
 * stands in where usearch has no build for the machine. At least `count` rows are needed.
 */
export function plainScan(matrix: Float32Array, rows: number, query: Float32Array, count: number): number[] {
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) scores[row] = dot(matrix, row * query.length, query);
  const least = scores.toSorted()[rows - count]!;
  const found: number[] = [];
  for (let row = 0; row < rows; row += 1) if (scores[row]! > least) found.push(row);
  for (let row = 0; row < rows && found.length < count; row += 1) if (scores[row] === least) found.push(row);
  return found;
}

function dot(matrix: Float32Array, start: number, query: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < query.length; at += 1) sum += matrix[start + at]! * query[at]!;
  return sum;
}

let usearch: Usearch | null | undefined;

/** Loaded with the first search. Null on a machine that usearch has no build for. */
function loadUsearch(): Usearch | null {
  if (usearch === undefined) {
    try {
      usearch = createRequire(import.meta.url)('usearch') as Usearch;
    } catch {
      usearch = null;
    }
  }
  return usearch;
}

function unit(vector: Float32Array): Float32Array {
  const copy = Float32Array.from(vector);
  if (!normalise(copy, 0, copy.length)) {
    throw new FabulaError('invalid-input', 'The query vector has no direction.');
  }
  return copy;
}

/** Scales the vector in a stretch of a matrix to length 1, in place; false when it has no direction. */
function normalise(matrix: Float32Array, start: number, end: number): boolean {
  let sum = 0;
  for (let at = start; at < end; at += 1) sum += matrix[at]! * matrix[at]!;
  if (!(sum > 0 && Number.isFinite(sum))) return false;
  const scale = 1 / Math.sqrt(sum);
  // Vectors of an encoder are of length 1 already; what rounding left is not worth changing them for.
  if (Math.abs(scale - 1) > 1e-6) for (let at = start; at < end; at += 1) matrix[at] = matrix[at]! * scale;
  return true;
}
