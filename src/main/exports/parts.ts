import type { ExportOptions } from '../../shared/contract.ts';

/** Where exports get pictures from: the original bytes of an asset. */
export type PictureSource = (asset: string) => Promise<{ bytes: Uint8Array; mime: string }>;

/** What an export works with besides the story. */
export interface ExportParts {
  options: ExportOptions;
  pictures: PictureSource;
  /** The asset's own caption, used as alternative text where the story has none. */
  captionOf?: ((asset: string) => string | null) | undefined;
  /** Pixels of an asset as the library knows them, which pages are laid out by; null where it does not know it. */
  sizeOf?: ((asset: string) => { width: number; height: number } | null) | undefined;
  /** What `{date}` stands for in header and footer; when the story was last changed unless given. */
  date?: Date | undefined;
  signal?: AbortSignal | undefined;
  /** Hears of steps done of all steps. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Hears of pictures that are missing or cannot be read; the export goes on without them. */
  onWarning?: ((message: string) => void) | undefined;
}
