import { Readable } from 'node:stream';
import type { Protocol } from 'electron';
import type { MediaSize } from '../../shared/contract.ts';
import { toFailure } from '../../shared/errors.ts';
import { contentSecurityPolicy, openContained, previewAddress, type WindowFile } from '../served-files.ts';
import type { Studio } from '../studio.ts';
import { mediaOrigin, scheme } from './address.ts';

const pageAddress = previewAddress('/previews');
const mediaAddress = /^\/(thumb|preview|full)\/([0-9a-f]{64})$/;

/**
 * To be called before the app is ready. `standard` gives the window a real origin, `secure` the features kept for
 * https, `stream` lets large pictures be read piece by piece. The policy is never bypassed.
 */
export function registerScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
}

/**
 * Serves the window's files, the library's pictures and the pages of previews: `fabula://app/…`,
 * `fabula://media/thumb/<asset>`, `fabula://media/previews/<preview>/<page>/<width>`.
 */
export function serve(
  protocol: Pick<Protocol, 'handle'>,
  files: Map<string, WindowFile>,
  studio: Pick<Studio, 'library' | 'cacheDir' | 'exports'>,
): void {
  protocol.handle(scheme, async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405);
    try {
      const address = new URL(request.url);
      if (address.host === 'app') return await windowFile(files, address.pathname);
      const page = address.host === 'media' ? pageAddress(address.pathname) : null;
      if (page !== null) {
        const bytes = await studio.exports.previewPage(page.preview, page.page, page.width, request.signal);
        return new Response(bytes as Uint8Array<ArrayBuffer>, {
          headers: { ...headers, 'Content-Type': 'image/png', 'Cache-Control': 'no-store' },
        });
      }
      const media = address.host === 'media' ? mediaAddress.exec(address.pathname) : null;
      if (media === null) return refusal(404);
      const { file, mime } = await studio.library.media(media[2]!, media[1] as MediaSize);
      return await respond(studio.cacheDir, file, mime, true);
    } catch (error) {
      const { code } = toFailure(error);
      return refusal(code === 'not-found' ? 404 : code === 'unsafe-path' ? 403 : 500);
    }
  });
}

async function windowFile(files: Map<string, WindowFile>, path: string): Promise<Response> {
  const found = files.get(path);
  if (found === undefined) return refusal(404);
  const { root, file, mime, immutable } = found;
  return respond(root, file, mime, immutable);
}

async function respond(root: string, file: string, mime: string, immutable: boolean): Promise<Response> {
  const { handle, bytes } = await openContained(root, file);
  // The types of Node's and the window's streams are declared apart; the object is the same.
  const body = Readable.toWeb(handle.createReadStream()) as unknown as ReadableStream<Uint8Array>;
  return new Response(body, {
    headers: {
      'Content-Type': mime,
      'Content-Length': String(bytes),
      'Cache-Control': immutable ? 'private, max-age=31536000, immutable' : 'no-cache',
      ...headers,
    },
  });
}

const headers = {
  'Content-Security-Policy': contentSecurityPolicy(mediaOrigin),
  'X-Content-Type-Options': 'nosniff',
};

function refusal(status: number): Response {
  return new Response(null, { status });
}
