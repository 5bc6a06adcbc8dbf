/** One Linux server over SSH with ssh2's client, in memory, for tests. */
import ssh2 from 'ssh2';
import { tierWorld } from '#core/testing/tier-world.ts';
import { sleep } from '#core/time/clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { HOUR } from '#core/units.ts';
import { Estate } from '../../../estate/estate.ts';
import { generateServers } from '../../../estate/generate-sites.ts';
import type { Guest } from '../../../estate/guest/guest.ts';
import { guestsOf } from '../../../estate/guest/guests.ts';
import { FaultPoints } from '../../../kit/fault-points.ts';
import { type SshdSettings, startSshServer } from '../ssh-server.ts';

const HOST = 'server.example';

export interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

export interface Stage {
  readonly guest: Guest;
  readonly faults: FaultPoints;
  readonly now: () => number;
  later(ms: number): Promise<void>;
  connect(options?: Partial<ssh2.ConnectConfig>): Promise<ssh2.Client>;
  exec(client: ssh2.Client, command: string, options?: { stdin?: string; pty?: boolean }): Promise<Ran>;
  /** Connects as root, runs, goes. */
  run(command: string): Promise<Ran>;
  fault(at: string, answer: string, forMs?: number, subject?: string): void;
}

/** @param system which of the servers: part of its operating system's name */
export async function staged(
  story: (stage: Stage) => Promise<void>,
  { system = 'Ubuntu 20', settings = {} }: { system?: string; settings?: Partial<SshdSettings> } = {},
): Promise<void> {
  const tier = await tierWorld('memory', 'ssh');
  const { clock, entropy } = tier;
  const estate = new Estate(generateServers('ssh', { windows: 0, linux: 20 }), { clock, entropy });
  const machine = estate.machines().find(({ os }) => os.fullName.includes(system))!;
  const guest = guestsOf(estate).guest(machine.id)!;
  const recorder = { record() {} };
  const faults = new FaultPoints({ clock, recorder });
  const server = await startSshServer({
    context: {
      clock,
      entropy,
      transport: tier.network.as('server'),
      recorder,
      counters: new Counters(),
      faults,
      identityFor: (names) => tier.authority.issue(names),
    },
    guest,
    at: { host: HOST, port: 22 },
    settings,
  });
  const password = guest.accounts().find(({ user }) => user === 'root')!.password;
  let count = 0;
  const stage: Stage = {
    guest,
    faults,
    now: () => clock.wall(),
    later: (ms) => sleep(clock, ms, 'test'),
    async connect(options = {}) {
      const sock = await tier.network.as('client').dial({ host: HOST, port: 22 });
      const client = new ssh2.Client();
      return new Promise((resolve, reject) => {
        client.on('error', reject);
        client.on('close', () => reject(new Error('closed')));
        client.on('ready', () => resolve(client));
        client.connect({ sock: sock as never, username: 'root', password, ...options });
      });
    },
    exec: (client, command, { stdin = '', pty = false } = {}) =>
      new Promise((resolve, reject) => {
        client.exec(command, { pty }, (error, channel) => {
          if (error) return reject(error);
          let [out, err] = ['', ''];
          let code: number | undefined;
          let signal: string | undefined;
          channel.on('data', (chunk: Buffer) => {
            out += chunk.toString();
          });
          channel.stderr.on('data', (chunk: Buffer) => {
            err += chunk.toString();
          });
          channel.on('exit', (status: number | null, name?: string) => {
            code = status ?? undefined;
            signal = name;
          });
          channel.on('close', () => resolve({ out, err, code, signal }));
          channel.end(stdin);
        });
      }),
    async run(command) {
      const client = await stage.connect();
      try {
        return await stage.exec(client, command);
      } finally {
        client.end();
      }
    },
    fault: (at, answer, forMs = HOUR, subject) =>
      void faults.arm({
        id: `f${++count}`,
        at,
        answer,
        from: clock.wall(),
        until: clock.wall() + forMs,
        times: 100,
        ...(subject === undefined ? {} : { subject }),
      }),
  };
  try {
    await clock.run(story(stage));
  } finally {
    await server.stop();
    await tier[Symbol.asyncDispose]();
  }
}

export const accountOf = ({ guest }: Stage, id: string) => {
  const { user, password } = guest.accounts().find((account) => account.id === id)!;
  return { username: user, password };
};
