/** The VMX file: a machine's configuration as lines `key = "value"`, in the form that libvirt reads. */
import { PortgroupObject } from '../objects/network.ts';
import { busOf, cdPlace, diskControllers } from './devices.ts';
import { fileNameOf, parseDatastorePath, vmxUuid } from './paths.ts';
import type { VirtualMachine } from './virtual-machine.ts';

const SCSI_NAMES: Readonly<Record<string, string>> = {
  pvscsi: 'pvscsi',
  lsilogic: 'lsilogic',
  lsilogicsas: 'lsisas1068',
};

export function vmxText(vm: VirtualMachine): string {
  const { machine } = vm;
  const lines: string[] = [];
  const put = (key: string, value: string | number) => lines.push(`${key} = "${escaped(String(value))}"`);
  put('.encoding', 'UTF-8');
  put('config.version', 8);
  put('virtualHW.version', machine.hardwareVersion);
  put('displayName', vm.name);
  if (vm.annotation !== '') put('annotation', vm.annotation);
  put('guestOS', guestOsName(machine.os.guestId));
  put('uuid.bios', vmxUuid(machine.biosUuid));
  put('vc.uuid', vmxUuid(machine.instanceUuid));
  if (machine.firmware === 'efi') put('firmware', 'efi'); // BIOS is what the absence of the line means
  put('numvcpus', machine.cores);
  put('cpuid.coresPerSocket', Math.max(1, Math.floor(machine.cores / Math.max(1, machine.sockets))));
  put('memSize', machine.memoryMiB);
  put('nvram', `${vm.fileStem}.nvram`);
  for (const { bus, controller } of diskControllers(machine).values()) {
    const name = `${busOf({ controller })}${bus}`;
    put(`${name}.present`, 'TRUE');
    const model = SCSI_NAMES[controller];
    if (model !== undefined) put(`${name}.virtualDev`, model);
  }
  const home = vm.home.datastore.name;
  for (const disk of machine.disks) {
    const bus = busOf(disk);
    const name = `${bus}${disk.bus}:${disk.unit}`;
    const top = vm.topLink(disk).fileName;
    const place = parseDatastorePath(top)!;
    put(`${name}.present`, 'TRUE');
    put(
      `${name}.fileName`,
      place.datastore === home ? fileNameOf(place.path) : `${vm.datastoreOf(disk).mountPath}/${place.path}`,
    );
    put(`${name}.deviceType`, bus === 'scsi' ? 'scsi-hardDisk' : bus === 'ide' ? 'ata-hardDisk' : 'disk');
    if (disk.mode !== 'persistent') put(`${name}.mode`, disk.mode.replace('_', '-'));
    if (vm.changeTrackingEnabled && vm.trackableDisks().includes(disk)) put(`${name}.ctkEnabled`, 'TRUE');
  }
  const cd = cdPlace(machine);
  if (cd) {
    put(`ide${cd.bus}:${cd.unit}.present`, 'TRUE');
    put(`ide${cd.bus}:${cd.unit}.deviceType`, 'atapi-cdrom');
    put(`ide${cd.bus}:${cd.unit}.fileName`, 'emptyBackingString');
    put(`ide${cd.bus}:${cd.unit}.startConnected`, 'FALSE');
    put(`ide${cd.bus}:${cd.unit}.clientDevice`, 'TRUE');
  }
  for (const nic of machine.nics) {
    const name = `ethernet${nic.index}`;
    const network = vm.inventory.network(nic.networkId);
    put(`${name}.present`, 'TRUE');
    put(`${name}.virtualDev`, nic.adapter);
    if (network instanceof PortgroupObject) {
      put(`${name}.dvs.switchId`, network.switch.uuid);
      put(`${name}.dvs.portId`, vm.index * 10 + nic.index);
      put(`${name}.dvs.portgroupId`, network.ref.id);
      put(`${name}.dvs.connectionId`, vm.index * 10 + nic.index);
    } else put(`${name}.networkName`, network.name);
    put(`${name}.addressType`, 'vpx');
    put(`${name}.generatedAddress`, nic.macAddress);
    if (!nic.connected) put(`${name}.startConnected`, 'FALSE');
  }
  if (vm.changeTrackingEnabled) put('ctkEnabled', 'TRUE');
  for (const [key, value] of vm.extraOptions) put(key, value);
  return `${lines.join('\n')}\n`;
}

/** VMX escapes as |hh: quotes, bars, line breaks and control characters. */
function escaped(value: string): string {
  return value.replace(
    /["|\u0000-\u001f]/g,
    (char) => `|${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** VMX names guests in lower case with dashes, without the "Guest" of the API: "windows9srv-64". */
export function guestOsName(guestId: string): string {
  const name = guestId.replace(/Guest$/, '').replace(/Server/g, 'srv');
  return name.replace(/_?64$/, '-64').toLowerCase().replaceAll('_', '-');
}
