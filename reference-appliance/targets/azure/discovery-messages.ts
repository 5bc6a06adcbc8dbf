/**
 * Bodies of the discovery data plane. [docs/protocols/appliance-data-planes.md §1; property names of
 * Microsoft.OffAzure 2020-07-07]
 */
import { assert } from '#core/assert.ts';
import type {
  BatchForms,
  CounterName,
  GuestFailure,
  GuestReport,
  SeriesName,
  VmwareAbout,
  VmwareMachine,
} from '../../app/ports.ts';

export const POINT_PERIOD_SECONDS = 600;

/** Raw units per unit sent: vSphere gives percentages in hundredths. */
function scaleOf(counter: CounterName): number {
  return counter === 'cpu.usage' || counter === 'mem.usage' ? 100 : 1;
}

export const discoveryMessages: BatchForms = {
  machine(machine, about) {
    assert(machine.kind === 'vmware' && about.kind === 'vmware', 'machines of VMware');
    return JSON.stringify(vmwareView(machine, about));
  },
  inventory(about, full, machines, removed) {
    assert(about.kind === 'vmware', 'machines of VMware');
    const vcenter = JSON.stringify({
      fqdn: about.fqdn,
      instanceUuid: about.instanceUuid,
      version: about.version,
    });
    return Buffer.from(
      `{"vcenter":${vcenter},"full":${full},"machines":[${machines.join(',')}],"removed":${JSON.stringify(removed)}}`,
    );
  },
  points({ firstWindow, windows, series, peaks }) {
    // by hand: a month of samples makes 300 MB of these
    let body = `{"periodSeconds":${POINT_PERIOD_SECONDS},"series":[`;
    for (let i = 0; i < series.length; i++) {
      const name = series[i]!;
      const scale = scaleOf(name.counter);
      body += `${i === 0 ? '' : ','}${headOf(name)}${firstWindow},"values":[`;
      const end = (i + 1) * windows;
      for (let at = i * windows; at < end; at++) {
        const peak = peaks[at]!;
        body += `${at === end - windows ? '' : ','}${peak < 0 ? 'null' : peak / scale}`;
      }
      body += ']}';
    }
    return Buffer.from(`${body}]}`);
  },
  guestReport: (report) => JSON.stringify(guestView(report)),
  guestReports: (reports) => Buffer.from(`{"machines":[${reports.join(',')}]}`),
  dependencies: (start, end, statuses, dependencies) =>
    Buffer.from(
      JSON.stringify({
        timeslot: { start: new Date(start).toISOString(), end: new Date(end).toISOString() },
        machines: statuses.map(({ instanceUuid, collections, failure }) => ({
          instanceUuid,
          status: failure ? 'Failed' : 'Enabled',
          collections,
          errors: failure ? [errorView(failure)] : [],
        })),
        dependencies: dependencies.map((dependency) => ({
          ...dependency,
          firstSeen: new Date(dependency.firstSeen).toISOString(),
          lastSeen: new Date(dependency.lastSeen).toISOString(),
        })),
      }),
    ),
  readPoints(body) {
    const { series } = JSON.parse(Buffer.from(body).toString('utf8')) as StoredPoints;
    const windows = series[0]?.values.length ?? 0;
    const peaks = new Int32Array(series.length * windows).fill(-1);
    for (const [i, { counter, values }] of series.entries())
      for (const [w, value] of values.entries())
        if (value !== null) peaks[i * windows + w] = Math.round(value * scaleOf(counter));
    return {
      firstWindow: series[0]?.firstWindow ?? 0,
      windows,
      series: series.map(({ machine, counter, instance }) => ({ machine, counter, instance })),
      peaks,
    };
  },
};

/** A body of `points`, which is read back only where it was written. */
interface StoredPoints {
  readonly series: ReadonlyArray<SeriesName & { firstWindow: number; values: ReadonlyArray<number | null> }>;
}

const heads = new WeakMap<SeriesName, string>();

/** `{"machine":…,"firstWindow":`, worked out once for each series. */
function headOf(name: SeriesName): string {
  let head = heads.get(name);
  if (head === undefined) {
    const { machine, counter, instance } = name;
    head = `${JSON.stringify({ machine, counter, instance }).slice(0, -1)},"firstWindow":`;
    heads.set(name, head);
  }
  return head;
}

function errorView({ code, what, why, next }: GuestFailure): Record<string, string> {
  return { code, message: what, possibleCauses: why, recommendedAction: next };
}

function guestView({ machine, at, credential, inventory, failure }: GuestReport): Record<string, unknown> {
  const base = { instanceUuid: machine.instanceUuid, discoveredAt: new Date(at).toISOString() };
  if (failure || !inventory) return { ...base, errors: failure ? [errorView(failure)] : [] };
  const { osName, osVersion, osArchitecture, applications, features, sqlServers } = inventory;
  return {
    ...base,
    runAsAccount: credential,
    guestOsDetails: { osType: `${machine.os.family}guest`, osName, osVersion, osArchitecture },
    appsAndRoles: {
      applications,
      features: features.map(({ name, featureType, parent }) => ({
        name,
        featureType,
        parent,
        status: 'Installed',
      })),
      sqlServers,
    },
    errors: [],
  };
}

function vmwareView(machine: VmwareMachine, about: VmwareAbout): Record<string, unknown> {
  return {
    displayName: machine.name,
    instanceUuid: machine.instanceUuid,
    biosGuid: machine.biosUuid,
    numberOfProcessorCore: machine.cores,
    allocatedMemoryInMB: machine.memoryMiB,
    operatingSystemDetails: {
      osType: machine.os.family === 'other' ? 'Other' : `${machine.os.family}guest`,
      osName: machine.os.name,
      osVersion: /\b\d+(?:\.\d+)*\b/.exec(machine.os.name)?.[0] ?? '',
      osArchitecture: /64-bit/.test(machine.os.name) ? '64' : /32-bit/.test(machine.os.name) ? '32' : '',
    },
    firmware: machine.firmware,
    powerStatus: machine.power === 'on' ? 'ON' : 'OFF',
    vCenterFQDN: about.fqdn,
    vCenterId: about.instanceUuid,
    dataCenterScope: machine.datacenter,
    hostName: machine.host,
    hostVersion: machine.hostVersion,
    vMwareToolsStatus: machine.toolsStatus,
    description: machine.description,
    changeTrackingSupported: machine.changeTrackingSupported,
    changeTrackingEnabled: machine.changeTrackingEnabled,
    numberOfSnapshots: machine.snapshots,
    diskEnabledUuid: machine.diskUuidEnabled,
    isTemplate: machine.isTemplate,
    managedObjectId: machine.handle,
    disks: machine.disks.map((disk) => ({
      uuid: disk.uuid,
      label: disk.label,
      diskProvisioningPolicy: disk.provisioning,
      diskMode: disk.mode,
      controllerType: disk.controllerType,
      maxSizeInBytes: disk.sizeBytes,
      name: disk.instance,
      lun: disk.unit,
      path: disk.path,
      isOSDisk: String(disk.isOsDisk),
      key: disk.key,
      instance: disk.instance,
    })),
    networkAdapters: machine.nics.map((nic) => ({
      label: nic.label,
      adapterType: nic.adapterType,
      nicId: nic.id,
      macAddress: nic.macAddress,
      ipAddressList: nic.addresses,
      networkName: nic.networkName,
    })),
    fabric: {
      licenseProductName: about.licenseProductName,
      processorModel: machine.processorModel,
      processorSockets: machine.processorSockets,
      coresPerSocket: machine.coresPerSocket,
      toolsVersion: machine.toolsVersion,
      guestHostName: machine.guestHostName,
      clusterName: machine.cluster,
      resourcePool: machine.resourcePool,
      inventoryPath: machine.path,
      disks: machine.disks.map(({ key, controllerKey, unit, sizeText }) => ({
        key,
        controllerKey,
        unitNumber: unit,
        name: `disk-${controllerKey}-${unit}-${key}`,
        sizeText,
      })),
    },
  };
}
