/** Whatever happens to the nodes of a cluster: every machine is on one host, all nodes say which, and nothing runs on a host that is down. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SECOND } from '#core/units.ts';
import { generateHyperv } from '../estate/generate-sites.ts';
import { texts } from '../winrm/testing/cim-client.ts';
import { computerName } from './cluster-classes.ts';
import { RELEASES } from './hyperv-host.ts';
import { type Stage, stage } from './testing/stage.ts';

type Step =
  | { readonly kind: 'migrate'; readonly machine: number; readonly to: number }
  | { readonly kind: 'fail' | 'start' | 'drain' | 'resume' | 'shutdown'; readonly node: number }
  | { readonly kind: 'switch'; readonly machine: number; readonly on: boolean }
  | { readonly kind: 'pass'; readonly seconds: number };

const NODES = 3;
const MACHINES = 7;

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('migrate' as const),
      machine: fc.nat(MACHINES - 1),
      to: fc.nat(NODES - 1),
    }),
    fc.record({
      kind: fc.constantFrom(
        'fail' as const,
        'start' as const,
        'drain' as const,
        'resume' as const,
        'shutdown' as const,
      ),
      node: fc.nat(NODES - 1),
    }),
    fc.record({ kind: fc.constant('switch' as const), machine: fc.nat(MACHINES - 1), on: fc.boolean() }),
    fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 60 }) }),
  ),
  { maxLength: 24 },
);

function take(on: Stage, step: Step): void {
  const machine = (n: number): string => on.estate.machines()[n]!.id;
  const host = (n: number): string => on.hosts[n]!.id;
  switch (step.kind) {
    case 'migrate':
      on.nodes.migrate(machine(step.machine), host(step.to));
      return;
    case 'switch': {
      // nobody can start a machine on a host that is down
      const { id, hostId } = on.estate.machines()[step.machine]!;
      if (on.nodes.isUp(hostId)) on.estate.setPower(id, step.on ? 'on' : 'off');
      return;
    }
    case 'pass':
      on.pass(step.seconds * SECOND);
      return;
    default:
      on.nodes[step.kind](host(step.node));
  }
}

function check(on: Stage): void {
  const told = on.hosts.flatMap((host) =>
    on
      .client(host)
      .ask(
        "SELECT ElementName FROM Msvm_ComputerSystem WHERE Caption = 'Virtual Machine'",
        'root/virtualization/v2',
      )
      .map((xml) => `${texts(xml, 'ElementName')[0]} ${computerName(host)}`),
  );
  const wanted = on.estate
    .machines()
    .map(({ name, hostId }) => `${name} ${computerName(on.hosts.find(({ id }) => id === hostId)!)}`);
  expect(told.sort()).toEqual(wanted.sort());
  for (const host of on.hosts)
    expect(
      on
        .client(host)
        .ask('SELECT Name, OwnerNode FROM MSCluster_ResourceGroup WHERE GroupType = 111', 'root/MSCluster')
        .map((xml) => `${texts(xml, 'Name')[0]} ${texts(xml, 'OwnerNode')[0]}`)
        .sort(),
    ).toEqual(wanted);
  for (const { id, hostId } of on.estate.machines())
    if (!on.nodes.isUp(hostId)) expect(on.estate.power(id)).not.toBe('on');
}

test('every machine is on one host, all nodes say which, and nothing runs on a host that is down', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const facts = generateHyperv('cluster property', {
        servers: MACHINES,
        clusters: [NODES],
        standalone: 0,
        version: RELEASES['2019'].version,
      });
      const on = stage({ facts });
      for (const step of taken) {
        take(on, step);
        check(on);
      }
    }),
    { numRuns: 25 },
  );
});

test('what ran when its node failed runs again once any node is up for a minute', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(NODES - 1), { minLength: 1 }),
      fc.nat(NODES - 1),
      fc.integer({ min: 1, max: 90 }),
      (failing, again, seconds) => {
        const facts = generateHyperv('cluster property', {
          servers: MACHINES,
          clusters: [NODES],
          standalone: 0,
          version: RELEASES['2019'].version,
        });
        const on = stage({ facts });
        const ran = on.estate.machines().filter(({ id }) => on.estate.power(id) === 'on');
        for (const node of failing) {
          on.nodes.fail(on.hosts[node]!.id);
          on.pass(3 * SECOND);
        }
        on.pass(seconds * SECOND);
        on.nodes.start(on.hosts[again]!.id);
        on.pass(60 * SECOND);
        for (const { id } of ran) expect(on.estate.power(id)).toBe('on');
        check(on);
      },
    ),
    { numRuns: 40 },
  );
});
