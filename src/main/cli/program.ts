import { Command, CommanderError } from 'commander';
import { FabulaError, toFailure } from '../../shared/errors.ts';
import { addCaption } from './caption.ts';
import { addContinue } from './continue.ts';
import { programVersion } from '../program.ts';
import { Cli, exitCodes } from './cli.ts';
import { addDemo } from './demo.ts';
import { addDoctor } from './doctor.ts';
import { addExport } from './export.ts';
import { addIllustrate } from './illustrate.ts';
import { addImport } from './import.ts';
import { addJobs } from './jobs.ts';
import { addLook } from './look.ts';
import { addDecide, addMatch } from './match.ts';
import { addMix } from './mix.ts';
import { addLabel } from './label.ts';
import { addPacks } from './packs.ts';
import { addSearch } from './search.ts';
import { addServe } from './serve.ts';
import { addSketch } from './sketch.ts';
import { Terminal } from './terminal.ts';
import { addWords } from './words.ts';

const commands = [
  addImport,
  addCaption,
  addSearch,
  addLabel,
  addWords,
  addLook,
  addSketch,
  addMatch,
  addDecide,
  addMix,
  addIllustrate,
  addContinue,
  addExport,
  addPacks,
  addJobs,
  addServe,
  addDoctor,
  addDemo,
];

/**
 * The command line.
 *
 * @returns the exit code: 0 done, 1 something failed (each named on stderr), 2 wrong usage, 130 stopped by a signal
 */
export async function runCommandLine(args: string[]): Promise<number> {
  const terminal = new Terminal(args.includes('--json'));
  const cli = new Cli(terminal);
  const program = new Command('fabula')
    .description('Stories in pictures and words, wholly on this machine.')
    .version(programVersion())
    .showSuggestionAfterError();
  for (const add of commands) add(program, cli);
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.exitOverride().configureOutput({
      outputError: (text) => {
        terminal.error(
          text
            .trim()
            .replace(/^error: /, '')
            .replace(/\s+/g, ' '),
        );
      },
    });
  }

  const release = cli.watchSignals();
  try {
    await program.parseAsync(args, { from: 'user' });
    if (cli.signal.aborted && !cli.stopIsDone) return exitCodes.stopped;
    return cli.failures > 0 ? exitCodes.failed : exitCodes.done;
  } catch (error) {
    return report(error, cli, terminal);
  } finally {
    release();
  }
}

function report(error: unknown, cli: Cli, terminal: Terminal): number {
  if (error instanceof CommanderError) {
    // Help and version, when asked for, are answers. Everything else that commander throws is wrong usage.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  const failure = toFailure(error);
  if (cli.signal.aborted && failure.code === 'cancelled') {
    terminal.note('Stopped. What was done is kept.');
    return exitCodes.stopped;
  }
  terminal.data({ error: { code: failure.code, message: failure.message, details: failure.details } });
  const unexpected = !(error instanceof FabulaError);
  terminal.error(
    unexpected
      ? `${failure.message} (This is a bug; run it again with FABULA_DEBUG=1 for more.)`
      : failure.message,
  );
  if (process.env['FABULA_DEBUG'] && error instanceof Error) terminal.note(String(error.stack));
  return exitCodes.failed;
}
