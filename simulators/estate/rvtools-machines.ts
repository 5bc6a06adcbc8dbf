/** One machine from its row in vInfo and its rows in the other sheets. */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Firmware, Host, Machine, PowerState } from './model.ts';
import { recogniseOs } from './os-names.ts';
import { readDisks } from './rvtools-disks.ts';
import type { MachineKey } from './rvtools-join.ts';
import { readNics } from './rvtools-nics.ts';
import type { Places } from './rvtools-places.ts';
import type { Findings, TableRow } from './rvtools-table.ts';
import { guessRole, templateWorkload, workloadFor } from './workload-guess.ts';

/** vSphere 8's configuration maximums. */
const MAX_CPUS = 768;
const MAX_MEMORY_MIB = 24 * 1024 * 1024;
/** One PiB: no machine is provisioned with more. */
const MAX_PROVISIONED_MIB = 1024 * 1024 * 1024;
const MAX_FOLDER_DEPTH = 32;
const NOT_SAID = 'the workbook does not say';

/** Rows of the other sheets about one machine. */
export interface MachineRows {
  readonly vCPU: readonly TableRow<'vCPU'>[];
  readonly vMemory: readonly TableRow<'vMemory'>[];
  readonly vTools: readonly TableRow<'vTools'>[];
  readonly vDisk: readonly TableRow<'vDisk'>[];
  readonly vPartition: readonly TableRow<'vPartition'>[];
  readonly vNetwork: readonly TableRow<'vNetwork'>[];
}

export interface MachineContext {
  readonly entropy: Entropy;
  readonly findings: Findings;
  readonly places: Places;
  readonly paths: Set<string>;
  readonly macs: Set<string>;
}

/** @param index place in vInfo. @param id as vCenter numbers machines: "vm-1234". */
export function readMachine(
  context: MachineContext,
  key: MachineKey,
  index: number,
  id: string,
  rows: MachineRows,
): Machine {
  const { entropy, findings, places } = context;
  const { row, name } = key;
  const object = `machine ${name}`;
  const derive = (field: string, value: string | number, reason: string) =>
    findings.derive(object, field, value, reason);
  const or = <T extends string | number>(
    field: string,
    value: T | undefined,
    otherwise: T,
    reason = NOT_SAID,
  ): T => {
    if (value === undefined) derive(field, otherwise, reason);
    return value ?? otherwise;
  };

  const template = row.flag('template') ?? false;
  const power = readPower(row, template, derive);
  const { os, toolsName } = readOs(row, derive);
  const recognised = recogniseOs(os);
  const cores = or('CPUs', row.whole('cpus', 1, MAX_CPUS) ?? rows.vCPU[0]?.whole('cpus', 1, MAX_CPUS), 2);
  const memoryMiB = or(
    'memory',
    row.whole('memoryMiB', 4, MAX_MEMORY_MIB) ?? rows.vMemory[0]?.whole('sizeMiB', 4, MAX_MEMORY_MIB),
    4096,
  );
  const host = places.hostOf(object, id, {
    datacenter: key.datacenter,
    cluster: row.text('cluster', 255),
    host: row.text('host', 255),
  });
  const tools = readTools(row, rows.vTools[0], power, toolsName, derive);
  const toolsVersion = or('tools version', rows.vTools[0]?.whole('toolsVersion', 0, 2_147_483_647), 11333);
  const disks = readDisks(
    { entropy, findings, places, object, machineId: id, name, host, os: recognised, paths: context.paths },
    rows.vDisk,
    rows.vPartition,
    {
      count: row.whole('disks', 0, 256),
      totalMiB: row.whole('totalMiB', 0, MAX_PROVISIONED_MIB),
      provisionedMiB: row.whole('provisionedMiB', 0, MAX_PROVISIONED_MIB),
      memoryMiB,
    },
  );
  const nics = readNics(
    { findings, places, object, name, host, index, toolsRunning: tools === 'running', macs: context.macs },
    rows.vNetwork,
    row,
  );
  const pool = readPool(row);

  return {
    id,
    name,
    dnsName: or('DNS name', row.text('dnsName', 255), name),
    datacenterId: host.datacenterId,
    ...(host.clusterId === undefined ? {} : { clusterId: host.clusterId }),
    hostId: host.id,
    folder: readFolder(row, key),
    ...(pool === undefined ? {} : { resourcePool: pool }),
    biosUuid: or('BIOS UUID', row.uuid('biosUuid'), entropy.uuid('estate.import.bios', id)),
    instanceUuid: or('instance UUID', key.uuid, entropy.uuid('estate.import.instance', id)),
    template,
    cores,
    sockets: readSockets(rows.vCPU[0], cores, derive),
    memoryMiB,
    firmware: or<Firmware>(
      'firmware',
      row.oneOf<Firmware>('firmware', { bios: 'bios', efi: 'efi' }),
      recognised.efi ? 'efi' : 'bios',
      'usual for the operating system',
    ),
    os: {
      family: recognised.family,
      fullName: os,
      guestId: recognised.guestId,
      bits: recognised.bits,
      ...(toolsName === undefined ? {} : { toolsFullName: toolsName }),
    },
    annotation: row.text('annotation') ?? '',
    hardwareVersion: readHardware(row, host, derive),
    tools,
    toolsVersion,
    disks,
    nics,
    workload: readWorkload(context, name, os, id, template, host, cores, memoryMiB, row, rows, derive),
    power,
  };
}

type Derive = (field: string, value: string | number, reason: string) => void;

function readPower(row: TableRow<'vInfo'>, template: boolean, derive: Derive): PowerState {
  const stated = row.oneOf<PowerState>('power', {
    poweredOn: 'on',
    poweredOff: 'off',
    suspended: 'suspended',
  });
  if (template && stated !== 'off') {
    derive('power', 'off', 'it is a template');
    return 'off';
  }
  if (stated === undefined) derive('power', 'on', NOT_SAID);
  return stated ?? 'on';
}

function readOs(row: TableRow<'vInfo'>, derive: Derive): { os: string; toolsName: string | undefined } {
  const configured = row.text('osConfig', 255);
  const toolsName = row.text('osTools', 255);
  const os = configured ?? toolsName ?? 'Other (64-bit)';
  if (configured === undefined)
    derive('operating system', os, toolsName === undefined ? NOT_SAID : 'only the tools say');
  const { known, guestId, bitsKnown, bits } = recogniseOs(os);
  if (!known) derive('guest id', guestId, `vSphere has no id for "${os}"`);
  else if (!bitsKnown) derive('bits', bits, `"${os}" does not say`);
  return { os, toolsName };
}

function readTools(
  row: TableRow<'vInfo'>,
  tools: TableRow<'vTools'> | undefined,
  power: PowerState,
  toolsOs: string | undefined,
  derive: Derive,
): Machine['tools'] {
  const stated =
    tools?.oneOf<Machine['tools']>('tools', {
      toolsOk: 'running',
      toolsOld: 'running',
      toolsNotRunning: 'notRunning',
      toolsNotInstalled: 'notInstalled',
    }) ?? undefined;
  const guest = row.text('guestState', 80)?.toLowerCase();
  // A guest that is off runs no tools, whatever the sheet remembers.
  if (stated !== undefined && !(stated === 'running' && power !== 'on')) return stated;
  if (stated === undefined && guest === 'running' && power === 'on') return 'running';
  const derived = toolsOs === undefined ? 'notInstalled' : power === 'on' ? 'running' : 'notRunning';
  derive(
    'tools',
    derived,
    toolsOs === undefined ? 'they report no operating system' : 'they report an operating system',
  );
  return derived;
}

/** "vmx-13", "v13" or 13. */
function readHardware(row: TableRow<'vInfo'>, host: Host, derive: Derive): number {
  const text = row.text('hardware', 40);
  const digits = /^(?:vmx-?|v)?0*(\d{1,2})$/i.exec(text ?? '')?.[1];
  if (text !== undefined && (digits === undefined || Number(digits) < 3))
    row.report('hardware', `"${text}" is not a hardware version`);
  if (digits !== undefined) return Number(digits);
  const derived = host.version.startsWith('8') ? 20 : host.version.startsWith('7') ? 17 : 13;
  derive('hardware version', derived, 'usual for the version of the host');
  return derived;
}

function readSockets(row: TableRow<'vCPU'> | undefined, cores: number, derive: Derive): number {
  const stated = row?.whole('sockets', 1, MAX_CPUS);
  if (stated !== undefined && cores % stated === 0) return stated;
  derive('sockets', cores, stated === undefined ? NOT_SAID : `${stated} sockets do not make ${cores} CPUs`);
  return cores;
}

/** "/DC/vm/Prod/Web", "vm/Prod/Web" or "Prod/Web" without what every machine has in front. */
function readFolder(row: TableRow<'vInfo'>, { folder, datacenter }: MachineKey): string[] {
  const parts = (folder ?? '')
    .split('/')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length > 0 && parts[0] === datacenter) parts.shift();
  if (parts[0] === 'vm') parts.shift();
  if (parts.length > MAX_FOLDER_DEPTH) row.report('folder', `is deeper than ${MAX_FOLDER_DEPTH} folders`);
  return parts;
}

/** "/DC/host/Cluster/Resources/Gold" is Gold; the root pool, "Resources", is none. */
function readPool(row: TableRow<'vInfo'>): string | undefined {
  const text = row.text('pool', 1000);
  const below = text === undefined ? undefined : /(?:^|\/)Resources(?:\/(.*))?$/.exec(text);
  const pool = below ? below[1] : text;
  return pool === undefined || pool === '' ? undefined : pool;
}

function readWorkload(
  { entropy }: MachineContext,
  name: string,
  os: string,
  id: string,
  template: boolean,
  host: Host,
  cores: number,
  memoryMiB: number,
  row: TableRow<'vInfo'>,
  rows: MachineRows,
  derive: Derive,
): Machine['workload'] {
  if (template) return templateWorkload();
  const role = guessRole(name, os);
  const guessed = workloadFor(entropy, id, role);
  // Both are snapshots of the moment of the export: taken as the level of the busy hours, for want of more.
  const overallMhz = rows.vCPU[0]?.whole('overallMhz', 0, 10_000_000) ?? 0;
  const activeMiB =
    row.whole('activeMiB', 0, MAX_MEMORY_MIB) ?? rows.vMemory[0]?.whole('activeMiB', 0, MAX_MEMORY_MIB) ?? 0;
  const level = (ratio: number) => Math.round(Math.min(1, ratio) * 1000) / 1000;
  derive(
    'workload',
    guessed.shape,
    `guessed for the role "${role}"${overallMhz > 0 || activeMiB > 0 ? ', with the use at the time of the export' : ''}`,
  );
  return {
    ...guessed,
    ...(overallMhz > 0 ? { cpuLevel: level(overallMhz / (cores * host.cpuMhz)) } : {}),
    ...(activeMiB > 0 ? { memoryLevel: level(activeMiB / memoryMiB) } : {}),
  };
}
