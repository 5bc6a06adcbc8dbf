/** Which machines of a vCenter the appliance looks at. */
import type { VmwareMachine } from '../../app/source-machines.ts';

/** Any match admits a machine; everything when absent. */
export interface Scope {
  /** Names or instance UUIDs. */
  readonly machines?: readonly string[] | undefined;
  /** Names of folders anywhere above a machine, or paths from the datacenter: "DC/vm/Production". vApps count as folders. */
  readonly folders?: readonly string[] | undefined;
  readonly clusters?: readonly string[] | undefined;
  /** Names of pools or vApps anywhere above a machine, or paths from the cluster or host: "Gold/Resources/Production". */
  readonly resourcePools?: readonly string[] | undefined;
}

type Place = Pick<VmwareMachine, 'name' | 'instanceUuid' | 'folder' | 'cluster' | 'resourcePool'>;

/** The test of a scope, its lists looked up by hash: a list may have thousands of machines. */
export function scopeTest(scope: Scope | undefined): (place: Place) => boolean {
  if (!scope) return () => true;
  const names = new Set(scope.machines);
  const uuids = new Set(scope.machines?.map((text) => text.toLowerCase()));
  const clusters = new Set(scope.clusters);
  return ({ name, instanceUuid, folder, cluster, resourcePool }) =>
    names.has(name) ||
    uuids.has(instanceUuid.toLowerCase()) ||
    clusters.has(cluster) ||
    isBelow(folder, scope.folders) ||
    isBelow(resourcePool, scope.resourcePools);
}

/** Is one of the wanted names on the path, or one of the wanted paths its beginning? */
function isBelow(path: string, wanted: readonly string[] | undefined): boolean {
  if (!wanted) return false;
  const names = path.split('/');
  return wanted.some((text) =>
    text.includes('/') ? path === text || path.startsWith(`${text}/`) : names.includes(text),
  );
}
