import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { readMetadata, type Metadata } from './metadata.ts';

/** An XMP file is a few kilobytes; one larger than this is none. */
const largestSidecar = 8 * 2 ** 20;

/**
 * Where the XMP file of a picture may lie, the one most surely its own first: `photo.jpg.xmp` (digiKam, darktable), then
 * `photo.xmp` (Lightroom, Bridge), which pictures that differ only in their extension share.
 */
export function sidecarPaths(picture: string): [own: string, shared: string] {
  const stem = join(dirname(picture), basename(picture, extname(picture)));
  return [`${picture}.xmp`, `${stem}.xmp`];
}

/** The XMP files that lie beside a picture, with their bytes. What cannot be read counts as not there. */
export async function findSidecars(picture: string): Promise<{ path: string; bytes: Buffer }[]> {
  const found: { path: string; bytes: Buffer }[] = [];
  for (const path of sidecarPaths(picture)) {
    const bytes = await readFile(path).catch(() => null);
    if (bytes !== null && bytes.length <= largestSidecar) found.push({ path, bytes });
  }
  return found;
}

/** What the XMP files beside a picture say about it: of each thing, what the first of them says that says it. */
export async function readSidecars(
  picture: string,
): Promise<{ caption: string | null; takenAt: string | null; keywords: string[] }> {
  const said = { caption: null as string | null, takenAt: null as string | null, keywords: [] as string[] };
  for (const { bytes } of await findSidecars(picture)) {
    const { caption, takenAt, keywords } = await readSidecar(bytes);
    said.keywords.push(...keywords);
    said.caption ??= caption;
    said.takenAt ??= takenAt;
  }
  return said;
}

/** What an XMP file says. Some programs begin it as any XML, some as the packet it would be inside a picture. */
export async function readSidecar(bytes: Uint8Array): Promise<Metadata> {
  const text = new TextDecoder().decode(bytes).replace(/^\s*<\?xml[^>]*\?>\s*/, '');
  const packet = text.startsWith('<?xpacket') ? text : `<?xpacket begin="" id=""?>${text}<?xpacket end="w"?>`;
  return readMetadata(new Uint8Array(), new TextEncoder().encode(packet));
}
