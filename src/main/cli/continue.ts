import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { FabulaError } from '../../shared/errors.ts';
import { panelText, type Story } from '../../shared/story.ts';
import type { Studio } from '../studio.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { findStory } from './export.ts';
import { count, printable } from './terminal.ts';

interface Options extends CommonOptions {
  panel?: number;
  seed: number;
  append?: boolean;
}

/** `fabula continue STORY`: what might come next in a panel, read from its words and from the pictures of the story. */
export function addContinue(program: Command, cli: Cli): void {
  common(program.command('continue'))
    .description('suggest the next text of a panel, from the words and the pictures of the story so far')
    .argument('<story>', 'the story: its id, its title, a Markdown outline, or a .fabula file')
    .option('--panel <number>', 'the panel to go on with (else the last)', wholeNumber(1, 100_000))
    .option('--seed <number>', 'another number gives another text', wholeNumber(0, 0xffffffff), 1)
    .option('--append', 'put the text behind the panel’s own')
    .action(async (name: string, { panel: wanted, seed, append, ...options }: Options) => {
      await cli.withStudio(options, async (studio) => {
        const story = await openNamed(studio, cli, name);
        const number = wanted ?? story.panels.length;
        const panel = story.panels[number - 1];
        if (panel === undefined) {
          throw new FabulaError(
            'not-found',
            `“${printable(story.title)}” has no panel ${number}: it has ${story.panels.length}.`,
          );
        }
        const {
          text,
          pack,
          pictures = 0,
        } = await studio.suggest.text(
          { story: story.id, panel: panel.id, seed },
          { signal: cli.signal, send: () => undefined },
        );
        if (append) appendText(studio, story.id, panel.id, text);
        cli.terminal.data({
          story: story.id,
          panel: number,
          text,
          pack,
          pictures,
          appended: append === true,
        });
        cli.terminal.say(printable(`${panelText(panel).trimEnd()}${text}`.trim()));
        const looked = pictures === 0 ? '' : `, which looked at ${count(pictures, 'picture')}`;
        cli.terminal.note(`Suggested by ${pack}${looked}, for panel ${number} of story ${story.id}.`);
      });
    });
}

/** Puts text behind a panel's last text, or into a new block, as one undoable step. */
function appendText(studio: Studio, story: string, panelId: string, text: string): void {
  studio.stories.change(story, (now) => {
    const panel = now.panels.find(({ id }) => id === panelId);
    if (panel === undefined) return null;
    const last = panel.blocks.at(-1);
    const label = { key: 'suggest.undoText' } as const;
    return last?.type === 'text'
      ? { edit: { type: 'set-text', block: last.id, text: last.text + text }, label }
      : {
          edit: {
            type: 'insert-block',
            panel: panelId,
            index: panel.blocks.length,
            block: { id: studio.ids.next(), type: 'text', text: text.trimStart() },
          },
          label,
        };
  });
}

async function openNamed(studio: Studio, cli: Cli, name: string): Promise<Story> {
  return ['.fabula', '.md', '.fountain', '.fdx'].includes(extname(name).toLowerCase())
    ? (await studio.readStoryFile(resolve(name), { signal: cli.signal })).story.story
    : findStory(studio, name);
}
