/**
 * The rest of the internet that an appliance speaks with: where agents and MySQL are downloaded, short links, and
 * the place that takes telemetry, which may be missing. Packages are bytes of the seed under the documented
 * names and addresses: they can be fetched, resumed and compared with the list of latest components, not run.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type HttpHandler, type HttpResponseOut, serveHttp } from '#core/net/http-server.ts';
import { type Listener, matchesHost } from '#core/net/transport.ts';
import { type Bytes, KIB, MIB } from '#core/units.ts';
import { exchangeObserver, type Simulator, type SimulatorContext } from '../kit/context.ts';

export interface InternetHostsOptions {
  readonly context: SimulatorContext;
  /** Names that take telemetry (`*.services.visualstudio.com`); none: it is not there. */
  readonly telemetryHosts?: readonly string[];
}

export interface InternetHosts extends Simulator {
  /** Is that a name of this part of the internet? */
  knows(host: string, port: number): boolean;
  /** What was sent and taken, for checks: no content is kept. */
  telemetryItems(): number;
}

const HTTPS = 443;
const DOWNLOAD = 'download.microsoft.com';
const SHORT = 'aka.ms';
const MYSQL = 'dev.mysql.com';
const MYSQL_CDN = 'cdn.mysql.com';
const TELEMETRY_BYTES_MAX: Bytes = 4 * MIB;

interface Package {
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly path: string;
  readonly bytes: Bytes;
}

/** Service names as in collected-data.md, section 2; versions and folders are ours. */
const PACKAGES: readonly Package[] = [
  appliance('Discovery agent', 'MicrosoftAzureDiscoveryService.msi', '2.0.3300.663'),
  appliance('Assessment agent', 'MicrosoftAzureAssessmentService.msi', '2.0.3300.663'),
  appliance('DRA', 'MicrosoftAzureSiteRecoveryDRA.msi', '5.24.1122.1'),
  appliance('Gateway', 'MicrosoftAzureGatewayService.msi', '5.24.1122.1'),
  appliance('Auto-update service', 'MicrosoftAzureAutoUpdate.msi', '6.1.294.1012'),
  appliance('Mobility agent for Windows', 'Microsoft-ASR_UA_9.62.0.0_Windows_GA.exe', '9.62.0.0'),
  appliance('Mobility agent for Linux', 'Microsoft-ASR_UA_9.62.0.0_UBUNTU-22.04-64_GA.tar.gz', '9.62.0.0'),
  {
    name: 'MySQL installer',
    version: '5.7.20.0',
    host: MYSQL_CDN,
    path: '/Downloads/MySQLInstaller/mysql-installer-community-5.7.20.0.msi',
    bytes: 384 * KIB,
  },
];

function appliance(name: string, file: string, version: string): Package {
  return { name, version, host: DOWNLOAD, path: `/download/drylift/${file}`, bytes: 256 * KIB };
}

/** Short links, and what the MySQL site answers before its content network does. */
const REDIRECTS: Readonly<Record<string, string>> = {
  [`${SHORT}/latestapplianceservices`]: `https://${DOWNLOAD}/download/drylift/LatestComponents.json`,
  [`${MYSQL}/get/Downloads/MySQLInstaller/mysql-installer-community-5.7.20.0.msi`]: `https://${MYSQL_CDN}/Downloads/MySQLInstaller/mysql-installer-community-5.7.20.0.msi`,
};

/** @throws `net.listen` */
export async function startInternetHosts({
  context,
  telemetryHosts = [],
}: InternetHostsOptions): Promise<InternetHosts> {
  let items = 0;
  const contents = new Map<string, Buffer>();
  const contentOf = ({ path, bytes }: Package): Buffer => {
    let content = contents.get(path);
    if (!content) {
      content = context.entropy.bytes(bytes, 'internet.download', path);
      contents.set(path, content);
    }
    return content;
  };
  const latest = (): Buffer =>
    Buffer.from(
      JSON.stringify(
        PACKAGES.filter(({ host }) => host === DOWNLOAD).map((one) => ({
          Name: one.name,
          DownloadLink: `https://${one.host}${one.path}`,
          Version: one.version,
          Md5Hash: createHash('md5').update(contentOf(one)).digest('hex'),
        })),
        undefined,
        2,
      ),
    );

  const download: HttpHandler = (request, response) => {
    request.resume();
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const path = (request.url ?? '/').replace(/\?.*$/, '');
    response.operation = 'Download';
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return end(response, 405, 'Method Not Allowed');
    const redirect = Object.entries(REDIRECTS).find(
      ([from]) => from.toLowerCase() === `${host}${path}`.toLowerCase(),
    );
    if (redirect) {
      response.setHeader('Location', redirect[1]);
      return end(response, 302, '');
    }
    const found = PACKAGES.find((one) => one.host === host && one.path === path);
    if (found) return sendFile(request, response, contentOf(found), 'application/octet-stream');
    if (host === DOWNLOAD && path === '/download/drylift/LatestComponents.json')
      return sendFile(request, response, latest(), 'application/json');
    return end(response, 404, 'Not Found');
  };

  const telemetry: HttpHandler = (request, response) => {
    response.operation = 'Track';
    let size = 0;
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      size += chunk.length;
      if (size <= TELEMETRY_BYTES_MAX) text += chunk;
    });
    request.once('end', () => {
      if (request.method !== 'POST' || !/^\/v2(?:\.1)?\/track\/?$/.test(request.url ?? ''))
        return end(response, 404, '');
      if (size > TELEMETRY_BYTES_MAX) return end(response, 413, '');
      // an array, or one item a line
      const count = text.trimStart().startsWith('[')
        ? arrayLength(text)
        : text.split('\n').filter((line) => line.trim() !== '').length;
      items += count;
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      end(response, 200, JSON.stringify({ itemsReceived: count, itemsAccepted: count, errors: [] }));
    });
    request.once('error', () => response.destroy());
  };

  const services = [
    { who: 'downloads', hosts: [DOWNLOAD, SHORT, MYSQL, MYSQL_CDN], handler: download },
    ...(telemetryHosts.length === 0 ? [] : [{ who: 'telemetry', hosts: telemetryHosts, handler: telemetry }]),
  ];
  const listeners: Listener[] = [];
  const stop = async (): Promise<void> => {
    for (const listener of listeners) await listener.close();
  };
  try {
    for (const { who, hosts, handler } of services)
      listeners.push(
        await serveHttp({
          transport: context.transport,
          at: hosts.map((host) => ({ host, port: HTTPS })),
          identity: await context.identityFor(hosts),
          clock: context.clock,
          handler,
          onExchange: exchangeObserver(context, `internet.${who}`),
        }),
      );
  } catch (error) {
    await stop();
    throw error;
  }
  const names = services.flatMap(({ hosts }) => hosts);
  return {
    knows: (host, port) => port === HTTPS && names.some((pattern) => matchesHost(pattern, host)),
    telemetryItems: () => items,
    stop,
  };
}

function end(response: HttpResponseOut, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/** Whole, or the one range asked for (RFC 9110, 14.2). */
function sendFile(request: IncomingMessage, response: HttpResponseOut, content: Buffer, type: string): void {
  const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Type', type);
  const asked = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(request.headers.range ?? '');
  let from = 0;
  let to = content.length;
  if (asked && (request.headers['if-range'] ?? etag) === etag && (asked[1] !== '' || asked[2] !== '')) {
    from = asked[1] === '' ? Math.max(0, content.length - Number(asked[2])) : Number(asked[1]);
    if (asked[1] !== '' && asked[2] !== '') to = Math.min(to, Number(asked[2]) + 1);
    if (from >= to) {
      response.setHeader('Content-Range', `bytes */${content.length}`);
      return end(response, 416, '');
    }
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${from}-${to - 1}/${content.length}`);
  }
  response.setHeader('Content-Length', to - from);
  if (request.method === 'HEAD') response.end();
  else response.end(content.subarray(from, to));
}

function arrayLength(text: string): number {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.length : 0;
  } catch {
    return 0;
  }
}
