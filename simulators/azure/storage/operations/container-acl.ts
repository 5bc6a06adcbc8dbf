import { requireWriteConditions } from '../conditions.ts';
import { requireReadable } from '../lease.ts';
import { containerOf, defineOperation, stampHeaders, touch } from '../operation.ts';
import { storageFault } from '../storage-fault.ts';
import { header } from '../storage-request.ts';
import { POLICIES_XML_LIMITS, readPolicies, writePolicies } from '../stored-policies.ts';
import { readPublicAccess } from './create-container.ts';

const permission = { level: 'c', letters: 'w', keyOnly: true } as const;

/** Set Container ACL: public access and stored access policies. Key holders only. */
export const setContainerAcl = defineOperation({
  name: 'SetContainerACL',
  on: 'container',
  methods: ['PUT'],
  restype: 'container',
  comp: 'acl',
  permission,
  body: { kind: 'memory', bytesMax: POLICIES_XML_LIMITS.bytesMax },
  run(call) {
    const container = containerOf(call);
    const publicAccess = readPublicAccess(call.request);
    if (publicAccess && !call.account.settings.allowPublicAccess)
      throw storageFault('PublicAccessNotPermitted');
    requireWriteConditions(call.request, container);
    requireReadable(container.lease, header(call.request, 'x-ms-lease-id'), call.now, 'container');
    container.policies = readPolicies(Buffer.concat(call.body.pieces));
    container.publicAccess = publicAccess;
    touch(container, call);
    return { status: 200, headers: stampHeaders(container) };
  },
});

/** Get Container ACL. */
export const getContainerAcl = defineOperation({
  name: 'GetContainerACL',
  on: 'container',
  methods: ['GET', 'HEAD'],
  restype: 'container',
  comp: 'acl',
  permission: { ...permission, letters: 'r' },
  run(call) {
    const container = containerOf(call);
    requireReadable(container.lease, header(call.request, 'x-ms-lease-id'), call.now, 'container');
    return {
      status: 200,
      headers: { ...stampHeaders(container), 'x-ms-blob-public-access': container.publicAccess },
      body: writePolicies(container.policies),
    };
  },
});
