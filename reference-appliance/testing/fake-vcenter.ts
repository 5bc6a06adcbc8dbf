/**
 * A stand-in for a vCenter in tests of the client: sessions, faults and canned answers, as the vSphere Web Services
 * API words them. Knows nothing of inventories; a test says what each method answers.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpHandler } from '#core/net/http-server.ts';
import { parseEnvelope } from '#core/wire/soap/envelope.ts';
import { childText, type XmlElement } from '#core/wire/xml/element.ts';

/** The inner XML of `<method>Response`, or a fault. */
export type Answer = string | { readonly fault: string; readonly fields?: string; readonly text?: string };
export type Method = (request: XmlElement) => Answer | Promise<Answer>;

export interface FakeVcenter {
  readonly handler: HttpHandler;
  readonly methods: Map<string, Method>;
  /** Names of the calls, in order. */
  readonly calls: string[];
  /** SOAPAction of each call. */
  readonly actions: string[];
  /** Ends all sessions. */
  dropSessions(): void;
  /** Answers for other paths; undefined: 404. */
  paths: (request: IncomingMessage) => { status: number; body: Buffer } | undefined;
  versions: string;
  /** What RetrieveServiceContent answers. */
  content: string;
}

const SERVICE_CONTENT =
  '<returnval><rootFolder type="Folder">group-d1</rootFolder><propertyCollector type="PropertyCollector">pc</propertyCollector>' +
  '<viewManager type="ViewManager">vm</viewManager><about><name>VMware vCenter Server</name><fullName>VMware vCenter Server 8.0.3</fullName>' +
  '<vendor>VMware, Inc.</vendor><version>8.0.3</version><apiType>VirtualCenter</apiType><apiVersion>8.0.3.0</apiVersion>' +
  '<instanceUuid>aaaaaaaa-0000-4000-8000-000000000001</instanceUuid><licenseProductName>VMware VirtualCenter Server</licenseProductName></about>' +
  '<setting type="OptionManager">VpxSettings</setting><authorizationManager type="AuthorizationManager">am</authorizationManager>' +
  '<sessionManager type="SessionManager">sm</sessionManager><perfManager type="PerformanceManager">pm</perfManager></returnval>';

const VERSIONS =
  '<?xml version="1.0" encoding="UTF-8"?><namespaces version="1.0"><namespace><name>urn:vim25</name><version>8.0.3.0</version>' +
  '<priorVersions><version>8.0.2.0</version><version>7.0.3.0</version><version>6.7</version><version>6.5</version></priorVersions></namespace></namespaces>';

export function fakeVcenter({ user = 'reader', password = 'right' } = {}): FakeVcenter {
  const sessions = new Set<string>();
  let logins = 0;
  const fake: FakeVcenter = {
    methods: new Map<string, Method>(),
    calls: [],
    actions: [],
    dropSessions: () => sessions.clear(),
    paths: () => undefined,
    versions: VERSIONS,
    content: SERVICE_CONTENT,
    handler: (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const send = (status: number, body: string | Buffer, type = 'text/xml; charset=utf-8'): void => {
          response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
          response.end(body);
        };
        const session = /vmware_soap_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
        const isSignedIn = session !== undefined && sessions.has(session);
        if (request.url === '/sdk/vimServiceVersions.xml') return send(200, fake.versions);
        if (request.url !== '/sdk') {
          if (!isSignedIn) return send(401, 'no');
          const found = fake.paths(request);
          return send(found?.status ?? 404, found?.body ?? 'nothing there', 'application/octet-stream');
        }
        const call = parseEnvelope(Buffer.concat(chunks)).body[0]!;
        fake.calls.push(call.name);
        fake.actions.push(String(request.headers['soapaction']));
        const answer = ((): Answer | Promise<Answer> => {
          if (call.name === 'RetrieveServiceContent') return fake.content;
          if (call.name === 'Login') {
            if (childText(call, 'userName') !== user || childText(call, 'password') !== password)
              return {
                fault: 'InvalidLogin',
                text: 'Cannot complete login due to an incorrect user name or password.',
              };
            sessions.add(`s${++logins}`);
            response.setHeader('Set-Cookie', `vmware_soap_session=s${logins}; Path=/; HttpOnly; Secure;`);
            return '<returnval><key>k</key><userName>VSPHERE.LOCAL\\reader</userName></returnval>';
          }
          if (!isSignedIn) return { fault: 'NotAuthenticated', text: 'The session is not authenticated.' };
          if (call.name === 'Logout') {
            sessions.delete(session);
            return '';
          }
          return fake.methods.get(call.name)?.(call) ?? { fault: 'InvalidRequest', text: 'unknown method' };
        })();
        void Promise.resolve(answer).then((said) => {
          if (typeof said === 'string')
            return send(
              200,
              envelope(`<${call.name}Response xmlns="urn:vim25">${said}</${call.name}Response>`),
            );
          const { fault, fields = '', text = fault } = said;
          send(
            500,
            envelope(
              `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${text}</faultstring><detail>` +
                `<${fault}Fault xmlns="urn:vim25" xsi:type="${fault}">${fields}</${fault}Fault></detail></soapenv:Fault>`,
            ),
          );
        });
      });
    },
  };
  return fake;
}

function envelope(body: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n' +
    `<soapenv:Body>\n${body}\n</soapenv:Body>\n</soapenv:Envelope>`
  );
}
