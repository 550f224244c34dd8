import { isMac } from '../api.ts';

/**
 * Keys are written as on a keyboard's caps, joined by `+`: `N`, `Shift+N`, `Mod+K`, `Alt+ArrowLeft`. `Mod` is the
 * command key on a Mac and Ctrl elsewhere.
 */

const signs: Readonly<Record<string, string>> = {
  Mod: isMac ? '⌘' : 'Ctrl',
  Alt: isMac ? '⌥' : 'Alt',
  Shift: isMac ? '⇧' : 'Shift',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
};

/** A key as it is shown to a person: `Ctrl+Shift+I`, `⌘⇧I`. */
export function keySign(key: string): string {
  return key
    .split('+')
    .map((part) => signs[part] ?? part)
    .join(isMac ? '' : '+');
}

export function matchesKey(event: KeyboardEvent, key: string): boolean {
  const parts = key.split('+');
  const main = parts.pop()!;
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const otherMod = isMac ? event.ctrlKey : event.metaKey;
  return (
    mod === parts.includes('Mod') &&
    !otherMod &&
    event.altKey === parts.includes('Alt') &&
    // A sign such as `?` needs Shift on some keyboards and not on others.
    (event.shiftKey === parts.includes('Shift') || /^[^\p{L}\p{N}]$/u.test(main)) &&
    event.key.toLowerCase() === main.toLowerCase()
  );
}

/** True where letters are text: single-letter keys must not act there. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (event.isComposing) return true;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'file'].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}

/** True in a text field of the story itself, where undo means the story's undo and not the field's own. */
export function isStoryField(event: KeyboardEvent): boolean {
  return event.target instanceof HTMLElement && event.target.closest('[data-story-field]') !== null;
}
