/**
 * The activity log of a subscription (Microsoft.Insights/eventtypes/management): who changed what, and how it
 * ended. Every change through ARM is written; reads are not. Kept for 90 days, and at most so many.
 *
 * @see Azure/azure-rest-api-specs, monitor/resource-manager/Microsoft.Insights, activityLogs_API.json 2015-04-01.
 */
import { DAY, type UnixMillis } from '#core/units.ts';
import { iso } from '../http.ts';
import { badRequest, methodNotAllowed, unknownAction } from './faults.ts';
import { listOf } from './paging.ts';
import type { ArmAnswer, ArmProvider, ArmRequest, Principal } from './provider.ts';

export interface Activity {
  readonly at: UnixMillis;
  /** "Microsoft.Compute/disks/write" */
  readonly action: string;
  readonly resourceId: string;
  readonly principal: Principal;
  readonly correlationId: string;
  readonly operationId: string;
  readonly httpStatus: number;
  readonly status: 'Accepted' | 'Started' | 'Succeeded' | 'Failed';
}

const KEPT_MAX = 20_000;
const KEPT_FOR = 90 * DAY;
const NAMESPACE = 'Microsoft.Insights';

export class ActivityLog {
  #entries: Activity[] = [];
  #dropped = 0;

  write(activity: Activity): void {
    this.#entries.push(activity);
    if (this.#entries.length <= KEPT_MAX * 1.25) return;
    this.#dropped += this.#entries.length - KEPT_MAX;
    this.#entries = this.#entries.slice(-KEPT_MAX);
  }

  readonly provider: ArmProvider = {
    namespace: NAMESPACE,
    types: {
      eventtypes: {
        apiVersions: ['2014-04-01', '2015-04-01', '2017-03-01-preview'],
        holdsResources: false,
        handle: (r) => this.#list(r),
      },
    },
  };

  #list(request: ArmRequest): ArmAnswer {
    const { method, name, segments, subscriptionId, query, now } = request;
    if (name.toLowerCase() !== 'management' || segments.join('/').toLowerCase() !== 'values')
      throw unknownAction(method, `eventtypes/${[name, ...segments].join('/')}`);
    if (method !== 'GET') throw methodNotAllowed(method, 'eventtypes/management/values');
    const keep = readFilter(query.get('$filter'));
    const mine = `/subscriptions/${subscriptionId}/`.toLowerCase();
    const shown = this.#entries
      .map((entry, n) => ({ entry, n: n + this.#dropped }))
      .filter(
        ({ entry }) =>
          entry.at > now - KEPT_FOR && `${entry.resourceId}/`.toLowerCase().startsWith(mine) && keep(entry),
      )
      .reverse(); // the latest first
    return { list: listOf(shown.map(({ entry, n }) => view(entry, n, subscriptionId))) };
  }
}

type Field =
  | 'eventtimestamp'
  | 'resourcegroupname'
  | 'resourceid'
  | 'resourceuri'
  | 'resourceprovider'
  | 'correlationid'
  | 'status'
  | 'caller';
const CLAUSE =
  /^\s*(eventTimestamp|resourceGroupName|resourceId|resourceUri|resourceProvider|correlationId|status|caller|eventChannels|levels)\s+(ge|le|gt|lt|eq)\s+'?([^']*)'?\s*$/i;

/** @throws ArmError 400 without a time at which to begin, as the service has it */
function readFilter(filter: string | null): (entry: Activity) => boolean {
  if (filter === null)
    throw badRequest('The $filter must give the eventTimestamp at which to begin.', '$filter');
  let from: UnixMillis | undefined;
  const tests: Array<(entry: Activity) => boolean> = [];
  for (const part of filter.split(/\s+and\s+/i)) {
    const match = CLAUSE.exec(part);
    if (!match) throw badRequest(`The $filter '${filter.slice(0, 200)}' is not supported.`, '$filter');
    const field = match[1]!.toLowerCase() as Field;
    const value = match[3]!;
    if (field === 'eventtimestamp') {
      const at = Date.parse(value);
      if (Number.isNaN(at)) throw badRequest(`'${value.slice(0, 60)}' is no time.`, '$filter');
      const isLower = match[2]!.toLowerCase().startsWith('g');
      if (isLower) from = at;
      tests.push(isLower ? (entry) => entry.at >= at : (entry) => entry.at <= at);
    } else {
      const wanted = value.toLowerCase();
      tests.push((entry) => fieldOf(entry, field)?.toLowerCase() === wanted);
    }
  }
  if (from === undefined)
    throw badRequest('The $filter must give the eventTimestamp at which to begin.', '$filter');
  return (entry) => tests.every((test) => test(entry));
}

function fieldOf(entry: Activity, field: Field): string | undefined {
  switch (field) {
    case 'resourcegroupname':
      return groupOf(entry.resourceId);
    case 'resourceid':
    case 'resourceuri':
      return entry.resourceId;
    case 'resourceprovider':
      return entry.action.split('/')[0];
    case 'correlationid':
      return entry.correlationId;
    case 'status':
      return entry.status;
    case 'caller':
      return entry.principal.appId;
    default:
      return undefined;
  }
}

function groupOf(resourceId: string): string | undefined {
  return /\/resourceGroups\/([^/]+)/i.exec(resourceId)?.[1];
}

function view(entry: Activity, n: number, subscriptionId: string): object {
  const { at, action, resourceId, principal, correlationId, operationId, httpStatus, status } = entry;
  const named = (value: string) => ({ value, localizedValue: value });
  const parts = action.split('/');
  return {
    authorization: { action, scope: resourceId },
    caller: principal.appId,
    channels: 'Operation',
    claims: {
      appid: principal.appId,
      'http://schemas.microsoft.com/identity/claims/objectidentifier': principal.objectId,
    },
    correlationId,
    eventDataId: operationId,
    eventName: named('EndRequest'),
    category: named('Administrative'),
    id: `${resourceId}/events/${operationId}/ticks/${at}${String(n % 10_000).padStart(4, '0')}`,
    level: status === 'Failed' ? 'Error' : 'Informational',
    resourceGroupName: groupOf(resourceId) ?? '',
    resourceProviderName: named(parts[0]!),
    resourceId,
    resourceType: named(parts.slice(0, -1).join('/')),
    operationId,
    operationName: named(action),
    properties: { statusCode: String(httpStatus) },
    status: named(status),
    subStatus: named(String(httpStatus)),
    eventTimestamp: iso(at),
    submissionTimestamp: iso(at),
    subscriptionId,
  };
}
