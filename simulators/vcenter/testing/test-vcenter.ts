/**
 * A vCenter in a world of its own, and a client that speaks to it in plain text: requests are written out in
 * the tests, answers are read by an XML parser that the simulator does not use.
 */
import { parseXml, XmlElement, XmlText } from '@rgrove/parse-xml';
import { type HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import { type TierWorld, tierWorld } from '#core/testing/tier-world.ts';
import { Counters, type TraceEvent } from '#core/trace/recorder.ts';
import { MIB, type Millis } from '#core/units.ts';
import { Estate } from '../../estate/estate.ts';
import { generateEstate } from '../../estate/generate.ts';
import type { EstateFacts, Machine } from '../../estate/model.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { FaultPoints } from '../../kit/fault-points.ts';
import { startVcenter, type VcenterOptions } from '../server.ts';

export const HOST = 'vc.example.internal';
export const ADMIN = { name: 'administrator@vsphere.local', password: 'pass&<word>' };
export const READER = { name: 'reader@vsphere.local', password: 'read only' };

/** An element of an answer, with what tests ask of it. */
export interface Xml {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text inside, however deep. */
  readonly text: string;
  /** First element of that path below: "returnval/about/name"; its absence fails the test. */
  at(path: string): Xml;
  /** All elements of that name anywhere below. */
  all(name: string): Xml[];
  readonly children: readonly Xml[];
}

export interface SoapAnswer {
  readonly status: number;
  readonly headers: HttpAnswer['headers'];
  readonly text: string;
  /** The element inside the SOAP body: the response, or the Fault. */
  readonly body: Xml;
  /** Type of the fault, by its detail element; undefined when it is none. */
  readonly fault: string | undefined;
}

export interface TestVcenter extends AsyncDisposable {
  readonly tier: TierWorld;
  readonly context: SimulatorContext;
  readonly estate: Estate;
  readonly trace: readonly TraceEvent[];
  readonly client: HttpClient;
  /** Lets the world live until the script is done. */
  run<T>(script: () => Promise<T>): Promise<T>;
  /** Another client with a cookie of its own. */
  session(user?: { name: string; password: string }): Promise<Soap>;
  /** A client that has not logged in. */
  anonymous(): Soap;
  /** Lets time pass. */
  pass(ms: Millis): Promise<void>;
}

export interface Soap {
  cookie: string | undefined;
  /** `SOAPAction` of the requests. */
  action: string | undefined;
  /** Calls a method: `call('QueryPerf', 'PerformanceManager:PerfMgr', '<querySpec>…')`. */
  call(method: string, self: string, inner?: string): Promise<SoapAnswer>;
  /** As `call`; a fault fails the test. @returns the response element. */
  ask(method: string, self: string, inner?: string): Promise<Xml>;
  /** Sends a body as it is. */
  post(body: string | Uint8Array, path?: string): Promise<SoapAnswer>;
  /** Values of properties of one object, by path; unset ones are absent. */
  read(object: string, ...paths: string[]): Promise<Record<string, Xml>>;
  /** Waits for a task by the old WaitForUpdates, as libvirt does. @returns its info. */
  finish(task: Xml): Promise<Xml>;
  /** GET or HEAD below /folder. */
  file(path: string, headers?: Record<string, string>, method?: string): Promise<HttpAnswer>;
}

export interface TestOptions {
  readonly facts?: EstateFacts;
  readonly machines?: number;
  readonly seed?: string;
  readonly vcenter?: Partial<VcenterOptions>;
}

export async function testVcenter(options: TestOptions = {}): Promise<TestVcenter> {
  const { seed = 'vcenter test', machines = 4 } = options;
  const tier = await tierWorld('memory', seed);
  const trace: TraceEvent[] = [];
  const recorder = { record: (event: TraceEvent) => void trace.push(event) };
  const context: SimulatorContext = {
    clock: tier.clock,
    entropy: tier.entropy,
    transport: tier.network.as('vcenter'),
    recorder,
    counters: new Counters(),
    faults: new FaultPoints({ clock: tier.clock, recorder }),
    identityFor: (names) => tier.authority.issue(names),
  };
  const facts = options.facts ?? generateEstate({ seed, machines });
  const estate = new Estate(facts, { clock: tier.clock, entropy: tier.entropy });
  const vcenter = await startVcenter({
    context,
    estate,
    at: { host: HOST, port: 443 },
    names: [HOST],
    users: [
      { ...ADMIN, role: 'administrator' },
      { ...READER, role: 'readOnly' },
    ],
    ...options.vcenter,
  });
  const client = new HttpClient({
    transport: tier.network.as('client'),
    clock: tier.clock,
    tls: { trust: [tier.authority.certificatePem] },
    connectionsMax: 20,
  });
  const anonymous = () => soapClient(client);
  return {
    tier,
    context,
    estate,
    trace,
    client,
    run: (script) => tier.clock.run(script()),
    anonymous,
    async session(user = ADMIN) {
      const soap = anonymous();
      await soap.ask('Login', 'SessionManager:SessionManager', credentials(user));
      return soap;
    },
    pass: (ms) =>
      new Promise((resolve) => void tier.clock.schedule(tier.clock.wall() + ms, 'test.pass', resolve)),
    async [Symbol.asyncDispose]() {
      await vcenter.stop();
      client.close();
      await tier[Symbol.asyncDispose]();
    },
  };
}

export function credentials({ name, password }: { name: string; password: string }): string {
  return `<userName>${escaped(name)}</userName><password>${escaped(password)}</password>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** A running machine with one small ordinary disk, at the head of an estate. */
export function withSmallDisk(facts: EstateFacts, sizeBytes = 4 * MIB): EstateFacts {
  const [first, ...rest] = facts.machines;
  const disk = first!.disks[0]!;
  const small: Machine = {
    ...first!,
    power: 'on',
    template: false,
    tools: 'running',
    hardwareVersion: 14,
    disks: [{ ...disk, sizeBytes, mode: 'persistent', raw: false, shared: false, thin: true }],
  };
  return { ...facts, machines: [small, ...rest] };
}

/** `Type:id` as an element. */
export function refXml(element: string, reference: string): string {
  const colon = reference.indexOf(':');
  return `<${element} type="${reference.slice(0, colon)}">${reference.slice(colon + 1)}</${element}>`;
}

/** A reference in an answer, as `refXml` takes it. */
export function refOf(xml: Xml): string {
  return `${xml.attributes.type}:${xml.text}`;
}

export function envelope(method: string, self: string, inner = ''): string {
  return (
    '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
    `<soapenv:Body><${method} xmlns="urn:vim25">${refXml('_this', self)}${inner}</${method}></soapenv:Body></soapenv:Envelope>`
  );
}

/** A filter of paths of one object, as `specSet` or `spec`. */
export function filterXml(element: string, object: string, paths: readonly string[]): string {
  const type = object.slice(0, object.indexOf(':'));
  return (
    `<${element}><propSet><type>${type}</type>${paths.map((path) => `<pathSet>${escaped(path)}</pathSet>`).join('')}</propSet>` +
    `<objectSet>${refXml('obj', object)}</objectSet></${element}>`
  );
}

function soapClient(client: HttpClient): Soap {
  const soap: Soap = {
    cookie: undefined,
    action: '"urn:vim25/8.0.3.0"',
    async post(body, path = '/sdk') {
      const answer = await client.fetch({
        method: 'POST',
        url: `https://${HOST}${path}`,
        headers: {
          'content-type': 'text/xml; charset=utf-8',
          ...(soap.action === undefined ? {} : { soapaction: soap.action }),
          ...(soap.cookie === undefined ? {} : { cookie: soap.cookie }),
        },
        body,
        timeoutMs: 7 * 86_400_000,
        bodyBytesMax: 128 * MIB,
      });
      const given = answer.headers['set-cookie']?.[0];
      if (given !== undefined) soap.cookie = given.slice(0, given.indexOf(';'));
      const text = answer.body.toString('utf8');
      const root = text === '' ? undefined : view(parseXml(text).root!);
      const inside = root?.children[0]?.children[0];
      return {
        status: answer.status,
        headers: answer.headers,
        text,
        body: inside ?? emptyXml,
        fault:
          inside?.name === 'soapenv:Fault'
            ? inside.at('detail').children[0]!.name.replace(/Fault$/, '')
            : undefined,
      };
    },
    call: (method, self, inner) => soap.post(envelope(method, self, inner)),
    async ask(method, self, inner) {
      const answer = await soap.call(method, self, inner);
      if (answer.fault !== undefined) throw new Error(`${method} answered ${answer.fault}: ${answer.text}`);
      return answer.body;
    },
    async read(object, ...paths) {
      const answer = await soap.ask(
        'RetrieveProperties',
        'PropertyCollector:propertyCollector',
        filterXml('specSet', object, paths),
      );
      return Object.fromEntries(answer.all('propSet').map((set) => [set.at('name').text, set.at('val')]));
    },
    async finish(task) {
      const filter = await soap.ask(
        'CreateFilter',
        'PropertyCollector:propertyCollector',
        `${filterXml('spec', refOf(task), ['info.state'])}<partialUpdates>false</partialUpdates>`,
      );
      for (let version = ''; ; ) {
        const update = await soap.ask(
          'WaitForUpdates',
          'PropertyCollector:propertyCollector',
          `<version>${version}</version>`,
        );
        version = update.at('returnval/version').text;
        const states = update.all('val').map((val) => val.text);
        if (states.includes('success') || states.includes('error')) break;
      }
      await soap.ask('DestroyPropertyFilter', refOf(filter.at('returnval')));
      return (await soap.read(refOf(task), 'info')).info!;
    },
    file: (path, headers = {}, method = 'GET') =>
      client.fetch({
        method,
        url: `https://${HOST}/folder${path}`,
        headers: { ...(soap.cookie === undefined ? {} : { cookie: soap.cookie }), ...headers },
      }),
  };
  return soap;
}

const emptyXml: Xml = {
  name: '',
  attributes: {},
  text: '',
  children: [],
  at: (path) => {
    throw new Error(`there is no ${path} in an empty answer`);
  },
  all: () => [],
};

function view(element: XmlElement): Xml {
  const elements = element.children.filter((child) => child instanceof XmlElement);
  return {
    name: element.name,
    attributes: element.attributes,
    get text() {
      return element.text;
    },
    get children() {
      return elements.map(view);
    },
    at(path) {
      let at = element;
      for (const name of path.split('/')) {
        const next = at.children.find(
          (child): child is XmlElement => child instanceof XmlElement && child.name === name,
        );
        if (!next)
          throw new Error(
            `there is no ${name} of ${path} in <${element.name}>: ${element.text.slice(0, 200)}`,
          );
        at = next;
      }
      return view(at);
    },
    all(name) {
      const found: Xml[] = [];
      const visit = (at: XmlElement): void => {
        for (const child of at.children) {
          if (!(child instanceof XmlElement)) continue;
          if (child.name === name) found.push(view(child));
          visit(child);
        }
      };
      visit(element);
      return found;
    },
  };
}

/** Text directly between elements, which must not stand among the children of an array. */
export function strayText(text: string): string[] {
  const stray: string[] = [];
  const visit = (element: XmlElement): void => {
    const hasElements = element.children.some((child) => child instanceof XmlElement);
    for (const child of element.children) {
      if (child instanceof XmlElement) visit(child);
      else if (
        hasElements &&
        child instanceof XmlText &&
        element.name !== 'soapenv:Envelope' &&
        element.name !== 'soapenv:Body'
      )
        stray.push(`${element.name}: ${JSON.stringify(child.text)}`);
    }
  };
  visit(parseXml(text).root!);
  return stray;
}
