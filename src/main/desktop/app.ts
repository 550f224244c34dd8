import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { app, dialog, ipcMain, nativeTheme, protocol, session, shell, type BrowserWindow } from 'electron';
import { channels } from '../../shared/bridge.ts';
import { eventNames } from '../../shared/contract.ts';
import { toFailure } from '../../shared/errors.ts';
import { bestLanguage, translate, type Language } from '../../shared/messages.ts';
import type { WindowCommand } from '../../shared/window-commands.ts';
import { run } from '../commands.ts';
import { defaultDataFolder } from '../data-folder.ts';
import { explainFileError } from '../fs-errors.ts';
import { resourcePath } from '../resources.ts';
import { listWindowFiles } from '../served-files.ts';
import { openStudio, type Studio } from '../studio.ts';
import { answerWindows, type Dialogs } from './ipc.ts';
import { setMenu } from './menu.ts';
import { registerScheme, serve } from './protocol.ts';
import { confine, denyPermissions, openWindow } from './window.ts';
import { spawnUtilityWorker } from './worker.ts';

/**
 * The desktop door: one process a data folder, any number of windows on one studio. The files it needs lie beside
 * the built entry: `out/main`, `out/preload`, `out/renderer`.
 */
export function startDesktop(): void {
  const dataDir = defaultDataFolder();
  // Electron's own files (cookies, caches, the lock of the single instance) go beside the library, so that another
  // data folder is another program.
  const userData = join(dataDir, 'window');
  try {
    // Electron refuses a path that is not there.
    mkdirSync(userData, { recursive: true });
  } catch (error) {
    refuseToStart(explainFileError(error, userData));
    return;
  }
  app.setPath('userData', userData);
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  registerScheme(protocol);
  app.on('web-contents-created', (_event, contents) => {
    confine(contents);
  });
  app
    .whenReady()
    .then(() => open(dataDir))
    .catch(refuseToStart);
}

function refuseToStart(error: unknown): void {
  dialog.showErrorBox('Fabula cannot start', toFailure(error).message);
  app.exit(1);
}

async function open(dataDir: string): Promise<void> {
  const built = join(app.getAppPath(), 'out');
  const files = await listWindowFiles(join(built, 'renderer'));
  const studio = await openStudio({
    dataDir,
    spawnWorker: spawnUtilityWorker(join(built, 'main', 'worker.js')),
    resident: true,
  });
  const windows = new Set<BrowserWindow>();
  /** What each window says that it can do now, by the id of its page. */
  const enabled = new Map<number, ReadonlySet<WindowCommand>>();
  let front: BrowserWindow | null = null;
  const language = (): Language => {
    const set = studio.settings.get().language;
    return set === 'system' ? bestLanguage(app.getPreferredSystemLanguages()) : set;
  };
  const dialogs = nativeDialogs(language);

  denyPermissions(session.defaultSession);
  serve(protocol, files, studio);
  answerWindows(
    ipcMain,
    studio,
    dialogs,
    (id) => [...windows].some((window) => !window.isDestroyed() && window.webContents.id === id),
    (id, commands) => {
      enabled.set(id, commands);
      if (front === null || front.webContents.id === id) showMenu();
    },
  );
  for (const name of eventNames) {
    studio.events.listen(name, (payload) => {
      for (const window of windows) {
        if (!window.isDestroyed()) window.webContents.send(channels.event(name), payload);
      }
    });
  }

  const newWindow = (): void => {
    const window = openWindow(join(built, 'preload', 'index.cjs'), resourcePath('icons', 'icon.png'));
    const { id } = window.webContents;
    windows.add(window);
    front = window;
    window.on('focus', () => {
      front = window;
      showMenu();
    });
    window.on('closed', () => {
      windows.delete(window);
      enabled.delete(id);
      if (front === window) front = null;
      showMenu();
    });
  };
  const showMenu = (): void => {
    setMenu(
      { language: language(), enabled: (front && enabled.get(front.webContents.id)) ?? new Set() },
      {
        command: (command) => front?.webContents.send(channels.menuCommand, command),
        importFolder: () => void importChosen(studio, dialogs.chooseFolder(), language()),
        importPictures: () => void importChosen(studio, dialogs.chooseFiles(), language()),
        newWindow,
        showDataFolder: () => void shell.openPath(studio.dataDir),
      },
      process.platform,
    );
  };
  nativeTheme.themeSource = studio.settings.get().theme;
  studio.events.listen('settings.changed', ({ theme }) => {
    nativeTheme.themeSource = theme;
    showMenu();
  });
  showMenu();
  newWindow();

  app.on('second-instance', () => {
    const [window] = windows;
    if (window === undefined) {
      newWindow();
      return;
    }
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  app.on('activate', () => {
    if (windows.size === 0) newWindow();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  closeBeforeQuit(studio);
}

/** Keeps the process until jobs have written what they hold and the database is closed. */
function closeBeforeQuit(studio: Studio): void {
  let closed = false;
  app.on('will-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    studio
      .close()
      .catch((error: unknown) => {
        dialog.showErrorBox('Fabula did not close well', toFailure(error).message);
      })
      .finally(() => {
        closed = true;
        app.quit();
      });
  });
}

async function importChosen(studio: Studio, choice: Promise<string[]>, language: Language): Promise<void> {
  const paths = await choice;
  if (paths.length === 0) return;
  const result = await run(studio, 'library.import', { paths });
  if (!result.ok) dialog.showErrorBox(translate(language, 'menu.importFailed'), result.message);
}

const pictureExtensions = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'avif', 'tif', 'tiff', 'svg', 'heic', 'heif'];

/** The system's dialogs, titled in the language of the window. */
function nativeDialogs(language: () => Language): Dialogs {
  return {
    async chooseFolder() {
      const { filePaths } = await dialog.showOpenDialog({
        title: translate(language(), 'menu.chooseFolder'),
        properties: ['openDirectory', 'multiSelections'],
      });
      return filePaths;
    },
    async chooseFiles() {
      const { filePaths } = await dialog.showOpenDialog({
        title: translate(language(), 'menu.choosePictures'),
        properties: ['openFile', 'multiSelections'],
        filters: [{ name: translate(language(), 'menu.pictures'), extensions: pictureExtensions }],
      });
      return filePaths;
    },
    async chooseTarget(name) {
      const { canceled, filePath } = await dialog.showSaveDialog({
        title: translate(language(), 'menu.saveStory'),
        defaultPath: join(app.getPath('documents'), name),
      });
      return canceled || filePath === '' ? null : filePath;
    },
    async confirm({ title, text, action, keep }) {
      const { response } = await dialog.showMessageBox({
        type: 'warning',
        message: title,
        detail: text,
        buttons: [keep, action],
        // Enter and Esc both keep what is there.
        defaultId: 0,
        cancelId: 0,
        noLink: true,
      });
      return response === 1;
    },
  };
}
