/**
 * A served vCenter with one machine that is off and has a real guest on its disk, made here by make-guest.sh: what
 * virt-v2v, nbdkit and Ansible are pointed at.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MIB } from '#core/units.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { type Served, serveForClients } from './harness.ts';

export interface JudgedGuest extends Served {
  readonly machine: Machine;
  readonly datacenter: string;
  /** Inventory folder of the machine: "/DC0/vm/…". */
  readonly inventoryFolder: string;
  /** Cluster and host: "DC0_C0/dc0-c0-h0.example". */
  readonly hostPath: string;
  /** SHA-256 (hex) of the image. */
  readonly imageDigest: string;
}

export const GUEST_NAME = 'judged-01';

/** @throws when mkfs.ext4 or sfdisk are not there */
export async function serveJudgedGuest(): Promise<JudgedGuest> {
  const image = guestImage();
  const facts = generateEstate({ seed: 'crosscheck', machines: 12 });
  const chosen = facts.machines.find(
    ({ os, template, disks }) =>
      os.family === 'linux' &&
      !template &&
      disks[0]?.mode === 'persistent' &&
      ['pvscsi', 'lsilogic', 'lsilogicsas'].includes(disks[0].controller) &&
      !disks.some((disk) => disk.raw || disk.shared),
  )!;
  const machine: Machine = {
    ...chosen,
    name: GUEST_NAME,
    power: 'off',
    firmware: 'bios',
    disks: [{ ...chosen.disks[0]!, sizeBytes: image.length }],
  };
  const host = facts.hosts.find(({ id }) => id === machine.hostId)!;
  const cluster = facts.clusters.find(({ id }) => id === host.clusterId);
  const datacenter = facts.datacenters.find(({ id }) => id === host.datacenterId)!.name;
  const served = await serveForClients(
    { ...facts, machines: facts.machines.map((each) => (each === chosen ? machine : each)) },
    machine.name,
  );
  const disk = served.estate.disk(machine.disks[0]!.id);
  for (let at = 0; at < image.length; at += MIB) disk.write(at, image.subarray(at, at + MIB));
  return {
    ...served,
    machine,
    datacenter,
    inventoryFolder: ['', datacenter, 'vm', ...machine.folder].join('/'),
    hostPath: `${cluster?.name ?? host.name}/${host.name}`,
    imageDigest: createHash('sha256').update(image).digest('hex'),
  };
}

function guestImage(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'drylift-guest-'));
  try {
    const script = fileURLToPath(new URL('./make-guest.sh', import.meta.url));
    const made = spawnSync('bash', [script, folder], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`the guest could not be made: ${made.stderr}`);
    return readFileSync(join(folder, 'disk.raw'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
