import { keep, kept } from './kept.ts';

export type Side = 'sidebar' | 'inspector';

/** Widths of the side panels in pixels. */
export const widths = {
  sidebar: { least: 180, usual: 232, most: 360 },
  inspector: { least: 256, usual: 304, most: 480 },
} as const satisfies Record<Side, { least: number; usual: number; most: number }>;

/** What the middle needs; the panels give way to it. */
const leastMiddle = 400;

/** Below this width of the window the panels are drawers that open over the middle. */
const narrowQuery = '(max-width: 899.98px)';

function within(side: Side, width: number): number {
  const { least, most } = widths[side];
  return Math.round(Math.min(most, Math.max(least, width)));
}

/** Which panels are open and how wide they are: remembered, and by window. */
export class LayoutState {
  /** True where the window is too narrow for panels beside the middle: on a tablet held upright. */
  narrow = $state(false);
  /** The drawer that is open over the middle of a narrow window. */
  drawer = $state<Side | null>(null);
  #windowWidth = $state(window.innerWidth);
  #width = $state({ sidebar: widths.sidebar.usual as number, inspector: widths.inspector.usual as number });
  #open = $state({ sidebar: true, inspector: true });

  constructor() {
    for (const side of ['sidebar', 'inspector'] as const) {
      this.#width[side] = within(side, Number(kept(`${side}.width`)) || widths[side].usual);
      this.#open[side] = kept(`${side}.open`) !== 'no';
    }
    const query = matchMedia(narrowQuery);
    this.narrow = query.matches;
    query.addEventListener('change', () => {
      this.narrow = query.matches;
      this.drawer = null;
    });
    window.addEventListener('resize', () => (this.#windowWidth = window.innerWidth));
  }

  isOpen(side: Side): boolean {
    return this.narrow ? this.drawer === side : this.#open[side];
  }

  /** The width that a panel has now: as the person set it, less what the middle needs in a small window. */
  width(side: Side): number {
    const set = this.#width[side];
    if (this.narrow) return set;
    const other: Side = side === 'sidebar' ? 'inspector' : 'sidebar';
    const taken = this.#open[other] ? Math.max(widths[other].least, this.#width[other]) : 0;
    const free = this.#windowWidth - leastMiddle;
    // Both give way alike, each down to its least.
    const share = taken === 0 ? free : (free * set) / (set + taken);
    return Math.max(widths[side].least, Math.min(set, Math.floor(share)));
  }

  resize(side: Side, width: number): void {
    this.#width[side] = within(side, width);
    keep(`${side}.width`, String(this.#width[side]));
  }

  show(side: Side): void {
    if (!this.isOpen(side)) this.toggle(side);
  }

  hide(side: Side): void {
    if (this.isOpen(side)) this.toggle(side);
  }

  toggle(side: Side): void {
    if (this.narrow) {
      this.drawer = this.drawer === side ? null : side;
      return;
    }
    this.#open[side] = !this.#open[side];
    keep(`${side}.open`, this.#open[side] ? null : 'no');
  }
}
