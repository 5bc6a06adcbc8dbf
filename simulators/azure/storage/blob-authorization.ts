/** What authorization asks the blob service: strings to sign, policies of containers, public containers. */
import type { AuthorizationRules } from './authorization.ts';
import type { BlobRequest } from './blob-request.ts';
import type { Operation } from './operation.ts';
import { type SasTarget, serviceSasStringToSign, userDelegationSasStringToSign } from './sas.ts';
import { sharedKeyStringToSign } from './shared-key.ts';
import { storageFault } from './storage-fault.ts';

function targetOf({ query, container, blob }: BlobRequest, account: string): SasTarget {
  const resource = query.get('sr') ?? '';
  const fits =
    resource === 'c' ||
    (resource === 'b' && blob !== undefined) ||
    (resource === 'bs' && query.has('snapshot'));
  if (!fits || container === undefined)
    throw storageFault('AuthenticationFailed', {
      detail: {
        AuthenticationErrorDetail: 'sr is mandatory. Cannot be empty, and must fit the resource.',
      },
    });
  return { account, container, ...(resource === 'c' ? {} : { blob }) };
}

export const BLOB_RULES: AuthorizationRules<BlobRequest, Operation> = {
  service: 'blob',
  schemes: { SharedKey: sharedKeyStringToSign },
  serviceSasText: (request, account) => serviceSasStringToSign(targetOf(request, account), request.query),
  delegationSasText: (request, account) =>
    userDelegationSasStringToSign(targetOf(request, account), request.query),
  policies: ({ container }, account) => account.containers.get(container ?? '')?.policies,
  serviceSasReaches: ({ query }, { permission }) => permission.level === 'o' || query.get('sr') === 'c',
  container: ({ container }) => container,
  isPublic({ container }, account, { on, permission }) {
    if (!/^[rl]/.test(permission.letters) || on === 'service' || permission.keyOnly) return undefined;
    const access = account.containers.get(container ?? '')?.publicAccess;
    return access === 'container' || (access === 'blob' && on === 'blob');
  },
};
