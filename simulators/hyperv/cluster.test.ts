/** Machines that change their host: all nodes agree on where each is, whatever happens to one of them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { MINUTE, SECOND } from '#core/units.ts';
import type { Host } from '../estate/model.ts';
import { texts } from '../winrm/testing/cim-client.ts';
import { computerName } from './cluster-classes.ts';
import { type Stage, stage } from './testing/stage.ts';

const V2 = 'root/virtualization/v2';
const MSCLUSTER = 'root/MSCluster';

let on: Stage;
let one: Host;
let other: Host;

beforeEach(() => {
  on = stage({ hosts: 3, machines: 18 });
  const [a, b] = on.hosts.filter(({ clusterId }) => clusterId !== undefined);
  one = a!;
  other = b!;
});

/** Machines by the answers of the hosts, each with the host that says it. */
function told(): string[] {
  return on.hosts
    .flatMap((host) =>
      on
        .client(host)
        .ask("SELECT ElementName FROM Msvm_ComputerSystem WHERE Caption = 'Virtual Machine'", V2)
        .map((xml) => `${texts(xml, 'ElementName')[0]} ${computerName(host)}`),
    )
    .sort();
}

/** Machines by the groups of the cluster, from the view of a node. */
function owned(view: Host): string[] {
  return on
    .client(view)
    .ask('SELECT Name, OwnerNode FROM MSCluster_ResourceGroup WHERE GroupType = 111', MSCLUSTER)
    .map((xml) => `${texts(xml, 'Name')[0]} ${texts(xml, 'OwnerNode')[0]}`)
    .sort();
}

const states = (): string[] =>
  on
    .client(other)
    .ask('SELECT Name, State FROM MSCluster_Node', MSCLUSTER)
    .map((xml) => `${texts(xml, 'Name')[0]} ${texts(xml, 'State')[0]}`);

test('a live migration by the cluster moves the whole machine under the same identifier', () => {
  const machine = on.machinesOn(one).find(({ id }) => on.estate.power(id) === 'on')!;
  const since = on.estate.powerSince(machine.id);
  const answer = on
    .client(one)
    .invoke(
      MSCLUSTER,
      'MSCluster_ResourceGroup',
      'MoveToNewNode',
      `<p:NodeName>${computerName(other)}</p:NodeName>`,
      { name: machine.name },
    );
  expect(texts(answer, 'ReturnValue')).toEqual(['0']);
  expect(told()).toEqual(owned(one));
  expect(told()).toContain(`${machine.name} ${computerName(other)}`);
  expect(on.estate.powerSince(machine.id)).toBe(since);
  const part = (host: Host): number =>
    on
      .client(host)
      .ask(`SELECT * FROM Msvm_KvpExchangeComponent WHERE SystemName = '${machine.instanceUuid}'`, V2).length;
  expect([part(one), part(other)]).toEqual([0, 1]);
  const unknown = on
    .client(one)
    .invoke(MSCLUSTER, 'MSCluster_ResourceGroup', 'MoveToNewNode', '<p:NodeName>NONE</p:NodeName>', {
      name: machine.name,
    });
  expect(texts(unknown, 'ReturnValue')).toEqual(['5042']);
});

test('a node that fails takes its machines down; the cluster starts them elsewhere, and they stay there', () => {
  const ran = on.machinesOn(one).filter(({ id }) => on.estate.power(id) === 'on');
  expect(ran.length).toBeGreaterThan(0);
  on.faults.arm({
    id: 'f',
    at: 'hyperv.node',
    answer: 'fails',
    subject: one.name,
    times: 1,
    from: on.clock.wall() + SECOND,
    until: on.clock.wall() + 10 * MINUTE,
  });
  on.pass(2 * SECOND);
  expect(states()).toContain(`${computerName(one)} 1`);
  expect(ran.map(({ id }) => on.estate.power(id))).toEqual(ran.map(() => 'off'));
  on.pass(MINUTE);
  expect(on.machinesOn(one)).toEqual([]);
  expect(ran.map(({ id }) => on.estate.power(id))).toEqual(ran.map(() => 'on'));
  expect(told().length).toBe(owned(other).length);
  on.pass(10 * MINUTE);
  expect(states()).toContain(`${computerName(one)} 0`);
  expect(on.machinesOn(one)).toEqual([]);
});

test('a node that is drained is paused and empty, and nothing was stopped', () => {
  const before = on.estate.machines().map(({ id }) => on.estate.powerSince(id));
  on.faults.arm({
    id: 'f',
    at: 'hyperv.node',
    answer: 'drained',
    subject: one.name,
    times: 1,
    from: on.clock.wall(),
    until: on.clock.wall() + MINUTE,
  });
  on.pass(SECOND);
  expect(states()).toContain(`${computerName(one)} 2`);
  expect(on.machinesOn(one)).toEqual([]);
  expect(on.estate.machines().map(({ id }) => on.estate.powerSince(id))).toEqual(before);
  on.pass(2 * MINUTE);
  expect(states()).toContain(`${computerName(one)} 0`);
});

test('a host that reboots hands its machines on first', () => {
  const ran = on.machinesOn(one).filter(({ id }) => on.estate.power(id) === 'on');
  expect(
    texts(on.client(one).invoke('root/cimv2', 'Win32_OperatingSystem', 'Reboot'), 'ReturnValue'),
  ).toEqual(['0']);
  on.pass(5 * SECOND);
  expect(states()).toContain(`${computerName(one)} 1`);
  expect(ran.every(({ id }) => on.estate.power(id) === 'on')).toBe(true);
  on.pass(2 * MINUTE);
  expect(states()).toContain(`${computerName(one)} 0`);
});

describe('in the middle of an enumeration', () => {
  const strike = (answer: string): void => {
    on.faults.arm({
      id: 'f',
      at: 'hyperv.enumeration',
      answer,
      subject: one.name,
      times: 1,
      from: on.clock.wall(),
      until: on.clock.wall() + 5 * MINUTE,
    });
  };

  test('a machine moves away: the host does not tell of it, and the other one does', () => {
    const mine = on.machinesOn(one);
    strike('migration');
    const rows = on.client(one).ask('SELECT * FROM Msvm_VirtualSystemSettingData', V2);
    expect(rows.length).toBe(mine.length - 1);
    expect(told().length).toBe(owned(one).length);
  });

  test('the host fails: the enumeration ends in a fault, and the cluster goes on', () => {
    strike('failOver');
    expect(() => on.client(one).ask('SELECT * FROM Msvm_ComputerSystem', V2)).toThrow('Shutting down');
    on.pass(MINUTE);
    expect(on.machinesOn(one)).toEqual([]);
    expect(owned(other).length).toBeGreaterThan(0);
    on.pass(10 * MINUTE);
    expect(on.nodes.isUp(one.id)).toBe(true);
  });
});

test('a machine in trouble says so; one without integration services says nothing of its inside', () => {
  const [machine] = on
    .machinesOn(one)
    .filter(({ id, tools }) => on.estate.power(id) === 'on' && tools === 'running');
  const strike = (answer: string, from: number, until: number) =>
    on.faults.arm({
      id: answer,
      at: 'hyperv.machine',
      answer,
      subject: machine!.name,
      times: 1,
      from,
      until,
    });
  const ask = (query: string, name: string): string[] =>
    on
      .client(one)
      .ask(query, V2)
      .flatMap((xml) => texts(xml, name));
  const now = on.clock.wall();
  const of = `WHERE SystemName = '${machine!.instanceUuid}'`;
  expect(ask(`SELECT * FROM Msvm_KvpExchangeComponent ${of}`, 'GuestIntrinsicExchangeItems')).not.toEqual([]);
  strike('noIntegrationServices', now, now + MINUTE);
  expect(ask(`SELECT * FROM Msvm_KvpExchangeComponent ${of}`, 'GuestIntrinsicExchangeItems')).toEqual([]);
  on.pass(MINUTE);
  strike('critical', now + MINUTE, now + 2 * MINUTE);
  const system = `SELECT * FROM Msvm_ComputerSystem WHERE Name = '${machine!.instanceUuid}'`;
  expect([ask(system, 'EnabledState'), ask(system, 'HealthState')]).toEqual([['32768'], ['25']]);
  on.pass(MINUTE);
  expect(ask(system, 'EnabledState')).toEqual(['2']);
  expect(on.faults.armed().map(({ fired }) => fired)).toEqual([1, 1]);
});

test('a host that stands alone knows no cluster', () => {
  const made = stage({ hosts: 1, machines: 3 });
  const [host] = made.hosts;
  const { clusterId: _, ...alone } = host!;
  const facts = {
    ...made.estate.facts,
    clusters: [],
    hosts: [alone],
    machines: made.estate.facts.machines.map(({ clusterId: __, ...machine }) => machine),
  };
  const own = stage({ facts });
  expect(() => own.client(own.hosts[0]!).enumerate(MSCLUSTER, 'MSCluster_Node')).toThrow('Invalid namespace');
  const [path] = own
    .client(own.hosts[0]!)
    .ask('SELECT HostResource FROM Msvm_StorageAllocationSettingData', V2)
    .flatMap((xml) => texts(xml, 'HostResource'));
  expect(path).toMatch(/^C:\\Hyper-V\\/);
});
