import { compareNames } from '../../../shared/file-names.ts';
import * as api from '../api.ts';
import { t } from './language.svelte.ts';
import type { WindowState } from './window.svelte.ts';

/** What a drop holds. It has to be read before the drop event ends, when the browser takes it back. */
export interface Dropped {
  files: File[];
  /** Folders, which only a browser tells apart and reads; on the desktop they are among the files, with their path. */
  folders: FileSystemDirectoryEntry[];
}

export interface NamedFile {
  name: string;
  file: File;
}

const pictureNames = /\.(jpe?g|png|webp|gif|avif|tiff?|svg|heic|heif)$/i;

/** True when a folder is among what is dropped. */
export function holdsFolder(data: DataTransfer): boolean {
  return Array.from(data.items).some((item) => item.webkitGetAsEntry()?.isDirectory === true);
}

export function dropped(data: DataTransfer): Dropped {
  if (api.isDesktop) return { files: Array.from(data.files), folders: [] };
  const files: File[] = [];
  const folders: FileSystemDirectoryEntry[] = [];
  for (const item of data.items) {
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry?.isDirectory) folders.push(entry as FileSystemDirectoryEntry);
    else if (file) files.push(file);
  }
  return { files, folders };
}

/** Takes what was dropped into the library: by path on the desktop, by upload in a browser. */
export async function importDrop(window: WindowState, { files, folders }: Dropped): Promise<void> {
  if (api.isDesktop) return window.follow(await api.importDropped(files));
  // A file dropped by itself is always tried; a folder is searched for pictures.
  const found: NamedFile[] = files.map((file) => ({ name: file.name, file }));
  for (const folder of folders) found.push(...(await picturesIn(folder)));
  await uploadAll(window, found);
}

/**
 * Takes dropped picture files into the library and says which assets they are, in their order: as a job on the
 * desktop, which leaves the originals where they are, and by upload in a browser. A file that is refused is listed
 * among the jobs.
 */
export async function takePictures(window: WindowState, files: File[]): Promise<string[]> {
  if (!api.isDesktop) return window.jobs.upload(files.map((file) => ({ name: file.name, file })));
  const job = await api.importDropped(files);
  const { failed } = await window.jobs.whenFinished(job);
  const { assets } = await api.command('jobs.pictures', { job: job.id });
  if (failed > 0) window.notices.tell(t('board.someRefused', { count: failed }));
  return assets;
}

/** Takes pictures that have no file, such as those on the clipboard, into the library. */
export async function takeBytes(window: WindowState, files: File[]): Promise<string[]> {
  return window.jobs.upload(files.map((file) => ({ name: file.name, file })));
}

/** Takes files chosen in a browser's file dialog into the library; from a folder only the pictures, by their names. */
export async function importChosen(window: WindowState, list: FileList, folder: boolean): Promise<void> {
  const files = Array.from(list, (file) => ({ name: file.name, file }));
  if (!folder) return uploadAll(window, files);
  const pictures = files
    .filter(isPicture)
    .sort((a, b) => compareNames(a.file.webkitRelativePath, b.file.webkitRelativePath));
  await uploadAll(window, pictures);
}

async function uploadAll(window: WindowState, files: NamedFile[]): Promise<void> {
  if (files.length === 0) window.notices.tell(t('library.noPicturesThere'));
  else await window.jobs.upload(files);
}

function isPicture({ name, file }: NamedFile): boolean {
  return !name.startsWith('.') && (file.type.startsWith('image/') || pictureNames.test(name));
}

function asFile(entry: FileSystemFileEntry): Promise<NamedFile> {
  return new Promise((resolve, reject) => {
    entry.file((file) => resolve({ name: entry.name, file }), reject);
  });
}

/** The pictures of a folder and the folders in it, in the order of their names. */
async function picturesIn(folder: FileSystemDirectoryEntry): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory) found.push(...(await picturesIn(entry as FileSystemDirectoryEntry)));
    else {
      const file = await asFile(entry as FileSystemFileEntry);
      if (isPicture(file)) found.push(file);
    }
  }
  return found;
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives its entries in portions, and an empty one at the end.
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (portion.length === 0) return entries.sort((a, b) => compareNames(a.name, b.name));
    entries.push(...portion);
  }
}
