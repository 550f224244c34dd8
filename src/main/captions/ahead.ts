/**
 * Prepares items ahead of their use: `prepare` runs for up to `window` items at once, and the results come out in
 * order. No more than `window` results exist at a time, however slow the reader is, so memory stays flat.
 *
 * `prepare` is expected to answer with failures rather than to throw; when it throws, so does the next step here.
 */
export async function* ahead<In, Out>(
  items: Iterable<In> | AsyncIterable<In>,
  prepare: (item: In) => Promise<Out>,
  window: number,
): AsyncGenerator<Out> {
  const started: Promise<Out>[] = [];
  try {
    for await (const item of items) {
      const result = prepare(item);
      // Looked at when its turn comes; until then a failure must not count as unhandled.
      result.catch(() => undefined);
      started.push(result);
      if (started.length >= window) yield await started.shift()!;
    }
    while (started.length > 0) yield await started.shift()!;
  } finally {
    await Promise.allSettled(started);
  }
}
