/**
 * SOAP envelopes, 1.1 (W3C note of 2000-05-08) and 1.2 (W3C recommendation of 2007-04-27): the outer grammar
 * only. What stands inside header and body belongs to the protocol that uses it.
 */
import { defineErrors } from '../../errors.ts';
import { child, type XmlElement } from '../xml/element.ts';
import { parseXml, REQUEST_LIMITS, type XmlLimits } from '../xml/reader.ts';

export const SOAP_11 = 'http://schemas.xmlsoap.org/soap/envelope/';
export const SOAP_12 = 'http://www.w3.org/2003/05/soap-envelope';

export interface Envelope {
  readonly version: '1.1' | '1.2';
  readonly header: readonly XmlElement[];
  /** Elements inside Body. */
  readonly body: readonly XmlElement[];
}

export const errors = defineErrors({
  'soap.envelope': {
    blame: 'peer',
    why: 'A SOAP message is an Envelope with an optional Header and one Body, all in the SOAP namespace.',
    next: 'Correct the sender, or check that the address is that of the SOAP service.',
  },
});

/** @throws `xml.*`, `soap.envelope` */
export function parseEnvelope(source: Uint8Array | string, limits: XmlLimits = REQUEST_LIMITS): Envelope {
  return envelopeOf(parseXml(source, limits));
}

/** The envelope that a parsed document is. @throws `soap.envelope` */
export function envelopeOf(root: XmlElement): Envelope {
  const version = root.namespace === SOAP_11 ? '1.1' : root.namespace === SOAP_12 ? '1.2' : undefined;
  if (root.name !== 'Envelope' || !version)
    throw errors.make('soap.envelope', {
      what: `The document is {${root.namespace}}${root.name}, not a SOAP envelope.`,
    });
  const inSoap = (name: string): XmlElement | undefined => {
    const element = child(root, name);
    return element?.namespace === root.namespace ? element : undefined;
  };
  const body = inSoap('Body');
  if (!body) throw errors.make('soap.envelope', { what: 'The SOAP envelope has no Body.' });
  return { version, header: inSoap('Header')?.children ?? [], body: body.children };
}
