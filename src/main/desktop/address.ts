/** The scheme under which the window and its pictures are served, and the window's own address. */
export const scheme = 'fabula';
export const windowOrigin = `${scheme}://app`;
export const windowUrl = `${windowOrigin}/index.html`;
export const mediaOrigin = `${scheme}://media`;

/** True for the address of our own window and nothing else. */
export function isOwnWindow(address: string): boolean {
  try {
    const url = new URL(address);
    return (
      url.protocol === `${scheme}:` &&
      url.host === 'app' &&
      (url.pathname === '/' || url.pathname === '/index.html')
    );
  } catch {
    return false;
  }
}

/** The sites that Fabula's own pages link to: its documentation, and the licences of what it ships. */
const linked: ReadonlySet<string> = new Set(['github.com', 'creativecommons.org']);

/** True for addresses that may be opened in the person's browser. */
export function isLinkable(address: string): boolean {
  try {
    const url = new URL(address);
    return url.protocol === 'https:' && url.username === '' && url.port === '' && linked.has(url.hostname);
  } catch {
    return false;
  }
}
