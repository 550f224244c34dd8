import type { MessageKey } from './messages.ts';

/**
 * What a person can do in the window, described once: the palette, the sheet of keys and the native menus all read
 * this table. What each command does, and when it can be done, stands in the window's `state/commands.ts`.
 */

/** Groups in the order of the menus. */
export const commandGroups = ['file', 'edit', 'story', 'library', 'view', 'help'] as const;
export type CommandGroup = (typeof commandGroups)[number];

export const groupTitles: { readonly [Group in CommandGroup]: MessageKey } = {
  file: 'menu.file',
  edit: 'menu.edit',
  story: 'menu.story',
  library: 'menu.library',
  view: 'menu.view',
  help: 'menu.help',
};

export interface CommandDescription {
  readonly group: CommandGroup;
  readonly title: MessageKey;
  /**
   * As on a keyboard's caps, joined by `+`: `N`, `Shift+N`, `Mod+K`, `Alt+ArrowLeft`. `Mod` is the command key on a
   * Mac and Ctrl elsewhere; left and right change places where the window is read from right to left.
   */
  readonly key?: string;
  /** Begins a new section of its menu. */
  readonly section?: true;
}

export const windowCommands = {
  'new-story': { group: 'file', title: 'menu.newStory' },
  'import-outline': { group: 'file', title: 'menu.importOutline' },
  import: { group: 'file', title: 'menu.addPictures', key: 'Mod+Shift+I', section: true },
  export: { group: 'file', title: 'menu.export', key: 'Mod+P', section: true },
  jobs: { group: 'file', title: 'menu.jobs', section: true },
  settings: { group: 'file', title: 'menu.settings', key: 'Mod+,' },

  undo: { group: 'edit', title: 'menu.undo', key: 'Mod+Z' },
  redo: { group: 'edit', title: 'menu.redo', key: 'Mod+Shift+Z' },
  'select-all': { group: 'edit', title: 'board.selectAll', key: 'Mod+A', section: true },
  'select-earlier': { group: 'edit', title: 'board.selectEarlier', key: 'Shift+ArrowLeft' },
  'select-later': { group: 'edit', title: 'board.selectLater', key: 'Shift+ArrowRight' },
  'select-above': { group: 'edit', title: 'board.selectAbove', key: 'Shift+ArrowUp' },
  'select-below': { group: 'edit', title: 'board.selectBelow', key: 'Shift+ArrowDown' },

  'new-panel': { group: 'story', title: 'menu.newPanel', key: 'N' },
  'new-panel-before': { group: 'story', title: 'menu.newPanelBefore', key: 'Shift+N' },
  'duplicate-panel': { group: 'story', title: 'menu.duplicatePanel', key: 'D' },
  'merge-panel': { group: 'story', title: 'menu.mergePanel' },
  'delete-panel': { group: 'story', title: 'menu.deletePanel', key: 'Delete' },
  'add-text': { group: 'story', title: 'menu.addText', section: true },
  'add-picture': { group: 'story', title: 'menu.addPicture' },
  match: { group: 'story', title: 'menu.match', key: 'M', section: true },
  'edit-sketch': { group: 'story', title: 'menu.editSketch', key: 'E' },
  caption: { group: 'story', title: 'menu.caption', key: 'C' },
  continue: { group: 'story', title: 'menu.continueText', key: 'G' },
  illustrate: { group: 'story', title: 'menu.illustrate' },
  choices: { group: 'story', title: 'menu.choices' },
  'panel-earlier': { group: 'story', title: 'menu.panelEarlier', key: 'Alt+ArrowLeft', section: true },
  'panel-later': { group: 'story', title: 'menu.panelLater', key: 'Alt+ArrowRight' },
  'previous-panel': { group: 'story', title: 'menu.previousPanel', key: 'ArrowLeft' },
  'next-panel': { group: 'story', title: 'menu.nextPanel', key: 'ArrowRight' },
  'panel-above': { group: 'story', title: 'board.panelAbove', key: 'ArrowUp' },
  'panel-below': { group: 'story', title: 'board.panelBelow', key: 'ArrowDown' },

  search: { group: 'library', title: 'menu.search', key: 'Mod+F' },
  'caption-many': { group: 'library', title: 'menu.captionMany' },
  mix: { group: 'library', title: 'menu.mix', key: 'Mod+Shift+M' },
  'label-pictures': { group: 'library', title: 'menu.labelPictures', key: 'L' },
  'write-captions': { group: 'library', title: 'menu.writeCaptions' },
  review: { group: 'library', title: 'menu.review' },
  replace: { group: 'library', title: 'menu.replace', key: 'Mod+Shift+H' },
  facets: { group: 'library', title: 'menu.facets', section: true },

  palette: { group: 'view', title: 'menu.palette', key: 'Mod+K' },
  'view-board': { group: 'view', title: 'board.viewBoardCommand', key: '1', section: true },
  'view-script': { group: 'view', title: 'board.viewScriptCommand', key: '2' },
  'view-play': { group: 'view', title: 'board.viewPlayCommand', key: '3' },
  'play-from-start': { group: 'view', title: 'board.playFromStart', key: 'Shift+P' },
  library: { group: 'view', title: 'menu.goLibrary', section: true },
  stories: { group: 'view', title: 'menu.goStories' },
  sidebar: { group: 'view', title: 'menu.sidebar', key: 'Mod+B', section: true },
  inspector: { group: 'view', title: 'menu.inspector', key: 'Mod+Alt+B' },

  keys: { group: 'help', title: 'menu.keys', key: '?' },
  doctor: { group: 'help', title: 'menu.doctor' },
} as const satisfies Readonly<Record<string, CommandDescription>>;

export type WindowCommand = keyof typeof windowCommands;

export const windowCommandIds = Object.keys(windowCommands) as WindowCommand[];

export function describeCommand(command: WindowCommand): CommandDescription {
  return windowCommands[command];
}
