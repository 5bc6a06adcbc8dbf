/**
 * Reads files out of an ext2, ext3 or ext4 file system: enough of it to say what a migrated disk really holds.
 * Every number is the disk's own claim and may be wrong: all reads are bounded, and a broken structure is
 * "there is no such file", never an endless walk.
 *
 * @see kernel.org, Documentation/filesystems/ext4 (super block, group descriptors, inodes, extents, directories).
 */
import { type Bytes, KIB, MIB } from '#core/units.ts';

/** Bytes of a disk, holes as zeros; never asked beyond `sizeBytes`. */
export interface Readable {
  readonly sizeBytes: Bytes;
  read(offset: Bytes, length: Bytes): Buffer;
}

export interface FileSystem {
  readonly label: string;
  /** As text with dashes. */
  readonly uuid: string;
  readonly sizeBytes: Bytes;
  /** @returns undefined when there is no such regular file. Links are followed. */
  file(path: string): Buffer | undefined;
  /** Names in a directory, in its order. */
  names(path: string): string[] | undefined;
}

const SUPER_OFFSET = 1024;
const MAGIC = 0xef53;
const ROOT_INODE = 2;
const FILE_BYTES_MAX: Bytes = 4 * MIB;
const DIRECTORY_BYTES_MAX: Bytes = MIB;
const EXTENTS_FLAG = 0x8_0000;
const EXTENT_MAGIC = 0xf30a;
const EXTENT_DEPTH_MAX = 5;
const LINKS_MAX = 8;

interface Inode {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly size: number;
  readonly flags: number;
  /** i_block: extents, block numbers, or the text of a short link. */
  readonly block: Buffer;
}

/** @param start of the file system on the disk. @returns undefined when there is none */
export function openExt(disk: Readable, start: Bytes): FileSystem | undefined {
  if (start + SUPER_OFFSET + KIB > disk.sizeBytes) return undefined;
  const sb = disk.read(start + SUPER_OFFSET, KIB);
  if (sb.readUInt16LE(56) !== MAGIC) return undefined;
  const logBlock = sb.readUInt32LE(24);
  if (logBlock > 6) return undefined;
  const blockBytes = KIB << logBlock;
  const incompat = sb.readUInt32LE(96);
  const is64 = (incompat & 0x80) !== 0;
  const descriptorBytes = is64 ? Math.max(32, sb.readUInt16LE(254)) : 32;
  const inodeBytes = sb.readUInt32LE(76) === 0 ? 128 : sb.readUInt16LE(88);
  const inodesPerGroup = sb.readUInt32LE(40);
  const inodes = sb.readUInt32LE(0);
  const blocks = sb.readUInt32LE(4) + (is64 ? sb.readUInt32LE(336) * 2 ** 32 : 0);
  if (inodesPerGroup === 0 || inodeBytes < 128 || inodeBytes > blockBytes) return undefined;
  const uuid = sb.toString('hex', 104, 120).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const end = Math.min(disk.sizeBytes, start + blocks * blockBytes);

  const at = (offset: Bytes, length: Bytes): Buffer | undefined =>
    offset >= 0 && start + offset + length <= end ? disk.read(start + offset, length) : undefined;

  const inode = (number: number): Inode | undefined => {
    if (number < 1 || number > inodes) return undefined;
    const group = Math.floor((number - 1) / inodesPerGroup);
    const first = (sb.readUInt32LE(20) + 1) * blockBytes;
    const descriptor = at(first + group * descriptorBytes, descriptorBytes);
    if (!descriptor) return undefined;
    const high = is64 && descriptorBytes >= 64 ? descriptor.readUInt32LE(40) * 2 ** 32 : 0;
    const table = (descriptor.readUInt32LE(8) + high) * blockBytes;
    const raw = at(table + ((number - 1) % inodesPerGroup) * inodeBytes, inodeBytes);
    if (!raw) return undefined;
    const type = raw.readUInt16LE(0) >> 12;
    return {
      kind: type === 8 ? 'file' : type === 4 ? 'directory' : type === 10 ? 'link' : 'other',
      size: raw.readUInt32LE(4) + (type === 8 ? raw.readUInt32LE(108) * 2 ** 32 : 0),
      flags: raw.readUInt32LE(32),
      block: raw.subarray(40, 100),
    };
  };

  /** Block of the file system that holds a file's block; 0 for a hole. */
  const mapped = (node: Inode, index: number): number => {
    if (node.flags & EXTENTS_FLAG) return extentOf(node.block, index, 0);
    const perBlock = blockBytes / 4;
    const indirect = (block: number, rest: number, depth: number): number => {
      if (block === 0 || depth === 0) return block;
      const span = perBlock ** (depth - 1);
      const pointers = at(block * blockBytes, blockBytes);
      return pointers
        ? indirect(pointers.readUInt32LE(4 * Math.floor(rest / span)), rest % span, depth - 1)
        : 0;
    };
    if (index < 12) return node.block.readUInt32LE(4 * index);
    let rest = index - 12;
    for (let depth = 1; depth <= 3; depth++) {
      if (rest < perBlock ** depth) return indirect(node.block.readUInt32LE(4 * (11 + depth)), rest, depth);
      rest -= perBlock ** depth;
    }
    return 0;
  };

  const extentOf = (node: Buffer, index: number, level: number): number => {
    if (node.readUInt16LE(0) !== EXTENT_MAGIC || level > EXTENT_DEPTH_MAX) return 0;
    const entries = Math.min(node.readUInt16LE(2), Math.floor((node.length - 12) / 12));
    const depth = node.readUInt16LE(6);
    let found = -1;
    for (let i = 0; i < entries; i++) if (node.readUInt32LE(12 + 12 * i) <= index) found = 12 + 12 * i;
    if (found < 0) return 0;
    if (depth > 0) {
      const block = node.readUInt32LE(found + 4) + node.readUInt16LE(found + 8) * 2 ** 32;
      const below = at(block * blockBytes, blockBytes);
      return below ? extentOf(below, index, level + 1) : 0;
    }
    const inExtent = index - node.readUInt32LE(found);
    const length = node.readUInt16LE(found + 4);
    // above 32,768 it is allocated but not written, and reads as zeros
    if (length > 32_768 || inExtent >= length) return 0;
    return node.readUInt32LE(found + 8) + node.readUInt16LE(found + 6) * 2 ** 32 + inExtent;
  };

  const content = (node: Inode, bytesMax: Bytes): Buffer | undefined => {
    if (node.size > bytesMax) return undefined;
    const out = Buffer.alloc(node.size);
    for (let index = 0; index * blockBytes < node.size; index++) {
      const block = mapped(node, index);
      if (block === 0) continue;
      const piece = at(block * blockBytes, Math.min(blockBytes, node.size - index * blockBytes));
      if (!piece) return undefined;
      piece.copy(out, index * blockBytes);
    }
    return out;
  };

  const entries = (node: Inode): Array<{ name: string; inode: number }> | undefined => {
    const raw = node.kind === 'directory' ? content(node, DIRECTORY_BYTES_MAX) : undefined;
    if (!raw) return undefined;
    const found: Array<{ name: string; inode: number }> = [];
    for (let from = 0; from + 8 <= raw.length; ) {
      const length = raw.readUInt16LE(from + 4);
      if (length < 8) return found;
      const number = raw.readUInt32LE(from);
      const nameBytes = raw[from + 6]!;
      if (number !== 0 && from + 8 + nameBytes <= raw.length)
        found.push({ name: raw.toString('utf8', from + 8, from + 8 + nameBytes), inode: number });
      from += length;
    }
    return found;
  };

  const walk = (path: string, from: number, links: number): Inode | undefined => {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    let number = path.startsWith('/') ? ROOT_INODE : from;
    for (const [i, part] of parts.entries()) {
      const node = inode(number);
      const next = node && entries(node)?.find(({ name }) => name === part);
      if (!next) return undefined;
      const reached = inode(next.inode);
      if (reached?.kind === 'link') {
        if (links >= LINKS_MAX) return undefined;
        const target =
          reached.size < 60 ? reached.block.subarray(0, reached.size) : content(reached, 4 * KIB);
        if (!target) return undefined;
        return walk([target.toString('utf8'), ...parts.slice(i + 1)].join('/'), number, links + 1);
      }
      number = next.inode;
    }
    return inode(number);
  };

  return {
    label: sb.toString('utf8', 120, 136).replace(/\0.*$/s, ''),
    uuid,
    sizeBytes: blocks * blockBytes,
    file(path) {
      const node = walk(path, ROOT_INODE, 0);
      return node?.kind === 'file' ? content(node, FILE_BYTES_MAX) : undefined;
    },
    names(path) {
      const node = walk(path, ROOT_INODE, 0);
      return node && entries(node)?.map(({ name }) => name);
    },
  };
}
