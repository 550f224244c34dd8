import { tick } from 'svelte';
import {
  describeCommand,
  windowCommandIds,
  type CommandGroup,
  type WindowCommand,
} from '../../../shared/window-commands.ts';
import { currentVersion } from '../../../shared/story.ts';
import { t } from './language.svelte.ts';
import { storyActions } from './story-commands.ts';
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
export function focusSoon(selector: string, then?: (element: HTMLElement) => void): void {
  const focus = (): boolean => {
    const element = document.querySelector<HTMLElement>(selector);
    element?.focus();
    if (element) then?.(element);
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

/** @param caret Where in the text to go on, in UTF-16 units; where it was last, when absent. */
export function focusText(block: string, caret?: number): void {
  focusSoon(`[data-text-block="${block}"]`, (field) => {
    if (caret !== undefined && field instanceof HTMLTextAreaElement) field.setSelectionRange(caret, caret);
  });
}

/** What every command does. */
function actions(window: WindowState): Readonly<Record<WindowCommand, Action>> {
  const always = (): boolean => true;
  const inStory = (): boolean =>
    window.view === 'story' && window.story !== null && window.story.storyView !== 'play';
  const withPanel = (): boolean => inStory() && window.story?.panel !== undefined;
  const inLibrary = (): boolean => window.view === 'library';
  /** What would be mixed: the selected picture of the story, or one or two of the library. */
  const mixed = (): WindowState['dialog'] => {
    if (inStory()) {
      const block = window.story?.imageBlock;
      const version = block && currentVersion(block);
      if (!version) return null;
      const { asset, scene } = version;
      return { name: 'mix', pictures: [{ asset, ...(scene ? { scene } : {}) }], block: block.id };
    }
    const inspected = inLibrary() ? window.library.inspected : null;
    if (!inspected) return null;
    const others = [...window.library.selected].filter((id) => id !== inspected.id);
    const assets = others.length === 1 ? [...window.library.selected] : [inspected.id];
    return { name: 'mix', pictures: assets.map((asset) => ({ asset })), block: null };
  };
  const panelId = (): string => window.story!.panel!.id;

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
    review: {
      enabled: always,
      run: () => void (window.dialog = { name: 'review' }),
    },
    replace: {
      enabled: always,
      run: () => void (window.dialog = { name: 'replace' }),
    },
    facets: {
      enabled: inLibrary,
      run: () => window.library.toggleFacets(),
    },
    'caption-many': {
      enabled: inLibrary,
      run: () => void (window.dialog = { name: 'caption' }),
    },
    'label-pictures': {
      enabled: inLibrary,
      run: () => void (window.dialog = { name: 'label' }),
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
    ...storyActions(window),
    match: {
      enabled: withPanel,
      run: () => void (window.dialog = { name: 'match', panel: panelId() }),
    },
    'edit-sketch': {
      enabled: () => inStory() && window.story!.sketchBlock !== undefined,
      run: () => void (window.dialog = { name: 'sketch', block: window.story!.sketchBlock!.id }),
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
    mix: { enabled: () => mixed() !== null, run: () => void (window.dialog = mixed()) },
    choices: { enabled: always, run: () => void (window.dialog = { name: 'choices' }) },
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
