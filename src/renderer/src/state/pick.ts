import type { HTMLAttributes } from 'svelte/elements';
import type { Panel } from '../../../shared/story.ts';
import { isMac } from '../api.ts';
import { t } from './language.svelte.ts';
import type { StoryState } from './story.svelte.ts';

/** Choosing panels with mouse, finger and focus, the same on the board and in the script. */

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('textarea, input');
}

/** True for a press that adds to the selection; in a field that is being edited Shift selects text instead. */
function adds(event: MouseEvent): boolean {
  if (isField(event.target) && event.target === document.activeElement) return false;
  return event.button === 0 && (event.shiftKey || (isMac ? event.metaKey : event.ctrlKey));
}

function onHandle(event: Event): boolean {
  return event.target instanceof Element && event.target.closest('[data-panel-handle]') !== null;
}

/** The block an event belongs to: a press or focus outside any block selects the panel alone. */
function blockOf(event: Event): string | null {
  const element = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-block]') : null;
  return element?.dataset['block'] ?? null;
}

function choose(story: StoryState, panel: string, block: string | null): void {
  const alone = story.selectedPanels.size === 1;
  if (story.selectedPanel !== panel || story.selectedBlock !== block || !alone) story.select(panel, block);
}

/** What the element of one panel carries: its place in the list of panels, and the listeners that select it. */
export function panelItem(story: StoryState, { id }: Panel, index: number): HTMLAttributes<HTMLElement> {
  return {
    role: 'listitem',
    'aria-setsize': story.story.panels.length,
    'aria-posinset': index + 1,
    'aria-label': t('board.panelNumber', { number: index + 1 }),
    'data-panel': id,
    'data-index': index,
    onpointerdown(event) {
      if (adds(event)) {
        if (event.shiftKey) story.extendTo(id);
        else story.toggle(id);
        return;
      }
      if (event.target instanceof Element && event.target.closest('[role="menu"]')) return;
      // A press on one of several selected panels may begin a drag of them all; the click decides.
      if (onHandle(event)) {
        if (
          !story.selectedPanels.has(id) &&
          !(event.pointerType === 'touch' && story.selectedPanels.size > 1)
        )
          choose(story, id, null);
      } else choose(story, id, blockOf(event));
    },
    onmousedown(event) {
      // Neither the focus nor a selection of text follows a press that only chooses.
      if (adds(event)) event.preventDefault();
    },
    onclick(event) {
      if (!onHandle(event) || adds(event)) return;
      // A finger has no Shift: once several are selected, it adds and takes away.
      const finger = 'pointerType' in event && event.pointerType === 'touch';
      if (finger && story.selectedPanels.size > 1) story.toggle(id);
      else choose(story, id, null);
    },
    onfocusin(event) {
      if (event.target instanceof Element && event.target.closest('[role="menu"]')) return;
      if (onHandle(event) && story.selectedPanels.has(id)) {
        if (story.selectedPanel !== id || story.selectedBlock !== null) story.activate(id);
      } else if (!(onHandle(event) && story.selectedPanels.size > 1)) choose(story, id, blockOf(event));
    },
  };
}
