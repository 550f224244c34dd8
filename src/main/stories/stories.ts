import { FabulaError } from '../../shared/errors.ts';
import type {
  EventName,
  HistoryLabel,
  HistoryState,
  OpenStory,
  StoryChange,
  StorySummary,
  StudioEvents,
} from '../../shared/contract.ts';
import { applyEdit, checkStory, type Edit } from '../../shared/edits.ts';
import { currentVersion, defaultSettings, type Panel, type Story } from '../../shared/story.ts';
import { refuseDone, type History } from '../history.ts';
import type { Clock, Ids } from '../ports.ts';
import { durably, type Database } from '../store/database.ts';

interface StoryRow {
  id: string;
  title: string;
  settings: string;
  cast: string;
  panel_order: string;
  revision: number;
  created_at: string;
  updated_at: string;
}

export interface StoriesParts {
  database: Database;
  clock: Clock;
  ids: Ids;
  history: History;
  emit: <Name extends EventName>(name: Name, payload: StudioEvents[Name]) => void;
}

/** An edit to be saved, and what it is called in the history. */
export interface PlannedEdit {
  edit: Edit;
  label: HistoryLabel;
}

/** How many stories are kept in memory as last read, so that an edit need not read a long story again. */
const keptStories = 8;

/**
 * The stories of a data folder. Every change is an {@link Edit}, applied and saved in one transaction together with
 * the edit that takes it back, so that undo and redo survive a restart and a crash leaves either all of an edit or
 * none of it. Only the panels an edit touches are written.
 */
export class Stories {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #history: History;
  readonly #emit: StoriesParts['emit'];
  /** The latest state read or written, by story; a state whose revision is not the row's own is read again. */
  readonly #states = new Map<string, { story: Story; revision: number }>();

  constructor({ database, clock, ids, history, emit }: StoriesParts) {
    this.#database = database;
    this.#clock = clock;
    this.#ids = ids;
    this.#history = history;
    this.#emit = emit;
    history.registerStories({ step: (story, edit) => this.#step(story, edit) });
  }

  /** Every story, the one changed last first. */
  list(): StorySummary[] {
    const rows = this.#database
      .prepare(
        `SELECT id, title, updated_at AS updatedAt, json_array_length(panel_order) AS panels
         FROM stories ORDER BY updated_at DESC, id`,
      )
      .all() as Omit<StorySummary, 'cover'>[];
    return rows.map((row) => ({ ...row, cover: this.#cover(row.id) }));
  }

  /** Makes an empty story with one empty panel to write in. */
  create(title: string): OpenStory {
    const now = this.#clock.now().toISOString();
    return this.insert({
      format: 1,
      id: this.#ids.next(),
      title,
      createdAt: now,
      updatedAt: now,
      settings: defaultSettings,
      cast: [],
      panels: [
        {
          id: this.#ids.next(),
          shot: '',
          notes: '',
          dialogue: '',
          duration: null,
          blocks: [{ id: this.#ids.next(), type: 'text', text: '' }],
        },
      ],
    });
  }

  /**
   * Saves a whole story, as an import brings it. Where its id is taken already it gets a new one.
   * @throws FabulaError `invalid-input` when the story's ids are not unique
   */
  insert(story: Story): OpenStory {
    checkStory(story);
    const opened = durably(this.#database, () => {
      const taken = this.#database.prepare('SELECT 1 FROM stories WHERE id = ?').get(story.id) !== undefined;
      const inserted = taken ? { ...story, id: this.#ids.next() } : story;
      this.#database
        .prepare(
          `INSERT INTO stories (id, title, settings, "cast", panel_order, revision, created_at, updated_at)
           VALUES (?, ?, ?, ?, ?, 0, ?, ?)`,
        )
        .run(
          inserted.id,
          inserted.title,
          JSON.stringify(inserted.settings),
          JSON.stringify(inserted.cast),
          panelOrder(inserted),
          inserted.createdAt,
          inserted.updatedAt,
        );
      this.#savePanels(inserted.id, inserted.panels);
      return { story: inserted, revision: 0, ...this.#history.state(inserted.id) };
    });
    this.#keep(opened.story, 0);
    this.#emit('stories.changed', { story: opened.story.id });
    return opened;
  }

  /** @throws FabulaError `not-found` */
  open(id: string): OpenStory {
    return this.#database.transaction(() => ({ ...this.#load(id), ...this.#history.state(id) }))();
  }

  /**
   * Saves an edit.
   *
   * @param revision the revision the edit was made on
   * @param once an id of the caller's own, under which the edit is saved at most once
   * @throws FabulaError `conflict` when the story has changed since then, or, with `details.done` true, when the edit
   *   was saved before; `not-found` and `invalid-input` when the edit does not fit the story. Nothing is written in any
   *   of these cases.
   */
  edit(input: PlannedEdit & { story: string; revision: number; once?: string | undefined }): StoryChange {
    const once = input.once ?? null;
    const plan = (story: Story, revision: number): PlannedEdit => {
      if (once !== null) refuseDone(this.#history.wasDone(once));
      if (revision !== input.revision) {
        throw new FabulaError(
          'conflict',
          `“${story.title || 'The story'}” was changed elsewhere (revision ${revision}, the edit was made on ${input.revision}). Nothing was saved: open the story again and repeat the change.`,
          { story: story.id, revision },
        );
      }
      return { edit: input.edit, label: input.label };
    };
    return this.#commit(input.story, plan, once)!;
  }

  /**
   * Saves an edit worked out from the story as it is now, in the same transaction: for background work, which has
   * no window whose revision could be stale.
   *
   * @param plan answers the edit, or null to leave the story alone
   */
  change(story: string, plan: (story: Story) => PlannedEdit | null): StoryChange | null {
    return this.#commit(story, plan, null);
  }

  /** Deletes a story, its panels and its history; pictures stay in the library. */
  remove(id: string): { removed: number } {
    const removed = this.#database.prepare('DELETE FROM stories WHERE id = ?').run(id).changes;
    this.#states.delete(id);
    if (removed > 0) this.#emit('stories.changed', { story: id });
    return { removed };
  }

  #commit(
    id: string,
    plan: (story: Story, revision: number) => PlannedEdit | null,
    request: string | null,
  ): StoryChange | null {
    const saved = durably(this.#database, () => {
      const before = this.#load(id);
      const planned = plan(before.story, before.revision);
      if (planned === null) return null;
      const { edit, label } = planned;
      const { story, inverse } = applyEdit(before.story, edit);
      const after = this.#save(before, story);
      this.#history.addEdit({ story: id, label, edit, inverse, request });
      return { ...after, edit, menu: this.#history.state(id) };
    });
    return saved && this.#announce(saved);
  }

  /** A step of the history, in its transaction. */
  #step(id: string, edit: Edit): (menu: HistoryState) => StoryChange {
    const before = this.#load(id);
    const after = this.#save(before, applyEdit(before.story, edit).story);
    return (menu) => this.#announce({ ...after, edit, menu });
  }

  /** Tells the windows, once the transaction holds. */
  #announce(saved: { story: Story; revision: number; edit: Edit; menu: HistoryState }): StoryChange {
    this.#keep(saved.story, saved.revision);
    const change: StoryChange = {
      id: saved.story.id,
      revision: saved.revision,
      edit: saved.edit,
      ...saved.menu,
    };
    this.#emit('story.changed', change);
    return change;
  }

  #load(id: string): { story: Story; revision: number } {
    const revision = this.#database.prepare('SELECT revision FROM stories WHERE id = ?').pluck().get(id) as
      number | undefined;
    if (revision === undefined) {
      throw new FabulaError('not-found', `There is no story ${id}. It may have been deleted.`);
    }
    const kept = this.#states.get(id);
    // Another process may have written in the meantime: the row's revision says whether what is kept still holds.
    if (kept?.revision === revision) return kept;
    const row = this.#database.prepare('SELECT * FROM stories WHERE id = ?').get(id) as StoryRow;
    const panels = new Map(
      (
        this.#database.prepare('SELECT id, json FROM panels WHERE story = ?').all(id) as {
          id: string;
          json: string;
        }[]
      ).map((panel) => [panel.id, panel.json]),
    );
    const story: Story = {
      format: 1,
      id: row.id,
      title: row.title,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      settings: JSON.parse(row.settings) as Story['settings'],
      cast: JSON.parse(row.cast) as Story['cast'],
      panels: (JSON.parse(row.panel_order) as string[]).map((panel) => {
        const json = panels.get(panel);
        if (json === undefined) {
          throw new FabulaError('internal', `Panel ${panel} of story ${id} is missing from the database.`);
        }
        return JSON.parse(json) as Panel;
      }),
    };
    this.#keep(story, revision);
    return { story, revision };
  }

  #save(before: { story: Story; revision: number }, changed: Story): { story: Story; revision: number } {
    const story = { ...changed, updatedAt: this.#clock.now().toISOString() };
    const revision = before.revision + 1;
    // Panels an edit leaves alone are the same objects as before, so identity tells what to write.
    const old = new Map(before.story.panels.map((panel) => [panel.id, panel]));
    this.#savePanels(
      story.id,
      story.panels.filter((panel) => old.get(panel.id) !== panel),
    );
    for (const panel of story.panels) old.delete(panel.id);
    const remove = this.#database.prepare('DELETE FROM panels WHERE story = ? AND id = ?');
    for (const id of old.keys()) remove.run(story.id, id);
    this.#database
      .prepare('UPDATE stories SET title = ?, revision = ?, updated_at = ? WHERE id = ?')
      .run(story.title, revision, story.updatedAt, story.id);
    if (story.settings !== before.story.settings) this.#saveColumn(story.id, 'settings', story.settings);
    if (story.cast !== before.story.cast) this.#saveColumn(story.id, 'cast', story.cast);
    if (story.panels !== before.story.panels && panelOrder(story) !== panelOrder(before.story)) {
      this.#saveColumn(
        story.id,
        'panel_order',
        story.panels.map((panel) => panel.id),
      );
    }
    return { story, revision };
  }

  #saveColumn(id: string, column: 'settings' | 'cast' | 'panel_order', value: unknown): void {
    this.#database.prepare(`UPDATE stories SET "${column}" = ? WHERE id = ?`).run(JSON.stringify(value), id);
  }

  #savePanels(story: string, panels: readonly Panel[]): void {
    const save = this.#database.prepare('INSERT OR REPLACE INTO panels (story, id, json) VALUES (?, ?, ?)');
    for (const panel of panels) save.run(story, panel.id, JSON.stringify(panel));
  }

  #cover(story: string): string | null {
    const panels = this.#database
      .prepare(
        `SELECT panels.json FROM stories, json_each(stories.panel_order) AS place
         JOIN panels ON panels.story = stories.id AND panels.id = place.value
         WHERE stories.id = ? AND panels.json LIKE '%"asset":"%' ORDER BY place.key`,
      )
      .pluck()
      .iterate(story) as IterableIterator<string>;
    for (const json of panels) {
      for (const block of (JSON.parse(json) as Panel).blocks) {
        const version = block.type === 'image' ? currentVersion(block) : undefined;
        if (version !== undefined) return version.asset;
      }
    }
    return null;
  }

  #keep(story: Story, revision: number): void {
    this.#states.delete(story.id);
    this.#states.set(story.id, { story, revision });
    if (this.#states.size > keptStories) this.#states.delete(this.#states.keys().next().value!);
  }
}

function panelOrder(story: Story): string {
  return JSON.stringify(story.panels.map((panel) => panel.id));
}
