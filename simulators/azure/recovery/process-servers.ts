/**
 * Process servers of the agent-based way, and how well they are (replication.md, section 7 and 11.3). They make
 * themselves known through the data plane of agents; ARM shows them with their fabric and as appliances.
 */
import { type Bytes, MINUTE, type UnixMillis } from '#core/units.ts';
import { iso } from '../http.ts';

export interface ProcessServerMetrics {
  /** Per cent. */
  readonly processorUsage: number;
  readonly totalMemoryBytes: Bytes;
  readonly availableMemoryBytes: Bytes;
  /** Of the cache. */
  readonly totalSpaceBytes: Bytes;
  readonly availableSpaceBytes: Bytes;
  /** What waits to be uploaded, and how fast it goes. */
  readonly pendingBytes: Bytes;
  readonly throughputBytesPerSecond: Bytes;
  readonly systemLoad: number;
  /** Services that do not run. */
  readonly stoppedServices: readonly string[];
}

export interface ProcessServer {
  readonly id: string;
  readonly name: string;
  /** ARM id of the fabric. */
  readonly fabricId: string;
  readonly fqdn: string;
  readonly biosId: string;
  readonly version: string;
  readonly ipAddresses: readonly string[];
  heardAt: UnixMillis;
  metrics: ProcessServerMetrics;
}

type Status = 'Healthy' | 'Warning' | 'Critical';

const HEARTBEAT_MS = 15 * MINUTE;

export interface ProcessServerHealth {
  readonly processor: Status;
  readonly memory: Status;
  readonly disk: Status;
  readonly throughput: Status;
  /** No sign of life for a quarter of an hour. */
  readonly isSilent: boolean;
  /** The worst of all. */
  readonly overall: 'Normal' | 'Warning' | 'Critical';
}

export function processServerHealth(
  { metrics, heardAt }: Pick<ProcessServer, 'metrics' | 'heardAt'>,
  now: UnixMillis,
): ProcessServerHealth {
  const used = 100 - percentOf(metrics.availableMemoryBytes, metrics.totalMemoryBytes);
  const free = percentOf(metrics.availableSpaceBytes, metrics.totalSpaceBytes);
  const { pendingBytes, throughputBytesPerSecond: speed } = metrics;
  const drainsInMinutes =
    pendingBytes === 0 ? 0 : speed > 0 ? pendingBytes / speed / 60 : Number.POSITIVE_INFINITY;
  const above = (value: number, warning: number, critical: number): Status =>
    value > critical ? 'Critical' : value > warning ? 'Warning' : 'Healthy';
  const processor = above(metrics.processorUsage, 80, 95);
  const memory = above(used, 80, 95);
  const disk: Status = free < 25 ? 'Critical' : free < 30 ? 'Warning' : 'Healthy';
  const throughput = above(drainsInMinutes, 30, 45);
  const isSilent = now - heardAt > HEARTBEAT_MS;
  const all = [processor, memory, disk, throughput];
  const isCritical = isSilent || all.includes('Critical') || metrics.stoppedServices.length > 0;
  const overall = isCritical ? 'Critical' : all.includes('Warning') ? 'Warning' : 'Normal';
  return { processor, memory, disk, throughput, isSilent, overall };
}

/** Below a fifth of free cache replication of every machine behind it is slowed down; from a quarter on no more. */
export function isThrottled({ metrics }: Pick<ProcessServer, 'metrics'>, before: boolean): boolean {
  return percentOf(metrics.availableSpaceBytes, metrics.totalSpaceBytes) < (before ? 25 : 20);
}

function percentOf(part: number, whole: number): number {
  return whole > 0 ? (100 * part) / whole : 0;
}

/** @param protectedItems how many machines send through it */
export function processServerView(server: ProcessServer, protectedItems: number, now: UnixMillis): object {
  const { metrics, id, name, biosId, fabricId, fqdn, ipAddresses, version, heardAt } = server;
  const health = processServerHealth(server, now);
  const usedMemory = metrics.totalMemoryBytes - metrics.availableMemoryBytes;
  const status = (of: Status) => (health.isSilent ? 'Unknown' : of);
  const errors = [
    ...(health.isSilent ? [issue('806', 'No heartbeat of the process server for 15 minutes.')] : []),
    ...metrics.stoppedServices.map((service) =>
      issue('ServiceStopped', `The service ${service} does not run.`),
    ),
  ];
  return {
    id,
    name,
    biosId,
    fabricObjectId: fabricId,
    fqdn,
    ipAddresses,
    version,
    lastHeartbeatUtc: iso(heardAt),
    totalMemoryInBytes: metrics.totalMemoryBytes,
    availableMemoryInBytes: metrics.availableMemoryBytes,
    usedMemoryInBytes: usedMemory,
    memoryUsagePercentage: percentOf(usedMemory, metrics.totalMemoryBytes),
    totalSpaceInBytes: metrics.totalSpaceBytes,
    availableSpaceInBytes: metrics.availableSpaceBytes,
    usedSpaceInBytes: metrics.totalSpaceBytes - metrics.availableSpaceBytes,
    freeSpacePercentage: percentOf(metrics.availableSpaceBytes, metrics.totalSpaceBytes),
    throughputUploadPendingDataInBytes: metrics.pendingBytes,
    throughputInBytes: metrics.throughputBytesPerSecond,
    processorUsagePercentage: metrics.processorUsage,
    throughputStatus: status(health.throughput),
    systemLoad: metrics.systemLoad,
    systemLoadStatus: status(health.processor),
    diskUsageStatus: status(health.disk),
    memoryUsageStatus: status(health.memory),
    processorUsageStatus: status(health.processor),
    health: health.overall,
    historicHealth: health.overall,
    healthErrors: errors,
    protectedItemCount: protectedItems,
  };
}

function issue(errorCode: string, message: string): object {
  return {
    errorSource: 'ProcessServer',
    errorLevel: 'Error',
    errorCategory: 'FabricInfrastructure',
    errorCode,
    summaryMessage: message,
    errorMessage: message,
  };
}
