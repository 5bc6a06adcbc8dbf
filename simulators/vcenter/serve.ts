/**
 * A vCenter for other people's clients: real TLS on a real port, at wall time or paced, over a workbook or a
 * generated estate. Guests keep writing: every hour of the story brings the churn of the hour.
 */
import type { Clock } from '#core/time/clock.ts';
import { HOUR } from '#core/units.ts';
import { applyChurn } from '../estate/churn.ts';
import { Estate } from '../estate/estate.ts';
import { guestsOf } from '../estate/guest/guests.ts';
import { openEstate } from '../estate/open-estate.ts';
import { serveControl } from '../kit/control.ts';
import { readFaultSpec } from '../kit/fault-spec.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import { createWallWorld } from '../kit/wall-world.ts';
import { ofOneHost } from './esx-estate.ts';
import { startVcenter } from './server.ts';
import type { User } from './sessions.ts';

export interface ServeVcenterOptions {
  /** RVTools workbook. */
  estate?: string;
  /** Or so many generated machines; 20. */
  machines?: number;
  /** What is served; a vCenter. */
  flavour?: 'vcenter' | 'esx';
  /** Secret of the control endpoint; there is none without it. */
  controlToken?: string;
  /** Faults, in the words of scenarios. */
  fault?: readonly string[];
  /** 0 for any free port; 8989, or 8990 for a host. */
  port?: number;
  user?: string;
  password?: string;
  /** Story seconds per real second; 1. */
  pace?: number;
  seed?: string;
  version?: '7.0.3' | '8.0.3';
}

const HOST = '127.0.0.1';
const DEFAULT_PORTS = { vcenter: 8989, esx: 8990 } as const;
const MACHINES = 20;
/** Larger estates are served without churn: every disk written to takes memory. */
const CHURNING_MACHINES_MAX = 500;

/**
 * Starts a vCenter, or with `flavour` one ESXi host, for clients outside.
 * @throws `estate.noFile`, `net.listen`, `fault.…`, errors of the workbook
 */
export async function serveVcenter(options: ServeVcenterOptions): Promise<ServeOutcome> {
  const { flavour = 'vcenter', password = 'drylift-1', pace = 1 } = options;
  const { user = flavour === 'esx' ? 'root' : 'administrator@vsphere.local' } = options;
  const read = openEstate(options, MACHINES);
  const facts = flavour === 'esx' ? ofOneHost(read) : read;
  const world = await createWallWorld({ name: 'drylift serve vcenter', seed: facts.seed, pace });
  const { clock, entropy } = world;
  const estate = new Estate(facts, { clock, entropy });
  const context = world.context('vcenter');
  const started: Array<() => Promise<void>> = [];
  try {
    const vcenter = await startVcenter({
      context,
      estate,
      at: { host: HOST, port: options.port ?? DEFAULT_PORTS[flavour] },
      names: [HOST, 'localhost'],
      users: usersOf(flavour, user, password),
      flavour,
      ...(options.version === undefined ? {} : { version: options.version }),
    });
    started.push(() => vcenter.stop());
    for (const [n, spec] of (options.fault ?? []).entries())
      context.faults.arm(readFaultSpec(spec, `fault-${n + 1}`, clock.wall()));
    const token = options.controlToken ?? '';
    const control =
      token === ''
        ? undefined
        : await serveControl({
            transport: world.context('control').transport,
            at: { host: HOST, port: 0 },
            identity: await context.identityFor([HOST, 'localhost']),
            clock,
            token,
            faults: context.faults,
            estate,
          });
    if (control) started.push(() => control.close());
    const guest = { user: 'drylift', password };
    guestsOf(estate).acceptEverywhere(guest.user, guest.password);
    const churn = facts.machines.length <= CHURNING_MACHINES_MAX ? churnHourly(estate, clock) : undefined;
    const address = `${HOST}:${vcenter.endpoint.port}`;
    const ca = { name: 'drylift-vcenter-ca.pem', content: world.authority };
    return {
      exports: {
        GOVC_URL: `https://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${address}/sdk`,
        VSPHERE_URL: `https://${address}/sdk`,
        VSPHERE_USER: user,
        VSPHERE_PASSWORD: password,
        GUEST_LOGIN: `${guest.user}:${guest.password}`,
        ...(control ? { CONTROL_URL: `https://${HOST}:${control.endpoint.port}`, CONTROL_TOKEN: token } : {}),
      },
      files: { GOVC_TLS_CA_CERTS: ca, VSPHERE_CA: ca },
      async stop() {
        churn?.cancel();
        for (const stop of started) await stop();
        await world.close();
      },
    };
  } catch (error) {
    for (const stop of started) await stop();
    await world.close();
    throw error;
  }
}

function usersOf(flavour: 'vcenter' | 'esx', user: string, password: string): User[] {
  const users: User[] = [{ name: user, password, role: 'administrator' }];
  if (flavour === 'esx') return users;
  return [
    ...users,
    { name: 'reader@vsphere.local', password, role: 'readOnly' },
    { name: 'discovery@vsphere.local', password, role: 'readOnlyGuest' },
  ];
}

/** At every full hour of the story the running guests have written what they write in an hour. */
function churnHourly(estate: Estate, clock: Clock): { cancel(): void } {
  let hour = Math.floor(clock.wall() / HOUR);
  let timer = clock.schedule((hour + 1) * HOUR, 'serve.churn', atFullHour);
  function atFullHour(): void {
    const now = Math.floor(clock.wall() / HOUR);
    for (const machine of estate.machines()) {
      if (estate.power(machine.id) !== 'on') continue;
      for (const { id } of machine.disks)
        applyChurn(estate.facts, machine, estate.disk(id), Math.max(hour, now - 24), now);
    }
    hour = now;
    timer = clock.schedule((hour + 1) * HOUR, 'serve.churn', atFullHour);
  }
  return { cancel: () => timer.cancel() };
}
