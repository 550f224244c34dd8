import { Option, type Command } from 'commander';
import type { Json } from '../../shared/errors.ts';
import type { Studio } from '../studio.ts';
import { common, type Cli, type CommonOptions } from './cli.ts';
import { count, printable } from './terminal.ts';

/** `fabula import PATH...`: takes pictures and folders of pictures into the library and makes them searchable. */
export function addImport(program: Command, cli: Cli): void {
  common(program.command('import'))
    .description('take pictures, and folders of pictures with all below them, into the library')
    .argument('<path...>', 'files and folders')
    .addOption(
      new Option('--originals <where>', 'leave the files where they are, or copy them into the library')
        .choices(['leave', 'copy'])
        .default('leave'),
    )
    .action(async (paths: string[], options: CommonOptions & { originals: 'leave' | 'copy' }) => {
      await cli.withStudio(options, async (studio) => {
        const job = await cli.finish(studio, studio.startImport(paths, options.originals));
        const known = studio.jobs.results(job.id).filter(({ result }) => isDuplicate(result)).length;
        const added = job.done - job.failed - known;
        const embedded = cli.signal.aborted ? 0 : await embed(studio, cli);
        cli.terminal.say(
          `${count(added, 'picture')} imported, ${known} already there, ${job.failed} failed.`,
        );
        cli.terminal.data({ imported: added, known, failed: job.failed, encoded: embedded, job: job.id });
      });
    });
}

function isDuplicate(result: Json): boolean {
  return (
    typeof result === 'object' && result !== null && !Array.isArray(result) && result['duplicate'] === true
  );
}

/** Encodes what has no vector yet, so that a search finds it. Returns how many pictures that were. */
export async function embed(studio: Studio, cli: Cli): Promise<number> {
  const unread: string[] = [];
  const encoded = await studio.search.embedMissing({
    signal: cli.signal,
    onProgress: (done, total) => {
      cli.terminal.progress('Making pictures searchable', done, total);
    },
    onError: (name) => {
      unread.push(name);
    },
  });
  cli.terminal.endProgress();
  // No failure of what was asked: pictures imported before whose files are elsewhere now.
  if (unread.length > 0) {
    cli.terminal.note(
      `${count(unread.length, 'picture')} of the library cannot be read and will not be found: ${unread.slice(0, 3).map(printable).join(', ')}${unread.length > 3 ? '…' : ''}.`,
    );
  }
  return encoded;
}
