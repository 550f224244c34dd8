import * as api from '../api.ts';
import type { HistoryLabel, HistoryState, HistoryStep } from '../../../shared/contract.ts';
import { isMessageKey } from '../../../shared/messages.ts';
import { t } from './language.svelte.ts';
import type { Notices } from './notices.svelte.ts';

/** What can be undone and redone in the views that show no story: the library's changes. */
export class LibraryHistory {
  #menu = $state.raw<HistoryState>({ undo: null, redo: null });
  readonly #notices: Notices;

  constructor(notices: Notices) {
    this.#notices = notices;
    api.on('history.changed', (state) => (this.#menu = state));
    api.onReconnect(() => void this.load());
  }

  /** What undo would take back, in the language of the window; null when there is nothing. */
  get undoLabel(): string | null {
    return wordLabel(this.#menu.undo);
  }

  get redoLabel(): string | null {
    return wordLabel(this.#menu.redo);
  }

  /** Whether what a step would take back, or do again, is a change of one area of messages, such as `labels`. */
  isOf(area: string, direction: 'undo' | 'redo'): boolean {
    const label = this.#menu[direction];
    return label !== null && typeof label !== 'string' && label.key.startsWith(`${area}.`);
  }

  async load(): Promise<void> {
    const menu = await this.#notices.attempt(() => api.command('history.state', {}));
    if (menu) this.#menu = menu;
  }

  undo(): Promise<void> {
    return this.#step('undo');
  }

  redo(): Promise<void> {
    return this.#step('redo');
  }

  async #step(direction: 'undo' | 'redo'): Promise<void> {
    const step = await this.#notices.attempt(() => api.command(`history.${direction}`, {}));
    if (!step) return;
    this.#menu = { undo: step.undo, redo: step.redo };
    tellStep(this.#notices, direction, step);
  }
}

/** A label in the language of the window, as far as it is a message; an older one may be of a key that is gone. */
export function wordLabel(label: HistoryLabel | null): string | null {
  if (label === null || typeof label === 'string') return label;
  return isMessageKey(label.key) ? t(label.key, label.values) : t('app.change');
}

/** Says what a step did where the person may not see it, and what it left as it was. Steps of a story show themselves. */
export function tellStep(notices: Notices, direction: 'undo' | 'redo', step: HistoryStep): void {
  if (step.change) return;
  const label = wordLabel(step.label)!;
  const done = t(direction === 'undo' ? 'app.undone' : 'app.redone', { label });
  notices.tell(step.kept === 0 ? done : `${done} ${t('app.keptAsChanged', { count: step.kept })}`);
}
