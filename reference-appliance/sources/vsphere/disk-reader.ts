/**
 * Bytes of a frozen disk over the datastore path: `GET /folder/<dir>/<disk>-flat.vmdk?dcPath=…&dsName=…` with a
 * Range. [vSphere Web Services SDK, "Datastore file access"]
 */
import type { ByteRange, FrozenDisk } from '../../app/ports.ts';
import type { VsphereConnection } from './connection.ts';
import { errors } from './faults.ts';

/** @throws `vcenter.disk.unreadable`, `vcenter.disk.unsupported`, `net.*` */
export async function readDisk(
  connection: VsphereConnection,
  datacenterPath: string,
  disk: FrozenDisk,
  { start, length }: ByteRange,
  signal: AbortSignal,
): Promise<Buffer> {
  const place = /^\[(?<datastore>[^\]]+)\] (?<path>.+)\.vmdk$/.exec(disk.location)?.groups;
  if (!place || /-\d{6}$/.test(place.path!))
    throw errors.make('vcenter.disk.unsupported', {
      what: place
        ? `Disk ${disk.key} (${disk.location}) stands on snapshots that are not ours.`
        : `Disk ${disk.key} has no file that can be read: "${disk.location}".`,
    });
  const path = `${place.path}-flat.vmdk`.split('/').map(encodeURIComponent).join('/');
  const query = `dcPath=${encodeURIComponent(datacenterPath)}&dsName=${encodeURIComponent(place.datastore!)}`;
  const answer = await connection.get(
    `/folder/${path}?${query}`,
    { range: `bytes=${start}-${start + length - 1}` },
    signal,
  );
  if (answer.status !== 206 || answer.body.length !== length)
    throw errors.make('vcenter.disk.unreadable', {
      what: `${connection.host} answered ${answer.status} with ${answer.body.length} bytes to a read of ${length} bytes at ${start} of ${disk.location}.`,
    });
  return answer.body;
}
