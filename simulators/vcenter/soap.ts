/** SOAP as vCenter speaks it: the envelope around answers and faults. */
import { SOAP_11 } from '#core/wire/soap/envelope.ts';
import { XSD_NAMESPACE, XSI_NAMESPACE } from '#core/wire/xml/element.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { VimFault } from './faults.ts';
import { VIM_NAMESPACE } from './schema/decoder.ts';
import type { Encoder } from './schema/encoder.ts';

const OPEN =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  `<soapenv:Envelope xmlns:soapenv="${SOAP_11}" xmlns:xsd="${XSD_NAMESPACE}" xmlns:xsi="${XSI_NAMESPACE}">\n` +
  '<soapenv:Body>\n';
const CLOSE = '\n</soapenv:Body>\n</soapenv:Envelope>';

/** What stands before and after the inside of a method's response element. */
export function responseFrame(method: string): readonly [open: string, close: string] {
  return [`${OPEN}<${method}Response xmlns="${VIM_NAMESPACE}">`, `</${method}Response>${CLOSE}`];
}

/**
 * A fault. The name of the detail element is the type and "Fault": clients cut the last five letters off to
 * find the type.
 */
export function faultEnvelope(fault: VimFault, encoder: Encoder): string {
  const type = encoder.wireName(fault.type);
  return (
    `${OPEN}<soapenv:Fault><faultcode>ServerFaultCode</faultcode>` +
    `<faultstring>${escapeText(fault.message)}</faultstring>` +
    `<detail><${type}Fault xmlns="${VIM_NAMESPACE}" xsi:type="${type}">${encoder.fieldsOf(fault.data)}</${type}Fault></detail>` +
    `</soapenv:Fault>${CLOSE}`
  );
}
