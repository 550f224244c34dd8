/** better-sqlite3 13 crashes older versions with a segmentation fault instead of an error. */
const oldestNode = 22;

/**
 * What is wrong with the Node that runs this, in one line for a person, or null when it can load the native modules.
 * Entry points ask before they import anything native; this module itself imports nothing.
 *
 * @param version as in `process.versions.node`
 */
export function nodeProblem(version: string = process.versions.node): string | null {
  if (Number.parseInt(version, 10) >= oldestNode) return null;
  return `Node ${oldestNode} or newer is needed, and this is Node ${version}. Use the npm scripts (npm start, npm run fabula), which bring their own.`;
}
