/** /sys as far as collection scripts look into it: adapters, block devices, and what the firmware says. */
import type { UnixMillis } from '#core/units.ts';
import type { Guest } from './guest.ts';
import type { LinuxOs } from './guest-os.ts';
import { blockDevices } from './linux-devices.ts';
import { activity, adapterCounts } from './linux-proc.ts';
import { linuxTools } from './linux-tools.ts';

export interface SysFile {
  readonly content: (now: UnixMillis) => string;
  readonly mode: number;
}

const ROOT_ONLY = 0o400;
/** SMBIOS 3.7.1: other, rack mount chassis. */
const CHASSIS = { virtual: '1', rack: '23' };

/** Virtual hardware whose SMBIOS is 2.7; below it is 2.4, where nothing is turned round. */
const NEW_SMBIOS = 13;

/** UUID as SMBIOS has it; kernels since 4.18 and dmidecode since 3.2 write it in small letters. */
export function shownUuid({ machine, hardware, facts }: Guest, small: boolean): string {
  const isOld = (facts.platform ?? 'vmware') === 'vmware' && machine.hardwareVersion < NEW_SMBIOS;
  const uuid = isOld ? machine.biosUuid : hardware.uuid;
  return small ? uuid.toLowerCase() : uuid.toUpperCase();
}

/** Files by path. */
export function sysFiles(guest: Guest, os: LinuxOs): Record<string, SysFile> {
  const files: Record<string, SysFile> = {};
  const add = (path: string, content: string | ((now: UnixMillis) => string), mode = 0o444): void => {
    files[path] = {
      content: typeof content === 'string' ? () => `${content}\n` : (now) => `${content(now)}\n`,
      mode,
    };
  };
  firmware(guest, os, add);
  adapters(guest, add);
  disks(guest, os, add);
  add('/sys/devices/system/cpu/online', guest.machine.cores === 1 ? '0' : `0-${guest.machine.cores - 1}`);
  return files;
}

type Add = (path: string, content: string | ((now: UnixMillis) => string), mode?: number) => void;

function firmware(guest: Guest, os: LinuxOs, add: Add): void {
  const { hardware, machine } = guest;
  const dmi = '/sys/class/dmi/id';
  add(`${dmi}/sys_vendor`, hardware.vendor);
  add(`${dmi}/product_name`, hardware.model);
  add(`${dmi}/product_version`, hardware.version);
  add(`${dmi}/product_serial`, hardware.serialNumber, ROOT_ONLY);
  add(`${dmi}/product_uuid`, shownUuid(guest, linuxTools(os).kernel >= 418), ROOT_ONLY);
  add(`${dmi}/board_vendor`, hardware.vendor);
  add(`${dmi}/board_name`, hardware.boardName);
  add(`${dmi}/board_serial`, hardware.serialNumber, ROOT_ONLY);
  add(`${dmi}/chassis_vendor`, hardware.vendor);
  add(`${dmi}/chassis_type`, hardware.virtual ? CHASSIS.virtual : CHASSIS.rack);
  add(`${dmi}/bios_vendor`, hardware.biosVendor);
  add(`${dmi}/bios_version`, hardware.bios);
  add(`${dmi}/bios_date`, hardware.biosDate);
  if (machine.firmware === 'efi') add('/sys/firmware/efi/fw_platform_size', '64');
}

function adapters(guest: Guest, add: Add): void {
  const names = ['lo', ...guest.machine.nics.map((nic) => guest.interfaceName(nic))];
  for (const [i, name] of names.entries()) {
    const nic = guest.machine.nics[i - 1];
    const folder = `/sys/class/net/${name}`;
    add(`${folder}/address`, nic?.macAddress ?? '00:00:00:00:00:00');
    add(`${folder}/operstate`, nic ? (nic.connected ? 'up' : 'down') : 'unknown');
    add(`${folder}/mtu`, nic ? '1500' : '65536');
    add(`${folder}/ifindex`, String(i + 1));
    add(`${folder}/type`, nic ? '1' : '772');
    if (nic?.connected) {
      add(`${folder}/carrier`, '1');
      add(`${folder}/speed`, '10000');
      add(`${folder}/duplex`, 'full');
    }
    const counts = (now: UnixMillis) => adapterCounts(guest, now)[i]!;
    add(`${folder}/statistics/rx_bytes`, (now) => String(counts(now).rxBytes));
    add(`${folder}/statistics/tx_bytes`, (now) => String(counts(now).txBytes));
    add(`${folder}/statistics/rx_packets`, (now) => String(counts(now).rxPackets));
    add(`${folder}/statistics/tx_packets`, (now) => String(counts(now).txPackets));
    for (const zero of ['rx_errors', 'tx_errors', 'rx_dropped', 'tx_dropped'])
      add(`${folder}/statistics/${zero}`, '0');
  }
}

function disks(guest: Guest, os: LinuxOs, add: Add): void {
  const flushes = linuxTools(os).kernel >= 505;
  for (const device of blockDevices(guest)) {
    const folder = `/sys/block/${device.name}`;
    add(`${folder}/size`, String(Math.floor(device.sizeBytes / 512)));
    add(`${folder}/dev`, `${device.major}:${device.minor}`);
    add(`${folder}/removable`, '0');
    add(`${folder}/ro`, device.kind === 'loop' ? '1' : '0');
    add(`${folder}/queue/rotational`, guest.hardware.virtual ? '1' : '0');
    add(`${folder}/queue/logical_block_size`, '512');
    add(`${folder}/stat`, (now) => {
      const fields = activity(guest, device.index, now, 1);
      return [...fields, ...Array(flushes ? 6 : 0).fill(0)].map((n) => String(n).padStart(8)).join(' ');
    });
    if (device.kind === 'disk') {
      add(`${folder}/device/vendor`, diskMaker(guest).padEnd(8));
      add(`${folder}/device/model`, diskModel(guest).padEnd(16));
    }
    for (const [i, part] of device.partitions.entries()) {
      add(`${folder}/${part.name}/partition`, String(i + 1));
      add(`${folder}/${part.name}/start`, String(part.start));
      add(`${folder}/${part.name}/size`, String(part.sizeBytes / 512));
    }
  }
}

export function diskMaker(guest: Guest): string {
  return { vmware: 'VMware', hyperv: 'Msft', physical: 'HP' }[guest.facts.platform ?? 'vmware'];
}

export function diskModel(guest: Guest): string {
  return { vmware: 'Virtual disk', hyperv: 'Virtual Disk', physical: 'LOGICAL VOLUME' }[
    guest.facts.platform ?? 'vmware'
  ];
}
