import { Menu, type MenuItemConstructorOptions } from 'electron';
import { translate, type Language, type MessageKey } from '../../shared/messages.ts';
import {
  describeCommand,
  groupTitles,
  windowCommandIds,
  type CommandGroup,
  type WindowCommand,
} from '../../shared/window-commands.ts';

/** What the menu can ask for besides the window's commands and the system's own roles. */
export interface MenuActions {
  /** A command of the window that has the focus. */
  command(command: WindowCommand): void;
  importFolder(): void;
  importPictures(): void;
  newWindow(): void;
  showDataFolder(): void;
}

export interface MenuState {
  language: Language;
  /** The commands that would do something now; none while no window is open. */
  enabled: ReadonlySet<WindowCommand>;
}

/** `Mod+Shift+I` as Electron writes it: `CmdOrCtrl+Shift+I`. */
function acceleratorOf(key: string, mirrored: boolean): string {
  const names: Readonly<Record<string, string>> = {
    Mod: 'CmdOrCtrl',
    ArrowLeft: mirrored ? 'Right' : 'Left',
    ArrowRight: mirrored ? 'Left' : 'Right',
    ArrowUp: 'Up',
    ArrowDown: 'Down',
    Escape: 'Esc',
  };
  return key
    .split('+')
    .map((part) => names[part] ?? part)
    .join('+');
}

/**
 * The application's menu: the window's own commands with their titles and keys, and the system's roles. The keys are
 * shown here and answered by the window, which knows whether a letter is being typed; on a Mac, where a menu cannot
 * show a key without taking it, only keys held with another are shown.
 */
export function setMenu(
  { language, enabled }: MenuState,
  actions: MenuActions,
  platform: NodeJS.Platform,
): void {
  const isMac = platform === 'darwin';
  const t = (key: MessageKey): string => translate(language, key);

  const item = (id: WindowCommand): MenuItemConstructorOptions => {
    const { title, key } = describeCommand(id);
    const shown = key !== undefined && (!isMac || key.includes('Mod+'));
    return {
      id,
      label: t(title),
      enabled: enabled.has(id),
      ...(shown ? { accelerator: acceleratorOf(key, language === 'ar'), registerAccelerator: false } : {}),
      click: () => {
        actions.command(id);
      },
    };
  };
  const items = (group: CommandGroup): MenuItemConstructorOptions[] =>
    windowCommandIds
      .filter((id) => describeCommand(id).group === group)
      // On a Mac the settings are in the menu of the app.
      .filter((id) => !(isMac && id === 'settings'))
      .flatMap((id) => (describeCommand(id).section ? [separator, item(id)] : [item(id)]));
  const role = (
    name: NonNullable<MenuItemConstructorOptions['role']>,
    title: MessageKey,
  ): MenuItemConstructorOptions => ({ role: name, label: t(title) });

  const app: MenuItemConstructorOptions[] = [
    role('about', 'menu.about'),
    separator,
    item('settings'),
    separator,
    { role: 'services' },
    separator,
    role('hide', 'menu.hide'),
    role('hideOthers', 'menu.hideOthers'),
    role('unhide', 'menu.unhide'),
    separator,
    role('quit', 'menu.quit'),
  ];
  const file: MenuItemConstructorOptions[] = [
    { label: t('menu.newWindow'), accelerator: 'CmdOrCtrl+Shift+N', click: actions.newWindow },
    separator,
    ...items('file'),
    separator,
    { label: t('menu.importFolder'), click: actions.importFolder },
    { label: t('menu.importPictures'), click: actions.importPictures },
    separator,
    isMac ? role('close', 'menu.close') : role('quit', 'menu.quit'),
  ];
  const edit: MenuItemConstructorOptions[] = [
    ...items('edit'),
    separator,
    role('cut', 'menu.cut'),
    role('copy', 'menu.copy'),
    role('paste', 'menu.paste'),
    role('selectAll', 'menu.selectAll'),
  ];
  const view: MenuItemConstructorOptions[] = [
    ...items('view'),
    separator,
    role('resetZoom', 'menu.resetZoom'),
    role('zoomIn', 'menu.zoomIn'),
    role('zoomOut', 'menu.zoomOut'),
    separator,
    role('togglefullscreen', 'menu.fullScreen'),
  ];
  const window: MenuItemConstructorOptions[] = [
    role('minimize', 'menu.minimize'),
    ...(isMac ? [role('zoom', 'menu.zoomWindow'), separator, role('front', 'menu.front')] : []),
    ...(isMac ? [] : [role('close', 'menu.close')]),
  ];
  const help: MenuItemConstructorOptions[] = [
    ...items('help'),
    separator,
    { label: t('menu.showDataFolder'), click: actions.showDataFolder },
    { ...role('toggleDevTools', 'menu.devTools'), accelerator: 'F12' },
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ label: 'Fabula', submenu: app }] : []),
      { label: t(groupTitles.file), submenu: file },
      { label: t(groupTitles.edit), submenu: edit },
      { label: t(groupTitles.story), submenu: items('story') },
      { label: t(groupTitles.library), submenu: items('library') },
      { label: t(groupTitles.view), submenu: view },
      { label: t('menu.window'), submenu: window },
      { label: t(groupTitles.help), submenu: help },
    ]),
  );
}

const separator: MenuItemConstructorOptions = { type: 'separator' };
