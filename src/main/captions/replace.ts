import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CaptionReplacements, ReplaceInput } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { Library } from '../library/library.ts';
import type { Replaced, ReplaceReply, ReplaceTask } from './replace-worker.ts';

/** How long an expression may search through all captions, in milliseconds. */
const patience = 6000;

export interface ReplacerParts {
  library: Library;
  /** For tests. */
  patience?: number;
}

/** Finds and replaces in the captions of the library. */
export class Replacer {
  readonly #library: Library;
  readonly #patience: number;

  constructor(parts: ReplacerParts) {
    this.#library = parts.library;
    this.#patience = parts.patience ?? patience;
  }

  /**
   * What replacing would change: how many captions, and the first `limit` of them with each change.
   *
   * @throws FabulaError `invalid-input` for an expression that is none, or that takes too long
   */
  async preview(input: ReplaceInput & { limit: number }, signal?: AbortSignal): Promise<CaptionReplacements> {
    const { ids, replaced } = await this.#find(input, input.limit, signal);
    const shown = replaced.slice(0, input.limit);
    const assets = new Map(
      this.#library.getMany(shown.map(({ text }) => ids[text]!)).map((asset) => [asset.id, asset]),
    );
    return {
      pictures: replaced.length,
      places: replaced.reduce((sum, { places }) => sum + places, 0),
      replacements: shown.flatMap(({ text, after, changes }) => {
        const asset = assets.get(ids[text]!);
        return asset === undefined ? [] : [{ asset, after, changes }];
      }),
    };
  }

  /**
   * Works out the new captions, for {@link write}.
   *
   * @throws FabulaError as {@link preview}
   */
  async prepare(
    input: ReplaceInput & { except: readonly string[] },
    signal?: AbortSignal,
  ): Promise<{ asset: string; before: string; after: string }[]> {
    const { ids, texts, replaced } = await this.#find(input, 0, signal);
    const except = new Set(input.except);
    return replaced
      .map(({ text, after }) => ({ asset: ids[text]!, before: texts[text]!, after }))
      .filter(({ asset }) => !except.has(asset));
  }

  /**
   * Saves the new captions; who wrote them stays, and the caption's settings say what was replaced. A caption that has
   * changed since it was prepared is left alone. To be called in one transaction.
   */
  write(
    prepared: readonly { asset: string; before: string; after: string }[],
    { find, replace }: Pick<ReplaceInput, 'find' | 'replace'>,
  ): { changed: number } {
    let changed = 0;
    for (const { asset, before, after } of prepared) {
      const [current] = this.#library.getMany([asset]);
      const caption = current?.caption;
      if (!caption || caption.text !== before) continue;
      const { source, pack } = caption;
      this.#library.setCaption(
        asset,
        { text: after, source, pack, settings: { replaced: { find, replace } } },
        { replacePerson: true },
      );
      changed += 1;
    }
    return { changed };
  }

  async #find(
    input: ReplaceInput,
    spelledOut: number,
    signal: AbortSignal | undefined,
  ): Promise<{ ids: string[]; texts: string[]; replaced: Replaced[] }> {
    const { find, replace, regex, matchCase, wholeWords } = input;
    const captions = this.#library.captions(input.assets ?? { ...input.filter, captioned: true });
    const ids = captions.map(({ asset }) => asset);
    const texts = captions.map(({ text }) => text);
    const task: ReplaceTask = { texts, find, replace, regex, matchCase, wholeWords, spelledOut };
    const reply = await this.#run(task, signal);
    if (!reply.ok) {
      throw new FabulaError(
        'invalid-input',
        regex
          ? `“${find}” is not a regular expression: ${reply.message.replace(/^Invalid regular expression: /, '')}. Correct it, or look for plain text.`
          : reply.message,
      );
    }
    return { ids, texts, replaced: reply.replaced };
  }

  async #run(task: ReplaceTask, signal: AbortSignal | undefined): Promise<ReplaceReply> {
    signal?.throwIfAborted();
    const worker = new Worker(workerFile(), {
      workerData: task,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    let timer: NodeJS.Timeout | undefined;
    let onabort: (() => void) | undefined;
    try {
      return await new Promise<ReplaceReply>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', (code) => {
          reject(new FabulaError('internal', `The search through the captions ended with code ${code}.`));
        });
        // The clock starts with the thread: loading it is not the expression's fault.
        worker.once('online', () => {
          timer = setTimeout(() => {
            reject(
              new FabulaError(
                'invalid-input',
                `“${task.find}” takes too long on some captions. Write it with fewer repetitions inside repetitions, such as a+ instead of (a+)+.`,
              ),
            );
          }, this.#patience);
        });
        onabort = () => reject(new FabulaError('cancelled', 'Cancelled.'));
        signal?.addEventListener('abort', onabort);
      });
    } finally {
      clearTimeout(timer);
      if (onabort) signal?.removeEventListener('abort', onabort);
      await worker.terminate();
    }
  }
}

/** The worker's file: beside this one in the sources; in a build the bundles lie in one folder, chunks one below. */
function workerFile(): string {
  const { dirname, filename } = import.meta;
  if (filename.endsWith('.ts')) return join(dirname, 'replace-worker.ts');
  const beside = join(dirname, 'replace-worker.js');
  return existsSync(beside) ? beside : join(dirname, '..', 'replace-worker.js');
}
