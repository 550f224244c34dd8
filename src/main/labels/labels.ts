import type { Asset, Label, LabelView } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { History } from '../history.ts';
import type { Library } from '../library/library.ts';
import type { VectorIndex } from '../library/search.ts';
import { tagKey, tidyTag } from '../library/tags.ts';
import type { Models } from '../models/models.ts';
import type { Clock, Ids } from '../ports.ts';
import type { Database } from '../store/database.ts';
import { labelOdds, labelThreshold, nextQuestion, sigmoid, type Answer } from './fit.ts';
import { labelTexts, nameVector } from './name.ts';

export interface LabelsContext {
  database: Database;
  library: Library;
  models: Pick<Models, 'space' | 'encodeTexts' | 'probability'>;
  history: History;
  clock: Clock;
  ids: Ids;
  index: (space: string) => VectorIndex;
  /** Hears that pictures have got or lost labels. */
  changed: () => void;
}

interface LabelRow {
  number: number;
  id: string;
  name: string;
  created_at: string;
  space: string | null;
  text: Buffer | null;
  state: string | null;
}

/** A label without what is worked out from it: what the history keeps of one. */
type Made = Pick<LabelRow, 'name' | 'created_at'>;

/** The kinds of values that the history keeps: an answer, by asset and label, and a label itself. */
const answerKind = 'label';
const labelKind = 'label-itself';

/**
 * Labels of a person's own: a name, a few answers of yes and no, and every picture of the library that it then fits.
 * They are worked out anew when an answer is given or taken back, when pictures have come or gone, and when another
 * encoder takes the place of the one before.
 */
export class Labels {
  readonly #context: LabelsContext;
  #index: { space: string; index: VectorIndex } | null = null;
  /** Labels that a step of the history has changed so far, to be worked out once it has changed all it will. */
  readonly #stepped = new Set<string>();
  /** The names' vectors of labels taken away, so that one brought back need not wait for the encoder. */
  readonly #leftVectors = new Map<string, Pick<LabelRow, 'space' | 'text'>>();

  constructor(context: LabelsContext) {
    this.#context = context;
    const finish = (): void => this.#finishStep();
    context.history.register(labelKind, {
      read: (_asset, id) => {
        const label = this.#find(id);
        return label === undefined ? null : madeOf(label);
      },
      write: (_asset, id, value) => {
        this.#stepped.add(id);
        if (value === null) this.#delete(id);
        else this.#insert(id, value as unknown as Made);
      },
      finish,
    });
    context.history.register(answerKind, {
      read: (asset, id) => {
        if (context.library.getMany([asset]).length === 0) return undefined;
        const label = this.#find(id);
        // A label that is gone has no answers; one that comes back gets them in the same step.
        return label === undefined ? null : this.#answerOf(label, asset);
      },
      write: (asset, id, value) => {
        const label = this.#find(id);
        if (label === undefined) return;
        this.#stepped.add(id);
        this.#writeAnswer(label, asset, value as boolean | null);
      },
      finish,
    });
  }

  /** Every label, by name. */
  list(): Label[] {
    return this.#context.database
      .prepare<[], LabelRow>('SELECT * FROM labels ORDER BY key')
      .all()
      .map((row) => this.#told(row));
  }

  /**
   * The label of a name, made where there is none yet, which is an undoable step.
   *
   * @throws FabulaError `invalid-input` without a name
   */
  async create(name: string): Promise<Label> {
    const { database, ids, clock, history, changed } = this.#context;
    const key = tagKey(name);
    if (key === '') throw new FabulaError('invalid-input', 'Give the label a name.');
    const made: Made = { name: tidyTag(name), created_at: clock.now().toISOString() };
    const isNew = history.library({ key: 'labels.undoCreate', values: { label: made.name } }, () => {
      const id = ids.next();
      if (!this.#insert(id, made)) return false;
      history.note('', labelKind, id, null, madeOf(made));
      return true;
    });
    const row = database.prepare<[string], LabelRow>('SELECT * FROM labels WHERE key = ?').get(key)!;
    await this.#bringUp(row);
    if (isNew) changed();
    return this.#told(this.#get(row.id));
  }

  /** Takes a label away, with its answers. All of it is one undoable step. */
  remove(id: string): { removed: number } {
    const { history, changed } = this.#context;
    let name = '';
    const removed = history.library(
      () => ({ key: 'labels.undoDelete', values: { label: name } }),
      () => {
        const row = this.#find(id);
        if (row === undefined) return 0;
        name = row.name;
        for (const { asset, yes } of this.#answers(row)) {
          history.note(asset, answerKind, id, yes === 1, null);
        }
        history.note('', labelKind, id, madeOf(row), null);
        this.#delete(id);
        return 1;
      },
    );
    changed();
    return { removed };
  }

  /** The pictures from likely to unlikely, and which one to ask about next. @throws FabulaError `not-found` */
  async look(id: string, { offset, limit }: { offset: number; limit: number }): Promise<LabelView> {
    await this.#bringUp(this.#get(id));
    const row = this.#get(id);
    const { assets, odds, answers } = this.#odds(row);
    const given = new Map(answers.map(({ row: at, yes }) => [at, yes]));
    const order = Array.from(odds.keys()).sort((a, b) => odds[b]! - odds[a]!);
    const threshold = labelThreshold(odds);
    const question = nextQuestion(odds, threshold, answers);
    const probability = (at: number): number => Number(sigmoid(odds[at]!).toFixed(4));
    const find = (at: number): Asset | undefined => this.#context.library.getMany([assets[at]!])[0];
    const asked = question === null ? undefined : find(question);
    return {
      label: this.#told(row),
      total: order.length,
      pictures: order.slice(offset, offset + limit).flatMap((at) => {
        const asset = find(at);
        if (asset === undefined) return [];
        const answer = given.get(at) ?? null;
        return [{ asset, probability: probability(at), labelled: answer ?? odds[at]! >= threshold, answer }];
      }),
      question: asked === undefined ? null : { asset: asked, probability: probability(question!) },
    };
  }

  /** Answers whether pictures have a label; null takes an answer back. All of it is one undoable step. */
  async answer(id: string, answers: readonly { asset: string; yes: boolean | null }[]): Promise<Label> {
    const { history, library, changed } = this.#context;
    await this.#bringUp(this.#get(id));
    const row = this.#get(id);
    for (const { asset } of answers) library.get(asset);
    history.library(
      (count) => ({ key: 'labels.undoAnswers', values: { count, label: row.name } }),
      () => {
        for (const { asset, yes } of answers) {
          history.note(asset, answerKind, id, this.#answerOf(row, asset), yes);
          this.#writeAnswer(row, asset, yes);
        }
        this.#work(row);
      },
    );
    changed();
    return this.#told(this.#get(id));
  }

  /** Works out anew every label that is out of date: pictures came or went, or another encoder is in use. */
  async refresh(signal?: AbortSignal): Promise<void> {
    const rows = this.#context.database.prepare<[], LabelRow>('SELECT * FROM labels').all();
    let any = false;
    for (const row of rows) {
      signal?.throwIfAborted();
      any = (await this.#bringUp(row)) || any;
    }
    if (any) this.#context.changed();
  }

  /** @returns whether anything was out of date */
  async #bringUp(row: LabelRow): Promise<boolean> {
    const { models, database } = this.#context;
    const { space } = models;
    if (row.space !== space || row.text === null) {
      const vector = nameVector(await models.encodeTexts(labelTexts(row.name)));
      database
        .prepare('UPDATE labels SET space = ?, text = ?, state = NULL WHERE number = ?')
        .run(space, Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength), row.number);
    } else if (row.state === this.#vectors().rows().state) {
      return false;
    }
    const fresh = this.#find(row.id);
    if (fresh === undefined) return false;
    database.transaction(() => this.#work(fresh)).immediate();
    return true;
  }

  #vectors(): VectorIndex {
    const { space } = this.#context.models;
    if (this.#index?.space !== space) this.#index = { space, index: this.#context.index(space) };
    return this.#index.index;
  }

  #odds(row: LabelRow): {
    assets: readonly string[];
    odds: Float64Array;
    answers: Answer[];
    state: string;
  } {
    const { models } = this.#context;
    const { assets, matrix, dimensions, state } = this.#vectors().rows();
    if (row.text === null || assets.length === 0 || row.space !== models.space) {
      return { assets: [], odds: new Float64Array(0), answers: [], state };
    }
    const places = new Map(assets.map((asset, at) => [asset, at]));
    const answers = this.#answers(row).flatMap(({ asset, yes }) => {
      const at = places.get(asset);
      return at === undefined ? [] : [{ row: at, yes: yes === 1 }];
    });
    const text = new Float32Array(new Uint8Array(row.text).buffer);
    const probability = (similarity: number): number => models.probability(similarity);
    const odds = labelOdds({ matrix, count: assets.length, dimensions }, text, probability, answers);
    return { assets, odds, answers, state };
  }

  /** Gives the label to the pictures it fits, in the transaction under way. An answer counts more than any likelihood. */
  #work(row: LabelRow): void {
    const { database } = this.#context;
    const { assets, odds, state } = this.#odds(row);
    const threshold = labelThreshold(odds);
    database.prepare('DELETE FROM asset_labels WHERE label = ?').run(row.number);
    const give = database.prepare(
      'INSERT OR REPLACE INTO asset_labels (asset, label, probability) SELECT number, ?, ? FROM assets WHERE id = ?',
    );
    for (const [at, asset] of assets.entries()) {
      if (odds[at]! >= threshold) give.run(row.number, sigmoid(odds[at]!), asset);
    }
    const take = database.prepare(
      'DELETE FROM asset_labels WHERE label = ? AND asset = (SELECT number FROM assets WHERE id = ?)',
    );
    for (const { asset, yes } of this.#answers(row)) {
      if (yes === 1) give.run(row.number, 1, asset);
      else take.run(row.number, asset);
    }
    database.prepare('UPDATE labels SET state = ? WHERE number = ?').run(state, row.number);
  }

  /** @returns false where another label has the name */
  #insert(id: string, { name, created_at }: Made): boolean {
    const { space, text } = this.#leftVectors.get(id) ?? { space: null, text: null };
    const { changes } = this.#context.database
      .prepare(
        `INSERT INTO labels (id, name, key, created_at, space, text) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
      )
      .run(id, name, tagKey(name), created_at, space, text);
    return changes > 0;
  }

  #delete(id: string): void {
    const row = this.#find(id);
    if (row !== undefined) this.#leftVectors.set(id, { space: row.space, text: row.text });
    this.#context.database.prepare('DELETE FROM labels WHERE id = ?').run(id);
  }

  #finishStep(): void {
    if (this.#stepped.size === 0) return;
    for (const id of this.#stepped) {
      const row = this.#find(id);
      if (row !== undefined) this.#work(row);
    }
    this.#stepped.clear();
    this.#context.changed();
  }

  #answers(row: LabelRow): { asset: string; yes: 0 | 1 }[] {
    return this.#context.database
      .prepare<[number], { asset: string; yes: 0 | 1 }>(
        'SELECT asset, yes FROM label_answers WHERE label = ? ORDER BY answered_at, asset',
      )
      .all(row.number);
  }

  #answerOf(row: LabelRow, asset: string): boolean | null {
    const yes = this.#context.database
      .prepare('SELECT yes FROM label_answers WHERE label = ? AND asset = ?')
      .pluck()
      .get(row.number, asset) as 0 | 1 | undefined;
    return yes === undefined ? null : yes === 1;
  }

  #writeAnswer(row: LabelRow, asset: string, yes: boolean | null): void {
    const { database, clock } = this.#context;
    if (yes === null) {
      database.prepare('DELETE FROM label_answers WHERE label = ? AND asset = ?').run(row.number, asset);
    } else {
      database
        .prepare(
          `INSERT INTO label_answers (label, asset, yes, answered_at) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET yes = excluded.yes, answered_at = excluded.answered_at`,
        )
        .run(row.number, asset, yes ? 1 : 0, clock.now().toISOString());
    }
  }

  #told({ number, id, name }: LabelRow): Label {
    const counts = this.#context.database
      .prepare<[number, number, number], { yes: number; no: number; pictures: number }>(
        `SELECT (SELECT count(*) FROM label_answers WHERE label = ? AND yes = 1) AS yes,
           (SELECT count(*) FROM label_answers WHERE label = ? AND yes = 0) AS no,
           (SELECT count(*) FROM asset_labels WHERE label = ?) AS pictures`,
      )
      .get(number, number, number)!;
    return { id, name, ...counts };
  }

  #find(id: string): LabelRow | undefined {
    return this.#context.database.prepare<[string], LabelRow>('SELECT * FROM labels WHERE id = ?').get(id);
  }

  #get(id: string): LabelRow {
    const row = this.#find(id);
    if (row === undefined)
      throw new FabulaError('not-found', 'The label is gone. Make it again.', { label: id });
    return row;
  }
}

/** The same label is always the same JSON. */
function madeOf({ name, created_at }: Made): { name: string; created_at: string } {
  return { name, created_at };
}
