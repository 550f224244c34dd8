const FILLER =
  /^(?:(?:in|on) (?:this|the) (?:image|picture|photo|photograph)[, ]+(?:there (?:is|are) |we (?:can )?see )?|(?:(?:this|the|an?) )?(?:image|picture|photo|photograph) (?:of|shows|showing|depicts|depicting|features|featuring|contains|is of) |there (?:is|are) )/i;
/** Words a caption cannot end with: what remains when the longest length is reached in mid-sentence. */
const DANGLING =
  /(?:[\s,]+(?:an?|the|and|or|of|in|on|at|to|with|by|for|from|into|over|under|near|while|as|is|are|his|her|its|their|that|who|which))+$/i;
const REPEATED = /\b((?:[\p{L}\p{N}'-]+ ){0,5}?[\p{L}\p{N}'-]+)(?:,? (?:and )?\1\b)+/giu;

/**
 * Makes a sentence of what a caption model wrote: filler such as "this image shows" and words said twice in a row are
 * taken out, an unfinished end is cut, and it gets its capital letter and full stop. An empty text stays empty.
 */
export function tidyCaption(raw: string): string {
  let text = raw.normalize('NFC').replace(/\s+/g, ' ').trim();
  text = text.replace(FILLER, '');
  // The starter's words have no punctuation: "a dog s tail", "a man in a t shirt".
  text = text.replace(/(\p{L}{2,}) s\b/gu, "$1's").replace(/\bt shirt(s?)\b/gi, 't-shirt$1');
  text = text.replace(REPEATED, '$1');
  text = text
    .replace(/[\s,;:.]+$/, '')
    .replace(DANGLING, '')
    .trim();
  if (text === '') return '';
  const [first = ''] = text;
  const sentence = first.toUpperCase() + text.slice(first.length);
  return /[.!?…。！？]$/u.test(sentence) ? sentence : `${sentence}.`;
}
