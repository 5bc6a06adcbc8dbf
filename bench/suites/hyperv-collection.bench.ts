/**
 * Collection of a whole appliance's Hyper-V: 5,000 machines on 50 hosts, every thirty-second sample by projected queries
 * of the performance classes, over real sockets from another process, signed in by NTLM, every byte under TLS or sealed.
 * The figure is virtual seconds per real second: how many times faster than life samples of all machines can be taken, one
 * round after the other. CPU of both sides apart; and what one look at the inventory takes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LiveSource } from '#appliance/app/ports.ts';
import type { SourceMachine } from '#appliance/app/source-machines.ts';
import { createLog } from '#appliance/log.ts';
import { hypervSource } from '#appliance/sources/hyperv/hyperv-source.ts';
import { Logins } from '#appliance/sources/winrm/logins.ts';
import { Entropy } from '#core/entropy/entropy.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import type { BenchSuite, Figure } from '../suite.ts';

const MACHINES = 5_000;
const HOSTS = 50;
const ROUNDS_BEFORE = 5;
const ROUNDS = 20;

interface Ready {
  readonly ports: ReadonlyArray<{ readonly http: number; readonly https: number }>;
  readonly trust: string;
}

const signal = new AbortController().signal;
const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const sinceMs = (began: bigint): number => Number(process.hrtime.bigint() - began) / 1e6;

export const suite: BenchSuite = {
  name: 'hyperv-collection',
  benches: () => [],
  async *figures() {
    const path = fileURLToPath(new URL('./served-hyperv.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', path, String(MACHINES), String(HOSTS)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    try {
      const [ready] = (await once(child, 'message')) as [Ready];
      const clients = { tls: clientsOf(ready, true), sealed: clientsOf(ready, false) };
      const began = process.hrtime.bigint();
      const looks = await Promise.all(clients.tls.map((source) => source.changes(0, signal)));
      yield {
        name: `first inventory of ${MACHINES} machines on ${HOSTS} hosts, all hosts at a time`,
        value: sinceMs(began) / 1000,
        unit: 's',
      };
      const machines = looks.map((look) => look.machines);
      yield* collection(child, clients.tls, machines, 'TLS');
      yield* collection(child, clients.sealed, machines, 'sealed by NTLM');
      for (const source of [...clients.tls, ...clients.sealed]) await source.close();
    } finally {
      child.kill();
    }
  },
};

function clientsOf({ ports, trust }: Ready, https: boolean): LiveSource[] {
  const clock = new SystemClock();
  const logins = new Logins(clock);
  return ports.map((port) =>
    hypervSource({
      host: '127.0.0.1',
      port: https ? port.https : port.http,
      type: 'host',
      https,
      tls: { trust: [trust] },
      credentials: [{ name: 'bench', user: 'bench', password: 'bench' }],
      logins,
      machines: { runScript: () => Promise.reject(new Error('no guests here')) },
      transport: new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) }).as('appliance'),
      clock,
      entropy: new Entropy('bench'),
      counters: new Counters(),
      log: createLog({ clock, level: 'silent', write: () => {} }),
    }),
  );
}

async function* collection(
  child: ChildProcess,
  sources: readonly LiveSource[],
  machines: ReadonlyArray<readonly SourceMachine[]>,
  how: string,
): AsyncIterable<Figure> {
  const hostsCpuMs = async (): Promise<number> => {
    child.send('cpu');
    const [{ cpuMs }] = (await once(child, 'message')) as [{ cpuMs: number }];
    return cpuMs;
  };
  let values = 0;
  const count = (): void => {
    values++;
  };
  const round = (): Promise<unknown> =>
    Promise.all(sources.map((source, i) => source.sample(machines[i]!, count, signal)));
  for (let i = 0; i < ROUNDS_BEFORE; i++) await round();
  values = 0;
  const cpuBefore = [ownCpuMs(), await hostsCpuMs()] as const;
  const began = process.hrtime.bigint();
  for (let i = 0; i < ROUNDS; i++) await round();
  const realMs = sinceMs(began);
  const cpu = [ownCpuMs() - cpuBefore[0], (await hostsCpuMs()) - cpuBefore[1]] as const;
  yield {
    name: `samples of ${MACHINES} machines on ${HOSTS} hosts, ${how}`,
    value: (ROUNDS * sources[0]!.sampleMs) / realMs,
    unit: 'virtual s/s',
    wanted: '≥ 60',
  };
  yield { name: `values of one such sample, ${how}`, value: values / ROUNDS, unit: 'values' };
  yield { name: `CPU of the appliance for one sample, ${how}`, value: cpu[0] / ROUNDS, unit: 'ms' };
  yield { name: `CPU of the hosts for one sample, ${how}`, value: cpu[1] / ROUNDS, unit: 'ms' };
}
