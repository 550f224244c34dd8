import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { onTestFinished } from 'vitest';
import { Files } from '../../../src/main/library/files.ts';
import { Library } from '../../../src/main/library/library.ts';
import { openDatabase } from '../../../src/main/store/database.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fabula-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A library in a folder of its own, with a clock that goes on by a second each time it is asked. */
export function openLibrary(dataDir = temporaryFolder()) {
  const database = openDatabase(join(dataDir, 'library.db'));
  const told: (string[] | null)[] = [];
  let seconds = 0;
  const clock = { now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, (seconds += 1))) };
  const files = new Files(dataDir);
  const library = new Library({ database, files, clock, emit: (assets) => told.push(assets) });
  onTestFinished(() => {
    database.close();
  });
  return { library, database, files, dataDir, told };
}

/** A picture no other seed gives: colour blocks with a red top left quarter. */
export function picture(seed: number, width = 60, height = 40): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const red = x < width / 2 && y < height / 2;
      const at = (y * width + x) * 3;
      pixels[at] = red ? 250 : (seed * 37 + (x >> 3) * 11) % 120;
      pixels[at + 1] = red ? 5 : (seed * 91 + (y >> 3) * 23) % 256;
      pixels[at + 2] = red ? 5 : 200;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** A well-formed PNG header that claims more pixels than follow: a decompression bomb's shape. */
export function bomb(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(4096))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
