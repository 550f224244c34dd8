import type { Caption, CaptionOptions } from '../../shared/contract.ts';
import type { Pyramid } from '../../shared/pyramid.ts';
import { tell, type TellingLength } from '../../shared/telling.ts';

/** Whether a picture with this caption gets a new one. A person's caption is only touched with `replacePerson`. */
export function wantsCaption(
  current: Pick<Caption, 'text' | 'source'> | null,
  options: CaptionOptions,
): boolean {
  if (current === null || current.text.trim() === '') return true;
  if (options.mode === 'skip') return false;
  return current.source !== 'person' || options.replacePerson;
}

/** What a model has to say of a picture at a length; its own sentence where its words are not known. */
export function toldAt(
  { text, pyramid }: { text: string; pyramid: Pyramid | null },
  length: TellingLength,
): string {
  return length === 3 || pyramid === null ? text : tell(pyramid, text === '' ? null : text, length);
}

/** How much options ask to tell. A style has a length of its own, which is that of the model's sentence. */
export function toldLength(options: CaptionOptions): TellingLength {
  return options.examples.length > 0 ? 3 : options.length;
}

/** The text to save: what the model wrote between prefix and suffix, joined to the caption there is as the mode says. */
export function composeCaption(current: Caption | null, written: string, options: CaptionOptions): string {
  const fresh = joined(options.prefix, joined(written, options.suffix));
  const before = current?.text ?? '';
  if (options.mode === 'append') return joined(before, fresh);
  if (options.mode === 'prepend') return joined(fresh, before);
  return fresh;
}

/** A space goes between, unless one side is empty or brings its own, or the right side begins with a comma or the like. */
function joined(left: string, right: string): string {
  if (left === '' || right === '') return left + right;
  return /\s$/.test(left) || /^[\s,.;:!?)\]]/.test(right) ? left + right : `${left} ${right}`;
}

/**
 * What a file beside or in a picture says afterwards: with `skip` what it says already, with `append` and `prepend`
 * the caption as its last or first line, with `overwrite` the caption alone. Where the caption goes on from what is
 * there, it takes its place, so that doing it twice changes nothing.
 */
export function joinCaptions(there: string, caption: string, mode: CaptionOptions['mode']): string {
  if (there === '') return caption;
  if (mode === 'skip') return there;
  if (mode === 'append') {
    if (caption.startsWith(there)) return caption;
    return there.split('\n').at(-1) === caption ? there : `${there}\n${caption}`;
  }
  if (mode === 'prepend') {
    if (caption.endsWith(there)) return caption;
    return there.split('\n')[0] === caption ? there : `${caption}\n${there}`;
  }
  return caption;
}
