/** GuestFileManager: files and directories inside guests, and the addresses by which their content comes and goes. */
import { GIB } from '#core/units.ts';
import { type FileNode, FileProblem } from '../../estate/guest/file-tree.ts';
import type { Guest } from '../../estate/guest/guest.ts';
import { globSource } from '../../estate/guest/shell/sh-expansion.ts';
import { invalidArgument } from '../faults.ts';
import { type Call, defineMethod, type Method } from '../methods/method.ts';
import type { Data, Value } from '../values.ts';
import { type Access, enterGuest, GUEST_FAULTS, type GuestArgs, guestPath, telling } from './access.ts';
import { issueTransfer } from './transfers.ts';

const FILE_FAULTS = [...GUEST_FAULTS, 'FileNotFound', 'FileAlreadyExists', 'CannotAccessFile'];
const LIST_DEFAULT = 50;
const NAMES_TRIED_MAX = 1000;

interface FileMethod<Args> {
  name: string;
  takes: string;
  returns?: string;
  privilege: 'Query' | 'Modify';
  run(args: Args, call: Call, access: Access): Value | undefined;
}

const fileMethod = <Args>({ name, takes, returns, privilege, run }: FileMethod<Args>): Method =>
  defineMethod<Args & GuestArgs>({
    on: 'GuestFileManager',
    name,
    since: '5.0',
    takes: `vm &VirtualMachine, auth GuestAuthentication, ${takes}`,
    ...(returns === undefined ? {} : { returns }),
    faults: FILE_FAULTS,
    run: (args, call) => {
      const access = enterGuest(call, args, privilege);
      return telling(() => run(args, call, access));
    },
  });

function attributesOf(guest: Guest, node: FileNode): Data {
  const times = { modificationTime: node.modifiedAt, accessTime: node.modifiedAt };
  if (guest.os.family === 'windows')
    return {
      $: 'GuestWindowsFileAttributes',
      ...times,
      hidden: false,
      readOnly: (node.mode & 0o200) === 0,
      createTime: node.modifiedAt,
    };
  return {
    $: 'GuestPosixFileAttributes',
    ...times,
    symlinkTarget: node.type === 'symlink' ? node.target! : '',
    ownerId: node.uid,
    groupId: node.uid,
    permissions: node.mode,
  };
}

const sizeOf = (node: FileNode): number =>
  node.type === 'file' ? node.content!().length : node.type === 'symlink' ? node.target!.length : 4096;

interface Chosen {
  readonly guestFilePath: string;
  readonly fileAttributes: Data;
}

/** Permission bits that attributes ask for; 0644 unless they say. */
function modeFrom(attributes: Data): number {
  if (typeof attributes.permissions === 'number') return attributes.permissions & 0o7777;
  return attributes.readOnly === true ? 0o444 : 0o644;
}

function temporary(
  call: Call,
  { guest, user }: Access,
  args: { prefix: string; suffix: string; directoryPath?: string },
  make: (path: string) => void,
): string {
  const folder =
    args.directoryPath === undefined || args.directoryPath === ''
      ? guest.os.family === 'windows'
        ? guest.environment(user).get('TEMP')!
        : '/tmp'
      : guestPath(guest, args.directoryPath, 'directoryPath');
  if (/[\\/\0]/.test(args.prefix + args.suffix)) throw invalidArgument('prefix');
  for (let n = 0; n < NAMES_TRIED_MAX; n++) {
    const middle = guest.entropy.hex(6, 'guest.temporary', guest.machine.id, call.now, n);
    const path = guest.files.join(folder, `${args.prefix}vmware${middle}${args.suffix}`);
    if (guest.files.find(path, call.now)) continue;
    make(path);
    return path;
  }
  throw new FileProblem('exists', folder);
}

export const GUEST_FILE_METHODS: readonly Method[] = [
  fileMethod<{ directoryPath: string; createParentDirectories: boolean }>({
    name: 'MakeDirectoryInGuest',
    takes: 'directoryPath string, createParentDirectories boolean',
    privilege: 'Modify',
    run({ directoryPath, createParentDirectories }, { now }, { guest, user }) {
      guest.files.makeDirectory(
        guestPath(guest, directoryPath, 'directoryPath'),
        user,
        now,
        createParentDirectories,
      );
      return undefined;
    },
  }),
  fileMethod<{ filePath: string }>({
    name: 'DeleteFileInGuest',
    takes: 'filePath string',
    privilege: 'Modify',
    run({ filePath }, { now }, { guest, user }) {
      const path = guestPath(guest, filePath, 'filePath');
      if (guest.files.find(path, now)?.type === 'directory') throw new FileProblem('isDirectory', path);
      guest.files.remove(path, user, now);
      return undefined;
    },
  }),
  fileMethod<{ directoryPath: string; recursive: boolean }>({
    name: 'DeleteDirectoryInGuest',
    takes: 'directoryPath string, recursive boolean',
    privilege: 'Modify',
    run({ directoryPath, recursive }, { now }, { guest, user }) {
      const path = guestPath(guest, directoryPath, 'directoryPath');
      const node = guest.files.find(path, now);
      if (node && node.type !== 'directory') throw new FileProblem('notDirectory', path);
      guest.files.remove(path, user, now, recursive);
      return undefined;
    },
  }),
  ...(['MoveDirectoryInGuest', 'MoveFileInGuest'] as const).map((name) => {
    const ofFile = name === 'MoveFileInGuest';
    const word = ofFile ? 'File' : 'Directory';
    return fileMethod<Record<string, string> & { overwrite?: boolean }>({
      name,
      takes: `src${word}Path string, dst${word}Path string${ofFile ? ', overwrite boolean' : ''}`,
      privilege: 'Modify',
      run(args, { now }, { guest, user }) {
        const from = guestPath(guest, args[`src${word}Path`]!, `src${word}Path`);
        const to = guestPath(guest, args[`dst${word}Path`]!, `dst${word}Path`);
        const node = guest.files.find(from, now);
        if (node && (node.type === 'directory') === ofFile)
          throw new FileProblem(ofFile ? 'isDirectory' : 'notDirectory', from);
        guest.files.move(from, to, user, now, args.overwrite === true);
        return undefined;
      },
    });
  }),
  fileMethod<{ prefix: string; suffix: string; directoryPath?: string }>({
    name: 'CreateTemporaryFileInGuest',
    takes: 'prefix string, suffix string, directoryPath string?',
    returns: 'string',
    privilege: 'Modify',
    run: (args, call, access) =>
      temporary(call, access, args, (path) =>
        access.guest.files.write(path, Buffer.alloc(0), access.user, call.now, 0o600),
      ),
  }),
  fileMethod<{ prefix: string; suffix: string; directoryPath?: string }>({
    name: 'CreateTemporaryDirectoryInGuest',
    takes: 'prefix string, suffix string, directoryPath string?',
    returns: 'string',
    privilege: 'Modify',
    run: (args, call, access) =>
      temporary(call, access, args, (path) =>
        access.guest.files.makeDirectory(path, access.user, call.now, false, 0o700),
      ),
  }),
  fileMethod<{ filePath: string; index?: number; maxResults?: number; matchPattern?: string }>({
    name: 'ListFilesInGuest',
    takes: 'filePath string, index int?, maxResults int?, matchPattern string?',
    returns: 'GuestListFileInfo',
    privilege: 'Query',
    run({ filePath, index = 0, maxResults = LIST_DEFAULT, matchPattern }, { now }, { guest, user }) {
      if (index < 0 || maxResults < 0) throw invalidArgument(index < 0 ? 'index' : 'maxResults');
      const path = guestPath(guest, filePath, 'filePath');
      const { path: real, node } = guest.files.resolve(path, now);
      let names = node.type === 'directory' ? ['.', '..', ...guest.files.list(real, user, now)] : [path];
      if (matchPattern !== undefined && matchPattern !== '') {
        const test = new RegExp(`^(?:${patternSource(matchPattern)})$`);
        names = names.filter((name) => test.test(name));
      }
      const shown = names.slice(index, index + maxResults);
      return {
        $: 'GuestListFileInfo',
        files: shown.map((name) => {
          const at =
            name === path
              ? path
              : name === '.'
                ? real
                : name === '..'
                  ? guest.files.parent(real)
                  : guest.files.join(real, name);
          const found = guest.files.find(at, now)!;
          return {
            $: 'GuestFileInfo',
            path: name,
            type: found.type,
            size: sizeOf(found),
            attributes: attributesOf(guest, found),
          };
        }),
        remaining: Math.max(0, names.length - index - shown.length),
      };
    },
  }),
  fileMethod<Chosen>({
    name: 'ChangeFileAttributesInGuest',
    takes: 'guestFilePath string, fileAttributes GuestFileAttributes',
    privilege: 'Modify',
    run({ guestFilePath, fileAttributes }, { now }, { guest, user }) {
      const { permissions, readOnly, ownerId, modificationTime } = fileAttributes;
      guest.files.change(
        guestPath(guest, guestFilePath, 'guestFilePath'),
        {
          ...(permissions === undefined && readOnly === undefined ? {} : { mode: modeFrom(fileAttributes) }),
          ...(typeof ownerId === 'number' ? { uid: ownerId } : {}),
          ...(typeof modificationTime === 'number' ? { modifiedAt: modificationTime } : {}),
        },
        user,
        now,
      );
      return undefined;
    },
  }),
  fileMethod<{ guestFilePath: string }>({
    name: 'InitiateFileTransferFromGuest',
    takes: 'guestFilePath string',
    returns: 'FileTransferInformation',
    privilege: 'Query',
    run({ guestFilePath }, call, access) {
      const { guest, user } = access;
      const path = guestPath(guest, guestFilePath, 'guestFilePath');
      const content = guest.files.read(path, user, call.now);
      const { node } = guest.files.resolve(path, call.now);
      return {
        $: 'FileTransferInformation',
        attributes: attributesOf(guest, node),
        size: content.length,
        url: issueTransfer(call, access.vm, { kind: 'from', content }),
      };
    },
  }),
  fileMethod<Chosen & { fileSize: number; overwrite: boolean }>({
    name: 'InitiateFileTransferToGuest',
    takes: 'guestFilePath string, fileAttributes GuestFileAttributes, fileSize long, overwrite boolean',
    returns: 'string',
    privilege: 'Modify',
    run({ guestFilePath, fileAttributes, fileSize, overwrite }, call, { vm, guest, user }) {
      if (fileSize < 0 || fileSize > 4 * GIB) throw invalidArgument('fileSize');
      const path = guestPath(guest, guestFilePath, 'guestFilePath');
      const existing = guest.files.find(path, call.now);
      if (existing?.type === 'directory') throw new FileProblem('isDirectory', path);
      if (existing && !overwrite) throw new FileProblem('exists', path);
      // whether it may be written is known now, not when the content has come
      if (!existing) {
        guest.files.write(path, Buffer.alloc(0), user, call.now);
        guest.files.remove(path, user, call.now);
      }
      const store = (content: Buffer, now: number): void => {
        guest.files.write(path, content, user, now, modeFrom(fileAttributes));
        if (fileAttributes.permissions !== undefined)
          guest.files.change(path, { mode: modeFrom(fileAttributes) }, user, now);
      };
      return issueTransfer(call, vm, { kind: 'to', size: fileSize, store });
    },
  }),
];

/** A regular expression as the guest's tools read it; one that is none is taken for a pattern of a shell. */
function patternSource(pattern: string): string {
  try {
    new RegExp(pattern);
    return pattern;
  } catch {
    return globSource(pattern);
  }
}
