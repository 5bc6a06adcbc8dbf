/** A Hyper-V host as its providers see it: a host of the estate, the machines on it now, and the clock. */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Estate } from '../estate/estate.ts';
import type { Guests } from '../estate/guest/guests.ts';
import type { Host, Machine } from '../estate/model.ts';

export interface HypervHost {
  readonly estate: Estate;
  readonly guests: Guests;
  readonly host: Host;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** NetBIOS name: upper case, at most 15 characters. */
  readonly computer: string;
  readonly release: WindowsRelease;
}

/** What differs between the releases that can host what the appliance supports. */
export interface WindowsRelease {
  /** "Microsoft Windows Server 2019 Datacenter" */
  readonly caption: string;
  /** "10.0.17763" */
  readonly version: string;
  /** Newest version of a machine's configuration: "9.0". */
  readonly configurationVersion: string;
}

export const RELEASES = {
  '2012 R2': release('2012 R2', '6.3.9600', '5.0'),
  '2016': release('2016', '10.0.14393', '8.0'),
  '2019': release('2019', '10.0.17763', '9.0'),
  '2022': release('2022', '10.0.20348', '10.0'),
  '2025': release('2025', '10.0.26100', '12.0'),
} as const satisfies Record<string, WindowsRelease>;

export type ReleaseName = keyof typeof RELEASES;

function release(name: string, version: string, configurationVersion: string): WindowsRelease {
  return { caption: `Microsoft Windows Server ${name} Datacenter`, version, configurationVersion };
}

/** Templates are no machines on Hyper-V. */
export function machinesOf({ estate, host }: HypervHost): Machine[] {
  return estate.machines().filter(({ hostId, template }) => hostId === host.id && !template);
}

/** Volume that machines' files are on: a cluster's shared one, or the host's own folder. */
export function volumeOf({ host }: HypervHost): string {
  return host.clusterId === undefined ? 'C:\\Hyper-V' : 'C:\\ClusterStorage\\Volume1';
}
