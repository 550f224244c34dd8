import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { CaptionOptionsSchema, ExportOptionsSchema } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import { resourcePath } from '../resources.ts';
import type { Studio } from '../studio.ts';
import { common, type Cli, type CommonOptions } from './cli.ts';
import { writeStory } from './export.ts';
import { illustrateFile, sayPanel, type PanelPicture } from './illustrate.ts';
import { embed } from './import.ts';
import { printAnswer } from './search.ts';
import { count, printable } from './terminal.ts';

/** A file of this name says that the folder was made by the demo, and may be made anew. */
const mark = '.fabula-demo';

/** One search in English, and one in another language and script, which the lexicon translates. */
const searches = ['a boat on the sea', '雪の山'];

/** `fabula demo`: the whole way, from bundled pictures and an outline in five languages to a PDF. */
export function addDemo(program: Command, cli: Cli): void {
  common(program.command('demo'))
    .description('show the whole way on bundled pictures: import, caption, search, illustrate, export')
    .option('--folder <folder>', 'where to make it', 'fabula-demo')
    .action(async (options: CommonOptions & { folder: string }) => {
      const started = performance.now();
      const folder = resolve(options.folder);
      await freshFolder(folder);
      const data = options.data ?? join(folder, 'library');
      await cli.withStudio({ ...options, data }, (studio) => demonstrate(studio, cli, folder, started));
    });
}

/** @throws FabulaError `conflict` where something else lies there: the demo deletes only what it made */
async function freshFolder(folder: string): Promise<void> {
  try {
    if (existsSync(folder)) {
      if ((await readdir(folder)).length > 0 && !existsSync(join(folder, mark))) {
        throw new FabulaError(
          'conflict',
          `${folder} exists and was not made by the demo. Move it, or choose another place with --folder.`,
        );
      }
      await rm(folder, { recursive: true });
    }
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, mark), 'Made by "fabula demo". Running it again makes this folder anew.\n');
  } catch (error) {
    throw explainFileError(error, folder);
  }
}

async function demonstrate(studio: Studio, cli: Cli, folder: string, started: number): Promise<void> {
  const { terminal } = cli;
  let last = started;
  const step = (title: string): void => {
    terminal.say(`\n${title}`);
  };
  const took = (what: string): void => {
    const now = performance.now();
    terminal.say(`  ${what} in ${((now - last) / 1000).toFixed(1)} s`);
    last = now;
  };
  const pictures = resourcePath('samples');

  step('1. Import the bundled pictures, drawn by the sketch painter');
  const imported = await cli.finish(studio, studio.startImport([pictures], 'leave'));
  const { assets } = studio.about();
  took(count(assets, 'picture'));

  step('2. Caption them');
  const captions = join(folder, 'captions.jsonl');
  let captioned = 0;
  const { captionFolder } = await import('../captions/folder.ts');
  const { library, models, database, history, clock, ids } = studio;
  for await (const { file, caption, error } of captionFolder(
    { library, models, database, history, clock, ids },
    {
      folder: pictures,
      options: CaptionOptionsSchema.parse({}),
      jsonl: captions,
      signal: cli.signal,
      onProgress: ({ done, total }) => {
        terminal.progress('Captioning', done, total);
      },
    },
  )) {
    if (error !== null) cli.fail(file, error.message);
    else if (++captioned <= 4)
      terminal.say(`  ${printable(relative(pictures, file))}: ${printable(caption ?? '')}`);
  }
  terminal.endProgress();
  await embed(studio, cli);
  took(count(captioned, 'caption'));

  const answers = [];
  step('3. Search them, in English and in Japanese');
  for (const text of searches) {
    terminal.say(`  “${text}”`);
    const answer = await studio.search.text(text, { limit: 3, signal: cli.signal });
    answers.push({ text, ...answer });
    if (!terminal.json) printAnswer(cli, answer);
  }
  took(`${searches.length} searches`);

  step('4. Illustrate an outline in five languages');
  const outline = resourcePath('samples', 'outline.md');
  const { story, panels } = await illustrateFile(studio, cli, outline);
  panels.forEach((panel) => {
    sayPanel(cli, panel);
  });
  took(count(panels.length, 'panel'));

  step('5. Write it out');
  const files = [join(folder, 'story.pdf'), join(folder, 'story.html')];
  const options = ExportOptionsSchema.parse({ layout: 'grid-2x3' });
  await writeStory(studio, cli, story, 'pdf', options, files[0]!);
  await writeStory(studio, cli, story, 'html', options, files[1]!);
  took('PDF and HTML');

  const seconds = (performance.now() - started) / 1000;
  terminal.data({
    folder,
    imported,
    captions,
    captioned,
    searches: answers,
    story: story.id,
    panels,
    files,
    seconds,
  });
  sayWhatNext(cli, studio, [...files, captions], panels, seconds);
}

function sayWhatNext(
  cli: Cli,
  studio: Studio,
  files: string[],
  panels: PanelPicture[],
  seconds: number,
): void {
  const drawn = panels.filter((panel) => panel.source === 'sketched').length;
  const found = panels.filter((panel) => panel.source === 'retrieved').length;
  const data = relative(process.cwd(), studio.dataDir) || '.';
  const say = (line: string): void => {
    cli.terminal.say(line);
  };
  say(`\nMade in ${seconds.toFixed(0)} s, offline: ${found} pictures found, ${drawn} drawn.`);
  for (const file of files) say(`  ${printable(relative(process.cwd(), file))}`);
  say('\nTry next:');
  say(`  npm start                                        the studio, in its window or in a browser`);
  say(`  npm run -s fabula -- serve --open --data ${data}   this story, in a browser`);
  say(`  npm run -s fabula -- search "a red boat" --data ${data}`);
  say(`  npm run -s fabula -- sketch "two cats under a big tree at night" -o cats.png`);
  say(`  npm run -s fabula -- caption FOLDER --txt         captions for your own pictures`);
}
