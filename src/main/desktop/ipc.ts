import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { z } from 'zod';
import { channels, type Question } from '../../shared/bridge.ts';
import { commandNames, type Job } from '../../shared/contract.ts';
import { FabulaError, toFailure, type Result } from '../../shared/errors.ts';
import { IdSchema } from '../../shared/story.ts';
import { windowCommandIds, type WindowCommand } from '../../shared/window-commands.ts';
import { run } from '../commands.ts';
import type { Studio } from '../studio.ts';
import { isOwnWindow } from './address.ts';

const PictureSchema = z.object({
  name: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[^/\\\0]+$/),
  bytes: z.instanceof(Uint8Array),
});

/** What only the desktop can do: ask with the system's own dialogs. */
export interface Dialogs {
  /** Paths chosen; empty when the person changed their mind. */
  chooseFolder(): Promise<string[]>;
  chooseFiles(): Promise<string[]>;
  /** The path to save to, or null. */
  chooseTarget(name: string): Promise<string | null>;
  /** Whether the person agrees. */
  confirm(question: Question): Promise<boolean>;
}

const words = z.string().min(1).max(4000);
const QuestionSchema = z.object({ title: words, text: words, action: words, keep: words });
const CommandsSchema = z.array(z.enum(windowCommandIds as [WindowCommand, ...WindowCommand[]])).max(1000);

/**
 * Answers the window's messages: one channel a command. A message counts only when it comes from the main frame of
 * one of our own windows while that shows our own page; a frame inside it, or a page it was led to, gets a refusal.
 */
export function answerWindows(
  ipc: Pick<IpcMain, 'handle'>,
  studio: Studio,
  dialogs: Dialogs,
  isOwn: (webContentsId: number) => boolean,
  showCommands: (webContentsId: number, enabled: ReadonlySet<WindowCommand>) => void,
): void {
  const handle = (
    channel: string,
    answer: (input: unknown, webContentsId: number) => Promise<Result<unknown>>,
  ): void => {
    ipc.handle(channel, async (event, input: unknown): Promise<Result<unknown>> => {
      try {
        refuseForeign(event, isOwn);
        return await answer(input, event.sender.id);
      } catch (error) {
        return toFailure(error);
      }
    });
  };

  for (const name of commandNames) handle(channels.command(name), (input) => run(studio, name, input));

  const importChosen = async (paths: string[]): Promise<Result<Job | null>> =>
    paths.length === 0 ? { ok: true, value: null } : run(studio, 'library.import', { paths });
  handle(channels.chooseFolder, async () => importChosen(await dialogs.chooseFolder()));
  handle(channels.chooseFiles, async () => importChosen(await dialogs.chooseFiles()));
  handle(channels.importDropped, (paths) => run(studio, 'library.import', { paths }));
  handle(channels.addPicture, async (input) => {
    const picture = PictureSchema.safeParse(input);
    if (!picture.success) {
      throw new FabulaError('invalid-input', "Give the picture's name, without folders, and its bytes.");
    }
    const { name, bytes } = picture.data;
    return { ok: true, value: await studio.upload(name, bytes) };
  });
  handle(channels.saveExport, async (input) => {
    const job = IdSchema.safeParse(input);
    if (!job.success) throw new FabulaError('invalid-input', 'An export is named by its job id.');
    const { name } = studio.exports.fileOf(job.data);
    const target = await dialogs.chooseTarget(name);
    if (target !== null) await studio.saveExport(job.data, target);
    return { ok: true, value: { saved: target !== null } };
  });
  handle(channels.confirm, async (input) => {
    const question = QuestionSchema.safeParse(input);
    if (!question.success)
      throw new FabulaError('invalid-input', 'A question has a title, a text and two answers.');
    return { ok: true, value: await dialogs.confirm(question.data) };
  });
  handle(channels.showCommands, (input, webContentsId) => {
    const enabled = CommandsSchema.safeParse(input);
    if (!enabled.success)
      throw new FabulaError('invalid-input', 'The menu shows commands of the window only.');
    showCommands(webContentsId, new Set(enabled.data));
    return Promise.resolve({ ok: true, value: null });
  });
}

function refuseForeign(event: IpcMainInvokeEvent, isOwn: (webContentsId: number) => boolean): void {
  const frame = event.senderFrame;
  const ours =
    frame !== null && frame === event.sender.mainFrame && isOwn(event.sender.id) && isOwnWindow(frame.url);
  if (!ours) throw new FabulaError('forbidden', 'Only a window of Fabula may ask this.');
}
