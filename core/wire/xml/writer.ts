/** Writing XML: escaping, and a string builder that keeps elements balanced. Knows no vocabulary. */
import { assert } from '../../assert.ts';

/** Anything that is not written as it stands; characters beyond the BMP come as two surrogates, and are looked at. */
const TEXT_SPECIAL = /[&<>\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/;
const ATTRIBUTE_SPECIAL = /[&<>"\t\n\r]/;
/** Characters XML 1.0 has no way to express (2.2 Char), and lone surrogates. */
const UNWRITABLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Character data. Characters that XML cannot carry become U+FFFD. */
export function escapeText(text: string): string {
  if (!TEXT_SPECIAL.test(text)) return text;
  return text
    .replaceAll(UNWRITABLE, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

/** Attribute value, for double quotes. */
export function escapeAttribute(text: string): string {
  const escaped = escapeText(text);
  if (!ATTRIBUTE_SPECIAL.test(escaped)) return escaped;
  return escaped.replaceAll('"', '&quot;').replaceAll('\t', '&#9;').replaceAll('\n', '&#10;');
}

export type Attributes = Readonly<Record<string, string | undefined>>;

/** Builds one document or fragment. Names are the caller's own constants and are not checked. */
export class XmlWriter {
  #out = '';
  readonly #open: string[] = [];

  open(name: string, attributes?: Attributes): this {
    this.#out += `<${name}${attributes ? attributeText(attributes) : ''}>`;
    this.#open.push(name);
    return this;
  }

  close(): this {
    const name = this.#open.pop();
    assert(name !== undefined, 'XmlWriter.close without an open element');
    this.#out += `</${name}>`;
    return this;
  }

  /** `<name>text</name>` */
  leaf(name: string, text: string | number | boolean | bigint, attributes?: Attributes): this {
    const content = typeof text === 'string' ? escapeText(text) : String(text);
    this.#out += `<${name}${attributes ? attributeText(attributes) : ''}>${content}</${name}>`;
    return this;
  }

  /** `<name/>` */
  empty(name: string, attributes?: Attributes): this {
    this.#out += `<${name}${attributes ? attributeText(attributes) : ''}/>`;
    return this;
  }

  /** Well-formed XML made elsewhere. */
  raw(xml: string): this {
    this.#out += xml;
    return this;
  }

  text(text: string): this {
    this.#out += escapeText(text);
    return this;
  }

  toString(): string {
    assert(this.#open.length === 0, `XmlWriter: <${this.#open.at(-1)}> is still open`);
    return this.#out;
  }
}

function attributeText(attributes: Attributes): string {
  let out = '';
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) out += ` ${name}="${escapeAttribute(value)}"`;
  }
  return out;
}
