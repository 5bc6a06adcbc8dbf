/**
 * Time of the story as time.windows.com and time.nist.gov give it: SNTP over UDP (RFC 4330, 5905). The answer is
 * a pure function of request and instant; UDP itself there is at wall time only, where real clients are.
 */
import { createSocket } from 'node:dgram';
import { defineErrors } from '#core/errors.ts';
import type { Endpoint } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import { SECOND, type UnixMillis } from '#core/units.ts';

export const errors = defineErrors({
  'ntp.listen': {
    blame: 'prepare',
    retry: 'after-change',
    why: 'The operating system did not let this process take the UDP port for time.',
    next: 'Stop the other process, or leave the choice of the port to the system (0).',
  },
});

const PACKET_BYTES = 48;
/** Seconds from 1900 to 1970. */
const ERA_SECONDS = 2_208_988_800;
const CLIENT = 3;
const SERVER = 4;
const STRATUM = 1;
/** What a clock gives that is right to a millisecond. */
const PRECISION = -10;

/** @returns undefined for what no client sends: such packets are not answered */
export function answerSntp(request: Uint8Array, now: UnixMillis): Buffer | undefined {
  if (request.length < PACKET_BYTES) return undefined;
  const version = (request[0]! >> 3) & 7;
  if ((request[0]! & 7) !== CLIENT || version < 1 || version > 4) return undefined;
  const answer = Buffer.alloc(PACKET_BYTES);
  answer[0] = (version << 3) | SERVER;
  answer[1] = STRATUM;
  answer[2] = request[2]!;
  answer.writeInt8(PRECISION, 3);
  answer.write('GPS', 12, 'latin1');
  writeTime(answer, 16, now);
  // what the client called its own time comes back untouched
  answer.set(request.subarray(40, 48), 24);
  writeTime(answer, 32, now);
  writeTime(answer, 40, now);
  return answer;
}

/** Seconds since 1900 and their fraction, 32 bits each; the seconds begin anew in 2036. */
function writeTime(packet: Buffer, at: number, now: UnixMillis): void {
  const whole = Math.floor(now / SECOND);
  packet.writeUInt32BE((whole + ERA_SECONDS) % 2 ** 32, at);
  packet.writeUInt32BE(Math.floor(((now - whole * SECOND) / SECOND) * 2 ** 32), at + 4);
}

export interface NtpServer {
  readonly endpoint: Endpoint;
  stop(): Promise<void>;
}

/** Answers on 127.0.0.1. @param port 0 for any free one. @throws `ntp.listen` */
export async function serveNtp({ clock, port }: { clock: Clock; port: number }): Promise<NtpServer> {
  const socket = createSocket('udp4');
  socket.on('message', (request, { address, port: from }) => {
    const answer = answerSntp(request, clock.wall());
    if (answer) socket.send(answer, from, address);
  });
  const host = '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (cause: NodeJS.ErrnoException) =>
      reject(errors.make('ntp.listen', { what: `Cannot take UDP ${host}:${port} (${cause.code}).`, cause })),
    );
    socket.bind(port, host, resolve);
  });
  socket.on('error', () => {}); // a client that is gone is no fault of the clock
  return {
    endpoint: { host, port: socket.address().port },
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
