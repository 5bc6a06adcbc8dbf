/** What the appliance of a world is told: where Azure and the sources are, and what opens them. */
import { type ApplianceConfig, configFrom } from '#appliance/config.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Endpoint } from '#core/net/transport.ts';
import { MINUTE, type Millis } from '#core/units.ts';
import type { SeedResources } from '#simulators/azure/landing-zone.ts';
import { estateAccounts } from '#simulators/estate/guest/accounts.ts';
import type { Guests } from '#simulators/estate/guest/guests.ts';
import type { HypervTarget, Login } from './world-machines.ts';

export interface GuestLogin {
  readonly name: string;
  readonly family: 'linux' | 'windows';
  readonly user: string;
  readonly password: string;
}

export interface ApplianceSurroundings {
  readonly zone: SeedResources;
  readonly proxy: Endpoint;
  /** Undefined where there is none. */
  readonly vcenter: { readonly host: string; readonly user: string; readonly password: string } | undefined;
  readonly hyperv: { readonly targets: readonly HypervTarget[]; readonly login: Login };
  readonly servers: {
    readonly guests: Guests;
    /** Ids of the machines that are listed. */
    readonly listed: readonly string[];
    readonly logins: readonly GuestLogin[];
  };
  /** What opens guests through vCenter. */
  readonly guests: readonly GuestLogin[];
  /** As the appliance does by itself where it is undefined. */
  readonly collectEvery: Millis | undefined;
}

export const SITE = 'datacentre-site';
/** What servers are opened with when the scenario names no accounts. */
export const SERVER_LOGINS: readonly string[] = ['linux', 'windows', 'test-linux', 'test-windows'];
const REGION = 'westeurope';
/** Name of the credential. */
const HYPERV = 'hyperv';
/** Also of the lists of servers, so that a story sees soon what became of a fault. */
const REFRESH_MINUTES = 15;

export function applianceConfig(around: ApplianceSurroundings): ApplianceConfig {
  const { zone, proxy, vcenter, hyperv, servers, guests, collectEvery } = around;
  const { tenantId, subscriptionId, resourceGroup, region, project, vault } = zone;
  const appliance = zone.clients.find(({ name }) => name === 'appliance')!;
  const { targets } = hyperv;
  const list = serverList(servers.guests, servers.listed);
  return configFrom({
    applianceName: 'appliance1',
    proxy: `http://${proxy.host}:${proxy.port}`,
    cloud: {
      tenantId,
      clientId: appliance.clientId,
      clientSecret: appliance.secret,
      subscriptionId,
      resourceGroup,
      project,
      siteName: SITE,
      region,
      vault,
    },
    ...(vcenter && { vcenters: [vcenter] }),
    ...(targets.length > 0 && {
      hyperv: {
        hosts: targets.map((target) => ({ ...target, credential: HYPERV })),
        refreshMinutes: REFRESH_MINUTES,
      },
    }),
    ...(list.length > 0 && { servers: { list, refreshMinutes: REFRESH_MINUTES } }),
    credentials: [
      ...(targets.length > 0 ? [{ name: HYPERV, kind: 'hyperv' as const, ...hyperv.login }] : []),
      ...(list.length > 0 ? servers.logins.map(credentialOf) : []),
    ],
    guests: { credentials: [...guests] },
    ...(collectEvery !== undefined && { collection: { everyMinutes: collectEvery / MINUTE } }),
  });
}

/** Servers by their first address; those that answer neither SSH nor WinRM are on nobody's list. */
function serverList(guests: Guests, ids: readonly string[]) {
  return ids.flatMap((id) => {
    const guest = guests.guest(id)!;
    const [address] = guest.addresses();
    const { family } = guest.os;
    return family === 'other' || address === undefined ? [] : [{ address, os: family }];
  });
}

function credentialOf({ name, family, user, password }: GuestLogin) {
  return { name: `server-${name}`, kind: family, user, password };
}

/** Accounts of the estate by name; "stale-" has the password that an account had once. */
export function guestLogins(seed: string, names: readonly string[]): GuestLogin[] {
  const accounts = estateAccounts(seed);
  return names.map((name) => {
    const { family, user, password } = accounts.find(({ id }) => id === name.replace('stale-', ''))!;
    return { name, family, user, password: name.startsWith('stale-') ? `${password}-old` : password };
  });
}

/** The tenant with its two service principals, and the names of what stands in the subscription. */
export function landingZone(entropy: Entropy): SeedResources {
  const client = (name: string) => ({
    name,
    clientId: entropy.uuid('world.client', name),
    objectId: entropy.uuid('world.principal', name),
    secret: `Sc~${entropy.hex(36, 'world.secret', name)}`,
    roles: ['Contributor' as const],
  });
  return {
    tenantId: entropy.uuid('world.tenant'),
    clients: [client('operator'), client('appliance')],
    subscriptionId: entropy.uuid('world.subscription'),
    resourceGroup: 'rehearsal',
    region: REGION,
    project: 'rehearsal',
    vault: 'rehearsal-vault',
    logAccount: `migratelsa${entropy.hex(8, 'world.logAccount')}`,
  };
}
