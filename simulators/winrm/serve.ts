/** What every served Windows host has in common: two listeners, one administrator, and what clients need to know. */
import type { Estate } from '../estate/estate.ts';
import { serveControl } from '../kit/control.ts';
import { readFaultSpec } from '../kit/fault-spec.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import type { WallWorld } from '../kit/wall-world.ts';
import type { WindowsAccount } from './accounts.ts';
import type { ServiceSettings } from './authentication/http-authentication.ts';
import { startWinrm, type WinrmHost } from './server.ts';

export interface WinrmServeFlags {
  /** Of HTTP; HTTPS has the next one. 0 for any free ones; 5985. */
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** Offers Basic, which Windows does not by default. */
  readonly basic?: boolean;
  /** Takes plain text over HTTP, which Windows does not by default. */
  readonly allowUnencrypted?: boolean;
  /** Takes a certificate in place of the password, and makes one for the account. */
  readonly certificate?: boolean;
  /** Faults, in the words of scenarios. */
  readonly fault?: readonly string[];
  /** Secret of the control endpoint; there is none without it. */
  readonly controlToken?: string;
}

const HOST = '127.0.0.1';
const NAMES = [HOST, 'localhost'];
const HTTP_PORT = 5985;

/**
 * Starts listening; closes the world when that fails.
 * @param estate what the control endpoint switches machines of
 * @param make the hosts: the first one at the port, each other one two ports behind the one before
 * @throws `net.listen`, `fault.…`
 */
export async function serveWinrm(
  world: WallWorld,
  flags: WinrmServeFlags,
  estate: Estate,
  make: (given: { account: WindowsAccount; settings: ServiceSettings }) => readonly WinrmHost[],
): Promise<ServeOutcome> {
  const { port = HTTP_PORT, user = 'Administrator', password = 'drylift-1', controlToken = '' } = flags;
  const started: Array<() => Promise<void>> = [];
  const stop = async (): Promise<void> => {
    for (const each of started) await each();
    await world.close();
  };
  try {
    const context = world.context('windows');
    const account = { name: user, password, groups: ['Administrators'] };
    const principal = `${user}@localhost`;
    const certificate = flags.certificate ? await world.issueForClient(principal) : undefined;
    const settings = {
      basic: flags.basic ?? false,
      allowUnencrypted: flags.allowUnencrypted ?? false,
      certificate: flags.certificate ?? false,
    };
    const ports: Record<string, string> = {};
    const hosts = make({ account, settings });
    for (const [i, host] of hosts.entries()) {
      const server = await startWinrm({
        context,
        who: 'winrm',
        host: {
          ...host,
          certificateMappings: [{ subject: principal, issuerPem: world.authority, account }],
        },
        http: { host: HOST, port: port === 0 ? 0 : port + 2 * i },
        https: { host: HOST, port: port === 0 ? 0 : port + 2 * i + 1 },
        certificateNames: NAMES,
      });
      started.push(() => server.stop());
      const suffix = i === 0 ? '' : `_${i + 1}`;
      ports[`WINRM_PORT${suffix}`] = String(server.http!.port);
      ports[`WINRM_HTTPS_PORT${suffix}`] = String(server.https!.port);
      if (hosts.length > 1) ports[`WINRM_NODE${suffix}`] = host.names.computer;
    }
    for (const [n, spec] of (flags.fault ?? []).entries())
      context.faults.arm(readFaultSpec(spec, `fault-${n + 1}`, world.clock.wall()));
    const control =
      controlToken === ''
        ? undefined
        : await serveControl({
            transport: world.context('control').transport,
            at: { host: HOST, port: 0 },
            identity: await context.identityFor(NAMES),
            clock: world.clock,
            token: controlToken,
            faults: context.faults,
            estate,
          });
    if (control) started.push(() => control.close());
    return {
      exports: {
        WINRM_HOST: HOST,
        ...ports,
        WINRM_USER: user,
        WINRM_PASS: password,
        ...(control
          ? { CONTROL_URL: `https://${HOST}:${control.endpoint.port}`, CONTROL_TOKEN: controlToken }
          : {}),
      },
      files: {
        WINRM_CA: { name: 'drylift-winrm-ca.pem', content: world.authority },
        ...(certificate
          ? {
              WINRM_CERT: { name: 'drylift-winrm-client.pem', content: certificate.certificatePem },
              WINRM_CERT_KEY: { name: 'drylift-winrm-client-key.pem', content: certificate.privateKeyPem },
            }
          : {}),
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
