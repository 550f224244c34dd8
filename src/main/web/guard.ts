import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';

/**
 * Who may ask this server anything. A web page of another site can send requests to a loopback port, and a domain
 * it owns can be made to resolve to 127.0.0.1 (DNS rebinding), so the address alone protects nothing:
 *
 * - `Host` must name this server: a rebound domain does not.
 * - `Origin`, on everything that changes something, must be this server: another site's page cannot forge it.
 * - a session cookie, HttpOnly and SameSite=Strict, is given out once, for the random token in the printed address. It
 *   follows from the token, so a server started again with the same one still knows its windows.
 */
export class Guard {
  readonly token: string;
  readonly #session: string;
  readonly #cookie: string;
  readonly #hosts: ReadonlySet<string>;

  /** @param host The address listened on; @param port the port that the system gave. */
  constructor(host: string, port: number, token: string = randomBytes(32).toString('base64url')) {
    this.token = token;
    this.#session = createHmac('sha256', token).update('fabula session').digest('base64url');
    // Cookies are shared by all ports of a host, so two servers need two names.
    this.#cookie = `fabula-${port}`;
    const names = namesOf(host);
    this.#hosts = new Set(
      port === 80 ? names.flatMap((name) => [name, `${name}:80`]) : names.map((name) => `${name}:${port}`),
    );
  }

  /** Why the request is refused whatever it asks for; null when it may go on. */
  refusal(request: IncomingMessage): string | null {
    const host = request.headers.host?.toLowerCase();
    if (host === undefined || !this.#hosts.has(host)) {
      return 'This address does not belong to Fabula. Use the address that "fabula serve" printed.';
    }
    const origin = request.headers.origin?.toLowerCase();
    if (origin !== undefined && origin !== `http://${host}`) return 'Another site may not ask this.';
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (!reads && origin === undefined) return 'The request must carry the Origin of this window.';
    return null;
  }

  /** True when the request carries the cookie given out for the token. */
  knows(request: IncomingMessage): boolean {
    for (const part of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = part.trim().split('=');
      if (name === this.#cookie && value !== undefined && same(value, this.#session)) return true;
    }
    return false;
  }

  isToken(token: string): boolean {
    return same(token, this.token);
  }

  setCookie(): string {
    return `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }
}

/** Compares without telling by the time it takes how much of a guess was right. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function namesOf(host: string): string[] {
  const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);
  const loopback = ['127.0.0.1', 'localhost', '[::1]'];
  if (isLoopback(host)) return [...loopback, bracketed(host)];
  if (host !== '0.0.0.0' && host !== '::') return [bracketed(host).toLowerCase()];
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map((entry) => bracketed(entry.address));
  return [...loopback, hostname().toLowerCase(), ...addresses];
}
