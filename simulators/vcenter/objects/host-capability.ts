/** HostCapability of an ESXi host, the same for all: what the API requires, and what libvirt asks for. */
import { typeNamed } from '../schema/schema.ts';
import { constant, type Data, type Value } from '../values.ts';

/** Required flags that are false on such a host; all other required ones are true. */
const FALSE = new Set([
  'highGuestMemSupported',
  'ipmiSupported',
  'localSwapDatastoreSupported',
  'recordReplaySupported',
  'tpmSupported',
  'unsharedSwapVMotionSupported',
  'virtualExecUsageSupported',
  'vmDirectPathGen2Supported',
]);

function capability(): Data {
  const fields: Record<string, Value> = {};
  for (const { name, type, isOptional } of typeNamed('HostCapability').fields.values())
    if (type === 'boolean' && !isOptional) fields[name] = !FALSE.has(name);
  return {
    $: 'HostCapability',
    ...fields,
    maxSupportedVMs: 1024,
    maxRunningVMs: 1024,
    maxSupportedVcpus: 4096,
    maxRegisteredVMs: 4096,
    maxHostRunningVms: 1024,
    maxHostSupportedVcpus: 128,
    supportedVmfsMajorVersion: [5, 6],
  };
}

export const HOST_CAPABILITY: Data = constant(capability());
