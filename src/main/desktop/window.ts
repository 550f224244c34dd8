import { BrowserWindow, nativeTheme, shell, type Session, type WebContents } from 'electron';
import { isLinkable, isOwnWindow, windowUrl } from './address.ts';

/**
 * Opens a window on the studio. Its page has no Node, a context of its own and the sandbox; it cannot leave its
 * address or open others.
 */
export function openWindow(preload: string, icon: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 860,
    minWidth: 720,
    minHeight: 480,
    title: 'Fabula',
    icon,
    show: false,
    // As the page's own ground, so that nothing flashes before it is painted.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#181516' : '#f4f2f3',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: true,
    },
  });
  window.once('ready-to-show', () => {
    window.show();
  });
  void window.loadURL(windowUrl);
  return window;
}

/** Keeps a page where it is. Links that Fabula itself shows open in the person's browser; nothing else does. */
export function confine(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOwnWindow(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
  contents.setWindowOpenHandler(({ url }) => {
    if (isLinkable(url)) void shell.openExternal(url);
    return { action: 'deny' };
  });
}

/** The studio needs no camera, place, notification or device of the person's: all it may ask for is the whole screen, to play a story. */
export function denyPermissions(
  session: Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler'>,
): void {
  session.setPermissionRequestHandler((_contents, permission, callback) => {
    callback(permission === 'fullscreen');
  });
  session.setPermissionCheckHandler((_contents, permission) => permission === 'fullscreen');
}
