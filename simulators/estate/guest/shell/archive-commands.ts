/** tar and gzip: what installers come packed in. Archives are real ones (ustar), read and written whole. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Bytes, MIB } from '#core/units.ts';
import { FileProblem } from '../file-tree.ts';
import { absolute, problemText, readInput, readInputs } from './file-commands.ts';
import { type LinuxCommand, type LinuxCommands, type LinuxIo, type LinuxSession, step } from './shell.ts';

const BLOCK: Bytes = 512;
const UNPACKED_MAX: Bytes = 128 * MIB;

interface Member {
  readonly name: string;
  readonly mode: number;
  readonly isDirectory: boolean;
  readonly content: Buffer;
}

/** Undefined when it is no archive. */
function membersOf(archive: Buffer): Member[] | undefined {
  const members: Member[] = [];
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return members;
    if (header.toString('latin1', 257, 262) !== 'ustar') return undefined;
    const text = (from: number, length: number) =>
      header.toString('latin1', from, from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8);
    if (!Number.isInteger(size) || at + BLOCK + size > archive.length) return undefined;
    const prefix = text(345, 155);
    const kind = text(156, 1);
    if (kind === '' || kind === '0' || kind === '5')
      members.push({
        name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
        mode: Number.parseInt(text(100, 8), 8) & 0o7777,
        isDirectory: kind === '5',
        content: archive.subarray(at + BLOCK, at + BLOCK + size),
      });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members.length > 0 ? members : undefined;
}

function headerOf({ name, mode, isDirectory, content }: Member, seconds: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  header.write(name.slice(0, 100), 0, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(seconds, 136, 12);
  header.write('        ', 148, 'latin1');
  header.write(isDirectory ? '5' : '0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return header;
}

function unzipped(data: Buffer): Buffer | undefined {
  try {
    return gunzipSync(data, { maxOutputLength: UNPACKED_MAX });
  } catch {
    return undefined;
  }
}

const isZipped = (data: Buffer): boolean => data[0] === 0x1f && data[1] === 0x8b;

const tar: LinuxCommand = (args, io, session) => {
  const letters = new Set<string>();
  const rest: string[] = [];
  let file = '-';
  let folder = session.cwd;
  let strip = 0;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const strips = /^--strip-components=(\d+)$/.exec(arg);
    if (strips) strip = Number(strips[1]);
    else if (arg === '-C' || arg === '--directory') folder = absolute(session, args[++i] ?? '');
    else if (arg.startsWith('--')) continue;
    else if (/^-?[a-zA-Z]+$/.test(arg) && (arg.startsWith('-') || i === 0)) {
      for (const letter of arg.replace('-', '')) letters.add(letter);
      if (arg.includes('f')) file = args[++i] ?? '-';
    } else rest.push(arg);
  }
  if (letters.has('c')) return pack(rest, file, letters.has('z'), folder, io, session);
  const packed = Buffer.from(file === '-' ? io.stdin : readInput(session, file), 'latin1');
  const archive = isZipped(packed) ? unzipped(packed) : packed;
  const members = archive && membersOf(archive);
  if (!members) {
    io.err(
      isZipped(packed) || !letters.has('z')
        ? 'tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n'
        : '\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now\n',
    );
    return 2;
  }
  let status = 0;
  for (const member of members) {
    step(session.machine);
    const name = member.name.replace(/^\/+/, '').replace(/\/+$/, '').split('/').slice(strip).join('/');
    // never above the folder
    if (name === '' || name.split('/').includes('..')) continue;
    if (rest.length > 0 && !rest.some((wanted) => name === wanted || name.startsWith(`${wanted}/`))) continue;
    if (letters.has('t')) {
      io.out(`${member.name}\n`);
      continue;
    }
    if (letters.has('v')) io.out(`${member.name}\n`);
    try {
      unpack(member, name, folder, session);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      io.err(`tar: ${name}: Cannot open: ${problemText(error).replace(/^.*: /, '')}\n`);
      status = 2;
    }
  }
  if (status !== 0) io.err('tar: Exiting with failure status due to previous errors\n');
  return status;
};

function unpack(member: Member, name: string, folder: string, session: LinuxSession): void {
  const { guest, now } = session.machine;
  const path = guest.files.join(folder, name);
  const parent = guest.files.parent(path);
  if (!guest.files.find(parent, now)) guest.files.makeDirectory(parent, session.user, now, true);
  if (member.isDirectory) {
    if (!guest.files.find(path, now)) guest.files.makeDirectory(path, session.user, now, true, member.mode);
    return;
  }
  guest.files.write(path, Buffer.from(member.content), session.user, now, member.mode);
  guest.files.change(path, { mode: member.mode }, session.user, now);
}

function pack(
  names: readonly string[],
  file: string,
  zip: boolean,
  folder: string,
  io: LinuxIo,
  session: LinuxSession,
): number {
  const { guest, now } = session.machine;
  const parts: Buffer[] = [];
  const add = (name: string): void => {
    step(session.machine);
    const path = guest.files.normal(name.startsWith('/') ? name : guest.files.join(folder, name));
    const node = path === undefined ? undefined : guest.files.find(path, now);
    if (!node || path === undefined) throw new FileProblem('notFound', name);
    const isDirectory = node.type === 'directory';
    const content = isDirectory ? Buffer.alloc(0) : guest.files.read(path, session.user, now);
    const member = {
      name: `${name.replace(/^\//, '')}${isDirectory ? '/' : ''}`,
      mode: node.mode,
      isDirectory,
      content,
    };
    parts.push(headerOf(member, Math.floor(node.modifiedAt / 1000)), content);
    parts.push(Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
    if (isDirectory)
      for (const each of guest.files.list(path, session.user, now)) add(guest.files.join(name, each));
  };
  try {
    for (const name of names) add(name);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    io.err(`tar: ${error.path}: Cannot stat: ${problemText(error).replace(/^.*: /, '')}\n`);
    return 2;
  }
  const archive = Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
  const content = zip ? gzipSync(archive) : archive;
  if (file === '-') io.out(content.toString('latin1'));
  else guest.files.write(absolute(session, file), content, session.user, now);
  return 0;
}

const gzip: LinuxCommand = (args, io, session) => {
  const unpacking = args.some((arg) => /^-[a-z]*d/.test(arg));
  const toOut = args.some((arg) => /^-[a-z]*c/.test(arg));
  const names = args.filter((arg) => !arg.startsWith('-'));
  const { guest, now } = session.machine;
  const { texts, failed } = readInputs('gzip', names, io, session);
  let status = Number(failed);
  for (const { file, text } of texts) {
    const data = Buffer.from(text, 'latin1');
    const made = unpacking ? (isZipped(data) ? unzipped(data) : undefined) : gzipSync(data);
    if (!made) {
      io.err(`\ngzip: ${file === '-' ? 'stdin' : file}: not in gzip format\n`);
      status = 1;
    } else if (file === '-' || toOut) io.out(made.toString('latin1'));
    else {
      const path = absolute(session, file);
      guest.files.write(unpacking ? path.replace(/\.gz$/, '') : `${path}.gz`, made, session.user, now);
      guest.files.remove(path, session.user, now);
    }
  }
  return status;
};

export const archiveCommands: LinuxCommands = {
  tar,
  gzip,
  gunzip: (args, io, session) => gzip(['-d', ...args], io, session),
  zcat: (args, io, session) => gzip(['-dc', ...args], io, session),
};
