import { randomUUID } from 'node:crypto';

/**
 * What the services need from outside and tests must be able to hold still: time, ids and randomness. They are
 * handed in, never reached for.
 */

export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

export interface Ids {
  /** A new id that fits `IdSchema` and has not been given before, in this process or any other. */
  next(): string;
}

export const randomIds: Ids = { next: () => randomUUID() };

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}
