/** A parsed XML element: the small-document form that decoders read. */

export interface XmlElement {
  /** Local name. */
  readonly name: string;
  /** Namespace URI; empty when none. */
  readonly namespace: string;
  /** By qualified name as written, e.g. `xsi:type`. */
  readonly attributes: ReadonlyMap<string, XmlAttribute>;
  readonly children: readonly XmlElement[];
  /** Character data directly inside, concatenated. */
  readonly text: string;
  /** Prefix → URI bindings in force here, for values that are qualified names (`xsd:string`). */
  readonly scope: ReadonlyMap<string, string>;
}

export interface XmlAttribute {
  readonly name: string;
  readonly namespace: string;
  readonly value: string;
}

/** First child of that local name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((c) => c.name === name);
}

/** All children of that local name, in document order. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((c) => c.name === name);
}

/** Text of the first child of that local name. */
export function childText(element: XmlElement, name: string): string | undefined {
  return child(element, name)?.text;
}

/** Value of an attribute by namespace and local name. */
export function attribute(element: XmlElement, namespace: string, name: string): string | undefined {
  for (const candidate of element.attributes.values())
    if (candidate.name === name && candidate.namespace === namespace) return candidate.value;
  return undefined;
}

export const XSI_NAMESPACE = 'http://www.w3.org/2001/XMLSchema-instance';
export const XSD_NAMESPACE = 'http://www.w3.org/2001/XMLSchema';

/** Local part of `xsi:type`, whatever prefix it uses. */
export function typeOf(element: XmlElement): string | undefined {
  const value = attribute(element, XSI_NAMESPACE, 'type')?.trim();
  return value?.slice(value.indexOf(':') + 1);
}
