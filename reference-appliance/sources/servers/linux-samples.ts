/** One sample of a Linux server: what is now, and what its counters grew by since the sample before. */
import type { LiveSink } from '../../app/ports.ts';
import type { ServerMachine } from '../../app/source-machines.ts';
import type { LinuxCounters } from './linux-reader.ts';
import type { Rates } from './rates.ts';
import { identifier } from './windows-reader.ts';

const HUNDREDTHS = 10_000;

/** @param at seconds of the appliance's own clock */
export function tellLinux(
  machine: ServerMachine,
  counters: LinuxCounters,
  rates: Rates,
  at: number,
  sink: LiveSink,
): void {
  const { handle } = machine;
  if (counters.memory !== undefined) sink(handle, 'mem.usage', '', Math.round(counters.memory * HUNDREDTHS));
  const since = rates.since(machine.instanceUuid, {
    uptime: counters.uptime,
    at,
    counters: flat(counters),
  });
  if (!since) return;
  const { seconds, grown } = since;
  const total = grown.get('cpu total');
  const busy = grown.get('cpu busy');
  if (total && busy !== undefined)
    sink(handle, 'cpu.usage', '', Math.min(HUNDREDTHS, Math.round((busy / total) * HUNDREDTHS)));
  const tell = (counter: Parameters<LiveSink>[1], instance: string, name: string): void => {
    const by = grown.get(name);
    if (by !== undefined) sink(handle, counter, instance, Math.round(by / seconds));
  };
  for (const { diskId, instance } of machine.disks) {
    const name = diskId.replace(/^\/dev\//, '');
    tell('disk.readBytes', instance, `readBytes ${name}`);
    tell('disk.writeBytes', instance, `writeBytes ${name}`);
    tell('disk.reads', instance, `reads ${name}`);
    tell('disk.writes', instance, `writes ${name}`);
  }
  for (const name of counters.nics.keys()) {
    const nic = machine.nics.find(({ id }) => id === identifier(name));
    if (!nic) continue;
    tell('net.receivedBytes', nic.id, `received ${name}`);
    tell('net.sentBytes', nic.id, `sent ${name}`);
  }
}

function flat({ cpu, disks, nics }: LinuxCounters): Map<string, number> {
  const all = new Map<string, number>();
  if (cpu) all.set('cpu total', cpu.total).set('cpu busy', cpu.busy);
  for (const [name, { reads, writes, readBytes, writeBytes }] of disks)
    all
      .set(`reads ${name}`, reads)
      .set(`writes ${name}`, writes)
      .set(`readBytes ${name}`, readBytes)
      .set(`writeBytes ${name}`, writeBytes);
  for (const [name, { received, sent }] of nics)
    all.set(`received ${name}`, received).set(`sent ${name}`, sent);
  return all;
}
