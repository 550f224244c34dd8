import { utilityProcess } from 'electron';
import type { SpawnWorker } from '../models/host.ts';

const stderrKept = 2000;

/** Starts the model worker as one of Electron's utility processes: a Node of its own, without a window. */
export function spawnUtilityWorker(file: string): SpawnWorker {
  return () => {
    const child = utilityProcess.fork(file, [], {
      serviceName: 'Fabula models',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr?.on('data', (text: Buffer) => {
      complaint = (complaint + text.toString()).slice(-stderrKept);
    });
    return {
      get pid() {
        return child.pid;
      },
      send: (message) => {
        child.postMessage(message);
      },
      onMessage: (listener) => child.on('message', listener),
      onExit: (listener) => {
        child.once('exit', (code) => {
          const reason = `ended with code ${code}`;
          listener(complaint.trim() === '' ? reason : `${reason}: ${complaint.trim()}`);
        });
      },
      kill: () => void child.kill(),
    };
  };
}
