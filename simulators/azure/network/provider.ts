/** Microsoft.Network, as far as virtual machines need it: types in, the shelves of network.ts behind. */
import { badRequest, unknownAction } from '../arm/faults.ts';
import type { ArmAnswer, ArmProvider, ArmRequest } from '../arm/provider.ts';
import { NETWORK_API_VERSIONS, NETWORK_NAMESPACE, type Network } from './network.ts';

export function networkProvider(network: Network, region: string): ArmProvider {
  return {
    namespace: NETWORK_NAMESPACE,
    types: {
      virtualNetworks: network.networks.type,
      networkSecurityGroups: network.securityGroups.type,
      publicIPAddresses: network.publicAddresses.type,
      networkInterfaces: network.interfaces.type,
      locations: { apiVersions: NETWORK_API_VERSIONS, holdsResources: false, handle: inLocation },
    },
    operationPath: ({ subscriptionId }, id) =>
      `/subscriptions/${subscriptionId}/providers/${NETWORK_NAMESPACE}/locations/${region}/operations/${id}`,
  };
}

/** Nothing of a location is offered but the polls of operations, which ARM answers itself. */
function inLocation({ method, name, segments }: ArmRequest): ArmAnswer {
  if (name === '') throw badRequest('A location is named.');
  throw unknownAction(method, ['locations', name, ...segments].join('/'));
}
