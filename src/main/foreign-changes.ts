import type { StudioEmitter } from './events.ts';
import type { History } from './history.ts';
import type { Database } from './store/database.ts';

/** How often it is asked whether another process wrote, in milliseconds; the question costs microseconds. */
const interval = 1000;

/** What changes with every change of the library that a window shows. */
interface LibraryMark {
  /** Of the history: its last steps in the library. */
  steps: string;
  /** Of the assets, captions and tags. */
  rows: string;
}

/**
 * Tells this process's windows what other processes change in the same data folder: `fabula caption` beside an open
 * window, or a second server. SQLite counts the commits of other connections (`PRAGMA data_version`); only when that
 * count has moved is it looked up what they touched.
 */
export class ForeignChanges {
  readonly #database: Database;
  readonly #events: StudioEmitter;
  readonly #history: History;
  readonly #timer: NodeJS.Timeout;
  readonly #stops: (() => void)[];
  #version: number;
  #revisions: Map<string, number>;
  #library: LibraryMark;

  constructor({
    database,
    events,
    history,
    every = interval,
  }: {
    database: Database;
    events: StudioEmitter;
    history: History;
    every?: number;
  }) {
    this.#database = database;
    this.#events = events;
    this.#history = history;
    this.#version = this.#dataVersion();
    this.#revisions = this.#readRevisions();
    this.#library = this.#readLibrary();
    this.#timer = setInterval(() => this.#look(), every).unref();
    // What this process changed itself, and has told of, is no news.
    this.#stops = [
      events.listen('story.changed', ({ id, revision }) => this.#revisions.set(id, revision)),
      events.listen('stories.changed', () => (this.#revisions = this.#readRevisions())),
      events.listen('library.changed', () => (this.#library = this.#readLibrary())),
      events.listen('history.changed', () => (this.#library = this.#readLibrary())),
    ];
  }

  close(): void {
    clearInterval(this.#timer);
    for (const stop of this.#stops) stop();
  }

  #look(): void {
    try {
      const version = this.#dataVersion();
      if (version === this.#version) return;
      this.#version = version;
      this.#tellStories();
      this.#tellLibrary();
    } catch (error) {
      // The database was busy for long: the next look tries again.
      if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')))
        throw error;
    }
  }

  #tellStories(): void {
    const known = this.#revisions;
    this.#revisions = this.#readRevisions();
    const ids = new Set([...known.keys(), ...this.#revisions.keys()]);
    for (const story of ids) {
      if (known.get(story) !== this.#revisions.get(story)) this.#events.tell('stories.changed', { story });
    }
  }

  #tellLibrary(): void {
    const known = this.#library;
    const found = this.#readLibrary();
    this.#library = found;
    if (known.steps !== found.steps) this.#events.tell('history.changed', this.#history.state(null));
    if (known.steps !== found.steps || known.rows !== found.rows) {
      this.#events.tell('library.changed', { assets: null });
    }
  }

  #dataVersion(): number {
    return this.#database.pragma('data_version', { simple: true }) as number;
  }

  #readRevisions(): Map<string, number> {
    const rows = this.#database.prepare('SELECT id, revision FROM stories').raw().all() as [string, number][];
    return new Map(rows);
  }

  /** Rows are numbered without gaps being filled, so the last numbers and the count tell of every row added or gone. */
  #readLibrary(): LibraryMark {
    const steps = this.#database
      .prepare('SELECT state, max(turn) FROM history WHERE story IS NULL GROUP BY state')
      .raw()
      .all();
    const numbers = this.#database
      .prepare("SELECT seq FROM sqlite_sequence WHERE name IN ('assets', 'captions', 'tags') ORDER BY name")
      .pluck()
      .all();
    const count = this.#database.prepare('SELECT count(*) FROM assets').pluck().get();
    return { steps: JSON.stringify(steps), rows: JSON.stringify([numbers, count]) };
  }
}
