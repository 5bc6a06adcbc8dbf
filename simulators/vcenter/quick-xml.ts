/**
 * The XML that clients write every time, read in one pass: ASCII, elements, attributes and text, nothing else.
 * Whatever else a document may hold (references, comments, CDATA, other characters, mistakes) is left to the
 * strict reader, which decides alone what is an error: this one either gives what that would give, or nothing.
 */
import type { XmlAttribute, XmlElement } from '#core/wire/xml/element.ts';

interface Draft {
  readonly qualified: string;
  readonly name: string;
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, XmlAttribute>;
  readonly children: XmlElement[];
  text: string;
  readonly scope: ReadonlyMap<string, string>;
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';
const NO_ATTRIBUTES: ReadonlyMap<string, XmlAttribute> = new Map();
const NO_SCOPE: ReadonlyMap<string, string> = new Map();
const DEPTH_MAX = 30;
const ELEMENTS_MAX = 50_000;

const DECLARATION = /^<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")? ?\?>/;
/** Characters that need the strict reader: controls but line feeds and tabs, references, all beyond ASCII. */
const UNUSUAL = /[^\n\t\x20-%'-\x7e]/;
const TAG =
  /^((?:[A-Za-z_][\w-]*:)?[A-Za-z_][\w-]*)((?:[ \n\t]+[A-Za-z_][\w:-]* *= *(?:"[^"<\n\t]*"|'[^'<\n\t]*'))*)[ \n\t]*(\/?)>$/;
const ATTRIBUTE = /([A-Za-z_][\w:-]*) *= *(?:"([^"]*)"|'([^']*)')/g;

/** The root element; undefined when the strict reader has to look. */
export function parseQuickly(document: string): XmlElement | undefined {
  if (UNUSUAL.test(document) || document.includes(']]>')) return undefined;
  let at = DECLARATION.exec(document)?.[0].length ?? 0;
  const open: Draft[] = [];
  let top: Draft | undefined;
  let root: Draft | undefined;
  let elements = 0;
  for (;;) {
    const tagAt = document.indexOf('<', at);
    if (tagAt !== at) {
      const text = document.slice(at, tagAt < 0 ? undefined : tagAt);
      if (top) top.text += text;
      else if (text.trim() !== '') return undefined;
      if (tagAt < 0) break;
    }
    if (document.charCodeAt(tagAt + 1) === SLASH) {
      if (!top || !document.startsWith(top.qualified, tagAt + 2)) return undefined;
      at = tagAt + 2 + top.qualified.length;
      if (document.charCodeAt(at++) !== GREATER) return undefined;
      open.pop();
      top = open.at(-1);
      continue;
    }
    if (!top && root) return undefined;
    const end = document.indexOf('>', tagAt);
    if (end < 0) return undefined;
    const tag = tagOf(document.slice(tagAt + 1, end));
    if (!tag) return undefined;
    at = end + 1;
    const draft = draftOf(tag.qualified, tag.attributes, top?.scope ?? NO_SCOPE);
    if (!draft || ++elements > ELEMENTS_MAX || open.length >= DEPTH_MAX) return undefined;
    if (top) top.children.push(draft);
    else root = draft;
    if (tag.isEmpty) continue;
    open.push(draft);
    top = draft;
  }
  return open.length === 0 ? root : undefined;
}

const SLASH = 0x2f;
const GREATER = 0x3e;

interface Tag {
  readonly qualified: string;
  /** As written. */
  readonly attributes: string;
  readonly isEmpty: boolean;
}

/** Tags that clients use are few, and looked at once. */
const tags = new Map<string, Tag>();
const TAGS_MAX = 1000;
const TAG_LENGTH_MAX = 200;

/** @param inside what stands between "<" and the next ">": a value with a ">" in it is the strict reader's. */
function tagOf(inside: string): Tag | undefined {
  const known = tags.get(inside);
  if (known) return known;
  const match = TAG.exec(`${inside}>`); // a text of its own: parts of the document would keep all of it
  if (!match) return undefined;
  const tag = { qualified: match[1]!, attributes: match[2]!, isEmpty: match[3] !== '' };
  if (inside.length <= TAG_LENGTH_MAX && tags.size < TAGS_MAX) tags.set(match[0].slice(0, -1), tag);
  return tag;
}

interface Bindings {
  readonly attributes: ReadonlyMap<string, XmlAttribute>;
  readonly scope: ReadonlyMap<string, string>;
}

const NOTHING_BOUND: Bindings = { attributes: NO_ATTRIBUTES, scope: NO_SCOPE };
/** Clients write the same attributes again and again: what they mean in a scope is worked out once. */
const known = new WeakMap<ReadonlyMap<string, string>, Map<string, Bindings>>();
const KNOWN_MAX = 200;

function draftOf(qualified: string, source: string, outer: ReadonlyMap<string, string>): Draft | undefined {
  const bound = source === '' ? NOTHING_BOUND : bindingsOf(source, outer);
  if (!bound) return undefined;
  const scope = source === '' ? outer : bound.scope;
  const colon = qualified.indexOf(':');
  const namespace = scope.get(colon < 0 ? '' : qualified.slice(0, colon));
  if (colon >= 0 && namespace === undefined) return undefined;
  return {
    qualified,
    name: colon < 0 ? qualified : qualified.slice(colon + 1),
    namespace: namespace ?? '',
    attributes: bound.attributes,
    children: [],
    text: '',
    scope,
  };
}

function bindingsOf(source: string, outer: ReadonlyMap<string, string>): Bindings | undefined {
  let inScope = known.get(outer);
  if (!inScope) {
    inScope = new Map();
    known.set(outer, inScope);
  }
  const before = inScope.get(source);
  if (before) return before;
  const bindings = readAttributes(source, outer);
  if (bindings && inScope.size < KNOWN_MAX) inScope.set(source, bindings);
  return bindings;
}

const QUICK_ATTRIBUTES_MAX = 32;

function readAttributes(source: string, outer: ReadonlyMap<string, string>): Bindings | undefined {
  let scope = outer;
  const found: Array<readonly [qualified: string, value: string]> = [];
  for (const match of source.matchAll(ATTRIBUTE)) found.push([match[1]!, match[2] ?? match[3]!]);
  // No client writes so many; they are compared each with each below.
  if (found.length > QUICK_ATTRIBUTES_MAX) return undefined;
  for (const [name, value] of found) {
    const prefix = name === 'xmlns' ? '' : name.startsWith('xmlns:') ? name.slice(6) : undefined;
    if (prefix === undefined) continue;
    if (value === '' || /^xml/i.test(prefix) || value.startsWith('http://www.w3.org/XML') || value === XMLNS)
      return undefined;
    if (scope === outer) scope = new Map(outer);
    (scope as Map<string, string>).set(prefix, value);
  }
  const attributes = new Map<string, XmlAttribute>();
  for (const [name, value] of found) {
    const colon = name.indexOf(':');
    const local = name.slice(colon + 1);
    const prefix = colon < 0 ? undefined : name.slice(0, colon);
    const namespace =
      name === 'xmlns' || prefix === 'xmlns' ? XMLNS : prefix === undefined ? '' : scope.get(prefix);
    if (namespace === undefined || local === '' || local.includes(':') || attributes.has(name))
      return undefined;
    for (const other of attributes.values())
      if (namespace !== '' && other.name === local && other.namespace === namespace) return undefined;
    attributes.set(name, { name: local, namespace, value });
  }
  return { attributes, scope };
}
