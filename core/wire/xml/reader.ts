/**
 * Reading XML strictly, over saxes: well-formed and namespace-aware or refused, no DTD, no entities but the
 * five predefined ones, and limits on size, depth and count.
 *
 * Two forms. `parseXml` gives one tree, for requests and other small documents. `XmlStream` takes chunks and
 * hands out one small tree for each element of chosen names, so that a reply of many megabytes never becomes
 * one tree; it can also pass the text of a chosen element on as raw bytes (`bulk`), for number series that
 * would waste a string each.
 */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { defineErrors } from '../../errors.ts';
import type { Bytes } from '../../units.ts';
import type { XmlAttribute, XmlElement } from './element.ts';

export interface XmlLimits {
  readonly bytesMax: Bytes;
  readonly depthMax: number;
  readonly elementsMax: number;
}

export const REQUEST_LIMITS: XmlLimits = { bytesMax: 4 * 1024 * 1024, depthMax: 64, elementsMax: 100_000 };
export const REPLY_LIMITS: XmlLimits = { bytesMax: 4 * 1024 ** 3, depthMax: 64, elementsMax: 100_000_000 };

export const errors = defineErrors({
  'xml.malformed': {
    blame: 'peer',
    why: 'The text is not well-formed XML with correctly bound namespaces.',
    next: 'Look at the place given; the sender has to be corrected.',
  },
  'xml.doctype': {
    blame: 'peer',
    why: 'Document type declarations are refused: they allow entity bombs and reading of local files.',
    next: 'Send the document without a DOCTYPE.',
  },
  'xml.limit': {
    blame: 'peer',
    why: 'The document is larger, deeper or has more elements than this side takes.',
    next: 'Send less at a time.',
  },
});

/** One document as a tree. @throws `xml.*` with line and column */
export function parseXml(source: Uint8Array | string, limits: XmlLimits = REQUEST_LIMITS): XmlElement {
  let root: XmlElement | undefined;
  const stream = new XmlStream({
    limits,
    capture: (_name, depth) => depth === 0,
    onElement: (element) => {
      root = element;
    },
  });
  stream.write(typeof source === 'string' ? Buffer.from(source) : source);
  stream.end();
  return root!;
}

/** Takes the text of one `bulk` element, in order and in pieces of any size. It must refuse `&` and `]]>`. */
export interface BulkSink {
  bytes(piece: Uint8Array): void;
  end(): void;
}

export interface XmlStreamOptions {
  limits?: XmlLimits;
  /** Shall this element (local name, depth from 0) be handed out as a tree? Not asked inside a captured one. */
  capture: (name: string, depth: number) => boolean;
  /** A captured element is complete. */
  onElement: (element: XmlElement, depth: number) => void;
  /** Told of every element outside captured ones, when it opens and closes. */
  onOpen?: (name: string, depth: number) => void;
  onClose?: (name: string, depth: number) => void;
  /** Attribute-free elements of this qualified name hold bulk text only, wherever they stand. */
  bulk?: { readonly tag: string; readonly sink: BulkSink };
}

interface Draft {
  name: string;
  namespace: string;
  attributes: Map<string, XmlAttribute>;
  children: XmlElement[];
  text: string;
  scope: ReadonlyMap<string, string>;
}

const NO_ATTRIBUTES: ReadonlyMap<string, XmlAttribute> = new Map();
const EMPTY_SCOPE: ReadonlyMap<string, string> = new Map();
const LESS_THAN = 0x3c;
/** Attributes are kept whole until their element is open, whatever its size. */
const ATTRIBUTES_MAX = 1000;

export class XmlStream {
  readonly #options: XmlStreamOptions;
  readonly #limits: XmlLimits;
  readonly #parser: SaxesParser<{ xmlns: true }>;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  readonly #open: string[] = [];
  readonly #drafts: Draft[] = [];
  readonly #scopes: Array<ReadonlyMap<string, string>> = [EMPTY_SCOPE];
  readonly #bulkTag: Buffer | undefined;
  #capturedAt = -1;
  #bytes = 0;
  #elements = 0;
  /** Of the element that is being opened. */
  #attributes = 0;
  #inBulk = false;
  /** Depth of the bulk element that is open, or -1. */
  #bulkAt = -1;
  #rest: Buffer = Buffer.alloc(0);

  constructor(options: XmlStreamOptions) {
    this.#options = options;
    this.#limits = options.limits ?? REPLY_LIMITS;
    this.#bulkTag = options.bulk && Buffer.from(`<${options.bulk.tag}>`);
    const parser = new SaxesParser({ xmlns: true, position: true });
    parser.on('doctype', () => {
      throw this.#error('xml.doctype', 'The document has a DOCTYPE.');
    });
    parser.on('error', (error) => {
      throw this.#error('xml.malformed', error.message.replace(/^\d+:\d+: /, ''), error);
    });
    parser.on('opentagstart', () => {
      this.#attributes = 0;
    });
    parser.on('attribute', () => {
      if (++this.#attributes > ATTRIBUTES_MAX)
        throw this.#error('xml.limit', `An element has more than ${ATTRIBUTES_MAX} attributes.`);
    });
    parser.on('opentag', (tag) => this.#onOpenTag(tag));
    parser.on('closetag', (tag) => this.#onCloseTag(tag.local));
    const onText = (text: string): void => {
      const draft = this.#drafts.at(-1);
      if (draft) draft.text += text;
      else if (this.#isBulkOpen()) this.#options.bulk!.sink.bytes(Buffer.from(text));
    };
    parser.on('text', onText);
    parser.on('cdata', onText);
    this.#parser = parser;
  }

  /** @throws `xml.*` */
  write(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.bytesMax)
      throw this.#error('xml.limit', `The document is larger than ${this.#limits.bytesMax} bytes.`);
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (!this.#bulkTag) return this.#parse(piece);
    this.#writeWithBulk(this.#rest.length ? Buffer.concat([this.#rest, piece]) : piece);
  }

  /** @throws `xml.malformed` when the document is not complete */
  end(): void {
    if (this.#rest.length) this.#parse(this.#rest);
    try {
      this.#parser.write(this.#decoder.decode());
    } catch (cause) {
      throw this.#asOurs(cause);
    }
    this.#parser.close();
  }

  /** Splits the input at bulk elements: their text goes to the sink as bytes, all else to the parser. */
  #writeWithBulk(input: Buffer): void {
    const tag = this.#bulkTag!;
    const { sink } = this.#options.bulk!;
    let from = 0;
    this.#rest = Buffer.alloc(0);
    for (;;) {
      if (this.#inBulk) {
        const end = input.indexOf(LESS_THAN, from);
        const stop = end < 0 ? input.length : end;
        if (stop > from) sink.bytes(input.subarray(from, stop));
        from = stop;
        if (end < 0) return;
        this.#inBulk = false;
      }
      const at = input.indexOf(tag, from);
      if (at < 0) {
        // the tag may be cut by the end of this chunk: keep its last bytes for the next one
        const keep = Math.max(from, input.length - tag.length + 1);
        const cut = input.indexOf(LESS_THAN, keep);
        const stop = cut < 0 ? input.length : cut;
        this.#parse(input.subarray(from, stop));
        this.#rest = Buffer.from(input.subarray(stop));
        return;
      }
      this.#parse(input.subarray(from, at + tag.length));
      from = at + tag.length;
      this.#inBulk = this.#drafts.length === 0;
    }
  }

  #isBulkOpen(): boolean {
    return this.#bulkAt >= 0 && this.#bulkAt === this.#open.length - 1;
  }

  #parse(bytes: Buffer): void {
    if (bytes.length === 0) return;
    try {
      this.#parser.write(this.#decoder.decode(bytes, { stream: true }));
    } catch (cause) {
      throw this.#asOurs(cause);
    }
  }

  #onOpenTag(tag: SaxesTagNS): void {
    if (++this.#elements > this.#limits.elementsMax)
      throw this.#error('xml.limit', `The document has more than ${this.#limits.elementsMax} elements.`);
    const depth = this.#open.length;
    if (depth >= this.#limits.depthMax)
      throw this.#error('xml.limit', `Elements are nested more than ${this.#limits.depthMax} deep.`);
    this.#open.push(tag.local);
    let scope = this.#scopes.at(-1)!;
    for (const prefix in tag.ns) {
      if (scope === this.#scopes.at(-1)) scope = new Map(scope);
      (scope as Map<string, string>).set(prefix, tag.ns[prefix]!);
    }
    this.#scopes.push(scope);
    if (this.#capturedAt < 0) {
      if (!this.#options.capture(tag.local, depth)) {
        if (tag.name === this.#options.bulk?.tag && Object.keys(tag.attributes).length === 0)
          this.#bulkAt = depth;
        return this.#options.onOpen?.(tag.local, depth);
      }
      this.#capturedAt = depth;
    }
    let attributes = NO_ATTRIBUTES as Map<string, XmlAttribute>;
    for (const qualified in tag.attributes) {
      if (attributes === NO_ATTRIBUTES) attributes = new Map();
      const { local, uri, value } = tag.attributes[qualified]!;
      attributes.set(qualified, { name: local, namespace: uri, value });
    }
    this.#drafts.push({ name: tag.local, namespace: tag.uri, attributes, children: [], text: '', scope });
  }

  #onCloseTag(name: string): void {
    this.#open.pop();
    this.#scopes.pop();
    const depth = this.#open.length;
    const draft = this.#drafts.pop();
    if (!draft) {
      if (this.#bulkAt === depth) {
        this.#bulkAt = -1;
        this.#options.bulk!.sink.end();
      }
      this.#options.onClose?.(name, depth);
      return;
    }
    const parent = this.#drafts.at(-1);
    if (parent) {
      parent.children.push(draft);
      return;
    }
    this.#capturedAt = -1;
    this.#options.onElement(draft, depth);
  }

  #error(code: keyof typeof errors.codes, what: string, cause?: unknown): Error {
    const { line, column } = this.#parser;
    return errors.make(code, { what, where: { line, column: column + 1 }, ...(cause ? { cause } : {}) });
  }

  #asOurs(cause: unknown): unknown {
    if (cause instanceof TypeError) return this.#error('xml.malformed', 'The text is not UTF-8.', cause);
    return cause;
  }
}
