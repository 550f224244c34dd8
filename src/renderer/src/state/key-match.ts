/**
 * Whether a key that was pressed is the key of a command, whatever keyboard it was pressed on. Keys are written as in
 * `shared/window-commands.ts`.
 */

/** What of a keyboard event matters here. */
export type Keystroke = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'isComposing'
>;

export interface Keyboard {
  /** `Mod` is the command key. */
  mac: boolean;
  /** The window is read from right to left: left and right change places. */
  mirrored: boolean;
}

const mirrors: Readonly<Record<string, string>> = { ArrowLeft: 'ArrowRight', ArrowRight: 'ArrowLeft' };

/** Signs that other keyboards have in the place of ours. */
const likeSigns: Readonly<Record<string, string>> = { '?': '？؟', ',': '،、，' };

function inPlace(part: string, mirrored: boolean): string {
  return (mirrored ? mirrors[part] : undefined) ?? part;
}

function isPressed(stroke: Keystroke, main: string): boolean {
  if (stroke.key.toLowerCase() === main.toLowerCase()) return true;
  if (likeSigns[main]?.includes(stroke.key)) return stroke.key.length === 1;
  // A layout of another script (Arabic, kana, Cyrillic, Greek) has no Latin letters: there the place of the key on the
  // keyboard counts. A Latin layout says itself where its letters are.
  return (
    /^[A-Z]$/i.test(main) &&
    [...stroke.key].length === 1 &&
    !/\p{Script=Latin}/u.test(stroke.key) &&
    stroke.code === `Key${main.toUpperCase()}`
  );
}

/** True when the keystroke is the key; never while an input method composes a word. */
export function keyMatches(stroke: Keystroke, key: string, { mac, mirrored }: Keyboard): boolean {
  if (stroke.isComposing || stroke.key === 'Process') return false;
  const parts = key.split('+');
  const main = inPlace(parts.pop()!, mirrored);
  const mod = mac ? stroke.metaKey : stroke.ctrlKey;
  const otherMod = mac ? stroke.ctrlKey : stroke.metaKey;
  return (
    mod === parts.includes('Mod') &&
    !otherMod &&
    stroke.altKey === parts.includes('Alt') &&
    // A sign such as `?` needs Shift on some keyboards and not on others.
    (stroke.shiftKey === parts.includes('Shift') || /^[^\p{L}\p{N}]$/u.test(main)) &&
    isPressed(stroke, main)
  );
}

/** A key as it is shown to a person: `Ctrl+Shift+I`, `⇧⌘I`. */
export function signOfKey(key: string, { mac, mirrored }: Keyboard): string {
  const signs: Readonly<Record<string, string>> = {
    Mod: mac ? '⌘' : 'Ctrl',
    Alt: mac ? '⌥' : 'Alt',
    Shift: mac ? '⇧' : 'Shift',
    ArrowLeft: '←',
    ArrowRight: '→',
    ArrowUp: '↑',
    ArrowDown: '↓',
    Escape: 'Esc',
  };
  return key
    .split('+')
    .map((part) => inPlace(part, mirrored))
    .map((part) => signs[part] ?? part)
    .join(mac ? '' : '+');
}
