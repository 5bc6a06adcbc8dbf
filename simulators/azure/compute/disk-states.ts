/**
 * The life of a managed disk or snapshot, as far as access to its content goes: one table.
 *
 * @see learn.microsoft.com, rest/api/compute/disks, DiskState; azure.md, section 8. Frozen (hibernated machines)
 * is not here: this simulator hibernates none.
 */
export type DiskState =
  | 'ReadyToUpload'
  | 'ActiveUpload'
  | 'Unattached'
  | 'ActiveSAS'
  /** In a machine that runs or is stopped without being deallocated. */
  | 'Attached'
  /** In a machine that is deallocated. */
  | 'Reserved'
  /** Read by signature, in a deallocated machine. ARM shows it as ActiveSAS. */
  | 'ReservedSAS';

export type DiskEvent =
  | 'grantWrite'
  | 'grantRead'
  | 'revoke'
  | 'delete'
  | 'attach'
  | 'detach'
  | 'deallocate'
  | 'start';

/** `gone` ends it. What is not in the table is refused with 409. */
export const DISK_TRANSITIONS = {
  ReadyToUpload: { grantWrite: 'ActiveUpload', delete: 'gone' },
  // a signature that ran out leaves the state: access can be granted again
  ActiveUpload: { grantWrite: 'ActiveUpload', revoke: 'Unattached' },
  Unattached: { grantRead: 'ActiveSAS', revoke: 'Unattached', delete: 'gone', attach: 'Attached' },
  ActiveSAS: { grantRead: 'ActiveSAS', revoke: 'Unattached' },
  Attached: { detach: 'Unattached', deallocate: 'Reserved', start: 'Attached' },
  Reserved: {
    detach: 'Unattached',
    start: 'Attached',
    grantRead: 'ReservedSAS',
    revoke: 'Reserved',
    deallocate: 'Reserved',
  },
  ReservedSAS: { grantRead: 'ReservedSAS', revoke: 'Reserved' },
} as const satisfies Record<DiskState, Partial<Record<DiskEvent, DiskState | 'gone'>>>;

/** @returns undefined when the event has no place in the state */
export function nextDiskState(state: DiskState, event: DiskEvent): DiskState | 'gone' | undefined {
  const row: Partial<Record<DiskEvent, DiskState | 'gone'>> = DISK_TRANSITIONS[state];
  return row[event];
}
