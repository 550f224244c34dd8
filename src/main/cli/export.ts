import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ExportFormat, ExportOptions } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { Story } from '../../shared/story.ts';
import type { Studio } from '../studio.ts';
import { common, type Cli } from './cli.ts';
import { exportOptions, formatOf, withLayout, type LayoutOptions } from './export-options.ts';
import { count, printable } from './terminal.ts';

/** `fabula export STORY -o FILE`. */
export function addExport(program: Command, cli: Cli): void {
  const command = withLayout(common(program.command('export')))
    .description('write a story of the library to a file')
    .argument('<story>', 'the story: its id, its title, or a .fabula file');
  command.action(async (name: string, options: LayoutOptions) => {
    const format = formatOf(command, options.output);
    await cli.withStudio(options, async (studio) => {
      const story =
        extname(name).toLowerCase() === '.fabula'
          ? (await studio.readStoryFile(resolve(name), { signal: cli.signal })).story.story
          : findStory(studio, name);
      const file = resolve(options.output);
      const chosen = exportOptions(options, story);
      await writeStory(studio, cli, story, format, chosen, file);
      const panels = chosen.panels.length || story.panels.length;
      cli.terminal.data({ story: story.id, file, panels });
      cli.terminal.say(
        `${count(panels, 'panel')} of “${printable(story.title)}” in ${printable(options.output)}.`,
      );
    });
  });
}

/** A story by its id or, where only one has it, its title. @throws FabulaError `not-found`, naming the stories there are */
export function findStory(studio: Studio, name: string): Story {
  const stories = studio.stories.list();
  const found = stories.filter((story) => story.id === name);
  if (found.length === 0) found.push(...stories.filter((story) => story.title === name));
  const [story, another] = found;
  if (story === undefined) {
    const known = stories.slice(0, 10).map(({ id, title }) => `“${title}” (${id})`);
    throw new FabulaError(
      'not-found',
      printable(
        `There is no story “${name}”. ${known.length === 0 ? 'The library has none yet.' : `There is: ${known.join(', ')}${stories.length > 10 ? '…' : ''}.`}`,
      ),
    );
  }
  if (another !== undefined) {
    throw new FabulaError(
      'invalid-input',
      printable(
        `${found.length} stories are called “${name}”. Name one by its id: ${found.map(({ id }) => id).join(', ')}.`,
      ),
    );
  }
  return studio.stories.open(story.id).story;
}

/** Writes a story to a file, whole or not at all, showing how far it is. */
export async function writeStory(
  studio: Studio,
  cli: Cli,
  story: Story,
  format: ExportFormat,
  options: ExportOptions,
  file: string,
): Promise<void> {
  try {
    await studio.exports.writeTo(story, format, options, file, {
      signal: cli.signal,
      onProgress: (done, total) => {
        cli.terminal.progress('Writing', done, total);
      },
      onWarning: (message) => {
        cli.fail(story.title, message);
      },
    });
  } finally {
    cli.terminal.endProgress();
  }
}
