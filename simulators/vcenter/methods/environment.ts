/** Methods of EnvironmentBrowser: what a compute resource offers to new machines. */
import { MIB } from '#core/units.ts';
import { invalidArgument } from '../faults.ts';
import { hostAt } from '../lifecycle/places.ts';
import { EnvironmentBrowserObject } from '../objects/datastore.ts';
import type { HostObject } from '../objects/host.ts';
import { HOST_CAPABILITY } from '../objects/host-capability.ts';
import { PortgroupObject } from '../objects/network.ts';
import type { Data, Ref } from '../values.ts';
import { configOption, type HardwareVersion, hardwareVersions, newestHardware } from '../vm/config-option.ts';
import { type Call, defineMethod, type Method, selfAs } from './method.ts';

const GUESTS_MAX = 100;

/** Its hosts, or the one that is asked for. @throws VimFault ManagedObjectNotFound, InvalidArgument */
function hostsOf(call: Call, host: Ref | undefined): readonly HostObject[] {
  const { hosts } = selfAs(call, EnvironmentBrowserObject);
  if (!host) return hosts;
  const wanted = hostAt(host, call);
  if (!hosts.includes(wanted)) throw invalidArgument('host');
  return [wanted];
}

/** Versions that all the hosts run, oldest first. */
function versionsOf(hosts: readonly HostObject[]): HardwareVersion[] {
  return hardwareVersions(Math.min(...hosts.map(({ facts }) => newestHardware(facts.version))));
}

const queryConfigOptionDescriptor = defineMethod({
  on: 'EnvironmentBrowser',
  name: 'QueryConfigOptionDescriptor',
  returns: 'VirtualMachineConfigOptionDescriptor[]',
  privilege: 'System.View',
  run(_args, call): Data[] {
    const hosts = hostsOf(call, undefined);
    const versions = versionsOf(hosts);
    return versions.map(({ key, version, description }, at) => ({
      $: 'VirtualMachineConfigOptionDescriptor',
      key,
      description,
      host: hosts.map(({ ref }) => ref),
      createSupported: version >= 4,
      defaultConfigOption: at === versions.length - 1,
      runSupported: true,
      upgradeSupported: version > 4,
    }));
  },
});

/** @throws VimFault InvalidArgument */
function option(
  call: Call,
  key: string | undefined,
  host: Ref | undefined,
  guestIds: readonly string[],
): Data {
  if (guestIds.length > GUESTS_MAX) throw invalidArgument('spec.guestId');
  const versions = versionsOf(hostsOf(call, host));
  const wanted =
    key === undefined || key === '' ? versions.at(-1) : versions.find((each) => each.key === key);
  if (!wanted) throw invalidArgument('key');
  return configOption(wanted, guestIds);
}

const queryConfigOption = defineMethod<{ key?: string; host?: Ref }>({
  on: 'EnvironmentBrowser',
  name: 'QueryConfigOption',
  takes: 'key string?, host &HostSystem?',
  returns: 'VirtualMachineConfigOption?',
  privilege: 'System.View',
  run: ({ key, host }, call) => option(call, key, host, []),
});

const queryConfigOptionEx = defineMethod<{
  spec?: Data & { readonly key?: string; readonly host?: Ref; readonly guestId: readonly string[] };
}>({
  on: 'EnvironmentBrowser',
  name: 'QueryConfigOptionEx',
  since: '6.0',
  takes: 'spec EnvironmentBrowserConfigOptionQuerySpec? @6.0',
  returns: 'VirtualMachineConfigOption?',
  privilege: 'System.View',
  run: ({ spec }, call) => option(call, spec?.key, spec?.host, spec?.guestId ?? []),
});

const queryConfigTarget = defineMethod<{ host?: Ref }>({
  on: 'EnvironmentBrowser',
  name: 'QueryConfigTarget',
  takes: 'host &HostSystem?',
  returns: 'ConfigTarget?',
  privilege: 'System.View',
  run({ host }, call) {
    const hosts = hostsOf(call, host);
    const reading = call.reading();
    const datastores = [...new Set(hosts.flatMap((each) => each.datastores))];
    const networks = [...new Set(hosts.flatMap((each) => each.networks))];
    const most = (pick: (each: HostObject) => number) => Math.max(0, ...hosts.map(pick));
    return {
      $: 'ConfigTarget',
      numCpus: most(({ facts }) => facts.cpuThreads),
      numCpuCores: most(({ facts }) => facts.cpuCores),
      numNumaNodes: most(({ facts }) => facts.cpuPackages),
      smcPresent: false,
      datastore: datastores.map((datastore) => ({
        $: 'VirtualMachineDatastoreInfo',
        name: datastore.name,
        datastore: datastore.read('summary', reading),
        capability: datastore.read('capability', reading),
        maxFileSize: datastore.bytesMax.file,
        maxVirtualDiskCapacity: datastore.bytesMax.disk,
        mode: 'readWrite',
        vStorageSupport: 'vStorageSupported',
      })),
      network: networks.flatMap((network) =>
        network instanceof PortgroupObject
          ? []
          : [
              {
                $: 'VirtualMachineNetworkInfo',
                name: network.name,
                network: network.read('summary', reading),
              },
            ],
      ),
      distributedVirtualPortgroup: networks.flatMap((network) =>
        network instanceof PortgroupObject
          ? [
              {
                $: 'DistributedVirtualPortgroupInfo',
                switchName: network.switch.name,
                switchUuid: network.switch.uuid,
                portgroupName: network.name,
                portgroupKey: network.ref.id,
                portgroupType: 'earlyBinding',
                uplinkPortgroup: false,
                portgroup: network.ref,
              },
            ]
          : [],
      ),
      distributedVirtualSwitch: [
        ...new Set(
          networks.flatMap((network) => (network instanceof PortgroupObject ? [network.switch] : [])),
        ),
      ].map((each) => ({
        $: 'DistributedVirtualSwitchInfo',
        switchName: each.name,
        switchUuid: each.uuid,
        distributedVirtualSwitch: each.ref,
      })),
      maxMemMBOptimalPerf: most(({ facts }) => Math.floor(facts.memoryBytes / MIB)),
      autoVmotion: false,
    };
  },
});

const queryTargetCapabilities = defineMethod<{ host?: Ref }>({
  on: 'EnvironmentBrowser',
  name: 'QueryTargetCapabilities',
  since: '4.0',
  takes: 'host &HostSystem? @4.0',
  returns: 'HostCapability?',
  privilege: 'System.View',
  run({ host }, call) {
    hostsOf(call, host);
    return HOST_CAPABILITY;
  },
});

export const ENVIRONMENT_METHODS: readonly Method[] = [
  queryConfigOptionDescriptor,
  queryConfigOption,
  queryConfigOptionEx,
  queryConfigTarget,
  queryTargetCapabilities,
];
