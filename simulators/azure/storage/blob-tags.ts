/**
 * Blob index tags: their limits, how they travel (header and XML), and the small language in which requests ask
 * for them.
 *
 * @see learn.microsoft.com, rest/api/storageservices/set-blob-tags, find-blobs-by-tags, and "Tags conditional
 * operations" in specifying-conditional-headers-for-blob-service-operations
 */
import { child, childText } from '#core/wire/xml/element.ts';
import type { XmlWriter } from '#core/wire/xml/writer.ts';
import { NO_TAGS, type Tags } from './blob-model.ts';
import { badHeader, badParameter, storageFault } from './storage-fault.ts';
import { decode, header, type WithHeaders } from './storage-request.ts';
import { readXmlBody } from './xml-body.ts';

const TAGS_MAX = 10;
const KEY_MAX = 128;
const VALUE_MAX = 256;
const ALLOWED = /^[A-Za-z0-9 +\-./:=_]*$/;
/** 10 tags of 384 characters, each of which may be written as an escape. */
export const TAGS_XML_LIMITS = { bytesMax: 32 * 1024, depthMax: 8, elementsMax: 64 };

/** `x-ms-tags: key=value&…`, percent-encoded. @throws StorageFault */
export function readTagsHeader(request: WithHeaders): Tags {
  const text = header(request, 'x-ms-tags');
  if (text === undefined || text === '') return NO_TAGS;
  const plain = (part: string): string => decode(part.replaceAll('+', '%20'));
  return checkTags(
    text.split('&').map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) throw badHeader('x-ms-tags', text);
      return [plain(pair.slice(0, equals)), plain(pair.slice(equals + 1))];
    }),
  );
}

/** The body of Set Blob Tags. @throws StorageFault */
export function readTagsXml(xml: Uint8Array): Tags {
  const set = child(readXmlBody(xml, TAGS_XML_LIMITS, 'Tags'), 'TagSet');
  if (!set) throw storageFault('InvalidXmlDocument');
  return checkTags(
    set.children.map((tag) => {
      const [key, value] = [childText(tag, 'Key'), childText(tag, 'Value')];
      if (tag.name !== 'Tag' || key === undefined || value === undefined)
        throw storageFault('InvalidXmlDocument');
      return [key, value];
    }),
  );
}

export function writeTags(out: XmlWriter, tags: Tags): void {
  out.open('Tags').open('TagSet');
  for (const [key, value] of tags) out.open('Tag').leaf('Key', key).leaf('Value', value).close();
  out.close().close();
}

function checkTags(pairs: ReadonlyArray<readonly [key: string, value: string]>): Tags {
  if (pairs.length > TAGS_MAX) throw storageFault('TagsTooLarge');
  const tags = new Map<string, string>();
  for (const [key, value] of [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (key === '') throw storageFault('EmptyTagName');
    if (tags.has(key)) throw storageFault('DuplicateTagNames');
    if (key.length > KEY_MAX || value.length > VALUE_MAX) throw storageFault('TagsTooLarge');
    if (!ALLOWED.test(key) || !ALLOWED.test(value)) throw storageFault('InvalidTag');
    tags.set(key, value);
  }
  return tags;
}

type Operator = '=' | '<>' | '<' | '<=' | '>' | '>=';

interface Comparison {
  readonly key: string;
  readonly operator: Operator;
  readonly value: string;
}

const EXPRESSION_MAX = 4096;
const TOKEN = /\s*(?:"([^"]*)"|'((?:[^']|'')*)'|(<>|<=|>=|=|<|>)|(@?[A-Za-z_][\w]*))/y;

/** Alternatives, each of comparisons that must all hold; undefined when the text is no such thing. */
function parse(text: string): Comparison[][] | undefined {
  if (text.length > EXPRESSION_MAX) return undefined;
  const alternatives: Comparison[][] = [[]];
  TOKEN.lastIndex = 0;
  const next = (): RegExpExecArray | null => TOKEN.exec(text);
  for (;;) {
    const [key, operator, value] = [next(), next(), next()];
    const name = key?.[1] ?? key?.[4];
    if (name === undefined || operator?.[3] === undefined || value?.[2] === undefined) return undefined;
    alternatives.at(-1)!.push({
      key: name,
      operator: operator[3] as Operator,
      value: value[2].replaceAll("''", "'"),
    });
    const end = TOKEN.lastIndex;
    if (text.slice(end).trim() === '') return alternatives;
    const word = next()?.[4]?.toUpperCase();
    if (word === 'OR') alternatives.push([]);
    else if (word !== 'AND') return undefined;
  }
}

/** A key that is missing differs from every value and is nothing else. */
function holds({ operator, value }: Comparison, actual: string | undefined): boolean {
  if (operator === '<>') return actual !== value;
  if (actual === undefined) return false;
  if (operator === '=') return actual === value;
  if (operator === '<') return actual < value;
  if (operator === '<=') return actual <= value;
  return operator === '>' ? actual > value : actual >= value;
}

/** `x-ms-if-tags`: comparisons of tags with AND, and OR between those. @throws StorageFault InvalidHeaderValue */
export function parseTagCondition(name: string, text: string): (tags: Tags) => boolean {
  const alternatives = parse(text);
  if (!alternatives || alternatives.flat().some(({ key }) => key.startsWith('@')))
    throw badHeader(name, text);
  return (tags) => alternatives.some((all) => all.every((one) => holds(one, tags.get(one.key))));
}

export interface TagQuery {
  matches(tags: Tags, container: string): boolean;
  /** Tags that are asked for, which are those that an answer shows. */
  readonly keys: ReadonlySet<string>;
}

/** `where` of Find Blobs by Tags: comparisons with AND, also of `@container`. @throws StorageFault */
export function parseTagQuery(text: string): TagQuery {
  const alternatives = parse(text);
  const all = alternatives?.[0] ?? [];
  const isKnown = ({ key, operator }: Comparison): boolean =>
    operator !== '<>' && (key === '@container' ? operator === '=' : !key.startsWith('@'));
  if (alternatives?.length !== 1 || !all.every(isKnown)) throw badParameter('where', text);
  return {
    matches: (tags, container) =>
      all.every((one) => holds(one, one.key === '@container' ? container : tags.get(one.key))),
    keys: new Set(all.map(({ key }) => key)),
  };
}
