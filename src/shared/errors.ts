/**
 * One error type for the whole studio. Services throw a FabulaError; a door (ipc, http, command line) turns it,
 * once, into a {@link Failure}. Messages are written for the person at the screen: they name the file or field and
 * say what to do.
 */

export const errorCodes = [
  /** A field, option or document does not have the form asked for. */
  'invalid-input',
  /** The asset, story, panel, job, pack or file asked for does not exist. */
  'not-found',
  /** The file is not a picture that can be decoded (truncated, lying about its type, empty). */
  'unreadable-image',
  /** The picture has more pixels than the library accepts. */
  'image-too-large',
  /** The kind of file is known, and not supported. */
  'unsupported-format',
  /** The folder or file cannot be written or read: permission. */
  'no-permission',
  /** No room left where something had to be written. */
  'disk-full',
  /** The database was written by a newer Fabula. */
  'newer-database',
  /** A file of a pack is missing, or its size or SHA-256 differs from the manifest. */
  'corrupt-pack',
  /** A path points outside the folder it must stay in. */
  'unsafe-path',
  /** The record changed in the meantime; nothing was written. */
  'conflict',
  /** The person, or a signal, asked to stop. */
  'cancelled',
  /** A model could not be loaded or failed while running. */
  'model-failed',
  /** This part cannot work on this machine. */
  'unavailable',
  /** The caller is not allowed to ask this (foreign frame, wrong token, foreign origin). */
  'forbidden',
  /** A bug: anything that is not a FabulaError. */
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Values that survive JSON and structured clone alike. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export class FabulaError extends Error {
  override readonly name = 'FabulaError';
  readonly code: ErrorCode;
  readonly details: { [key: string]: Json };

  constructor(
    code: ErrorCode,
    message: string,
    details: { [key: string]: Json } = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

export interface Failure {
  ok: false;
  code: ErrorCode;
  message: string;
  details: { [key: string]: Json };
}

/** What every command answers at a door. */
export type Result<T> = { ok: true; value: T } | Failure;

/** Turns anything thrown into a Failure. An error that is not a FabulaError keeps its message and becomes `internal`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof FabulaError) {
    return { ok: false, code: error.code, message: error.message, details: error.details };
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return { ok: false, code: 'cancelled', message: 'Cancelled.', details: {} };
  }
  return {
    ok: false,
    code: 'internal',
    message: error instanceof Error ? error.message : String(error),
    details: {},
  };
}

/** The reverse of {@link toFailure}, for the side of a door that receives. */
export function fromFailure(failure: Failure): FabulaError {
  return new FabulaError(failure.code, failure.message, failure.details);
}
