/** All of root/cimv2 that a Windows server shows. */
import type { AssociationSource, ClassSource } from '../winrm/cim/repository.ts';
import { activityClasses } from './activity-classes.ts';
import { deviceClasses } from './device-classes.ts';
import { systemClasses } from './system-classes.ts';
import type { WindowsServer } from './windows-server.ts';

export function cimv2Classes(server: WindowsServer): {
  sources: ClassSource[];
  associations: AssociationSource[];
} {
  const devices = deviceClasses(server);
  return {
    sources: [...systemClasses(server), ...devices.sources, ...activityClasses(server)],
    associations: devices.associations,
  };
}
