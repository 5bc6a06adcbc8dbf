/** `drylift serve linux`: one Linux server of an estate for other people's SSH clients. */
import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';
import { defineErrors } from '#core/errors.ts';
import { Estate } from '../../estate/estate.ts';
import { guestsOf } from '../../estate/guest/guests.ts';
import { type EstateChoice, openEstate } from '../../estate/open-estate.ts';
import { serveControl } from '../../kit/control.ts';
import { readFaultSpec } from '../../kit/fault-spec.ts';
import type { ServeOutcome } from '../../kit/serve.ts';
import { createWallWorld } from '../../kit/wall-world.ts';
import { opensshKeyFrom } from './openssh-key.ts';
import { startSshServer } from './ssh-server.ts';

export const errors = defineErrors({
  'serve.noLinux': {
    blame: 'input',
    why: 'A running Linux server is needed, and the estate has none.',
    next: 'Give a workbook with one, more --machines, or another --seed.',
  },
});

export interface ServeLinuxOptions extends EstateChoice {
  /** 0 for any free one; 2222. */
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** Story seconds per real second; 1. */
  readonly pace?: number;
  /** Faults, in the words of scenarios. */
  readonly fault?: readonly string[];
  /** Secret of the control endpoint; there is none without it. */
  readonly controlToken?: string;
}

const HOST = '127.0.0.1';
const DEFAULT_PORT = 2222;
const MACHINES = 20;

/** Serves the server with most disks. @throws `serve.noLinux`, `estate.noFile`, `net.listen` */
export async function serveLinux(options: ServeLinuxOptions): Promise<ServeOutcome> {
  const { seed = 'serve', pace = 1, port = DEFAULT_PORT, user = 'migrate', password = 'drylift-1' } = options;
  const { controlToken = '' } = options;
  const facts = openEstate(options, MACHINES);
  const world = await createWallWorld({ name: 'drylift serve linux', seed, pace });
  const { clock, entropy } = world;
  const estate = new Estate(facts, { clock, entropy });
  const guests = guestsOf(estate);
  guests.acceptEverywhere(user, password);
  const [machine] = estate
    .machines()
    .filter(({ id, template, os }) => !template && os.family === 'linux' && estate.power(id) === 'on')
    .sort((a, b) => b.disks.length - a.disks.length);
  try {
    if (!machine)
      throw errors.make('serve.noLinux', { what: 'No machine of the estate is a running Linux server.' });
    const { privatePem, publicLine } = clientKey();
    const context = world.context('linux');
    const server = await startSshServer({
      context,
      guest: guests.guest(machine.id)!,
      at: { host: HOST, port },
      authorizedKeys: new Map([[user, [publicLine]]]),
    });
    for (const [n, spec] of (options.fault ?? []).entries())
      context.faults.arm(readFaultSpec(spec, `fault-${n + 1}`, clock.wall()));
    const control =
      controlToken === ''
        ? undefined
        : await serveControl({
            transport: world.context('control').transport,
            at: { host: HOST, port: 0 },
            identity: await context.identityFor([HOST, 'localhost']),
            clock,
            token: controlToken,
            faults: context.faults,
            estate,
          });
    return {
      exports: {
        SSH_HOST: HOST,
        SSH_PORT: String(server.endpoint.port),
        SSH_USER: user,
        SSH_PASS: password,
        ...(control
          ? { CONTROL_URL: `https://${HOST}:${control.endpoint.port}`, CONTROL_TOKEN: controlToken }
          : {}),
      },
      files: {
        SSH_KEY: { name: 'drylift-ssh-key', content: privatePem },
        ...(control ? { CONTROL_CA: { name: 'drylift-control-ca.pem', content: world.authority } } : {}),
      },
      async stop() {
        await control?.close();
        await server.stop();
        await world.close();
      },
    };
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** A key for the client, new each time: whoever has it may log in. */
function clientKey(): { privatePem: string; publicLine: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const privatePem = opensshKeyFrom(der.subarray(der.length - 32));
  const parsed = ssh2.utils.parseKey(privatePem);
  if (parsed instanceof Error) throw parsed;
  return { privatePem, publicLine: `ssh-ed25519 ${parsed.getPublicSSH().toString('base64')}` };
}
