import type { BlobRequest } from '../blob-request.ts';
import { requireWriteConditions } from '../conditions.ts';
import { acquire, breakLease, change, type Lease, release, renew, secondsLeft } from '../lease.ts';
import {
  type Call,
  containerOf,
  defineOperation,
  type Operation,
  type Reply,
  stampHeaders,
  writableBlobOf,
} from '../operation.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { header, integerHeader, requiredHeader } from '../storage-request.ts';

const SECOND = 1000;
const BREAK_SECONDS_MAX = 60;

type Action = 'acquire' | 'renew' | 'change' | 'release' | 'break';

interface Leased {
  lease: Lease | undefined;
  readonly etag: string;
  readonly lastModified: number;
}

const STATUS: Readonly<Record<Action, number>> = {
  acquire: 201,
  renew: 200,
  change: 200,
  release: 200,
  break: 202,
};

function act(call: Call, leased: Leased, action: Action): Reply {
  const { request, now } = call;
  requireWriteConditions(request, leased);
  const proposed = uuidHeader(request, 'x-ms-proposed-lease-id');
  const { lease } = leased;
  if (action === 'acquire')
    leased.lease = acquire(lease, proposed ?? call.tools.leaseId(), durationOf(request), now);
  else if (action === 'break') {
    const seconds = integerHeader(request, 'x-ms-lease-break-period');
    if (seconds !== undefined && seconds > BREAK_SECONDS_MAX)
      throw badHeader('x-ms-lease-break-period', String(seconds));
    leased.lease = breakLease(lease, seconds === undefined ? undefined : seconds * SECOND, now);
  } else {
    requiredHeader(request, 'x-ms-lease-id');
    const id = uuidHeader(request, 'x-ms-lease-id')!;
    if (action === 'renew') leased.lease = renew(lease, id, now);
    else if (action === 'release') leased.lease = release(lease, id);
    else {
      if (proposed === undefined)
        throw storageFault('MissingRequiredHeader', { detail: { HeaderName: 'x-ms-proposed-lease-id' } });
      leased.lease = change(lease, id, proposed, now);
    }
  }
  return {
    status: STATUS[action],
    headers: {
      ...stampHeaders(leased),
      ...(action === 'break'
        ? { 'x-ms-lease-time': String(secondsLeft(leased.lease!, now)) }
        : { 'x-ms-lease-id': leased.lease?.id }),
    },
  };
}

function durationOf(request: BlobRequest): number {
  const text = requiredHeader(request, 'x-ms-lease-duration');
  if (text === '-1') return Number.POSITIVE_INFINITY;
  const seconds = integerHeader(request, 'x-ms-lease-duration')!;
  if (seconds < 15 || seconds > 60) throw badHeader('x-ms-lease-duration', text);
  return seconds * SECOND;
}

function uuidHeader(request: BlobRequest, name: string): string | undefined {
  const text = header(request, name);
  if (text === undefined) return undefined;
  if (!/^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(text)) throw badHeader(name, text);
  return text;
}

function leaseOperations(on: 'blob' | 'container'): Operation[] {
  return (['acquire', 'renew', 'change', 'release', 'break'] as const).map((action) =>
    defineOperation({
      name: `${action[0]!.toUpperCase()}${action.slice(1)}${on === 'blob' ? 'Blob' : 'Container'}Lease`,
      on,
      methods: ['PUT'],
      comp: 'lease',
      ...(on === 'container' ? { restype: 'container' } : {}),
      header: { name: 'x-ms-lease-action', value: action },
      permission: {
        level: on === 'blob' ? 'o' : 'c',
        letters: action === 'break' ? 'wd' : 'w',
        accountOnly: on === 'container',
      },
      run: (call) => act(call, on === 'blob' ? writableBlobOf(call) : containerOf(call), action),
    }),
  );
}

/** Lease Blob and Lease Container, an operation for each action. */
export const leaseBlob = leaseOperations('blob');
export const leaseContainer = leaseOperations('container');
