import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve, join } from 'node:path';
import type { Command } from 'commander';
import { FabulaError } from '../../shared/errors.ts';
import { defaultDataFolder } from '../data-folder.ts';
import { programRoot } from '../resources.ts';
import { isLoopback } from '../web/guard.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';

/** A token chosen by the person must be too long to be guessed: letters, digits, `-` and `_`. */
const acceptedToken = /^[\w-]{32,256}$/;

/** `fabula serve`: the studio in a browser, until Ctrl+C. */
export function addServe(program: Command, cli: Cli): void {
  common(program.command('serve'))
    .description('open the studio to a browser on this machine, until Ctrl+C')
    .option('--port <number>', 'the port to listen on (else any free one)', wholeNumber(1, 65_535))
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--open', 'open the address in the browser')
    .action(async (options: CommonOptions & { port?: number; host: string; open?: boolean }) => {
      const dataDir = options.data === undefined ? defaultDataFolder() : resolve(options.data);
      const token = chosenToken(process.env['FABULA_TOKEN']);
      const { openWebDoor } = await import('../web/server.ts');
      const { openStudio } = await import('../studio.ts');
      const studio = await openStudio({ dataDir, resident: true });
      cli.stopIsDone = true;
      try {
        const door = await openWebDoor({
          studio,
          windowDir: join(programRoot(), 'out', 'renderer'),
          host: options.host,
          ...(options.port === undefined ? {} : { port: options.port }),
          ...(token === undefined ? {} : { token }),
        });
        if (!isLoopback(options.host)) {
          cli.terminal.note(
            'Other machines can reach this address, and the connection is not encrypted. Whoever has the address below can read this data folder.',
          );
        }
        cli.terminal.say(door.url);
        cli.terminal.data({ url: door.url, origin: door.origin, dataDir });
        cli.terminal.note('Fabula is open in the browser at this address. Ctrl+C closes it.');
        if (options.open) openInBrowser(door.url);
        if (!cli.signal.aborted) await once(cli.signal, 'abort');
        await door.close();
      } finally {
        await studio.close();
      }
    });
}

/**
 * The token of `FABULA_TOKEN`, which keeps windows signed in over a restart; from the environment, because other users
 * of the machine can read a command's arguments.
 */
function chosenToken(token: string | undefined): string | undefined {
  if (token === undefined || token === '') return undefined;
  if (!acceptedToken.test(token)) {
    throw new FabulaError(
      'invalid-input',
      'FABULA_TOKEN must have 32 to 256 letters, digits, “-” or “_”. Make one with "openssl rand -hex 32", or leave it out.',
    );
  }
  return token;
}

/** Opens an address with the system's own opener. Where there is none the printed address has to do. */
function openInBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  const child = spawn(command!, args, { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
