/** Stored access policies as they travel: of containers, queues and tables. */
import { child, childrenOf, childText } from '#core/wire/xml/element.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import type { StoredPolicy } from './account.ts';
import { readSasTime } from './sas.ts';
import { storageFault } from './storage-fault.ts';
import { readXmlBody } from './xml-body.ts';

const POLICIES_MAX = 5;
const ID_MAX = 64;
export const POLICIES_XML_LIMITS = { bytesMax: 64 * 1024, depthMax: 8, elementsMax: 100 };

/** The body of a Set ACL; an empty one removes all policies. @throws StorageFault */
export function readPolicies(xml: Uint8Array): StoredPolicy[] {
  if (xml.length === 0) return [];
  const root = readXmlBody(xml, POLICIES_XML_LIMITS, 'SignedIdentifiers');
  const policies = childrenOf(root, 'SignedIdentifier').map((element): StoredPolicy => {
    const id = childText(element, 'Id') ?? '';
    if (id === '' || id.length > ID_MAX)
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

export function writePolicies(policies: readonly StoredPolicy[]): string {
  const out = new XmlWriter().open('SignedIdentifiers');
  for (const { id, startsAt, expiresAt, permissions } of policies) {
    out.open('SignedIdentifier').leaf('Id', id).open('AccessPolicy');
    if (startsAt !== undefined) out.leaf('Start', new Date(startsAt).toISOString());
    if (expiresAt !== undefined) out.leaf('Expiry', new Date(expiresAt).toISOString());
    if (permissions !== undefined) out.leaf('Permission', permissions);
    out.close().close();
  }
  return out.close().toString();
}
