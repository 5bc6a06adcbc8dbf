/**
 * The discovery and performance data plane: docs/protocols/appliance-data-planes.md, section 1, and the
 * explanations of assessments, section 3, and what is inside machines, section 4.
 */
import { POINT_PERIOD_MS } from '#core/metrics/roll-up.ts';
import type { HttpHandler } from '#core/net/http-server.ts';
import { DAY, MIB, SECOND, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { Authorization } from '../arm/authorization.ts';
import { forbidden, invalidProperty } from '../arm/faults.ts';
import { ArmError, type Principal } from '../arm/provider.ts';
import type { Cloud } from '../cloud.ts';
import { createPlane, type PlaneCall, type PlaneRoute } from '../data-plane.ts';
import { iso } from '../http.ts';
import type { IdentityService } from '../identity/service.ts';
import { finite, flag, instant, list, matching, oneOf, type Reader, shape, text, whole } from '../shape.ts';
import { readApplications, readDependencies } from './guest-shapes.ts';
import { COUNTERS, KEPT_WINDOWS, type SiteInventory, type VCenterReport } from './inventory.ts';
import { type DiscoveredMachine, readMachine } from './machine-shape.ts';
import { readHyperVMachine, readServerMachine } from './other-machines.ts';

export type SiteKind = 'VMware' | 'HyperV' | 'Server' | 'Import';

/** A site as this service sees it; Microsoft.OffAzure owns it. */
export interface ServedSite {
  /** ARM id. */
  readonly id: string;
  readonly kind: SiteKind;
  readonly inventory: SiteInventory;
}

export interface DiscoveryServiceOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly identity: IdentityService;
  readonly authorization: Authorization;
  readonly tenantId: string;
  /** The site with that token in its service endpoint. */
  site(token: string): ServedSite | undefined;
  /** Explanations of an assessment of the site's machines; undefined when there is no such assessment. */
  explanations(siteId: string, assessment: string): unknown;
}

const BODY_BYTES_MAX = 64 * MIB;
const MACHINES_MAX = 10_000;
const SERIES_MAX = 200_000;
/** Points that claim to be later than this are a clock gone wrong, and are refused. */
const AHEAD_MS_MAX = DAY;

const readHeartbeat = shape(
  {
    version: text(64),
    services: list(shape({ name: text(128), version: text(64), state: text(64) }), 64),
    time: instant,
  },
  { warnings: list(shape({ code: text(256), message: text(1_024) }), 64) },
);

const common = { full: flag, removed: list(text(128), MACHINES_MAX) };
const readInventory = shape({
  ...common,
  vcenter: shape({ fqdn: text(256), instanceUuid: text(64), version: text(64) }),
  machines: list(readMachine, MACHINES_MAX),
});
const readHyperVInventory = shape({
  ...common,
  source: shape({ fqdn: text(256), type: oneOf('Host', 'Cluster') }, { version: text(64) }),
  machines: list(readHyperVMachine, MACHINES_MAX),
});
const readServerInventory = shape({ ...common, machines: list(readServerMachine, MACHINES_MAX) });

/** What an inventory says, whatever kind the site is. */
interface InventoryReport {
  readonly full: boolean;
  readonly removed: readonly string[];
  readonly machines: readonly DiscoveredMachine[];
  /** Address of the vCenter, host or cluster; of a server site none: its list is one. */
  readonly source: string | undefined;
  readonly vcenter: VCenterReport | undefined;
}

function readReport(kind: SiteKind, body: unknown): InventoryReport {
  switch (kind) {
    case 'VMware': {
      const read = readInventory(body, '');
      return { ...read, source: read.vcenter.fqdn };
    }
    case 'HyperV': {
      const read = readHyperVInventory(body, '');
      return { ...read, source: read.source.fqdn, vcenter: undefined };
    }
    case 'Server':
      return { ...readServerInventory(body, ''), source: undefined, vcenter: undefined };
    case 'Import':
      throw new ArmError(
        400,
        'SiteHasNoAppliance',
        'Servers of an import site come from a file, not from an appliance.',
      );
  }
}

const readRunAs = shape({
  displayName: text(256),
  credentialType: oneOf(
    'VMwareFabric',
    'HyperVFabric',
    'LinuxGuest',
    'WindowsGuest',
    'LinuxServer',
    'WindowsServer',
  ),
});

const readValue: Reader<number | null> = (value, path) =>
  value === null ? null : finite(0, 1e12)(value, path);

const readSeriesHead = shape({
  machine: text(64),
  counter: oneOf(...Object.keys(COUNTERS)),
  instance: matching(/^[\w.:{}-]{0,128}$/, 'empty, a disk such as scsi0:0, or an adapter key'),
  firstWindow: whole(0, 0xffff_ffff),
  values: (value: unknown, path: string): Array<number | null> => {
    if (!Array.isArray(value) || value.length > KEPT_WINDOWS)
      throw invalidProperty(path, `a list of at most ${KEPT_WINDOWS} numbers`);
    for (const [i, entry] of value.entries())
      if (!(entry === null || (typeof entry === 'number' && entry >= 0 && entry <= 1e12)))
        readValue(entry, `${path}[${i}]`);
    return value as Array<number | null>;
  },
});

const readPoints = shape({ periodSeconds: whole(1), series: list(readSeriesHead, SERIES_MAX) });

/** Offered operations; also the coverage ledger's. */
export function discoveryRoutes(options: DiscoveryServiceOptions): readonly PlaneRoute[] {
  const { site, authorization } = options;

  const siteOf = ({ params, principal }: PlaneCall): ServedSite => {
    const found = site(params['site']!);
    if (!found) throw new ArmError(404, 'SiteNotFound', `There is no site '${params['site']}' here.`);
    requireWrite(authorization, principal, found.id);
    return found;
  };

  return [
    {
      method: 'PUT',
      path: '/v1/sites/:site/heartbeats/:appliance',
      operation: 'PutHeartbeat',
      says: 'an appliance says that it lives',
      handle(call) {
        const { inventory } = siteOf(call);
        const { version, services, warnings } = readHeartbeat(call.body, '');
        inventory.beat({
          applianceName: call.params['appliance']!,
          version,
          services,
          ...(warnings ? { warnings } : {}),
          at: call.now,
        });
        return { status: 200, body: { serverTime: iso(call.now) } };
      },
    },
    {
      method: 'PUT',
      path: '/v1/sites/:site/run-as-accounts/:account',
      operation: 'PutRunAsAccount',
      says: 'an appliance tells which accounts it holds, never their secrets',
      handle(call) {
        const { inventory } = siteOf(call);
        const { displayName, credentialType } = readRunAs(call.body, '');
        inventory.putRunAsAccount(call.params['account']!, displayName, credentialType, call.now);
        return { status: 200, body: { name: call.params['account'] } };
      },
    },
    {
      method: 'PUT',
      path: '/v1/sites/:site/inventory/:sequence',
      operation: 'PutInventory',
      says: 'an appliance sends what it discovered',
      handle(call) {
        const { inventory, kind } = siteOf(call);
        const sequence = sequenceOf(call);
        const { vcenter, source, full, machines, removed } = readReport(kind, call.body);
        if (isNew(sequence, inventory.inventorySequence)) {
          if (vcenter) inventory.putVCenter(vcenter);
          for (const machine of machines) inventory.put(machine, call.now);
          for (const uuid of removed) inventory.markDeleted(uuid, call.now);
          if (full)
            markMissing(
              inventory,
              source,
              new Set(machines.map((m) => m.instanceUuid.toLowerCase())),
              call.now,
            );
          inventory.inventorySequence = sequence;
        }
        return { status: 200, body: { sequence, machines: machines.length } };
      },
    },
    {
      method: 'PUT',
      path: '/v1/sites/:site/points/:sequence',
      operation: 'PutPoints',
      says: 'an appliance sends ten-minute points',
      handle(call) {
        const { inventory } = siteOf(call);
        const sequence = sequenceOf(call);
        const { periodSeconds, series } = readPoints(call.body, '');
        if (periodSeconds * SECOND !== POINT_PERIOD_MS)
          throw invalidProperty('periodSeconds', `${POINT_PERIOD_MS / SECOND}`);
        let points = 0;
        for (const { values } of series) for (const value of values) if (value !== null) points++;
        if (isNew(sequence, inventory.pointsSequence)) {
          checkWindows(series, call.now);
          for (const { machine, counter, instance, firstWindow, values } of series)
            inventory.putPoints(machine, counter, instance, firstWindow, values);
          inventory.pointsSequence = sequence;
        }
        return { status: 200, body: { sequence, points } };
      },
    },
    {
      method: 'PUT',
      path: '/v1/sites/:site/applications/:sequence',
      operation: 'PutApplications',
      says: 'an appliance sends what it found inside machines',
      handle(call) {
        const { inventory } = siteOf(call);
        const sequence = sequenceOf(call);
        const { machines } = readApplications(call.body, '');
        if (isNew(sequence, inventory.applicationsSequence)) {
          for (const machine of machines) inventory.putGuest(machine);
          inventory.applicationsSequence = sequence;
        }
        return { status: 200, body: { sequence, machines: machines.length } };
      },
    },
    {
      method: 'PUT',
      path: '/v1/sites/:site/dependencies/:sequence',
      operation: 'PutDependencies',
      says: 'an appliance sends which machines talk to which',
      handle(call) {
        const { inventory } = siteOf(call);
        const sequence = sequenceOf(call);
        const { timeslot, machines, dependencies } = readDependencies(call.body, '');
        if (isNew(sequence, inventory.dependenciesSequence)) {
          inventory.dependencies.add(timeslot.start, dependencies);
          for (const status of machines) inventory.putDependencyStatus(status, timeslot.start);
          inventory.dependenciesSequence = sequence;
        }
        return { status: 200, body: { sequence, dependencies: dependencies.length } };
      },
    },
    {
      method: 'GET',
      path: '/v1/sites/:site/state/:appliance',
      operation: 'GetState',
      says: 'an appliance asks what the service has stored of it',
      handle(call) {
        const { inventorySequence, pointsSequence, applicationsSequence, dependenciesSequence } =
          siteOf(call).inventory;
        return {
          status: 200,
          body: { inventorySequence, pointsSequence, applicationsSequence, dependenciesSequence },
        };
      },
    },
    {
      method: 'GET',
      path: '/v1/sites/:site/assessments/:assessment/explanations',
      operation: 'GetExplanations',
      says: 'somebody asks why an assessment came out as it did',
      handle(call) {
        const { id } = siteOf(call);
        const value = options.explanations(id, call.params['assessment']!);
        if (value === undefined)
          throw new ArmError(
            404,
            'AssessmentNotFound',
            `There is no assessment '${call.params['assessment']}' of this site.`,
          );
        return { status: 200, body: { value } };
      },
    },
  ];
}

export function createDiscoveryService(options: DiscoveryServiceOptions): HttpHandler {
  return createPlane({
    ...options,
    audiences: options.cloud.audiences.discovery,
    routes: discoveryRoutes(options),
    bodyBytesMax: BODY_BYTES_MAX,
  });
}

function requireWrite(authorization: Authorization, principal: Principal, siteId: string): void {
  const action = `Microsoft.OffAzure/${siteId.split('/').at(-2)}/write`;
  if (!authorization.allows(principal, action, siteId)) throw forbidden(principal, action, siteId);
}

function sequenceOf({ params }: PlaneCall): number {
  const text = params['sequence']!;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw invalidProperty('sequence', 'a whole number from 1');
  return Number(text);
}

/** False for a repetition. @throws ArmError 409 SequenceGap */
function isNew(sequence: number, stored: number): boolean {
  if (sequence <= stored) return false;
  if (sequence === stored + 1) return true;
  throw new ArmError(409, 'SequenceGap', `Sequence ${sequence} leaves a gap; ${stored + 1} is expected.`, {
    body: { expected: stored + 1 },
  });
}

/** After a full inventory of a source, whatever it did not list is gone. @param fqdn of all sources, without one */
function markMissing(
  inventory: SiteInventory,
  fqdn: string | undefined,
  listed: ReadonlySet<string>,
  now: UnixMillis,
): void {
  for (const [uuid, { facts }] of inventory.machines())
    if ((fqdn === undefined || facts.vCenterFQDN.toLowerCase() === fqdn.toLowerCase()) && !listed.has(uuid))
      inventory.markDeleted(uuid, now);
}

function checkWindows(
  series: ReadonlyArray<{ firstWindow: number; values: readonly unknown[] }>,
  now: UnixMillis,
): void {
  const newest = Math.floor((now + AHEAD_MS_MAX) / POINT_PERIOD_MS);
  const oldest = Math.floor(now / POINT_PERIOD_MS) - 2 * KEPT_WINDOWS;
  for (const [i, { firstWindow, values }] of series.entries()) {
    if (firstWindow + values.length - 1 > newest)
      throw invalidProperty(`series[${i}].firstWindow`, 'windows that are not in the future');
    if (firstWindow < oldest)
      throw invalidProperty(`series[${i}].firstWindow`, 'windows of the last two months');
  }
}
