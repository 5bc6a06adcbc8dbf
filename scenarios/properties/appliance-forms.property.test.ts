/**
 * What the appliance says of machines of Hyper-V and of servers is what the service takes: two sides written from one
 * page (docs/protocols/appliance-data-planes.md), held against each other.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HypervAbout } from '#appliance/app/source-machines.ts';
import { discoveryMessages } from '#appliance/targets/azure/discovery-messages.ts';
import { hypervMachine, serverMachine } from '#appliance/testing/fake-live-source.ts';
import { readHyperVMachine, readServerMachine } from '#simulators/azure/discovery-service/other-machines.ts';

const name = fc.string({ unit: 'binary', maxLength: 60 });
const bytes = fc.integer({ min: 0, max: 2 ** 46 });
const identifier = fc.stringMatching(/^[\w.:{}-]{1,64}$/);
const os = fc.record({
  family: fc.constantFrom('windows' as const, 'linux' as const, 'other' as const),
  name,
  version: fc.constantFrom('10.0.17763', '12', ''),
  architecture: fc.constantFrom('64-bit', 'x86_64', 'i686', ''),
});
const common = {
  instanceUuid: identifier,
  name,
  biosUuid: fc.constantFrom('', '564d1234-5678-9abc-def0-123456789abc'),
  power: fc.constantFrom('on' as const, 'off' as const, 'suspended' as const),
  cores: fc.integer({ min: 0, max: 512 }),
  memoryMiB: fc.integer({ min: 0, max: 2 ** 24 }),
  firmware: fc.constantFrom('BIOS' as const, 'EFI' as const),
  os,
};

test('property: every machine of Hyper-V is taken, and means the same', () =>
  fc.assert(
    fc.property(
      fc.record({ ...common, generation: fc.constantFrom(1 as const, 2 as const), size: bytes }),
      fc.constantFrom('Host' as const, 'Cluster' as const),
      fc.boolean(),
      ({ size, ...drawn }, type, isSecure) => {
        const [disk] = hypervMachine(1).disks;
        const machine = hypervMachine(1, {
          ...drawn,
          disks: [{ ...disk!, sizeBytes: size }],
          ...(isSecure ? {} : { security: undefined, dynamicMemory: undefined }),
        });
        const about: HypervAbout = {
          ...{ kind: 'hyperv', type, fqdn: 'c.test', version: '10.0', hosts: [], credential: 'hv' },
        };
        const read = readHyperVMachine(JSON.parse(discoveryMessages.machine(machine, about)), '');
        expect(read).toMatchObject({
          instanceUuid: machine.instanceUuid,
          displayName: machine.name,
          numberOfProcessorCore: machine.cores,
          allocatedMemoryInMB: machine.memoryMiB,
          powerStatus: machine.power === 'on' ? 'ON' : 'OFF',
          vCenterFQDN: type === 'Cluster' ? 'c.test' : machine.host,
          disks: [{ uuid: machine.disks[0]!.uuid, maxSizeInBytes: size, isOSDisk: 'true' }],
        });
      },
    ),
    { numRuns: 200 },
  ));

test('property: every server is taken, and means the same', () =>
  fc.assert(
    fc.property(
      fc.record({ ...common, size: bytes, hypervisor: fc.constantFrom('', 'VMware', 'KVM') }),
      ({ size, ...drawn }) => {
        const [disk] = serverMachine(1).disks;
        const machine = serverMachine(1, {
          ...drawn,
          disks: [{ ...disk!, sizeBytes: size, lun: undefined }],
        });
        const read = readServerMachine(
          JSON.parse(discoveryMessages.machine(machine, { kind: 'server' })),
          '',
        );
        expect(read).toMatchObject({
          instanceUuid: machine.instanceUuid,
          displayName: machine.name,
          operatingSystemDetails: { osName: machine.os.name },
          disks: [{ uuid: 'sda', maxSizeInBytes: size }],
          networkAdapters: [{ nicId: 'eno1', ipAddressList: ['10.0.0.1'] }],
        });
      },
    ),
    { numRuns: 200 },
  ));
