import { SvelteMap } from 'svelte/reactivity';
import * as api from '../api.ts';
import { blurredAddress } from './blurred.ts';

/** Blurred pictures kept ready, by their ThumbHash; the oldest go first. */
const kept = 2000;
/** The most pictures asked about at once. */
const askedAtOnce = 1000;

const addresses = new Map<string, string | null>();

/** The address of the blurred picture of a ThumbHash; null where there is none. */
export function blurred(hash: string | null): string | null {
  if (hash === null) return null;
  let address = addresses.get(hash);
  if (address === undefined) {
    address = blurredAddress(hash);
    const [oldest] = addresses.keys();
    if (addresses.size >= kept && oldest !== undefined) addresses.delete(oldest);
    addresses.set(hash, address);
  }
  return address;
}

/** ThumbHashes of assets known by their id only, as in stories: null where there is none, absent while it is not known. */
const hashes = new SvelteMap<string, string | null>();
const wanted = new Set<string>();

/** The ThumbHash of an asset, when it has come; those asked for in one go are fetched together. */
export function thumbHashOf(asset: string): string | null {
  return hashes.get(asset) ?? null;
}

/** Sees to it that {@link thumbHashOf} comes to know an asset. */
export function wantThumbHash(asset: string): void {
  if (hashes.has(asset) || wanted.has(asset)) return;
  if (wanted.size === 0) queueMicrotask(() => void fetchWanted());
  wanted.add(asset);
}

async function fetchWanted(): Promise<void> {
  const assets = [...wanted].slice(0, askedAtOnce);
  // A picture without its blurred one first is no problem to tell of.
  const found = await api
    .command('library.thumbHashes', { assets })
    .catch(() => ({}) as Record<string, string>);
  for (const asset of assets) {
    wanted.delete(asset);
    hashes.set(asset, found[asset] ?? null);
  }
  if (wanted.size > 0) await fetchWanted();
}
