/**
 * The appliance is a stranger: core and reference-appliance alone, copied into an empty folder, must
 * type-check and start.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export function checkIsolation(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'drylift-alone-'));
  try {
    for (const name of ['core', 'reference-appliance', 'package.json', 'tsconfig.base.json'])
      cpSync(name, join(folder, name), { recursive: true });
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ files: [], references: [{ path: './core' }, { path: './reference-appliance' }] }),
    );
    const types = spawnSync('tsc', ['-b'], { cwd: folder, encoding: 'utf8' });
    if (types.status !== 0) return [`types: ${types.stdout}${types.stderr}`];
    const start = spawnSync(process.execPath, ['--import', 'tsx', 'reference-appliance/main.ts', '--help'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (start.status !== 0)
      return [`reference-appliance/main.ts --help ended with ${start.status}: ${start.stderr}`];
    return [];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
