import { expect, test } from 'vitest';
import { composeCaption, wantsCaption } from '../../../src/main/captions/compose.ts';
import { CaptionOptionsSchema, type Caption, type CaptionSource } from '../../../src/shared/contract.ts';

const options = (changes: Partial<ReturnType<typeof CaptionOptionsSchema.parse>> = {}) =>
  CaptionOptionsSchema.parse(changes);
const caption = (source: CaptionSource, text = 'Old.'): Caption => ({
  text,
  source,
  pack: null,
  createdAt: '',
});

test.each(['skip', 'overwrite', 'append', 'prepend'] as const)('%s: what is bare gets a caption', (mode) => {
  expect(wantsCaption(null, options({ mode }))).toBe(true);
  expect(wantsCaption(caption('file', '  '), options({ mode }))).toBe(true);
});

test('skip leaves every caption alone, even where a person may be replaced', () => {
  for (const source of ['person', 'model', 'file'] as const) {
    expect(wantsCaption(caption(source), options({ mode: 'skip', replacePerson: true }))).toBe(false);
  }
});

test.each(['overwrite', 'append', 'prepend'] as const)(
  "%s touches a person's caption only when asked to",
  (mode) => {
    expect(wantsCaption(caption('model'), options({ mode }))).toBe(true);
    expect(wantsCaption(caption('file'), options({ mode }))).toBe(true);
    expect(wantsCaption(caption('person'), options({ mode }))).toBe(false);
    expect(wantsCaption(caption('person'), options({ mode, replacePerson: true }))).toBe(true);
  },
);

test.each([
  ['overwrite', {}, 'New.'],
  ['append', {}, 'Old. New.'],
  ['prepend', {}, 'New. Old.'],
  ['overwrite', { prefix: 'Trip:', suffix: '(2026)' }, 'Trip: New. (2026)'],
  ['overwrite', { prefix: 'Trip: ', suffix: ', 2026' }, 'Trip: New., 2026'],
  ['append', { suffix: '#x' }, 'Old. New. #x'],
] as const)('%s with %j gives %j', (mode, around, text) => {
  expect(composeCaption(caption('model'), 'New.', options({ mode, ...around }))).toBe(text);
});

test('nothing to append to is no reason for a space', () => {
  expect(composeCaption(null, 'New.', options({ mode: 'append' }))).toBe('New.');
});
