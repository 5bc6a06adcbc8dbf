/**
 * The named points at which a scenario may act on a Linux server, and what each can answer. Every subject begins with
 * the name of the server, so that a fault can be of one among many.
 */
import { DAY, MINUTE, type Millis } from '#core/units.ts';
import type { Fault, FaultPoint, FaultPoints } from '../../kit/fault-points.ts';

export const POINTS = {
  connect: 'linux.connect',
  logon: 'linux.logon',
  exec: 'linux.exec',
  sudo: 'linux.sudo',
  sftp: 'linux.sftp',
  disk: 'linux.disk',
  clock: 'linux.clock',
  hostKey: 'linux.hostKey',
  host: 'linux.host',
} as const;

/** How far the clock of the system is off while the fault lasts. */
export const CLOCK_ERRORS: Readonly<Record<string, Millis>> = {
  '+10min': 10 * MINUTE,
  '-10min': -10 * MINUTE,
  '+2d': 2 * DAY,
  '-2d': -2 * DAY,
};

export function linuxFaultPoints(): FaultPoint[] {
  return [
    {
      name: POINTS.connect,
      says: 'a connection to a Linux server: refused and reset cut it at once, silent takes it and says nothing, maxStartups drops it as a server with too many logins under way does; the subject is the server and who dials',
      answers: ['refused', 'reset', 'silent', 'maxStartups'],
    },
    {
      name: POINTS.logon,
      says: 'a logon that would succeed; locked and expired are of the account, nologin of a system that is going down; the subject is the server, the user and the method',
      answers: ['wrongPassword', 'locked', 'expired', 'nologin'],
    },
    {
      name: POINTS.exec,
      says: 'a command: hang is silent until the fault is over, reset cuts the connection in the midst of the answer, refused gives no session, killed ends it by signal 9; the subject is the server, the user and the command',
      answers: ['hang', 'reset', 'refused', 'killed'],
    },
    {
      name: POINTS.sudo,
      says: 'what sudo says of the account while a command runs; the subject is the server, the user and the command',
      answers: ['password', 'notAllowed', 'requiretty'],
    },
    {
      name: POINTS.sftp,
      says: 'the start of SFTP; the subject is the server and the user',
      answers: ['refused'],
    },
    {
      name: POINTS.disk,
      says: 'the volume of the system while a command runs or a file is sent; the subject is the server',
      answers: ['full'],
    },
    {
      name: POINTS.clock,
      says: 'the clock of the system while a command runs; the subject is the server',
      answers: Object.keys(CLOCK_ERRORS),
    },
    {
      name: POINTS.hostKey,
      says: 'the host key that the server shows; the subject is the server',
      answers: ['changed'],
    },
    {
      name: POINTS.host,
      says: 'a Linux server, from the fault on to its end: connections are cut and refused, then the system has just been started; the subject is the server',
      answers: ['rebooting'],
    },
  ];
}

/** Asks with the name of the server in front of each subject. */
export class ServerFaults {
  readonly #faults: FaultPoints;
  readonly #host: string;

  constructor(faults: FaultPoints, host: string) {
    this.#faults = faults;
    this.#host = host;
  }

  hit(point: string, ...subject: readonly string[]): Fault | undefined {
    if (this.#faults.armed().length === 0) return undefined;
    return this.#faults.hit(point, [this.#host, ...subject].join(' '));
  }

  /** Told of each fault that is armed at the point and may be this server's. */
  watch(point: string, watcher: (fault: Fault) => void): Disposable {
    return this.#faults.watch(point, (fault) => {
      if (fault.subject === undefined || this.#host.includes(fault.subject)) watcher(fault);
    });
  }
}
