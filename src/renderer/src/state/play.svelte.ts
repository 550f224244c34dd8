import { currentVersion, type Panel, type Story } from '../../../shared/story.ts';

/** How long each panel of a story stays, in seconds, and where each begins. */
export function timesOf(story: Pick<Story, 'panels' | 'settings'>): { starts: number[]; total: number } {
  const starts: number[] = [];
  let total = 0;
  for (const panel of story.panels) {
    starts.push(total);
    total += panel.duration ?? story.settings.panelDuration;
  }
  return { starts, total };
}

/** The panel that is on at a time, in seconds from the start; the last one after the end. */
export function panelAt(starts: readonly number[], time: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The assets a panel shows, in their order. */
export function assetsShown(panel: Panel): { asset: string; caption: string }[] {
  return panel.blocks.flatMap((block) => {
    const version = block.type === 'image' ? currentVersion(block) : undefined;
    return block.type === 'image' && version ? [{ asset: version.asset, caption: block.caption }] : [];
  });
}

/** `0:07`, `12:30`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A story being shown panel by panel: a clock that runs from panel to panel, and can be held and set. */
export class PlayState {
  /** Seconds from the start of the story. */
  time = $state(0);
  playing = $state(false);
  readonly #story: () => Pick<Story, 'panels' | 'settings'>;
  readonly #times = $derived.by(() => timesOf(this.#story()));
  readonly total = $derived(this.#times.total);
  readonly starts = $derived(this.#times.starts);
  readonly index = $derived(panelAt(this.#times.starts, this.time));
  readonly ended = $derived(this.time >= this.#times.total);
  #frame = 0;
  #last = 0;

  constructor(story: () => Pick<Story, 'panels' | 'settings'>, first: number) {
    this.#story = story;
    this.time = this.#times.starts[Math.max(0, first)] ?? 0;
  }

  play(): void {
    if (this.playing) return;
    if (this.ended) this.time = 0;
    this.playing = true;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  pause(): void {
    cancelAnimationFrame(this.#frame);
    this.playing = false;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  goTo(index: number): void {
    const { starts } = this.#times;
    this.time = starts[Math.max(0, Math.min(starts.length - 1, index))] ?? 0;
  }

  seek(time: number): void {
    this.time = Math.max(0, Math.min(this.total, time));
  }

  #tick(now: number): void {
    this.time = Math.min(this.total, this.time + (now - this.#last) / 1000);
    this.#last = now;
    if (this.ended) this.playing = false;
    else this.#frame = requestAnimationFrame((next) => this.#tick(next));
  }
}
