import type { Choice, CommandArguments, Shown } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import { mostLessons, type Lesson } from '../decide/decider.ts';
import type { Clock } from '../ports.ts';
import type { Database } from '../store/database.ts';

interface ChoiceRow {
  number: number;
  story: string;
  title: string;
  panel: string;
  query: string;
  like: string;
  shown: string;
  suggested: string | null;
  accepted: string | null;
  refused: string;
  created_at: string;
  odds: number | null;
  left_out: number;
}

/**
 * What the person took and refused of the pictures offered for panels: what suggestions learn from.
 * It stays on this machine, can be looked at and cleared, and is deleted with its story.
 */
export class Choices {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { database: Database; clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Records one choice.
   *
   * @returns its number, which grows with every choice
   * @throws FabulaError `not-found` when the story is gone; `invalid-input` when what was taken or refused was not shown
   */
  record(choice: CommandArguments<'stories.choose'>): { recorded: number } {
    const shown = new Set(choice.shown.map(({ asset }) => asset));
    for (const asset of [...choice.refused, ...(choice.accepted === null ? [] : [choice.accepted])]) {
      if (shown.has(asset)) continue;
      throw new FabulaError(
        'invalid-input',
        `stories.choose: picture ${asset} was not among those shown. Name it in “shown” with its rank.`,
      );
    }
    try {
      return this.#database
        .transaction(() => {
          if (this.#database.prepare('SELECT 1 FROM stories WHERE id = ?').get(choice.story) === undefined) {
            throw new FabulaError(
              'not-found',
              'The story was deleted in the meantime. Nothing was recorded.',
            );
          }
          const { lastInsertRowid } = this.#database
            .prepare(
              `INSERT INTO choices (story, panel, query, "like", shown, suggested, accepted, refused, created_at, odds)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            )
            .run(
              choice.story,
              choice.panel,
              choice.query,
              JSON.stringify(choice.like),
              JSON.stringify(choice.shown),
              choice.suggested,
              choice.accepted,
              JSON.stringify(choice.refused),
              this.#clock.now().toISOString(),
              choice.odds,
            );
          return { recorded: Number(lastInsertRowid) };
        })
        .immediate();
    } catch (error) {
      throw explainFileError(error, this.#database.name);
    }
  }

  /** A stretch of the choices, the latest first, and how many there are in all. */
  list({ story, offset, limit }: { story?: string | undefined; offset: number; limit: number }): {
    total: number;
    choices: Choice[];
  } {
    const of = story ?? null;
    const total = this.#database
      .prepare('SELECT count(*) FROM choices WHERE @story IS NULL OR story = @story')
      .pluck()
      .get({ story: of }) as number;
    const rows = this.#database
      .prepare<unknown[], ChoiceRow>(
        `SELECT choices.*, stories.title FROM choices JOIN stories ON stories.id = choices.story
         WHERE @story IS NULL OR story = @story ORDER BY number DESC LIMIT @limit OFFSET @offset`,
      )
      .all({ story: of, limit, offset });
    return { total, choices: rows.map(toChoice) };
  }

  /**
   * The answers suggestions learn from, the latest first: choices in which both a drawing and a picture of the library
   * were offered for words and one was taken, but for those left out. Of several for the same words of one panel the
   * last one counts.
   */
  lessons(): Lesson[] {
    const rows = this.#database
      .prepare<[number], Pick<ChoiceRow, 'number' | 'query' | 'shown' | 'accepted' | 'odds'>>(
        `SELECT max(number) AS number, query, shown, accepted, odds FROM choices WHERE ${teaching} AND left_out = 0
         GROUP BY story, panel, query ORDER BY number DESC LIMIT ?`,
      )
      .all(2 * mostLessons);
    return rows.flatMap(({ number, query, shown, accepted, odds }) => {
      const taken = sourceTaken(shown, accepted);
      return taken === null ? [] : [{ number, text: query, odds, drawn: taken === 'sketched' }];
    });
  }

  /** How many answers there are to learn from, and how many of them are left out; changes whenever lessons do. */
  lessonCounts(): { state: string; leftOut: number } {
    const { last, learnt, leftOut } = this.#database
      .prepare<[], { last: number; learnt: number; leftOut: number }>(
        `SELECT coalesce(max(number), 0) AS last, coalesce(sum(left_out = 0), 0) AS learnt,
           coalesce(sum(left_out), 0) AS leftOut
         FROM choices WHERE ${teaching}`,
      )
      .get()!;
    return { state: `${last}/${learnt}/${leftOut}`, leftOut };
  }

  /**
   * Leaves choices out of what is learnt, or takes them in again. They stay in the list.
   *
   * @param numbers of the choices; every one when left out
   * @returns the numbers of those that changed
   */
  leaveOut(leftOut: boolean, numbers?: readonly number[]): number[] {
    const change = this.#database
      .prepare(
        `UPDATE choices SET left_out = @to WHERE left_out <> @to
           AND (@numbers IS NULL OR number IN (SELECT value FROM json_each(@numbers))) RETURNING number`,
      )
      .pluck();
    const to = leftOut ? 1 : 0;
    return change.all({ to, numbers: numbers === undefined ? null : JSON.stringify(numbers) }) as number[];
  }

  /** Forgets every choice, or those of one story. */
  clear(story?: string): { removed: number } {
    const { changes } = this.#database
      .prepare('DELETE FROM choices WHERE @story IS NULL OR story = @story')
      .run({ story: story ?? null });
    return { removed: changes };
  }
}

/** Choices that can teach: something was taken, for words alone. */
const teaching = `accepted IS NOT NULL AND "like" = '[]' AND trim(query) <> ''`;

/** Where the picture that was taken came from; null where only one kind was offered. */
function sourceTaken(shown: string, accepted: string | null): Shown['source'] | null {
  const offered = JSON.parse(shown) as Shown[];
  if (new Set(offered.map(({ source }) => source)).size < 2) return null;
  return offered.find(({ asset }) => asset === accepted)?.source ?? null;
}

function toChoice(row: ChoiceRow): Choice {
  return {
    number: row.number,
    story: row.story,
    title: row.title,
    panel: row.panel,
    query: row.query,
    like: JSON.parse(row.like) as Choice['like'],
    shown: JSON.parse(row.shown) as Choice['shown'],
    suggested: row.suggested,
    accepted: row.accepted,
    refused: JSON.parse(row.refused) as Choice['refused'],
    createdAt: row.created_at,
    odds: row.odds,
    leftOut: row.left_out === 1,
  };
}
