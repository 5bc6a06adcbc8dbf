/** Requests that every kind of replicated item answers alike: its recovery points, and all items of a vault. */
import { methodNotAllowed, parentNotFound, resourceNotFound, unknownAction } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import { NAMESPACE, parentOf, vaultOf } from './ids.ts';
import type { VaultResources } from './vault-resources.ts';

/** The list of points, or the one that is named. @param points undefined when there is no such item */
export function answerRecoveryPoints<Point>(
  request: ArmRequest,
  points: readonly Point[] | undefined,
  nameOf: (point: Point) => string,
  view: (point: Point) => object,
): ArmAnswer {
  const { method, name, segments, type } = request;
  if (segments.length > 0) throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
  if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
  if (!points) throw parentNotFound(parentOf(request));
  if (name === '') return { list: listOf(points.map(view)) };
  const point = points.find((each) => nameOf(each).toLowerCase() === name.toLowerCase());
  if (!point) throw resourceNotFound(request, NAMESPACE);
  return { status: 200, body: view(point) };
}

/** The vault below which items are listed; each is reached through its container. */
export function listedVault(request: ArmRequest, resources: VaultResources): string {
  const vault = vaultOf(request);
  if (!resources.find(vault)) throw parentNotFound(vault);
  if (request.name !== '') throw resourceNotFound(request, NAMESPACE);
  return vault;
}
