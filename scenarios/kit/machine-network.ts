/** The network as seen from inside a machine: what listens there is there while the machine is on. */
import type { Duplex } from 'node:stream';
import type { Endpoint, Transport } from '#core/net/transport.ts';

type Accept = (raw: Duplex, from: string) => void;

export interface MachineNetwork {
  readonly transport: Transport;
  /** Cuts every connection, as a machine that stops does. */
  cut(): void;
  /** A connection that came by another way, to whatever listens on the port here. */
  accept(port: number, raw: Duplex, from: string): void;
}

export function machineNetwork(transport: Transport, isOn: () => boolean): MachineNetwork {
  const open = new Set<Duplex>();
  const accepting = new Map<number, Accept>();
  const take =
    (accept: Accept): Accept =>
    (raw, from) => {
      if (!isOn()) return void raw.destroy();
      open.add(raw);
      raw.once('close', () => open.delete(raw));
      accept(raw, from);
    };
  return {
    transport: {
      ...transport,
      listen(at: Endpoint | readonly Endpoint[], onConnection) {
        const accept = take(onConnection);
        for (const { port } of [at].flat() as Endpoint[]) accepting.set(port, accept);
        return transport.listen(at, accept);
      },
    },
    cut() {
      for (const raw of open) raw.destroy();
    },
    accept(port, raw, from) {
      const accept = accepting.get(port);
      if (accept) accept(raw, from);
      else raw.destroy();
    },
  };
}
