/** Events of a vault: what happened to its machines, for people and for mails (replicationEvents). */
import type { UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { methodNotAllowed, resourceNotFound } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import { iso } from '../http.ts';
import { instantOf, readFilter } from './filters.ts';
import { NAMESPACE } from './ids.ts';

export type Severity = 'OK' | 'Warning' | 'Critical';

export interface NewEvent {
  readonly vaultId: string;
  readonly code: string;
  readonly description: string;
  readonly severity: Severity;
  /** "VmHealth", "JobStatus" */
  readonly type: 'VmHealth' | 'JobStatus';
  /** ARM id and name of what it is about. */
  readonly objectId: string;
  readonly objectName: string;
  /** ARM id of the fabric. */
  readonly fabricId: string;
  readonly providerSpecificDetails?: object;
  readonly eventSpecificDetails?: object;
  readonly healthErrors?: readonly object[];
}

interface StoredEvent extends NewEvent {
  readonly name: string;
  readonly at: UnixMillis;
}

const KEPT_PER_VAULT = 1_000;
const FILTERS = [
  'EventCode',
  'Severity',
  'EventType',
  'FabricName',
  'AffectedObjectFriendlyName',
  'StartTime',
  'EndTime',
];

export class Events {
  readonly #context: SimulatorContext;
  readonly #byVault = new Map<string, StoredEvent[]>();
  #count = 0;

  constructor(context: SimulatorContext) {
    this.#context = context;
  }

  add(event: NewEvent): void {
    const { clock, entropy } = this.#context;
    const events = this.#ofVault(event.vaultId);
    events.push({ ...event, at: clock.wall(), name: entropy.uuid('azure.recovery.event', this.#count++) });
    if (events.length > KEPT_PER_VAULT) events.shift();
  }

  handle(request: ArmRequest, vaultId: string): ArmAnswer {
    const { method, name, segments, type } = request;
    if (method !== 'GET' || segments.length > 0) throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    const events = this.#ofVault(vaultId);
    if (name !== '') {
      const found = events.find((event) => event.name === name.toLowerCase());
      if (!found) throw resourceNotFound(request, NAMESPACE);
      return { status: 200, body: view(found) };
    }
    const asked = readFilter(request, FILTERS);
    const from = instantOf(asked, 'starttime');
    const to = instantOf(asked, 'endtime');
    const is = (key: string, value: string): boolean =>
      asked.get(key) === undefined || asked.get(key)!.toLowerCase() === value.toLowerCase();
    const shown = events.filter(
      (event) =>
        (from === undefined || event.at >= from) &&
        (to === undefined || event.at <= to) &&
        is('eventcode', event.code) &&
        is('severity', event.severity) &&
        is('eventtype', event.type) &&
        is('affectedobjectfriendlyname', event.objectName) &&
        is('fabricname', event.fabricId.split('/').at(-1) ?? ''),
    );
    return { list: listOf(shown.reverse().map(view)) };
  }

  #ofVault(vaultId: string): StoredEvent[] {
    const key = vaultId.toLowerCase();
    let found = this.#byVault.get(key);
    if (!found) {
      found = [];
      this.#byVault.set(key, found);
    }
    return found;
  }
}

function view(event: StoredEvent): object {
  return {
    id: `${event.vaultId.replace('/subscriptions/', '/Subscriptions/')}/replicationEvents/${event.name}`,
    name: event.name,
    type: `${NAMESPACE}/vaults/replicationEvents`,
    properties: {
      eventCode: event.code,
      description: event.description,
      eventType: event.type,
      affectedObjectFriendlyName: event.objectName,
      affectedObjectCorrelationId: event.objectId,
      severity: event.severity,
      timeOfOccurrence: iso(event.at),
      fabricId: event.fabricId,
      ...(event.providerSpecificDetails ? { providerSpecificDetails: event.providerSpecificDetails } : {}),
      ...(event.eventSpecificDetails ? { eventSpecificDetails: event.eventSpecificDetails } : {}),
      healthErrors: event.healthErrors ?? [],
    },
  };
}
