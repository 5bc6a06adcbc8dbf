/**
 * The life of a managed disk or snapshot, as far as access to its content goes: one table.
 *
 * @see learn.microsoft.com, rest/api/compute/disks, DiskState; azure.md, section 8. The states of disks in
 * virtual machines (Attached, Reserved, Frozen) are not here: this simulator makes no virtual machines.
 */
export type DiskState = 'ReadyToUpload' | 'ActiveUpload' | 'Unattached' | 'ActiveSAS';

export type DiskEvent = 'grantWrite' | 'grantRead' | 'revoke' | 'delete';

/** `gone` ends it. What is not in the table is refused with 409. */
export const DISK_TRANSITIONS = {
  ReadyToUpload: { grantWrite: 'ActiveUpload', delete: 'gone' },
  // a signature that ran out leaves the state: access can be granted again
  ActiveUpload: { grantWrite: 'ActiveUpload', revoke: 'Unattached' },
  Unattached: { grantRead: 'ActiveSAS', revoke: 'Unattached', delete: 'gone' },
  ActiveSAS: { grantRead: 'ActiveSAS', revoke: 'Unattached' },
} as const satisfies Record<DiskState, Partial<Record<DiskEvent, DiskState | 'gone'>>>;

/** @returns undefined when the event has no place in the state */
export function nextDiskState(state: DiskState, event: DiskEvent): DiskState | 'gone' | undefined {
  const row: Partial<Record<DiskEvent, DiskState | 'gone'>> = DISK_TRANSITIONS[state];
  return row[event];
}
