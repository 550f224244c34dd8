/**
 * How fast the nearest vectors are found, against sqlite-vec (vec0, cosine) over the same vectors in the same run,
 * and whether the ten best are those of an exact scan in double precision.
 *
 * Vectors are clustered, as those of photographs are (topics of very different sizes, queries near some of them), and
 * then uniformly random. The vectors come from the database, as in the studio; the time to load them is printed.
 *
 *   npm run bench:search -- [--vectors N] [--dimensions N] [--rounds N]
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from 'sqlite-vec';
import { VectorIndex } from '../src/main/library/search.ts';
import { openDatabase, type Database } from '../src/main/store/database.ts';
import { median, quantile } from './median.ts';

const best = 10;
const queriesARound = 30;

const { values } = parseArgs({
  options: {
    vectors: { type: 'string', default: '50000' },
    dimensions: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
  },
});
const count = Number(values.vectors);
const dimensions = Number(values.dimensions);
const rounds = Number(values.rounds);

let good = true;
for (const kind of ['clustered', 'random'] as const) {
  const folder = mkdtempSync(join(tmpdir(), 'fabula-bench-'));
  try {
    good = measure(kind, openDatabase(join(folder, 'library.db'))) && good;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exitCode = good ? 0 : 1;

function measure(kind: 'clustered' | 'random', database: Database): boolean {
  const { vectors, queries } = kind === 'clustered' ? clustered() : random();
  const assets = vectors.map((_, index) => createHash('sha256').update(`asset ${index}`).digest('hex'));
  const numbers = new Map(assets.map((asset, index) => [asset, index]));
  fill(database, assets, vectors);

  const start = performance.now();
  const index = new VectorIndex(database, 'bench@1');
  const size = index.size;
  const loaded = performance.now() - start;

  const select = database.prepare<[Buffer], { rowid: number }>(
    `SELECT rowid FROM peer WHERE vector MATCH ? AND k = ${best} ORDER BY distance`,
  );
  const ours: number[] = [];
  const theirs: number[] = [];
  const all: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const timesOurs: number[] = [];
    const timesTheirs: number[] = [];
    for (const query of queries) {
      timesOurs.push(timed(() => index.search(query, best)));
      timesTheirs.push(timed(() => select.all(blob(query))));
    }
    // The first round warms both up.
    if (round === 0) continue;
    ours.push(median(timesOurs));
    theirs.push(median(timesTheirs));
    all.push(...timesOurs);
  }

  let same = 0;
  for (const query of queries) {
    const found = index.search(query, best).map((hit) => numbers.get(hit.asset)!);
    const exact = scan(vectors, query);
    if (found.every((row, at) => row === exact[at])) same += 1;
  }
  const ratio = median(ours) / median(theirs);
  console.log(
    `${kind}, ${size} × ${dimensions}: loaded in ${loaded.toFixed(0)} ms; p50 ${median(ours).toFixed(2)} ms (p95 ${quantile(all, 0.95).toFixed(2)}), ` +
      `sqlite-vec ${median(theirs).toFixed(2)} ms, ratio ${ratio.toFixed(3)} (wanted: at most 0.333); ` +
      `top ${best} as in an exact scan: ${same} of ${queries.length}`,
  );
  return ratio <= 1 / 3 && same === queries.length;
}

function fill(database: Database, assets: readonly string[], vectors: readonly Float32Array[]): void {
  load(database);
  database.exec(`CREATE VIRTUAL TABLE peer USING vec0 (vector float[${dimensions}] distance_metric=cosine)`);
  const asset = database.prepare(
    `INSERT INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
     VALUES (?, 'a', '', 'image/png', 1, 1, 1, '', 'imported', 0)`,
  );
  const vector = database.prepare(`INSERT INTO vectors (space, asset, vector) VALUES ('bench@1', ?, ?)`);
  const peer = database.prepare('INSERT INTO peer (rowid, vector) VALUES (?, ?)');
  database.transaction(() => {
    for (const [index, id] of assets.entries()) {
      asset.run(id);
      vector.run(id, blob(vectors[index]!));
      peer.run(BigInt(index), blob(vectors[index]!));
    }
  })();
}

/** The rows of the greatest cosine similarities, in double precision, best first. */
function scan(vectors: readonly Float32Array[], query: Float32Array): number[] {
  const scores = vectors.map((vector, row) => ({
    row,
    score: dot(vector, query) / Math.sqrt(dot(vector, vector)),
  }));
  return scores
    .sort((a, b) => b.score - a.score)
    .slice(0, best)
    .map(({ row }) => row);
}

/** 400 topics whose sizes follow Zipf's law, each with its own spread, around a common mean as encoders have one. */
function clustered() {
  const gauss = gaussian(7);
  const mean = direction(gauss, 0);
  const topics = Array.from({ length: 400 }, () => ({
    centre: direction(gauss, 1, mean),
    spread: 0.4 + 0.5 * Math.abs(gauss()),
  }));
  const weights = topics.map((_, at) => 1 / (at + 1));
  const sum = weights.reduce((a, b) => a + b);
  const vectors: Float32Array[] = [];
  for (const [at, topic] of topics.entries()) {
    const size = at === 0 ? 0 : Math.floor((count * weights[at]!) / sum);
    for (let one = 0; one < size; one += 1) vectors.push(direction(gauss, topic.spread, topic.centre));
  }
  while (vectors.length < count) vectors.push(direction(gauss, topics[0]!.spread, topics[0]!.centre));
  const queries = Array.from({ length: queriesARound }, (_, at) =>
    direction(gauss, 0.7, topics[(at * 37) % topics.length]!.centre),
  );
  return { vectors, queries };
}

function random() {
  const gauss = gaussian(11);
  return {
    vectors: Array.from({ length: count }, () => direction(gauss, 1)),
    queries: Array.from({ length: queriesARound }, () => direction(gauss, 1)),
  };
}

/** A unit vector at `spread` times a random direction from `around`. */
function direction(gauss: () => number, spread: number, around?: Float32Array): Float32Array {
  const vector = Float32Array.from({ length: dimensions }, () => gauss() / Math.sqrt(dimensions));
  for (let at = 0; at < dimensions; at += 1) {
    vector[at] = around === undefined ? vector[at]! : around[at]! + spread * vector[at]!;
  }
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

/** Standard normal numbers (Box–Muller over mulberry32). */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum;
}

function blob(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
