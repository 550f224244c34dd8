import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { History } from '../../../src/main/history.ts';
import { Labels } from '../../../src/main/labels/labels.ts';
import { VectorIndex } from '../../../src/main/library/search.ts';
import { openLibrary, temporaryFolder } from '../library/samples.ts';

/** Labels in a real database, over vectors planted so that the right answer is known: half the pictures are beaches. */

const dimensions = 6;

/** A vector that says `thing` of what is seen, and a little of its own. @param space which of two encoders */
function planted(thing: number, own: number, space: string): Float32Array {
  const vector = new Float32Array(dimensions);
  vector[space === 'planted@1' ? thing : 5 - thing] = 0.8;
  vector[2 + (own % 2)] = 0.1 + (own % 5) * 0.01;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function open(dataDir = temporaryFolder()) {
  const { library, database } = openLibrary(dataDir);
  const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
  const history = new History({ database, clock });
  const insert = database.prepare(
    `INSERT OR IGNORE INTO assets (id, name, folder, mime, width, height, bytes, imported_at, origin, kept)
     VALUES (?, ?, '', 'image/png', 1, 1, 1, '', 'imported', 0)`,
  );
  const ids = Array.from({ length: 20 }, (_, at) => createHash('sha256').update(`${at}`).digest('hex'));
  for (const [at, id] of ids.entries()) insert.run(id, `${at}.png`);
  const isBeach = (id: string): boolean => ids.indexOf(id) % 2 === 0;
  const encode = (space: string, some = ids): void =>
    library.putVectors(
      space,
      some.map((asset) => ({ asset, vector: planted(isBeach(asset) ? 0 : 1, ids.indexOf(asset), space) })),
    );
  let next = 0;
  const models = {
    space: 'planted@1',
    // The name is as like the one kind as the other.
    encodeTexts: (texts: readonly string[]) =>
      Promise.resolve(texts.map(() => Float32Array.of(0.5, 0.5, 0, 0, 0.5, 0.5))),
    probability: (similarity: number) => 1 / (1 + Math.exp(-(8 * similarity - 4))),
  };
  const labels = new Labels({
    database,
    library,
    models,
    history,
    clock,
    ids: { next: () => `label-${++next}` },
    index: (space) => new VectorIndex(database, space),
    changed: () => undefined,
  });
  const labelled = (): string[] => library.ids({ labels: ['BEACH'] });
  return { dataDir, library, database, history, labels, models, ids, isBeach, encode, labelled };
}

test('a few answers label the library; the label is a filter and a facet, and keeps up with pictures and encoders', async () => {
  const { library, labels, models, ids, isBeach, encode, labelled } = open();
  encode(models.space, ids.slice(0, 14));
  const { id } = await labels.create(' beach ');
  expect((await labels.create('Beach')).id).toBe(id);
  for (let asked = 0; asked < 6; asked++) {
    const { question } = await labels.look(id, { offset: 0, limit: 5 });
    await labels.answer(id, [{ asset: question!.asset.id, yes: isBeach(question!.asset.id) }]);
  }
  const beaches = ids.filter(isBeach);
  expect(labelled().toSorted()).toEqual(beaches.slice(0, 7).toSorted());
  expect(library.facets({}).labels).toEqual([{ name: 'beach', count: 7 }]);
  expect((await labels.look(id, { offset: 0, limit: 7 })).pictures.every(({ labelled: has }) => has)).toBe(
    true,
  );

  // Pictures that came later.
  encode(models.space, ids.slice(14));
  await labels.refresh();
  expect(labelled().toSorted()).toEqual(beaches.toSorted());

  // Another encoder: the same answers, other vectors.
  models.space = 'planted@2';
  encode(models.space);
  await labels.refresh();
  expect(labelled().toSorted()).toEqual(beaches.toSorted());
});

test('an answer outweighs every likelihood, and is taken back and given again by undo and redo', async () => {
  const { library, labels, history, models, ids, encode, labelled } = open();
  encode(models.space);
  const { id } = await labels.create('beach');
  const before = labelled();
  await labels.answer(id, [
    { asset: ids[1]!, yes: true },
    { asset: ids[0]!, yes: false },
  ]);
  const answered = labelled();
  expect(answered).toContain(ids[1]);
  expect(answered).not.toContain(ids[0]);
  expect(history.state(null).undo).toEqual({
    key: 'labels.undoAnswers',
    values: { count: 2, label: 'beach' },
  });
  history.undo(null);
  expect(labels.list()).toMatchObject([{ yes: 0, no: 0 }]);
  expect(labelled()).toEqual(before);
  history.redo(null);
  expect(labels.list()).toMatchObject([{ yes: 1, no: 1 }]);
  expect(labelled()).toEqual(answered);
  await labels.answer(id, [{ asset: ids[1]!, yes: null }]);
  expect(labels.list()).toMatchObject([{ yes: 0, no: 1 }]);

  expect(labels.remove(id)).toEqual({ removed: 1 });
  expect(library.facets({}).labels).toEqual([]);
  await expect(labels.look(id, { offset: 0, limit: 5 })).rejects.toMatchObject({ code: 'not-found' });
});

test('making a label and taking it away with its answers are steps of undo and redo, also after a restart', async () => {
  const before = open();
  before.encode(before.models.space);
  const { id } = await before.labels.create('Beach');
  expect((await before.labels.create('beach')).id).toBe(id);
  await before.labels.answer(
    id,
    [0, 2, 4, 1].map((at) => ({ asset: before.ids[at]!, yes: at % 2 === 0 })),
  );
  const told = before.labels.list();
  const labelled = before.labelled().toSorted();
  expect(labelled.length).toBeGreaterThanOrEqual(3);
  before.labels.remove(id);
  expect(before.labelled()).toEqual([]);
  expect(before.history.state(null).undo).toEqual({ key: 'labels.undoDelete', values: { label: 'Beach' } });

  // The pictures are labelled again at once, without the encoder.
  expect(before.history.undo(null)).toMatchObject({ changed: 4, kept: 0 });
  expect(before.labels.list()).toEqual(told);
  expect(before.labelled().toSorted()).toEqual(labelled);
  expect(before.history.redo(null)).toMatchObject({ kept: 0, redo: null });
  expect(before.labels.list()).toEqual([]);
  expect(before.database.prepare('SELECT count(*) FROM label_answers').pluck().get()).toBe(0);

  // A picture that is gone by then is left out, and counted.
  await before.library.remove([before.ids[4]!]);
  before.database.close();
  const after = open(before.dataDir);
  after.database.prepare('DELETE FROM assets WHERE id = ?').run(before.ids[4]);
  expect(after.history.undo(null)).toMatchObject({ changed: 3, kept: 1 });
  expect(after.labels.list()).toMatchObject([{ id, name: 'Beach', yes: 2, no: 1 }]);
  const answered = [after.ids[0]!, after.ids[2]!].toSorted();
  expect(after.labelled().toSorted()).toEqual(answered);
  await after.labels.refresh();
  expect(after.labelled()).toEqual(expect.arrayContaining(answered));
  expect(after.labelled().length).toBeGreaterThan(answered.length);

  // Back to no label at all, and to the one taken away again.
  after.history.undo(null);
  expect(after.labels.list()).toMatchObject([{ id, yes: 0, no: 0 }]);
  expect(after.history.undo(null)).toMatchObject({
    label: { key: 'labels.undoCreate', values: { label: 'Beach' } },
    kept: 0,
    undo: null,
  });
  expect(after.labels.list()).toEqual([]);
  for (let step = 0; step < 3; step++) after.history.redo(null);
  expect(after.labels.list()).toEqual([]);
  expect(after.history.state(null).redo).toBeNull();
  after.history.undo(null);
  expect(after.labels.list()).toMatchObject([{ id, yes: 2, no: 1 }]);
});

test('a label of an empty library asks nothing', async () => {
  const { labels } = open();
  const { id } = await labels.create('beach');
  expect(await labels.look(id, { offset: 0, limit: 5 })).toMatchObject({
    total: 0,
    pictures: [],
    question: null,
  });
});
