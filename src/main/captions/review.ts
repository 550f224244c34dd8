import type { AssetFilter, Review, ReviewItem, ReviewState } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { History } from '../history.ts';
import type { Library } from '../library/library.ts';
import type { Database } from '../store/database.ts';

export type ReviewDecision = 'accept' | 'edit' | 'reject';

const decided: Readonly<Record<ReviewDecision, ReviewState>> = {
  accept: 'accepted',
  edit: 'edited',
  reject: 'rejected',
};

/** The queue of captions that a person looks through: one at a time in a data folder, kept over restarts. */
export class ReviewQueue {
  readonly #database: Database;
  readonly #library: Library;

  readonly #history: History | undefined;

  constructor({
    database,
    library,
    history,
  }: {
    database: Database;
    library: Library;
    /** Keeps what can be undone. Without one nothing can be. */
    history?: History;
  }) {
    this.#database = database;
    this.#library = library;
    this.#history = history;
    history?.register('review', {
      read: (asset) => this.#state(asset),
      write: (asset, _key, state) => this.#setState(asset, state as ReviewState),
    });
  }

  /** Makes a new queue of those of the pictures that have a caption; the one before is forgotten. */
  start(what: { assets?: readonly string[] | undefined; filter: AssetFilter }): Review {
    const captions = this.#library.captions(what.assets ?? { ...what.filter, captioned: true });
    if (captions.length === 0) {
      throw new FabulaError(
        'invalid-input',
        'None of these pictures has a caption yet. Caption them first, then review what was written.',
      );
    }
    const insert = this.#database.prepare('INSERT OR IGNORE INTO review_items (asset) VALUES (?)');
    this.#database
      .transaction(() => {
        this.#database.prepare('DELETE FROM review_items').run();
        for (const { asset } of captions) insert.run(asset);
      })
      .immediate();
    return this.get();
  }

  get(): Review {
    const counts = { waiting: 0, accepted: 0, edited: 0, rejected: 0 };
    const rows = this.#database
      .prepare<[], { state: ReviewState; count: number }>(
        'SELECT state, count(*) AS count FROM review_items GROUP BY state',
      )
      .all();
    for (const { state, count } of rows) counts[state] = count;
    const next = this.#database
      .prepare(
        `SELECT (SELECT count(*) FROM review_items WHERE seq < first.seq)
         FROM (SELECT min(seq) AS seq FROM review_items WHERE state = 'waiting') AS first WHERE first.seq IS NOT NULL`,
      )
      .pluck()
      .get() as number | undefined;
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { total, counts, next: next ?? null };
  }

  list(offset: number, limit: number): { items: ReviewItem[] } {
    const rows = this.#database
      .prepare<[number, number], { asset: string; state: ReviewState }>(
        'SELECT asset, state FROM review_items ORDER BY seq LIMIT ? OFFSET ?',
      )
      .all(limit, offset);
    return { items: rows.map(({ asset, state }) => ({ asset: this.#library.get(asset), state })) };
  }

  /**
   * Accepts a picture's caption as a person's own, puts another in its place, or takes it away. To be called in one
   * transaction.
   *
   * @throws FabulaError `not-found` for a picture that is not in the queue; `invalid-input` where there is nothing to
   *   accept
   */
  decide(asset: string, decision: ReviewDecision, text: string): { item: ReviewItem; review: Review } {
    const state = this.#state(asset);
    if (state === undefined) {
      throw new FabulaError(
        'not-found',
        'This picture is no longer among those under review: another review was started, or it was removed.',
      );
    }
    const { caption, name } = this.#library.get(asset);
    if (decision === 'accept' && caption === null) {
      throw new FabulaError('invalid-input', `“${name}” has no caption to accept. Write one instead.`);
    }
    const words = decision === 'accept' ? caption!.text : decision === 'edit' ? text : '';
    // A caption that is a person's already stays as it is: nothing is written twice.
    if (decision !== 'accept' || caption!.source !== 'person') {
      this.#library.setCaption(asset, {
        text: words,
        source: 'person',
        pack: null,
        settings: {
          review: decided[decision],
          ...(caption === null ? {} : { from: { source: caption.source, pack: caption.pack } }),
        },
      });
    }
    const after = words.trim() === '' ? 'rejected' : decided[decision];
    this.#setState(asset, after);
    this.#history?.note(asset, 'review', '', state, after);
    return { item: { asset: this.#library.get(asset), state: this.#state(asset)! }, review: this.get() };
  }

  /** Undefined when the picture is not in the queue. */
  #state(asset: string): ReviewState | undefined {
    return this.#database.prepare('SELECT state FROM review_items WHERE asset = ?').pluck().get(asset) as
      ReviewState | undefined;
  }

  #setState(asset: string, state: ReviewState): void {
    this.#database.prepare('UPDATE review_items SET state = ? WHERE asset = ?').run(state, asset);
  }
}
