/** Envelopes of answers, with the prefixes that Windows uses: some clients look for these very prefixes. */
import { escapeText } from '#core/wire/xml/writer.ts';
import { faultAction, faultXml, type WsmanFault } from './fault.ts';
import { ANONYMOUS, NS } from './names.ts';
import type { WsmanRequest } from './request.ts';

export interface Addressing {
  readonly action: string;
  /** GUID in upper case. */
  readonly messageId: string;
  readonly relatesTo: string;
  /** Of a fragment transfer, which the answer says again. */
  readonly fragment?: WsmanRequest['fragment'];
}

/** Prefixes that are declared on every envelope; `p` is the class namespace in answers that have one. */
const DECLARATIONS =
  `xml:lang="en-US" xmlns:s="${NS.s}" xmlns:a="${NS.a}" xmlns:x="${NS.x}" xmlns:n="${NS.n}" ` +
  `xmlns:w="${NS.w}" xmlns:rsp="${NS.rsp}" xmlns:p="${NS.p}"`;

export function envelope({ action, messageId, relatesTo, fragment }: Addressing, body: string): string {
  const part = fragment
    ? `<w:FragmentTransfer s:mustUnderstand="true">${escapeText(fragment.path)}</w:FragmentTransfer>`
    : '';
  return (
    `<s:Envelope ${DECLARATIONS}><s:Header><a:Action>${escapeText(action)}</a:Action>` +
    `<a:MessageID>uuid:${messageId}</a:MessageID><a:To>${ANONYMOUS}</a:To>` +
    (relatesTo === '' ? '' : `<a:RelatesTo>${escapeText(relatesTo)}</a:RelatesTo>`) +
    `${part}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}

export function faultEnvelope(
  fault: WsmanFault,
  addressing: Omit<Addressing, 'action'>,
  machine: string,
): string {
  return envelope({ ...addressing, action: faultAction(fault) }, faultXml(fault, machine));
}
