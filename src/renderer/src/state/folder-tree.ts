/** A folder of the library's pictures, with those inside it. */
export interface FolderNode {
  /** The whole path: what a filter asks for. */
  path: string;
  /** What is shown: the folder's own name, after those of folders that hold nothing else. */
  name: string;
  /** Pictures in it and in every folder inside it. */
  count: number;
  children: FolderNode[];
}

/**
 * Makes a tree of the folders that pictures lie in. Folders with one folder in them and no pictures are drawn together
 * with it (`home/me/Pictures`), so that the tree begins where it branches. Paths are those of the studio's machine, with
 * `/` or `\` between names. Pictures without a folder are left out.
 */
export function folderTree(folders: readonly { folder: string; count: number }[]): FolderNode[] {
  interface Growing extends FolderNode {
    own: number;
    byName: Map<string, Growing>;
  }
  const grow = (path: string, name: string): Growing => ({
    path,
    name,
    count: 0,
    own: 0,
    children: [],
    byName: new Map(),
  });
  const root = grow('', '');
  for (const { folder, count } of folders) {
    if (folder === '') continue;
    const separator = folder.includes('/') ? '/' : '\\';
    const start = folder.startsWith(separator) ? separator : '';
    let node = root;
    let path = start;
    for (const name of folder.split(separator).filter((part) => part !== '')) {
      path = path === '' || path === start ? path + name : path + separator + name;
      let child = node.byName.get(name);
      if (!child) {
        child = grow(path, name);
        node.byName.set(name, child);
      }
      child.count += count;
      node = child;
    }
    node.own += count;
  }
  const finished = (node: Growing): FolderNode[] =>
    [...node.byName.values()]
      .map((child) => {
        let end = child;
        let { name } = child;
        while (end.own === 0 && end.byName.size === 1) {
          end = [...end.byName.values()][0]!;
          name = `${name}/${end.name}`;
        }
        return { path: end.path, name, count: end.count, children: finished(end) };
      })
      .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  return finished(root);
}
