import { expect, test } from 'vitest';
import { Replacer } from '../../../src/main/captions/replace.ts';
import type { ReplaceInput } from '../../../src/shared/contract.ts';
import { openLibrary, picture } from '../library/samples.ts';

async function withCaptions(...texts: string[]) {
  const { library, database } = openLibrary();
  const ids: string[] = [];
  for (const [seed, text] of texts.entries()) {
    const bytes = await picture(seed).png().toBuffer();
    const { asset } = await library.importBytes(`${seed}.png`, bytes);
    library.setCaption(asset.id, { text, source: 'model', pack: 'starter@1', settings: { beams: 3 } });
    ids.push(asset.id);
  }
  const replacer = new Replacer({ library, patience: 1500 });
  const ask = (input: Partial<ReplaceInput>): ReplaceInput => ({
    filter: {},
    find: '',
    replace: '',
    regex: false,
    matchCase: false,
    wholeWords: false,
    ...input,
  });
  const after = async (input: Partial<ReplaceInput>): Promise<string[]> =>
    (await replacer.preview({ ...ask(input), limit: 100 })).replacements.map((one) => one.after);
  return { library, database, replacer, ids, ask, after };
}

test('plain text: signs mean themselves, case matters only when asked', async () => {
  const { after } = await withCaptions('A dog (brown).', 'a DOG. (brown)', 'a cat');
  expect(await after({ find: '(brown)', replace: '$1 $& red' })).toEqual([
    'A dog $1 $& red.',
    'a DOG. $1 $& red',
  ]);
  expect(await after({ find: 'dog', replace: 'fox', matchCase: true })).toEqual(['A fox (brown).']);
  expect(await after({ find: 'dog', replace: 'fox' })).toHaveLength(2);
});

test('whole words in any script', async () => {
  const { after } = await withCaptions(
    'cats and a cat',
    '猫が好き、子猫も',
    'der Straßenhund und Hund',
    'القط والقطة',
  );
  expect(await after({ find: 'cat', replace: 'dog', wholeWords: true })).toEqual(['cats and a dog']);
  expect(await after({ find: '猫', replace: '犬', wholeWords: true })).toEqual(['犬が好き、子猫も']);
  expect(await after({ find: 'hund', replace: 'Kater', wholeWords: true })).toEqual([
    'der Straßenhund und Kater',
  ]);
  expect(await after({ find: 'القط', replace: 'الكلب', wholeWords: true })).toEqual(['الكلب والقطة']);
});

test('a letter with its mark is found however it was typed', async () => {
  const { after } = await withCaptions('un café noir');
  expect(await after({ find: 'café'.normalize('NFD'), replace: 'thé' })).toEqual(['un thé noir']);
});

test('regular expressions with groups; the changes add up to both texts', async () => {
  const { replacer, ask, after } = await withCaptions('2 dogs and 10 cats', 'no number');
  expect(
    await after({ find: String.raw`(\d+) (?<what>\w+)`, replace: '$<what>: $1 ($&) $$', regex: true }),
  ).toEqual(['dogs: 2 (2 dogs) $ and cats: 10 (10 cats) $']);
  const found = await replacer.preview({
    ...ask({ find: 'dogs|cats', replace: 'birds', regex: true }),
    limit: 5,
  });
  expect(found).toMatchObject({ pictures: 1, places: 2 });
  const [{ asset, changes, after: text } = expect.fail()] = found.replacements;
  const without = (kind: 'removed' | 'added'): string =>
    changes.map((part) => (part.kind === kind ? '' : part.text)).join('');
  expect(without('added')).toBe(asset.caption!.text);
  expect(without('removed')).toBe(text);
});

test('an expression that is none is refused in words; one that never ends is ended, and the studio goes on', async () => {
  const { replacer, ask } = await withCaptions(`${'a'.repeat(60)}!`);
  await expect(replacer.preview({ ...ask({ find: '(dog', regex: true }), limit: 5 })).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('(dog') as string,
  });
  let beats = 0;
  const beat = setInterval(() => (beats += 1), 50);
  const start = performance.now();
  await expect(
    replacer.preview({ ...ask({ find: '^(a+)+$', regex: true }), limit: 5 }),
  ).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('too long') as string });
  clearInterval(beat);
  expect(performance.now() - start).toBeLessThan(15_000);
  expect(beats).toBeGreaterThan(8);
});

test('writing keeps who wrote, leaves out what was unticked and what has changed since, and can be read back', async () => {
  const { library, replacer, ids, ask } = await withCaptions('a dog here', 'a dog there', 'the dog');
  const input = ask({ find: 'dog', replace: 'fox' });
  const prepared = await replacer.prepare({ ...input, except: [ids[1]!] });
  library.setCaption(ids[2]!, { text: 'my own dog', source: 'person', pack: null });
  expect(replacer.write(prepared, input)).toEqual({ changed: 1 });
  expect(ids.map((id) => library.get(id).caption?.text)).toEqual(['a fox here', 'a dog there', 'my own dog']);
  expect(library.get(ids[0]!).caption).toMatchObject({ source: 'model', pack: 'starter@1' });
  expect(library.findWords('fox', 5)).toEqual([ids[0]]);
  const history = library.captionHistory(ids[0]!);
  expect(history.map(({ text, shown }) => [text, shown])).toEqual([
    ['a dog here', false],
    ['a fox here', true],
  ]);
  library.restoreCaption(ids[0]!, history[0]!.number);
  expect(library.get(ids[0]!).caption?.text).toBe('a dog here');
  expect(library.findWords('fox', 5)).toEqual([]);
  expect(() => library.restoreCaption(ids[1]!, history[0]!.number)).toThrow('no earlier caption');
});
