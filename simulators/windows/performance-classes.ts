/** What the server's performance counters say, formatted and raw, from the same curves that every other view shows. */
import { SECOND } from '#core/units.ts';
import { memoryOf } from '../estate/guest/load.ts';
import { adapterName } from '../estate/guest/windows-devices.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import {
  type CounterReader,
  fileTime,
  type MachineReader,
  performanceClasses,
  type Row,
} from './counter-reader.ts';
import type { WindowsServer } from './windows-server.ts';

export function performanceOf(server: WindowsServer): ClassSource[] {
  const { guest, clock } = server;
  const object = (name: string, rows: (reader: CounterReader) => Iterable<Row>): ClassSource[] =>
    performanceClasses({ clock, bootedAt: () => guest.bootedAt() }, name, rows);
  return [
    ...object('PerfOS_Processor', (reader) => processors(server, reader)),
    ...object('PerfOS_Memory', (reader) => [memory(server, reader)]),
    ...object('PerfOS_System', (reader) => [system(server, reader)]),
    ...object('PerfDisk_PhysicalDisk', (reader) => physicalDisks(server, reader)),
    ...object('PerfDisk_LogicalDisk', (reader) => logicalDisks(server, reader)),
    ...object('Tcpip_NetworkInterface', (reader) => interfaces(server, reader)),
  ];
}

function machineOf({ guest }: WindowsServer, reader: CounterReader): MachineReader {
  return reader.of(guest.facts, guest.machine, {
    since: guest.bootedAt(),
    storyBegan: guest.storyStart,
  });
}

function* processors(server: WindowsServer, reader: CounterReader): Iterable<Row> {
  const machine = machineOf(server, reader);
  const idle = machine.rest('cpu.usage');
  const busy = machine.time('cpu.usage');
  const user = machine.time('cpu.usage', 0.7);
  const values = {
    ...reader.stamps,
    // the raw counter behind this one counts idle time
    PercentProcessorTime: reader.raw ? idle : busy,
    PercentIdleTime: idle,
    PercentUserTime: user,
    PercentPrivilegedTime: reader.raw ? BigInt(busy) - BigInt(user) : Number(busy) - Number(user),
    PercentInterruptTime: 0,
    PercentDPCTime: 0,
  };
  for (let core = 0; core < server.guest.machine.cores; core++) yield { Name: String(core), ...values };
  yield { Name: '_Total', ...values };
}

function memory({ guest }: WindowsServer, { raw, stamps, at }: CounterReader): Row {
  const { totalKb, usedKb } = memoryOf(guest, at);
  const free = BigInt(totalKb - usedKb);
  return {
    Name: '',
    ...stamps,
    AvailableBytes: free * 1024n,
    AvailableKBytes: free,
    AvailableMBytes: free / 1024n,
    CommittedBytes: BigInt(usedKb) * 1024n,
    CommitLimit: BigInt(totalKb) * 1024n,
    ...(raw
      ? { PercentCommittedBytesInUse: usedKb, PercentCommittedBytesInUse_Base: totalKb }
      : { PercentCommittedBytesInUse: Math.round((usedKb / totalKb) * 100) }),
  };
}

function system({ guest }: WindowsServer, { raw, stamps, at }: CounterReader): Row {
  const bootedAt = guest.bootedAt();
  const processes = guest.processes(at).length;
  return {
    Name: '',
    ...stamps,
    Processes: processes,
    Threads: processes * 8,
    ProcessorQueueLength: 0,
    // raw: when it began
    SystemUpTime: raw ? fileTime(bootedAt) : Math.max(0, Math.floor((at - bootedAt) / SECOND)),
  };
}

interface DiskUse {
  reads: number;
  writes: number;
  readBytes: bigint;
  writeBytes: bigint;
}

function diskUse(machine: MachineReader, index: number): DiskUse {
  return {
    reads: machine.count('virtualDisk.numberReadAveraged', index),
    writes: machine.count('virtualDisk.numberWriteAveraged', index),
    readBytes: machine.bytes('virtualDisk.read', index),
    writeBytes: machine.bytes('virtualDisk.write', index),
  };
}

function diskRow(
  name: string,
  { reads, writes, readBytes, writeBytes }: DiskUse,
  { stamps }: CounterReader,
): Row {
  return {
    Name: name,
    ...stamps,
    DiskReadsPersec: reads % 2 ** 32,
    DiskWritesPersec: writes % 2 ** 32,
    DiskTransfersPersec: (reads + writes) % 2 ** 32,
    DiskReadBytesPersec: readBytes,
    DiskWriteBytesPersec: writeBytes,
    DiskBytesPersec: readBytes + writeBytes,
  };
}

function* physicalDisks(server: WindowsServer, reader: CounterReader): Iterable<Row> {
  const machine = machineOf(server, reader);
  const total: DiskUse = { reads: 0, writes: 0, readBytes: 0n, writeBytes: 0n };
  for (const { index, volumes } of server.guest.disks()) {
    const use = diskUse(machine, index);
    total.reads += use.reads;
    total.writes += use.writes;
    total.readBytes += use.readBytes;
    total.writeBytes += use.writeBytes;
    const name = [index, ...volumes.map((volume) => volume.name)].join(' ');
    yield { ...diskRow(name, use, reader), CurrentDiskQueueLength: 0 };
  }
  yield { ...diskRow('_Total', total, reader), CurrentDiskQueueLength: 0 };
}

/** Each disk holds one volume with a letter, so that a volume's use is its disk's. */
function* logicalDisks(server: WindowsServer, reader: CounterReader): Iterable<Row> {
  const machine = machineOf(server, reader);
  for (const { index, volumes } of server.guest.disks())
    for (const volume of volumes) {
      const [free, whole] = [volume.sizeBytes - volume.usedBytes, volume.sizeBytes].map((bytes) =>
        Math.floor(bytes / 2 ** 20),
      ) as [number, number];
      yield {
        ...diskRow(volume.name, diskUse(machine, index), reader),
        FreeMegabytes: free,
        ...(reader.raw
          ? { PercentFreeSpace: free, PercentFreeSpace_Base: whole }
          : { PercentFreeSpace: Math.round((free / Math.max(1, whole)) * 100) }),
      };
    }
}

/** Characters that cannot stand in a counter's instance. */
const INSTANCE: Readonly<Record<string, string>> = { '(': '[', ')': ']', '#': '_', '/': '_', '\\': '_' };

function* interfaces(server: WindowsServer, reader: CounterReader): Iterable<Row> {
  const machine = machineOf(server, reader);
  for (const nic of server.guest.machine.nics) {
    if (!nic.connected) continue;
    const received = machine.bytes('net.received', nic.index);
    const sent = machine.bytes('net.transmitted', nic.index);
    yield {
      Name: adapterName(server.guest, nic).replace(/[()#/\\]/g, (character) => INSTANCE[character]!),
      ...reader.stamps,
      BytesReceivedPersec: received,
      BytesSentPersec: sent,
      BytesTotalPersec: received + sent,
      CurrentBandwidth: 10_000_000_000,
      OutputQueueLength: 0,
      PacketsReceivedErrors: 0,
      PacketsOutboundErrors: 0,
    };
  }
}
