import type { HistoryLabel, HistoryState, HistoryStep, StoryChange } from '../shared/contract.ts';
import { FabulaError, type Json } from '../shared/errors.ts';
import type { Edit } from '../shared/edits.ts';
import type { Clock } from './ports.ts';
import { durably, type Database } from './store/database.ts';

export interface HistoryParts {
  database: Database;
  clock: Clock;
  /** Hears that what can be undone or redone in the library has changed. */
  emit?: (state: HistoryState) => void;
  /** Ends the run, such as a job, whose changes are about to be taken back, before it makes more of them. */
  stop?: (run: string) => void;
  limits?: Partial<HistoryLimits>;
}

/** How much history a story, or the library, keeps. */
export interface HistoryLimits {
  /** Never more entries than this. */
  most: number;
  /** This many of the latest are kept however old they are. */
  least: number;
  /** Beyond those, entries are dropped at this age, in days. */
  days: number;
}

const defaultLimits: HistoryLimits = { most: 5000, least: 1000, days: 90 };

/**
 * One kind of value that the history can put back: how to read an asset's value, and how to write one. A value is
 * JSON, and the same value always the same JSON; `undefined` where the asset is gone.
 */
export interface Undoable {
  read(asset: string, key: string): Json | undefined;
  /** Called in the transaction of the step, once every value of the step has been read. */
  write(asset: string, key: string, value: Json): void;
  /** Called in the same transaction after the last value is written, for what is worked out from all of them. */
  finish?(): void;
}

/** What the history needs of the stories to take their edits back. */
export interface EditableStories {
  /** Applies and saves an edit in the transaction under way; what is returned tells the windows, once it holds. */
  step(story: string, edit: Edit): (menu: HistoryState) => StoryChange;
}

interface Entry {
  number: number;
  story: string | null;
  label: string;
  edit: string | null;
  inverse: string | null;
  run: string | null;
}

interface Change {
  asset: string;
  kind: string;
  key: string;
  before: string;
  after: string;
}

type Direction = 'undo' | 'redo';

/**
 * The one undo stack: edits of stories and changes of the library, in one order. A story's window undoes the latest of
 * its story's edits and the library's changes; the library's view the latest of the library's.
 *
 * Stories and the library are scopes of their own: an entry of one touches nothing of another, so their steps commute,
 * and a new entry ends only what its own scope could redo. Every step takes the next `turn`. Within a scope the
 * entries done are in the order of their turns and those undone in the reverse one, so taking the highest turn over
 * two scopes undoes, and redoes, the last thing first.
 */
export class History {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #emit: (state: HistoryState) => void;
  readonly #stop: (run: string) => void;
  readonly #limits: HistoryLimits;
  readonly #kinds = new Map<string, Undoable>();
  #stories: EditableStories | null = null;
  /** The changes of the library noted since `library` was called; null outside of it. */
  #noted: Map<string, Change> | null = null;

  constructor({ database, clock, emit = () => {}, stop = () => {}, limits }: HistoryParts) {
    this.#database = database;
    this.#clock = clock;
    this.#emit = emit;
    this.#stop = stop;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** Says how values of a kind are put back. */
  register(kind: string, undoable: Undoable): void {
    if (this.#kinds.has(kind)) throw new Error(`The history knows the kind ${kind} already.`);
    this.#kinds.set(kind, undoable);
  }

  /** Says who takes back the edits of stories. */
  registerStories(stories: EditableStories): void {
    this.#stories = stories;
  }

  // Recording

  /**
   * Does a piece of work that changes the library, and keeps everything it changed as one undoable entry, all in one
   * transaction. Work that changes nothing leaves no entry. Work inside other such work is part of the outer one.
   *
   * @param label What undo will say it takes back. A function is given how many assets the entry touches so far.
   * @param run Changes of one run, such as a job, are one entry however often this is called for it.
   */
  library<T>(
    label: HistoryLabel | ((assets: number) => HistoryLabel),
    work: () => T,
    { run = null }: { run?: string | null } = {},
  ): T {
    if (this.#noted !== null) return work();
    const { result, recorded } = durably(this.#database, () => {
      const noted = new Map<string, Change>();
      this.#noted = noted;
      try {
        const result = work();
        const changes = [...noted.values()].filter((change) => change.before !== change.after);
        if (changes.length > 0) this.#record(label, run, changes);
        return { result, recorded: changes.length > 0 };
      } finally {
        this.#noted = null;
      }
    });
    if (recorded) this.#emit(this.state(null));
    return result;
  }

  /**
   * Notes one change of an asset, in the transaction that makes it. Outside of {@link library} nothing is kept: the
   * change cannot be undone.
   *
   * @param asset '' for a value of the library itself, such as a label; a step writes those before values of assets,
   *   which may belong to them
   */
  note(asset: string, kind: string, key: string, before: Json, after: Json): void {
    if (this.#noted === null) return;
    const place = JSON.stringify([asset, kind, key]);
    const first = this.#noted.get(place)?.before ?? JSON.stringify(before);
    this.#noted.set(place, { asset, kind, key, before: first, after: JSON.stringify(after) });
  }

  /** Keeps an edit of a story, in the transaction that saves it. */
  addEdit(entry: {
    story: string;
    label: HistoryLabel;
    edit: Edit;
    inverse: Edit;
    request: string | null;
  }): void {
    this.#add({
      ...entry,
      edit: JSON.stringify(entry.edit),
      inverse: JSON.stringify(entry.inverse),
      run: null,
    });
  }

  /** Whether a request with this id was carried out already: its answer got lost, and it is asked again. */
  wasDone(request: string): boolean {
    return this.#database.prepare('SELECT 1 FROM history WHERE request = ?').get(request) !== undefined;
  }

  #record(
    label: HistoryLabel | ((assets: number) => HistoryLabel),
    run: string | null,
    changes: readonly Change[],
  ): void {
    const number =
      this.#entryOfRun(run) ??
      this.#add({ story: null, label: '', edit: null, inverse: null, run, request: null });
    const put = this.#database.prepare(
      // Where something else changed the value since the run last did, that is what undo goes back to.
      `INSERT INTO history_changes (entry, asset, kind, key, before, after) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         before = iif(after = excluded.before, before, excluded.before), after = excluded.after`,
    );
    for (const { asset, kind, key, before, after } of changes) {
      put.run(number, asset, kind, key, before, after);
    }
    const assets = this.#database
      .prepare('SELECT count(DISTINCT asset) FROM history_changes WHERE entry = ?')
      .pluck()
      .get(number) as number;
    const words = typeof label === 'function' ? label(assets) : label;
    this.#database
      .prepare('UPDATE history SET label = ? WHERE number = ?')
      .run(JSON.stringify(words), number);
  }

  /** The entry that a run's earlier changes are kept in; none when they were taken back. */
  #entryOfRun(run: string | null): number | undefined {
    if (run === null) return undefined;
    return this.#database
      .prepare("SELECT number FROM history WHERE run = ? AND state = 'done'")
      .pluck()
      .get(run) as number | undefined;
  }

  #add(entry: {
    story: string | null;
    label: HistoryLabel;
    edit: string | null;
    inverse: string | null;
    run: string | null;
    request: string | null;
  }): number {
    const { story } = entry;
    this.#drop("story IS ? AND state = 'undone'", story);
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO history (story, label, edit, inverse, run, state, turn, request, created_at)
         VALUES (?, ?, ?, ?, ?, 'done', ?, ?, ?)`,
      )
      .run(
        story,
        JSON.stringify(entry.label),
        entry.edit,
        entry.inverse,
        entry.run,
        this.#nextTurn(),
        entry.request,
        this.#clock.now().toISOString(),
      );
    this.#forget(story);
    return Number(lastInsertRowid);
  }

  /** Drops what is more, or older, than is kept; the oldest go first, so what is left can still be undone in order. */
  #forget(story: string | null): void {
    const turnAt = this.#database
      .prepare<[string | null, number], number>(
        "SELECT turn FROM history WHERE story IS ? AND state = 'done' ORDER BY turn DESC LIMIT 1 OFFSET ?",
      )
      .pluck();
    const { most, least, days } = this.#limits;
    const old = turnAt.get(story, least) as number | undefined;
    if (old === undefined) return;
    const since = new Date(this.#clock.now().getTime() - days * 86_400_000).toISOString();
    this.#drop(
      "story IS ? AND state = 'done' AND turn <= ? AND (turn <= ? OR created_at < ?)",
      story,
      old,
      (turnAt.get(story, most) as number | undefined) ?? 0,
      since,
    );
  }

  #drop(where: string, ...values: unknown[]): void {
    this.#database.prepare(`DELETE FROM history WHERE ${where}`).run(...values);
  }

  #nextTurn(): number {
    return this.#database
      .prepare('UPDATE history_clock SET turn = turn + 1 RETURNING turn')
      .pluck()
      .get() as number;
  }

  // Stepping

  /** What undo and redo would do next in a story's window, or with null in the library's view. */
  state(story: string | null): HistoryState {
    const label = (direction: Direction): HistoryLabel | null => {
      const entry = this.#next(story, direction);
      return entry === undefined ? null : (JSON.parse(entry.label) as HistoryLabel);
    };
    return { undo: label('undo'), redo: label('redo') };
  }

  /**
   * Takes back the latest entry of a story and the library, or with null of the library alone; null when there is none.
   * What somebody changed since in the library is left as it is, and counted.
   *
   * @param request an id; asked again with the same one, nothing is done
   * @throws FabulaError `conflict`, with `details.done` true, when the request was carried out before
   */
  undo(story: string | null, request: string | null = null): HistoryStep | null {
    const next = this.#next(story, 'undo');
    // A run that goes on would add to what is taken back.
    if (next !== undefined && next.run !== null) this.#stop(next.run);
    return this.#step(story, 'undo', request);
  }

  /** Does again what was last taken back; else as {@link undo}. */
  redo(story: string | null, request: string | null = null): HistoryStep | null {
    return this.#step(story, 'redo', request);
  }

  #step(story: string | null, direction: Direction, request: string | null): HistoryStep | null {
    const step = durably(this.#database, () => {
      if (request !== null) refuseDone(this.wasDone(request));
      const entry = this.#next(story, direction);
      if (entry === undefined) return null;
      const label = JSON.parse(entry.label) as HistoryLabel;
      this.#database
        .prepare('UPDATE history SET state = ?, turn = ?, request = ? WHERE number = ?')
        .run(direction === 'undo' ? 'undone' : 'done', this.#nextTurn(), request, entry.number);
      if (entry.story === null) {
        const counts = this.#change(entry.number, direction);
        return { entry, finish: () => ({ label, change: null, ...counts, ...this.state(story) }) };
      }
      const edit = JSON.parse((direction === 'undo' ? entry.inverse : entry.edit)!) as Edit;
      const announce = this.#stories!.step(entry.story, edit);
      const menu = this.state(entry.story);
      return { entry, finish: () => ({ label, change: announce(menu), changed: 0, kept: 0, ...menu }) };
    });
    if (step === null) return null;
    const answer = step.finish();
    if (step.entry.story === null) this.#emit(this.state(null));
    return answer;
  }

  /** Puts the values of an entry back, or in again, wherever they are still what the entry left. */
  #change(number: number, direction: Direction): { changed: number; kept: number } {
    const changes = this.#database
      .prepare<[number], Change>('SELECT * FROM history_changes WHERE entry = ? ORDER BY asset, kind, key')
      .all(number);
    const changed = new Set<string>();
    const kept = new Set<string>();
    const writes: { undoable: Undoable; asset: string; key: string; to: string }[] = [];
    // All are compared before any is written: one may take others with it, as a label its answers.
    for (const { asset, kind, key, before, after } of changes) {
      const [from, to] = direction === 'undo' ? [after, before] : [before, after];
      const undoable = this.#kinds.get(kind);
      const value = undoable?.read(asset, key);
      if (undoable === undefined || value === undefined || JSON.stringify(value) !== from) kept.add(asset);
      else writes.push({ undoable, asset, key, to });
    }
    for (const { undoable, asset, key, to } of writes) {
      undoable.write(asset, key, JSON.parse(to) as Json);
      if (asset !== '') changed.add(asset);
    }
    for (const undoable of new Set(writes.map((write) => write.undoable))) undoable.finish?.();
    return { changed: changed.size, kept: kept.size };
  }

  #next(story: string | null, direction: Direction): Entry | undefined {
    const latest = this.#database.prepare<[string | null, string], Entry & { turn: number }>(
      `SELECT number, story, label, edit, inverse, run, turn FROM history
       WHERE story IS ? AND state = ? ORDER BY turn DESC LIMIT 1`,
    );
    const state = direction === 'undo' ? 'done' : 'undone';
    const ofLibrary = latest.get(null, state);
    const ofStory = story === null ? undefined : latest.get(story, state);
    return (ofStory?.turn ?? 0) > (ofLibrary?.turn ?? 0) ? ofStory : ofLibrary;
  }
}

/** @throws FabulaError `conflict` with `details.done` true */
export function refuseDone(done: boolean): void {
  if (done) {
    throw new FabulaError('conflict', 'This was done already; only its answer was lost.', { done: true });
  }
}
