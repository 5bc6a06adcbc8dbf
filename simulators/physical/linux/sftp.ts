/** SFTP version 3 (draft-ietf-secsh-filexfer-02) over the files of a guest. */

import type { Attributes, FileEntry, SFTPWrapper } from 'ssh2';
import ssh2 from 'ssh2';
import type { Bytes, UnixMillis } from '#core/units.ts';
import type { GuestUser } from '../../estate/guest/accounts.ts';
import { type FileNode, FileProblem, type FileProblemKind } from '../../estate/guest/file-tree.ts';
import type { Guest } from '../../estate/guest/guest.ts';

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp;

/** A file that is being read or written; what is written is entered when it is closed. */
interface OpenFile {
  readonly kind: 'file';
  readonly path: string;
  readonly writes: boolean;
  readonly mode: number;
  content: Buffer;
  dirty: boolean;
}

interface OpenDirectory {
  readonly kind: 'directory';
  readonly entries: FileEntry[];
}

export interface SftpOptions {
  readonly guest: Guest;
  readonly user: GuestUser;
  readonly now: () => UnixMillis;
  /** Is there no room for what is written now? */
  readonly isFull: () => boolean;
}

const FILE_BYTES_MAX: Bytes = 64 * 1024 * 1024;
const HANDLES_MAX = 64;
/** Names in one answer to READDIR. */
const NAMES_AT_ONCE = 100;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

const STATUS: Readonly<Record<FileProblemKind, number>> = {
  notFound: STATUS_CODE.NO_SUCH_FILE,
  denied: STATUS_CODE.PERMISSION_DENIED,
  exists: STATUS_CODE.FAILURE,
  notDirectory: STATUS_CODE.NO_SUCH_FILE,
  isDirectory: STATUS_CODE.FAILURE,
  notEmpty: STATUS_CODE.FAILURE,
  tooLarge: STATUS_CODE.FAILURE,
};

export function serveSftp(sftp: SFTPWrapper, { guest, user, now, isFull }: SftpOptions): void {
  const { files } = guest;
  const write = (path: string, content: Buffer, mode: number): void => {
    if (content.length > 0 && isFull()) throw new FileProblem('tooLarge', path);
    files.write(path, content, user, now(), mode);
  };
  const handles = new Map<number, OpenFile | OpenDirectory>();
  let opened = 0;

  /** Paths that do not begin at the root begin at home. */
  const place = (path: string): string => {
    const normal = files.normal(path.startsWith('/') ? path : files.join(user.home, path));
    if (normal === undefined) throw new FileProblem('notFound', path);
    return normal;
  };
  const handled = (id: number, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (error instanceof FileProblem) sftp.status(id, STATUS[error.kind], error.message);
      else throw error;
    }
  };
  const ok = (id: number): void => sftp.status(id, STATUS_CODE.OK);
  const give = (id: number, what: OpenFile | OpenDirectory): void => {
    if (handles.size >= HANDLES_MAX) return sftp.status(id, STATUS_CODE.FAILURE, 'too many open handles');
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(opened);
    handles.set(opened++, what);
    sftp.handle(id, handle);
  };
  const find = (handle: Buffer): OpenFile | OpenDirectory | undefined =>
    handle.length === 4 ? handles.get(handle.readUInt32BE()) : undefined;
  const openFile = (handle: Buffer): OpenFile => {
    const found = find(handle);
    if (found?.kind !== 'file') throw new FileProblem('notFound', 'handle');
    return found;
  };
  const attributesAt = (path: string): Attributes => attributesOf(files.resolve(path, now()).node);

  // the client has said its last: the server closes, and nothing of what it had open remains
  sftp.on('end', () => {
    handles.clear();
    exitZero(sftp);
    sftp.end();
  });
  sftp.on('REALPATH', (id, path) =>
    handled(id, () => {
      const filename = place(path === '.' || path === '' ? user.home : path);
      sftp.name(id, [{ filename, longname: filename, attrs: attributesOrNone(files.find(filename, now())) }]);
    }),
  );
  sftp.on('STAT', (id, path) => handled(id, () => sftp.attrs(id, attributesAt(place(path)))));
  sftp.on('LSTAT', (id, path) =>
    handled(id, () => {
      const node = files.find(place(path), now());
      if (!node) throw new FileProblem('notFound', path);
      sftp.attrs(id, attributesOf(node));
    }),
  );
  sftp.on('FSTAT', (id, handle) =>
    handled(id, () => {
      const file = openFile(handle);
      sftp.attrs(id, {
        mode: S_IFREG | file.mode,
        uid: user.uid,
        gid: user.uid,
        size: file.content.length,
        atime: 0,
        mtime: Math.floor(now() / 1000),
      });
    }),
  );
  sftp.on('OPENDIR', (id, path) =>
    handled(id, () => {
      const folder = place(path);
      const names = ['.', '..', ...files.list(folder, user, now())];
      const entries = names.map((name) => entryOf(name, files.find(placeOf(files, folder, name), now())));
      give(id, { kind: 'directory', entries });
    }),
  );
  sftp.on('READDIR', (id, handle) => {
    const found = find(handle);
    if (found?.kind !== 'directory') return sftp.status(id, STATUS_CODE.FAILURE);
    const some = found.entries.splice(0, NAMES_AT_ONCE);
    if (some.length === 0) sftp.status(id, STATUS_CODE.EOF);
    else sftp.name(id, some);
  });
  sftp.on('OPEN', (id, path, flags, attrs) =>
    handled(id, () => {
      const where = place(path);
      const writes = (flags & (OPEN_MODE.WRITE | OPEN_MODE.APPEND)) !== 0;
      const there = files.find(where, now()) !== undefined;
      if (there && (flags & OPEN_MODE.EXCL) !== 0) throw new FileProblem('exists', path);
      if (!there && (flags & OPEN_MODE.CREAT) === 0) throw new FileProblem('notFound', path);
      const mode = (attrs.mode ?? 0o644) & 0o777;
      // a file is there from its opening on, and whether it may be written shows at once
      if (writes && (!there || (flags & OPEN_MODE.TRUNC) !== 0)) write(where, Buffer.alloc(0), mode);
      const readable = !writes || (flags & OPEN_MODE.READ) !== 0 || (flags & OPEN_MODE.TRUNC) === 0;
      const content = readable ? files.read(where, user, now()) : Buffer.alloc(0);
      give(id, { kind: 'file', path: where, writes, mode, content, dirty: false });
    }),
  );
  sftp.on('READ', (id, handle, offset, length) =>
    handled(id, () => {
      const { content } = openFile(handle);
      if (offset >= content.length) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, content.subarray(offset, offset + Math.min(length, 256 * 1024)));
    }),
  );
  sftp.on('WRITE', (id, handle, offset, data) =>
    handled(id, () => {
      const file = openFile(handle);
      if (!file.writes) throw new FileProblem('denied', file.path);
      const end = offset + data.length;
      if (end > FILE_BYTES_MAX) throw new FileProblem('tooLarge', file.path);
      if (end > file.content.length) {
        const grown = Buffer.alloc(Math.max(end, Math.min(file.content.length * 2, FILE_BYTES_MAX)));
        file.content.copy(grown);
        file.content = grown.subarray(0, end);
      } else if (!file.dirty) file.content = Buffer.from(file.content); // what is read is the system's own
      data.copy(file.content, offset);
      file.dirty = true;
      ok(id);
    }),
  );
  sftp.on('CLOSE', (id, handle) =>
    handled(id, () => {
      const found = find(handle);
      if (!found) return sftp.status(id, STATUS_CODE.FAILURE);
      handles.delete(handle.readUInt32BE());
      if (found.kind === 'file' && found.dirty) write(found.path, Buffer.from(found.content), found.mode);
      ok(id);
    }),
  );
  sftp.on('MKDIR', (id, path, attrs) =>
    handled(id, () => {
      files.makeDirectory(place(path), user, now(), false, (attrs.mode ?? 0o755) & 0o777);
      ok(id);
    }),
  );
  const remove = (wanted: 'directory' | 'file') => (id: number, path: string) =>
    handled(id, () => {
      const where = place(path);
      const isDirectory = files.find(where, now())?.type === 'directory';
      if (isDirectory !== (wanted === 'directory'))
        throw new FileProblem(isDirectory ? 'isDirectory' : 'notDirectory', path);
      files.remove(where, user, now());
      ok(id);
    });
  sftp.on('RMDIR', remove('directory'));
  sftp.on('REMOVE', remove('file'));
  sftp.on('RENAME', (id, from, to) =>
    handled(id, () => {
      files.move(place(from), place(to), user, now(), false);
      ok(id);
    }),
  );
  const change = (id: number, path: string, { mode, mtime }: Attributes): void => {
    if (mode === undefined && mtime === undefined) return ok(id);
    files.change(
      path,
      {
        ...(mode === undefined ? {} : { mode: mode & 0o7777 }),
        ...(mtime === undefined ? {} : { modifiedAt: Number(mtime) * 1000 }),
      },
      user,
      now(),
    );
    ok(id);
  };
  sftp.on('SETSTAT', (id, path, attrs) => handled(id, () => change(id, place(path), attrs)));
  sftp.on('FSETSTAT', (id, handle, attrs) => handled(id, () => change(id, openFile(handle).path, attrs)));
  sftp.on('READLINK', (id, path) =>
    handled(id, () => {
      const node = files.find(place(path), now());
      if (node?.type !== 'symlink') throw new FileProblem('notFound', path);
      const filename = node.target!;
      sftp.name(id, [{ filename, longname: filename, attrs: attributesOf(node) }]);
    }),
  );
  for (const refused of ['SYMLINK', 'EXTENDED'] as const)
    sftp.on(refused, (id: number) => sftp.status(id, STATUS_CODE.OP_UNSUPPORTED));
}

/** The program that serves SFTP ends as programs do, which scp looks at; ssh2 has no word for it. */
function exitZero(sftp: SFTPWrapper): void {
  const { outgoing, _protocol: protocol } = sftp as unknown as {
    readonly outgoing: { readonly id: number };
    readonly _protocol: { exitStatus(channel: number, code: number): void };
  };
  protocol.exitStatus(outgoing.id, 0);
}

function placeOf(files: Guest['files'], folder: string, name: string): string {
  if (name === '.') return folder;
  return name === '..' ? files.parent(folder) : files.join(folder, name);
}

function entryOf(name: string, node: FileNode | undefined): FileEntry {
  const attrs = attributesOrNone(node);
  return { filename: name, longname: longName(name, node, attrs), attrs };
}

function attributesOrNone(node: FileNode | undefined): Attributes {
  return node ? attributesOf(node) : { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
}

function attributesOf(node: FileNode): Attributes {
  const type = node.type === 'directory' ? S_IFDIR : node.type === 'symlink' ? S_IFLNK : S_IFREG;
  const mtime = Math.floor(node.modifiedAt / 1000);
  const size = node.type === 'directory' ? 4096 : (node.content?.().length ?? 0);
  return { mode: type | node.mode, uid: node.uid, gid: node.uid, size, atime: mtime, mtime };
}

/** As `ls -l` writes it: clients show this line as it is. */
function longName(name: string, node: FileNode | undefined, { size, mtime }: Attributes): string {
  const type = node?.type === 'directory' ? 'd' : node?.type === 'symlink' ? 'l' : '-';
  const bits = [0o400, 0o200, 0o100, 0o40, 0o20, 0o10, 0o4, 0o2, 0o1];
  const mode = bits.map((bit, i) => (((node?.mode ?? 0) & bit) !== 0 ? 'rwx'[i % 3] : '-')).join('');
  const date = new Date(Number(mtime) * 1000).toUTCString().split(' ');
  const owner = (node?.uid ?? 0) === 0 ? 'root' : String(node?.uid);
  return `${type}${mode}    1 ${owner.padEnd(8)} ${owner.padEnd(8)} ${String(size).padStart(8)} ${date[2]} ${date[1]} ${date[4]?.slice(0, 5)} ${name}`;
}
