/** What a virtual machine is made of, as the parts of Microsoft.Compute share it. */
import type { VmSize } from '#core/assessment/vm-sizes.ts';
import type { UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { Addresses } from '../cloud.ts';
import type { Network } from '../network/network.ts';
import type { Disk, Disks } from './disks.ts';

export const COMPUTE_NAMESPACE = 'Microsoft.Compute';
export const VM_API_VERSIONS = [
  ...['2019-07-01', '2019-12-01', '2020-06-01', '2020-12-01', '2021-03-01', '2021-04-01', '2021-07-01'],
  ...['2021-11-01', '2022-03-01', '2022-08-01', '2022-11-01', '2023-03-01', '2023-07-01', '2023-09-01'],
  ...['2024-03-01', '2024-07-01', '2024-11-01', '2025-04-01', '2025-11-01', '2026-04-01'],
];

export type PowerState = 'starting' | 'running' | 'stopped' | 'deallocated';

export interface Attachment {
  readonly disk: Disk;
  readonly caching: 'None' | 'ReadOnly' | 'ReadWrite';
  readonly deleteWithMachine: boolean;
  readonly createOption: 'Attach' | 'Empty';
}

export interface DataAttachment extends Attachment {
  readonly lun: number;
}

export interface Machine {
  size: VmSize;
  readonly osType: 'Linux' | 'Windows';
  readonly os: Attachment;
  data: readonly DataAttachment[];
  interfaces: ReadonlyArray<{
    readonly id: string;
    readonly primary: boolean;
    readonly deleteWithMachine: boolean;
  }>;
  /** Given back as it was sent. */
  kept: Readonly<Record<string, unknown>>;
  power: PowerState;
  readonly vmId: string;
  readonly createdAt: UnixMillis;
  startedAt: UnixMillis;
}

export interface MachinesOptions {
  readonly context: SimulatorContext;
  readonly disks: Disks;
  readonly network: Network;
  readonly region: string;
  /** Of the cloud's own requests. */
  readonly addresses: Addresses;
}
