import { copyFile, readFile, writeFile } from 'node:fs/promises';
import type { ExifTool, WriteTags } from 'exiftool-vendored';
import type { CaptionOptions } from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import { readMetadata } from '../library/metadata.ts';
import { findSidecars, readSidecar, sidecarPaths } from '../library/sidecars.ts';
import { writeWhole } from '../whole-file.ts';
import { joinCaptions } from './compose.ts';

type Mode = CaptionOptions['mode'];

/** An XMP document that says nothing yet (XMP specification, part 1). */
const emptySidecar = `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>
<?xpacket end="w"?>
`;

/**
 * Writes captions where photo programs look for them: XMP `dc:description`, IPTC `Caption-Abstract` and EXIF
 * `ImageDescription`, as far as the format has them. Whatever else stands there stays. ExifTool does it, in a process
 * of its own that starts with the first caption; each file is written beside the old one and renamed.
 */
export class MetadataWriter {
  #tool: ExifTool | undefined;

  /**
   * Writes a caption into the XMP file beside a picture: into the one that is there, else into a new `photo.jpg.xmp`.
   * The picture itself is not touched.
   *
   * @param mode What becomes of a description that is there, as in {@link joinCaptions}.
   * @returns the file written; null where what it says already stays
   * @throws FabulaError naming the file
   */
  async writeSidecar(picture: string, caption: string, mode: Mode): Promise<string | null> {
    const there = (await findSidecars(picture))[0];
    const sidecar = there?.path ?? sidecarPaths(picture)[0];
    try {
      const before = there?.bytes ?? Buffer.from(emptySidecar);
      const said = (await readSidecar(before)).caption ?? '';
      const text = joinCaptions(said, caption, mode);
      if (text === said) return null;
      await writeWhole(sidecar, async (temporary) => {
        await writeFile(temporary, before, { flag: 'wx' });
        await this.#write(temporary, sidecar, { 'XMP-dc:Description': text });
      });
      return sidecar;
    } catch (error) {
      throw explainFileError(error, sidecar);
    }
  }

  /**
   * Writes a caption into a picture. Its pixels, and all else its metadata says, stay; its bytes change.
   *
   * @param beforeRename Is given the new file before it takes the picture's place.
   * @returns false where what it says already stays
   * @throws FabulaError naming the file
   */
  async writeInto(
    picture: string,
    caption: string,
    mode: Mode,
    beforeRename: (file: string) => Promise<void>,
  ): Promise<boolean> {
    try {
      const said = (await readMetadata(await readFile(picture))).caption ?? '';
      const text = joinCaptions(said, caption, mode);
      if (text === said) return false;
      await writeWhole(picture, async (temporary) => {
        await copyFile(picture, temporary);
        await this.#write(temporary, picture, {
          'XMP-dc:Description': text,
          'IPTC:Caption-Abstract': text,
          'IPTC:CodedCharacterSet': 'UTF8',
          'EXIF:ImageDescription': text,
        });
        await beforeRename(temporary);
      });
      return true;
    } catch (error) {
      throw explainFileError(error, picture);
    }
  }

  /** Ends ExifTool's process. */
  async close(): Promise<void> {
    await this.#tool?.end();
    this.#tool = undefined;
  }

  async #start(): Promise<ExifTool> {
    if (this.#tool === undefined) {
      // Only now: a start of the studio has no use for it.
      const { ExifTool } = await import('exiftool-vendored');
      this.#tool ??= new ExifTool({ maxProcs: 1, useMWG: false, taskRetries: 0 });
    }
    return this.#tool;
  }

  async #write(file: string, shown: string, tags: Record<string, string>): Promise<void> {
    const tool = await this.#start();
    let written: { created: number; updated: number };
    try {
      // The names are ExifTool's own, with their groups; the library's type lists them without.
      written = await tool.write(file, tags as WriteTags, { writeArgs: ['-overwrite_original', '-P'] });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.replaceAll(file, shown) : String(cause);
      throw /ENOENT|spawn/.test(reason)
        ? new FabulaError(
            'unavailable',
            'Writing captions into metadata needs Perl, which is not on this machine. Install it, or write .txt, CSV or JSONL files instead.',
            { file: shown },
            { cause },
          )
        : new FabulaError(
            'unreadable-image',
            `The metadata of “${shown}” cannot be written: ${reason}. The file is as it was.`,
            { file: shown },
            { cause },
          );
    }
    if (written.created + written.updated === 0) {
      throw new FabulaError(
        'unsupported-format',
        `“${shown}” is of a format whose metadata cannot be written. Write an XMP file beside it instead.`,
        { file: shown },
      );
    }
  }
}
