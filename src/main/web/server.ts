import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { eventNames, type CommandName, type MediaSize } from '../../shared/contract.ts';
import { FabulaError, toFailure, type ErrorCode, type Result } from '../../shared/errors.ts';
import { commands, run } from '../commands.ts';
import {
  contentSecurityPolicy,
  listWindowFiles,
  openContained,
  previewAddress,
  type PreviewAddress,
  type WindowFile,
} from '../served-files.ts';
import type { Studio } from '../studio.ts';
import { Guard } from './guard.ts';
import { eventText, RecentEvents } from './recent-events.ts';

/** The studio's commands over HTTP, for a browser. It listens on this machine only unless told otherwise. */

export interface WebDoorOptions {
  studio: Studio;
  /** The folder of the built window. */
  windowDir: string;
  host?: string;
  /** 0, the default, lets the system choose. */
  port?: number;
  /** Chosen at random when absent. */
  token?: string;
  /** Bytes a command's input may have. */
  bodyLimit?: number;
  /** Bytes an uploaded picture may have. */
  uploadLimit?: number;
  /** Milliseconds between two signs of life on a quiet event stream. */
  heartbeat?: number;
}

export interface WebDoor {
  /** The address with the token: for the person, once. */
  url: string;
  /** The address without it. */
  origin: string;
  /** Ends event streams, lets running requests finish for a moment, and stops listening. */
  close(): Promise<void>;
}

const megabyte = 1024 * 1024;
const maxStreams = 64;
/** How long a window whose event stream broke waits before it comes back, in milliseconds. */
const reconnectAfter = 400;
const mediaAddress = /^\/media\/(thumb|preview|full)\/([0-9a-f]{64})$/;
const pageAddress = previewAddress('/previews');
const exportAddress = /^\/exports\/([A-Za-z0-9_-]{1,64})$/;

/** @throws FabulaError `unavailable` when the port is taken or the window has not been built. */
export async function openWebDoor(options: WebDoorOptions): Promise<WebDoor> {
  const host = options.host ?? '127.0.0.1';
  const files = await listWindowFiles(options.windowDir);
  const server = createServer({
    requestTimeout: 600_000,
    headersTimeout: 15_000,
    // Longer than a window is likely to rest: a command that meets a connection just being closed would fail.
    keepAliveTimeout: 120_000,
  });
  await listen(server, host, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  const guard = new Guard(host, port, options.token);
  const streams = new Set<ServerResponse>();
  const recent = new RecentEvents(options.studio.events);
  const handler = new Handler(options, files, guard, streams, recent);
  server.on(
    'request',
    (request: IncomingMessage, response: ServerResponse) => void handler.handle(request, response),
  );

  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const origin = `http://${shown}:${port}`;
  return {
    origin,
    url: `${origin}/?token=${guard.token}`,
    async close() {
      recent.close();
      for (const stream of streams) stream.end();
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeIdleConnections();
      const patience = setTimeout(() => {
        server.closeAllConnections();
      }, 3000);
      await closed;
      clearTimeout(patience);
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `Port ${port} is taken. Choose another with --port, or leave it out.`
          : `Cannot listen on ${host} port ${port}: ${error.message}.`;
      reject(new FabulaError('unavailable', why, {}, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

class Handler {
  readonly #studio: Studio;
  readonly #files: Map<string, WindowFile>;
  readonly #guard: Guard;
  readonly #streams: Set<ServerResponse>;
  readonly #recent: RecentEvents;
  readonly #bodyLimit: number;
  readonly #uploadLimit: number;
  readonly #heartbeat: number;

  constructor(
    options: WebDoorOptions,
    files: Map<string, WindowFile>,
    guard: Guard,
    streams: Set<ServerResponse>,
    recent: RecentEvents,
  ) {
    this.#studio = options.studio;
    this.#files = files;
    this.#guard = guard;
    this.#streams = streams;
    this.#recent = recent;
    this.#bodyLimit = options.bodyLimit ?? 64 * megabyte;
    this.#uploadLimit = options.uploadLimit ?? 512 * megabyte;
    this.#heartbeat = options.heartbeat ?? 15_000;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    try {
      await this.#route(request, response);
    } catch (error) {
      const failure = toFailure(error);
      if (response.headersSent) {
        // The answer has begun and cannot be taken back: breaking the connection is the only honest end.
        response.destroy();
        return;
      }
      answer(request, response, statusOf[failure.code] ?? 500, failure);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#guard.refusal(request);
    if (refusal !== null) throw new FabulaError('forbidden', refusal);

    // Addresses are compared as they came, undecoded: `..` and `%2e%2e` match nothing.
    const target = request.url ?? '/';
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));

    const token = path === '/' ? query.get('token') : null;
    if (token !== null && this.#guard.isToken(token)) {
      response.writeHead(303, {
        Location: '/',
        'Set-Cookie': this.#guard.setCookie(),
        'Cache-Control': 'no-store',
      });
      response.end();
      return;
    }
    if (!this.#guard.knows(request)) {
      throw new FabulaError('forbidden', 'Open the address that "fabula serve" printed, with its token.');
    }

    if (request.method === 'GET' || request.method === 'HEAD') {
      if (path === '/events') {
        this.#stream(request, response, Number(query.get('age') ?? 0));
        return;
      }
      const media = mediaAddress.exec(path);
      if (media !== null) {
        await this.#media(request, response, media[1] as MediaSize, media[2]!);
        return;
      }
      const page = pageAddress(path);
      if (page !== null) {
        await this.#page(request, response, page);
        return;
      }
      const finished = exportAddress.exec(path);
      if (finished !== null) {
        await this.#export(request, response, finished[1]!);
        return;
      }
      const file = this.#files.get(path);
      if (file !== undefined) {
        await this.#windowFile(request, response, file);
        return;
      }
    } else if (request.method === 'POST') {
      if (path === '/upload') {
        answer(request, response, 200, await this.#upload(request, query.get('name') ?? ''));
        return;
      }
      const name = path.startsWith('/command/') ? path.slice('/command/'.length) : null;
      if (name !== null && Object.hasOwn(commands, name)) {
        answer(request, response, 200, await this.#command(request, name as CommandName));
        return;
      }
    } else {
      response.setHeader('Allow', 'GET, HEAD, POST');
      answer(request, response, 405, toFailure(new FabulaError('invalid-input', 'Use GET or POST.')));
      return;
    }
    throw new FabulaError('not-found', 'There is nothing at this address.');
  }

  async #command(request: IncomingMessage, name: CommandName): Promise<Result<unknown>> {
    // A form of another site cannot send this type, whatever its cookies.
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      throw new FabulaError('invalid-input', 'Send the input as application/json.');
    }
    const body = await readBody(request, this.#bodyLimit);
    let input: unknown;
    try {
      input = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    } catch (error) {
      throw new FabulaError('invalid-input', `The input of ${name} is not valid JSON.`, {}, { cause: error });
    }
    return run(this.#studio, name, input);
  }

  /** Takes one picture, through a file rather than memory: the sender decides how slowly it comes. */
  async #upload(request: IncomingMessage, name: string): Promise<Result<unknown>> {
    if (name === '' || name.length > 1024 || /[/\\\0]/.test(name)) {
      throw new FabulaError(
        'invalid-input',
        'Give the file\'s name, without folders, as "name" in the address.',
      );
    }
    refuseLength(request, this.#uploadLimit);
    const folder = join(this.#studio.dataDir, 'temporary');
    await mkdir(folder, { recursive: true });
    const file = join(folder, `upload-${randomUUID()}`);
    try {
      await pipeline(unbroken(request), limited(this.#uploadLimit), createWriteStream(file, { flags: 'wx' }));
      return { ok: true, value: await this.#studio.upload(name, await readFile(file)) };
    } finally {
      await rm(file, { force: true });
    }
  }

  async #media(
    request: IncomingMessage,
    response: ServerResponse,
    size: MediaSize,
    asset: string,
  ): Promise<void> {
    const { file, mime } = await this.#studio.library.media(asset, size);
    await send(request, response, this.#studio.cacheDir, file, {
      'Content-Type': mime,
      // The address is the hash of the picture, so what it answers never changes.
      'Cache-Control': 'private, max-age=31536000, immutable',
    });
  }

  async #page(
    request: IncomingMessage,
    response: ServerResponse,
    { preview, page, width }: PreviewAddress,
  ): Promise<void> {
    // A window that scrolls on no longer wants the page.
    const left = new AbortController();
    response.once('close', () => left.abort());
    const bytes = await this.#studio.exports.previewPage(preview, page, width, left.signal);
    response.writeHead(200, {
      'Content-Type': 'image/png',
      'Content-Length': bytes.length,
      'Cache-Control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  async #export(request: IncomingMessage, response: ServerResponse, job: string): Promise<void> {
    const { file, name, mime } = this.#studio.exports.fileOf(job);
    await send(request, response, this.#studio.exportsDir, file, {
      'Content-Type': mime,
      'Content-Disposition': `attachment; filename*=UTF-8''${encodeName(name)}`,
      // A story exported as HTML is a person's text: even opened in place it runs nothing here.
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'Cache-Control': 'no-store',
    });
  }

  async #windowFile(request: IncomingMessage, response: ServerResponse, found: WindowFile): Promise<void> {
    await send(request, response, found.root, found.file, {
      'Content-Type': found.mime,
      'Cache-Control': found.immutable ? 'private, max-age=31536000, immutable' : 'no-cache',
    });
  }

  /** @param age how long ago the window began to open, in milliseconds: it hears again what was told since then */
  #stream(request: IncomingMessage, response: ServerResponse, age: number): void {
    if (this.#streams.size >= maxStreams) {
      throw new FabulaError('unavailable', 'Too many windows are open. Close some.');
    }
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      Connection: 'keep-alive',
    });
    response.write(`retry: ${reconnectAfter}\n\n`);
    this.#streams.add(response);
    const write = (text: string) => {
      response.write(text);
      // A window that does not read must not grow this process: it comes back by itself and asks anew.
      if (response.writableLength > 8 * megabyte) response.destroy();
    };
    const ends = eventNames.map((name) =>
      this.#studio.events.listen(name, (payload) => {
        write(eventText(name, payload));
      }),
    );
    for (const text of this.#recent.since(age)) write(text);
    const heartbeat = setInterval(() => {
      write(': still here\n\n');
    }, this.#heartbeat);
    response.on('close', () => {
      clearInterval(heartbeat);
      for (const end of ends) end();
      this.#streams.delete(response);
    });
    request.on('error', () => response.destroy());
  }
}

const securityHeaders = {
  'Content-Security-Policy': contentSecurityPolicy(),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** How a refusal at the door is said in HTTP. What a command answers is always 200 with a Result. */
const statusOf: Partial<Record<ErrorCode, number>> = {
  'invalid-input': 400,
  'unsafe-path': 403,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'image-too-large': 413,
  'unsupported-format': 415,
  'unreadable-image': 422,
  unavailable: 503,
  'disk-full': 507,
};

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  result: Result<unknown>,
): void {
  const bytes = Buffer.from(JSON.stringify(result));
  const tooLarge = !result.ok && result.details['tooLarge'] === true;
  response.writeHead(tooLarge ? 413 : status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    // What is left of a body that nobody read would be taken for the next request.
    ...(request.complete ? {} : { Connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
  if (!request.complete) {
    // Reads on for a moment, so that a sender still busy gets to see the answer.
    request.resume();
    setTimeout(() => request.destroy(), 2000).unref();
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  root: string,
  file: string,
  headers: Record<string, string>,
): Promise<void> {
  const { handle, bytes } = await openContained(root, file);
  response.writeHead(200, { ...headers, 'Content-Length': bytes });
  if (request.method === 'HEAD') {
    await handle.close();
    response.end();
    return;
  }
  await pipeline(handle.createReadStream(), response);
}

async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  refuseLength(request, limit);
  const chunks: Uint8Array[] = [];
  for await (const chunk of limited(limit)(unbroken(request))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function refuseLength(request: IncomingMessage, limit: number): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

/** Reads a request without cutting the connection when the reader stops early: the refusal has to be sent on it. */
function unbroken(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false });
}

function limited(limit: number) {
  return async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > limit) throw tooLarge(limit);
      yield chunk;
    }
  };
}

function tooLarge(limit: number): FabulaError {
  return new FabulaError(
    'invalid-input',
    `What was sent is larger than the ${Math.round(limit / megabyte)} MB accepted here.`,
    { tooLarge: true },
  );
}

/** RFC 8187. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
