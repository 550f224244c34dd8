import { tick } from 'svelte';
import type { WindowState } from './window.svelte.ts';

/** Something a person can do from the palette or with a key. */
export interface AppCommand {
  id: string;
  title: string;
  key?: string;
  /** False while it would do nothing; hidden from the palette then. */
  enabled: () => boolean;
  run: () => void | Promise<void>;
}

/** Moves the focus to something that the change just made puts on the page. */
export function focusSoon(selector: string): void {
  const focus = (): boolean => {
    const element = document.querySelector<HTMLElement>(selector);
    element?.focus();
    return element !== null;
  };
  void tick().then(() => {
    // What a virtualised list has yet to scroll to appears a frame later.
    if (!focus()) requestAnimationFrame(() => requestAnimationFrame(focus));
  });
}

export function focusPanel(panel: string | null): void {
  if (panel) focusSoon(`[data-panel-handle="${panel}"]`);
}

export function focusPicture(block: string): void {
  focusSoon(`[data-picture-block="${block}"]`);
}

export function focusText(block: string): void {
  focusSoon(`[data-text-block="${block}"]`);
}

/** Every command of the window, with its key. */
export function appCommands(window: WindowState): AppCommand[] {
  const always = (): boolean => true;
  const inStory = (): boolean => window.view === 'story' && window.story !== null;
  const withPanel = (): boolean => inStory() && window.story?.panel !== undefined;
  const inLibrary = (): boolean => window.view === 'library';
  const panelId = (): string => window.story!.panel!.id;

  const moveSelection = (step: number): void => focusPanel(window.story!.selectNeighbour(step));
  const movePanel = (step: number): void => {
    const id = panelId();
    window.story!.movePanelBy(id, step);
    focusPanel(id);
  };

  return [
    { id: 'new-story', title: 'New story', enabled: always, run: () => window.createStory() },
    {
      id: 'import-outline',
      title: 'Import a Markdown outline…',
      enabled: always,
      run: () => void (window.dialog = { name: 'outline' }),
    },
    {
      id: 'import',
      title: 'Add pictures…',
      key: 'Mod+Shift+I',
      enabled: always,
      run: () => void (window.dialog = { name: 'import' }),
    },
    {
      id: 'library',
      title: 'Go to the library',
      enabled: () => !inLibrary(),
      run: () => window.showLibrary(),
    },
    {
      id: 'stories',
      title: 'Go to the stories',
      enabled: () => window.view !== 'stories',
      run: () => window.showStories(),
    },
    {
      id: 'search',
      title: 'Search the library',
      key: 'Mod+F',
      enabled: inLibrary,
      run: () => focusSoon('#library-search'),
    },
    {
      id: 'caption-many',
      title: 'Caption pictures…',
      enabled: inLibrary,
      run: () => void (window.dialog = { name: 'caption' }),
    },
    {
      id: 'undo',
      title: 'Undo',
      key: 'Mod+Z',
      enabled: inStory,
      run: () => window.story!.undo(),
    },
    {
      id: 'redo',
      title: 'Redo',
      key: 'Mod+Shift+Z',
      enabled: inStory,
      run: () => window.story!.redo(),
    },
    {
      id: 'new-panel',
      title: 'New panel after this one',
      key: 'N',
      enabled: inStory,
      run: () => focusText(window.story!.addPanel('after')),
    },
    {
      id: 'new-panel-before',
      title: 'New panel before this one',
      key: 'Shift+N',
      enabled: inStory,
      run: () => focusText(window.story!.addPanel('before')),
    },
    {
      id: 'duplicate-panel',
      title: 'Duplicate panel',
      key: 'D',
      enabled: withPanel,
      run: () => {
        window.story!.duplicatePanel(panelId());
        focusPanel(window.story!.selectedPanel);
      },
    },
    {
      id: 'delete-panel',
      title: 'Delete panel',
      key: 'Delete',
      enabled: withPanel,
      run: () => {
        window.story!.removePanel(panelId());
        focusPanel(window.story!.selectedPanel);
      },
    },
    {
      id: 'merge-panel',
      title: 'Merge with the panel before',
      enabled: () => withPanel() && window.story!.panelIndex > 0,
      run: () => window.story!.mergeWithPrevious(panelId()),
    },
    {
      id: 'panel-earlier',
      title: 'Move panel earlier',
      key: 'Alt+ArrowLeft',
      enabled: withPanel,
      run: () => movePanel(-1),
    },
    {
      id: 'panel-later',
      title: 'Move panel later',
      key: 'Alt+ArrowRight',
      enabled: withPanel,
      run: () => movePanel(1),
    },
    {
      id: 'previous-panel',
      title: 'Select the panel before',
      key: 'ArrowLeft',
      enabled: inStory,
      run: () => moveSelection(-1),
    },
    {
      id: 'next-panel',
      title: 'Select the next panel',
      key: 'ArrowRight',
      enabled: inStory,
      run: () => moveSelection(1),
    },
    {
      id: 'add-picture',
      title: 'Add a picture block to this panel',
      enabled: withPanel,
      run: () => focusPicture(window.story!.addImage(panelId())),
    },
    {
      id: 'add-text',
      title: 'Add a text block to this panel',
      enabled: withPanel,
      run: () => focusText(window.story!.addText(panelId())),
    },
    {
      id: 'match',
      title: 'Match: a picture for this panel…',
      key: 'M',
      enabled: withPanel,
      run: () => void (window.dialog = { name: 'match', panel: panelId() }),
    },
    {
      id: 'caption',
      title: 'Suggest a caption',
      key: 'C',
      enabled: () =>
        (inStory() && window.story!.imageBlock !== undefined) ||
        (inLibrary() && window.library.inspected !== null),
      run: () => void (window.captionAsked += 1),
    },
    {
      id: 'illustrate',
      title: 'Illustrate every panel without a picture',
      enabled: inStory,
      run: async () => window.follow(await window.notices.attempt(() => window.story!.illustrate())),
    },
    {
      id: 'export',
      title: 'Export…',
      key: 'Mod+P',
      enabled: inStory,
      run: () => void (window.dialog = { name: 'export' }),
    },
    {
      id: 'jobs',
      title: 'Show all jobs',
      enabled: always,
      run: () => void (window.dialog = { name: 'jobs' }),
    },
    {
      id: 'doctor',
      title: 'What works on this machine',
      enabled: always,
      run: () => void (window.dialog = { name: 'doctor' }),
    },
    {
      id: 'keys',
      title: 'Keys',
      key: '?',
      enabled: always,
      run: () => void (window.dialog = { name: 'keys' }),
    },
    {
      id: 'palette',
      title: 'Every command…',
      key: 'Mod+K',
      enabled: always,
      run: () => void (window.dialog = { name: 'palette' }),
    },
  ];
}
