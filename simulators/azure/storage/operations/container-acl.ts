import { child, childrenOf, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import type { StoredPolicy } from '../account.ts';
import { requireWriteConditions } from '../conditions.ts';
import { requireReadable } from '../lease.ts';
import { containerOf, defineOperation, stampHeaders, touch } from '../operation.ts';
import { readSasTime } from '../sas.ts';
import { storageFault } from '../storage-fault.ts';
import { header } from '../storage-request.ts';
import { readPublicAccess } from './create-container.ts';

const POLICIES_MAX = 5;
const permission = { level: 'c', letters: 'w', keyOnly: true } as const;
const XML_LIMITS = { bytesMax: 64 * 1024, depthMax: 8, elementsMax: 100 };

/** Set Container ACL: public access and stored access policies. Key holders only. */
export const setContainerAcl = defineOperation({
  name: 'SetContainerACL',
  on: 'container',
  methods: ['PUT'],
  restype: 'container',
  comp: 'acl',
  permission,
  body: { kind: 'memory', bytesMax: XML_LIMITS.bytesMax },
  run(call) {
    const container = containerOf(call);
    const publicAccess = readPublicAccess(call.request);
    if (publicAccess && !call.account.settings.allowPublicAccess)
      throw storageFault('PublicAccessNotPermitted');
    requireWriteConditions(call.request, container);
    requireReadable(container.lease, header(call.request, 'x-ms-lease-id'), call.now, 'container');
    const xml = Buffer.concat(call.body.pieces);
    container.policies = xml.length === 0 ? [] : readPolicies(xml);
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
    const out = new XmlWriter().open('SignedIdentifiers');
    for (const { id, startsAt, expiresAt, permissions } of container.policies) {
      out.open('SignedIdentifier').leaf('Id', id).open('AccessPolicy');
      if (startsAt !== undefined) out.leaf('Start', new Date(startsAt).toISOString());
      if (expiresAt !== undefined) out.leaf('Expiry', new Date(expiresAt).toISOString());
      if (permissions !== undefined) out.leaf('Permission', permissions);
      out.close().close();
    }
    return {
      status: 200,
      headers: { ...stampHeaders(container), 'x-ms-blob-public-access': container.publicAccess },
      body: out.close().toString(),
    };
  },
});

function readPolicies(xml: Buffer): StoredPolicy[] {
  const root = readXml(xml);
  if (root.name !== 'SignedIdentifiers') throw storageFault('InvalidXmlDocument');
  const policies = childrenOf(root, 'SignedIdentifier').map((element): StoredPolicy => {
    const id = childText(element, 'Id') ?? '';
    if (id === '' || id.length > 64)
      throw storageFault('InvalidXmlNodeValue', { detail: { XmlNodeName: 'Id' } });
    const policy = child(element, 'AccessPolicy');
    const time = (name: string): number | undefined => {
      const text = policy && childText(policy, name);
      if (text === undefined || text === '') return undefined;
      const at = readSasTime(text);
      if (at === undefined) throw storageFault('InvalidXmlNodeValue', { detail: { XmlNodeName: name } });
      return at;
    };
    const permissions = policy && childText(policy, 'Permission');
    const [startsAt, expiresAt] = [time('Start'), time('Expiry')];
    return {
      id,
      ...(startsAt === undefined ? {} : { startsAt }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(permissions ? { permissions } : {}),
    };
  });
  if (policies.length > POLICIES_MAX || new Set(policies.map(({ id }) => id)).size < policies.length)
    throw storageFault('InvalidXmlDocument');
  return policies;
}

function readXml(xml: Buffer): XmlElement {
  try {
    return parseXml(xml, XML_LIMITS);
  } catch {
    throw storageFault('InvalidXmlDocument');
  }
}
