import type { Choice, CommandArguments } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
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
}

/**
 * What the person took and refused of the pictures offered for panels: material from which a decision can be learnt.
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
              `INSERT INTO choices (story, panel, query, "like", shown, suggested, accepted, refused, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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

  /** Forgets every choice, or those of one story. */
  clear(story?: string): { removed: number } {
    const { changes } = this.#database
      .prepare('DELETE FROM choices WHERE @story IS NULL OR story = @story')
      .run({ story: story ?? null });
    return { removed: changes };
  }
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
  };
}
