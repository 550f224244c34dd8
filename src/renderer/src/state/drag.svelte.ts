import { createContext } from 'svelte';
import { landingAt, type DragKind, type Landed, type Layout, type PanelBox } from './landing.ts';
import type { Landing } from './panel-edits.ts';

/** What is under way from one place to another. */
export type Dragged =
  | { kind: 'panels'; ids: readonly string[] }
  | { kind: 'block'; block: string }
  | { kind: 'assets'; assets: readonly string[] }
  /** Files of the system, which tell what they are only when they are dropped. */
  | { kind: 'files' };

/** Pixels the pointer moves before a press becomes a drag. */
const threshold = 6;
/** How near the edge of the view scrolling begins, and how fast it gets, in pixels and pixels a second. */
const edge = 72;
const fastest = 1500;

/**
 * Dragging of panels, blocks and pictures with mouse, pen and finger alike, and of files over the window. It works on
 * pointer events, as the browser's own drag and drop knows no touch on many devices, and loses a drag whose source a
 * virtualised list takes off the page.
 */
export class DragState {
  dragged = $state.raw<Dragged | null>(null);
  landed = $state.raw<Landed | null>(null);
  /** Pixels of the window. */
  pointer = $state.raw<{ x: number; y: number }>({ x: 0, y: 0 });
  /** The scrolling element that holds the panels, and how they lie; set by the view that shows them. */
  view: { scroller: HTMLElement; flow: Layout['flow']; gap: number } | null = null;
  readonly #ondrop: (dragged: Dragged, landing: Landing) => void;
  #frame = 0;
  #lastTime = 0;
  #end: (() => void) | null = null;

  constructor(ondrop: (dragged: Dragged, landing: Landing) => void) {
    this.#ondrop = ondrop;
  }

  /**
   * Takes a press on something that can be dragged; it becomes a drag once the pointer moves, and stays a click else.
   * What is pressed needs `touch-action` so that a finger does not scroll instead.
   */
  press(event: PointerEvent, dragged: () => Dragged): void {
    if (event.button !== 0 || !event.isPrimary || this.dragged) return;
    const { clientX, clientY, pointerId } = event;
    const move = (moved: PointerEvent): void => {
      if (moved.pointerId !== pointerId) return;
      if (!this.dragged) {
        if (Math.hypot(moved.clientX - clientX, moved.clientY - clientY) < threshold) return;
        // Held by the page itself: the pressed element may leave it while the list scrolls.
        document.documentElement.setPointerCapture(pointerId);
        document.documentElement.classList.add('dragging');
        getSelection()?.removeAllRanges();
        this.begin(dragged());
      }
      this.moveTo(moved.clientX, moved.clientY);
    };
    const up = (released: PointerEvent): void => {
      if (released.pointerId !== pointerId) return;
      const carried = this.dragged;
      const landed = this.landed;
      stop();
      if (!carried) return;
      // The release is no click on what lies under it.
      const swallow = (click: MouseEvent): void => click.stopPropagation();
      addEventListener('click', swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener('click', swallow, { capture: true }));
      if (landed) this.#ondrop(carried, landed.landing);
    };
    const cancel = (cancelled: PointerEvent): void => {
      if (cancelled.pointerId === pointerId) stop();
    };
    const key = (pressed: KeyboardEvent): void => {
      if (!this.dragged) return;
      pressed.preventDefault();
      pressed.stopPropagation();
      if (pressed.key === 'Escape') stop();
    };
    const stop = (): void => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', up);
      removeEventListener('pointercancel', cancel);
      removeEventListener('keydown', key, { capture: true });
      document.documentElement.classList.remove('dragging');
      this.#end = null;
      this.end();
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', up);
    addEventListener('pointercancel', cancel);
    addEventListener('keydown', key, { capture: true });
    this.#end = stop;
  }

  begin(dragged: Dragged): void {
    this.dragged = dragged;
    this.#lastTime = performance.now();
    this.#frame = requestAnimationFrame((time) => this.#tick(time));
  }

  moveTo(x: number, y: number): void {
    this.pointer = { x, y };
    this.#find();
  }

  /** Lets go without dropping. */
  end(): void {
    cancelAnimationFrame(this.#frame);
    this.dragged = null;
    this.landed = null;
  }

  /** The view goes away. */
  close(): void {
    this.#end?.();
    this.end();
  }

  #tick(time: number): void {
    const seconds = Math.min(0.1, (time - this.#lastTime) / 1000);
    this.#lastTime = time;
    const box = this.view?.scroller.getBoundingClientRect();
    const { x, y } = this.pointer;
    if (box && x > box.left && x < box.right) {
      const up = Math.max(0, Math.min(1, (box.top + edge - y) / edge));
      const down = Math.max(0, Math.min(1, (y - box.bottom + edge) / edge));
      const step = (down - up) * fastest * seconds;
      if (step !== 0 && y > box.top - edge && y < box.bottom + edge) {
        this.view!.scroller.scrollTop += step;
        this.#find();
      }
    }
    this.#frame = requestAnimationFrame((next) => this.#tick(next));
  }

  #find(): void {
    const box = this.view?.scroller.getBoundingClientRect();
    const { x, y } = this.pointer;
    const outside =
      !this.view ||
      !box ||
      x < box.left ||
      x > box.right ||
      y < box.top - edge / 2 ||
      y > box.bottom + edge / 2;
    if (outside || !this.dragged) {
      this.landed = null;
      return;
    }
    const { kind } = this.dragged;
    const what: DragKind = kind === 'panels' || kind === 'block' ? kind : 'pictures';
    const layout: Layout = {
      panels: panelBoxes(this.view!.scroller),
      flow: this.view!.flow,
      rightToLeft: getComputedStyle(this.view!.scroller).direction === 'rtl',
      gap: this.view!.gap,
    };
    this.landed = landingAt(layout, what, x, y);
  }
}

function panelBoxes(scroller: HTMLElement): PanelBox[] {
  const boxes: PanelBox[] = [];
  for (const element of scroller.querySelectorAll<HTMLElement>('[data-panel]')) {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const blocks = Array.from(element.querySelectorAll<HTMLElement>('[data-block]'), (block) => {
      const box = block.getBoundingClientRect();
      return {
        id: block.dataset['block']!,
        picture: block.dataset['picture'] !== undefined,
        left: box.left,
        top: box.top,
        right: box.right,
        bottom: box.bottom,
      };
    });
    boxes.push({
      id: element.dataset['panel']!,
      index: Number(element.dataset['index']),
      left,
      top,
      right,
      bottom,
      blocks,
    });
  }
  return boxes;
}

export const [getDragState, setDragState] = createContext<DragState>();
