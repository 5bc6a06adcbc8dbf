/**
 * A vCenter for other people's clients: real TLS on a real port, at wall time or paced, over a workbook or a
 * generated estate. Guests keep writing: every hour of the story brings the churn of the hour.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Entropy } from '#core/entropy/entropy.ts';
import { defineErrors } from '#core/errors.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import type { Clock } from '#core/time/clock.ts';
import { PacedClock, SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY, HOUR } from '#core/units.ts';
import { applyChurn } from '../estate/churn.ts';
import { Estate } from '../estate/estate.ts';
import { generateEstate } from '../estate/generate.ts';
import type { EstateFacts } from '../estate/model.ts';
import { importRvtools } from '../estate/rvtools.ts';
import { FaultPoints } from '../kit/fault-points.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import { startVcenter } from './server.ts';

export const errors = defineErrors({
  'serve.noEstateFile': {
    blame: 'input',
    why: 'The file with the estate cannot be read.',
    next: 'Check the path given to --estate.',
  },
});

export interface ServeVcenterOptions {
  /** RVTools workbook. */
  estate?: string;
  /** Or so many generated machines; 20. */
  machines?: number;
  /** 0 for any free port; 8989. */
  port?: number;
  user?: string;
  password?: string;
  /** Story seconds per real second; 1. */
  pace?: number;
  seed?: string;
  version?: '7.0.3' | '8.0.3';
}

const HOST = '127.0.0.1';
const DEFAULT_PORT = 8989;
/** Larger estates are served without churn: every disk written to takes memory. */
const CHURNING_MACHINES_MAX = 500;

/** Starts a vCenter for clients outside. @throws `serve.noEstateFile`, `net.listen`, errors of the workbook */
export async function serveVcenter(options: ServeVcenterOptions): Promise<ServeOutcome> {
  const { user = 'administrator@vsphere.local', password = 'drylift-1', pace = 1 } = options;
  const facts = estateFacts(options);
  const entropy = new Entropy(facts.seed);
  const now = new SystemClock().wall();
  const clock: Clock = pace === 1 ? new SystemClock() : new PacedClock({ start: now, pace });
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const recorder = { record() {} };
  const authority = await createAuthority('drylift', { from: now - DAY, to: now + 3650 * DAY });
  const estate = new Estate(facts, { clock, entropy });
  const vcenter = await startVcenter({
    context: {
      clock,
      entropy,
      transport: network.as('vcenter'),
      recorder,
      counters: new Counters(),
      faults: new FaultPoints({ clock, recorder }),
      isTraced: false,
      identityFor: (names) => authority.issue(names),
    },
    estate,
    at: { host: HOST, port: options.port ?? DEFAULT_PORT },
    names: [HOST, 'localhost'],
    users: [
      { name: user, password, role: 'administrator' },
      { name: 'reader@vsphere.local', password, role: 'readOnly' },
    ],
    ...(options.version === undefined ? {} : { version: options.version }),
  });
  const churn = facts.machines.length <= CHURNING_MACHINES_MAX ? churnHourly(estate, clock) : undefined;
  const address = `${HOST}:${vcenter.endpoint.port}`;
  const ca = { name: 'drylift-vcenter-ca.pem', content: `${authority.certificatePem}\n` };
  return {
    exports: {
      GOVC_URL: `https://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${address}/sdk`,
      VSPHERE_URL: `https://${address}/sdk`,
      VSPHERE_USER: user,
      VSPHERE_PASSWORD: password,
    },
    files: { GOVC_TLS_CA_CERTS: ca, VSPHERE_CA: ca },
    async stop() {
      churn?.cancel();
      await vcenter.stop();
      await network.close();
    },
  };
}

/** @throws `serve.noEstateFile`, errors of the workbook */
function estateFacts({ estate, machines = 20, seed = 'serve' }: ServeVcenterOptions): EstateFacts {
  if (estate === undefined) return generateEstate({ seed, machines });
  let file: Buffer;
  try {
    file = readFileSync(estate);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw errors.make('serve.noEstateFile', { what: `Cannot read ${estate} (${code}).`, cause });
  }
  return importRvtools(file, { fileName: basename(estate), seed });
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
