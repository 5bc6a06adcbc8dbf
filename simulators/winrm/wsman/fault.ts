/** Faults as Windows words them: [MS-WSMV] section 2.2.4.43 (WSManFault), DSP0226 section 14. */
import { escapeAttribute, escapeText } from '#core/wire/xml/writer.ts';
import { ACTION, NS } from './names.ts';

interface FaultKind {
  readonly role: 'Sender' | 'Receiver' | 'MustUnderstand' | 'VersionMismatch';
  /** Empty where SOAP's own code says it all. */
  readonly subcode: string;
  /** WSManFault/@Code. */
  readonly code: number;
  readonly text: string;
  /** w:FaultDetail, where the specification has one. */
  readonly detail?: string;
}

const DETAIL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail';

const KINDS = {
  timedOut: {
    role: 'Receiver',
    subcode: 'w:TimedOut',
    code: 2150858793,
    text: 'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.',
    detail: `${DETAIL}/OperationTimeout`,
  },
  shellNotFound: {
    role: 'Sender',
    subcode: 'w:InvalidSelectors',
    code: 2150858843,
    text: 'The request for the Windows Remote Shell with ShellId failed because the shell was not found on the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. Provide the correct ShellId or create a new shell and retry the operation.',
    detail: `${DETAIL}/UnexpectedSelectors`,
  },
  invalidSelectors: {
    role: 'Sender',
    subcode: 'w:InvalidSelectors',
    code: 2150858813,
    text: 'The WS-Management service cannot process the request because the selectors in the message are not valid for the resource.',
    detail: `${DETAIL}/UnexpectedSelectors`,
  },
  insufficientSelectors: {
    role: 'Sender',
    subcode: 'w:InvalidSelectors',
    code: 2150858842,
    text: 'The WS-Management service cannot process the request because the request does not have enough selectors to name one resource.',
    detail: `${DETAIL}/InsufficientSelectors`,
  },
  duplicateSelectors: {
    role: 'Sender',
    subcode: 'w:InvalidSelectors',
    code: 2150858847,
    text: 'The WS-Management service cannot process the request because it has the same selector twice.',
    detail: `${DETAIL}/DuplicateSelectors`,
  },
  noSuchInstance: {
    role: 'Sender',
    subcode: 'a:DestinationUnreachable',
    code: 2150858752,
    text: 'The WS-Management service cannot process the request. The resource that it names does not exist.',
    detail: `${DETAIL}/InvalidResourceURI`,
  },
  invalidContext: {
    role: 'Receiver',
    subcode: 'n:InvalidEnumerationContext',
    code: 2150858779,
    text: 'The supplied enumeration context is invalid.',
  },
  cannotProcessFilter: {
    role: 'Sender',
    subcode: 'n:CannotProcessFilter',
    code: 2150858778,
    text: 'The WS-Management service cannot process the request. The filter is not valid.',
  },
  dialectUnavailable: {
    role: 'Sender',
    subcode: 'n:FilterDialectRequestedUnavailable',
    code: 2150858777,
    text: 'The WS-Management service does not support the specified filter dialect.',
  },
  modeUnsupported: {
    role: 'Sender',
    subcode: 'w:UnsupportedFeature',
    code: 2150858886,
    text: 'The WS-Management service does not support the enumeration mode of the request.',
    detail: `${DETAIL}/EnumerationMode`,
  },
  polymorphismUnsupported: {
    role: 'Sender',
    subcode: 'w:UnsupportedFeature',
    code: 2150859063,
    text: 'The WS-Management service does not support the polymorphism mode of the request.',
    detail: 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding/faultDetail/PolymorphismModeNotSupported',
  },
  fragmentDialectUnavailable: {
    role: 'Sender',
    subcode: 'w:FragmentDialectNotSupported',
    code: 2150858896,
    text: 'The WS-Management service does not support the dialect of the fragment transfer.',
  },
  badFragmentPath: {
    role: 'Sender',
    subcode: 'w:CannotProcessFilter',
    code: 2150858899,
    text: 'The WS-Management service cannot process the request. The path of the fragment is not valid.',
  },
  badFilterXml: {
    role: 'Sender',
    subcode: 'n:CannotProcessFilter',
    code: 2150859015,
    text: 'The WS-Management service cannot process the request. The XML of the filter is not valid.',
  },
  badResourceUri: {
    role: 'Sender',
    subcode: 'a:DestinationUnreachable',
    code: 2150858811,
    text: 'The WS-Management service cannot process the request. The resource URI is missing or it has an incorrect format.',
    detail: `${DETAIL}/InvalidResourceURI`,
  },
  filterRequired: {
    role: 'Sender',
    subcode: 'a:DestinationUnreachable',
    code: 2150859003,
    text: 'The WS-Management service cannot process the request. The class name in the resource URI is * and the request has no filter.',
  },
  actionNotSupported: {
    role: 'Sender',
    subcode: 'a:ActionNotSupported',
    code: 2150858771,
    text: 'The WS-Management service cannot process the request because it does not support the action of the message.',
  },
  invalidHeader: {
    role: 'Sender',
    subcode: 'a:InvalidMessageInformationHeader',
    code: 2150858767,
    text: 'The WS-Management service cannot process the request because a header of the message is not valid.',
  },
  headerRequired: {
    role: 'Sender',
    subcode: 'a:MessageInformationHeaderRequired',
    code: 2150858769,
    text: 'The WS-Management service cannot process the request because a header is missing.',
  },
  versionMismatch: {
    role: 'VersionMismatch',
    subcode: '',
    code: 2150858765,
    text: 'The WS-Management service cannot process the request. Its SOAP version is not 1.2.',
  },
  mustUnderstand: {
    role: 'MustUnderstand',
    subcode: '',
    code: 2150858768,
    text: 'The WS-Management service cannot process a header that must be understood.',
  },
  schemaValidation: {
    role: 'Sender',
    subcode: 'w:SchemaValidationError',
    code: 2150858817,
    text: 'The SOAP XML in the message does not match the corresponding XML schema definition.',
  },
  accessDenied: {
    role: 'Sender',
    subcode: 'w:AccessDenied',
    code: 5,
    text: 'Access is denied.',
  },
  alreadyExists: {
    role: 'Sender',
    subcode: 'w:AlreadyExists',
    code: 2150858803,
    text: 'The WS-Management service cannot process the request. The resource exists already.',
  },
  representationInvalid: {
    role: 'Sender',
    subcode: 'x:InvalidRepresentation',
    code: 2150858773,
    text: 'The WS-Management service cannot process the request. The XML of the resource is not valid.',
    detail: `${DETAIL}/InvalidValues`,
  },
  readOnlySetting: {
    role: 'Sender',
    subcode: 'x:InvalidRepresentation',
    code: 2150859071,
    text: 'The WS-Management service cannot change a setting that is read-only.',
  },
  encodingLimit: {
    role: 'Sender',
    subcode: 'w:EncodingLimit',
    code: 2150858824,
    text: 'An item is larger than MaxEnvelopeSize of the request allows.',
    detail: `${DETAIL}/MaxEnvelopeSizeExceeded`,
  },
  operationsQuota: {
    role: 'Receiver',
    subcode: 'w:InternalError',
    code: 2150859174,
    text: 'The WS-Management service cannot process the request. This user has exceeded the maximum number of concurrent operations. Close existing operations for this user, or raise the quota for this user.',
  },
  shellsQuota: {
    role: 'Receiver',
    subcode: 'w:QuotaLimit',
    code: 2150859173,
    text: 'The WS-Management service cannot process the request. The maximum number of concurrent shells for this user has been exceeded. Close existing shells or raise the quota for this user.',
  },
  shellUsersQuota: {
    role: 'Receiver',
    subcode: 'w:QuotaLimit',
    code: 2150859179,
    text: 'The WS-Management service cannot process the request. The maximum number of users executing shell operations has been exceeded. Retry after sometime or raise the quota for concurrent shell users.',
  },
  commandsQuota: {
    role: 'Receiver',
    subcode: 'w:QuotaLimit',
    code: 2150859241,
    text: 'The WS-Management service cannot process the request. The maximum number of concurrent commands of the shell has been exceeded.',
  },
  serviceBusy: {
    role: 'Receiver',
    subcode: 'w:QuotaLimit',
    code: 2150858815,
    text: 'The WS-Management service cannot process the request. The service is configured to not accept any more requests of this kind now.',
  },
  internalError: {
    role: 'Receiver',
    subcode: 'w:InternalError',
    code: 2150859010,
    text: 'The WS-Management service cannot process the request. A provider failed.',
  },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof KINDS;

/** Of CIM operations on Server 2012 and later; others are WSManFault. */
export interface WmiError {
  /** CIM status, DSP0200: 2 access denied, 3 invalid namespace, 5 invalid class … */
  readonly status: number;
  /** "0x80041010" */
  readonly hresult: string;
  readonly text: string;
}

export class WsmanFault extends Error {
  readonly kind: FaultKind;
  readonly wmi: WmiError | undefined;

  /** @param text in place of the usual one, where the case has words of its own */
  constructor(name: FaultName, text?: string, wmi?: WmiError) {
    const kind: FaultKind = KINDS[name];
    super(text ?? wmi?.text ?? kind.text);
    this.kind = kind;
    this.wmi = wmi;
  }
}

export function faultAction({ kind }: WsmanFault): string {
  return kind.subcode.startsWith('a:') ? ACTION.addressingFault : ACTION.fault;
}

/** The s:Fault element. @param machine host name, in WSManFault/@Machine */
export function faultXml(fault: WsmanFault, machine: string): string {
  const { kind, message, wmi } = fault;
  const faultDetail = kind.detail ? `<w:FaultDetail>${kind.detail}</w:FaultDetail>` : '';
  return (
    `<s:Fault><s:Code><s:Value>s:${kind.role}</s:Value>` +
    `${kind.subcode === '' ? '' : `<s:Subcode><s:Value>${kind.subcode}</s:Value></s:Subcode>`}</s:Code>` +
    `<s:Reason><s:Text xml:lang="en-US">${escapeText(message)} </s:Text></s:Reason>` +
    `<s:Detail>${faultDetail}${wmi ? wmiErrorXml(wmi) : wsmanFaultXml(fault, machine)}</s:Detail></s:Fault>`
  );
}

function wsmanFaultXml({ kind, message }: WsmanFault, machine: string): string {
  return (
    `<f:WSManFault xmlns:f="${NS.f}" Code="${kind.code}" Machine="${escapeAttribute(machine)}">` +
    `<f:Message>${escapeText(message)} </f:Message></f:WSManFault>`
  );
}

const WMI_ERROR = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError';

function wmiErrorXml({ status, hresult, text }: WmiError): string {
  const code = Number(hresult);
  const nil = (name: string): string => `<p:${name} xsi:nil="true"/>`;
  const leaf = (name: string, value: string | number): string =>
    `<p:${name}>${escapeText(String(value))}</p:${name}>`;
  return (
    `<p:MSFT_WmiError xmlns:p="${WMI_ERROR}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
    'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:MSFT_WmiError_Type">' +
    `${leaf('CIMStatusCode', status)}${nil('CIMStatusCodeDescription')}${nil('ErrorSource')}` +
    `${nil('ErrorSourceFormat')}${nil('ErrorType')}${leaf('Message', text)}` +
    `${leaf('MessageID', `HRESULT ${hresult}`)}${nil('OtherErrorSourceFormat')}${nil('OtherErrorType')}` +
    `${nil('OwningEntity')}${nil('PerceivedSeverity')}${nil('ProbableCause')}` +
    `${nil('ProbableCauseDescription')}${leaf('error_Category', 16)}${leaf('error_Code', code)}` +
    `${leaf('error_Type', 'HRESULT')}${leaf('error_WindowsErrorMessage', text)}</p:MSFT_WmiError>`
  );
}
