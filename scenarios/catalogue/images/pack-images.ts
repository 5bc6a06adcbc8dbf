/**
 * Packs raw states of one disk for the repository: the first whole, each further one as what changed.
 * Called by make-images.sh: `node pack-images.ts <name> <state0.img> <state1.img> …`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { constants as zstd, zstdCompressSync } from 'node:zlib';
import { packDiff } from '../../kit/disk-image.ts';

const [name, ...states] = process.argv.slice(2);
const images = states.map((path) => readFileSync(path));
const first = zstdCompressSync(images[0]!, { params: { [zstd.ZSTD_c_compressionLevel]: 19 } });
writeFileSync(new URL(`${name}.ext4.zst`, import.meta.url), first);
for (let i = 1; i < images.length; i++)
  writeFileSync(new URL(`${name}.${i}.diff.zst`, import.meta.url), packDiff(images[i - 1]!, images[i]!));
