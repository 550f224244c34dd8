import * as api from '../api.ts';
import type { RequestPart, Suggestion } from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import type { Panel } from '../../../shared/story.ts';
import { newSeed } from './ids.ts';
import { isTyping, matchesKey } from './keys.ts';
import { language, t } from './language.svelte.ts';
import type { StoryState } from './story.svelte.ts';

type Ask = (options: { signal: AbortSignal; onPart: (part: RequestPart) => void }) => Promise<Suggestion>;

/** One text that a model suggests: asked for, streamed, and then taken or dropped by the person, never by itself. */
export class SuggestedText {
  phase = $state<'none' | 'writing' | 'offered' | 'failed'>('none');
  text = $state('');
  /** `pack@revision`; empty until the whole text is there. */
  pack = $state('');
  /** How many pictures of the story were looked at. */
  pictures = $state(0);
  problem = $state('');
  #abort: AbortController | null = null;
  /** What had the focus when it was asked for: from there Tab takes it, elsewhere Tab is only Tab. */
  #askedFrom: Element | null = null;

  get active(): boolean {
    return this.phase !== 'none';
  }

  async ask(ask: Ask): Promise<void> {
    this.drop();
    const abort = new AbortController();
    this.#abort = abort;
    this.#askedFrom = document.activeElement;
    this.phase = 'writing';
    try {
      const { text, pack, pictures } = await ask({
        signal: abort.signal,
        onPart: (part) => {
          if (part.kind === 'text' && this.#abort === abort) this.text = part.text;
        },
      });
      if (this.#abort !== abort) return;
      this.text = text;
      this.pack = pack;
      this.pictures = pictures ?? 0;
      this.phase = 'offered';
    } catch (error) {
      if (this.#abort !== abort) return;
      this.problem = problemOf(error);
      this.phase = 'failed';
    }
  }

  /** Drops the suggestion, and stops the model if it is still at it. */
  drop(): void {
    const abort = this.#abort;
    this.#abort = null;
    this.phase = 'none';
    this.text = '';
    this.pack = '';
    this.pictures = 0;
    this.problem = '';
    abort?.abort();
  }

  /** The text as it is shown, dropped here because the caller takes it. A word that is still being written stays away. */
  take(): string {
    const text = this.phase === 'writing' ? this.text.replace(/\S*$/u, '').trimEnd() : this.text;
    this.drop();
    return text;
  }

  /**
   * What Tab and Escape mean while there is a suggestion.
   *
   * @param near Whether an element belongs to what the suggestion is for.
   * @returns null for every other key, and for Tab where the focus has gone elsewhere
   */
  answerOf(event: KeyboardEvent, near: (element: Element) => boolean): 'take' | 'drop' | null {
    if (!this.active || event.defaultPrevented || event.isComposing) return null;
    const focus = document.activeElement;
    const here = !focus || focus === document.body || focus === this.#askedFrom || near(focus);
    if (!here || focus?.closest('[data-suggestion]')) return null;
    if (matchesKey(event, 'Escape')) return 'drop';
    if (matchesKey(event, 'Tab') && this.phase !== 'failed' && this.text !== '') return 'take';
    return null;
  }
}

/** The next text of a panel: as a ghost behind the panel's own text until it is taken. */
export class Continuation extends SuggestedText {
  /** The panel it is for, and the panel's blocks when it was asked for: what changes them makes it out of date. */
  panel = $state<string | null>(null);
  #blocks: Panel['blocks'] | null = null;
  readonly #story: StoryState;

  constructor(story: StoryState) {
    super();
    this.#story = story;
  }

  /** Asks for a text, or for another one where there is one already. */
  async start(panel: string): Promise<void> {
    await this.ask(async (options) => {
      this.panel = panel;
      await this.#story.whenSaved();
      this.#blocks = this.#story.panelById(panel)?.blocks ?? null;
      const input = { story: this.#story.id, panel, seed: newSeed() };
      return api.request('suggest.text', input, options);
    });
  }

  override drop(): void {
    super.drop();
    this.panel = null;
    this.#blocks = null;
  }

  /** Whether the panel is no longer the one that was read. */
  isStale(panel: Panel): boolean {
    return this.#blocks !== null && this.#blocks !== panel.blocks;
  }

  /** Puts the text behind the panel's own, as one edit. @returns the block that has it, or null for nothing */
  accept(): string | null {
    const { panel } = this;
    const text = this.take();
    return panel === null || text.trim() === '' ? null : this.#story.addSuggestedText(panel, text);
  }

  onkeydown(event: KeyboardEvent, panel: Panel): void {
    const near = (element: Element): boolean => element.closest(`[data-panel="${panel.id}"]`) !== null;
    const answer = this.answerOf(event, near);
    const again = answer === null && this.#asksAgain(event, near);
    if (answer === null && !again) return;
    event.preventDefault();
    // A field would take Escape as taking back what was typed.
    event.stopPropagation();
    if (answer === 'take') this.accept();
    else if (answer === 'drop') this.drop();
    else void this.start(panel.id);
  }

  /** In a text the letter G is a letter; with Mod it asks there too. */
  #asksAgain(event: KeyboardEvent, near: (element: Element) => boolean): boolean {
    const focus = document.activeElement;
    return matchesKey(event, 'Mod+G') && isTyping(event) && focus !== null && near(focus);
  }
}

/** Why nothing could be suggested, in the window's language where the studio says it in values. */
function problemOf(error: unknown): string {
  if (error instanceof FabulaError && Array.isArray(error.details['languages'])) {
    const names = new Intl.DisplayNames([language.current], { type: 'language' });
    const list = error.details['languages'].map((tag) => names.of(String(tag)) ?? String(tag));
    return t('suggest.otherLanguage', { languages: new Intl.ListFormat(language.current).format(list) });
  }
  return error instanceof Error ? error.message : String(error);
}
