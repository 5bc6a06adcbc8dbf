/** Redirections of the shell: where a command reads and writes, and the files that this makes. */
import { FileProblem } from '../file-tree.ts';
import { problemText, readInput } from './file-commands.ts';
import { expandOne } from './sh-expansion.ts';
import type { Redirection } from './sh-tree.ts';
import { collector, complain, ioOf, type LinuxIo, type LinuxSession } from './shell.ts';

export interface OpenFile {
  readonly path: string;
  readonly text: ReturnType<typeof collector>;
  readonly append: boolean;
}

/** The input and output of a command after one more redirection. @throws FileProblem */
export function redirect(
  { descriptor, operator, target }: Redirection,
  to: LinuxIo,
  session: LinuxSession,
  io: LinuxIo,
  files: OpenFile[],
): LinuxIo {
  const word = expandOne(target, session, io);
  if (operator === '<<') return ioOf({ rest: word }, to.out, to.err);
  if (operator === '<<<') return ioOf({ rest: `${word}\n` }, to.out, to.err);
  if (operator === '<') return ioOf({ rest: readInput(session, word) }, to.out, to.err);
  if (operator === '>&') {
    if (word === '1' && descriptor === 2) return ioOf(to.input, to.out, to.out);
    if (word === '2' && descriptor === 1) return ioOf(to.input, to.err, to.err);
    if (word === '-' || word === String(descriptor)) return to;
    throw new FileProblem('notFound', word);
  }
  const both = (out: LinuxIo['out']): LinuxIo =>
    ioOf(to.input, descriptor === 2 ? to.out : out, descriptor === 1 ? to.err : out);
  if (word === '/dev/null') return both(() => {});
  if (word === '/dev/stderr') return both(to.err);
  if (word === '/dev/stdout') return both(to.out);
  const paths = session.machine.guest.files;
  const path = paths.normal(word.startsWith('/') ? word : paths.join(session.cwd, word));
  if (path === undefined) throw new FileProblem('notFound', word);
  // the file is there, and empty, before the command starts
  if (operator === '>' || !paths.find(path, session.machine.now))
    paths.write(path, Buffer.alloc(0), session.user, session.machine.now);
  const text = collector(session.machine);
  files.push({ path, text, append: operator === '>>' });
  return both(text.add);
}

export function append(path: string, text: string, session: LinuxSession): void {
  const { files } = session.machine.guest;
  const { now } = session.machine;
  const before = files.find(path, now) ? files.read(path, session.user, now) : Buffer.alloc(0);
  files.write(path, Buffer.concat([before, Buffer.from(text, 'latin1')]), session.user, now);
}

/** @returns false when there was no room, which is told */
export function written(session: LinuxSession, io: LinuxIo, write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    io.err(complain(session, `write error: ${problemText(error).replace(/^.*: /, '')}`));
    return false;
  }
}
