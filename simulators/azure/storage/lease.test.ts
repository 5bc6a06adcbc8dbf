/** The tables of "Lease Blob" in the REST reference, row by row: state, what is tried, with which id, outcome. */
import { describe, expect, test } from 'vitest';
import {
  acquire,
  breakLease,
  change,
  type Lease,
  leaseState,
  release,
  renew,
  requireReadable,
  requireWritable,
  secondsLeft,
} from './lease.ts';
import { StorageFault } from './storage-fault.ts';

const [A, B] = ['aaaaaaaa-0000-4000-8000-000000000001', 'BBBBBBBB-0000-4000-8000-000000000002'];
const NOW = 1_000_000;
const held: Lease = { id: A, durationMs: 30_000, expiresAt: NOW + 20_000 };

const STATES: Readonly<Record<string, Lease | undefined>> = {
  available: undefined,
  leased: held,
  expired: { ...held, expiresAt: NOW - 1 },
  breaking: { ...held, breaksAt: NOW + 10_000 },
  broken: { ...held, breaksAt: NOW },
};

const TRIES: Readonly<Record<string, (lease: Lease | undefined) => Lease | undefined>> = {
  'acquire A': (lease) => acquire(lease, A, 15_000, NOW),
  'acquire B': (lease) => acquire(lease, B, 15_000, NOW),
  'renew A': (lease) => renew(lease, A, NOW),
  'renew B': (lease) => renew(lease, B, NOW),
  'change A to B': (lease) => change(lease, A, B, NOW),
  'change B to B': (lease) => change(lease, B, B, NOW),
  'release A': (lease) => release(lease, A),
  'release B': (lease) => release(lease, B),
  'break at once': (lease) => breakLease(lease, 0, NOW),
  break: (lease) => breakLease(lease, undefined, NOW),
};

function outcome(state: string, attempt: string): string {
  try {
    const lease = TRIES[attempt]!(STATES[state]);
    return `${leaseState(lease, NOW)}${lease ? ` ${lease.id === A ? 'A' : 'B'}` : ''}`;
  } catch (fault) {
    if (fault instanceof StorageFault) return fault.code;
    throw fault;
  }
}

test.each([
  ['acquire A', 'leased A', 'leased A', 'leased A', 'LeaseIsBreakingAndCannotBeAcquired', 'leased A'],
  ['acquire B', 'leased B', 'LeaseAlreadyPresent', 'leased B', 'LeaseAlreadyPresent', 'leased B'],
  [
    'renew A',
    ...['LeaseIdMismatchWithLeaseOperation', 'leased A', 'leased A'],
    ...['LeaseIsBrokenAndCannotBeRenewed', 'LeaseIsBrokenAndCannotBeRenewed'],
  ],
  ['renew B', ...new Array(5).fill('LeaseIdMismatchWithLeaseOperation')],
  [
    'change A to B',
    ...['LeaseNotPresentWithLeaseOperation', 'leased B', 'LeaseNotPresentWithLeaseOperation'],
    ...['LeaseIsBreakingAndCannotBeChanged', 'LeaseNotPresentWithLeaseOperation'],
  ],
  ['release A', 'LeaseIdMismatchWithLeaseOperation', 'available', 'available', 'available', 'available'],
  ['release B', ...new Array(5).fill('LeaseIdMismatchWithLeaseOperation')],
  ['break at once', 'LeaseNotPresentWithLeaseOperation', 'broken A', 'broken A', 'broken A', 'broken A'],
  ['break', 'LeaseNotPresentWithLeaseOperation', 'breaking A', 'broken A', 'breaking A', 'broken A'],
] as ReadonlyArray<
  [string, ...string[]]
>)('%s: available, leased, expired, breaking, broken', (attempt, ...expected) => {
  expect(Object.keys(STATES).map((state) => outcome(state, attempt))).toEqual(expected);
});

describe('who may use a blob', () => {
  const use = (state: string, id: string | undefined, check: typeof requireWritable): string => {
    try {
      check(STATES[state], id, NOW, 'blob');
      return 'yes';
    } catch (fault) {
      if (fault instanceof StorageFault) return fault.code;
      throw fault;
    }
  };
  test.each([
    [
      'write without an id',
      requireWritable,
      undefined,
      'yes',
      'LeaseIdMissing',
      'yes',
      'LeaseIdMissing',
      'yes',
    ],
    [
      'write with A',
      requireWritable,
      A,
      'LeaseNotPresentWithBlobOperation',
      'yes',
      'LeaseLost',
      'yes',
      'LeaseLost',
    ],
    [
      'write with B',
      requireWritable,
      B,
      'LeaseNotPresentWithBlobOperation',
      ...new Array(4).fill('LeaseIdMismatchWithBlobOperation'),
    ],
    ['read without an id', requireReadable, undefined, 'yes', 'yes', 'yes', 'yes', 'yes'],
    [
      'read with A',
      requireReadable,
      A,
      'LeaseNotPresentWithBlobOperation',
      'yes',
      'LeaseLost',
      'yes',
      'LeaseLost',
    ],
  ] as ReadonlyArray<
    [string, typeof requireWritable, string | undefined, ...string[]]
  >)('%s', (_what, check, id, ...expected) => {
    expect(Object.keys(STATES).map((state) => use(state, id, check))).toEqual(expected);
  });
});

test('a break takes as long as the lease, the period asked for or an earlier break, whichever ends first', () => {
  const infinite = acquire(undefined, A, Number.POSITIVE_INFINITY, NOW);
  expect(secondsLeft(breakLease(infinite, undefined, NOW), NOW)).toBe(0);
  expect(secondsLeft(breakLease(infinite, 60_000, NOW), NOW)).toBe(60);
  expect(secondsLeft(breakLease(held, undefined, NOW), NOW)).toBe(20);
  expect(secondsLeft(breakLease(held, 60_000, NOW), NOW)).toBe(20);
  expect(secondsLeft(breakLease(held, 5_000, NOW), NOW)).toBe(5);
  expect(secondsLeft(breakLease(breakLease(held, 5_000, NOW), 60_000, NOW), NOW)).toBe(5);
});

test('ids compare without case', () => {
  expect(renew({ ...held, id: B }, B.toLowerCase(), NOW).expiresAt).toBe(NOW + 30_000);
});
