/**
 * Scripts with language that pipelines here do not have (variables, conditions, loops, .NET), known by their whole text:
 * what they do is done in their place. A script that differs by a word is not known.
 *
 * Known: the two scripts by which winrmcp (packer-community) makes a file of the base64 lines that it has written.
 */
import { FileProblem } from '../file-tree.ts';
import type { Session } from './shell.ts';

interface KnownScript {
  readonly pattern: RegExp;
  /** @returns the exit code. */
  run(found: readonly string[], session: Session): number;
}

const KNOWN: readonly KnownScript[] = [
  {
    pattern: wholeScript(
      '$tmp_file_path = [System.IO.Path]::GetFullPath("<>") $dest_file_path = [System.IO.Path]::GetFullPath("<>".Trim("\'")) ' +
        'if (Test-Path $dest_file_path) { if (Test-Path -Path $dest_file_path -PathType container) { Exit 1 } else { rm $dest_file_path } } ' +
        'else { $dest_dir = ([System.IO.Path]::GetDirectoryName($dest_file_path)) ' +
        'New-Item -ItemType directory -Force -ErrorAction SilentlyContinue -Path $dest_dir | Out-Null } ' +
        'if (Test-Path $tmp_file_path) { $reader = [System.IO.File]::OpenText($tmp_file_path) ' +
        '$writer = [System.IO.File]::OpenWrite($dest_file_path) try { for(;;) { $base64_line = $reader.ReadLine() ' +
        'if ($base64_line -eq $null) { break } $bytes = [System.Convert]::FromBase64String($base64_line) ' +
        '$writer.write($bytes, 0, $bytes.Length) } } finally { $reader.Close() $writer.Close() } } ' +
        'else { echo $null > $dest_file_path }',
    ),
    run([from = '', to = ''], session) {
      const { guest, now } = session.machine;
      const { files } = guest;
      const source = pathOf(from, session);
      const target = pathOf(to.replace(/^'+|'+$/g, ''), session);
      const existing = files.find(target, now);
      if (existing?.type === 'directory') return 1;
      const folder = files.parent(target);
      if (!files.find(folder, now)) files.makeDirectory(folder, session.user, now, true);
      const lines = files.find(source, now) ? files.read(source, session.user, now).toString('latin1') : '';
      const content = lines.split(/\r?\n/).map((line) => Buffer.from(line.trim(), 'base64'));
      files.write(target, Buffer.concat(content), session.user, now);
      return 0;
    },
  },
  {
    pattern: wholeScript(
      '$tmp_file_path = [System.IO.Path]::GetFullPath("<>") if (Test-Path $tmp_file_path) { ' +
        'Remove-Item $tmp_file_path -ErrorAction SilentlyContinue }',
    ),
    run([path = ''], session) {
      const { guest, now } = session.machine;
      const target = pathOf(path, session);
      if (guest.files.find(target, now)) guest.files.remove(target, session.user, now);
      return 0;
    },
  },
];

/** The exit code of a script that is known; undefined of others. */
export function runKnownScript(script: string, session: Session): number | undefined {
  const text = script.trim().replace(/^\$ProgressPreference\s*=\s*["']SilentlyContinue["'];?\s*/i, '');
  for (const { pattern, run } of KNOWN) {
    const found = pattern.exec(text);
    if (!found) continue;
    try {
      return run(found.slice(1), session);
    } catch (error) {
      if (error instanceof FileProblem) return 1;
      throw error;
    }
  }
  return undefined;
}

/** White space counts as one blank; `<>` stands for text in double quotes. */
function wholeScript(text: string): RegExp {
  const source = text
    .split(' ')
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('<>', '([^"]*)'))
    .join('\\s+');
  return new RegExp(`^${source}$`);
}

/** As text in double quotes comes out, and an absolute path of it. */
function pathOf(text: string, session: Session): string {
  const plain = text.replace(/\$env:(\w+)/gi, (whole, name: string) => {
    for (const [key, value] of session.variables) if (key.toLowerCase() === name.toLowerCase()) return value;
    return whole;
  });
  const { files } = session.machine.guest;
  return files.normal(plain) ?? files.normal(files.join(session.cwd, plain)) ?? session.cwd;
}
