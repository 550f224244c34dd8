import type { Writable } from 'node:stream';

/** A stream as a terminal or a pipe offers it. */
export type TerminalStream = Writable & { isTTY?: boolean; columns?: number };

/** Shortest time between two progress lines, in milliseconds: on a terminal, where one line is rewritten, and in a log. */
const rewriteTime = 100;
const logTime = 10_000;

/**
 * Results go to stdout, progress and remarks to stderr. Names of files may hold anything, a newline or a terminal's
 * own control sequences included, so what is printed for a person goes through {@link printable}.
 */
export class Terminal {
  readonly json: boolean;
  readonly #out: TerminalStream;
  readonly #err: TerminalStream;
  #line = '';
  #lastProgress = 0;
  #outGone = false;
  #errGone = false;

  constructor(json: boolean, out: TerminalStream = process.stdout, err: TerminalStream = process.stderr) {
    this.json = json;
    this.#out = out;
    this.#err = err;
    // A reader that goes away (`| head`) ends the printing, not the work.
    out.on('error', () => (this.#outGone = true));
    err.on('error', () => (this.#errGone = true));
  }

  /** A result for a person; says nothing under `--json`. */
  say(text: string): void {
    if (!this.json) this.#print(`${text}\n`);
  }

  /** A result for a program: one line of JSON; says nothing without `--json`. */
  data(value: unknown): void {
    if (this.json) this.#print(`${JSON.stringify(value)}\n`);
  }

  /** A remark that is no result. */
  note(text: string): void {
    this.#clearLine();
    this.#printError(`${text}\n`);
  }

  /** A failure: one line that starts with the program's name. */
  error(text: string): void {
    this.note(`fabula: ${text}`);
  }

  /** Shows how far long work is. On a terminal one line is rewritten; in a log a line comes now and then. */
  progress(label: string, done: number, total: number): void {
    const now = Date.now();
    const finished = done === total && total > 0;
    const live = this.#err.isTTY === true;
    if (!(finished && live) && now - this.#lastProgress < (live ? rewriteTime : logTime)) return;
    // A log gets no first line at once: short work says nothing in it.
    if (this.#lastProgress === 0 && !live) {
      this.#lastProgress = now;
      return;
    }
    this.#lastProgress = now;
    const text = `${label}: ${done} of ${total}`;
    if (live) {
      this.#clearLine();
      this.#line = text.slice(0, Math.max(10, (this.#err.columns ?? 80) - 1));
      this.#printError(this.#line);
    } else {
      this.#printError(`${text}\n`);
    }
  }

  /** Ends the progress line, so that what follows stands on its own. */
  endProgress(): void {
    this.#clearLine();
    this.#lastProgress = 0;
  }

  #print(text: string): void {
    this.#clearLine();
    if (!this.#outGone) this.#out.write(text);
  }

  #printError(text: string): void {
    if (!this.#errGone) this.#err.write(text);
  }

  #clearLine(): void {
    if (this.#line === '') return;
    this.#line = '';
    this.#printError('\r\x1b[2K');
  }
}

/** A text on one line with its control characters written out, so that a file's name cannot steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, (sign) => {
    if (sign === '\n') return '\\n';
    if (sign === '\t') return '\\t';
    return `\\u${sign.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}

/** `1 picture`, `24 pictures`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
