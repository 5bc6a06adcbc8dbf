/**
 * Storage policies at /pbm, as far as clients look when they sign in and read a machine: what there is, which policies
 * a storage has, and which a machine has (none here). Everything else is refused. A service of its own beside vim25,
 * with its own namespace; the session is that of /sdk, in the cookie or in the header of the envelope.
 */
import type { IncomingMessage } from 'node:http';
import { DryliftError } from '#core/errors.ts';
import type { HttpResponseOut } from '#core/net/http-server.ts';
import { KIB } from '#core/units.ts';
import { parseEnvelope, SOAP_11 } from '#core/wire/soap/envelope.ts';
import {
  child,
  childrenOf,
  childText,
  type XmlElement,
  XSD_NAMESPACE,
  XSI_NAMESPACE,
} from '#core/wire/xml/element.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import { type Session, tokenOf } from '../sessions.ts';
import type { Vcenter } from '../vcenter.ts';

const PBM_NAMESPACE = 'urn:pbm';
const LIMITS = { bytesMax: 256 * KIB, depthMax: 32, elementsMax: 5000 };

interface Policy {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly isDefault: boolean;
}

/** What every vCenter has from the beginning, with the ids that it has everywhere. */
const POLICIES: readonly Policy[] = [
  {
    id: 'aa6d5a82-1c88-45da-85d3-3d74b91a5bad',
    name: 'vSAN Default Storage Policy',
    description: 'Storage policy used as default for vSAN datastores',
    isDefault: true,
  },
  {
    id: '4d5f673c-536f-11e6-beb8-9e71128cae77',
    name: 'VM Encryption Policy',
    description: 'Sample storage policy for encryption',
    isDefault: false,
  },
];

class PbmFault extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

const reference = (element: string, type: string, id: string) =>
  `<${element} type="${type}">${id}</${element}>`;
const policyId = (element: string, { id }: Policy) => `<${element}><uniqueId>${id}</uniqueId></${element}>`;

/** The inside of each method's response. */
const METHODS: Readonly<Record<string, (request: XmlElement, vcenter: Vcenter) => string>> = {
  PbmRetrieveServiceContent: (_request, { about }) =>
    '<returnval>' +
    `<aboutInfo><name>PBM</name><version>2.0</version><instanceUuid>${about.instanceUuid ?? ''}</instanceUuid></aboutInfo>` +
    reference('sessionManager', 'PbmSessionManager', 'SessionManager') +
    reference('capabilityMetadataManager', 'PbmCapabilityMetadataManager', 'CapabilityMetadataManager') +
    reference('profileManager', 'PbmProfileProfileManager', 'ProfileManager') +
    reference('complianceManager', 'PbmComplianceManager', 'complianceManager') +
    reference('placementSolver', 'PbmPlacementSolver', 'placementSolver') +
    reference('replicationManager', 'PbmReplicationManager', 'ReplicationManager') +
    '</returnval>',
  PbmFetchResourceType: () => '<returnval><resourceType>STORAGE</resourceType></returnval>',
  PbmQueryProfile(request) {
    const type = child(request, 'resourceType');
    if (!type || childText(type, 'resourceType') !== 'STORAGE') throw invalidArgument('resourceType');
    return POLICIES.map((policy) => policyId('returnval', policy)).join('');
  },
  PbmRetrieveContent: (request, { startedAt }) =>
    childrenOf(request, 'profileIds')
      .map((element) => {
        const policy = POLICIES.find(({ id }) => id === childText(element, 'uniqueId'));
        if (!policy) throw invalidArgument('profileIds');
        const at = new Date(startedAt).toISOString();
        return (
          '<returnval xsi:type="PbmCapabilityProfile">' +
          `${policyId('profileId', policy)}<name>${policy.name}</name><description>${policy.description}</description>` +
          `<creationTime>${at}</creationTime><createdBy>Temporary user handle</createdBy>` +
          `<lastUpdatedTime>${at}</lastUpdatedTime><lastUpdatedBy>Temporary user handle</lastUpdatedBy>` +
          '<profileCategory>REQUIREMENT</profileCategory><resourceType><resourceType>STORAGE</resourceType></resourceType>' +
          '<constraints xsi:type="PbmCapabilitySubProfileConstraints"></constraints>' +
          `<generationId>0</generationId><isDefault>${policy.isDefault}</isDefault></returnval>`
        );
      })
      .join(''),
  PbmQueryAssociatedProfile: (request) => (child(request, 'entity') ? '' : missing('entity')),
  PbmQueryAssociatedProfiles: (request) => (child(request, 'entities') ? '' : missing('entities')),
  PbmQueryDefaultRequirementProfile: (request) =>
    child(request, 'hub') ? policyId('returnval', POLICIES[0]!) : missing('hub'),
};

function invalidArgument(property: string): PbmFault {
  return new PbmFault('InvalidArgument', `A specified parameter was not correct: ${property}`);
}

function missing(field: string): never {
  throw new PbmFault('InvalidRequest', `Unable to understand the request: ${field} is missing.`);
}

export async function handlePbm(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: HttpResponseOut,
): Promise<void> {
  response.operation = 'pbm';
  const body = await bodyOf(request);
  if (!body) return send(response, 413, '');
  try {
    const { element, session } = readRequest(vcenter, request, body);
    const answer = METHODS[element.name];
    if (!answer || element.namespace !== PBM_NAMESPACE)
      throw new PbmFault(
        'InvalidRequest',
        `Unable to understand the request: there is no method "${element.name.slice(0, 100)}".`,
      );
    response.operation = element.name;
    if (!session && element.name !== 'PbmRetrieveServiceContent')
      throw new PbmFault('NotAuthenticated', 'The session is not authenticated.');
    const name = `${element.name}Response`;
    send(response, 200, `<${name} xmlns="${PBM_NAMESPACE}">${answer(element, vcenter)}</${name}>`);
  } catch (error) {
    if (!(error instanceof PbmFault)) throw error;
    send(
      response,
      500,
      `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${escapeText(error.message)}</faultstring>` +
        `<detail><${error.type}Fault xmlns="${PBM_NAMESPACE}" xsi:type="${error.type}"></${error.type}Fault></detail></soapenv:Fault>`,
    );
  }
}

/** @throws PbmFault InvalidRequest */
function readRequest(
  vcenter: Vcenter,
  request: IncomingMessage,
  body: Buffer,
): { readonly element: XmlElement; readonly session: Session | undefined } {
  try {
    const { header, body: elements } = parseEnvelope(body, LIMITS);
    const [element, ...others] = elements;
    if (!element || others.length > 0) missing('one element in the body');
    const token =
      tokenOf(request.headers.cookie) ??
      header
        .find(({ name }) => name === 'vcSessionCookie')
        ?.text.trim()
        .replace(/^"|"$/g, '');
    return { element, session: vcenter.sessions.ofToken(token) };
  } catch (error) {
    if (!(error instanceof DryliftError)) throw error;
    throw new PbmFault('InvalidRequest', `Unable to understand the request: ${error.what}`);
  }
}

/** Undefined when it is larger than is taken, or ended too early. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LIMITS.bytesMax) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined; // the client went away
  }
  return Buffer.concat(chunks);
}

function send(response: HttpResponseOut, status: number, inner: string): void {
  const xml =
    inner === ''
      ? ''
      : `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="${SOAP_11}" xmlns:xsd="${XSD_NAMESPACE}" xmlns:xsi="${XSI_NAMESPACE}"><soapenv:Body>${inner}</soapenv:Body></soapenv:Envelope>`;
  if (status === 413) response.setHeader('Connection', 'close');
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/xml; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(xml));
  response.end(xml);
}
