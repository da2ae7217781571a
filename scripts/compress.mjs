// Writes the brotli and gzip form beside each file of text in a folder, where that saves a tenth or more. Called by
// build.rs: node scripts/compress.mjs FOLDER QUALITY, where QUALITY is brotli's, 0 to 11.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [folder, quality] = process.argv.slice(2);
const text = /\.(js|css|svg|json|webmanifest|txt)$/;

for (const name of readdirSync(folder, { recursive: true })) {
  if (!text.test(name)) continue;
  const path = join(folder, name);
  const plain = readFileSync(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: Number(quality),
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
  };
  const forms = { br: brotliCompressSync(plain, { params }), gz: gzipSync(plain, { level: 9 }) };
  for (const [extension, packed] of Object.entries(forms)) {
    if (packed.length < plain.length * 0.9) writeFileSync(`${path}.${extension}`, packed);
  }
}
