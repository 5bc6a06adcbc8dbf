/** The network adapters of one machine: from vNetwork, or as many as vInfo counts. */
import { isIPv4, isIPv6 } from 'node:net';
import { macAddress, privateAddress } from './addresses.ts';
import type { Host, Nic } from './model.ts';
import type { Places } from './rvtools-places.ts';
import type { Findings, TableRow } from './rvtools-table.ts';

/** vSphere 7's configuration maximum. */
const MAX_NICS = 10;

export interface NicContext {
  readonly findings: Findings;
  readonly places: Places;
  readonly object: string;
  readonly name: string;
  readonly host: Host;
  /** Place of the machine in vInfo; derived addresses follow from it. */
  readonly index: number;
  readonly toolsRunning: boolean;
  /** MAC addresses that the workbook states, over the whole estate; derived ones keep clear of them. */
  readonly macs: Set<string>;
}

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;
const NOT_SAID = 'the workbook does not say';

/** The MAC addresses that a row states, for `NicContext.macs`; says nothing of bad ones. */
export function statedMac(row: TableRow<'vNetwork'>): string | undefined {
  const text = row.text('mac', 64)?.toLowerCase().replaceAll('-', ':');
  return text !== undefined && MAC.test(text) ? text : undefined;
}

export function readNics(
  context: NicContext,
  rows: readonly TableRow<'vNetwork'>[],
  info: TableRow<'vInfo'>,
): Nic[] {
  const { findings, object, places, host, toolsRunning } = context;
  const count = info.whole('nics', 0, MAX_NICS);
  const primary = addressesIn(info, 'primaryIp', isIPv4, isIPv6)[0];
  if (rows.length > MAX_NICS)
    rows[MAX_NICS]!.report('label', `is adapter ${MAX_NICS + 1}; vSphere allows ${MAX_NICS}`);
  if (rows.length > 0 && count !== undefined && count !== rows.length)
    findings.derive(object, 'adapters', rows.length, `vNetwork has as many; vInfo says ${count}`);

  if (rows.length > 0)
    return [...rows]
      .slice(0, MAX_NICS)
      .sort((a, b) => labelNumber(a) - labelNumber(b))
      .map((row, index): Nic => {
        const network = places.networkNamed(
          row.text('network', 255) ?? 'VM Network',
          host.datacenterId,
          row.text('switch', 255),
        );
        const text = row.text('mac', 64)?.toLowerCase().replaceAll('-', ':');
        if (text !== undefined && !MAC.test(text))
          row.report('mac', `"${text.slice(0, 40)}" is not a MAC address`);
        const ipAddresses = [
          ...addressesIn(row, 'ipv4', isIPv4, isIPv6),
          ...addressesIn(row, 'ipv6', isIPv4, isIPv6),
        ];
        return {
          index,
          networkId: network.id,
          macAddress: text ?? derivedMac(context, index),
          adapter: adapterOf(context, row, index),
          connected: row.flag('connected') ?? true,
          ipAddresses,
        };
      });

  if (count === undefined) findings.derive(object, 'adapters', 1, NOT_SAID);
  const networks = ([1, 2, 3, 4, 5, 6, 7, 8] as const).map((n) => info.text(`network${n}`, 255));
  return Array.from({ length: count ?? 1 }, (_, index): Nic => {
    const name = networks[index];
    if (name === undefined) findings.derive(nicObject(context, index), 'network', 'VM Network', NOT_SAID);
    findings.derive(nicObject(context, index), 'type', 'vmxnet3', NOT_SAID);
    let ipAddresses: string[] = [];
    if (index === 0 && primary !== undefined) ipAddresses = [primary];
    else if (toolsRunning) {
      ipAddresses = [privateAddress(context.index, index)];
      findings.derive(nicObject(context, index), 'address', ipAddresses[0]!, NOT_SAID);
    }
    return {
      index,
      networkId: places.networkNamed(name ?? 'VM Network', host.datacenterId).id,
      macAddress: derivedMac(context, index),
      adapter: 'vmxnet3',
      connected: true,
      ipAddresses,
    };
  });
}

/** An adapter as derivations name it: "adapter web-07 0". */
const nicObject = ({ name }: NicContext, index: number) => `adapter ${name} ${index}`;

function derivedMac(context: NicContext, nic: number): string {
  const { index: machine, macs, findings } = context;
  let number = machine * MAX_NICS + nic;
  while (macs.has(macAddress(number))) number += 0x1_0000;
  const mac = macAddress(number);
  macs.add(mac);
  findings.derive(nicObject(context, nic), 'MAC address', mac, NOT_SAID);
  return mac;
}

function adapterOf(context: NicContext, row: TableRow<'vNetwork'>, index: number): Nic['adapter'] {
  const text = row.text('adapter', 80);
  const lower = text?.toLowerCase() ?? '';
  if (lower.includes('vmxnet3') || lower.includes('vmxnet 3')) return 'vmxnet3';
  if (lower.includes('e1000e')) return 'e1000e';
  if (lower.includes('e1000')) return 'e1000';
  context.findings.derive(
    nicObject(context, index),
    'type',
    'vmxnet3',
    text === undefined ? NOT_SAID : `${text} is not modelled`,
  );
  return 'vmxnet3';
}

/** Addresses in a cell, separated by commas or blanks; RVTools writes "unknown" where there is none. */
function addressesIn<F extends 'ipv4' | 'ipv6' | 'primaryIp'>(
  row: F extends 'primaryIp' ? TableRow<'vInfo'> : TableRow<'vNetwork'>,
  field: F,
  ...forms: ((text: string) => boolean)[]
): string[] {
  const cells = row as unknown as TableRow<'vNetwork'>;
  const text = cells.text(field as 'ipv4');
  const parts = (text ?? '')
    .split(/[\s,;]+/)
    .filter((part) => part !== '' && part.toLowerCase() !== 'unknown');
  for (const part of parts)
    if (!forms.some((form) => form(part)))
      cells.report(field as 'ipv4', `"${part.slice(0, 60)}" is not an IP address`);
  return parts;
}

function labelNumber(row: TableRow<'vNetwork'>): number {
  const digits = /(\d{1,4})\D*$/.exec(row.text('label', 80) ?? '')?.[1];
  return digits === undefined ? Number.MAX_SAFE_INTEGER : Number(digits);
}
