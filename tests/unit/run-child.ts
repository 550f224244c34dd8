import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

export interface ChildEnd {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  /** Take away the right to write in this folder, and run as somebody whom that stops. */
  unprivilegedWithout?: string;
  /** A shell command that goes before, such as `ulimit -f 8`. */
  after?: string;
}

/** Starts a module (source text, with imports relative to the repository) in a process of its own. */
export function startChild(source: string, { unprivilegedWithout, after }: ChildOptions = {}): ChildProcess {
  const node = [process.execPath, '--input-type=module', '--eval', source];
  const [command, ...args] =
    after === undefined ? node : ['sh', '-c', `${after} && exec "$@"`, 'sh', ...node];
  // Permissions do not stop the superuser, so then the child is nobody.
  const nobody =
    unprivilegedWithout !== undefined && process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (unprivilegedWithout !== undefined) chmodSync(unprivilegedWithout, 0o555);
  const child = spawn(command!, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...nobody });
  onTestFinished(() => {
    child.kill('SIGKILL');
    if (unprivilegedWithout !== undefined) chmodSync(unprivilegedWithout, 0o755);
  });
  return child;
}

/** Runs a module to its end. */
export async function runChild(source: string, options: ChildOptions = {}): Promise<ChildEnd> {
  const child = startChild(source, options);
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((ended) => child.once('close', ended));
  return { code, stdout, stderr };
}
