/**
 * The shape of every class follows the class table, on hosts of every release: each instance as it goes over the wire has
 * every scalar of its class, null ones marked, arrays only where they have elements, nothing that the class lacks,
 * and text that its type allows.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { child, type XmlElement, XSI_NAMESPACE } from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import declared from '../winrm/cim/classes.json' with { type: 'json' };
import more from '../winrm/cim/more-classes.json' with { type: 'json' };
import type { CimProperty, CimType } from '../winrm/cim/values.ts';
import type { WinrmHost } from '../winrm/server.ts';
import { cimClient } from '../winrm/testing/cim-client.ts';
import { NS, RESOURCE } from '../winrm/wsman/names.ts';
import { RELEASES, type ReleaseName } from './hyperv-host.ts';
import { stage } from './testing/stage.ts';

const INTEGERS: Readonly<Partial<Record<CimType, readonly [bigint, bigint]>>> = Object.fromEntries(
  [8, 16, 32, 64].flatMap((bits) => [
    [`uint${bits}`, [0n, 2n ** BigInt(bits) - 1n]],
    [`sint${bits}`, [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]],
  ]),
);

/** What is wrong with a value of the type; undefined when nothing is. */
function wrong(type: CimType, value: XmlElement): string | undefined {
  const { text } = value;
  const range = INTEGERS[type];
  if (range) {
    const fits = /^-?\d+$/.test(text) && BigInt(text) >= range[0] && BigInt(text) <= range[1];
    return fits ? undefined : `"${text}" is no ${type}`;
  }
  switch (type) {
    case 'boolean':
      return text === 'true' || text === 'false' ? undefined : `"${text}" is no boolean`;
    case 'real32':
    case 'real64':
      return text !== '' && Number.isFinite(Number(text)) ? undefined : `"${text}" is no ${type}`;
    case 'datetime': {
      const [inner] = value.children;
      const pattern =
        inner?.name === 'Interval' ? /^P\d+DT\d+H\d+M\d+(?:\.\d+)?S$/ : /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
      return inner && /^(?:Datetime|Interval)$/.test(inner.name) && pattern.test(inner.text)
        ? undefined
        : `"${inner?.text ?? text}" is no datetime`;
    }
    case 'ref':
      return child(value, 'ReferenceParameters') ? undefined : 'no reference';
    case 'object':
      return value.children.length > 0 ? undefined : 'no embedded object';
    default:
      return value.children.length === 0 ? undefined : 'elements where text belongs';
  }
}

function shapeOf(xml: string, host: WinrmHost): string[] {
  const item = parseXml(xml.replace(/^<(p:\w+)/, `<$1 xmlns:a="${NS.a}" xmlns:w="${NS.w}"`));
  const at = item.namespace.lastIndexOf('/');
  const namespace = item.namespace.slice(RESOURCE.wmi.length, at);
  const of = host.cim.repository.findClass(namespace, item.namespace.slice(at + 1));
  if (!of || item.name !== of.name) return [`${item.namespace} is no class of the host`];
  const problems: string[] = [];
  const say = (property: string, problem: string): void => {
    problems.push(`${of.name}.${property}: ${problem}`);
  };
  const known = new Map<string, CimProperty>(of.properties.map((property) => [property.name, property]));
  const order = [...known.keys()];
  let last = -1;
  for (const element of item.children) {
    const property = known.get(element.name);
    if (!property) {
      say(element.name, 'the class has none');
      continue;
    }
    if (order.indexOf(element.name) < last) say(element.name, 'stands in the wrong place');
    last = order.indexOf(element.name);
    const isNil = [...element.attributes.values()].some(
      ({ name, namespace: its, value }) => name === 'nil' && its === XSI_NAMESPACE && value === 'true',
    );
    const problem = isNil
      ? property.array
        ? 'an array that is null is absent'
        : undefined
      : wrong(property.type, element);
    if (problem !== undefined) say(element.name, problem);
  }
  for (const { name, array } of of.properties) {
    const count = item.children.filter((element) => element.name === name).length;
    if (!array && count !== 1) say(name, `stands there ${count} times`);
  }
  for (const key of of.keys)
    if ((item.children.find(({ name }) => name === key)?.attributes.size ?? 0) > 0) say(key, 'a key is null');
  return problems;
}

describe.each(Object.keys(RELEASES) as ReleaseName[])('a host of %s', (release) => {
  test('shows every class in its declared shape', () => {
    const { winrm, hosts } = stage({ release, machines: 12, hosts: 2 });
    const host = winrm(hosts[0]!);
    const client = cimClient(host.cim);
    const problems = new Set<string>();
    let instances = 0;
    for (const set of [declared, more])
      for (const [namespace, classes] of Object.entries(set))
        for (const name of Object.keys(classes)) {
          if (!host.cim.repository.findClass(namespace, name)) continue;
          // bases show what is below them, which is looked at as itself
          for (const xml of client.enumerate(namespace, name)) {
            if (!xml.startsWith(`<p:${name} `)) break;
            instances++;
            for (const problem of shapeOf(xml, host)) problems.add(problem);
          }
        }
    expect([...problems].sort()).toEqual([]);
    expect(instances).toBeGreaterThan(300);
  });
});

test('the table is what the facts say', (context) => {
  let facts: {
    namespaces: Record<string, Record<string, { super?: string; keys?: string[]; props?: string[] }>>;
  };
  try {
    facts = JSON.parse(
      readFileSync(new URL('../../../shared/facts/data/cim-classes.json', import.meta.url), 'utf8'),
    );
  } catch {
    return context.skip('the facts are not beside this checkout');
  }
  const ours = declared as Record<
    string,
    Record<string, { super?: string; keys: string[]; properties: string[] }>
  >;
  for (const [namespace, classes] of Object.entries(facts.namespaces))
    for (const [name, { super: parent, keys = [], props = [] }] of Object.entries(classes))
      expect(ours[namespace]?.[name], `${namespace}/${name}`).toEqual({
        ...(parent ? { super: parent } : {}),
        keys,
        properties: props,
      });
});
