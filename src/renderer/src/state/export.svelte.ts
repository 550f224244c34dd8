import * as api from '../api.ts';
import type { ExportFormat, ExportOptions, Job } from '../../../shared/contract.ts';
import type { JobsState } from './jobs.svelte.ts';
import type { StoryState } from './story.svelte.ts';

/** One export: its choices, its job, and the file at the end. */
export class ExportState {
  format = $state<ExportFormat>('pdf');
  options = $state<Omit<ExportOptions, 'panels'>>({
    layout: 'grid-2x2',
    page: 'a4',
    orientation: 'portrait',
    shotNumbers: true,
    pageNumbers: true,
    durations: false,
    notes: false,
    dialogue: true,
    header: '',
    footer: '',
  });
  /** Only the panels from one number to another; null for all. */
  range = $state<{ from: number; to: number } | null>(null);
  phase = $state<'choosing' | 'working' | 'ready' | 'failed'>('choosing');
  problem = $state('');

  readonly #story: StoryState;
  readonly #jobs: JobsState;
  #jobId = $state<string | null>(null);
  #left = false;
  readonly job = $derived.by(() => this.#jobs.list.find((job) => job.id === this.#jobId) ?? null);

  constructor(story: StoryState, jobs: JobsState) {
    this.#story = story;
    this.#jobs = jobs;
  }

  /** Makes the file and, unless the dialog was left meanwhile, hands it to the person. */
  async start(): Promise<void> {
    this.phase = 'working';
    try {
      await this.#story.whenSaved();
      const { panels } = this.#story.story;
      const chosen = this.range ? panels.slice(this.range.from - 1, this.range.to) : [];
      const started = await api.command('exports.start', {
        story: this.#story.id,
        format: this.format,
        options: { ...$state.snapshot(this.options), panels: chosen.map((panel) => panel.id) },
      });
      this.#jobId = started.id;
      const job = await this.#jobs.whenFinished(started);
      await this.#finish(job);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  async save(): Promise<void> {
    if (this.#jobId) await api.saveExport(this.#jobId);
  }

  async cancel(): Promise<void> {
    if (this.job) await this.#jobs.cancel(this.job);
  }

  /** The dialog is closed; the job goes on in the list of jobs. */
  leave(): void {
    this.#left = true;
  }

  async #finish(job: Job): Promise<void> {
    if (job.state === 'done' && job.failed === 0) {
      this.phase = 'ready';
      if (!this.#left) await this.save();
    } else if (job.state === 'cancelled') {
      this.phase = 'choosing';
    } else {
      const [first] = job.failed > 0 ? await this.#jobs.errors(job) : [];
      this.#fail(job.error ?? first?.message ?? 'The export did not finish.');
    }
  }

  #fail(problem: string): void {
    this.phase = 'failed';
    this.problem = problem;
  }
}
