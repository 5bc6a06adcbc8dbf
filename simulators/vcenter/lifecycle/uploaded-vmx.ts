/** A configuration file that somebody put on a datastore: what RegisterVM_Task makes of it. The other way is vm/vmx.ts. */
import { vimFault } from '../faults.ts';
import type { Data } from '../values.ts';
import { directoryOf, formatDatastorePath } from '../vm/paths.ts';
import { guestOsName } from '../vm/vmx.ts';
import type { ConfigSpec } from './config-changes.ts';
import { GUEST_IDS } from './guest-ids.ts';

const LINES_MAX = 5000;
const BYTES_MAX = 1024 * 1024;

function unreadable(reason: string) {
  return vimFault('GenericVmConfigFault', `Cannot open the configuration file: ${reason}.`, { reason });
}

/**
 * Settings by key in lower case, as VMX files are read.
 * @throws VimFault GenericVmConfigFault
 */
export function parseVmx(bytes: Buffer): ReadonlyMap<string, string> {
  if (bytes.length > BYTES_MAX) throw unreadable('it is too large');
  const settings = new Map<string, string>();
  const lines = bytes.toString('utf8').split(/\r?\n/);
  if (lines.length > LINES_MAX) throw unreadable('it has too many lines');
  for (const [at, line] of lines.entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const match = /^\s*([\w.:!-]+)\s*=\s*"([^"]*)"\s*$/.exec(line);
    if (!match) throw unreadable(`line ${at + 1} is no setting`);
    const value = match[2]!.replace(/\|([0-9A-Fa-f]{2})/g, (_all, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    settings.set(match[1]!.toLowerCase(), value);
  }
  if (!settings.has('config.version')) throw unreadable('it has no config.version');
  if (!settings.has('virtualhw.version')) throw unreadable('it has no virtualHW.version');
  return settings;
}

const SCSI: Readonly<Record<string, string>> = {
  pvscsi: 'ParaVirtualSCSIController',
  lsilogic: 'VirtualLsiLogicController',
  lsisas1068: 'VirtualLsiLogicSASController',
  buslogic: 'VirtualBusLogicController',
};
const BUSES: Readonly<Record<string, string>> = {
  sata: 'VirtualAHCIController',
  nvme: 'VirtualNVMEController',
};
const ADAPTERS: Readonly<Record<string, string>> = {
  vmxnet3: 'VirtualVmxnet3',
  vmxnet: 'VirtualVmxnet2',
  e1000: 'VirtualE1000',
  e1000e: 'VirtualE1000e',
  vlance: 'VirtualPCNet32',
};

/** "56 4d 3c 07 …-… …" as the API writes it. */
function uuidOf(text: string | undefined): string | undefined {
  const digits = (text ?? '').replace(/[^0-9a-fA-F]/g, '').toLowerCase();
  return digits.length === 32 ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined;
}

function guestIdOf(name: string | undefined): string {
  return GUEST_IDS.find((id) => guestOsName(id) === name?.toLowerCase()) ?? 'otherGuest';
}

/** A number of a setting. @throws VimFault GenericVmConfigFault */
function numberOf(settings: ReadonlyMap<string, string>, key: string, otherwise: number): number {
  const text = settings.get(key.toLowerCase());
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text.trim())) throw unreadable(`${key} is no number`);
  return Number(text);
}

/**
 * The specification that a machine is made by.
 * @param place where the file is
 * @throws VimFault GenericVmConfigFault
 */
export function specOfVmx(
  settings: ReadonlyMap<string, string>,
  place: { readonly datastore: string; readonly path: string },
  name: string | undefined,
): ConfigSpec {
  const cores = numberOf(settings, 'numvcpus', 1);
  const version = numberOf(settings, 'virtualHW.version', 0);
  return {
    $: 'VirtualMachineConfigSpec',
    name: name ?? settings.get('displayname') ?? place.path.replace(/^.*\/|\.vmx$/g, ''),
    version: `vmx-${String(version).padStart(2, '0')}`,
    ...given('uuid', uuidOf(settings.get('uuid.bios'))),
    ...given('instanceUuid', uuidOf(settings.get('vc.uuid'))),
    guestId: guestIdOf(settings.get('guestos')),
    ...given('annotation', settings.get('annotation')),
    files: { $: 'VirtualMachineFileInfo', vmPathName: formatDatastorePath(place) },
    numCPUs: cores,
    numCoresPerSocket: numberOf(settings, 'cpuid.coresPerSocket', 1),
    memoryMB: numberOf(settings, 'memsize', 32),
    firmware: settings.get('firmware') === 'efi' ? 'efi' : 'bios',
    deviceChange: [
      ...diskChanges(settings, place),
      ...nicChanges(settings),
    ] as unknown as ConfigSpec['deviceChange'],
    extraConfig: [...settings]
      .filter(([key]) => key.startsWith('guestinfo.'))
      .map(([key, value]) => ({ $: 'OptionValue', key, value })),
  };
}

/** A field where there is a value for it. */
function given(field: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [field]: value };
}

function added(device: Data): Data {
  return { $: 'VirtualDeviceConfigSpec', operation: 'add', device };
}

const isTrue = (text: string | undefined) => text?.toLowerCase() === 'true';

function diskChanges(
  settings: ReadonlyMap<string, string>,
  place: { readonly datastore: string; readonly path: string },
): Data[] {
  const changes: Data[] = [];
  const controllers = new Map<string, number>();
  for (const [key, fileName] of settings) {
    const match = /^(scsi|sata|nvme|ide)(\d{1,2}):(\d{1,2})\.filename$/.exec(key);
    if (!match) continue;
    const [, bus, number, unit] = match as unknown as [string, string, string, string];
    const device = `${bus}${number}:${unit}`;
    const kind = settings.get(`${device}.devicetype`) ?? 'disk';
    if (!isTrue(settings.get(`${device}.present`)) || !/disk$/i.test(kind)) continue;
    const id = `${bus}${number}`;
    let controllerKey = bus === 'ide' ? 200 + Number(number) : controllers.get(id);
    if (controllerKey === undefined) {
      controllerKey = -1 - controllers.size;
      controllers.set(id, controllerKey);
      const model = settings.get(`${id}.virtualdev`) ?? 'lsilogic';
      const type = bus === 'scsi' ? SCSI[model.toLowerCase()] : BUSES[bus];
      if (!type) throw unreadable(`${id}.virtualDev is "${model.slice(0, 40)}"`);
      changes.push(
        added({
          $: type,
          key: controllerKey,
          busNumber: Number(number),
          ...(bus === 'scsi' ? { sharedBus: 'noSharing' } : {}),
        }),
      );
    }
    // Beside the file when it is only a name.
    const directory = directoryOf(place.path);
    const path = fileName.includes('/')
      ? fileName.replace(/^\/vmfs\/volumes\/[^/]+\//, '')
      : `${directory}/${fileName}`;
    changes.push(
      added({
        $: 'VirtualDisk',
        key: -100 - changes.length,
        controllerKey,
        unitNumber: Number(unit),
        capacityInKB: 0,
        backing: {
          $: 'VirtualDiskFlatVer2BackingInfo',
          fileName: formatDatastorePath({ datastore: place.datastore, path }),
          diskMode: (settings.get(`${device}.mode`) ?? 'persistent').replace('-', '_'),
        },
      }),
    );
  }
  return changes;
}

function nicChanges(settings: ReadonlyMap<string, string>): Data[] {
  const changes: Data[] = [];
  for (let at = 0; at < 10; at++) {
    const of = (key: string) => settings.get(`ethernet${at}.${key}`);
    if (!isTrue(of('present'))) continue;
    const type = ADAPTERS[(of('virtualdev') ?? 'vlance').toLowerCase()];
    if (!type) throw unreadable(`ethernet${at}.virtualDev is "${(of('virtualdev') ?? '').slice(0, 40)}"`);
    const portgroupKey = of('dvs.portgroupid');
    const macAddress = of('address') ?? of('generatedaddress');
    changes.push(
      added({
        $: type,
        key: -200 - at,
        ...(macAddress === undefined ? { addressType: 'generated' } : { addressType: 'manual', macAddress }),
        connectable: {
          $: 'VirtualDeviceConnectInfo',
          startConnected: of('startconnected')?.toLowerCase() !== 'false',
          allowGuestControl: true,
          connected: false,
        },
        backing:
          portgroupKey === undefined
            ? { $: 'VirtualEthernetCardNetworkBackingInfo', deviceName: of('networkname') ?? '' }
            : {
                $: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
                port: {
                  $: 'DistributedVirtualSwitchPortConnection',
                  portgroupKey,
                  switchUuid: of('dvs.switchid') ?? '',
                },
              },
      }),
    );
  }
  return changes;
}
