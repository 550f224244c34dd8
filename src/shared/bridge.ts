import type {
  Asset,
  CommandInput,
  CommandName,
  CommandOutput,
  EventName,
  Job,
  StudioEvents,
} from './contract.ts';
import type { Result } from './errors.ts';
import type { WindowCommand } from './window-commands.ts';

/**
 * What the preload hands to the window as `window.fabula`, and nothing else. Results are never thrown across the
 * bridge, because an Error loses its code there.
 */
export interface Bridge {
  readonly platform: string;
  command<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
  ): Promise<Result<CommandOutput<Name>>>;
  /** Returns the function that ends the subscription. */
  on<Name extends EventName>(event: Name, listener: (payload: StudioEvents[Name]) => void): () => void;
  /** Asks for a folder with the system's dialog and imports it; null when the person changed their mind. */
  chooseFolder(): Promise<Result<Job | null>>;
  chooseFiles(): Promise<Result<Job | null>>;
  /** Imports files and folders dropped on the window. */
  importDropped(files: File[]): Promise<Result<Job>>;
  /** Takes in the bytes of one picture that has no path: one pasted from the clipboard. */
  addPicture(name: string, bytes: Uint8Array): Promise<Result<Uploaded>>;
  /** Asks where a finished export is to be saved, and saves it there. */
  saveExport(job: string): Promise<Result<{ saved: boolean }>>;
  /** Asks with the system's own box; the answer is whether the person agreed. */
  confirm(question: Question): Promise<Result<boolean>>;
  /** Says which commands would do something now, for the menu. */
  showCommands(enabled: readonly WindowCommand[]): Promise<Result<null>>;
  /** Hears the commands that the person chooses in the menu. Returns the function that ends the subscription. */
  onMenuCommand(listener: (command: WindowCommand) => void): () => void;
}

/** A question before something that cannot be undone. */
export interface Question {
  title: string;
  text: string;
  /** What the buttons say: the one that goes on, and the one that does not. */
  action: string;
  keep: string;
}

/** Channel of a command, of an event, and of what only the desktop can do. */
export const channels = {
  command: (name: string): string => `command:${name}`,
  event: (name: string): string => `event:${name}`,
  chooseFolder: 'desktop:choose-folder',
  chooseFiles: 'desktop:choose-files',
  importDropped: 'desktop:import-dropped',
  addPicture: 'desktop:add-picture',
  saveExport: 'desktop:save-export',
  confirm: 'desktop:confirm',
  showCommands: 'desktop:show-commands',
  menuCommand: 'desktop:menu-command',
} as const;

/** What taking in one picture's bytes answers. */
export interface Uploaded {
  asset: Asset;
  duplicate: boolean;
}
