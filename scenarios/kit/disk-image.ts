/**
 * Raw disk images as files: whole (`.img`, `.raw`, or compressed as `.zst`), or as the difference to the
 * state before (`.diff.zst`), which keeps the states of one disk small.
 *
 * A difference is one zstd frame over `drylift block-diff/v1\n`, one line of JSON, and the changed bytes one
 * run after another.
 */
import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { defineErrors } from '#core/errors.ts';
import type { Bytes } from '#core/units.ts';
import { blockDiff } from '#simulators/estate/block-diff.ts';

export const errors = defineErrors({
  'image.bad': {
    blame: 'input',
    why: 'A disk image is a raw file (.img, .raw), the same compressed (.zst), or a difference between two states (.diff.zst).',
    next: 'Look at scenarios/catalogue/images/make-images.sh: it makes an image and its later states.',
  },
});

const MAGIC = 'drylift block-diff/v1\n';
const IMAGE_BYTES_MAX: Bytes = 1 << 30;

interface DiffHead {
  readonly sizeBytes: Bytes;
  /** SHA-256 (hex) of the whole state before and after. */
  readonly before: string;
  readonly after: string;
  /** [start, length], in the order of the bytes that follow. */
  readonly runs: ReadonlyArray<readonly [Bytes, Bytes]>;
}

/** The difference between two states of one disk, as a file. */
export function packDiff(before: Buffer, after: Buffer): Buffer {
  const runs = blockDiff(before, after);
  const head: DiffHead = {
    sizeBytes: after.length,
    before: sha256(before),
    after: sha256(after),
    runs: runs.map(({ offset, data }) => [offset, data.length]),
  };
  return zstdCompressSync(
    Buffer.concat([Buffer.from(`${MAGIC}${JSON.stringify(head)}\n`), ...runs.map(({ data }) => data)]),
  );
}

/**
 * The state that an image file describes, as a fresh buffer.
 *
 * @param name how the scenario names the file; its ending says what it is.
 * @param before the state before; needed for a difference.
 * @throws `image.bad`
 */
export function unpackImage(name: string, file: Buffer, before?: Buffer): Buffer {
  if (!name.endsWith('.zst')) return Buffer.from(file);
  let plain: Buffer;
  try {
    plain = zstdDecompressSync(file, { maxOutputLength: IMAGE_BYTES_MAX });
  } catch (cause) {
    throw errors.make('image.bad', { what: `${name} is not a zstd file, or more than 1 GiB.`, cause });
  }
  return name.endsWith('.diff.zst') ? applyDiff(name, plain, before) : plain;
}

function applyDiff(name: string, plain: Buffer, before: Buffer | undefined): Buffer {
  const bad = (why: string) =>
    errors.make('image.bad', { what: `${name} cannot be used as a difference: ${why}.` });
  const endOfHead = plain.indexOf('\n', MAGIC.length);
  if (plain.toString('latin1', 0, MAGIC.length) !== MAGIC || endOfHead < 0) throw bad('its head is missing');
  const head = JSON.parse(plain.toString('utf8', MAGIC.length, endOfHead)) as DiffHead;
  if (!before) throw bad('nothing comes before it');
  if (before.length !== head.sizeBytes || sha256(before) !== head.before)
    throw bad('it belongs to another state');
  const after = Buffer.from(before);
  let at = endOfHead + 1;
  for (const [start, length] of head.runs) {
    if (start + length > after.length || at + length > plain.length) throw bad('it is cut off');
    plain.copy(after, start, at, at + length);
    at += length;
  }
  if (at !== plain.length || sha256(after) !== head.after) throw bad('it is damaged');
  return after;
}

/** Of states that were made here: the state after one difference is the state before the next. */
const digests = new WeakMap<Buffer, string>();

function sha256(bytes: Buffer): string {
  const digest = digests.get(bytes) ?? createHash('sha256').update(bytes).digest('hex');
  digests.set(bytes, digest);
  return digest;
}
