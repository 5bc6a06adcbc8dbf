/**
 * Fragment transfer of an instance: the part of XPath that DSP0226 annex D.1 (level 1) and `winrm get -fragment` use.
 * One property by its name, below the class or not, one element of an array by its place, and its text alone.
 */
import { WsmanFault } from '../wsman/fault.ts';
import { NS, XPATH_DIALECT } from '../wsman/names.ts';
import type { WsmanRequest } from '../wsman/request.ts';
import { classUri, propertyXml } from './encode.ts';
import { CimDatetime, type CimInstance, type CimScalar } from './values.ts';

const PATH = /^\/{0,2}(?:(?:\w+:)?(\w+)\/)?(?:\w+:)?(\w+)(?:\[(\d{1,5})\])?(\/text\(\))?$/;

/** The w:XmlFragment of the answer. @throws WsmanFault */
export function fragmentOf(
  instance: CimInstance,
  { dialect, path }: NonNullable<WsmanRequest['fragment']>,
): string {
  if (dialect !== XPATH_DIALECT) throw new WsmanFault('fragmentDialectUnavailable');
  const [, className, name, place, text] = PATH.exec(path.trim()) ?? [];
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const property = instance.class.properties.find((candidate) => same(candidate.name, name ?? ''));
  if (!property || (className !== undefined && !same(className, instance.class.name)))
    throw new WsmanFault('badFragmentPath');
  const value = instance.values[property.name] ?? null;
  const all = (Array.isArray(value) ? value : value === null ? [] : [value]) as readonly CimScalar[];
  const chosen = place === undefined ? all : all.slice(Number(place) - 1, Number(place));
  let inside: string;
  if (text !== undefined) inside = chosen.map((item) => propertyText(item)).join('');
  else if (property.array || chosen.length > 0)
    inside = propertyXml({ ...property, array: true }, chosen, 'p');
  else inside = place === undefined ? propertyXml(property, null, 'p') : '';
  return (
    `<w:XmlFragment xmlns:p="${classUri(instance.class.namespace, instance.class.name)}" ` +
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cim="${NS.cim}">${inside}</w:XmlFragment>`
  );
}

function propertyText(item: CimScalar): string {
  if (item instanceof CimDatetime) return item.text;
  // the text directly inside: of references and embedded objects there is none
  if (typeof item === 'object') return '';
  return propertyXml({ name: 't', type: 'string', array: false }, item, '').replace(/^<t>|<\/t>$/g, '');
}
