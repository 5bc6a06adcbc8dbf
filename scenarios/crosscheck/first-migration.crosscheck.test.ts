/**
 * The whole first migration with a file system that e2fsprogs made just now, judged by e2fsprogs and QEMU:
 * a fresh ext4 disk, four later states of it, the workbook of a real datacentre, and every fault of the story.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import { missing, requireInstalled } from '#core/testing/installed.ts';
import { findScenario } from '../kit/catalogue.ts';
import { InputFiles } from '../kit/input-files.ts';
import { override } from '../kit/overrides.ts';
import { type RunOutcome, runScenario } from '../kit/runner.ts';

const REAL = fileURLToPath(new URL('../../../shared/data/rvtools/next-133-machines.xlsx', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../../simulators/estate/samples/harbour.xlsx', import.meta.url));
const STATES = 5;
const LIMIT_MS = 600_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drylift-crosscheck-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tool(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stdout + stderr}`);
  return stdout;
}

/** A file system with content of its own each time, and what four hours of work make of it. */
function makeStates(): string[] {
  const disk = join(folder, 'disk.img');
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'srv', 'plans'), { recursive: true });
  const entropy = new Entropy(process.env.DRYLIFT_TEST_SEED ?? 'states');
  let drawn = 0;
  const words = (n: number) => entropy.bytes(n, 'file', drawn++);
  for (let i = 0; i < 12; i++) writeFileSync(join(tree, 'srv', `file-${i}.bin`), words(50_000 + i * 20_000));
  writeFileSync(disk, Buffer.alloc(48 * 2 ** 20));
  tool('mke2fs', '-q', '-F', '-t', 'ext4', '-b', '1024', '-L', 'fresh', '-d', tree, disk);
  const paths: string[] = [];
  for (let state = 0; state < STATES; state++) {
    if (state > 0) {
      const fresh = join(folder, 'fresh.bin');
      writeFileSync(fresh, words(300_000));
      const commands = [
        `rm /srv/file-${state}.bin`,
        `write ${fresh} /srv/plans/new-${state}.bin`,
        `rm /srv/file-0.bin`,
        `write ${fresh} /srv/file-0.bin`,
        `symlink /srv/current-${state} plans/new-${state}.bin`,
      ];
      writeFileSync(join(folder, 'commands'), `${commands.join('\n')}\n`);
      tool('debugfs', '-w', '-f', join(folder, 'commands'), disk);
    }
    tool('e2fsck', '-fn', disk);
    const path = `state-${state}.img`;
    copyFileSync(disk, join(folder, path));
    paths.push(path);
  }
  return paths;
}

async function migrate(workbook: string): Promise<RunOutcome> {
  const found = await findScenario('first-migration');
  let text = override(found.text, { estate: workbook, days: '0.25' }).replace(
    'images/files-01.ext4.zst',
    'state-0.img',
  );
  for (let state = 1; state < STATES; state++)
    text = text.replace(`images/files-01.${state}.diff.zst`, `state-${state}.img`);
  const files = new InputFiles(folder);
  files.alias(workbook);
  return runScenario({
    source: { file: 'first-migration', text, folder },
    files,
    tier: 'memory',
    runsFolder: join(folder, 'runs'),
    interrupt: new AbortController().signal,
  });
}

describe('a machine whose disk is a fresh ext4 file system', () => {
  test(
    existsSync(REAL)
      ? 'is migrated from a real datacentre, and others find disk and file system whole'
      : 'is migrated (the real workbook is not here: the sample stands in), and others find disk and file system whole',
    async (context) => {
      requireInstalled(context, 'mke2fs', ['-V'], 'e2fsprogs');
      requireInstalled(context, 'debugfs', ['-V'], 'e2fsprogs');
      requireInstalled(context, 'qemu-img', ['--version'], 'qemu-utils');
      const states = makeStates();
      const { record, folder: runFolder } = await migrate(existsSync(REAL) ? REAL : SAMPLE);
      expect(record.checks.filter(({ status }) => status === 'failed')).toEqual([]);
      expect(record).toMatchObject({ verdict: 'passed', estate: { machines: existsSync(REAL) ? 132 : 12 } });
      expect(record.faults.map(({ fired }) => fired)).toEqual([1, 1, 2, 1, 1]);

      const vhd = join(runFolder, 'files-01-disk0.vhd');
      const info = JSON.parse(tool('qemu-img', 'info', '-f', 'vpc', '--output=json', vhd)) as Record<
        string,
        unknown
      >;
      expect(info).toMatchObject({ format: 'vpc', 'virtual-size': 48 * 2 ** 20 });
      const last = join(folder, states.at(-1)!);
      tool('qemu-img', 'compare', '-f', 'vpc', '-F', 'raw', vhd, last);
      const raw = join(folder, 'target.img');
      tool('qemu-img', 'convert', '-f', 'vpc', '-O', 'raw', vhd, raw);
      expect(readFileSync(raw).equals(readFileSync(last))).toBe(true);
      tool('e2fsck', '-fn', raw);
      expect(tool('debugfs', '-R', 'ls -p /srv/plans', raw)).toContain('new-4.bin');
    },
    LIMIT_MS,
  );

  test(
    'is migrated the same way twice: one seed, one trace',
    async (context) => {
      if (!existsSync(join(folder, `state-${STATES - 1}.img`)))
        missing(context, 'the images of the test before were not made');
      const first = await migrate(SAMPLE);
      const second = await migrate(SAMPLE);
      expect(first.record.verdict).toBe('passed');
      expect(second.record.traceHash).toBe(first.record.traceHash);
    },
    LIMIT_MS,
  );
});
