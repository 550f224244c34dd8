import type { Command } from 'commander';
import type { Check } from '../../shared/contract.ts';
import { toFailure } from '../../shared/errors.ts';
import { common, type Cli, type CommonOptions } from './cli.ts';
import { printable } from './terminal.ts';

/** `fabula doctor`: what works on this machine, what does not, and why. */
export function addDoctor(program: Command, cli: Cli): void {
  common(program.command('doctor'))
    .description('tell what works on this machine, what does not, and why')
    .action(async (options: CommonOptions) => {
      const { examine } = await import('../doctor.ts');
      const checks = await cli
        .withStudio(options, (studio) => studio.doctor(cli.signal))
        .catch((error: unknown): Promise<Check[]> => {
          // A data folder that cannot be opened is a finding, and the rest can still be looked at.
          const { message } = toFailure(error);
          return examine({ signal: cli.signal }).then((rest) => [
            { name: 'data folder', state: 'fails', detail: message },
            ...rest,
          ]);
        });
      cli.terminal.data(checks);
      for (const { name, state, detail } of checks) {
        cli.terminal.say(`${state.padEnd(8)}${name.padEnd(18)}${printable(detail)}`);
      }
      cli.failures += checks.filter((check) => check.state === 'fails').length;
    });
}
