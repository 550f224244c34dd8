import ExifReader, { type ExpandedTags } from 'exifreader';

/** What a picture's metadata says about it. */
export interface Metadata {
  /** ISO 8601; with a zone only where the file gives one; null when not known. */
  takenAt: string | null;
  /** EXIF orientation, 1 to 8. */
  orientation: number;
  /** The first of XMP `dc:description`, IPTC `Caption-Abstract` and EXIF `ImageDescription` that says something. */
  caption: string | null;
  /** XMP `dc:subject` and IPTC `Keywords`, each once. */
  keywords: string[];
}

/** What cameras and scanners write where a description belongs. */
const cameraFiller =
  /^(olympus digital camera|sony dsc|samsung|samsung camera pictures|kodak digital still camera|minolta digital camera|digital camera|dcim|default|untitled|image|exif_jpeg_picture|created with gimp|screenshot|dav|binary comment|[^\p{L}\p{N}\p{So}]*)$/iu;

/**
 * Reads date, orientation and caption from a picture's bytes (EXIF 2.32, XMP, IPTC-IIM). Metadata that cannot be
 * parsed counts as none: a picture is worth having without it.
 *
 * @param xmp the XMP packet, where another reader has found one; used when none is found in `bytes`
 */
export async function readMetadata(bytes: Uint8Array, xmp: Uint8Array | null = null): Promise<Metadata> {
  const tags = await load(bytes);
  if (tags.xmp === undefined && xmp !== null) {
    const packet = await load(xmp);
    if (packet.xmp !== undefined) tags.xmp = packet.xmp;
  }
  const orientation = tags.exif?.Orientation?.value;
  return {
    takenAt:
      dateOf(textOf(tags.exif?.DateTimeOriginal), textOf(tags.exif?.OffsetTimeOriginal)) ??
      dateOf(textOf(tags.exif?.DateTimeDigitized), textOf(tags.exif?.OffsetTimeDigitized)) ??
      dateOf(textOf(tags.xmp?.['DateTimeOriginal'])) ??
      dateOf(textOf(tags.xmp?.['DateCreated'])),
    orientation: typeof orientation === 'number' && orientation >= 1 && orientation <= 8 ? orientation : 1,
    caption:
      captionOf(textOf(tags.xmp?.['description'])) ??
      captionOf(textOf(tags.iptc?.['Caption/Abstract'])) ??
      captionOf(textOf(tags.exif?.ImageDescription)),
    keywords: keywordsOf([...listOf(tags.xmp?.['subject']), ...listOf(tags.iptc?.['Keywords'])]),
  };
}

/** The most keywords taken from one file, and the longest. */
const mostKeywords = 100;
const longestKeyword = 100;

function keywordsOf(found: readonly string[]): string[] {
  const keywords = new Map<string, string>();
  for (const text of found) {
    const keyword = text.replaceAll('\0', '').trim();
    if (keyword === '' || keyword.length > longestKeyword || keywords.size >= mostKeywords) continue;
    const key = keyword.normalize('NFC').toLowerCase();
    if (!keywords.has(key)) keywords.set(key, keyword);
  }
  return [...keywords.values()];
}

/** The texts of a tag that holds several (an XMP bag, or an IPTC field that is repeated), or one. */
function listOf(tag: unknown): string[] {
  if (Array.isArray(tag)) return tag.flatMap(listOf);
  if (typeof tag !== 'object' || tag === null) return [];
  const { value, description } = tag as { value?: unknown; description?: unknown };
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    return value.flatMap(listOf);
  }
  if (typeof description === 'string') return [description];
  return typeof value === 'string' ? [value] : [];
}

async function load(bytes: Uint8Array): Promise<ExpandedTags> {
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return await ExifReader.load(buffer, { expanded: true, async: true });
  } catch {
    return {};
  }
}

/** The text of a tag; of a text in several languages, the one marked as default, or else the first. */
function textOf(tag: unknown): string | undefined {
  if (typeof tag !== 'object' || tag === null) return undefined;
  const { value, description } = tag as { value?: unknown; description?: unknown };
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    const texts = value as { value?: unknown; attributes?: { [name: string]: unknown } }[];
    const chosen =
      texts.find((text) => (text.attributes?.['xml:lang'] ?? text.attributes?.['lang']) === 'x-default') ??
      texts[0];
    return typeof chosen?.value === 'string' ? chosen.value : undefined;
  }
  return typeof description === 'string' ? description : undefined;
}

function captionOf(text: string | undefined): string | null {
  const caption = text?.replaceAll('\0', '').trim() ?? '';
  return cameraFiller.test(caption) ? null : caption;
}

/** EXIF (`2019:08:01 12:34:56`) or ISO 8601 (XMP) to ISO 8601, or null when it is no date. */
function dateOf(text: string | undefined, zone?: string): string | null {
  const match =
    /^(\d{4})[:-](\d\d)[:-](\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(
      text?.replaceAll('\0', '').trim() ?? '',
    );
  if (match === null) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', ownZone] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const parsed = new Date(`${local}Z`);
  // `Date` takes 2019-02-31 for a day in March, and cameras without a clock write 0000:00:00.
  if (Number.isNaN(parsed.getTime()) || !parsed.toISOString().startsWith(local) || year === '0000')
    return null;
  const offset = ownZone ?? zone?.replaceAll('\0', '').trim() ?? '';
  return local + (/^(Z|[+-]\d\d:\d\d)$/.test(offset) ? offset : '');
}
