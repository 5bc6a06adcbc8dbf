/** All of root/cimv2 that a Windows server shows. */
import type { CimMethod } from '../winrm/cim/cim-service.ts';
import type { AssociationSource, ClassSource } from '../winrm/cim/repository.ts';
import { activityClasses } from './activity-classes.ts';
import { cimv2Associations } from './associations.ts';
import { deviceClasses } from './device-classes.ts';
import { environmentClass } from './environment-class.ts';
import { performanceOf } from './performance-classes.ts';
import { registryMethods } from './registry-provider.ts';
import { softwareClasses } from './software-classes.ts';
import { systemClasses } from './system-classes.ts';
import { systemMethods } from './system-methods.ts';
import type { WindowsServer } from './windows-server.ts';

export function cimv2Classes(server: WindowsServer): {
  sources: ClassSource[];
  associations: AssociationSource[];
  methods: CimMethod[];
} {
  const sources = [
    ...systemClasses(server),
    ...softwareClasses(server),
    ...deviceClasses(server),
    ...activityClasses(server),
    ...performanceOf(server),
    environmentClass(server),
  ];
  return {
    sources,
    associations: cimv2Associations(sources),
    methods: [...registryMethods(server), ...systemMethods(server)],
  };
}
