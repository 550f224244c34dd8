import { z } from 'zod';
import {
  CaptionOptionsSchema,
  type AssetFilter,
  type CaptionOptions,
  type CaptionPreview,
  type CaptionRegions,
  type Job,
} from '../../shared/contract.ts';
import { FabulaError, toFailure, type Json } from '../../shared/errors.ts';
import type { History } from '../history.ts';
import type { JobContext, JobItem, Jobs } from '../jobs/jobs.ts';
import type { Library } from '../library/library.ts';
import type { Models } from '../models/models.ts';
import type { RequestContext } from '../requests.ts';
import type { Database } from '../store/database.ts';
import { captionAll, type Finished, type Prepared } from './batch.ts';
import { composeCaption, toldAt, toldLength, wantsCaption } from './compose.ts';
import { styleOf } from './style/style.ts';

export interface CaptionsContext {
  library: Library;
  models: Models;
  jobs: Jobs;
  database: Database;
  history: History;
}

const ParamsSchema = z.object({ options: CaptionOptionsSchema });

/** Captions for pictures of the library: as a job for many, or a suggestion for one. */
export class Captions {
  readonly #context: CaptionsContext;

  constructor(context: CaptionsContext) {
    this.#context = context;
    context.jobs.register('caption', (job) => this.#run(job));
  }

  /**
   * Captions assets as a job: those given, or all that the filter finds. What already has a caption that the options
   * leave alone is not part of the job. Each caption is stored with its picture's vector, pack, revision and settings,
   * in the transaction that marks it done; cancelling keeps what is done.
   */
  start(
    what: { assets?: readonly string[] | undefined; filter?: AssetFilter | undefined },
    options: CaptionOptions,
  ): Job {
    const { library, jobs, models } = this.#context;
    // Says at once what is missing, rather than once for every picture.
    void models.captionPack;
    styleOf(options);
    const found = what.assets ?? library.ids(what.filter ?? {});
    const wanted = found.filter((id) => wantsCaption(library.get(id).caption, options));
    const title = { key: 'app.jobCaption', values: { count: wanted.length } } as const;
    return jobs.start('caption', title, { options: { ...options } }, wanted);
  }

  /**
   * What {@link start} would write to the first pictures that it would caption: as each is ready, and all of them at
   * the end. Nothing is saved.
   */
  async preview(
    what: { assets?: readonly string[] | undefined; filter?: AssetFilter | undefined; limit: number },
    options: CaptionOptions,
    { signal, onPreview }: { signal?: AbortSignal; onPreview?: (preview: CaptionPreview) => void } = {},
  ): Promise<CaptionPreview[]> {
    const { library, models } = this.#context;
    const style = styleOf(options);
    const previews: CaptionPreview[] = [];
    for (const id of what.assets ?? library.ids(what.filter ?? {})) {
      if (previews.length >= what.limit) break;
      signal?.throwIfAborted();
      const [asset] = library.getMany([id]);
      if (asset === undefined || !wantsCaption(asset.caption, options)) continue;
      let preview: CaptionPreview;
      try {
        const pixels = await library.pixels(id, models.imageSize);
        const [written] = await models.captionImages([pixels], {
          signal,
          urgent: true,
          steering: style?.steering,
        });
        const length = toldLength(options);
        const pyramid =
          length === 3 || models.wordsPack === null
            ? null
            : (await models.readWords([pixels], { signal, urgent: true }))[0]!;
        const text = (style && written ? style.write(written.candidates) : written?.text) ?? '';
        const told = toldAt({ text, pyramid }, length);
        const after = told === '' ? null : composeCaption(asset.caption, told, options);
        preview = { asset, after, error: after === null ? 'The model found no words for it.' : null };
      } catch (error) {
        signal?.throwIfAborted();
        preview = { asset, after: null, error: toFailure(error).message };
      }
      previews.push(preview);
      onPreview?.(preview);
    }
    return previews;
  }

  /**
   * Which parts of a picture its caption is written from.
   *
   * @throws FabulaError `unavailable` where the pack looks at all of every picture alike
   */
  async regions(asset: string, { signal }: Partial<RequestContext> = {}): Promise<CaptionRegions> {
    const { library, models } = this.#context;
    const pixels = await library.pixels(asset, models.imageSize);
    const [regions] = await models.captionRegions([pixels], { signal, urgent: true });
    const { need, kept } = regions ?? { need: [], kept: [] };
    return { side: Math.round(Math.sqrt(need.length)), need, kept, pack: models.captionPack };
  }

  /** A caption for one picture, saved nowhere. `send` hears the likeliest one so far. */
  async suggest(
    asset: string,
    { signal, send }: Partial<RequestContext> = {},
  ): Promise<{ text: string; pack: string }> {
    const { library, models } = this.#context;
    const pixels = await library.pixels(asset, models.imageSize);
    const onText = send && ((text: string) => send({ kind: 'text', text }));
    const [caption] = await models.captionImages([pixels], { signal, urgent: true, onText });
    if (!caption) throw new FabulaError('model-failed', 'The model gave no caption. Try again.');
    return { text: caption.text, pack: models.captionPack };
  }

  async #run(job: JobContext): Promise<void> {
    const { options } = ParamsSchema.parse(job.params);
    const work = captionAll(
      this.#context,
      job.items(),
      (item) => this.#prepare(item, options),
      {
        options,
        run: job.job.id,
        settings: captionSettings(this.#context.models, options, { job: job.job.id }),
        done: new Set(),
        signal: job.signal,
      },
      (batch) => job.together(() => batch.forEach((entry) => this.#mark(job, entry))),
    );
    for await (const _ of work) {
      // Everything is said in the transaction of each batch.
    }
  }

  #mark(job: JobContext, entry: Finished<JobItem>): void {
    if (entry.state === 'failed') job.fail(entry.item, entry.error, this.#nameOf(entry.item.item));
    else job.finish(entry.item);
  }

  /** The picture as a person knows it; its id when it is no longer in the library. */
  #nameOf(asset: string): string {
    try {
      return this.#context.library.get(asset).name;
    } catch {
      return asset;
    }
  }

  async #prepare(item: JobItem, options: CaptionOptions): Promise<Prepared<JobItem>> {
    const { library, models } = this.#context;
    try {
      const asset = library.get(item.item);
      if (!wantsCaption(asset.caption, options)) return { item, state: 'keep', asset: asset.id };
      const pixels = await library.pixels(asset.id, models.imageSize);
      return { item, state: 'caption', asset: asset.id, pixels };
    } catch (error) {
      return { item, state: 'fail', error };
    }
  }
}

/** What is kept with a caption besides pack and revision: how it was decoded, what was put around it, and by which run. */
export function captionSettings(
  models: Models,
  options: CaptionOptions,
  run: { [key: string]: Json },
): { [key: string]: Json } {
  const { mode, prefix, suffix, length } = options;
  return {
    ...models.captionSettings,
    ...styleOf(options)?.provenance(options),
    mode,
    ...(length === 3 ? {} : { length }),
    ...(prefix === '' ? {} : { prefix }),
    ...(suffix === '' ? {} : { suffix }),
    ...run,
  };
}
