/** What a failed call of the file system means, in words. Knows no files. */

/** What a failed call of the file system means to a user. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    case 'ENOTDIR':
      return 'a part of its path is not a directory';
    case 'ENOSPC':
      return 'no space is left on the device';
    case 'ENXIO':
      return 'nobody reads from it';
    case 'EROFS':
      return 'the file system is read-only';
    default:
      return code ?? message;
  }
}
