/** Rows of counters and whose they are. */
import { expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import type { HypervMachine } from '../../app/source-machines.ts';
import { hypervMachine } from '../../testing/fake-live-source.ts';
import type { WinrmConnection } from '../winrm/types.ts';
import { CounterNames, HostCounters } from './performance.ts';

const signal = new AbortController().signal;
const VP = 'HyperVHypervisorVirtualProcessor';
const MEMORY = 'HyperVDynamicMemoryVM';
const DISK = 'HyperVVirtualStorageDevice';
const NIC = 'HyperVVirtualNetworkAdapter';

/** Answers with these rows, by the end of the class name. */
function host(tables: Readonly<Record<string, readonly (readonly string[])[]>>): WinrmConnection {
  const rows: WinrmConnection['rows'] = async (_namespace, className, _columns, onRow) => {
    const [, table] = Object.entries(tables).find(([name]) => className.endsWith(name)) ?? [];
    if (table) for (const row of table) onRow(row);
    else
      throw new DryliftError(
        'winrm.class.missing',
        { blame: 'peer', why: '', next: '' },
        { what: className },
      );
  };
  return { rows } as WinrmConnection;
}

async function sampled(
  own: readonly HypervMachine[],
  tables: Readonly<Record<string, readonly (readonly string[])[]>>,
  elsewhere: readonly HypervMachine[] = [],
): Promise<Record<string, number>> {
  const mine = new CounterNames();
  const all = new CounterNames();
  for (const machine of own) mine.add(machine);
  for (const machine of [...own, ...elsewhere]) all.add(machine);
  const told: Record<string, number> = {};
  const counters = new HostCounters(mine, all);
  const sink = (handle: string, counter: string, instance: string, value: number): void => {
    told[`${handle.slice(-1)} ${counter}${instance === '' ? '' : ` ${instance}`}`] = value;
  };
  await counters.sample(host(tables), sink, signal);
  const first = { ...told };
  for (const key of Object.keys(told)) delete told[key];
  await counters.sample(host(tables), sink, signal);
  expect(told).toEqual(first); // names are remembered, sums are not
  return first;
}

const machine = (n: number, more: Partial<HypervMachine> = {}): HypervMachine =>
  hypervMachine(n, { handle: `m${n}`, name: `vm${n}`, cores: 2, memoryMiB: 4000, ...more });

test('CPU is the mean over the virtual processors, of a machine whose name has a colon, too', async () => {
  const odd = machine(2, { name: 'a:Hv VP 1' });
  const tables = {
    [VP]: [
      ['vm1:Hv VP 0', '30'],
      ['vm1:Hv VP 1', '71'],
      ['a:Hv VP 1:Hv VP 0', '101'],
      ['_Total', '50'],
      ['', ''],
    ],
  };
  expect(await sampled([machine(1), odd], tables)).toEqual({ '1 cpu.usage': 5050, '2 cpu.usage': 10000 });
});

test('memory is pressure x visible memory, and only where it is dynamic', async () => {
  const fixed = machine(2, { dynamicMemory: undefined });
  const tables = {
    [MEMORY]: [
      ['VM1', '80', '2000'],
      ['vm2', '80', '2000'],
    ],
  };
  expect(await sampled([machine(1), fixed], tables)).toEqual({ '1 mem.usage': 4000 });
});

test('disks are found by their path, adapters by the GUIDs at the end; what is no number, or below nothing, is not told', async () => {
  const disk = { ...machine(1).disks[0]!, instance: 'd', path: 'C:\\VMs\\vm 1.vhdx' };
  const nic = { ...machine(1).nics[0]!, id: 'Microsoft:AAAA:BBBB' };
  const one = machine(1, { disks: [disk], nics: [nic] });
  const tables = {
    [DISK]: [
      ['C--VMs-vm 1.vhdx', '1', '18446744073709551615', '-3', 'x'],
      ['C--other.vhdx', '1', '2', '3', '4'],
    ],
    [NIC]: [['vm1_Network Adapter_aaaa--bbbb', '7', '0']],
  };
  expect(await sampled([one], tables)).toEqual({
    '1 disk.readBytes d': 1,
    '1 net.receivedBytes Microsoft:AAAA:BBBB': 7,
    '1 net.sentBytes Microsoft:AAAA:BBBB': 0,
  });
});

test('two machines of one name on one host get neither counter; one that just moved here gets all', async () => {
  const rows = {
    [VP]: [
      ['twin:Hv VP 0', '10'],
      ['twin:Hv VP 0', '20'],
      ['vm3:Hv VP 0', '40'],
    ],
    [MEMORY]: [['twin', '50', '100']],
  };
  const twins = [machine(1, { name: 'twin' }), machine(2, { name: 'Twin' })];
  expect(await sampled(twins, rows, [machine(3)])).toEqual({ '3 cpu.usage': 4000 });
  // the other one is on another host, where its name says nothing of this one
  expect(await sampled([twins[0]!], { [VP]: [['twin:Hv VP 0', '10']] }, [twins[1]!])).toEqual({
    '1 cpu.usage': 1000,
  });
});

test('more processors than a machine has are those of two', async () => {
  const rows = ['0', '1', '2'].map((n) => [`vm1:Hv VP ${n}`, '50']);
  expect(await sampled([machine(1)], { [VP]: rows })).toEqual({});
});
