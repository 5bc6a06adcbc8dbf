/**
 * Limits of a Windows host's WinRM service, by its version: the documented defaults of WinRM 2.0 (2008 R2), of 3.0
 * (2012 and 2012 R2), and of what came later, where shells are no longer limited. "Installation and configuration
 * for Windows Remote Management", [MS-WSMV] section 3.1.4.1.
 */
import { type Bytes, HOUR, KIB, MINUTE, type Millis, SECOND } from '#core/units.ts';

export interface Quotas {
  /** MaxEnvelopeSizekb: of requests, and the most that a client may ask for an answer. */
  readonly envelopeBytesMax: Bytes;
  /** MaxTimeoutms. */
  readonly timeoutMsMax: Millis;
  /** MaxBatchItems. */
  readonly batchItemsMax: number;
  /** MaxConcurrentOperationsPerUser: enumerations, shells' commands and calls under way. */
  readonly operationsPerUser: number;
  /** EnumerationTimeoutms: so long an enumeration lives unused. */
  readonly enumerationIdleMs: Millis;
  /** MaxConnections of one listener. */
  readonly connectionsMax: number;
  /** IdleTimeout of shells. */
  readonly shellIdleMs: Millis;
  /** MaxConcurrentUsers: different users who have shells. */
  readonly shellUsersMax: number;
  readonly shellsPerUser: number;
  /** MaxProcessesPerShell. */
  readonly commandsPerShell: number;
  readonly memoryPerShellMb: number;
}

/** What Windows writes where nothing limits. */
const UNLIMITED = 2_147_483_647;

const WINRM_2: Quotas = {
  envelopeBytesMax: 150 * KIB,
  timeoutMsMax: 60 * SECOND,
  batchItemsMax: 32_000,
  operationsPerUser: 15,
  enumerationIdleMs: MINUTE,
  connectionsMax: 25,
  shellIdleMs: 180 * SECOND,
  shellUsersMax: 5,
  shellsPerUser: 5,
  commandsPerShell: 15,
  memoryPerShellMb: 150,
};

const WINRM_3: Quotas = {
  ...WINRM_2,
  envelopeBytesMax: 500 * KIB,
  operationsPerUser: 1500,
  enumerationIdleMs: 4 * MINUTE,
  connectionsMax: 300,
  shellIdleMs: 2 * HOUR,
  shellUsersMax: 10,
  shellsPerUser: 30,
  commandsPerShell: 25,
  memoryPerShellMb: 1024,
};

const LATER: Quotas = {
  ...WINRM_3,
  shellUsersMax: UNLIMITED,
  shellsPerUser: UNLIMITED,
  commandsPerShell: UNLIMITED,
  memoryPerShellMb: UNLIMITED,
};

/** @param osVersion "6.3.9600" */
export function quotasOf(osVersion: string): Quotas {
  const [major = 10, minor = 0] = osVersion.split('.').map(Number);
  if (major >= 10) return LATER;
  return major === 6 && minor >= 2 ? WINRM_3 : WINRM_2;
}
