import type { Caption, CaptionOptions } from '../../shared/contract.ts';

/** Whether a picture with this caption gets a new one. A person's caption is only touched with `replacePerson`. */
export function wantsCaption(
  current: Pick<Caption, 'text' | 'source'> | null,
  options: CaptionOptions,
): boolean {
  if (current === null || current.text.trim() === '') return true;
  if (options.mode === 'skip') return false;
  return current.source !== 'person' || options.replacePerson;
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
