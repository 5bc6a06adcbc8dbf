/**
 * Files of a guest: what its system came with, worked out when somebody looks, and over it what was written since.
 * Protocol-free: a path that is not there, may not be read, or is in the way is told as a `FileProblem`.
 */
import type { Bytes, UnixMillis } from '#core/units.ts';
import type { GuestUser } from './accounts.ts';

export interface FileNode {
  readonly type: 'file' | 'directory' | 'symlink';
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly modifiedAt: UnixMillis;
  /** Absent for directories. */
  readonly content?: () => Buffer;
  readonly target?: string;
}

export type FileProblemKind =
  | 'notFound'
  | 'exists'
  | 'denied'
  | 'notDirectory'
  | 'isDirectory'
  | 'notEmpty'
  | 'tooLarge';

export class FileProblem extends Error {
  readonly kind: FileProblemKind;
  readonly path: string;

  constructor(kind: FileProblemKind, path: string) {
    super(`${kind}: ${path}`);
    this.kind = kind;
    this.path = path;
  }
}

/** What can be written into one guest altogether. */
const OVERLAY_BYTES_MAX: Bytes = 256 * 1024 * 1024;
const LINKS_MAX = 8;

export interface BaseTree {
  /** The node at a normal path, if the system came with one. */
  find(path: string): FileNode | undefined;
  /** Names in a directory that the system came with. */
  names(path: string): readonly string[];
}

interface Entry {
  /** Name as it was written: paths compare without case on Windows. */
  readonly path: string;
  /** Undefined: deleted. */
  readonly node: FileNode | undefined;
  /** A directory that was made where the system's own was deleted: nothing below shines through. */
  readonly isFresh: boolean;
}

export class FileTree {
  readonly #base: (now: UnixMillis) => BaseTree;
  readonly #windows: boolean;
  readonly #overlay = new Map<string, Entry>();
  readonly #room: Bytes;
  #bytes: Bytes = 0;
  /** Nothing more can be written, whatever room there should be. */
  isFull = false;

  /**
   * @param base the system's own files, as of a time: /proc changes.
   * @param room what can be written until the disk is full
   */
  constructor(base: (now: UnixMillis) => BaseTree, windows: boolean, room: Bytes = OVERLAY_BYTES_MAX) {
    this.#base = base;
    this.#windows = windows;
    this.#room = Math.min(room, OVERLAY_BYTES_MAX);
  }

  /** Bytes of all that was written since the system was installed. */
  get writtenBytes(): Bytes {
    return this.#bytes;
  }

  /** An absolute path without dots and doubled separators. Undefined when it is not absolute. */
  normal(path: string): string | undefined {
    if (path.includes('\0') || path.length > 4096) return undefined;
    const drive = this.#windows ? /^([A-Za-z]):(?=[\\/]|$)/.exec(path)?.[1] : undefined;
    if (this.#windows ? drive === undefined : !path.startsWith('/')) return undefined;
    const parts: string[] = [];
    for (const part of (this.#windows ? path.slice(2) : path).split(this.#windows ? /[\\/]+/ : /\/+/))
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    return this.#windows ? `${drive!.toUpperCase()}:\\${parts.join('\\')}` : `/${parts.join('/')}`;
  }

  join(folder: string, name: string): string {
    const separator = this.#windows ? '\\' : '/';
    return folder.endsWith(separator) ? folder + name : folder + separator + name;
  }

  parent(path: string): string {
    const separator = this.#windows ? '\\' : '/';
    const cut = path.lastIndexOf(separator);
    return cut <= (this.#windows ? 2 : 0) ? path.slice(0, cut + 1) : path.slice(0, cut);
  }

  nameOf(path: string): string {
    return path.slice(path.lastIndexOf(this.#windows ? '\\' : '/') + 1);
  }

  /** The node at a path, links not followed. */
  find(path: string, now: UnixMillis): FileNode | undefined {
    const entry = this.#overlay.get(this.#key(path));
    if (entry) return entry.node;
    for (let at = path, above = this.parent(path); above !== at; at = above, above = this.parent(above)) {
      const over = this.#overlay.get(this.#key(above));
      // a directory that was deleted took its content along
      if (over && (over.node === undefined || over.isFresh)) return undefined;
    }
    return this.#base(now).find(path);
  }

  /** The node that a path leads to in the end, and where that is. @throws FileProblem notFound */
  resolve(path: string, now: UnixMillis): { path: string; node: FileNode } {
    let at = path;
    for (let links = 0; links <= LINKS_MAX; links++) {
      const node = this.find(at, now);
      if (!node) break;
      if (node.type !== 'symlink') return { path: at, node };
      at = this.normal(
        node.target!.startsWith('/') ? node.target! : this.join(this.parent(at), node.target!),
      )!;
    }
    throw new FileProblem('notFound', path);
  }

  /** Names in a directory, sorted. @throws FileProblem notFound, notDirectory, denied */
  list(path: string, user: GuestUser, now: UnixMillis): string[] {
    const { path: real, node } = this.resolve(path, now);
    if (node.type !== 'directory') throw new FileProblem('notDirectory', path);
    if (!may(node, user, 4)) throw new FileProblem('denied', path);
    const names = new Map<string, string>();
    for (const name of this.#base(now).names(real))
      if (this.find(this.join(real, name), now)) names.set(this.#key(name), name);
    for (const { path: other, node: over } of this.#overlay.values())
      if (over && other !== real && this.#key(this.parent(other)) === this.#key(real))
        names.set(this.#key(this.nameOf(other)), this.nameOf(other));
    return [...names.values()].sort();
  }

  /** @throws FileProblem notFound, isDirectory, denied */
  read(path: string, user: GuestUser, now: UnixMillis): Buffer {
    const { node } = this.resolve(path, now);
    if (node.type === 'directory') throw new FileProblem('isDirectory', path);
    if (!may(node, user, 4)) throw new FileProblem('denied', path);
    return node.content!();
  }

  /** Creates or replaces a file; its directory must be there. @throws FileProblem */
  write(path: string, content: Buffer, user: GuestUser, now: UnixMillis, mode = 0o644): void {
    const existing = this.find(path, now);
    const target = existing ? this.resolve(path, now) : { path, node: undefined };
    if (target.node?.type === 'directory') throw new FileProblem('isDirectory', path);
    if (target.node) {
      if (!may(target.node, user, 2)) throw new FileProblem('denied', path);
    } else this.#writableParent(path, user, now);
    const before = this.#overlay.get(this.#key(target.path))?.node?.content?.().length ?? 0;
    const grown = content.length - before;
    if (grown > 0 && (this.isFull || this.#bytes + grown > this.#room))
      throw new FileProblem('tooLarge', path);
    this.#bytes += content.length - before;
    this.#put(target.path, {
      type: 'file',
      mode: target.node?.mode ?? mode,
      uid: target.node?.uid ?? user.uid,
      modifiedAt: now,
      content: () => content,
    });
  }

  /** @throws FileProblem exists, notFound, denied */
  makeDirectory(path: string, user: GuestUser, now: UnixMillis, parents = false, mode = 0o755): void {
    if (this.find(path, now)) throw new FileProblem('exists', path);
    const above = this.parent(path);
    if (parents && above !== path && !this.find(above, now)) this.makeDirectory(above, user, now, true);
    this.#writableParent(path, user, now);
    this.#put(path, { type: 'directory', mode, uid: user.uid, modifiedAt: now });
  }

  /** Deletes a file, a link or (when `recursive` or empty) a directory. @throws FileProblem */
  remove(path: string, user: GuestUser, now: UnixMillis, recursive = false): void {
    const node = this.find(path, now);
    if (!node) throw new FileProblem('notFound', path);
    this.#writableParent(path, user, now);
    if (node.type === 'directory') {
      const names = this.list(path, user, now);
      if (names.length > 0 && !recursive) throw new FileProblem('notEmpty', path);
      for (const name of names) this.remove(this.join(path, name), user, now, true);
    }
    this.#drop(path, now);
  }

  /** Moves a file or a directory with all that is in it. @throws FileProblem */
  move(from: string, to: string, user: GuestUser, now: UnixMillis, overwrite: boolean): void {
    const node = this.find(from, now);
    if (!node) throw new FileProblem('notFound', from);
    const there = this.find(to, now);
    if (there && !overwrite) throw new FileProblem('exists', to);
    if (there?.type === 'directory') throw new FileProblem('isDirectory', to);
    this.#writableParent(from, user, now);
    this.#writableParent(to, user, now);
    const names = node.type === 'directory' ? this.list(from, user, now) : [];
    this.#put(to, node);
    for (const name of names) this.move(this.join(from, name), this.join(to, name), user, now, true);
    this.#drop(from, now);
  }

  /** Changes permission bits, owner or time of what is there. @throws FileProblem notFound, denied */
  change(
    path: string,
    changes: Partial<Pick<FileNode, 'mode' | 'uid' | 'modifiedAt'>>,
    user: GuestUser,
    now: UnixMillis,
  ): void {
    const { path: real, node } = this.resolve(path, now);
    if (!user.isRoot && node.uid !== user.uid) throw new FileProblem('denied', path);
    this.#put(real, { ...node, ...changes });
  }

  #writableParent(path: string, user: GuestUser, now: UnixMillis): void {
    const above = this.parent(path);
    const node = this.find(above, now) ? this.resolve(above, now).node : undefined;
    if (!node) throw new FileProblem('notFound', above);
    if (node.type !== 'directory') throw new FileProblem('notDirectory', above);
    if (!may(node, user, 2)) throw new FileProblem('denied', path);
  }

  #put(path: string, node: FileNode): void {
    const key = this.#key(path);
    const before = this.#overlay.get(key);
    const isFresh = before !== undefined && (before.node === undefined || before.isFresh);
    this.#overlay.set(key, { path, node, isFresh });
  }

  #drop(path: string, now: UnixMillis): void {
    const key = this.#key(path);
    this.#bytes -= this.#overlay.get(key)?.node?.content?.().length ?? 0;
    if (this.#base(now).find(path)) this.#overlay.set(key, { path, node: undefined, isFresh: false });
    else this.#overlay.delete(key);
  }

  #key(path: string): string {
    return this.#windows ? path.toLowerCase() : path;
  }
}

/** Has the user this right (4 read, 2 write, 1 execute)? Groups are not modelled: owner or other. */
export function may(node: FileNode, user: GuestUser, right: 4 | 2 | 1): boolean {
  if (user.isRoot) return true;
  return (node.uid === user.uid ? (node.mode >> 6) & right : node.mode & right) !== 0;
}
