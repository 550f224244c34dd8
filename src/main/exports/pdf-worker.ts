import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PDFiumLibrary } from '@hyzyla/pdfium';
import { NodeCompiler, type NodeTypstDocument } from '@myriaddreamin/typst-ts-node-compiler';

/** Sets a document. Files and fonts that an earlier request brought stay until they are dropped. */
export interface SetRequest {
  kind: 'set';
  id: number;
  template: string;
  /** JSON, as the page design reads it. */
  data: string;
  /** Files new since the last request, by absolute path in the workspace. */
  files: { path: string; bytes: Uint8Array }[];
  /** Paths of files that no document needs any more. */
  drop: string[];
  /** Null leaves those of the last request. */
  fonts: Uint8Array[] | null;
  /** Written into the document as its date, in seconds since 1970. */
  timestamp: number;
  /** Keeps the PDF open for drawing under this name, and answers with its pages instead of its bytes. */
  keep: string | null;
}

/** Draws a page of a kept PDF. */
export interface DrawRequest {
  kind: 'draw';
  id: number;
  document: string;
  /** From 0. */
  page: number;
  /** In pixels. */
  width: number;
}

/** Closes a kept PDF. */
export interface CloseRequest {
  kind: 'close';
  document: string;
}

export type TypesetterRequest = SetRequest | DrawRequest | CloseRequest;

/** Where a panel stands: its number, and its first and last page, from 1. */
export interface PanelPlace {
  panel: number;
  first: number;
  last: number;
}

export interface SetAnswer {
  /** Empty where the document was kept. */
  pdf: Uint8Array;
  /** Why the document could not be made to PDF/UA-1 and is a plain tagged PDF; null when it could. */
  problem: string | null;
  /** In points; only of a kept document. */
  pages: { width: number; height: number }[];
  places: PanelPlace[];
}

/** RGBA, 8 bits a channel. */
export interface DrawAnswer {
  pixels: Uint8Array;
  width: number;
  height: number;
}

export type TypesetterReply =
  { id: number; ok: true; answer: SetAnswer | DrawAnswer } | { id: number; ok: false; message: string };

/** What the thread is started with. */
export interface TypesetterData {
  /** Root of the virtual files; nothing is read from it. */
  workspace: string;
  /** PDFium's WebAssembly, for a thread that draws; null where it only sets. */
  pdfium: ArrayBuffer | null;
}

type Pdfium = Awaited<ReturnType<typeof PDFiumLibrary.init>>;
type OpenPdf = Awaited<ReturnType<Pdfium['loadDocument']>>;

/**
 * The typesetter, in a thread of its own, because it blocks the thread it runs in: Typst sets pages, PDFium draws them.
 * Typst remembers what it has set, so that a document that changes little is set again in a fraction of the time.
 */
class Thread {
  readonly #workspace: string;
  readonly #pdfium: Promise<Pdfium> | null;
  readonly #kept = new Map<string, OpenPdf>();
  #compiler: NodeCompiler | null = null;
  #fonts = '';
  readonly #files = new Map<string, Buffer>();

  constructor({ workspace, pdfium }: TypesetterData) {
    this.#workspace = workspace;
    this.#pdfium = pdfium && PDFiumLibrary.init({ wasmBinary: pdfium });
  }

  async set({ template, data, files, drop, fonts, timestamp, keep }: SetRequest): Promise<SetAnswer> {
    const compiler = this.#compilerWith(fonts);
    for (const path of drop) {
      this.#files.delete(path);
      compiler.unmapShadow(path);
    }
    for (const { path, bytes } of files) {
      this.#files.set(path, buffer(bytes));
      compiler.mapShadow(path, buffer(bytes));
    }
    compiler.mapShadow(join(this.#workspace, 'story.json'), Buffer.from(data));
    const compiled = compiler.compile({ mainFileContent: template });
    const failure = compiled.takeError();
    const document = compiled.result;
    if (document === null || failure !== null) {
      throw new Error(failure ? describe(compiler.fetchDiagnostics(failure)) : 'no document');
    }
    const { pdf, problem } = write(compiler, document, timestamp);
    compiler.evictCache(10);
    if (keep === null) return { pdf, problem, pages: [], places: [] };
    const open = await (await this.#pdfium!).loadDocument(pdf);
    this.#kept.set(keep, open);
    const pages = Array.from({ length: open.getPageCount() }, (_, index) => {
      const { originalWidth, originalHeight } = open.getPage(index).getOriginalSize();
      return { width: originalWidth, height: originalHeight };
    });
    const [places = []] = compiler.query(document, {
      selector: '<places>',
      field: 'value',
    }) as PanelPlace[][];
    return { pdf: new Uint8Array(), problem, pages, places };
  }

  async draw({ document, page, width }: DrawRequest): Promise<DrawAnswer> {
    const open = this.#kept.get(document);
    if (open === undefined || page >= open.getPageCount()) throw new Error('no such page');
    const sheet = open.getPage(page);
    const { originalWidth, originalHeight } = sheet.getOriginalSize();
    const height = Math.round((width * originalHeight) / originalWidth);
    const { data, ...size } = await sheet.render({ width, height, render: 'bitmap' });
    return { pixels: data, width: size.width, height: size.height };
  }

  close({ document }: CloseRequest): void {
    this.#kept.get(document)?.destroy();
    this.#kept.delete(document);
  }

  /** Fonts are given to a compiler when it is made: other fonts need another compiler, with the files of the old one. */
  #compilerWith(fonts: Uint8Array[] | null): NodeCompiler {
    if (fonts !== null) {
      const name = createHash('sha256');
      for (const font of fonts) name.update(font.subarray(0, 4096)).update(String(font.length));
      const digest = name.digest('hex');
      if (this.#compiler === null || digest !== this.#fonts) {
        this.#fonts = digest;
        this.#compiler = NodeCompiler.create({
          workspace: this.#workspace,
          fontArgs: [{ fontBlobs: fonts.map(buffer) }],
        });
        for (const [path, bytes] of this.#files) this.#compiler.mapShadow(path, bytes);
      }
    }
    if (this.#compiler === null) throw new Error('no fonts');
    return this.#compiler;
  }
}

function write(
  compiler: NodeCompiler,
  document: NodeTypstDocument,
  timestamp: number,
): { pdf: Uint8Array; problem: string | null } {
  const options = { creationTimestamp: timestamp };
  try {
    return { pdf: compiler.pdf(document, { ...options, pdfStandard: 'ua-1' }), problem: null };
  } catch (error) {
    // PDF/UA refuses, for one, characters no font has a glyph for. A tagged PDF is the next best thing.
    return {
      pdf: compiler.pdf(document, options),
      problem: error instanceof Error ? error.message : String(error),
    };
  }
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function describe(diagnostics: unknown[]): string {
  return diagnostics
    .map((one) => (one as { message?: unknown }).message)
    .filter((message) => typeof message === 'string')
    .join('; ');
}

const thread = new Thread(workerData as TypesetterData);
const port = parentPort!;
/** One thing after another: PDFium answers later, and a document must not be closed while it is drawn. */
let before: Promise<void> = Promise.resolve();

port.on('message', (request: TypesetterRequest) => {
  before = before.then(async () => {
    if (request.kind === 'close') {
      thread.close(request);
      return;
    }
    let reply: TypesetterReply;
    try {
      const answer = request.kind === 'set' ? await thread.set(request) : await thread.draw(request);
      reply = { id: request.id, ok: true, answer };
    } catch (error) {
      reply = { id: request.id, ok: false, message: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(reply);
  });
});
