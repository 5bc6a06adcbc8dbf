import { BlobIndex, type Container } from '../blob-model.ts';
import type { BlobRequest } from '../blob-request.ts';
import { defineOperation, stampHeaders } from '../operation.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { header, readMetadata } from '../storage-request.ts';

/** Create Container. Opening it to anonymous readers is refused unless the account allows it. */
export const createContainer = defineOperation({
  name: 'CreateContainer',
  on: 'container',
  methods: ['PUT'],
  restype: 'container',
  permission: { level: 'c', letters: 'cw', accountOnly: true },
  run({ request, account, now, tools }) {
    const name = request.container!;
    if (account.containers.has(name)) throw storageFault('ContainerAlreadyExists');
    const publicAccess = readPublicAccess(request);
    if (publicAccess && !account.settings.allowPublicAccess) throw storageFault('PublicAccessNotPermitted');
    const container: Container = {
      name,
      blobs: new BlobIndex(),
      ...tools.stamp(now),
      metadata: readMetadata(request),
      lease: undefined,
      publicAccess,
      policies: [],
    };
    account.containers.set(name, container);
    return { status: 201, headers: stampHeaders(container) };
  },
});

/** @throws StorageFault InvalidHeaderValue */
export function readPublicAccess(request: BlobRequest): 'blob' | 'container' | undefined {
  const value = header(request, 'x-ms-blob-public-access');
  if (value === undefined || value === 'blob' || value === 'container') return value;
  throw badHeader('x-ms-blob-public-access', value);
}
