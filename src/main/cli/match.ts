import type { Command } from 'commander';
import { toFailure } from '../../shared/errors.ts';
import type { Match } from '../../shared/contract.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { embed } from './import.ts';
import { count, printable } from './terminal.ts';

/** What a choice is called where people read it. */
export const choiceNames: { readonly [choice in Match['decision']['choice']]: string } = {
  retrieve: 'library picture',
  sketch: 'drawing',
  none: 'neither',
};

/** `fabula match TEXT`: whether a library picture, a drawing or neither suits a text, and why; draws nothing. */
export function addMatch(program: Command, cli: Cli): void {
  common(program.command('match'))
    .description('say whether a library picture, a drawing or neither suits a text, and why')
    .argument('<text...>', 'the text of a panel')
    .option('-k, --limit <number>', 'how many pictures of the library to show', wholeNumber(1, 60), 5)
    .action(async (words: string[], { limit, ...options }: CommonOptions & { limit: number }) => {
      await cli.withStudio(options, async (studio) => {
        await embed(studio, cli).catch((error: unknown) => {
          if (cli.signal.aborted) throw error;
          cli.fail('search', toFailure(error).message);
        });
        const text = words.join(' ').trim();
        const match = await studio.illustrator.matchText(text, limit, { signal: cli.signal });
        const { decision, retrieved } = match;
        cli.terminal.data({ text, decision, retrieved });
        const sure = decision.confidence === null ? '' : ` (${(decision.confidence * 100).toFixed(0)}%)`;
        cli.terminal.say(`${choiceNames[decision.choice]}${sure}`);
        cli.terminal.say(printable(decision.reason));
        for (const { confidence, note } of retrieved) {
          cli.terminal.say(`${`${((confidence ?? 0) * 100).toFixed(0)}%`.padStart(4)}  ${printable(note)}`);
        }
      });
    });
}

/** `fabula decide show|forget|restore|on|off`: what suggestions have learned from the pictures that were taken. */
export function addDecide(program: Command, cli: Cli): void {
  const decide = program
    .command('decide')
    .description('what suggestions of pictures have learned from your choices');

  common(decide.command('show', { isDefault: true }))
    .description('show what was learned')
    .action(async (options: CommonOptions) => {
      await cli.withStudio(options, (studio) => {
        const lessons = studio.lessons.get();
        const { terminal } = cli;
        terminal.data(lessons);
        if (lessons.pack === null) terminal.say('No pack can learn; suggestions follow a fixed rule.');
        terminal.say(
          `${count(lessons.answers, 'answer')}, ${lessons.leftOut} left out; learning is ${lessons.learning ? 'on' : 'off'}.`,
        );
        for (const { topic, leaning, sure, drawn, found } of lessons.topics) {
          if (drawn + found === 0) continue;
          terminal.say(
            `${topic.padEnd(10)} ${bar(leaning)} ${`${(leaning * 100).toFixed(0)}%`.padStart(4)} drawings${sure ? '' : ', not sure'} (${drawn} drawn, ${found} found)`,
          );
        }
        return Promise.resolve();
      });
    });

  for (const [name, leftOut, description] of [
    ['forget', true, 'forget what was learned; the choices stay and can be learned from again'],
    ['restore', false, 'learn again from every choice that was left out'],
  ] as const) {
    common(decide.command(name))
      .description(description)
      .action(async (options: CommonOptions) => {
        await cli.withStudio(options, (studio) => {
          const changed = studio.choices.leaveOut(leftOut);
          cli.terminal.data({ changed });
          cli.terminal.say(`${count(changed.length, 'choice')} ${leftOut ? 'left out' : 'taken in again'}.`);
          return Promise.resolve();
        });
      });
  }

  for (const [name, learn, description] of [
    ['on', true, 'let suggestions go by what was learned'],
    ['off', false, 'let suggestions go by the evidence alone'],
  ] as const) {
    common(decide.command(name))
      .description(description)
      .action(async (options: CommonOptions) => {
        await cli.withStudio(options, (studio) => {
          studio.settings.set({ learn });
          cli.terminal.data({ learning: learn });
          cli.terminal.say(`Learning is ${name}.`);
          return Promise.resolve();
        });
      });
  }
}

/** A share as a bar about its middle. */
function bar(share: number): string {
  const at = Math.round(10 * share);
  const [from, to] = at < 5 ? [at, 5] : [5, at];
  return `${'·'.repeat(from)}${'█'.repeat(to - from)}${'·'.repeat(10 - to)}`;
}
