import { tick } from 'svelte';
import {
  describeCommand,
  windowCommandIds,
  type CommandGroup,
  type WindowCommand,
} from '../../../shared/window-commands.ts';
import { t } from './language.svelte.ts';
import type { WindowState } from './window.svelte.ts';

/** What a command of `shared/window-commands.ts` does in this window. */
interface Action {
  /** False while it would do nothing; hidden from the palette then. */
  enabled: () => boolean;
  run: () => void | Promise<void>;
}

/** Something a person can do from the palette, a menu or with a key. */
export interface AppCommand extends Action {
  id: WindowCommand;
  group: CommandGroup;
  /** In the language of the window. */
  readonly title: string;
  key: string | undefined;
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

/** What every command does. */
function actions(window: WindowState): Readonly<Record<WindowCommand, Action>> {
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

  return {
    'new-story': { enabled: always, run: () => window.createStory() },
    'import-outline': {
      enabled: always,
      run: () => void (window.dialog = { name: 'outline' }),
    },
    import: {
      enabled: always,
      run: () => void (window.dialog = { name: 'import' }),
    },
    library: {
      enabled: () => !inLibrary(),
      run: () => window.showLibrary(),
    },
    stories: {
      enabled: () => window.view !== 'stories',
      run: () => window.showStories(),
    },
    search: {
      enabled: inLibrary,
      run: () => focusSoon('#library-search'),
    },
    'caption-many': {
      enabled: inLibrary,
      run: () => void (window.dialog = { name: 'caption' }),
    },
    'write-captions': {
      enabled: inLibrary,
      run: () => void (window.dialog = { name: 'write-captions' }),
    },
    undo: {
      enabled: () => window.undoLabel !== null || inStory(),
      run: () => window.undo(),
    },
    redo: {
      enabled: () => window.redoLabel !== null || inStory(),
      run: () => window.redo(),
    },
    'new-panel': {
      enabled: inStory,
      run: () => focusText(window.story!.addPanel('after')),
    },
    'new-panel-before': {
      enabled: inStory,
      run: () => focusText(window.story!.addPanel('before')),
    },
    'duplicate-panel': {
      enabled: withPanel,
      run: () => {
        window.story!.duplicatePanel(panelId());
        focusPanel(window.story!.selectedPanel);
      },
    },
    'delete-panel': {
      enabled: withPanel,
      run: () => {
        window.story!.removePanel(panelId());
        focusPanel(window.story!.selectedPanel);
      },
    },
    'merge-panel': {
      enabled: () => withPanel() && window.story!.panelIndex > 0,
      run: () => window.story!.mergeWithPrevious(panelId()),
    },
    'panel-earlier': {
      enabled: withPanel,
      run: () => movePanel(-1),
    },
    'panel-later': {
      enabled: withPanel,
      run: () => movePanel(1),
    },
    'previous-panel': {
      enabled: inStory,
      run: () => moveSelection(-1),
    },
    'next-panel': {
      enabled: inStory,
      run: () => moveSelection(1),
    },
    'add-picture': {
      enabled: withPanel,
      run: () => focusPicture(window.story!.addImage(panelId())),
    },
    'add-text': {
      enabled: withPanel,
      run: () => focusText(window.story!.addText(panelId())),
    },
    match: {
      enabled: withPanel,
      run: () => void (window.dialog = { name: 'match', panel: panelId() }),
    },
    caption: {
      enabled: () =>
        (inStory() && window.story!.imageBlock !== undefined) ||
        (inLibrary() && window.library.inspected !== null),
      run: () => {
        // The inspector answers, so it has to be there.
        window.layout.show('inspector');
        window.captionAsked += 1;
      },
    },
    continue: {
      enabled: withPanel,
      run: () => window.story!.continuation.start(panelId()),
    },
    illustrate: {
      enabled: inStory,
      run: async () => window.follow(await window.notices.attempt(() => window.story!.illustrate())),
    },
    export: {
      enabled: inStory,
      run: () => void (window.dialog = { name: 'export' }),
    },
    jobs: {
      enabled: always,
      run: () => void (window.dialog = { name: 'jobs' }),
    },
    doctor: {
      enabled: always,
      run: () => void (window.dialog = { name: 'doctor' }),
    },
    keys: {
      enabled: always,
      run: () => void (window.dialog = { name: 'keys' }),
    },
    palette: {
      enabled: always,
      run: () => void (window.dialog = { name: 'palette' }),
    },
    sidebar: { enabled: always, run: () => window.layout.toggle('sidebar') },
    inspector: { enabled: always, run: () => window.layout.toggle('inspector') },
    settings: { enabled: always, run: () => void (window.dialog = { name: 'settings' }) },
  };
}

/** Every command of the window, in the order of the menus. */
export function appCommands(window: WindowState): AppCommand[] {
  const does = actions(window);
  return windowCommandIds.map((id) => {
    const { group, title, key } = describeCommand(id);
    return {
      id,
      group,
      get title() {
        return t(title);
      },
      key,
      ...does[id],
    };
  });
}
