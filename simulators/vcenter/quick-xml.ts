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
const UNUSUAL = /[^\n\t\x20-\x7e]|&|\]\]>|<!/;
const TAG =
  /<(\/?)((?:[A-Za-z_][\w-]*:)?[A-Za-z_][\w-]*)((?:[ \n\t]+[A-Za-z_][\w:-]* *= *(?:"[^"<\n\t]*"|'[^'<\n\t]*'))*)[ \n\t]*(\/?)>/y;
const ATTRIBUTE = /([A-Za-z_][\w:-]*) *= *(?:"([^"]*)"|'([^']*)')/g;

/** The root element; undefined when the strict reader has to look. */
export function parseQuickly(document: string): XmlElement | undefined {
  if (UNUSUAL.test(document)) return undefined;
  let at = DECLARATION.exec(document)?.[0].length ?? 0;
  const open: Draft[] = [];
  let root: Draft | undefined;
  let elements = 0;
  for (;;) {
    const tagAt = document.indexOf('<', at);
    const text = document.slice(at, tagAt < 0 ? undefined : tagAt);
    const top = open.at(-1);
    if (top) top.text += text;
    else if (text.trim() !== '') return undefined;
    if (tagAt < 0) break;
    TAG.lastIndex = tagAt;
    const match = TAG.exec(document);
    if (!match) return undefined;
    at = TAG.lastIndex;
    const qualified = match[2]!;
    if (match[1] === '/') {
      if (match[3] !== '' || match[4] !== '' || top?.qualified !== qualified) return undefined;
      open.pop();
      continue;
    }
    if (!top && root) return undefined;
    const draft = draftOf(qualified, match[3]!, top?.scope ?? NO_SCOPE);
    if (!draft || ++elements > ELEMENTS_MAX || open.length >= DEPTH_MAX) return undefined;
    if (top) top.children.push(draft);
    else root = draft;
    if (match[4] === '') open.push(draft);
  }
  return open.length === 0 ? root : undefined;
}

function draftOf(qualified: string, source: string, outer: ReadonlyMap<string, string>): Draft | undefined {
  let attributes = NO_ATTRIBUTES;
  let scope = outer;
  if (source !== '') {
    const found: Array<readonly [qualified: string, value: string]> = [];
    for (const match of source.matchAll(ATTRIBUTE)) found.push([match[1]!, match[2] ?? match[3]!]);
    for (const [name, value] of found) {
      const prefix = name === 'xmlns' ? '' : name.startsWith('xmlns:') ? name.slice(6) : undefined;
      if (prefix === undefined) continue;
      if (
        value === '' ||
        /^xml/i.test(prefix) ||
        value.startsWith('http://www.w3.org/XML') ||
        value === XMLNS
      )
        return undefined;
      if (scope === outer) scope = new Map(outer);
      (scope as Map<string, string>).set(prefix, value);
    }
    const known = new Map<string, XmlAttribute>();
    for (const [name, value] of found) {
      const colon = name.indexOf(':');
      const local = name.slice(colon + 1);
      const prefix = colon < 0 ? undefined : name.slice(0, colon);
      const namespace =
        name === 'xmlns' || prefix === 'xmlns' ? XMLNS : prefix === undefined ? '' : scope.get(prefix);
      if (namespace === undefined || local === '' || local.includes(':') || known.has(name)) return undefined;
      for (const other of known.values())
        if (namespace !== '' && other.name === local && other.namespace === namespace) return undefined;
      known.set(name, { name: local, namespace, value });
    }
    attributes = known;
  }
  const colon = qualified.indexOf(':');
  const namespace = scope.get(colon < 0 ? '' : qualified.slice(0, colon));
  if (colon >= 0 && namespace === undefined) return undefined;
  return {
    qualified,
    name: qualified.slice(colon + 1),
    namespace: namespace ?? '',
    attributes,
    children: [],
    text: '',
    scope,
  };
}
