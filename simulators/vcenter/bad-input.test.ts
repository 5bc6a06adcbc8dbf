/** Whatever is sent, a fault of the protocol or a refused connection comes back, and the server lives. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mix32 } from '#core/entropy/hash.ts';
import { MIB, MINUTE } from '#core/units.ts';
import { generateEstate } from '../estate/generate.ts';
import { METHODS } from './methods/table.ts';
import type { Field } from './schema/notation.ts';
import { enumValues, isA, typeNamed } from './schema/schema.ts';
import { versionOf } from './schema/versions.ts';
import {
  envelope,
  HOST,
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  withSmallDisk,
} from './testing/test-vcenter.ts';

let vc: TestVcenter;
let soap: Soap;
/** References by exact type, as `Type:id`. */
const known = new Map<string, string[]>();

beforeAll(async () => {
  vc = await testVcenter({ facts: withSmallDisk(generateEstate({ seed: 'bad input', machines: 6 })) });
  await vc.run(async () => {
    soap = await vc.session();
    const view = await soap.ask(
      'CreateContainerView',
      'ViewManager:ViewManager',
      `${refXml('container', 'Folder:group-d1')}<recursive>true</recursive>`,
    );
    const made = refOf(view.at('returnval'));
    const { view: entities } = await soap.read(made, 'view');
    const { content } = await soap.read('ServiceInstance:ServiceInstance', 'content');
    const vm = entities!.children.find((each) => each.attributes.type === 'VirtualMachine')!;
    const spec = '<name>s</name><memory>false</memory><quiesce>false</quiesce>';
    const task = await soap.ask('CreateSnapshot_Task', refOf(vm), spec);
    const info = await soap.finish(task.at('returnval'));
    const collector = async (method: string, manager: string) =>
      refOf((await soap.ask(method, manager, '<filter/>')).at('returnval'));
    const lease = await soap.ask('ExportSnapshot', refOf(info.at('result')));
    for (const ref of [
      made,
      'ServiceInstance:ServiceInstance',
      'Folder:group-d1',
      refOf(task.at('returnval')),
      refOf(info.at('result')),
      refOf(lease.at('returnval')),
      await collector('CreateCollectorForEvents', 'EventManager:EventManager'),
      await collector('CreateCollectorForTasks', 'TaskManager:TaskManager'),
      ...entities!.children.map(refOf),
      ...content!.children.filter((each) => each.attributes.type !== undefined).map(refOf),
    ]) {
      const type = ref.slice(0, ref.indexOf(':'));
      known.set(type, [...(known.get(type) ?? []), ref]);
    }
  });
});
afterAll(() => vc[Symbol.asyncDispose]());

const alive = async () =>
  expect((await soap.call('CurrentTime', 'ServiceInstance:ServiceInstance')).status).toBe(200);

const post = async (body: string | Uint8Array) => {
  const answer = await soap.post(body);
  return answer.fault ?? String(answer.status);
};

describe('documents', () => {
  const around = (inside: string) =>
    `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>${inside}</soapenv:Body></soapenv:Envelope>`;
  const call =
    '<CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime>';
  const bomb = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">${Array.from(
    { length: 20 },
    (_, n) => `<!ENTITY y${n} "${`&${n === 0 ? 'x' : `y${n - 1}`};`.repeat(10)}">`,
  ).join('')}]>`;

  test.each([
    ['nothing', ''],
    ['no XML', 'hello'],
    ['an end without a beginning', '</a>'],
    ['half an envelope', around(call).slice(0, 150)],
    ['entities that grow', `${bomb}${around(call.replace('ServiceInstance<', '&y19;<'))}`],
    ['an outer entity', `<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>${around('&f;')}`],
    ['10,000 elements in each other', around('<a>'.repeat(10_000) + '</a>'.repeat(10_000))],
    ['10,000 open elements', around('<a>'.repeat(10_000))],
    ['100,000 attributes', around(`<a ${Array.from({ length: 100_000 }, (_, n) => `b${n}=""`).join(' ')}/>`)],
    ['two calls', around(call + call)],
    ['a call of another namespace', around(call.replace('urn:vim25', 'urn:vim99'))],
    ['a call of no namespace', around(call.replace(' xmlns="urn:vim25"', ''))],
    ['an unknown prefix', around('<x:CurrentTime/>')],
    [
      'another envelope',
      around(call).replaceAll('xmlsoap.org/soap/envelope', 'w3.org/2003/05/soap-envelope'),
    ],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from(around(call)), Buffer.from([0xff, 0xfe])])],
    ['a null character', around(call.replace('ServiceInstance<', '\0<'))],
  ])('%s is InvalidRequest', (_what, body) =>
    vc.run(async () => {
      expect(await post(body)).toBe('InvalidRequest');
      await alive();
    }));

  test('100 MB are refused before they are held', () =>
    vc.run(async () => {
      const before = process.memoryUsage().arrayBuffers;
      const body = Buffer.alloc(100 * MIB, 0x20);
      // The server answers and closes while the client still sends, which a client may see as either.
      const status = await vc.client
        .fetch({ method: 'POST', url: `https://${HOST}/sdk`, headers: {}, body })
        .then((answer) => answer.status)
        .catch(() => 413);
      expect(status).toBe(413);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * MIB);
      await alive();
    }));
});

describe('every method', () => {
  const WAITING = new Set(['WaitForUpdates', 'WaitForUpdatesEx']);
  const ENDING = new Set(['Logout', 'TerminateSession', 'Login']);
  const newest = versionOf('8.0.3.0');

  let state = 1;
  const next = (n: number): number => {
    state = mix32(state, 0x9e37_79b9);
    return (state >>> 0) % n;
  };
  const pick = <T>(items: readonly T[]): T => items[next(items.length)]!;
  const TEXTS = [
    '',
    'x',
    '[none]',
    '[none] a/b.vmdk',
    '[',
    '../../etc',
    'vim.event.VmPoweredOnEvent',
    'a'.repeat(300),
    '%2f',
    'poweredOn',
  ];

  function reference(type: string): string {
    const fitting = [...known].filter(([each]) => isA(each, type)).flatMap(([, refs]) => refs);
    if (next(10) === 0) return `${type}:none-1`;
    return fitting.length === 0 || next(8) === 0 ? pick(pick([...known.values()])) : pick(fitting);
  }

  function valueXml(field: Field, depth: number): string {
    const { name, type, kind } = field;
    if (kind === 'reference') return refXml(name, reference(type));
    if (kind === 'enumeration') return `<${name}>${pick([...(enumValues(type) ?? ['x'])])}</${name}>`;
    if (kind === 'any') return `<${name} xsi:type="xsd:string">${pick(TEXTS)}</${name}>`;
    if (kind === 'primitive') {
      const numbers = ['0', '1', '-1', '2000', '2147483647', '7'];
      const text =
        type === 'boolean'
          ? pick(['true', 'false'])
          : type === 'dateTime'
            ? '2024-01-01T00:00:00Z'
            : type === 'string' || type === 'anyURI'
              ? pick(TEXTS)
              : pick(numbers);
      return `<${name}>${text}</${name}>`;
    }
    const declared = typeNamed(type);
    const all = [declared, ...declared.subtypes].filter((each) => each.since <= newest);
    const actual = pick(all);
    const inside = [...actual.fields.values()]
      .filter(
        (each) => each.since <= newest && isKnown(each) && (!each.isOptional || (depth < 4 && next(5) === 0)),
      )
      .map((each) => valueXml(each, depth + 1))
      .join('');
    return `<${name} xsi:type="${actual.name}">${inside}</${name}>`;
  }

  /** Types that the schema names and does not describe cannot be written. */
  function isKnown({ kind, type }: Field): boolean {
    if (kind !== 'data') return true;
    try {
      typeNamed(type);
      return true;
    } catch {
      return false;
    }
  }

  test('without a session is NotAuthenticated, or anonymous', () =>
    vc.run(async () => {
      const stranger = vc.anonymous();
      for (const { name, on, privilege } of METHODS) {
        const answer = await stranger.call(name, `${on}:any`);
        if (privilege === 'System.Anonymous') expect(answer.fault, name).toBeDefined();
        else expect(answer.fault, name).toBe('NotAuthenticated');
      }
    }));

  test('with arguments of wrong types, unknown elements or none at all is a fault', () =>
    vc.run(async () => {
      for (const { name, on, parameters } of METHODS) {
        if (ENDING.has(name) || WAITING.has(name)) continue;
        const self = reference(on);
        const wrong = [...parameters.values()]
          .map((field) => `<${field.name}><wrong>1</wrong></${field.name}>`)
          .join('');
        const bodies = ['<unknown/>', '<x:y xmlns:x="urn:other"/>', 'text'];
        if (wrong !== '') bodies.push(wrong);
        for (const body of bodies) {
          const answer = await soap.post(envelope(name, self, body));
          expect([answer.status, typeof answer.fault], `${name} ${body}`).toEqual([500, 'string']);
        }
      }
      await alive();
    }));

  test.each([
    1, 2, 3, 4,
  ])('with arguments that fit its types, drawn at random, is an answer or a fault (%i)', (seed) =>
    vc.run(async () => {
      state = seed;
      for (const { name, on, parameters } of METHODS) {
        if (ENDING.has(name) || WAITING.has(name)) continue;
        const fields = [...parameters.values()].filter(isKnown);
        const inner = fields
          .filter((field) => !field.isOptional || next(2) === 0)
          .map((field) => valueXml(field, 0))
          .join('');
        const answer = await soap.post(envelope(name, reference(on), inner));
        expect(answer.status === 200 || answer.fault !== undefined, `${name}: ${inner}\n${answer.text}`).toBe(
          true,
        );
      }
      await vc.pass(MINUTE);
      await alive();
    }));
});
