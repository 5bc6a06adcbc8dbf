/**
 * The documented limits of one appliance. Beyond them it goes on as well as it can, and says so.
 * [learn.microsoft.com/azure/migrate: migrate-appliance, migrate-support-matrix-vmware, -hyper-v and -physical,
 * prepare-for-agentless-migration]
 */
import { defineErrors } from '#core/errors.ts';
import type { Warning } from './ports.ts';
import type { SourceMachine } from './source-machines.ts';

/** Never thrown: what `drylift explain` says of the warnings. */
const limits = defineErrors({
  'limit.machines': {
    blame: 'input',
    retry: 'after-change',
    why: 'One appliance is documented for 10,000 machines of VMware. Beyond that it goes on, slower, and nobody promises anything.',
    next: 'Let another appliance look after a part of them: give each a scope.',
  },
  'limit.hyperv.machines': {
    blame: 'input',
    retry: 'after-change',
    why: 'One appliance is documented for 5,000 machines of Hyper-V.',
    next: 'Let another appliance look after a part of the hosts.',
  },
  'limit.hyperv.hosts': {
    blame: 'input',
    retry: 'after-change',
    why: 'One appliance is documented for 300 Hyper-V hosts.',
    next: 'Let another appliance look after a part of them.',
  },
  'limit.servers': {
    blame: 'input',
    retry: 'after-change',
    why: 'One appliance is documented for 1,000 servers.',
    next: 'Let another appliance look after a part of them.',
  },
  'limit.vcenters': {
    blame: 'input',
    retry: 'after-change',
    why: 'One appliance is documented for 10 vCenters.',
    next: 'Let another appliance look after a part of them.',
  },
  'vcenter.twice': {
    blame: 'input',
    retry: 'after-change',
    why: 'Two entries of the configuration lead to one vCenter: its machines are read, measured and told twice.',
    next: 'Remove one of them, or give each a scope of its own.',
  },
  'limit.replications': {
    blame: 'input',
    retry: 'after-change',
    why: 'One appliance is documented for 300 machines of a vCenter under replication at a time.',
    next: 'Migrate in waves.',
  },
  'limit.disks': {
    blame: 'input',
    retry: 'after-change',
    why: 'Migration without an agent is documented for 60 disks of a machine.',
    next: 'Migrate such a machine with the agent, which takes 63, or take disks away.',
  },
});

const MACHINES_SUPPORTED = 10_000;
const VCENTERS_SUPPORTED = 10;
const HYPERV_MACHINES_SUPPORTED = 5_000;
const HYPERV_HOSTS_SUPPORTED = 300;
const SERVERS_SUPPORTED = 1_000;
/** Machines of one vCenter that one appliance may replicate at a time. */
const REPLICATIONS_SUPPORTED = 300;
/** Disks of one machine that can be migrated without an agent. */
const DISKS_SUPPORTED = 60;

/** In front of each key. */
export const LIMIT_KEYS = 'limit ';

/** What the appliance looks after at the moment. */
export interface Load {
  /** Hosts of Hyper-V, and machines on them. */
  readonly hyperv: { readonly hosts: number; readonly machines: number };
  readonly servers: number;
  readonly vcenters: ReadonlyArray<{
    readonly name: string;
    /** As it says itself; undefined before it was reached. */
    readonly instanceUuid: string | undefined;
    readonly machines: ReadonlyMap<string, SourceMachine>;
    /** Machines of it under replication. */
    readonly replicating: readonly SourceMachine[];
  }>;
}

/** One warning for each limit that the load is beyond, by a key that stays the same. */
export function beyondLimits({ vcenters, hyperv, servers }: Load): Map<string, Warning> {
  const found = new Map<string, Warning>();
  const over = (key: string, code: Parameters<typeof limits.make>[0], what: string): void => {
    const { next } = limits.make(code, { what });
    found.set(`${LIMIT_KEYS}${key}`, { code, message: `${what} ${next}` });
  };
  const machines = vcenters.reduce((sum, vcenter) => sum + vcenter.machines.size, 0);
  if (machines > MACHINES_SUPPORTED)
    over(
      'machines',
      'limit.machines',
      `${machines} machines; one appliance is documented for ${MACHINES_SUPPORTED}.`,
    );
  if (hyperv.machines > HYPERV_MACHINES_SUPPORTED)
    over(
      'hyperv machines',
      'limit.hyperv.machines',
      `${hyperv.machines} machines of Hyper-V; one appliance is documented for ${HYPERV_MACHINES_SUPPORTED}.`,
    );
  if (hyperv.hosts > HYPERV_HOSTS_SUPPORTED)
    over(
      'hyperv hosts',
      'limit.hyperv.hosts',
      `${hyperv.hosts} Hyper-V hosts; one appliance is documented for ${HYPERV_HOSTS_SUPPORTED}.`,
    );
  if (servers > SERVERS_SUPPORTED)
    over(
      'servers',
      'limit.servers',
      `${servers} servers; one appliance is documented for ${SERVERS_SUPPORTED}.`,
    );
  if (vcenters.length > VCENTERS_SUPPORTED)
    over(
      'vcenters',
      'limit.vcenters',
      `${vcenters.length} vCenters; one appliance is documented for ${VCENTERS_SUPPORTED}.`,
    );
  for (const [i, { name, instanceUuid }] of vcenters.entries()) {
    const same = vcenters.slice(0, i).find((other) => other.instanceUuid === instanceUuid);
    if (instanceUuid !== undefined && same)
      over(`twice ${name}`, 'vcenter.twice', `${name} is the same vCenter as ${same.name}.`);
  }
  for (const { name, replicating } of vcenters) {
    if (replicating.length > REPLICATIONS_SUPPORTED)
      over(
        `replications ${name}`,
        'limit.replications',
        `${replicating.length} machines of ${name} under replication; one appliance is documented for ${REPLICATIONS_SUPPORTED}.`,
      );
    const large = replicating.filter(({ disks }) => disks.length > DISKS_SUPPORTED);
    if (large.length > 0)
      over(
        `disks ${name}`,
        'limit.disks',
        `${large[0]!.name} has ${large[0]!.disks.length} disks; migration without an agent is documented for ${DISKS_SUPPORTED}` +
          `${large.length > 1 ? ` (${large.length} such machines of ${name})` : ''}.`,
      );
  }
  return found;
}
