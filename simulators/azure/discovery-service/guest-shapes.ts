/** What an appliance found inside machines, and who talks to whom: appliance-data-planes.md, section 4. */
import { HOUR } from '#core/units.ts';
import { invalidProperty } from '../arm/faults.ts';
import { instant, list, matching, oneOf, type Reader, shape, text, whole } from '../shape.ts';

const MACHINES_MAX = 2_000;
const DEPENDENCIES_MAX = 50_000;
const SLOT_MS = 6 * HOUR;
const ENTRIES_MAX = 20_000;

const uuid = matching(/^[\w.:{}-]{1,128}$/, 'an identifier');

const readErrors = list(
  shape(
    { code: text(128), message: text(8_192) },
    { possibleCauses: text(8_192), recommendedAction: text(8_192) },
  ),
  100,
);

const readInventory = shape(
  { instanceUuid: uuid, discoveredAt: instant, errors: readErrors },
  {
    runAsAccount: text(256),
    guestOsDetails: shape(
      {},
      { osType: text(64), osName: text(256), osVersion: text(128), osArchitecture: text(64) },
    ),
    appsAndRoles: shape(
      {},
      {
        applications: list(
          shape({ name: text(1_024) }, { version: text(256), provider: text(256) }),
          ENTRIES_MAX,
        ),
        features: list(
          shape({ name: text(256) }, { featureType: text(64), parent: text(256), status: text(64) }),
          ENTRIES_MAX,
        ),
        sqlServers: list(
          shape(
            { sqlServerName: text(256) },
            { version: text(128), edition: text(128), servicePack: text(64) },
          ),
          1_000,
        ),
      },
    ),
  },
);

export type GuestInventory = ReturnType<typeof readInventory>;
export type GuestError = GuestInventory['errors'][number];

export const readApplications = shape({ machines: list(readInventory, MACHINES_MAX) });

const endpoint = {
  required: { ip: matching(/^[0-9a-fA-F.:%\w]{1,64}$/, 'an address') },
  optional: { instanceUuid: uuid, serverName: text(256), process: text(1_024), application: text(1_024) },
} as const;

const readDependency = shape({
  source: shape(endpoint.required, endpoint.optional),
  destination: shape({ ...endpoint.required, port: whole(0, 65_535) }, endpoint.optional),
  observations: whole(1),
  firstSeen: instant,
  lastSeen: instant,
});

export type Dependency = ReturnType<typeof readDependency>;

const readStatus = shape({
  instanceUuid: uuid,
  status: oneOf('Enabled', 'Failed'),
  collections: whole(0),
  errors: readErrors,
});

export type DependencyStatus = ReturnType<typeof readStatus>;

const readBody = shape({
  timeslot: shape({ start: instant, end: instant }),
  machines: list(readStatus, MACHINES_MAX * 5),
  dependencies: list(readDependency, DEPENDENCIES_MAX),
});

/** @throws ArmError 400, also for a time slot that is not a part of one of the day's four */
export const readDependencies: Reader<ReturnType<typeof readBody>> = (value, path) => {
  const body = readBody(value, path);
  const { start, end } = body.timeslot;
  if (end < start || Math.floor(start / SLOT_MS) !== Math.floor(Math.max(start, end - 1) / SLOT_MS))
    throw invalidProperty('timeslot', 'a part of one of the day’s four slots of six hours');
  return body;
};

/** Start of the slot that an instant lies in. */
export function slotOf(at: number): number {
  return Math.floor(at / SLOT_MS) * SLOT_MS;
}
