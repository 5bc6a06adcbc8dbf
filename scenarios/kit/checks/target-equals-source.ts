/** After a migration the disk at Azure is the disk at the source, byte for byte. */
import { formatBytes } from '#core/units.ts';
import { type Check, someOf } from './check.ts';

export const targetEqualsSource: Check = {
  id: 'target-equals-source',
  says: 'every migrated disk equals its source at the cutover point',
  judge({ world, story }) {
    if (story.migrated.length === 0) return undefined;
    let bytes = 0;
    const wrong: string[] = [];
    for (const { machine, diskIndex, sourceSha256, exported } of story.migrated) {
      const disk = machine.disks[diskIndex]!;
      bytes += disk.sizeBytes;
      // hashed again: a source that wrote on after its last cycle would differ from what was cut over
      const now = world.estate.disk(disk.id).sha256();
      const name = `${machine.name} disk ${diskIndex}`;
      if (exported.sizeBytes !== disk.sizeBytes)
        wrong.push(`${name} has ${exported.sizeBytes} bytes at Azure and ${disk.sizeBytes} at the source`);
      else if (exported.sha256 !== sourceSha256 || now !== sourceSha256) wrong.push(`${name} differs`);
    }
    return {
      holds: wrong.length === 0,
      limit: 'SHA-256 over the whole disk is equal',
      actual:
        wrong.length > 0 ? someOf(wrong) : `${story.migrated.length} disks, ${formatBytes(bytes)}, are equal`,
    };
  },
};
