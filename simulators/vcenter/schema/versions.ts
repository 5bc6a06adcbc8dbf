/**
 * API versions of vim25. A version is the index of its id in VERSIONS, so that "first appeared in" compares
 * as a number. Clients name theirs in the SOAPAction header (`urn:vim25/6.5`).
 */
import { assert } from '#core/assert.ts';

export type ApiVersion = number;

/** Every id that has existed on vCenter, oldest first. */
export const VERSIONS = [
  '2.0',
  '2.5',
  '2.5u2',
  '2.5u2server',
  '4.0',
  '4.1',
  '5.0',
  '5.1',
  '5.5',
  '6.0',
  '6.5',
  '6.7',
  '6.7.1',
  '6.7.2',
  '6.7.3',
  '6.8.7',
  '6.9.1',
  '7.0.0.0',
  '7.0.0.2',
  '7.0.1.0',
  '7.0.1.1',
  '7.0.2.0',
  '7.0.2.1',
  '7.0.3.0',
  '7.0.3.1',
  '7.0.3.2',
  '8.0.0.0',
  '8.0.0.1',
  '8.0.0.2',
  '8.0.1.0',
  '8.0.2.0',
  '8.0.3.0',
] as const;

const INDEX = new Map<string, ApiVersion>(VERSIONS.map((id, index) => [id, index]));

export function versionOf(id: string): ApiVersion {
  const version = INDEX.get(id);
  assert(version !== undefined, `there is no API version ${id}`);
  return version;
}

/** What a client that names no version gets: the meaning of the bare namespace `urn:vim25`. */
export const UNNAMED_VERSION = versionOf('2.5u2');

/**
 * Version of a SOAPAction header: `urn:vim25/8.0.3.0` or `"urn:vim25/6.5"`; absent, empty or without a
 * version means UNNAMED_VERSION. The id of a whole line means the newest of that line, as govmomi sends
 * `urn:vim25/7.0` together with elements that 7.0.1.0 brought. Any other id that never existed means the newest
 * one below it, and one that is newer than the server the server's newest. Undefined when the header is of another form.
 *
 * @param newest of the server.
 */
export function requestedVersion(soapAction: string | undefined, newest: ApiVersion): ApiVersion | undefined {
  const named = NAMED.get(soapAction ?? '') ?? namedBy(soapAction);
  return named === undefined ? undefined : Math.min(named, newest);
}

/** The headers of clients that name an id as it is. */
const NAMED = new Map(VERSIONS.map((id, index): [string, ApiVersion] => [`urn:vim25/${id}`, index]));

function namedBy(soapAction: string | undefined): ApiVersion | undefined {
  const action = (soapAction ?? '').trim().replace(/^"(.*)"$/, '$1');
  if (action === '' || action === 'urn:vim25') return UNNAMED_VERSION;
  const id = /^urn:vim25\/([\w.]+)$/.exec(action)?.[1];
  if (id === undefined) return undefined;
  return INDEX.get(id) ?? newestOfLine(id) ?? (/^\d+(\.\d+){1,3}$/.test(id) ? newestBelow(id) : undefined);
}

/** "7.0" is no id since ids have four parts. */
function newestOfLine(id: string): ApiVersion | undefined {
  if (!/^\d+\.\d+$/.test(id)) return undefined;
  const found = VERSIONS.findLastIndex((each) => each.startsWith(`${id}.`) && each.split('.').length === 4);
  return found < 0 ? undefined : found;
}

function newestBelow(id: string): ApiVersion | undefined {
  const wanted = id.split('.').map(Number);
  let found: ApiVersion | undefined;
  VERSIONS.forEach((candidate, index) => {
    const parts = candidate.split('.').map((part) => Number.parseInt(part, 10));
    const at = parts.findIndex((part, i) => part !== (wanted[i] ?? 0));
    if (at < 0 || parts[at]! < (wanted[at] ?? 0)) found = index;
  });
  return found;
}

/** The document at /sdk/vimServiceVersions.xml: clients take the first version of theirs that it names. */
export function versionsDocument(newest: ApiVersion): string {
  const prior = VERSIONS.slice(0, newest).reverse();
  return (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<namespaces version="1.0"><namespace><name>urn:vim25</name>' +
    `<version>${VERSIONS[newest]}</version><priorVersions>` +
    `${prior.map((id) => `<version>${id}</version>`).join('')}</priorVersions></namespace></namespaces>`
  );
}
