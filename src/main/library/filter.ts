import { sep } from 'node:path';
import type { AssetFilter } from '../../shared/contract.ts';
import { tagKey } from './tags.ts';

/** A part of {@link AssetFilter} that a facet sets: the counts of a facet leave its own part out. */
export type FilterPart = 'folder' | 'taken' | 'tags' | 'labels' | 'words' | 'captioned' | 'source' | 'origin';

const parts: { readonly [Name in keyof Required<AssetFilter>]: FilterPart | null } = {
  folder: 'folder',
  takenFrom: 'taken',
  takenTo: 'taken',
  dated: 'taken',
  tags: 'tags',
  labels: 'labels',
  words: 'words',
  captioned: 'captioned',
  captionSource: 'source',
  pack: 'source',
  origin: 'origin',
  job: null,
};

/** A filter without the part that one facet sets. */
export function withoutPart(filter: AssetFilter, part: FilterPart): AssetFilter {
  return Object.fromEntries(
    Object.entries(filter).filter(([name]) => parts[name as keyof AssetFilter] !== part),
  );
}

/**
 * The conditions on rows of `assets` that a filter stands for, as SQL with its values. They name columns of that table
 * only, so that a list is answered from the index `assets_listed`.
 */
export function conditions(filter: AssetFilter): { where: string; values: (string | number)[] } {
  const all: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...given: (string | number)[]): void => {
    all.push(condition);
    values.push(...given);
  };
  if (filter.origin === undefined) add("assets.origin <> 'sketched'");
  else add('assets.origin = ?', filter.origin);
  if (filter.captioned !== undefined) {
    add(`assets.caption_source IS ${filter.captioned ? 'NOT ' : ''}NULL`);
  }
  if (filter.captionSource !== undefined) add('assets.caption_source = ?', filter.captionSource);
  if (filter.pack !== undefined) add('assets.caption_pack = ?', filter.pack);
  if (filter.folder !== undefined) {
    const below = filter.folder.endsWith(sep) ? filter.folder : filter.folder + sep;
    add('(assets.folder = ? OR substr(assets.folder, 1, length(?)) = ?)', filter.folder, below, below);
  }
  if (filter.takenFrom !== undefined) {
    add('substr(assets.taken_at, 1, length(?)) >= ?', filter.takenFrom, filter.takenFrom);
  }
  if (filter.takenTo !== undefined) {
    add('substr(assets.taken_at, 1, length(?)) <= ?', filter.takenTo, filter.takenTo);
  }
  if (filter.dated !== undefined) add(`assets.taken_at IS ${filter.dated ? 'NOT ' : ''}NULL`);
  for (const tag of filter.tags ?? []) {
    add(
      'assets.number IN (SELECT asset FROM asset_tags JOIN tags ON tags.number = tag WHERE tags.key = ?)',
      tagKey(tag),
    );
  }
  for (const label of filter.labels ?? []) {
    add(
      `assets.number IN (SELECT asset FROM asset_labels JOIN labels ON labels.number = label WHERE labels.key = ?)`,
      tagKey(label),
    );
  }
  for (const word of filter.words ?? []) {
    add(
      `assets.number IN (SELECT asset FROM asset_words JOIN seen_words ON seen_words.number = asset_words.word
         WHERE seen_words.word = ?)`,
      word,
    );
  }
  if (filter.job !== undefined) {
    add(
      `assets.id IN (SELECT asset FROM captions WHERE captions.number = assets.caption
         AND json_extract(settings, '$.job') = ?)`,
      filter.job,
    );
  }
  return { where: all.join(' AND '), values };
}
