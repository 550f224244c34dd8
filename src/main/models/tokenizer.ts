import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { FabulaError } from '../../shared/errors.ts';

/** Loads a `tokenizer.json`. @throws FabulaError `model-failed` naming the file. */
export async function loadTokenizer(file: string): Promise<Tokenizer> {
  try {
    return new Tokenizer(JSON.parse(await readFile(file, 'utf8')) as object, {});
  } catch (error) {
    throw new FabulaError(
      'model-failed',
      `${file} is not a tokenizer (${error instanceof Error ? error.message : String(error)}). Get the pack again.`,
      {},
      { cause: error },
    );
  }
}
