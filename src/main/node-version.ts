/** better-sqlite3 13 crashes older versions with a segmentation fault instead of an error. */
const oldestNode = 22;

/** True when a Node of this version (as in `process.versions.node`) can load the native modules. */
export function isSupportedNode(version: string): boolean {
  return Number.parseInt(version, 10) >= oldestNode;
}

/**
 * Ends the process with one line on stderr and exit code 1 where Node is too old. Entry points call it before they
 * import anything native; this module itself imports nothing.
 */
export function requireNode(version: string = process.versions.node): void {
  if (isSupportedNode(version)) return;
  process.stderr.write(
    `Fabula needs Node ${oldestNode} or newer, and this is Node ${version}. Run it through npm (npm start, npm run fabula), which brings its own Node.\n`,
  );
  process.exit(1);
}
