import { DAY } from '#core/units.ts';
import { child, childText } from '#core/wire/xml/element.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import { defineOperation, type Operation, type Reply, type ServiceCall } from '../operation.ts';
import { readSasTime, sasTime, userDelegationKey } from '../sas.ts';
import { storageFault } from '../storage-fault.ts';
import type { StorageRequest } from '../storage-request.ts';
import { readXmlBody } from '../xml-body.ts';

const XML_LIMITS = { bytesMax: 16 * 1024, depthMax: 8, elementsMax: 32 };
const DELEGATION_DAYS_MAX = 7;
const SKUS = { LRS: 'Standard_LRS', GRS: 'Standard_GRS', 'RA-GRS': 'Standard_RAGRS' } as const;

const information = (on: Operation['on'], name: string): Operation =>
  defineOperation({
    name,
    on,
    methods: ['GET', 'HEAD'],
    restype: 'account',
    comp: 'properties',
    permission: {
      level: on === 'service' ? 's' : on === 'container' ? 'c' : 'o',
      letters: 'rwdlacup',
    },
    run: ({ account }) => ({
      status: 200,
      headers: {
        'x-ms-sku-name': SKUS[account.settings.redundancy],
        'x-ms-account-kind': 'StorageV2',
        'x-ms-is-hns-enabled': 'false',
      },
    }),
  });

/** Get Account Information, on each level at which clients ask for it. */
export const accountInformation = [
  information('service', 'GetAccountInformation'),
  information('container', 'GetAccountInformationByContainer'),
  information('blob', 'GetAccountInformationByBlob'),
];

/** Get User Delegation Key, for the holder of a token. */
export const getUserDelegationKey = defineOperation({
  name: 'GetUserDelegationKey',
  on: 'service',
  methods: ['POST'],
  restype: 'service',
  comp: 'userdelegationkey',
  permission: { level: 's', letters: 'w', accountOnly: true },
  body: { kind: 'memory', bytesMax: XML_LIMITS.bytesMax },
  run: (call) => delegationKeyReply(call, 'b'),
});

/** A key with which signatures for one service can be made. @throws StorageFault */
export function delegationKeyReply(
  { account, body, grant, now, version }: ServiceCall<StorageRequest>,
  service: 'b' | 'q',
): Reply {
  if (grant.kind !== 'token') throw storageFault('AuthorizationPermissionMismatch');
  const root = readXmlBody(Buffer.concat(body.pieces), XML_LIMITS, 'KeyInfo');
  const time = (name: string): number | undefined => readSasTime(childText(root, name)?.trim() ?? '');
  const expiresAt = time('Expiry');
  const startsAt = child(root, 'Start') ? time('Start') : now;
  if (expiresAt === undefined || startsAt === undefined || expiresAt <= startsAt || expiresAt <= now)
    throw storageFault('InvalidXmlNodeValue');
  if (expiresAt - now > DELEGATION_DAYS_MAX * DAY)
    throw storageFault('InvalidXmlNodeValue', { detail: { XmlNodeName: 'Expiry' } });
  const fields: ReadonlyArray<readonly [element: string, parameter: string, value: string]> = [
    ['SignedOid', 'skoid', grant.objectId!],
    ['SignedTid', 'sktid', grant.tenantId!],
    ['SignedStart', 'skt', sasTime(startsAt)],
    ['SignedExpiry', 'ske', sasTime(expiresAt)],
    ['SignedService', 'sks', service],
    ['SignedVersion', 'skv', version],
  ];
  const parameters = new Map(fields.map(([, parameter, value]) => [parameter, value]));
  const out = new XmlWriter().open('UserDelegationKey');
  for (const [element, , value] of fields) out.leaf(element, value);
  out.leaf('Value', userDelegationKey(account.keys[0], parameters));
  return { status: 200, headers: { 'Content-Type': 'application/xml' }, body: out.close().toString() };
}
