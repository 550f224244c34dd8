import { hostname } from 'node:os';
import type { Database, Statement } from 'better-sqlite3';
import type { Job, JobTitle, JobItemError, JobKind, JobState } from '../../shared/contract.ts';
import { FabulaError, toFailure, type Failure, type Json } from '../../shared/errors.ts';
import { isMessageKey, translate } from '../../shared/messages.ts';
import { explainFileError } from '../fs-errors.ts';
import type { Clock, Ids } from '../ports.ts';

/** One piece of a job's work: a path, an asset, a panel. */
export interface JobItem {
  readonly seq: number;
  /** What `start` or `expand` was given; unique within its job. */
  readonly item: string;
}

/** What a runner works with. Everything here refuses (`cancelled`) once the job is no longer this process's to run. */
export interface JobContext {
  /** The job as it was when the run began. */
  readonly job: Job;
  readonly params: Json;
  /** Aborted when the job is paused or cancelled, the studio closes, or another process took the job over. */
  readonly signal: AbortSignal;
  /** The next items that wait, at most `size`; empty when none is left. Items are not handed out twice in one run. */
  takeBatch(size: number): JobItem[];
  /** The items one after the other, ending early when the signal is aborted. */
  items(): AsyncGenerator<JobItem>;
  /** Marks an item done. `write` runs in the same transaction: what it writes and the mark stand or fall together. */
  finish(item: JobItem, write?: () => Json | undefined): void;
  /** Marks an item failed; the others go on. `name` is the item as a person knows it, when `item.item` is not. */
  fail(item: JobItem, error: unknown, name?: string): void;
  /**
   * Puts other items in the place of one, such as a folder's files; those the job already has are left out. `refused`
   * are items that have failed from the start.
   */
  expand(item: JobItem, into: readonly string[], refused?: readonly { item: string; error: unknown }[]): void;
  /** Several `finish` and `fail` in one transaction. */
  together(work: () => void): void;
}

/**
 * Does a job's items. When it returns, what it neither finished nor failed makes the job fail; when it throws, the
 * job fails with that error, unless the signal was aborted: then what is not done stays queued.
 */
export type JobRunner = (context: JobContext) => Promise<void>;

export interface JobsOptions {
  database: Database;
  clock: Clock;
  ids: Ids;
  /** Hears of every change of a job, progress at most a few times a second. */
  emit?: (job: Job) => void;
  /**
   * Whether jobs found waiting, or left by a process that died, are taken up too (default), as a window does; a
   * short-lived process takes only what it starts, resumes or retries itself.
   */
  adopt?: boolean;
}

/** How long a process that has not been heard of is believed to be alive, and how often it is heard of; milliseconds. */
const leaseTime = 20_000;
const heartbeatTime = 5_000;
/** Shortest time between two progress events of one job, in milliseconds. */
const progressTime = 150;

const finished: readonly JobState[] = ['done', 'cancelled', 'failed'];

interface JobRow {
  id: string;
  kind: JobKind;
  label: string;
  params: string;
  state: JobState;
  total: number;
  done: number;
  failed: number;
  error: string | null;
  owner: string | null;
  lease_until: number;
  created_at: string;
  updated_at: string;
}

interface Run {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/**
 * The persistent queue of long work. A job of a kind starts when the one before it of the same kind has ended. A job
 * is run by one process at a time, which holds a lease on it: when that process dies, the next one goes on with the
 * items that are left.
 */
export class Jobs {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #emit: (job: Job) => void;
  readonly #adopt: boolean;
  readonly #owner: string;
  /** Jobs started, resumed or retried here. */
  readonly #own = new Set<string>();
  /** Jobs whose end could not be written (a full disk), with the reason: over as far as this process is concerned. */
  readonly #abandoned = new Map<string, string>();
  readonly #runners = new Map<JobKind, JobRunner>();
  readonly #runs = new Map<string, Run>();
  readonly #listeners = new Set<() => void>();
  readonly #lastEmitted = new Map<string, number>();
  readonly #trailing = new Map<string, NodeJS.Timeout>();
  readonly #foreign = new Map<string, string>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #selectJob: Statement<[string], JobRow>;
  #closed = false;

  constructor(options: JobsOptions) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#ids = options.ids;
    this.#emit = options.emit ?? (() => {});
    this.#adopt = options.adopt ?? true;
    this.#owner = `${hostname()}|${process.pid}|${options.ids.next()}`;
    this.#selectJob = this.#database.prepare<[string], JobRow>('SELECT * FROM jobs WHERE id = ?');
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatTime);
    this.#heartbeat.unref();
  }

  /** Says how jobs of a kind are run, and takes up those that wait or whose process died. */
  register(kind: JobKind, runner: JobRunner): void {
    if (this.#runners.has(kind)) throw new Error(`The job kind ${kind} has a runner already.`);
    this.#runners.set(kind, runner);
    this.#startNext();
  }

  /**
   * Puts a job in the queue.
   *
   * @param title one line for a person: a message, or a text as it is
   * @param items the pieces of work, in order; repeated ones count once
   */
  start(kind: JobKind, title: JobTitle | string, params: Json, items: readonly string[]): Job {
    const label = typeof title === 'string' ? title : JSON.stringify(title);
    const id = this.#ids.next();
    const now = this.#now();
    this.#database
      .transaction(() => {
        this.#database
          .prepare(
            `INSERT INTO jobs (id, kind, label, params, state, total, created_at, updated_at)
             VALUES (?, ?, ?, ?, 'queued', 0, ?, ?)`,
          )
          .run(id, kind, label, JSON.stringify(params), now, now);
        this.#addItems(id, items);
      })
      .immediate();
    this.#own.add(id);
    this.#startNext();
    this.#changed(id);
    return this.get(id);
  }

  /** Throws `not-found` for a job that does not exist. */
  get(id: string): Job {
    return toJob(this.#row(id));
  }

  /** Every job that has not been cleared, newest first. */
  list(): Job[] {
    return this.#database
      .prepare<[], JobRow>('SELECT * FROM jobs ORDER BY number DESC')
      .all()
      .map((row) => toJob(this.#overlaid(row)));
  }

  /** The items of a job that failed, in order. */
  errors(id: string): JobItemError[] {
    this.#row(id);
    return this.#database
      .prepare<[string], JobItemError>(
        `SELECT coalesce(name, item) AS item, code, message FROM job_items
         WHERE job = ? AND state = 'failed' ORDER BY seq`,
      )
      .all(id);
  }

  /** What the finished items of a job left behind, in order: the values that `finish`'s callbacks returned. */
  results(id: string): { item: string; result: Json }[] {
    this.#row(id);
    return this.#database
      .prepare<[string], { item: string; result: string | null }>(
        `SELECT item, result FROM job_items WHERE job = ? AND state = 'done' ORDER BY seq`,
      )
      .all(id)
      .map(({ item, result }) => ({ item, result: JSON.parse(result ?? 'null') as Json }));
  }

  /** Stops a job for now; its items in hand are done again later. A job that is not going on stays as it is. */
  pause(id: string): Job {
    return this.#setState(id, ['queued', 'running'], 'paused');
  }

  /** Lets a paused job go on. */
  resume(id: string): Job {
    return this.#setState(id, ['paused'], 'queued');
  }

  /** Ends a job and keeps what is done. */
  cancel(id: string): Job {
    return this.#setState(id, ['queued', 'running', 'paused'], 'cancelled');
  }

  /** Puts the failed items of a finished job, and those a cancelled one had left, back in the queue. */
  retry(id: string): Job {
    const row = this.#row(id);
    if (!finished.includes(row.state)) {
      throw new FabulaError(
        'invalid-input',
        `“${wordsOf(row.label).label}” has not ended yet. Wait for it, or cancel it first.`,
      );
    }
    this.#database
      .transaction(() => {
        this.#database
          .prepare(
            `UPDATE job_items SET state = 'queued', name = NULL, code = NULL, message = NULL
             WHERE job = ? AND state = 'failed'`,
          )
          .run(id);
        this.#database
          .prepare(
            `UPDATE jobs SET state = 'queued', done = done - failed, failed = 0, error = NULL, updated_at = ?
             WHERE id = ? AND state IN ('done', 'cancelled', 'failed')`,
          )
          .run(this.#now(), id);
      })
      .immediate();
    this.#abandoned.delete(id);
    this.#own.add(id);
    this.#startNext();
    this.#changed(id);
    return this.get(id);
  }

  /** Takes finished jobs out of the list. */
  clear(): { removed: number } {
    const { changes } = this.#database
      .prepare("DELETE FROM jobs WHERE state IN ('done', 'cancelled', 'failed')")
      .run();
    return { removed: changes };
  }

  /**
   * The job once it has ended (done, cancelled or failed), whichever process ran it. Rejects with `cancelled` when the
   * signal is aborted or the studio closes first; the job itself goes on.
   */
  async waitFor(id: string, signal?: AbortSignal): Promise<Job> {
    for (;;) {
      const job = this.get(id);
      if (finished.includes(job.state)) return job;
      if (signal?.aborted || this.#closed) {
        throw new FabulaError('cancelled', `Stopped waiting for “${job.label}”.`);
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#listeners.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        // Another process may be the one that ends the job.
        const timer = setTimeout(wake, 1000);
        this.#listeners.add(wake);
        signal?.addEventListener('abort', wake);
      });
    }
  }

  /** Stops what runs here, leaving it to be gone on with at the next start, and waits for the runners to end. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    for (const timer of this.#trailing.values()) clearTimeout(timer);
    for (const run of this.#runs.values()) run.controller.abort(stopped('Fabula is closing.'));
    await Promise.all([...this.#runs.values()].map((run) => run.ended));
    this.#wake();
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }

  #row(id: string): JobRow {
    const row = this.#selectJob.get(id);
    if (row === undefined)
      throw new FabulaError('not-found', `There is no job ${id}. It may have been cleared.`);
    return this.#overlaid(row);
  }

  #overlaid(row: JobRow): JobRow {
    const error = this.#abandoned.get(row.id);
    return error === undefined ? row : { ...row, state: 'failed', error };
  }

  #addItems(id: string, items: readonly string[]): void {
    const insert = this.#database.prepare('INSERT OR IGNORE INTO job_items (job, item) VALUES (?, ?)');
    let added = 0;
    for (const item of items) added += insert.run(id, item).changes;
    this.#database.prepare('UPDATE jobs SET total = total + ? WHERE id = ?').run(added, id);
  }

  #setState(id: string, from: readonly JobState[], to: JobState): Job {
    this.#row(id);
    const { changes } = this.#database
      .prepare(
        `UPDATE jobs SET state = ?, updated_at = ?
         WHERE id = ? AND state IN (${from.map(() => '?').join(', ')})`,
      )
      .run(to, this.#now(), id, ...from);
    if (changes > 0) {
      if (to === 'queued') this.#own.add(id);
      else this.#runs.get(id)?.controller.abort(stopped('The job was stopped.'));
      this.#changed(id);
      this.#startNext();
    }
    return this.get(id);
  }

  /** Starts, for each kind that has a runner and none running, the oldest job that waits or was left by a dead process. */
  #startNext(): void {
    if (this.#closed) return;
    for (const kind of this.#runners.keys()) {
      const claimed = this.#claim(kind);
      if (claimed !== undefined) this.#run(claimed);
    }
  }

  #claim(kind: JobKind): string | undefined {
    const select = this.#database.prepare<[JobKind], JobRow>(
      "SELECT * FROM jobs WHERE kind = ? AND state IN ('queued', 'running') ORDER BY number",
    );
    const next = () => {
      const rows = select.all(kind);
      if (rows.some((row) => this.#isHeld(row))) return undefined;
      return rows.find(({ id }) => !this.#abandoned.has(id) && (this.#adopt || this.#own.has(id)));
    };
    // Looked up before the write lock is asked for: mostly there is nothing to claim.
    if (next() === undefined) return undefined;
    return this.#database
      .transaction(() => {
        const row = next();
        if (row === undefined) return undefined;
        this.#database
          .prepare(
            "UPDATE jobs SET state = 'running', owner = ?, lease_until = ?, updated_at = ? WHERE id = ?",
          )
          .run(this.#owner, this.#leaseEnd(), this.#now(), row.id);
        return row.id;
      })
      .immediate();
  }

  #leaseEnd(): number {
    return this.#clock.now().getTime() + leaseTime;
  }

  /** Whether a process, this one or another that is alive, has the job in hand (even if it is only just letting go). */
  #isHeld(row: JobRow): boolean {
    if (this.#runs.has(row.id)) return true;
    if (row.owner === null || row.owner === this.#owner) return false;
    if (row.lease_until <= this.#clock.now().getTime()) return false;
    const [host, pid] = row.owner.split('|');
    // A killed process of this machine need not be waited for.
    return host !== hostname() || isAlive(Number(pid));
  }

  #run(id: string): void {
    const controller = new AbortController();
    const row = this.#row(id);
    const runner = this.#runners.get(row.kind)!;
    this.#changed(id);
    const ended = (async () => {
      // The caller of start() sees its job before the first item is touched.
      await Promise.resolve();
      let thrown: unknown;
      try {
        await runner(this.#context(row, controller.signal));
      } catch (error) {
        thrown = error;
      }
      this.#runs.delete(id);
      try {
        this.#end(id, controller.signal, thrown);
      } catch (error) {
        this.#abandoned.set(id, this.#failure(thrown ?? error).message);
      }
      this.#changed(id);
      this.#startNext();
    })();
    this.#runs.set(id, { controller, ended });
  }

  #end(id: string, signal: AbortSignal, thrown: unknown): void {
    const left = this.#database
      .prepare("SELECT count(*) FROM job_items WHERE job = ? AND state = 'queued'")
      .pluck()
      .get(id) as number;
    let state: JobState = 'done';
    let error: string | null = null;
    if (signal.aborted) {
      state = 'queued';
    } else if (thrown !== undefined) {
      state = 'failed';
      error = this.#failure(thrown).message;
    } else if (left > 0) {
      state = 'failed';
      error = `Stopped with ${left} left. Retry to go on.`;
    }
    this.#database
      .transaction(() => {
        this.#database
          .prepare(
            "UPDATE jobs SET state = ?, error = ?, updated_at = ? WHERE id = ? AND owner = ? AND state = 'running'",
          )
          .run(state, error, this.#now(), id, this.#owner);
        this.#database
          .prepare('UPDATE jobs SET owner = NULL, lease_until = 0 WHERE id = ? AND owner = ?')
          .run(id, this.#owner);
      })
      .immediate();
  }

  #context(row: JobRow, signal: AbortSignal): JobContext {
    const database = this.#database;
    const id = row.id;
    const select = database.prepare<[string, number, number], JobItem>(
      "SELECT seq, item FROM job_items WHERE job = ? AND state = 'queued' AND seq > ? ORDER BY seq LIMIT ?",
    );
    const markDone = database.prepare(
      "UPDATE job_items SET state = 'done', result = ? WHERE seq = ? AND job = ? AND state = 'queued'",
    );
    const markFailed = database.prepare(
      `UPDATE job_items SET state = 'failed', name = ?, code = ?, message = ?
       WHERE seq = ? AND job = ? AND state = 'queued'`,
    );
    const count = database.prepare(
      'UPDATE jobs SET done = done + 1, failed = failed + ?, updated_at = ? WHERE id = ?',
    );
    const held = database
      .prepare<[string, string]>("SELECT 1 FROM jobs WHERE id = ? AND owner = ? AND state = 'running'")
      .pluck();
    const seqOf = database
      .prepare<[string, string], number>('SELECT seq FROM job_items WHERE job = ? AND item = ?')
      .pluck();
    let last = 0;

    /** One transaction that goes ahead only while the job is this process's to run. */
    const guarded = (work: () => void) => {
      database
        .transaction(() => {
          if (held.get(id, this.#owner) === undefined) {
            this.#runs.get(id)?.controller.abort(stopped('The job was stopped.'));
            throw stopped('The job was stopped.');
          }
          work();
        })
        .immediate();
      this.#progressed(id);
    };

    const takeBatch = (size: number): JobItem[] => {
      if (signal.aborted) return [];
      const items = select.all(id, last, size);
      last = items.at(-1)?.seq ?? last;
      return items;
    };
    return {
      job: toJob(row),
      params: JSON.parse(row.params) as Json,
      signal,
      takeBatch,
      async *items() {
        for (;;) {
          const [item] = takeBatch(1);
          if (item === undefined) return;
          yield item;
        }
      },
      finish: (item, write) =>
        guarded(() => {
          const result = write?.();
          const { changes } = markDone.run(
            result === undefined ? null : JSON.stringify(result),
            item.seq,
            id,
          );
          if (changes > 0) count.run(0, this.#now(), id);
        }),
      fail: (item, error, name) =>
        guarded(() => {
          const { code, message } = this.#failure(error);
          if (markFailed.run(name ?? null, code, message, item.seq, id).changes > 0) {
            count.run(1, this.#now(), id);
          }
        }),
      expand: (item, into, refused = []) =>
        guarded(() => {
          database.prepare('DELETE FROM job_items WHERE seq = ? AND job = ?').run(item.seq, id);
          database.prepare('UPDATE jobs SET total = total - 1 WHERE id = ?').run(id);
          this.#addItems(id, [...into, ...refused.map((one) => one.item)]);
          for (const one of refused) {
            const { code, message } = this.#failure(one.error);
            const { changes } = markFailed.run(null, code, message, seqOf.get(id, one.item)!, id);
            if (changes > 0) count.run(1, this.#now(), id);
          }
        }),
      together: guarded,
    };
  }

  #failure(error: unknown): Failure {
    return toFailure(explainFileError(error, this.#database.name));
  }

  /** Keeps this process's leases, notices jobs stopped or taken by another one, and takes up what dead ones left. */
  #beat(): void {
    try {
      const keep = this.#database.prepare(
        "UPDATE jobs SET lease_until = ? WHERE id = ? AND owner = ? AND state = 'running'",
      );
      for (const [id, run] of this.#runs) {
        if (keep.run(this.#leaseEnd(), id, this.#owner).changes === 0) {
          run.controller.abort(stopped('The job was stopped.'));
        }
      }
      this.#tellForeign();
      this.#startNext();
    } catch (error) {
      // The database was busy for long, or the disk is full: the next beat tries again.
      if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')))
        throw error;
    }
  }

  /** Events of the jobs other processes run. */
  #tellForeign(): void {
    const rows = this.#database
      .prepare<[], JobRow>("SELECT * FROM jobs WHERE state IN ('queued', 'running', 'paused')")
      .all();
    const seen = new Set<string>();
    for (const row of rows) {
      if (this.#runs.has(row.id)) continue;
      seen.add(row.id);
      if (this.#foreign.get(row.id) === row.updated_at) continue;
      this.#foreign.set(row.id, row.updated_at);
      this.#changed(row.id);
    }
    for (const id of this.#foreign.keys()) {
      if (seen.has(id)) continue;
      this.#foreign.delete(id);
      if (!this.#runs.has(id)) this.#changed(id);
    }
  }

  #progressed(id: string): void {
    const since = performance.now() - (this.#lastEmitted.get(id) ?? -Infinity);
    // What is not committed yet is told by the timer: a transaction never outlasts the turn it began in.
    if (since >= progressTime && !this.#database.inTransaction) {
      this.#changed(id);
    } else if (!this.#trailing.has(id)) {
      this.#trailing.set(
        id,
        setTimeout(() => this.#changed(id), Math.max(0, progressTime - since)),
      );
    }
  }

  #changed(id: string): void {
    clearTimeout(this.#trailing.get(id));
    this.#trailing.delete(id);
    const row = this.#database.open ? this.#selectJob.get(id) : undefined;
    if (row === undefined) return;
    if (finished.includes(row.state)) this.#lastEmitted.delete(id);
    else this.#lastEmitted.set(id, performance.now());
    this.#emit(toJob(this.#overlaid(row)));
    this.#wake();
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function toJob(row: JobRow): Job {
  return {
    id: row.id,
    kind: row.kind,
    ...wordsOf(row.label),
    state: row.state,
    done: row.done,
    total: row.total,
    failed: row.failed,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    error: row.error,
  };
}

/** A title is kept as JSON in the column that held the line itself before titles were messages. */
function wordsOf(label: string): Pick<Job, 'label' | 'title'> {
  if (label.startsWith('{"key":')) {
    const title = JSON.parse(label) as JobTitle;
    if (isMessageKey(title.key)) return { label: translate('en', title.key, title.values), title };
  }
  return { label, title: null };
}

function stopped(message: string): FabulaError {
  return new FabulaError('cancelled', message);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
