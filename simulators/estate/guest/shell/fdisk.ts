/** fdisk -l: what a disk is divided into, in the words of each release of util-linux. */
import type { Guest } from '../guest.ts';
import { type BlockDevice, blockDevices } from '../linux-devices.ts';
import { diskModel } from '../linux-sys.ts';
import { linuxTools } from '../linux-tools.ts';
import { type LinuxCommand, linuxOf } from './shell.ts';
import { sizeText } from './sizes.ts';

export const fdisk: LinuxCommand = (args, io, session) => {
  const { guest } = session.machine;
  const version = linuxTools(linuxOf(session)!).utilLinux;
  if (!args.some((arg) => arg === '-l' || arg === '-lu' || arg === '--list')) {
    io.err("fdisk: bad usage\nTry 'fdisk --help' for more information.\n");
    return 1;
  }
  const wanted = args.filter((arg) => arg.startsWith('/dev/')).map((path) => path.slice(5));
  const devices = blockDevices(guest).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (!session.user.isRoot) {
    // old ones say nothing at all
    if (version >= 23)
      for (const { name } of devices) io.err(`fdisk: cannot open /dev/${name}: Permission denied\n`);
    return version >= 23 ? 1 : 0;
  }
  for (const device of devices) io.out(fdiskText(guest, device, version));
  return 0;
};

function fdiskText(guest: Guest, device: BlockDevice, version: number): string {
  const { name, sizeBytes, partitions } = device;
  const sectors = sizeBytes / 512;
  const id = `0x${guest.entropy.hex(8, 'guest.diskLabel', guest.machine.id, name)}`;
  const gpt = guest.machine.firmware === 'efi' && device.kind === 'disk';
  const decimal = `${(sizeBytes / 1e9).toFixed(1)} GB`;
  const io = 'I/O size (minimum/optimal): 512 bytes / 512 bytes\n';
  const sectorSize = 'Sector size (logical/physical): 512 bytes / 512 bytes\n';
  if (version < 23) {
    // cylinders of 255 heads and 63 sectors
    const cylinder = 255 * 63;
    const cylinders = Math.floor(sectors / cylinder);
    const byCylinder = version < 20;
    const head =
      `\nDisk /dev/${name}: ${decimal}, ${sizeBytes} bytes\n255 heads, 63 sectors/track, ${cylinders} cylinders` +
      (byCylinder
        ? `\nUnits = cylinders of ${cylinder} * 512 = ${cylinder * 512} bytes\n`
        : `, total ${sectors} sectors\nUnits = sectors of 1 * 512 = 512 bytes\n`) +
      (version < 17 ? '' : `${sectorSize}${io}Disk identifier: ${id}\n`);
    const at = (sector: number) => (byCylinder ? Math.floor(sector / cylinder) + 1 : sector);
    const rows = partitions.map(
      (part, i) =>
        `/dev/${part.name} ${i === 0 ? '  *' : '   '} ${String(at(part.start)).padStart(11)} ${String(at(part.start + part.sizeBytes / 512 - 1)).padStart(11)} ${String(part.sizeBytes / 1024).padStart(11)}   83  Linux\n`,
    );
    return `${head}\n   Device Boot      Start         End      Blocks   Id  System\n${rows.join('')}`;
  }
  const rows = partitions.map((part, i) => {
    const end = part.start + part.sizeBytes / 512 - 1;
    if (version < 26)
      return `/dev/${part.name}${i === 0 ? '   *' : '    '} ${String(part.start).padStart(11)} ${String(end).padStart(11)} ${String(part.sizeBytes / 1024).padStart(11)}   83  Linux\n`;
    const size = sizeText(part.sizeBytes).padStart(6);
    return gpt
      ? `/dev/${part.name} ${String(part.start).padStart(10)} ${String(end).padStart(10)} ${String(part.sizeBytes / 512).padStart(10)} ${size} ${part.volume.mountPoint === '/boot/efi' ? 'EFI System' : 'Linux filesystem'}\n`
      : `/dev/${part.name} ${i === 0 ? ' *  ' : '    '} ${String(part.start).padStart(10)} ${String(end).padStart(10)} ${String(part.sizeBytes / 512).padStart(10)} ${size} 83 Linux\n`;
  });
  if (version < 26)
    return (
      `\nDisk /dev/${name}: ${decimal}, ${sizeBytes} bytes, ${sectors} sectors\nUnits = sectors of 1 * 512 = 512 bytes\n${sectorSize}${io}` +
      (rows.length === 0
        ? '\n'
        : `Disk label type: ${gpt ? 'gpt' : 'dos'}\nDisk identifier: ${id}\n\n   Device Boot      Start         End      Blocks   Id  System\n${rows.join('')}`)
    );
  const gib = sizeBytes / 2 ** 30;
  const amount =
    gib >= 1 ? `${Number(gib.toFixed(2))} GiB` : `${Number((sizeBytes / 2 ** 20).toFixed(2))} MiB`;
  const model = version >= 33 && device.kind === 'disk' ? `Disk model: ${diskModel(guest).padEnd(16)}\n` : '';
  return (
    `Disk /dev/${name}: ${amount}, ${sizeBytes} bytes, ${sectors} sectors\n${model}Units: sectors of 1 * 512 = 512 bytes\n${sectorSize}${io}` +
    (rows.length === 0
      ? '\n\n'
      : `Disklabel type: ${gpt ? 'gpt' : 'dos'}\nDisk identifier: ${gpt ? guest.entropy.uuid('guest.diskLabel', guest.machine.id, name).toUpperCase() : id}\n\n` +
        `${gpt ? 'Device          Start        End    Sectors   Size Type' : 'Device     Boot      Start        End    Sectors   Size Id Type'}\n${rows.join('')}\n\n`)
  );
}
