import * as api from '../api.ts';
import {
  ExportOptionsSchema,
  type ExportFormat,
  type ExportOptions,
  type ExportPreview,
  type Job,
} from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import type { JobsState } from './jobs.svelte.ts';
import { t } from './language.svelte.ts';
import type { StoryState } from './story.svelte.ts';

/** Which panels are exported: all of them, the ones selected when the dialog opened, or a range of numbers from 1. */
export type PanelChoice =
  { kind: 'all' } | { kind: 'selected' } | { kind: 'range'; from: number; to: number };

/** How long choices must rest before the pages are set anew, in milliseconds: a word typed is one change. */
const pause = 40;

/** One export: its choices, the pages it would have, its job, and the file at the end. */
export class ExportState {
  format = $state<ExportFormat>('pdf');
  options = $state<Omit<ExportOptions, 'panels'>>(ExportOptionsSchema.parse({}));
  panels = $state<PanelChoice>({ kind: 'all' });
  phase = $state<'choosing' | 'working' | 'ready' | 'failed'>('choosing');
  problem = $state('');
  /** True once the last choice is known: before that, nothing is shown that would jump. */
  loaded = $state(false);
  /** The pages shown; those of an earlier choice until the new ones are there. */
  preview = $state.raw<ExportPreview | null>(null);
  /** True while newer pages are being set. */
  previewing = $state(false);
  previewProblem = $state('');

  /** Ids of the panels that were selected when the dialog opened, in story order. */
  readonly selected: readonly string[];
  readonly #story: StoryState;
  readonly #jobs: JobsState;
  #jobId = $state<string | null>(null);
  #left = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #previewing: AbortController | null = null;
  readonly job = $derived.by(() => this.#jobs.list.find((job) => job.id === this.#jobId) ?? null);
  /** Everything the pages depend on, as the studio is asked for it. */
  readonly wanted: ExportOptions = $derived({ ...this.options, panels: this.#chosen() });

  constructor(story: StoryState, jobs: JobsState, selected: readonly string[]) {
    this.#story = story;
    this.#jobs = jobs;
    this.selected = story.story.panels.map((panel) => panel.id).filter((id) => selected.includes(id));
    // Several panels are selected on purpose; a single one is selected by having been clicked.
    if (this.selected.length > 1) this.panels = { kind: 'selected' };
  }

  /** Takes up the choices made for this story the last time. */
  async load(): Promise<void> {
    try {
      const choice = await api.command('exports.choice', { story: this.#story.id });
      if (choice !== null) {
        const { panels: _, ...options } = choice.options;
        this.format = choice.format;
        this.options = options;
      }
    } catch {
      // The choices are a convenience: without them the dialog opens as it does the first time.
    }
    this.loaded = true;
  }

  /** Sets the pages anew, once the choices have rested; what was being set for earlier choices is cancelled. */
  refresh(options: ExportOptions): void {
    clearTimeout(this.#timer);
    this.#previewing?.abort();
    this.previewing = true;
    this.#timer = setTimeout(() => void this.#setPages(options), this.preview === null ? 0 : pause);
  }

  /** Sets the pages anew when the studio has let go of those shown, as it does after a while. */
  lost(preview: string): void {
    if (this.preview?.id === preview && !this.previewing) this.refresh(this.wanted);
  }

  async #setPages(options: ExportOptions): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#previewing = controller;
    try {
      await this.#story.whenSaved();
      const preview = await api.request(
        'exports.preview',
        { story: this.#story.id, options },
        {
          signal,
          onPart: (part) => {
            if (part.kind === 'preview') this.preview = part.preview;
          },
        },
      );
      if (signal.aborted) return;
      this.preview = preview;
      this.previewProblem = '';
      this.previewing = false;
    } catch (error) {
      if (signal.aborted) return;
      this.previewProblem = error instanceof Error ? error.message : String(error);
      this.previewing = false;
    }
  }

  /** Makes the file and, unless the dialog was left meanwhile, hands it to the person. */
  async start(): Promise<void> {
    this.phase = 'working';
    try {
      await this.#story.whenSaved();
      const { format } = this;
      const options = $state.snapshot(this.wanted);
      const started = await api.command('exports.start', { story: this.#story.id, format, options });
      this.#jobId = started.id;
      await this.remember();
      const job = await this.#jobs.whenFinished(started);
      await this.#finish(job);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Keeps the choices for the next time; which panels were chosen is of this time only. */
  async remember(): Promise<void> {
    if (!this.loaded) return;
    const options = { ...$state.snapshot(this.options), panels: [] };
    await api
      .command('exports.remember', { story: this.#story.id, choice: { format: this.format, options } })
      .catch((error: unknown) => {
        // A story that was deleted meanwhile has nothing to remember.
        if (!(error instanceof FabulaError)) throw error;
      });
  }

  async save(): Promise<void> {
    if (this.#jobId) await api.saveExport(this.#jobId);
  }

  async cancel(): Promise<void> {
    if (this.job) await this.#jobs.cancel(this.job);
  }

  /** Back to choosing, after an export that is done or failed. */
  again(): void {
    if (this.phase === 'ready' || this.phase === 'failed') this.phase = 'choosing';
  }

  /** The dialog is closed; a job goes on in the list of jobs. */
  leave(): void {
    this.#left = true;
    clearTimeout(this.#timer);
    this.#previewing?.abort();
    void this.remember();
  }

  #chosen(): string[] {
    const { panels } = this.#story.story;
    switch (this.panels.kind) {
      case 'all':
        return [];
      case 'selected':
        return [...this.selected];
      case 'range':
        return panels.slice(this.panels.from - 1, this.panels.to).map((panel) => panel.id);
    }
  }

  async #finish(job: Job): Promise<void> {
    if (job.state === 'done' && job.failed === 0) {
      this.phase = 'ready';
      if (!this.#left) await this.save();
    } else if (job.state === 'cancelled') {
      this.phase = 'choosing';
    } else {
      const [first] = job.failed > 0 ? await this.#jobs.errors(job) : [];
      this.#fail(job.error ?? first?.message ?? t('export.unfinished'));
    }
  }

  #fail(problem: string): void {
    this.phase = 'failed';
    this.problem = problem;
  }
}
