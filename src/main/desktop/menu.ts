import { Menu, type MenuItemConstructorOptions } from 'electron';

/** What the menu can ask for besides the system's own roles. */
export interface MenuActions {
  importFolder(): void;
  importPictures(): void;
  newWindow(): void;
  showDataFolder(): void;
}

/**
 * The application's menu. Undo and redo are the system's roles: the window answers their keys first, for the story,
 * and leaves them to the text field that has the focus otherwise.
 */
export function setMenu(actions: MenuActions, platform: NodeJS.Platform): void {
  const file: MenuItemConstructorOptions[] = [
    { label: 'New Window', accelerator: 'CmdOrCtrl+Shift+N', click: actions.newWindow },
    { type: 'separator' },
    { label: 'Import Folder…', accelerator: 'CmdOrCtrl+Shift+I', click: actions.importFolder },
    { label: 'Import Pictures…', click: actions.importPictures },
    { type: 'separator' },
    { label: 'Show Data Folder', click: actions.showDataFolder },
    { type: 'separator' },
    { role: platform === 'darwin' ? 'close' : 'quit' },
  ];
  const view: MenuItemConstructorOptions[] = [
    { role: 'reload' },
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
    { role: 'toggleDevTools', accelerator: 'F12' },
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
      { label: 'File', submenu: file },
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { role: 'windowMenu' },
    ]),
  );
}
