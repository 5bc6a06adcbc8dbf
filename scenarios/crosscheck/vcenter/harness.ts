/**
 * A served vCenter with a small control server beside it that plays the guest and tells the truth: what
 * walk.py and virsh.sh are pointed at. Real sockets, wall time.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters, type TraceEvent } from '#core/trace/recorder.ts';
import { DAY, SECOND } from '#core/units.ts';
import { Estate } from '#simulators/estate/estate.ts';
import type { EstateFacts, Machine } from '#simulators/estate/model.ts';
import {
  COUNTERS,
  type Counter,
  curveAt,
  curveOf,
  SAMPLE_SECONDS,
} from '#simulators/estate/workload-curve.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import { startVcenter } from '#simulators/vcenter/server.ts';
import { diskInstance, diskKey, nicKey } from '#simulators/vcenter/vm/devices.ts';

export interface Served {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** An account that may read, and nothing else. */
  readonly reader: { readonly user: string; readonly password: string };
  /** Folder of ca.pem, facts.json and, for libvirt, auth.conf. */
  readonly folder: string;
  readonly estate: Estate;
  stop(): Promise<void>;
}

const USER = 'administrator@vsphere.local';
const PASSWORD = 'pass&<word>1';
const READER = { user: 'reader@vsphere.local', password: 'read&only' };

/** @param onEvent told of every exchange, for whoever looks for a difference. */
export async function serveForClients(
  facts: EstateFacts,
  replicate: string,
  onEvent: (event: TraceEvent) => void = () => {},
): Promise<Served> {
  const clock = new SystemClock();
  const entropy = new Entropy(facts.seed);
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const now = clock.wall();
  const authority = await createAuthority('drylift crosscheck', { from: now - DAY, to: now + DAY });
  const recorder = { record: onEvent };
  const estate = new Estate(facts, { clock, entropy });
  const vcenter = await startVcenter({
    context: {
      clock,
      entropy,
      transport: network.as('vcenter'),
      recorder,
      counters: new Counters(),
      faults: new FaultPoints({ clock, recorder }),
      identityFor: (names) => authority.issue(names),
    },
    estate,
    at: { host: '127.0.0.1', port: 0 },
    names: ['127.0.0.1', 'localhost'],
    users: [
      { name: USER, password: PASSWORD, role: 'administrator' },
      { name: READER.user, password: READER.password, role: 'readOnly' },
    ],
  });
  const control = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://control');
    response.end(JSON.stringify(answer(estate, url)));
  });
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'drylift-vcenter-'));
  writeFileSync(join(folder, 'ca.pem'), authority.certificatePem);
  const { port } = vcenter.endpoint;
  const expected = expectations(facts, {
    address: '127.0.0.1',
    port,
    user: USER,
    password: PASSWORD,
    ca: join(folder, 'ca.pem'),
    control: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    replicate,
  });
  writeFileSync(join(folder, 'facts.json'), JSON.stringify(expected));
  writeFileSync(
    join(folder, 'auth.conf'),
    `[credentials-vc]\nusername=${USER}\npassword=${PASSWORD}\n\n[auth-esx-127.0.0.1]\ncredentials=vc\n`,
  );
  return {
    address: '127.0.0.1',
    port,
    user: USER,
    password: PASSWORD,
    reader: READER,
    folder,
    estate,
    async stop() {
      control.close();
      await vcenter.stop();
      await network.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function answer(estate: Estate, { pathname, searchParams }: URL): unknown {
  const text = (name: string) => searchParams.get(name) ?? '';
  const number = (name: string) => Number(searchParams.get(name));
  switch (pathname) {
    case '/write':
      estate.disk(text('disk')).write(number('offset'), Buffer.alloc(number('length'), number('byte')));
      return true;
    case '/sha256':
      return estate.disk(text('disk')).sha256();
    default:
      return curve(estate.facts, text('machine'), text('counter') as Counter, text('instance'), {
        first: Date.parse(text('first')) / (SAMPLE_SECONDS * SECOND),
        count: number('count'),
      });
  }
}

/** Samples by the plain definition. */
function curve(
  facts: EstateFacts,
  name: string,
  counter: Counter,
  instance: string,
  { first, count }: { first: number; count: number },
): number[] {
  const machine = facts.machines.find((candidate) => candidate.name === name)!;
  const index = counter.startsWith('virtualDisk.')
    ? machine.disks.findIndex((disk) => diskInstance(disk) === instance)
    : machine.nics.findIndex((nic) => String(nicKey(nic)) === instance);
  const shape = curveOf(facts, machine, counter, Math.max(0, index));
  return Array.from({ length: count }, (_, i) => curveAt(shape, first + i));
}

function expectations(facts: EstateFacts, access: Record<string, unknown>): unknown {
  const nameOf = (list: ReadonlyArray<{ id: string; name: string }>, id: string) =>
    list.find((each) => each.id === id)!.name;
  const machine = (m: Machine) => ({
    name: m.name,
    instanceUuid: m.instanceUuid,
    biosUuid: m.biosUuid,
    cores: m.cores,
    memoryMiB: m.memoryMiB,
    firmware: m.firmware,
    osFullName: m.os.fullName,
    annotation: m.annotation,
    template: m.template,
    power: m.power,
    host: nameOf(facts.hosts, m.hostId),
    datacenter: nameOf(facts.datacenters, m.datacenterId),
    folder: m.folder,
    disks: m.disks.map((disk) => ({
      id: disk.id,
      label: disk.label,
      sizeBytes: disk.sizeBytes,
      path: disk.path,
      key: diskKey(disk),
      instance: diskInstance(disk),
    })),
    nics: m.nics.map(({ macAddress, ipAddresses }) => ({ macAddress, ipAddresses })),
  });
  return {
    ...access,
    vcenterUuid: facts.vcenterUuid,
    counters: COUNTERS,
    machines: facts.machines.map(machine),
    counts: {
      Datacenter: facts.datacenters.length,
      HostSystem: facts.hosts.length,
      ClusterComputeResource: facts.clusters.length,
      Datastore: facts.datastores.length,
      Network: facts.networks.length,
    },
  };
}
