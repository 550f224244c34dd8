import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { CaptionOptions } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { Clock, Ids } from '../ports.ts';
import type { Database } from '../store/database.ts';

const RecordSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number().int(),
  /** When the process was last heard of, in milliseconds since 1970; 0 once it has let go. */
  seen: z.number(),
});

/** A process that has not been heard of for this long is taken to be gone, whoever has its number now. */
const SILENCE = 60_000;

/**
 * The run of captioning one folder with one set of options, on record while it has not ended. It keeps two processes
 * from captioning one folder at the same time, and lets a run that was cut off be told from a new one.
 */
export class FolderRun {
  readonly id: string;
  /** False when this goes on with a run that was cut off. */
  readonly isNew: boolean;
  /** Assets that the run has captioned so far. */
  readonly done: Set<string>;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #key: string;

  private constructor(database: Database, clock: Clock, key: string, id: string, isNew: boolean) {
    this.#database = database;
    this.#clock = clock;
    this.#key = key;
    this.id = id;
    this.isNew = isNew;
    const captioned = database.prepare<[string], string>(
      "SELECT DISTINCT asset FROM captions WHERE json_extract(settings, '$.run') = ?",
    );
    this.done = new Set(isNew ? [] : captioned.pluck().all(id));
  }

  /** @throws FabulaError `conflict` while another process is at the same folder with the same options. */
  static begin(
    { database, clock, ids }: { database: Database; clock: Clock; ids: Ids },
    folder: string,
    pack: string,
    options: CaptionOptions,
  ): FolderRun {
    const what = JSON.stringify([
      resolve(folder),
      pack,
      options.mode,
      options.replacePerson,
      options.length,
      options.prefix,
      options.suffix,
      ...(options.examples.length === 0 ? [] : [options.examples]),
    ]);
    const key = `captions.run.${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;
    const begin = database.transaction(() => {
      const record = recordOf(database, key);
      if (record && isHeld(record, clock)) {
        throw new FabulaError(
          'conflict',
          `${folder} is being captioned by another Fabula (process ${record.pid}). Wait until it has ended, or stop it.`,
        );
      }
      const run = new FolderRun(database, clock, key, record?.id ?? ids.next(), record === null);
      run.#write(clock.now().getTime());
      return run;
    });
    return begin.immediate();
  }

  /**
   * Says that the process is alive; called in the transaction of each batch.
   *
   * @throws FabulaError `conflict` when this process was silent for so long, as on a machine that slept, that another
   *   has taken the folder over.
   */
  beat(): void {
    if (!this.#isOwn()) {
      throw new FabulaError(
        'conflict',
        'Another Fabula has taken over captioning this folder; it goes on there.',
      );
    }
    this.#write(this.#clock.now().getTime());
  }

  /** The run is through: the next one begins anew. */
  end(): void {
    if (this.#isOwn()) this.#database.prepare('DELETE FROM settings WHERE key = ?').run(this.#key);
  }

  /** The run was stopped before its end: the next one goes on with it, in this process or another. */
  release(): void {
    if (this.#isOwn()) this.#write(0);
  }

  #isOwn(): boolean {
    const record = recordOf(this.#database, this.#key);
    return (
      record !== null && record.id === this.id && record.host === hostname() && record.pid === process.pid
    );
  }

  #write(seen: number): void {
    const record: z.infer<typeof RecordSchema> = { id: this.id, host: hostname(), pid: process.pid, seen };
    this.#database
      .prepare(
        'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      )
      .run(this.#key, JSON.stringify(record));
  }
}

function recordOf(database: Database, key: string): z.infer<typeof RecordSchema> | null {
  const text = database.prepare('SELECT value FROM settings WHERE key = ?').pluck().get(key);
  return typeof text === 'string' ? RecordSchema.parse(JSON.parse(text)) : null;
}

function isHeld({ host, pid, seen }: z.infer<typeof RecordSchema>, clock: Clock): boolean {
  if (clock.now().getTime() - seen > SILENCE) return false;
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
