import type { AssetFilter } from '../../../shared/contract.ts';

/** What of a search can stand in an address: texts and pictures of the library. */
export interface AddressedSearch {
  text: string;
  withTexts: string[];
  withoutTexts: string[];
  like: string[];
  unlike: string[];
}

const names = {
  folder: 'folder',
  takenFrom: 'from',
  takenTo: 'to',
  captionSource: 'by',
  pack: 'pack',
  origin: 'kind',
  job: 'job',
} as const;

/** The filter and search of the library as the part of its address after the question mark; empty when there is none. */
export function writeAddress(filter: AssetFilter, search: AddressedSearch): string {
  const query = new URLSearchParams();
  for (const [field, name] of Object.entries(names)) {
    const value = filter[field as keyof typeof names];
    if (value !== undefined) query.set(name, value);
  }
  for (const tag of filter.tags ?? []) query.append('tag', tag);
  for (const label of filter.labels ?? []) query.append('label', label);
  for (const word of filter.words ?? []) query.append('word', word);
  if (filter.captioned !== undefined) query.set('caption', filter.captioned ? 'yes' : 'no');
  if (filter.dated !== undefined) query.set('date', filter.dated ? 'yes' : 'no');
  if (search.text.trim() !== '') query.set('q', search.text.trim());
  for (const text of search.withTexts) query.append('with', text);
  for (const text of search.withoutTexts) query.append('without', text);
  for (const asset of search.like) query.append('like', asset);
  for (const asset of search.unlike) query.append('unlike', asset);
  return query.toString();
}

/** The reverse of {@link writeAddress}. What an address has that means nothing is left out. */
export function readAddress(text: string): { filter: AssetFilter; search: AddressedSearch } {
  const query = new URLSearchParams(text);
  const filter: AssetFilter = {};
  const put = <Field extends keyof AssetFilter>(
    field: Field,
    name: string,
    accepted: RegExp,
    value: (text: string) => AssetFilter[Field] = (given) => given as AssetFilter[Field],
  ): void => {
    const given = query.get(name);
    if (given !== null && accepted.test(given)) filter[field] = value(given);
  };
  put('folder', names.folder, /^[^]{1,4096}$/);
  put('takenFrom', names.takenFrom, /^\d{4}(-\d\d){0,2}$/);
  put('takenTo', names.takenTo, /^\d{4}(-\d\d){0,2}$/);
  put('captionSource', names.captionSource, /^(person|model|file)$/);
  put('pack', names.pack, /^.{1,200}$/);
  put('origin', names.origin, /^(imported|sketched|painted)$/);
  put('job', names.job, /^[A-Za-z0-9_-]{1,64}$/);
  put('captioned', 'caption', /^(yes|no)$/, (given) => given === 'yes');
  put('dated', 'date', /^(yes|no)$/, (given) => given === 'yes');
  const tags = query.getAll('tag').filter((tag) => tag.trim() !== '' && tag.length <= 100);
  if (tags.length > 0) filter.tags = tags.slice(0, 50);
  const labels = query.getAll('label').filter((label) => label.trim() !== '' && label.length <= 100);
  if (labels.length > 0) filter.labels = labels.slice(0, 50);
  const words = query.getAll('word').filter((word) => word !== '' && word.length <= 200);
  if (words.length > 0) filter.words = words.slice(0, 50);
  const assets = (name: string): string[] => query.getAll(name).filter((id) => /^[0-9a-f]{64}$/.test(id));
  const texts = (name: string): string[] => query.getAll(name).filter((one) => one.trim() !== '');
  return {
    filter,
    search: {
      text: query.get('q') ?? '',
      withTexts: texts('with'),
      withoutTexts: texts('without'),
      like: assets('like'),
      unlike: assets('unlike'),
    },
  };
}
