import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { z } from 'zod';
import type { Job } from '../../shared/contract.ts';
import { defaultDataFolder } from '../data-folder.ts';
import type { Studio } from '../studio.ts';
import { printable, type Terminal } from './terminal.ts';

export const exitCodes = { done: 0, failed: 1, usage: 2, stopped: 130 } as const;

/** A terminal tells Ctrl+C to the whole group, and npm passes it on besides: presses this near are one (milliseconds). */
const samePress = 500;

export interface CommonOptions {
  data?: string;
  json?: boolean;
}

/** What the commands share: the data folder, stopping, and the count of what failed. */
export class Cli {
  readonly terminal: Terminal;
  /** Items that failed and were named; more than none make the exit code 1. */
  failures = 0;
  /** True for a command that runs until it is stopped, for which Ctrl+C is the normal end. */
  stopIsDone = false;
  readonly #controller = new AbortController();

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** Aborted by the first Ctrl+C, SIGTERM or SIGHUP. The second one ends the process at once. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @returns the function that stops watching */
  watchSignals(): () => void {
    let first = 0;
    const stop = (): void => {
      const now = Date.now();
      if (first === 0) {
        first = now;
        if (!this.stopIsDone) {
          this.terminal.note('Stopping; what is done is kept. Press Ctrl+C again to quit at once.');
        }
        this.#controller.abort();
      } else if (now - first > samePress) {
        process.exit(exitCodes.stopped);
      }
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, stop);
    return () => {
      for (const signal of signals) process.off(signal, stop);
    };
  }

  /**
   * Opens the studio for as long as `work` takes.
   *
   * @param options `resident`: go on with jobs that others left, too; otherwise they stay for a window.
   */
  async withStudio<T>(
    options: CommonOptions & { resident?: boolean },
    work: (studio: Studio) => Promise<T>,
  ): Promise<T> {
    const dataDir = options.data === undefined ? defaultDataFolder() : resolve(options.data);
    // Loaded only now: what a studio needs takes longer to load than a wrong option to refuse.
    const { openStudio } = await import('../studio.ts');
    const studio = await openStudio({ dataDir, resident: options.resident ?? false });
    try {
      return await work(studio);
    } finally {
      await studio.close();
    }
  }

  /** Waits for a job, showing how far it is, and names what failed. Ctrl+C cancels it, which keeps what is done. */
  async finish(studio: Studio, job: Job): Promise<Job> {
    const end = studio.events.listen('job.changed', (changed) => {
      if (changed.id === job.id) this.terminal.progress(changed.label, changed.done, changed.total);
    });
    let finished: Job;
    try {
      finished = await studio.jobs.waitFor(job.id, this.signal).catch((error: unknown) => {
        if (!this.signal.aborted) throw error;
        studio.jobs.cancel(job.id);
        return studio.jobs.waitFor(job.id);
      });
    } finally {
      end();
      this.terminal.endProgress();
    }
    for (const { item, message } of studio.jobs.errors(job.id)) this.fail(item, message);
    if (finished.state === 'failed' && finished.failed === 0) {
      this.failures++;
      this.terminal.error(finished.error ?? `${finished.label} failed.`);
    }
    return finished;
  }

  /** Names an item that failed. */
  fail(item: string, message: string): void {
    this.failures++;
    const name = printable(item);
    const reason = printable(message);
    this.terminal.error(reason.includes(name) ? reason : `${name}: ${reason}`);
  }
}

/** Adds the options that every command takes. */
export function common(command: Command): Command {
  return command
    .option('--data <folder>', 'the data folder (else $FABULA_DATA, else the place of this platform)')
    .option('--json', 'print results as JSON');
}

/** Reads an option that is a whole number. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

/** Reads an option with a schema of the contract, so that the command line accepts what the windows do. */
export function checked<Schema extends z.ZodType>(schema: Schema): (text: string) => z.output<Schema> {
  return (text) => {
    const result = schema.safeParse(text);
    if (!result.success) throw new InvalidArgumentError(result.error.issues[0]?.message ?? 'Not accepted.');
    return result.data;
  };
}
