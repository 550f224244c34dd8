import * as api from '../api.ts';
import type { Job, JobItemError, JobState } from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import { isMessageKey } from '../../../shared/messages.ts';
import { t } from './language.svelte.ts';
import type { Notices } from './notices.svelte.ts';

/** Files on their way from a browser to the library: shown like a job, but it lives and dies with this page. */
export interface Upload {
  readonly id: string;
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly errors: readonly JobItemError[];
  readonly running: boolean;
}

/** Uploads under way at once: enough to hide a round trip, few enough to leave the studio's decoder the queue. */
const uploadLanes = 2;

/** The stretch of a job that says how fast it is, and how much of it must have passed before it does; milliseconds. */
const paceMs = 60_000;
const leastPaceMs = 3000;

const finished: ReadonlySet<JobState> = new Set(['done', 'cancelled', 'failed']);

export function isFinished(job: Job): boolean {
  return finished.has(job.state);
}

/** What a job does, in the language of the window. */
export function wordJob({ title, label }: Job): string {
  return title && isMessageKey(title.key) ? t(title.key, title.values) : label;
}

/** Long work: the studio's jobs, and this page's uploads. */
export class JobsState {
  list = $state.raw<readonly Job[]>([]);
  uploads = $state.raw<readonly Upload[]>([]);
  readonly running = $derived(
    this.list.filter((job) => !isFinished(job)).length + this.uploads.filter((one) => one.running).length,
  );

  /** How far each job under way was, and when, over the last minute; oldest first. */
  readonly #pace = new Map<string, { at: number; done: number }[]>();
  readonly #notices: Notices;
  readonly #waiting = new Map<string, (job: Job) => void>();
  readonly #uploadAborts = new Map<string, AbortController>();

  constructor(notices: Notices) {
    this.#notices = notices;
    api.on('job.changed', (job) => this.#merge(job));
    api.onReconnect(() => void this.load());
  }

  async load(): Promise<void> {
    await this.#notices.attempt(async () => {
      const before = this.list;
      const list = await api.command('jobs.list', {});
      const heard = this.list.filter((job) => !before.includes(job));
      for (const job of list) this.#merge(job);
      this.list = list;
      // What was heard in the meantime may be later than the answer.
      for (const job of heard) this.#merge(job);
    });
  }

  /** Resolves when the job has finished, however it ended. */
  async whenFinished(job: Job): Promise<Job> {
    this.#merge(job);
    const known = this.list.find((one) => one.id === job.id) ?? job;
    if (isFinished(known)) return known;
    return new Promise((resolve) => this.#waiting.set(job.id, resolve));
  }

  /**
   * How long a job under way still takes, at the pace of its last minute, in seconds; null while it is too early to say.
   *
   * @param id of a job or an upload
   */
  secondsLeft(id: string): number | null {
    const job = this.list.find((one) => one.id === id) ?? this.uploads.find((one) => one.id === id);
    const pace = this.#pace.get(id);
    const first = pace?.[0];
    const last = pace?.at(-1);
    if (!job || !first || !last || last.at - first.at < leastPaceMs || last.done <= first.done) return null;
    return ((job.total - last.done) * (last.at - first.at)) / (last.done - first.done) / 1000;
  }

  #notePace(id: string, done: number, running: boolean): void {
    if (!running) {
      this.#pace.delete(id);
      return;
    }
    const at = performance.now();
    const pace = (this.#pace.get(id) ?? []).filter((sample) => at - sample.at < paceMs);
    if (pace.at(-1)?.done !== done) pace.push({ at, done });
    this.#pace.set(id, pace);
  }

  /** Takes in a job that a command has just started. */
  add(job: Job): void {
    this.#merge(job);
  }

  async errors(job: Job): Promise<JobItemError[]> {
    return (await this.#notices.attempt(() => api.command('jobs.errors', { job: job.id }))) ?? [];
  }

  async pause(job: Job): Promise<void> {
    await this.#change(() => api.command('jobs.pause', { job: job.id }));
  }

  async resume(job: Job): Promise<void> {
    await this.#change(() => api.command('jobs.resume', { job: job.id }));
  }

  async cancel(job: Job): Promise<void> {
    await this.#change(() => api.command('jobs.cancel', { job: job.id }));
  }

  async retry(job: Job): Promise<void> {
    await this.#change(() => api.command('jobs.retry', { job: job.id }));
  }

  async clearFinished(): Promise<void> {
    this.uploads = this.uploads.filter((upload) => upload.running);
    await this.#notices.attempt(() => api.command('jobs.clear', {}));
    await this.load();
  }

  async saveExport(job: Job): Promise<void> {
    await this.#notices.attempt(() => api.saveExport(job.id));
  }

  /**
   * Sends files to the library one by one; a file that is refused is listed, and the rest goes on.
   *
   * @returns the assets of the files that were taken, in their order
   */
  async upload(files: readonly { name: string; file: File }[]): Promise<string[]> {
    if (files.length === 0) return [];
    const assets: (string | undefined)[] = [];
    const id = `upload-${Date.now()}-${this.uploads.length}`;
    const abort = new AbortController();
    this.#uploadAborts.set(id, abort);
    const label =
      files.length === 1
        ? t('library.uploadOne', { name: files[0]!.name })
        : t('library.uploadMany', { count: files.length });
    let state: Upload = { id, label, done: 0, total: files.length, errors: [], running: true };
    const show = (change: Partial<Upload>): void => {
      state = { ...state, ...change };
      this.#notePace(id, state.done, state.running);
      this.uploads = [state, ...this.uploads.filter((one) => one.id !== id)];
    };
    show({});

    const queue = files.entries();
    const lane = async (): Promise<void> => {
      for (const [position, { name, file }] of queue) {
        if (abort.signal.aborted) return;
        try {
          const { asset } = await api.upload(name, file, abort.signal);
          assets[position] = asset.id;
          show({ done: state.done + 1 });
        } catch (error) {
          if (abort.signal.aborted) return;
          const code = error instanceof FabulaError ? error.code : 'internal';
          const message = error instanceof Error ? error.message : String(error);
          show({ done: state.done + 1, errors: [...state.errors, { item: name, code, message }] });
          // Without a studio every further file would fail the same way.
          if (code === 'unavailable' || code === 'forbidden') abort.abort();
        }
      }
    };
    await Promise.all(Array.from({ length: uploadLanes }, lane));
    this.#uploadAborts.delete(id);
    show({ running: false });
    return assets.filter((asset) => asset !== undefined);
  }

  cancelUpload(upload: Upload): void {
    this.#uploadAborts.get(upload.id)?.abort();
  }

  async #change(work: () => Promise<Job>): Promise<void> {
    const job = await this.#notices.attempt(work);
    if (job) this.#merge(job);
  }

  #merge(job: Job): void {
    const index = this.list.findIndex((one) => one.id === job.id);
    // Events and answers may cross on the way: the later record wins.
    if (index >= 0 && this.list[index]!.updatedAt > job.updatedAt) return;
    this.#notePace(job.id, job.done, job.state === 'running');
    this.list = index >= 0 ? this.list.with(index, job) : [job, ...this.list];
    const waiting = this.#waiting.get(job.id);
    if (waiting && isFinished(job)) {
      this.#waiting.delete(job.id);
      waiting(job);
    }
  }
}
