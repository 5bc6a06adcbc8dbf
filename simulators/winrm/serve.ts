/** What every served Windows host has in common: two listeners, one administrator, and what clients need to know. */
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
}

const HOST = '127.0.0.1';
const HTTP_PORT = 5985;

/** Starts listening; closes the world when that fails. @throws `net.listen` */
export async function serveWinrm(
  world: WallWorld,
  flags: WinrmServeFlags,
  make: (given: { account: WindowsAccount; settings: ServiceSettings }) => WinrmHost,
): Promise<ServeOutcome> {
  const { port = HTTP_PORT, user = 'Administrator', password = 'drylift-1' } = flags;
  try {
    const server = await startWinrm({
      context: world.context('windows'),
      who: 'winrm',
      host: make({
        account: { name: user, password, groups: ['Administrators'] },
        settings: { basic: flags.basic ?? false, allowUnencrypted: flags.allowUnencrypted ?? false },
      }),
      http: { host: HOST, port },
      https: { host: HOST, port: port === 0 ? 0 : port + 1 },
      certificateNames: [HOST, 'localhost'],
    });
    return {
      exports: {
        WINRM_HOST: HOST,
        WINRM_PORT: String(server.http!.port),
        WINRM_HTTPS_PORT: String(server.https!.port),
        WINRM_USER: user,
        WINRM_PASS: password,
      },
      files: { WINRM_CA: { name: 'drylift-winrm-ca.pem', content: world.authority } },
      async stop() {
        await server.stop();
        await world.close();
      },
    };
  } catch (error) {
    await world.close();
    throw error;
  }
}
