/**
 * A WinRM host in memory for tests: a handful of real classes with made-up instances, commands that echo, and clients
 * that speak plain SOAP over TLS with Basic.
 */
import { HttpClient } from '#core/net/http-client.ts';
import { type TierWorld, tierWorld } from '#core/testing/tier-world.ts';
import { Counters, type TraceEvent } from '#core/trace/recorder.ts';
import { HOUR, type Millis } from '#core/units.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { type Fault, FaultPoints } from '../../kit/fault-points.ts';
import { Accounts, type WindowsAccount } from '../accounts.ts';
import { CimRepository, type ClassSource } from '../cim/repository.ts';
import { cimClass } from '../cim/schema.ts';
import { type CimInstance, instant } from '../cim/values.ts';
import { startWinrm, type WinrmHost, type WinrmServer } from '../server.ts';
import type { CommandHost } from '../shell/command-host.ts';
import { NS, RESOURCE, WQL_DIALECT } from '../wsman/names.ts';

export const HOST = 'win1.corp.example';
export const ADMIN: WindowsAccount = {
  name: 'Administrator',
  password: 'pass&<word> 1',
  groups: ['Administrators'],
};
/** May have shells, and read nothing. */
export const GUEST: WindowsAccount = {
  name: 'guest',
  password: 'guest-1',
  groups: ['Remote Management Users'],
};
/** May log on, and have no shell. */
export const STRANGER: WindowsAccount = { name: 'stranger', password: 'stranger-1', groups: [] };

const NAMES = { computer: 'WIN1', dnsName: HOST, domain: 'CORP', dnsDomain: 'corp.example' };

export interface Soap {
  readonly status: number;
  readonly xml: string;
  /** WSManFault/@Code or error_Code; undefined when it is no fault. */
  readonly code: number | undefined;
  readonly subcode: string | undefined;
}

export interface Asking {
  readonly action: string;
  readonly uri: string;
  readonly body?: string;
  /** More of the header. */
  readonly header?: string;
  readonly selectors?: Readonly<Record<string, string>>;
  readonly timeout?: string;
  readonly account?: WindowsAccount;
}

export interface TestHost extends AsyncDisposable {
  readonly tier: TierWorld;
  readonly context: SimulatorContext;
  readonly server: WinrmServer;
  readonly client: HttpClient;
  readonly trace: readonly TraceEvent[];
  run<T>(script: () => Promise<T>): Promise<T>;
  ask(asking: Asking): Promise<Soap>;
  /** Items of a query, fetched with MaxElements of the given size or none. */
  query(wql: string, max?: number): Promise<{ readonly items: string; readonly pulls: number }>;
  arm(at: string, answer: string, more?: Partial<Fault> & { readonly forMs?: Millis }): void;
}

export async function testHost(
  options: { services?: number; osVersion?: string; host?: Partial<WinrmHost> } = {},
): Promise<TestHost> {
  const tier = await tierWorld('memory', 'winrm test');
  const { clock, entropy, network, authority } = tier;
  const trace: TraceEvent[] = [];
  const recorder = { record: (event: TraceEvent) => void trace.push(event) };
  const context: SimulatorContext = {
    clock,
    entropy,
    transport: network.as(HOST),
    recorder,
    counters: new Counters(),
    faults: new FaultPoints({ clock, recorder }),
    identityFor: (names, validity) => authority.issue(names, validity),
  };
  const server = await startWinrm({
    context,
    who: 'windows',
    host: {
      names: NAMES,
      osVersion: options.osVersion ?? '10.0.17763',
      accounts: new Accounts({
        accounts: [ADMIN, GUEST, STRANGER],
        names: NAMES,
        clock,
        lockout: { threshold: 3, forMs: HOUR },
      }),
      settings: { basic: true, allowUnencrypted: false },
      cim: {
        repository: new CimRepository(someClasses(options.services ?? 5)),
        methods: [],
        computer: NAMES.computer,
        mayRead: ({ groups }) => groups.includes('Administrators'),
      },
      commands: echoing(context),
      ...options.host,
    },
    http: { host: HOST, port: 5985 },
    https: { host: HOST, port: 5986 },
    certificateNames: [HOST],
  });
  const client = new HttpClient({
    transport: network.as('client'),
    clock,
    tls: { trust: [authority.certificatePem] },
    connectionsMax: 50,
  });
  const ask = async (asking: Asking): Promise<Soap> => {
    const { name, password } = asking.account ?? ADMIN;
    const { status, body } = await client.fetch({
      method: 'POST',
      url: `https://${HOST}:5986/wsman`,
      headers: {
        'content-type': 'application/soap+xml;charset=UTF-8',
        authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
      },
      body: soapOf(asking),
    });
    const xml = body.toString();
    const code = /WSManFault[^>]* Code="(\d+)"/.exec(xml)?.[1] ?? /:error_Code>(\d+)</.exec(xml)?.[1];
    return {
      status,
      xml,
      code: code === undefined ? undefined : Number(code),
      subcode: /<s:Subcode><s:Value>([^<]*)</.exec(xml)?.[1],
    };
  };
  return {
    tier,
    context,
    server,
    client,
    trace,
    run: (script) => clock.run(script()),
    ask,
    async query(wql, max) {
      const uri = `${RESOURCE.wmi}root/cimv2/*`;
      const filter = `<w:Filter Dialect="${WQL_DIALECT}">${escapeText(wql)}</w:Filter>`;
      let { xml } = await ask({
        action: `${NS.n}/Enumerate`,
        uri,
        body: `<n:Enumerate>${filter}</n:Enumerate>`,
      });
      let items = '';
      for (let pulls = 1; ; pulls++) {
        const [, context] = /EnumerationContext>([^<]+)</.exec(xml) ?? [];
        if (context === undefined) throw new Error(xml);
        const size = max === undefined ? '' : `<n:MaxElements>${max}</n:MaxElements>`;
        ({ xml } = await ask({
          action: `${NS.n}/Pull`,
          uri,
          body: `<n:Pull><n:EnumerationContext>${context}</n:EnumerationContext>${size}</n:Pull>`,
        }));
        items += /<n:Items>(.*)<\/n:Items>/s.exec(xml)?.[1] ?? '';
        if (xml.includes('<n:EndOfSequence>')) return { items, pulls };
      }
    },
    arm(at, answer, { forMs = HOUR, ...more } = {}) {
      const now = clock.wall();
      context.faults.arm({
        id: `${at} ${answer}`,
        at,
        answer,
        from: now,
        until: now + forMs,
        times: 1,
        ...more,
      });
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await server.stop();
      await tier[Symbol.asyncDispose]();
    },
  };
}

/** An envelope as clients send it. */
export function soapOf({ action, uri, body = '', header = '', selectors = {}, timeout }: Asking): string {
  const set = Object.entries(selectors)
    .map(([name, value]) => `<w:Selector Name="${name}">${escapeText(value)}</w:Selector>`)
    .join('');
  return (
    `<s:Envelope xmlns:s="${NS.s}" xmlns:a="${NS.a}" xmlns:n="${NS.n}" xmlns:w="${NS.w}" xmlns:b="${NS.b}" xmlns:x="${NS.x}" ` +
    `xmlns:rsp="${NS.rsp}" xmlns:cfg="${NS.cfg}"><s:Header><a:Action>${action}</a:Action><a:MessageID>uuid:1</a:MessageID>` +
    `<w:ResourceURI>${uri}</w:ResourceURI>${set === '' ? '' : `<w:SelectorSet>${set}</w:SelectorSet>`}` +
    `${timeout === undefined ? '' : `<w:OperationTimeout>${timeout}</w:OperationTimeout>`}${header}</s:Header>` +
    `<s:Body>${body}</s:Body></s:Envelope>`
  );
}

function someClasses(services: number): ConstructorParameters<typeof CimRepository>[0] {
  const source = (name: string, rows: ReadonlyArray<CimInstance['values']>): ClassSource => {
    const of = cimClass('root/cimv2', name);
    return { class: of, instances: () => rows.map((values) => ({ class: of, values })) };
  };
  const service = (n: number): CimInstance['values'] => ({
    CreationClassName: 'Win32_Service',
    Name: `svc${n}`,
    DisplayName: `Service <${n}>`,
    State: n % 2 ? 'Running' : 'Stopped',
    Started: n % 2 === 1,
    ProcessId: n % 2 ? 1000 + n : 0,
    SystemName: NAMES.computer,
  });
  const system = source('Win32_ComputerSystem', [
    { Name: NAMES.computer, CreationClassName: 'Win32_ComputerSystem', Roles: ['Server', 'NT', 'a&b'] },
  ]);
  const processors = source(
    'Win32_Processor',
    [0, 1].map((n) => ({ DeviceID: `CPU${n}`, CreationClassName: 'Win32_Processor', Name: 'A processor' })),
  );
  return {
    sources: [
      source('Win32_OperatingSystem', [
        {
          CSName: NAMES.computer,
          Name: 'Windows',
          Version: '10.0.17763',
          LastBootUpTime: instant(Date.UTC(2026, 0, 2, 3, 4, 5)),
        },
      ]),
      source(
        'Win32_Service',
        Array.from({ length: services }, (_, n) => service(n)),
      ),
      system,
      processors,
    ],
    associations: [
      {
        class: cimClass('root/cimv2', 'Win32_ComputerSystemProcessor'),
        ends: [
          { role: 'GroupComponent', of: system.class, others: () => processors.instances() },
          { role: 'PartComponent', of: processors.class, others: () => system.instances() },
        ],
      },
    ],
  };
}

/** Says its line again; "slow" does so after ten seconds. Of pipelines, what is asked for is given back. */
function echoing({ clock }: SimulatorContext): CommandHost {
  return {
    start({ line }, listener) {
      const after = line.startsWith('slow') ? 10_000 : 50;
      const timer = clock.schedule(clock.wall() + after, 'test.command', () => {
        listener.output({ stream: 'stdout', data: Buffer.from(`${line}\r\n`) });
        listener.ended(line.startsWith('exit') ? 7 : 0);
      });
      return {
        stdin() {},
        kill(exitCode) {
          timer.cancel();
          listener.ended(exitCode);
        },
      };
    },
    startPipelines({ statements }, listener) {
      const timer = clock.schedule(clock.wall() + 50, 'test.pipeline', () => {
        for (const { text } of statements.flat()) {
          if (text.startsWith('No-'))
            listener.failed({
              message: `The term '${text}' is not recognized`,
              id: 'CommandNotFoundException',
            });
          else
            listener.output(
              new Map<string, string | number | null>([
                ['Text', text],
                ['Length', text.length],
              ]),
            );
        }
        listener.ended();
      });
      return { kill: () => timer.cancel() };
    },
  };
}
