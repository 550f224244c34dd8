import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile as ZipReader } from 'yauzl';
import { ZipFile as ZipWriter } from 'yazl';
import { z } from 'zod';
import type { OpenStory } from '../../shared/contract.ts';
import { FabulaError, toFailure } from '../../shared/errors.ts';
import { AssetIdSchema, StorySchema, type Story } from '../../shared/story.ts';
import { explainFileError } from '../fs-errors.ts';
import type { Library } from '../library/library.ts';

/**
 * `.fabula`: a ZIP of `story.json` and `images/`, so that a story can be read without Fabula. `story.json` holds the
 * story record, and for every picture its file in `images/`, name, origin and caption. Picture files are named by the
 * SHA-256 of their bytes.
 */

/** What an archive needs of the library. */
export type ArchiveLibrary = Pick<Library, 'get' | 'bytes' | 'importBytes' | 'setCaption' | 'remove'>;

const PictureSchema = z.object({
  asset: AssetIdSchema,
  file: z
    .string()
    .regex(/^images\/[0-9a-f]{64}\.[a-z0-9]{1,5}$/, 'a picture lies in images/ and is named by its hash'),
  name: z.string().max(1000),
  origin: z.enum(['imported', 'sketched', 'painted']),
  caption: z
    .object({
      text: z.string().max(100_000),
      source: z.enum(['person', 'model', 'file']),
      pack: z.string().max(200).nullable(),
    })
    .nullable(),
});
type Picture = z.infer<typeof PictureSchema>;

/** Grows when a reader of today could not read what is written. */
const format = 1;

const ArchiveSchema = z.object({
  format: z.literal(format),
  story: StorySchema,
  pictures: z.array(PictureSchema).max(100_000),
});

const extensions: Record<string, string> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
  'image/tiff': 'tif',
  'image/svg+xml': 'svg',
  'image/heic': 'heic',
  'image/heif': 'heif',
};

/**
 * Writes a story and every picture any of its versions shows. The same story and pictures give the same bytes. The
 * file appears whole or not at all.
 *
 * @returns one warning for every picture that could not be read and is therefore missing from the archive
 */
export async function writeArchive(
  story: Story,
  library: Pick<Library, 'get' | 'bytes'>,
  file: string,
  {
    signal,
    onProgress = () => {},
  }: {
    signal?: AbortSignal | undefined;
    onProgress?: ((done: number, total: number) => void) | undefined;
  } = {},
): Promise<{ warnings: string[] }> {
  const temporary = `${file}.${process.pid}.tmp`;
  // ZIP times have no zone and two-second steps; the story's own time makes the bytes repeatable.
  const options = { mtime: new Date(story.updatedAt), forceDosTimestamp: true };
  const zip = new ZipWriter();
  const failed = new AbortController();
  const written = pipeline(zip.outputStream, createWriteStream(temporary), {
    signal: signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]),
  });
  // It may fail while nobody waits for it yet; whoever waits later hears of it.
  written.catch(() => {});
  try {
    const warnings: string[] = [];
    const pictures: Picture[] = [];
    const renamed = new Map<string, string>();
    const assets = pictureAssets(story);
    for (const [index, id] of assets.entries()) {
      signal?.throwIfAborted();
      try {
        const asset = library.get(id);
        const { bytes, mime } = await library.bytes(id);
        const hash = createHash('sha256').update(bytes).digest('hex');
        // A picture that a caption was written into has other bytes than the ones it is known by here.
        if (hash !== id) renamed.set(id, hash);
        const path = `images/${hash}.${extensions[mime] ?? 'bin'}`;
        await Promise.race([written, addPicture(zip, path, bytes, options)]);
        pictures.push({
          asset: hash,
          file: path,
          name: asset.name,
          origin: asset.origin,
          caption: asset.caption && {
            text: asset.caption.text,
            source: asset.caption.source,
            pack: asset.caption.pack,
          },
        });
      } catch (error) {
        if (!(error instanceof FabulaError)) throw error;
        warnings.push(`A picture is missing from the archive: ${error.message}`);
      }
      onProgress(index + 1, assets.length);
    }
    const archived = renamed.size === 0 ? story : withAssets(story, renamed);
    const json = JSON.stringify({ format, story: archived, pictures }, null, 1);
    zip.addBuffer(Buffer.from(json), 'story.json', options);
    zip.end();
    await written;
    await rename(temporary, file);
    return { warnings };
  } catch (error) {
    failed.abort();
    await written.catch(() => {});
    await rm(temporary, { force: true });
    throw explainFileError(error, file);
  }
}

/** Adds one picture, as it is, and waits until it is written, so that one picture at a time is in memory. */
async function addPicture(
  zip: ZipWriter,
  path: string,
  bytes: Uint8Array,
  options: { mtime: Date; forceDosTimestamp: boolean },
): Promise<void> {
  const stream = Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
  zip.addReadStream(stream, path, { ...options, compress: false, size: bytes.byteLength });
  await finished(stream);
}

/** The story with some of its pictures under other ids. */
function withAssets(story: Story, renamed: ReadonlyMap<string, string>): Story {
  return {
    ...story,
    panels: story.panels.map((panel) => ({
      ...panel,
      blocks: panel.blocks.map((block) =>
        block.type === 'text'
          ? block
          : {
              ...block,
              versions: block.versions.map((version) => ({
                ...version,
                asset: renamed.get(version.asset) ?? version.asset,
              })),
            },
      ),
    })),
  };
}

/** The pictures of every version of every image block, each once, in the order of the story. */
function pictureAssets(story: Story): string[] {
  const found = new Set<string>();
  for (const panel of story.panels) {
    for (const block of panel.blocks) {
      if (block.type !== 'image') continue;
      for (const version of block.versions) found.add(version.asset);
    }
  }
  return [...found];
}

/** The most an archive may unfold to, in bytes and files; larger ones are refused before anything is unpacked. */
export const archiveLimits = {
  storyBytes: 256 * 2 ** 20,
  pictureBytes: 512 * 2 ** 20,
  totalBytes: 16 * 2 ** 30,
  files: 100_001,
  /** Text and pictures do not shrink more than this; files that claim to are made to fill the memory. */
  ratio: 300,
};

/**
 * Reads a `.fabula` file: every entry's path, size and hash is checked before the first picture goes into the
 * library; when anything fails later, the pictures this call added are taken out again. Pictures the library has
 * already keep their own captions.
 *
 * @throws FabulaError naming the file: `unsafe-path`, `unsupported-format` (written by a newer Fabula), or
 *   `invalid-input` (not an archive, damaged, too large unpacked)
 */
export async function readArchive(
  file: string,
  {
    library,
    stories,
    signal,
    limits = archiveLimits,
  }: {
    library: ArchiveLibrary;
    stories: { insert(story: Story): OpenStory };
    signal?: AbortSignal | undefined;
    limits?: typeof archiveLimits;
  },
): Promise<OpenStory> {
  const name = basename(file);
  let zip: ZipReader;
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false, strictFileNames: true });
  } catch (error) {
    const explained = explainFileError(error, name);
    if (explained instanceof FabulaError) throw explained;
    throw damaged(name, 'it is not a ZIP archive', error);
  }
  const added: string[] = [];
  try {
    const entries = await listEntries(zip, name, limits);
    const { story, pictures } = parseStory(await readEntry(zip, entries, 'story.json', name), name);
    for (const picture of pictures) {
      signal?.throwIfAborted();
      const bytes = await readEntry(zip, entries, picture.file, name);
      if (createHash('sha256').update(bytes).digest('hex') !== picture.asset) {
        throw damaged(
          name,
          `the picture ${picture.file} (“${picture.name}”) is not the one it was written with`,
        );
      }
      if (picture.origin !== 'imported' && picture.file.endsWith('.svg'))
        refuseActiveSvg(bytes, picture, name);
    }
    for (const picture of pictures) {
      signal?.throwIfAborted();
      const bytes = await readEntry(zip, entries, picture.file, name);
      const { asset, duplicate } = await library.importBytes(picture.name, bytes, { origin: picture.origin });
      if (!duplicate) added.push(asset.id);
      if (asset.caption === null && picture.caption !== null) library.setCaption(asset.id, picture.caption);
    }
    return stories.insert(story);
  } catch (error) {
    if (added.length > 0) await library.remove(added);
    if (error instanceof FabulaError || signal?.aborted === true) throw error;
    throw damaged(name, toFailure(error).message, error);
  } finally {
    zip.close();
  }
}

function damaged(name: string, why: string, cause?: unknown): FabulaError {
  return new FabulaError(
    'invalid-input',
    `“${name}” cannot be read: ${why}. Nothing was imported; use another copy of the file.`,
    { file: name },
    { cause },
  );
}

async function listEntries(
  zip: ZipReader,
  name: string,
  limits: typeof archiveLimits,
): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let total = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      if (entries.has(entry.fileName)) throw damaged(name, `it holds ${entry.fileName} twice`);
      if (entry.isEncrypted()) throw damaged(name, `${entry.fileName} is encrypted`);
      total += entry.uncompressedSize;
      const most = entry.fileName === 'story.json' ? limits.storyBytes : limits.pictureBytes;
      if (
        entry.uncompressedSize > most ||
        total > limits.totalBytes ||
        entries.size >= limits.files ||
        entry.uncompressedSize > 2 ** 20 + limits.ratio * entry.compressedSize
      ) {
        throw damaged(name, `it would unfold to more than an archive may hold (at ${entry.fileName})`);
      }
      entries.set(entry.fileName, entry);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/^(absolute path|invalid relative path|invalid characters in fileName)/.test(message)) {
      throw new FabulaError(
        'unsafe-path',
        `“${name}” holds a file that points outside the archive (${message}). Nothing was imported.`,
        { file: name },
        { cause: error },
      );
    }
    throw error;
  }
  return entries;
}

async function readEntry(
  zip: ZipReader,
  entries: ReadonlyMap<string, Entry>,
  path: string,
  name: string,
): Promise<Buffer> {
  const entry = entries.get(path);
  if (entry === undefined) throw damaged(name, `${path} is missing from it`);
  const chunks: Buffer[] = [];
  // yauzl ends the stream with an error as soon as it brings more or fewer bytes than the entry declares.
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function parseStory(bytes: Buffer, name: string): { story: Story; pictures: Picture[] } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw damaged(name, 'its story.json is not JSON', error);
  }
  const found = z.object({ format: z.number() }).safeParse(value);
  if (found.success && found.data.format > format) {
    throw new FabulaError(
      'unsupported-format',
      `“${name}” was written by a newer Fabula (format ${found.data.format}; this one reads ${format}). Update Fabula to open it. Nothing was imported.`,
      { file: name },
    );
  }
  const parsed = ArchiveSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw damaged(name, `its story.json has a wrong field ${issue!.path.join('.')}: ${issue!.message}`);
  }
  return parsed.data;
}

/** A drawing stays vector art in exports, so one from elsewhere must not bring scripts or reach for other files. */
function refuseActiveSvg(bytes: Buffer, picture: Picture, name: string): void {
  const active =
    /<\s*script|<\s*foreignObject|<\s*iframe|\son[a-z]+\s*=|javascript:|<!ENTITY|<!DOCTYPE|@import|href\s*=\s*["']?\s*(?!["']|#|data:image\/(?:png|jpeg);)[^\s"'>]|url\(\s*["']?(?!["']?\s*#)/i;
  if (active.test(bytes.toString('utf8'))) {
    throw damaged(name, `the drawing ${picture.file} has scripts or refers to other files`);
  }
}
