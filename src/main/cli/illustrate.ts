import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Match } from '../../shared/contract.ts';
import { toFailure } from '../../shared/errors.ts';
import { currentVersion, panelText, type Story } from '../../shared/story.ts';
import type { Studio } from '../studio.ts';
import { common, wholeNumber, type Cli } from './cli.ts';
import { exportOptions, formatOf, withLayout, type LayoutOptions } from './export-options.ts';
import { writeStory } from './export.ts';
import { embed } from './import.ts';
import { choiceNames } from './match.ts';
import { count, printable } from './terminal.ts';

/** What became of a panel: where its picture comes from, and how sure that is. */
export interface PanelPicture {
  panel: number;
  source: string | null;
  confidence: number | null;
  asset: string | null;
  text: string;
  /** What was decided, and why; null where the panel had a picture already. */
  decision: Match['decision']['choice'] | null;
  reason: string | null;
}

/** `fabula illustrate STORY.md -o FILE`: a picture for every panel that has none, from the library or sketched. */
export function addIllustrate(program: Command, cli: Cli): void {
  const command = withLayout(common(program.command('illustrate')))
    .description(
      'give every panel of a story a picture, found in the library or sketched, and write the story',
    )
    .argument('<story>', 'a Markdown outline, or a .fabula file')
    .option('--explain', 'say for each panel why its picture was chosen')
    .option('--seed <number>', 'seeds the sketches (else the outline says)', wholeNumber(0, 0xffffffff));
  command.action(async (path: string, options: LayoutOptions & { seed?: number; explain?: boolean }) => {
    const format = formatOf(command, options.output);
    await cli.withStudio(options, async (studio) => {
      await embed(studio, cli).catch((error: unknown) => {
        if (cli.signal.aborted) throw error;
        // Without its encoder the library cannot be searched by what pictures show; panels can still be sketched.
        cli.fail('search', toFailure(error).message);
      });
      const { story, panels } = await illustrateFile(studio, cli, path, options.seed);
      if (cli.signal.aborted) return;
      const file = resolve(options.output);
      await writeStory(studio, cli, story, format, exportOptions(options, story), file);
      cli.terminal.data({ story: story.id, file, panels });
      panels.forEach((panel) => {
        sayPanel(cli, panel);
        if (options.explain && panel.decision !== null) {
          cli.terminal.say(
            `     Suggested: ${choiceNames[panel.decision]}. ${printable(panel.reason ?? '')}`,
          );
        }
      });
      cli.terminal.say(
        `${count(panels.length, 'panel')} in ${printable(options.output)} (story ${story.id}).`,
      );
    });
  });
}

/** Reads a story's file into the library and illustrates it, saying what its reader had to warn of. */
export async function illustrateFile(
  studio: Studio,
  cli: Cli,
  path: string,
  seed?: number,
): Promise<{ story: Story; panels: PanelPicture[] }> {
  const {
    story: { story },
    warnings,
  } = await studio.readStoryFile(resolve(path), { seed, signal: cli.signal });
  for (const warning of warnings) cli.fail(basename(path), warning);
  const job = studio.illustrator.start(story.id);
  await cli.finish(studio, job);
  const decisions = new Map(
    studio.jobs
      .results(job.id)
      .map(({ item, result }) => [
        item,
        result as Partial<Pick<Match['decision'], 'choice' | 'reason'>> | null,
      ]),
  );
  const illustrated = studio.stories.open(story.id).story;
  return {
    story: illustrated,
    panels: illustrated.panels.map((panel, index) => ({
      ...pictureOf(panel, index),
      decision: decisions.get(panel.id)?.choice ?? null,
      reason: decisions.get(panel.id)?.reason ?? null,
    })),
  };
}

function pictureOf(panel: Story['panels'][number], index: number): Omit<PanelPicture, 'decision' | 'reason'> {
  const image = panel.blocks.find((block) => block.type === 'image');
  const version = image?.type === 'image' ? currentVersion(image) : undefined;
  return {
    panel: index + 1,
    source: version?.source ?? null,
    confidence: version?.confidence ?? null,
    asset: version?.asset ?? null,
    text: panelText(panel),
  };
}

export function sayPanel(cli: Cli, { panel, source, confidence, text }: PanelPicture): void {
  const sure = confidence === null ? '' : ` ${(confidence * 100).toFixed(0)}%`;
  const line = text.replace(/\s+/g, ' ').trim();
  const shown = [...line].length > 60 ? `${[...line].slice(0, 59).join('')}…` : line;
  cli.terminal.say(
    `${String(panel).padStart(3)}  ${`${source ?? 'no picture'}${sure}`.padEnd(14)}  ${printable(shown)}`,
  );
}
