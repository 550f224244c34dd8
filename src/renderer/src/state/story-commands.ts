import { focusPanel, focusPicture, focusText } from './commands.ts';
import type { StoryState } from './story.svelte.ts';
import type { WindowState } from './window.svelte.ts';

interface Action {
  enabled: () => boolean;
  run: () => void;
}

/** What the commands for panels and for the views of a story do. */
export function storyActions(window: WindowState) {
  const inStory = (): boolean => window.view === 'story' && window.story !== null;
  /** On the board or in the script: play has keys of its own. */
  const onPage = (): boolean => inStory() && window.story!.storyView !== 'play';
  const withPanel = (): boolean => onPage() && window.story!.panel !== undefined;
  const withPanels = (): boolean => onPage() && window.story!.story.panels.length > 0;

  /** Does something to the story, and puts the focus where the selection is then. */
  const act =
    (work: (story: StoryState) => void): (() => void) =>
    () => {
      work(window.story!);
      focusPanel(window.story!.selectedPanel);
    };
  const on = (enabled: () => boolean, work: (story: StoryState) => void): Action => ({
    enabled,
    run: act(work),
  });

  return {
    'view-board': { enabled: inStory, run: () => window.showStoryView('board') },
    'view-script': { enabled: inStory, run: () => window.showStoryView('script') },
    'view-play': {
      enabled: () => inStory() && window.story!.story.panels.length > 0,
      run: () => window.showStoryView('play'),
    },
    'play-from-start': {
      enabled: withPanels,
      run: () => {
        window.story!.select(null);
        window.showStoryView('play');
      },
    },
    'new-panel': { enabled: onPage, run: () => focusText(window.story!.addPanel('after')) },
    'new-panel-before': { enabled: onPage, run: () => focusText(window.story!.addPanel('before')) },
    'duplicate-panel': on(withPanel, (story) => story.duplicateSelection()),
    'delete-panel': on(withPanel, (story) => {
      if (story.imageBlock && story.selectedPanels.size === 1) story.removeBlock(story.imageBlock.id);
      else story.removeSelection();
    }),
    'merge-panel': on(
      () => withPanel() && window.story!.panelIndex > 0,
      (story) => void story.mergeWithPrevious(story.panel!.id),
    ),
    'panel-earlier': on(withPanel, (story) => story.moveSelection(-1)),
    'panel-later': on(withPanel, (story) => story.moveSelection(1)),
    'previous-panel': on(withPanels, (story) => void story.selectNeighbour(-1)),
    'next-panel': on(withPanels, (story) => void story.selectNeighbour(1)),
    'panel-above': on(withPanels, (story) => void story.selectNeighbour(-story.columns)),
    'panel-below': on(withPanels, (story) => void story.selectNeighbour(story.columns)),
    'select-earlier': on(withPanels, (story) => void story.extendBy(-1)),
    'select-later': on(withPanels, (story) => void story.extendBy(1)),
    'select-above': on(withPanels, (story) => void story.extendBy(-story.columns)),
    'select-below': on(withPanels, (story) => void story.extendBy(story.columns)),
    'select-all': on(withPanels, (story) => story.selectAll()),
    'add-picture': {
      enabled: withPanel,
      run: () => focusPicture(window.story!.addImage(window.story!.panel!.id)),
    },
    'add-text': {
      enabled: withPanel,
      run: () => focusText(window.story!.addText(window.story!.panel!.id)),
    },
  } satisfies Record<string, Action>;
}
