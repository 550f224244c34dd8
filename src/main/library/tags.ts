/** A tag as it is compared: composed, in lower case, with single spaces. */
export function tagKey(name: string): string {
  return tidyTag(name).toLowerCase();
}

/** A tag as it is kept and shown: composed (NFC), on one line, with single spaces and none around. */
export function tidyTag(name: string): string {
  return name
    .normalize('NFC')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}
