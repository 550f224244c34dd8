// Compares ids and decoded text (but for spaces: the two clean up punctuation differently) of the app's tokenizer with the ones that `python training/check_tokenizer.py` wrote.
// Usage: node training/check-tokenizer.mjs CASES.json TOKENIZER.json
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

const [casesPath, tokenizerPath] = process.argv.slice(2);
if (!casesPath || !tokenizerPath) {
  console.error('Usage: node training/check-tokenizer.mjs CASES.json TOKENIZER.json');
  process.exit(2);
}
const tokenizer = new Tokenizer(JSON.parse(readFileSync(tokenizerPath, 'utf8')), {});
const cases = JSON.parse(readFileSync(casesPath, 'utf8'));
const withoutSpaces = (text) => text.replace(/\s/gu, '');
let different = 0;
for (const { text, ids, decoded } of cases) {
  const ownIds = tokenizer.encode(text).ids.map(Number);
  const ownDecoded = ids.length ? tokenizer.decode(ids, { skip_special_tokens: true }) : '';
  if (ownIds.join(' ') === ids.join(' ') && withoutSpaces(ownDecoded) === withoutSpaces(decoded)) continue;
  different += 1;
  console.log(JSON.stringify({ text, ids, ownIds, decoded, ownDecoded }));
}
console.log(`${cases.length - different} of ${cases.length} texts agree`);
process.exit(different ? 1 : 0);
