import { expect, test } from 'vitest';
import { Replacer } from '../../../src/main/captions/replace.ts';
import { ReviewQueue } from '../../../src/main/captions/review.ts';
import { History } from '../../../src/main/history.ts';
import { Library } from '../../../src/main/library/library.ts';
import { openLibrary, picture } from './samples.ts';

/** Tags, review, restored captions and replacements: each one step of undo, and of redo. */
async function open() {
  const { database, files } = openLibrary();
  const clock = { now: () => new Date() };
  const history = new History({ database, clock });
  const library = new Library({ database, files, clock, history });
  const review = new ReviewQueue({ database, library, history });
  const ids: string[] = [];
  for (const seed of [1, 2, 3]) {
    const { asset } = await library.importBytes(`${seed}.png`, await picture(seed).png().toBuffer());
    library.setCaption(asset.id, { text: `a dog, number ${seed}`, source: 'model', pack: 'starter@1' });
    ids.push(asset.id);
  }
  return { library, history, review, replacer: new Replacer({ library }), ids };
}

test('tags', async () => {
  const { library, history, ids } = await open();
  const tags = (): string[][] => ids.map((id) => library.get(id).tags);
  library.tag([ids[0]!], { add: ['Sea'] });
  history.library('Tag', () => library.tag(ids, { add: ['sea', 'boats'], remove: ['none'] }));
  history.library('Untag', () => library.tag([ids[1]!], { remove: ['SEA'] }));
  expect(tags()).toEqual([['boats', 'Sea'], ['boats'], ['boats', 'Sea']]);
  history.undo(null);
  history.undo(null);
  // What it had before stays.
  expect(tags()).toEqual([['Sea'], [], []]);
  expect(library.findWords('boats', 5)).toEqual([]);
  history.redo(null);
  expect(tags()).toEqual([
    ['boats', 'Sea'],
    ['boats', 'Sea'],
    ['boats', 'Sea'],
  ]);
  expect(library.findWords('boats', 5)).toHaveLength(3);
});

test('replacements are one step, with the words that are searched', async () => {
  const { library, history, replacer, ids } = await open();
  const input = {
    filter: {},
    find: 'dog',
    replace: 'fox',
    regex: false,
    matchCase: false,
    wholeWords: true,
    except: [],
  };
  const prepared = await replacer.prepare(input);
  expect(history.library('Replace', () => replacer.write(prepared, input))).toEqual({ changed: 3 });
  expect(library.findWords('fox', 5)).toHaveLength(3);
  history.undo(null);
  expect(ids.map((id) => library.get(id).caption!.text)).toEqual([
    'a dog, number 1',
    'a dog, number 2',
    'a dog, number 3',
  ]);
  expect(library.findWords('fox', 5)).toEqual([]);
});

test('a decision goes back to waiting, with the caption as it was', async () => {
  const { library, history, review, ids } = await open();
  review.start({ filter: {} });
  history.library('Review', () => review.decide(ids[0]!, 'accept', ''));
  history.library('Review', () => review.decide(ids[1]!, 'reject', ''));
  history.undo(null);
  expect(review.get().counts).toEqual({ waiting: 2, accepted: 1, edited: 0, rejected: 0 });
  expect(library.get(ids[1]!).caption).toMatchObject({ text: 'a dog, number 2', source: 'model' });
  history.redo(null);
  expect(review.get().counts).toMatchObject({ waiting: 1, rejected: 1 });
  expect(library.get(ids[1]!).caption).toBeNull();
});

test('a restored caption', async () => {
  const { library, history, ids } = await open();
  library.setCaption(ids[0]!, { text: 'my own', source: 'person', pack: null });
  const [first] = library.captionHistory(ids[0]!);
  history.library('Restore', () => library.restoreCaption(ids[0]!, first!.number));
  expect(library.get(ids[0]!).caption).toMatchObject({ text: 'a dog, number 1', pack: 'starter@1' });
  history.undo(null);
  expect(library.get(ids[0]!).caption).toMatchObject({ text: 'my own', source: 'person' });
});
