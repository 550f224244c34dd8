import * as api from '../api.ts';
import type { CastLook } from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import { currentVersion, type CastMember, type Story } from '../../../shared/story.ts';
import { t } from './language.svelte.ts';
import type { Notices } from './notices.svelte.ts';
import type { StoryState } from './story.svelte.ts';

/** How long nothing must have been typed before sketches are compared with the cast, in milliseconds. */
const quietMs = 600;

/** How the cast of a story looks, and which of its sketches show somebody otherwise. */
export class CastState {
  readonly #story: StoryState;
  readonly #notices: Notices;
  /** By member. */
  looks = $state.raw<ReadonlyMap<string, CastLook>>(new Map());
  /** How many sketches show a member otherwise than the cast says. */
  outdated = $state.raw<ReadonlyMap<string, number>>(new Map());
  redrawing = $state.raw<{ member: string; done: number; total: number } | null>(null);
  #asked: readonly CastMember[] | null = null;
  #asking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: AbortController | null = null;

  constructor(story: StoryState, notices: Notices) {
    this.#story = story;
    this.#notices = notices;
  }

  /** Hears of every change of the story: the figures follow at once, the comparison when there is a pause. */
  follow(story: Story): void {
    if (this.#asked !== story.cast) {
      this.#asked = story.cast;
      void this.#ask();
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#compare(), quietMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.cancel();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    for (let asked: readonly CastMember[] | null = null; asked !== this.#asked;) {
      asked = this.#asked;
      const looks = await this.#notices.attempt(() =>
        api.command('sketch.looks', { cast: [...(asked ?? [])] }),
      );
      if (looks) this.looks = new Map(looks.map((look) => [look.member, look]));
    }
    this.#asking = false;
  }

  async #compare(): Promise<void> {
    try {
      await this.#story.whenSaved();
      const found = await api.command('sketch.outdated', { story: this.#story.id });
      this.outdated = new Map(found.map(({ member, blocks }) => [member, blocks.length]));
    } catch {
      // A story that cannot be saved says so itself; there is nothing to offer meanwhile.
    }
  }

  /** Draws the sketches anew that show a member otherwise, and puts them in place as one edit. */
  async redraw(member: CastMember): Promise<void> {
    if (this.redrawing) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.redrawing = { member: member.id, done: 0, total: this.outdated.get(member.id) ?? 0 };
    try {
      await this.#story.whenSaved();
      const before = this.#story.story;
      const { versions } = await api.request(
        'sketch.recast',
        { story: this.#story.id, member: member.id },
        {
          signal: stop.signal,
          onPart: (part) => {
            if (part.kind === 'progress') {
              this.redrawing = { member: member.id, done: part.done, total: part.total };
            }
          },
        },
      );
      stop.signal.throwIfAborted();
      // What was changed while the drawings were made is not overwritten.
      const still = shownVersions(this.#story.story);
      const then = shownVersions(before);
      const kept = versions.filter(({ block }) => still.get(block) === then.get(block));
      if (kept.length > 0) {
        const label = t('sketch.castRedrawLabel', { count: kept.length, name: member.name }).slice(0, 200);
        this.#story.replaceVersions(kept, label);
      }
      await this.#compare();
    } catch (error) {
      const cancelled = stop.signal.aborted || (error instanceof FabulaError && error.code === 'cancelled');
      if (!cancelled) this.#notices.problem(error);
    } finally {
      this.redrawing = null;
      this.#stop = null;
    }
  }

  cancel(): void {
    this.#stop?.abort();
  }
}

/** What each picture block of a story shows, as text that tells two versions apart. */
function shownVersions(story: Story): Map<string, string> {
  return new Map(
    story.panels.flatMap((panel) =>
      panel.blocks.flatMap((block) => {
        const version = block.type === 'image' ? currentVersion(block) : undefined;
        return version ? [[block.id, `${version.id} ${version.asset}`] as const] : [];
      }),
    ),
  );
}
