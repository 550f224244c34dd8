import { FabulaError } from '../shared/errors.ts';

/**
 * Turns an error of the file system or of SQLite into a FabulaError that names the file and says what to do. A
 * FabulaError, and anything that is not such an error, comes back as it is.
 *
 * @param what the file or folder concerned, as the person knows it
 */
export function explainFileError(error: unknown, what: string): unknown {
  if (error instanceof FabulaError || !(error instanceof Error) || !('code' in error)) return error;
  const cause = { cause: error };
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'SQLITE_READONLY':
    case 'SQLITE_READONLY_DIRECTORY':
    case 'SQLITE_READONLY_DBMOVED':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return new FabulaError(
        'no-permission',
        `No permission for “${what}”. Change its permissions, or choose another folder.`,
        { file: what },
        cause,
      );
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
    case 'SQLITE_FULL':
      return new FabulaError(
        'disk-full',
        `No room left on the disk to write “${what}”. Free some space and try again.`,
        { file: what },
        cause,
      );
    case 'ENOENT':
    case 'ENOTDIR':
      return new FabulaError(
        'not-found',
        `“${what}” does not exist. Check the path, or whether its disk is connected.`,
        { file: what },
        cause,
      );
    case 'ENAMETOOLONG':
    case 'ELOOP':
    case 'EISDIR':
      return new FabulaError(
        'invalid-input',
        `“${what}” cannot be opened as a file (${error.code}). Check the path.`,
        { file: what },
        cause,
      );
    case 'SQLITE_NOTADB':
    case 'SQLITE_CORRUPT':
    case 'SQLITE_CORRUPT_VTAB':
      return new FabulaError(
        'invalid-input',
        `“${what}” is damaged, or not a Fabula library. Put a copy of it in its place, or choose another data folder.`,
        { file: what },
        cause,
      );
    default:
      return error;
  }
}
