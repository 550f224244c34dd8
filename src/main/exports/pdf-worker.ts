import { parentPort, workerData } from 'node:worker_threads';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';

/** What the worker is handed: the page design, its files by absolute path, and the fonts. */
export interface TypesetRequest {
  /** Root of the virtual files; nothing is read from it. */
  workspace: string;
  template: string;
  files: { path: string; bytes: Uint8Array }[];
  fonts: Uint8Array[];
  /** Written into the document as its date, in seconds since 1970. */
  timestamp: number;
}

export type TypesetReply =
  /** `problem` says why the document could not be made to PDF/UA-1 and is a plain tagged PDF; null when it could. */
  { ok: true; pdf: Uint8Array; problem: string | null } | { ok: false; message: string };

/**
 * Sets a document with Typst, in a thread of its own: the compiler blocks the thread it runs in, and is thrown away
 * with it.
 */
function typeset({ workspace, template, files, fonts, timestamp }: TypesetRequest): TypesetReply {
  const compiler = NodeCompiler.create({ workspace, fontArgs: [{ fontBlobs: fonts.map(buffer) }] });
  for (const { path, bytes } of files) compiler.mapShadow(path, buffer(bytes));
  const compiled = compiler.compile({ mainFileContent: template });
  const problem = compiled.takeError();
  const document = compiled.result;
  if (document === null || problem !== null) {
    return { ok: false, message: problem ? describe(compiler.fetchDiagnostics(problem)) : 'no document' };
  }
  const options = { creationTimestamp: timestamp };
  try {
    return {
      ok: true,
      pdf: compiler.pdf(document, { ...options, pdfStandard: 'ua-1' }),
      problem: null,
    };
  } catch (error) {
    // PDF/UA refuses, for one, characters no font has a glyph for. A tagged PDF is the next best thing.
    const problem = error instanceof Error ? error.message : String(error);
    return { ok: true, pdf: compiler.pdf(document, options), problem };
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

let reply: TypesetReply;
try {
  reply = typeset(workerData as TypesetRequest);
} catch (error) {
  reply = { ok: false, message: error instanceof Error ? error.message : String(error) };
}
parentPort!.postMessage(reply);
