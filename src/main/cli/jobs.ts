import type { Command } from 'commander';
import type { Job } from '../../shared/contract.ts';
import { common, type Cli, type CommonOptions } from './cli.ts';
import { printable } from './terminal.ts';

/** `fabula jobs`: what was started and how far it came, and the ways to go on with it or let it go. */
export function addJobs(program: Command, cli: Cli): void {
  const jobs = program.command('jobs').description('long work: what is running, waiting and done');

  const show = (job: Job): void => {
    const failed = job.failed > 0 ? `, ${job.failed} failed` : '';
    cli.terminal.say(
      [job.id, job.state.padEnd(9), `${job.done}/${job.total}${failed}`, printable(job.label)].join('  '),
    );
  };

  common(jobs.command('list', { isDefault: true }))
    .description('list the jobs, newest first')
    .action(async (options: CommonOptions) => {
      await cli.withStudio(options, (studio) => {
        const list = studio.jobs.list();
        cli.terminal.data(list);
        list.forEach(show);
        if (list.length === 0) cli.terminal.note('No jobs.');
        return Promise.resolve();
      });
    });

  common(jobs.command('errors'))
    .description('name what failed in a job')
    .argument('<id>')
    .action(async (id: string, options: CommonOptions) => {
      await cli.withStudio(options, (studio) => {
        const errors = studio.jobs.errors(id);
        cli.terminal.data(errors);
        for (const { item, message } of errors) cli.terminal.say(`${printable(item)}: ${printable(message)}`);
        return Promise.resolve();
      });
    });

  common(jobs.command('cancel'))
    .description('end a job and keep what it has done')
    .argument('<id>')
    .action(async (id: string, options: CommonOptions) => {
      await cli.withStudio(options, (studio) => {
        const job = studio.jobs.cancel(id);
        cli.terminal.data(job);
        show(job);
        return Promise.resolve();
      });
    });

  common(jobs.command('retry'))
    .description('try again what failed in a job')
    .argument('<id>')
    .action(async (id: string, options: CommonOptions) => {
      await cli.withStudio(options, async (studio) => {
        const job = await cli.finish(studio, studio.jobs.retry(id));
        cli.terminal.data(job);
        show(job);
      });
    });

  common(jobs.command('run'))
    .description('go on with every job that waits or was broken off')
    .action(async (options: CommonOptions) => {
      await cli.withStudio({ ...options, resident: true }, async (studio) => {
        const open = studio.jobs.list().filter((job) => job.state === 'queued' || job.state === 'running');
        const finished: Job[] = [];
        for (const job of open.reverse()) {
          if (cli.signal.aborted) break;
          const done = await cli.finish(studio, job);
          finished.push(done);
          show(done);
        }
        cli.terminal.data(finished);
        if (open.length === 0) cli.terminal.note('No job waits.');
      });
    });

  common(jobs.command('clear'))
    .description('take finished jobs out of the list')
    .action(async (options: CommonOptions) => {
      await cli.withStudio(options, (studio) => {
        const answer = studio.jobs.clear();
        cli.terminal.data(answer);
        cli.terminal.say(`${answer.removed} removed.`);
        return Promise.resolve();
      });
    });
}
