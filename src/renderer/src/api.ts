import type { Bridge, Question, Uploaded } from '../../shared/bridge.ts';
import {
  eventNames,
  type CommandInput,
  type CommandName,
  type CommandOutput,
  type EventName,
  type Job,
  type MediaSize,
  type RequestPart,
  type StudioEvents,
} from '../../shared/contract.ts';
import { FabulaError, fromFailure, type Result } from '../../shared/errors.ts';
import type { WindowCommand } from '../../shared/window-commands.ts';
import { newId } from './state/ids.ts';

/**
 * The window's only way to the studio: `window.fabula` in the desktop app, HTTP and server-sent events in a browser.
 * Nothing else in the renderer uses either.
 */

declare global {
  interface Window {
    /** Put there by the preload script, in the desktop app only. */
    readonly fabula?: Bridge;
  }
}

const desktop = window.fabula;

/** True in the desktop app, false in a browser. */
export const isDesktop = desktop !== undefined;

const platform = desktop?.platform ?? navigator.platform;
export const isMac = /^(mac|darwin|iphone|ipad)/i.test(platform);

/** Bodies larger than this cannot outlive their page (the Fetch standard allows 64 KiB in flight). */
const keepaliveLimit = 60_000;

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw fromFailure(result);
  return result.value;
}

async function post<T>(url: string, init: RequestInit): Promise<Result<T>> {
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', ...init });
  } catch (cause) {
    if (init.signal?.aborted) throw new FabulaError('cancelled', 'Cancelled.');
    throw new FabulaError(
      'unavailable',
      'Fabula does not answer. Check that it is still running, then try again.',
      {},
      { cause },
    );
  }
  try {
    return (await response.json()) as Result<T>;
  } catch (cause) {
    const code = response.status === 401 || response.status === 403 ? 'forbidden' : 'internal';
    throw new FabulaError(
      code,
      code === 'forbidden'
        ? 'This window is no longer signed in. Open the address that Fabula printed when it started.'
        : `Fabula answered ${response.status} and nothing that can be read.`,
      {},
      { cause },
    );
  }
}

/**
 * Runs one command of the contract.
 *
 * @throws FabulaError as the studio threw it; `unavailable` when the studio cannot be reached
 */
export async function command<Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
): Promise<CommandOutput<Name>> {
  if (desktop) return valueOf(await desktop.command(name, input)) as CommandOutput<Name>;
  const body = JSON.stringify(input);
  return valueOf(
    await post<CommandOutput<Name>>(`/command/${name}`, {
      headers: { 'content-type': 'application/json' },
      body,
      // An edit sent while the page closes still arrives.
      keepalive: body.length < keepaliveLimit,
    }),
  );
}

type Listeners = { [Name in EventName]: Set<(value: StudioEvents[Name]) => void> };
const listeners: Listeners = {
  'job.changed': new Set(),
  'library.changed': new Set(),
  'story.changed': new Set(),
  'stories.changed': new Set(),
  'history.changed': new Set(),
  'request.part': new Set(),
  'settings.changed': new Set(),
};
const reconnectListeners = new Set<() => void>();

function deliver<Name extends EventName>(name: Name, value: StudioEvents[Name]): void {
  for (const listener of listeners[name]) listener(value);
}

/** Starts listening to the studio. Called once, when the window opens. */
export function connect(): void {
  if (desktop) {
    for (const name of eventNames) desktop.on(name, (value) => deliver(name, value));
    return;
  }
  // With how old this page is: what has changed since then is told again, as it may be asked for before it is heard.
  const source = new EventSource(`/events?age=${Math.ceil(performance.now())}`);
  let opened = false;
  source.addEventListener('open', () => {
    if (opened) for (const listener of reconnectListeners) listener();
    opened = true;
  });
  for (const name of eventNames) {
    source.addEventListener(name, (event: MessageEvent<string>) => deliver(name, JSON.parse(event.data)));
  }
}

/**
 * Runs a command that sends parts of its answer ahead of the whole.
 *
 * @param signal Aborting it cancels the command in the studio.
 * @param onPart Hears each part as it comes; none after the whole answer.
 * @throws FabulaError as {@link command}; `cancelled` when the signal is aborted
 */
export async function request<Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
  { signal, onPart }: { signal: AbortSignal; onPart: (part: RequestPart) => void },
): Promise<CommandOutput<Name>> {
  const id = newId();
  const stop = on('request.part', (event) => {
    if (event.request === id && !signal.aborted) onPart(event.part);
  });
  const cancel = (): void => void command('requests.cancel', { request: id }).catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    if (signal.aborted) throw new FabulaError('cancelled', 'Cancelled.');
    return await command(name, { ...input, request: id } as CommandInput<Name>);
  } finally {
    signal.removeEventListener('abort', cancel);
    stop();
  }
}

/** @returns a function that stops listening */
export function on<Name extends EventName>(
  name: Name,
  listener: (value: StudioEvents[Name]) => void,
): () => void {
  const set = listeners[name] as Set<typeof listener>;
  set.add(listener);
  return () => set.delete(listener);
}

/** Calls back after the connection was lost and found again, when events may have been missed. */
export function onReconnect(listener: () => void): () => void {
  reconnectListeners.add(listener);
  return () => reconnectListeners.delete(listener);
}

/** The address of a picture, as WebP. */
export function mediaUrl(asset: string, size: MediaSize): string {
  return desktop ? `fabula://media/${size}/${asset}` : `/media/${size}/${asset}`;
}

/** The address of a page of an export's preview, from 0, as a picture of a width in pixels. */
export function previewPageUrl(preview: string, page: number, width: number): string {
  return `${desktop ? 'fabula://media' : ''}/previews/${preview}/${page}/${width}`;
}

/** Desktop only: asks for a folder or files with the system's dialog and imports them; null when none was chosen. */
export async function chooseAndImport(what: 'folder' | 'files'): Promise<Job | null> {
  if (!desktop) throw new FabulaError('unavailable', 'Only the desktop window has this dialog.');
  return valueOf(await (what === 'folder' ? desktop.chooseFolder() : desktop.chooseFiles()));
}

/** True for an asset that the library has. @throws FabulaError when the studio cannot be reached */
export async function hasAsset(asset: string): Promise<boolean> {
  try {
    await command('library.get', { asset });
    return true;
  } catch (error) {
    if (error instanceof FabulaError && error.code === 'not-found') return false;
    throw error;
  }
}

/** Desktop only: imports files and folders dropped on the window. */
export async function importDropped(files: File[]): Promise<Job> {
  if (!desktop) throw new FabulaError('unavailable', 'Only the desktop window can read dropped folders.');
  return valueOf(await desktop.importDropped(files));
}

/** Desktop only: asks with the system's own box whether to go on. */
export async function confirm(question: Question): Promise<boolean> {
  if (!desktop) throw new FabulaError('unavailable', 'Only the desktop window has this dialog.');
  return valueOf(await desktop.confirm(question));
}

/** Tells the native menu which commands would do something now; a browser has no such menu. */
export function showCommands(enabled: readonly WindowCommand[]): void {
  void desktop?.showCommands(enabled);
}

/** Hears the commands chosen in the native menu. @returns a function that stops listening */
export function onMenuCommand(listener: (command: WindowCommand) => void): () => void {
  return desktop?.onMenuCommand(listener) ?? (() => undefined);
}

/** Sends one file's bytes to the library. */
export async function upload(name: string, file: File, signal: AbortSignal): Promise<Uploaded> {
  if (desktop) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return valueOf(await desktop.addPicture(name, bytes));
  }
  return valueOf(
    await post<Uploaded>(`/upload?name=${encodeURIComponent(name)}`, {
      headers: { 'content-type': 'application/octet-stream' },
      body: file,
      signal,
    }),
  );
}

/**
 * Hands a finished export to the person: a save dialog on the desktop, a download in a browser.
 *
 * @returns false when the person closed the dialog without saving
 */
export async function saveExport(job: string): Promise<boolean> {
  if (desktop) return valueOf(await desktop.saveExport(job)).saved;
  const link = document.createElement('a');
  link.href = `/exports/${job}`;
  link.download = '';
  link.click();
  return true;
}
