/** Ids of this provider's resources. Site Recovery spells `/Subscriptions/` (azure.md, section 4); all are compared without case. */
import type { ArmRequest } from '../arm/provider.ts';

export const NAMESPACE = 'Microsoft.RecoveryServices';

export function idOf(request: ArmRequest): string {
  return pathOf(request, request.type.split('/').length);
}

/** Id of the resource around this one; of a vault, its group or subscription. */
export function parentOf(request: ArmRequest): string {
  return pathOf(request, request.type.split('/').length - 1);
}

/** Of a container or of what lies below it. */
export function fabricOf(request: ArmRequest): string {
  return pathOf(request, 2);
}

export function vaultOf(request: ArmRequest): string {
  return pathOf(request, 1);
}

/** Does `id` lie below `parent`? */
export function isBelow(id: string, parent: string): boolean {
  return id.toLowerCase().startsWith(`${parent.toLowerCase()}/`);
}

function pathOf({ subscriptionId, resourceGroup, type, names }: ArmRequest, depth: number): string {
  const parts = type.split('/').slice(0, depth);
  const subscription = `/${depth > 1 ? 'Subscriptions' : 'subscriptions'}/${subscriptionId}`;
  const group = resourceGroup === '' ? subscription : `${subscription}/resourceGroups/${resourceGroup}`;
  if (depth === 0) return group;
  return `${group}/providers/${NAMESPACE}/${parts.map((part, i) => `${part}/${names[i]}`).join('/')}`;
}
