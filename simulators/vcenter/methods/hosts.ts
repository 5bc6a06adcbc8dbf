/** Methods of clusters and of what hangs on hosts: use of resources, start with the host, services, clock. */
import { MIB } from '#core/units.ts';
import { invalidArgument } from '../faults.ts';
import { ComputeObject } from '../objects/compute.ts';
import {
  type AutoStartEntry,
  AutoStartObject,
  ServiceSystemObject,
  TIME_ZONE,
} from '../objects/host-managers.ts';
import type { Data } from '../values.ts';
import { changePower } from '../vm/operations.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, type Method, selfAs } from './method.ts';

interface AutoStartSpec extends Data {
  readonly defaults?: Data;
  readonly powerInfo: readonly AutoStartEntry[];
}

const ENTRIES_MAX = 5000;

const reconfigureAutostart = defineMethod<{ spec: AutoStartSpec }>({
  on: 'HostAutoStartManager',
  name: 'ReconfigureAutostart',
  takes: 'spec HostAutoStartManagerConfig',
  privilege: 'Host.Config.AutoStart',
  run({ spec }, call) {
    if (spec.powerInfo.length > ENTRIES_MAX) throw invalidArgument('spec.powerInfo');
    selfAs(call, AutoStartObject).configure(spec.defaults, spec.powerInfo);
    call.vcenter.changes.changed(call.self, 'config');
    return undefined;
  },
});

/** The machines of the list that are to be started, in order. */
function startable(call: Call): VirtualMachine[] {
  return selfAs(call, AutoStartObject)
    .entries.filter(({ startAction }) => startAction.toLowerCase() !== 'none')
    .flatMap(({ key }) => {
      const vm = call.find(key);
      return vm instanceof VirtualMachine ? [vm] : [];
    });
}

const autoStartPowerOn = defineMethod({
  on: 'HostAutoStartManager',
  name: 'AutoStartPowerOn',
  privilege: 'Host.Config.AutoStart',
  run(_args, call) {
    for (const vm of startable(call)) if (!vm.isOn) changePower(call.vcenter, vm, ['off', 'suspended'], 'on');
    return undefined;
  },
});

const autoStartPowerOff = defineMethod({
  on: 'HostAutoStartManager',
  name: 'AutoStartPowerOff',
  privilege: 'Host.Config.AutoStart',
  run(_args, call) {
    for (const vm of startable(call).reverse()) if (vm.isOn) changePower(call.vcenter, vm, ['on'], 'off');
    return undefined;
  },
});

function serviceMethod(name: string, to: 'started' | 'stopped' | 'restarted'): Method {
  return defineMethod<{ id: string }>({
    on: 'HostServiceSystem',
    name,
    takes: 'id string',
    privilege: 'Host.Config.NetService',
    faults: ['InvalidState', 'NotFound'],
    run({ id }, call) {
      selfAs(call, ServiceSystemObject).switch(id, to);
      call.vcenter.changes.changed(call.self, 'serviceInfo');
      return undefined;
    },
  });
}

const updateServicePolicy = defineMethod<{ id: string; policy: string }>({
  on: 'HostServiceSystem',
  name: 'UpdateServicePolicy',
  takes: 'id string, policy string',
  privilege: 'Host.Config.NetService',
  faults: ['NotFound'],
  run({ id, policy }, call) {
    selfAs(call, ServiceSystemObject).setPolicy(id, policy);
    call.vcenter.changes.changed(call.self, 'serviceInfo');
    return undefined;
  },
});

const refreshServices = defineMethod({
  on: 'HostServiceSystem',
  name: 'RefreshServices',
  privilege: 'Host.Config.NetService',
  run: () => undefined,
});

const queryDateTime = defineMethod({
  on: 'HostDateTimeSystem',
  name: 'QueryDateTime',
  returns: 'dateTime',
  privilege: 'System.Read',
  run: (_args, { now }) => now,
});

const queryAvailableTimeZones = defineMethod({
  on: 'HostDateTimeSystem',
  name: 'QueryAvailableTimeZones',
  returns: 'HostDateTimeSystemTimeZone[]',
  privilege: 'System.Read',
  run: () => [TIME_ZONE],
});

const getResourceUsage = defineMethod({
  on: 'ClusterComputeResource',
  name: 'GetResourceUsage',
  since: '6.0',
  returns: 'ClusterResourceUsageSummary',
  privilege: 'System.Read',
  run(_args, call) {
    const cluster = selfAs(call, ComputeObject);
    const { performance } = call.vcenter;
    let cpu = 0;
    let memory = 0;
    for (const vm of cluster.pool.allVms()) {
      const use = performance.usageNow(vm, call.now);
      cpu += use.cpuMhz;
      memory += use.memoryMiB;
    }
    const datastores = cluster.datastores().map(({ facts }) => facts);
    const capacity = datastores.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0);
    const free = datastores.reduce((sum, { freeBytes }) => sum + freeBytes, 0);
    return {
      $: 'ClusterResourceUsageSummary',
      cpuUsedMHz: Math.min(Math.floor(cpu), cluster.capacity.cpu),
      cpuCapacityMHz: cluster.capacity.cpu,
      memUsedMB: Math.min(Math.floor(memory), cluster.capacity.memory),
      memCapacityMB: cluster.capacity.memory,
      storageUsedMB: Math.floor((capacity - free) / MIB),
      storageCapacityMB: Math.floor(capacity / MIB),
    };
  },
});

export const HOST_METHODS: readonly Method[] = [
  getResourceUsage,
  reconfigureAutostart,
  autoStartPowerOn,
  autoStartPowerOff,
  serviceMethod('StartService', 'started'),
  serviceMethod('StopService', 'stopped'),
  serviceMethod('RestartService', 'restarted'),
  updateServicePolicy,
  refreshServices,
  queryDateTime,
  queryAvailableTimeZones,
];
