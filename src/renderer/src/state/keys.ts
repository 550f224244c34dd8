import { isMac } from '../api.ts';
import { keyMatches, signOfKey, type Keyboard } from './key-match.ts';
import { language } from './language.svelte.ts';

/** The keys of the commands, on this machine's keyboard and in the direction of the window. */

function keyboard(): Keyboard {
  return { mac: isMac, mirrored: language.direction === 'rtl' };
}

/** A key as it is shown to a person: `Ctrl+Shift+I`, `⇧⌘I`. */
export function keySign(key: string): string {
  return signOfKey(key, keyboard());
}

export function matchesKey(event: KeyboardEvent, key: string): boolean {
  return keyMatches(event, key, keyboard());
}

/** True where letters are text: single-letter keys must not act there. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (event.isComposing) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'file'].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}

/** Controls that arrow keys move within. */
const movesWithin =
  'input[type="radio"], [role="radio"], [role="tab"], [role="slider"], [role="separator"], [role="option"], [role="menuitem"], [role="gridcell"], audio, video';

/** True where the control that has the focus uses the key itself. */
export function usesKey(event: KeyboardEvent): boolean {
  return (
    event.key.startsWith('Arrow') && event.target instanceof HTMLElement && event.target.matches(movesWithin)
  );
}

/** True in a text field of the story itself, where undo means the story's undo and not the field's own. */
export function isStoryField(event: Pick<Event, 'target'>): boolean {
  return event.target instanceof HTMLElement && event.target.closest('[data-story-field]') !== null;
}
