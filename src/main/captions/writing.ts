import { dirname } from 'node:path';
import { z } from 'zod';
import {
  CaptionWriteOptionsSchema,
  type AssetFilter,
  type CaptionWriteOptions,
  type Job,
} from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { JobContext, Jobs } from '../jobs/jobs.ts';
import type { Library } from '../library/library.ts';
import { picturesBeside } from '../library/walk.ts';
import { MetadataWriter } from './metadata-writer.ts';
import { textFiles, writeTextFile } from './sidecars.ts';

const ParamsSchema = z.object({ options: CaptionWriteOptionsSchema });

/** Writes the library's captions to the files the pictures came from, where other programs find them. */
export class CaptionWriting {
  readonly #library: Library;
  readonly #jobs: Jobs;

  constructor({ library, jobs }: { library: Library; jobs: Jobs }) {
    this.#library = library;
    this.#jobs = jobs;
    jobs.register('write', (job) => this.#run(job));
  }

  /**
   * Writes captions as a job: those of the assets given, or of all that the filter finds. Pictures without a caption
   * are no part of it. A picture whose file is gone, or that has none because it was uploaded or drawn, fails alone.
   */
  start(
    what: { assets?: readonly string[] | undefined; filter?: AssetFilter | undefined },
    options: CaptionWriteOptions,
  ): Job {
    const found = what.assets ?? this.#library.ids(what.filter ?? {});
    const captioned = this.#library
      .getMany(found)
      .filter(({ caption }) => caption !== null)
      .map(({ id }) => id);
    const title = { key: 'app.jobWrite', values: { count: captioned.length } } as const;
    return this.#jobs.start('write', title, { options: { ...options } }, captioned);
  }

  async #run(job: JobContext): Promise<void> {
    const { options } = ParamsSchema.parse(job.params);
    const metadata = new MetadataWriter();
    const texts = new TextPlaces();
    try {
      for await (const item of job.items()) {
        const [asset] = this.#library.getMany([item.item]);
        try {
          if (asset === undefined) throw new FabulaError('not-found', 'It was removed from the library.');
          if (asset.caption !== null) {
            await this.#write({ metadata, texts }, asset.id, asset.caption.text, options);
          }
          job.finish(item);
        } catch (error) {
          job.fail(item, error, asset?.name);
        }
      }
    } finally {
      await metadata.close();
    }
  }

  async #write(
    { metadata, texts }: { metadata: MetadataWriter; texts: TextPlaces },
    asset: string,
    caption: string,
    { place, mode }: CaptionWriteOptions,
  ): Promise<void> {
    const picture = await this.#library.placeOf(asset);
    if (place === 'sidecar') await metadata.writeSidecar(picture, caption, mode);
    else if (place === 'text') await writeTextFile(await texts.of(picture), caption, mode);
    else {
      await metadata.writeInto(picture, caption, mode, (file) => this.#library.noteRewritten(asset, file));
    }
  }
}

/**
 * The `.txt` of each picture, told apart from those of all pictures beside it: of a job, or of several, `a.jpg` and
 * `a.png` get the same files as from `fabula caption`.
 */
class TextPlaces {
  readonly #folders = new Map<string, Promise<Map<string, string>>>();

  async of(picture: string): Promise<string> {
    const folder = dirname(picture);
    let places = this.#folders.get(folder);
    if (places === undefined) {
      places = picturesBeside(folder).then(textFiles);
      this.#folders.set(folder, places);
    }
    // A picture that only its bytes tell from other files is not listed by its name.
    return (await places).get(picture) ?? textFiles([picture]).get(picture)!;
  }
}
