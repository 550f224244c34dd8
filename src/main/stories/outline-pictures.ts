import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { toFailure } from '../../shared/errors.ts';
import type { Story } from '../../shared/story.ts';
import type { Library } from '../library/library.ts';
import type { Clock, Ids } from '../ports.ts';
import type { OutlinePicture } from './outline.ts';

/**
 * Imports the pictures an outline names and puts them into the blocks that wait for them. Paths are taken from the
 * outline's folder, as written or with `%20` and its like decoded. A picture that is missing or cannot be read leaves
 * its block waiting and adds a warning naming the file and the line; the others go on.
 */
export async function attachPictures(
  story: Story,
  pictures: readonly OutlinePicture[],
  parts: {
    folder: string;
    name: string;
    library: Pick<Library, 'importFile'>;
    ids: Ids;
    clock: Clock;
    signal?: AbortSignal | undefined;
  },
): Promise<{ story: Story; warnings: string[] }> {
  const warnings: string[] = [];
  const assets = new Map<string, string>();
  for (const picture of pictures) {
    parts.signal?.throwIfAborted();
    const where = `${parts.name}: line ${picture.line}: `;
    const file = await firstFile(candidates(parts.folder, picture.path));
    if (file === undefined) {
      warnings.push(`${where}the picture “${picture.path}” does not exist in ${parts.folder}`);
      continue;
    }
    try {
      const { asset } = await parts.library.importFile(file, { originals: 'leave' });
      assets.set(picture.block, asset.id);
    } catch (error) {
      warnings.push(where + toFailure(error).message);
    }
  }
  const createdAt = parts.clock.now().toISOString();
  const panels = story.panels.map((panel) => ({
    ...panel,
    blocks: panel.blocks.map((block) => {
      const asset = assets.get(block.id);
      if (block.type !== 'image' || asset === undefined) return block;
      const version = { id: parts.ids.next(), asset, source: 'imported' as const, createdAt };
      return { ...block, current: version.id, versions: [...block.versions, version] };
    }),
  }));
  return { story: { ...story, panels }, warnings };
}

function candidates(folder: string, path: string): string[] {
  const found = [resolve(folder, path)];
  try {
    found.push(resolve(folder, decodeURIComponent(path)));
  } catch {
    // A bare % in a file name: only the path as written can be meant.
  }
  return found;
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true) return path;
  }
  return undefined;
}
