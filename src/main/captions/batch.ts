import type { Caption, CaptionOptions } from '../../shared/contract.ts';
import { FabulaError, toFailure, type Json } from '../../shared/errors.ts';
import type { History } from '../history.ts';
import type { Library } from '../library/library.ts';
import type { CaptionedPicture, Models } from '../models/models.ts';
import type { Database } from '../store/database.ts';
import { ahead } from './ahead.ts';
import { composeCaption, toldAt, toldLength, wantsCaption } from './compose.ts';
import { styleOf, type CaptionStyle } from './style/style.ts';

/**
 * A picture on its way: to be captioned, or already known to be kept as it is or to have failed. `enter` takes one
 * that is new into the library; it is called in the transaction that stores its caption.
 */
export type Prepared<Item> =
  | { item: Item; state: 'caption'; asset: string; enter?: () => unknown; pixels: Uint8Array }
  | { item: Item; state: 'keep'; asset: string; enter?: () => unknown }
  | { item: Item; state: 'fail'; error: unknown };

/** A picture that is through. */
export type Finished<Item> =
  | { item: Item; state: 'captioned'; asset: string; caption: Caption }
  | { item: Item; state: 'kept'; asset: string; caption: Caption | null }
  | { item: Item; state: 'failed'; error: unknown };

export interface BatchSettings {
  options: CaptionOptions;
  /** Id of the run: all its captions are one entry of the history, however often it is gone on with. */
  run: string;
  /** Kept with every caption: what it was made with. */
  settings: { [key: string]: Json };
  /** Assets that this run has captioned. Two files may hold one picture; it is captioned once. */
  done: Set<string>;
  signal: AbortSignal;
}

interface Context {
  library: Library;
  models: Models;
  database: Database;
  history: History;
}

/** Batches decoded ahead of the one in the models. */
const BATCHES_AHEAD = 3;
/** Batches handed to the worker at once: it goes from one to the next without waiting for this process. */
const BATCHES_IN_WORKER = 2;
/** Batches without anything to caption are closed at this size, so that their results come through. */
const LARGEST_BATCH = 64;

/**
 * Captions pictures as fast as the models can: the next ones are decoded while a batch is in the worker, and what is
 * finished is handed to `save` batch by batch, in order. `save` runs inside the transaction that stores the captions
 * and vectors of its batch, so either all of it is kept or nothing.
 *
 * One picture that the models cannot take fails alone; the rest of its batch is tried one by one. A raised signal ends
 * the work with `cancelled`; what was saved stays.
 */
export async function* captionAll<Item>(
  context: Context,
  items: Iterable<Item> | AsyncIterable<Item>,
  prepare: (item: Item) => Promise<Prepared<Item>>,
  settings: BatchSettings,
  save: (batch: readonly Finished<Item>[]) => void = () => undefined,
): AsyncGenerator<Finished<Item>[]> {
  const { models } = context;
  const { signal } = settings;
  const size = models.batch;
  const pack = models.captionPack;
  const space = models.space;
  const style = styleOf(settings.options);
  const stop = (): void => {
    if (signal.aborted) throw new FabulaError('cancelled', 'Cancelled. What was captioned is kept.');
  };
  const store = (batch: readonly Inferred<Item>[]): Finished<Item>[] =>
    context.history.library(
      (count) => ({ key: 'library.captionPictures', values: { count } }),
      () => {
        const finished = batch.map((entry) => storeOne(context.library, entry, { pack, ...settings }));
        const vectors = batch.flatMap((entry) =>
          entry.state === 'caption' ? [{ asset: entry.asset, vector: entry.result.vector }] : [],
        );
        context.library.putVectors(space, vectors);
        context.library.putWords(
          batch.flatMap((entry) =>
            entry.state === 'caption' && entry.result.pyramid !== null
              ? [{ asset: entry.asset, pyramid: entry.result.pyramid }]
              : [],
          ),
        );
        save(finished);
        return finished;
      },
      { run: settings.run },
    );

  const inWorker: Promise<Inferred<Item>[]>[] = [];
  try {
    const prepared = ahead(items, prepare, size * BATCHES_AHEAD);
    for await (const batch of batches(prepared, size)) {
      stop();
      const inferred = infer(models, style, batch, signal);
      inferred.catch(() => undefined);
      inWorker.push(inferred);
      if (inWorker.length < BATCHES_IN_WORKER) continue;
      const next = await inWorker.shift()!;
      stop();
      yield store(next);
    }
    while (inWorker.length > 0) {
      const next = await inWorker.shift()!;
      stop();
      yield store(next);
    }
  } finally {
    await Promise.allSettled(inWorker);
  }
}

/** Groups pictures into batches with `size` of them to be captioned; the others go along in their place. */
async function* batches<Item>(
  prepared: AsyncIterable<Prepared<Item>>,
  size: number,
): AsyncGenerator<Prepared<Item>[]> {
  let batch: Prepared<Item>[] = [];
  let wanted = 0;
  for await (const entry of prepared) {
    batch.push(entry);
    if (entry.state === 'caption') wanted++;
    if (wanted < size && batch.length < LARGEST_BATCH) continue;
    yield batch;
    batch = [];
    wanted = 0;
  }
  if (batch.length > 0) yield batch;
}

type Inferred<Item> =
  | { item: Item; state: 'caption'; asset: string; enter?: () => unknown; result: CaptionedPicture }
  | Exclude<Prepared<Item>, { state: 'caption' }>;

async function infer<Item>(
  models: Models,
  style: CaptionStyle | null,
  batch: readonly Prepared<Item>[],
  signal: AbortSignal,
): Promise<Inferred<Item>[]> {
  const wanted = batch.filter((entry) => entry.state === 'caption');
  const results = new Map<Prepared<Item>, CaptionedPicture | { error: unknown }>();
  const attempt = async (entries: typeof wanted): Promise<void> => {
    const captions = await models.captionAndEncode(
      entries.map((entry) => entry.pixels),
      { signal, steering: style?.steering },
    );
    for (const [index, entry] of entries.entries()) {
      const found = captions[index];
      const result = found && style ? { ...found, text: style.write(found.candidates) } : found;
      // Writing in a style takes tens of milliseconds a picture; windows are not to wait for a whole batch.
      if (style) await new Promise(setImmediate);
      // One picture that the encoder makes nothing of must not undo its neighbours' transaction.
      if (result?.vector.every(Number.isFinite)) results.set(entry, result);
    }
  };
  if (wanted.length > 0) {
    try {
      await attempt(wanted);
    } catch (error) {
      if (signal.aborted || toFailure(error).code !== 'model-failed') throw error;
      for (const entry of wanted) {
        try {
          await attempt([entry]);
        } catch (alone) {
          if (signal.aborted) throw alone;
          results.set(entry, { error: alone });
        }
      }
      // Not one of several got through: it is the models that are broken, not the pictures.
      if (wanted.length > 1 && [...results.values()].every((result) => 'error' in result)) throw error;
    }
  }
  return batch.map((entry) => {
    if (entry.state !== 'caption') return entry;
    const result = results.get(entry);
    if (result && 'text' in result) {
      const { pixels: _, ...rest } = entry;
      return { ...rest, result };
    }
    const error = result?.error ?? new FabulaError('model-failed', 'The models made nothing of the picture.');
    return { item: entry.item, state: 'fail', error };
  });
}

function storeOne<Item>(
  library: Library,
  entry: Inferred<Item>,
  use: BatchSettings & { pack: string },
): Finished<Item> {
  const { item } = entry;
  if (entry.state === 'fail') return { item, state: 'failed', error: entry.error };
  const { asset } = entry;
  let current: Caption | null;
  try {
    entry.enter?.();
    current = library.get(asset).caption;
  } catch (error) {
    // Removed from the library in the meantime. Anything else, such as a full disk, ends the whole batch.
    if (!(error instanceof FabulaError && ['not-found', 'conflict'].includes(error.code))) throw error;
    return { item, state: 'failed', error };
  }
  if (entry.state === 'keep') return { item, state: 'kept', asset, caption: current };
  // Asked again: a person may have written a caption since the picture was decoded.
  if (use.done.has(asset) || !wantsCaption(current, use.options)) {
    return { item, state: 'kept', asset, caption: current };
  }
  const text = composeCaption(current, toldAt(entry.result, toldLength(use.options)), use.options);
  const { caption } = library.setCaption(
    asset,
    { text, source: 'model', pack: use.pack, settings: use.settings },
    { replacePerson: use.options.replacePerson },
  );
  if (caption === null) {
    return {
      item,
      state: 'failed',
      error: new FabulaError('model-failed', 'The model found no words for it.'),
    };
  }
  use.done.add(asset);
  return { item, state: 'captioned', asset, caption };
}
