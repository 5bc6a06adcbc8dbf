/** Request bodies in XML: well-formed, within limits and of the right kind, or refused. */
import type { XmlElement } from '#core/wire/xml/element.ts';
import { parseXml, type XmlLimits } from '#core/wire/xml/reader.ts';
import { storageFault } from './storage-fault.ts';

/** @throws StorageFault InvalidXmlDocument: also for a DOCTYPE, and for what is too large, deep or long */
export function readXmlBody(body: Uint8Array, limits: XmlLimits, rootName: string): XmlElement {
  let root: XmlElement;
  try {
    root = parseXml(body, limits);
  } catch {
    throw storageFault('InvalidXmlDocument');
  }
  if (root.name !== rootName) throw storageFault('InvalidXmlDocument');
  return root;
}
