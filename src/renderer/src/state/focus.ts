/**
 * Keeps the focus from being lost. When what has the focus is taken off the page (a panel deleted, a suggestion
 * dropped), a browser leaves the focus nowhere, and the next key starts from the top of the page. Here it goes to the
 * nearest place around it that is still there.
 */

/** Places worth returning to, from the nearest outwards. */
const places = '[role="list"], [role="listbox"], [role="grid"], dialog, aside, nav, main';

const focusable = 'a, button, input, textarea, select, summary, label, [tabindex]';

/** How long the change itself has to put the focus somewhere better, in frames. */
const patience = 3;

/** What Tab stops at. */
const stops =
  'a[href], button, input:not([type="hidden"]), textarea, select, summary, [tabindex], [contenteditable="true"]';

/**
 * Keeps Tab within a part of the page that lies over the rest: after the last place it goes to the first, and before
 * the first to the last.
 */
export function wrapTab(event: KeyboardEvent, within: HTMLElement): void {
  if (event.key !== 'Tab' || event.altKey || event.ctrlKey || event.metaKey) return;
  const places = [...within.querySelectorAll<HTMLElement>(stops)].filter(
    (place) =>
      place.tabIndex >= 0 &&
      !place.matches(':disabled') &&
      place.checkVisibility({ visibilityProperty: true }),
  );
  const at = places.indexOf(document.activeElement as HTMLElement);
  const leaves = event.shiftKey ? at <= 0 : at === places.length - 1;
  if (!leaves) return;
  event.preventDefault();
  (event.shiftKey ? places.at(-1) : places[0])?.focus();
}

/** Watches the page until the function returned is called. */
export function keepFocus(page: Document): () => void {
  let around: readonly HTMLElement[] = [];
  let waiting = false;

  const remember = (event: FocusEvent): void => {
    if (!(event.target instanceof HTMLElement)) return;
    const chain: HTMLElement[] = [];
    for (
      let place = event.target.closest<HTMLElement>(places);
      place;
      place = place.parentElement?.closest<HTMLElement>(places) ?? null
    )
      chain.push(place);
    around = chain;
  };

  const isLost = (): boolean => page.activeElement === null || page.activeElement === page.body;

  const restore = (frames: number): void => {
    requestAnimationFrame(() => {
      if (!isLost()) waiting = false;
      else if (frames > 0) restore(frames - 1);
      else {
        waiting = false;
        const place =
          around.find((element) => element.isConnected && element.checkVisibility()) ??
          page.querySelector<HTMLElement>('main');
        if (!place) return;
        if (!place.hasAttribute('tabindex')) place.tabIndex = -1;
        place.focus({ preventScroll: true });
      }
    });
  };

  const observer = new MutationObserver(() => {
    if (waiting || around.length === 0 || !isLost()) return;
    waiting = true;
    restore(patience);
  });
  // A press on empty ground takes the focus away on purpose.
  const release = (event: PointerEvent): void => {
    if (event.target instanceof Element && !event.target.closest(focusable)) around = [];
  };
  page.addEventListener('focusin', remember);
  page.addEventListener('pointerdown', release);
  observer.observe(page.body, { childList: true, subtree: true });
  return () => {
    page.removeEventListener('focusin', remember);
    page.removeEventListener('pointerdown', release);
    observer.disconnect();
  };
}
