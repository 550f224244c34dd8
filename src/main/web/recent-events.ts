import { eventNames } from '../../shared/contract.ts';
import type { StudioEmitter } from '../events.ts';

/** How long an event is kept, in milliseconds: longer than a window takes to open on a slow machine. */
const keptMs = 60_000;
/** The most kept together, in characters: what is pasted into a story may be long. */
const keptLength = 4_000_000;

/**
 * What the studio has told of late, as server-sent events. A window that opens asks for its things while its stream is
 * still on the way; it is told again of what changed in that time, which it would miss otherwise.
 */
export class RecentEvents {
  readonly #kept: { at: number; text: string }[] = [];
  #length = 0;
  readonly #stops: (() => void)[];

  constructor(events: StudioEmitter) {
    // Parts of an answer go to the window that asked for it, which is open.
    const names = eventNames.filter((name) => name !== 'request.part');
    this.#stops = names.map((name) => events.listen(name, (payload) => this.#keep(eventText(name, payload))));
  }

  /** The events told in the last so many milliseconds, the oldest first. */
  since(milliseconds: number): string[] {
    const from = performance.now() - milliseconds;
    return this.#kept.filter(({ at }) => at >= from).map(({ text }) => text);
  }

  /** Stops listening. */
  close(): void {
    for (const stop of this.#stops) stop();
  }

  #keep(text: string): void {
    const at = performance.now();
    this.#kept.push({ at, text });
    this.#length += text.length;
    for (let oldest = this.#kept[0]; oldest; oldest = this.#kept[0]) {
      if (at - oldest.at <= keptMs && this.#length <= keptLength) break;
      this.#length -= oldest.text.length;
      this.#kept.shift();
    }
  }
}

/** One event in the format of the HTML standard, section 9.2.6. */
export function eventText(name: string, payload: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(payload)}\n\n`;
}
