import { describe, expect, test } from 'vitest';
import { keyMatches, signOfKey, type Keystroke } from '../../../src/renderer/src/state/key-match.ts';

const pc = { mac: false, mirrored: false };
const mac = { mac: true, mirrored: false };
const mirrored = { mac: false, mirrored: true };

function stroke(key: string, code: string, held: Partial<Keystroke> = {}): Keystroke {
  return {
    key,
    code,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    isComposing: false,
    ...held,
  };
}

describe('a key is recognised', () => {
  test.each([
    ['Latin', 'n', 'KeyN'],
    ['Latin with caps lock', 'N', 'KeyN'],
    ['Arabic', 'ى', 'KeyN'],
    ['Japanese kana', 'み', 'KeyN'],
    ['Cyrillic', 'т', 'KeyN'],
    ['Greek', 'ν', 'KeyN'],
    ['Hebrew', 'מ', 'KeyN'],
  ])('on a keyboard of %s letters', (_layout, key, code) => {
    expect(keyMatches(stroke(key, code), 'N', pc)).toBe(true);
    expect(keyMatches(stroke(key, code, { ctrlKey: true }), 'Mod+N', pc)).toBe(true);
    expect(keyMatches(stroke(key, code), 'M', pc)).toBe(false);
  });

  test('by its letter and not its place where the layout has Latin letters', () => {
    // AZERTY: the key in the place of Q is A.
    expect(keyMatches(stroke('a', 'KeyQ'), 'A', pc)).toBe(true);
    expect(keyMatches(stroke('a', 'KeyQ'), 'Q', pc)).toBe(false);
    // Dvorak: the key in the place of N is B.
    expect(keyMatches(stroke('b', 'KeyN'), 'N', pc)).toBe(false);
  });

  test('with exactly the keys held that it names', () => {
    const held = { ctrlKey: true, shiftKey: true };
    expect(keyMatches(stroke('I', 'KeyI', held), 'Mod+Shift+I', pc)).toBe(true);
    expect(keyMatches(stroke('I', 'KeyI', held), 'Mod+I', pc)).toBe(false);
    expect(keyMatches(stroke('n', 'KeyN', { ctrlKey: true }), 'N', pc)).toBe(false);
    expect(keyMatches(stroke('k', 'KeyK', { metaKey: true }), 'Mod+K', mac)).toBe(true);
    expect(keyMatches(stroke('k', 'KeyK', { ctrlKey: true }), 'Mod+K', mac)).toBe(false);
  });

  test('as the question mark of each script, with Shift or without', () => {
    for (const sign of ['?', '؟', '？']) {
      expect(keyMatches(stroke(sign, 'Slash', { shiftKey: true }), '?', pc)).toBe(true);
      expect(keyMatches(stroke(sign, 'KeyJ'), '?', pc)).toBe(true);
    }
    expect(keyMatches(stroke('Dead', 'Slash'), '?', pc)).toBe(false);
  });

  test('never while an input method composes', () => {
    expect(keyMatches(stroke('n', 'KeyN', { isComposing: true }), 'N', pc)).toBe(false);
    expect(keyMatches(stroke('Process', 'KeyN'), 'N', pc)).toBe(false);
  });
});

test('left and right follow the direction of reading', () => {
  expect(keyMatches(stroke('ArrowLeft', 'ArrowLeft'), 'ArrowLeft', pc)).toBe(true);
  expect(keyMatches(stroke('ArrowLeft', 'ArrowLeft'), 'ArrowLeft', mirrored)).toBe(false);
  expect(keyMatches(stroke('ArrowRight', 'ArrowRight'), 'ArrowLeft', mirrored)).toBe(true);
  expect(keyMatches(stroke('ArrowLeft', 'ArrowLeft', { altKey: true }), 'Alt+ArrowRight', mirrored)).toBe(
    true,
  );
  expect(signOfKey('Alt+ArrowLeft', pc)).toBe('Alt+←');
  expect(signOfKey('Alt+ArrowLeft', mirrored)).toBe('Alt+→');
  expect(signOfKey('Mod+Shift+I', mac)).toBe('⌘⇧I');
});
