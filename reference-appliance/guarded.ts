/**
 * What an appliance holds of the world outside, so that all of it can be taken away at once. After `cut`, no timer of
 * the appliance fires, no connection of it is open or can be made: nothing that still runs in a crashed appliance can
 * be seen by anybody.
 */
import type { Duplex } from 'node:stream';
import type { Transport } from '#core/net/transport.ts';
import type { Clock, Timer } from '#core/time/clock.ts';

export interface Guarded {
  readonly clock: Clock;
  readonly transport: Transport;
  cut(): void;
}

export function guarded(clock: Clock, transport: Transport): Guarded {
  const timers = new Set<Timer>();
  const connections = new Set<Duplex>();
  let isCut = false;

  const refuse = (): void => {
    if (isCut) throw new Error('the appliance has crashed');
  };

  return {
    clock: {
      monotonic: () => clock.monotonic(),
      wall: () => clock.wall(),
      schedule(at, label, fn) {
        if (isCut) return { cancel() {} };
        const inner = clock.schedule(at, label, () => {
          timers.delete(timer);
          fn();
        });
        const timer: Timer = {
          cancel() {
            timers.delete(timer);
            inner.cancel();
          },
        };
        timers.add(timer);
        return timer;
      },
    },
    transport: {
      tier: transport.tier,
      node: transport.node,
      async dial(to, signal) {
        refuse();
        const connection = await transport.dial(to, signal);
        if (isCut) {
          connection.destroy();
          refuse();
        }
        connections.add(connection);
        connection.once('close', () => connections.delete(connection));
        return connection;
      },
      listen: (at, onConnection) => transport.listen(at, onConnection),
      secureClient: (raw, options, signal) => transport.secureClient(raw, options, signal),
      secureServer: (raw, identity) => transport.secureServer(raw, identity),
    },
    cut() {
      isCut = true;
      for (const timer of timers) timer.cancel();
      for (const connection of connections) {
        connection.on('error', () => {}); // its owners are gone
        connection.destroy();
      }
      timers.clear();
      connections.clear();
    },
  };
}
