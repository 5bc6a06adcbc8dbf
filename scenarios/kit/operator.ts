/**
 * The person at Azure's side: makes the landing zone, asks for assessments, chooses machines to replicate,
 * orders the cutover, and looks at the result; all through the published REST interfaces, as `az rest` would.
 */
import { assert } from '#core/assert.ts';
import { defineErrors } from '#core/errors.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import { MINUTE, SECOND } from '#core/units.ts';
import { type ArmClient, itemsOf, type Json, textOf } from './arm-client.ts';
import type { AssessOptions } from './scenario-steps.ts';

export const errors = defineErrors({
  'operator.noMachine': {
    blame: 'input',
    why: 'The scenario names a machine that the appliance has not discovered.',
    next: 'Check the spelling against `drylift estate preview`, and that the step comes after discovery.',
  },
  'operator.assessment': {
    blame: 'check',
    why: 'Azure did not complete the assessment.',
    next: 'Look at its status in the timeline of the run.',
  },
  'operator.migration': {
    blame: 'check',
    why: 'The migration of a machine did not come to its end.',
    next: 'Look at the health of the item and at the cycles in the report.',
  },
});

/** Names of what the landing zone holds. */
export interface LandingZone {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly project: string;
  readonly site: string;
  readonly vault: string;
}

export interface OperatorOptions {
  arm: ArmClient;
  clock: Clock;
  zone: LandingZone;
  signal: AbortSignal;
}

const MIGRATE = '2019-10-01';
const HUB = '2018-09-01-preview';
/** Sites by what they discover, and since when ARM knows them. */
const SITES = {
  vmware: { type: 'vmwareSites', api: '2020-07-07' },
  hyperv: { type: 'hypervSites', api: '2023-06-06' },
  server: { type: 'serverSites', api: '2023-06-06' },
} as const;
const REPLICATION = '2023-06-01';

const FABRIC = 'datacentre';
const CONTAINER = 'machines';
/** States of an item whose machine runs in Azure; an agent that it lacks is information, no failure. */
export const MIGRATED: ReadonlySet<string> = new Set([
  'MigrationSucceeded',
  'MigrationCompletedWithInformation',
]);
const POLICY = 'agentless';

/** A machine under replication, as ARM shows it. */
export interface MigrationItemView {
  readonly armId: string;
  readonly state: string;
  readonly health: ReadonlyArray<{ readonly code: string; readonly message: string }>;
  readonly disks: ReadonlyArray<{ readonly diskId: string; readonly targetDiskId: string | undefined }>;
}

export class Operator {
  readonly #options: OperatorOptions;
  readonly #group: string;

  constructor(options: OperatorOptions) {
    this.#options = options;
    const { subscriptionId, resourceGroup } = options.zone;
    this.#group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  }

  /** Tells the project which tools it is to use. The group, the project and the vault are there before. */
  async prepare(): Promise<void> {
    const { arm, zone } = this.#options;
    const hub = `${this.#group}/providers/Microsoft.Migrate/migrateProjects/${zone.project}`;
    for (const [tool, purpose] of [
      ['ServerDiscovery', 'Discovery'],
      ['ServerAssessment', 'Assessment'],
      ['ServerMigration', 'Migration'],
    ] as const) {
      await arm.post(`${hub}/registerTool`, HUB, { tool });
      await arm.put(`${hub}/solutions/Servers-${purpose}-${tool}`, HUB, {
        properties: { tool, purpose, goal: 'Servers', status: 'Active' },
      });
    }
  }

  /** Machines that a site shows and that are not gone: properties by display name. */
  async discovered(kind: keyof typeof SITES = 'vmware'): Promise<ReadonlyMap<string, Json>> {
    const { arm, zone } = this.#options;
    const machines = new Map<string, Json>();
    const { type, api } = SITES[kind];
    const site = `${this.#group}/providers/Microsoft.OffAzure/${type}/${zone.site}`;
    for await (const machine of arm.list(`${site}/machines`, api))
      if ((machine['properties']?.['isDeleted'] as unknown) !== true)
        machines.set(textOf(machine['properties']?.['displayName']) ?? '', machine);
    return machines;
  }

  /** Puts all machines into a group, has it assessed, waits. @throws `operator.assessment` */
  async assess(options: AssessOptions): Promise<void> {
    const { arm, clock, signal } = this.#options;
    const group = `${this.#project()}/groups/${options.name}-group`;
    await arm.put(group, MIGRATE, { properties: {} });
    const machines: string[] = [];
    for await (const machine of arm.list(`${this.#project()}/machines`, MIGRATE))
      machines.push(textOf(machine['id']) ?? '');
    await arm.post(`${group}/updateMachines`, MIGRATE, {
      properties: { operationType: 'Add', machines },
    });
    const assessment = `${group}/assessments/${options.name}`;
    await arm.put(assessment, MIGRATE, { properties: assessmentProperties(options) });
    for (let tries = 0; tries < 360; tries++) {
      await sleep(clock, 10 * SECOND, 'operator.assessment', signal);
      const status = textOf((await arm.get(assessment, MIGRATE))['properties']?.['status']);
      if (status === 'Completed') return;
      if (status === 'Invalid')
        throw errors.make('operator.assessment', { what: `Assessment ${options.name} is ${status}.` });
    }
    throw errors.make('operator.assessment', {
      what: `Assessment ${options.name} was not completed within an hour.`,
    });
  }

  /** What ARM shows of an assessed group, page by page. */
  async assessed(name: string): Promise<readonly Json[]> {
    const { arm } = this.#options;
    const machines: Json[] = [];
    const path = `${this.#project()}/groups/${name}-group/assessments/${name}/assessedMachines`;
    for await (const machine of arm.list(path, MIGRATE)) machines.push(machine);
    return machines;
  }

  /** Fabric, container and policy, once per site. */
  async prepareReplication(): Promise<void> {
    const { arm, zone } = this.#options;
    const siteId = `${this.#group}/providers/Microsoft.OffAzure/vmwareSites/${zone.site}`;
    await arm.put(this.#fabric(), REPLICATION, {
      properties: { customDetails: { instanceType: 'VMwareV2', vmwareSiteId: siteId } },
    });
    await arm.put(this.#container(), REPLICATION, { properties: {} });
    await arm.put(`${this.#vault()}/replicationPolicies/${POLICY}`, REPLICATION, {
      properties: {
        providerSpecificInput: {
          instanceType: 'VMwareCbt',
          recoveryPointHistoryInMinutes: 1440,
          crashConsistentFrequencyInMinutes: 60,
          appConsistentFrequencyInMinutes: 240,
        },
      },
    });
  }

  /** Enables replication of a discovered machine, all of its disks. @throws `operator.noMachine` */
  async replicate(name: string): Promise<void> {
    const { arm } = this.#options;
    const machine = (await this.discovered()).get(name);
    if (!machine)
      throw errors.make('operator.noMachine', { what: `"${name}" is not among the discovered machines.` });
    await arm.put(this.#item(name), REPLICATION, {
      properties: {
        policyId: `${this.#vault()}/replicationPolicies/${POLICY}`,
        providerSpecificDetails: {
          instanceType: 'VMwareCbt',
          vmwareMachineId: textOf(machine['id']),
          targetResourceGroupId: this.#group,
          targetVmName: name,
          disksToInclude: itemsOf(machine['properties']?.['disks']).map((disk) => ({
            diskId: textOf(disk['uuid']),
            isOSDisk: textOf(disk['isOSDisk']),
            diskType: 'Standard_LRS',
          })),
        },
      },
    });
  }

  async item(name: string): Promise<MigrationItemView> {
    const { properties } = await this.#options.arm.get(this.#item(name), REPLICATION);
    assert(properties, `item ${name} has properties`);
    return {
      armId: this.#item(name),
      state: textOf(properties['migrationState']) ?? '',
      health: itemsOf(properties['healthErrors']).map((issue) => ({
        code: textOf(issue['errorCode']) ?? '',
        message: textOf(issue['errorMessage']) ?? '',
      })),
      disks: itemsOf(properties['providerSpecificDetails']?.['protectedDisks']).map((disk) => ({
        diskId: textOf(disk['diskId']) ?? '',
        targetDiskId: textOf(disk['targetManagedDiskId']),
      })),
    };
  }

  /** Recovery points of a machine: the cycles that were applied. */
  async recoveryPoints(name: string): Promise<number> {
    let points = 0;
    const path = `${this.#item(name)}/migrationRecoveryPoints`;
    for await (const _ of this.#options.arm.list(path, REPLICATION)) points++;
    return points;
  }

  /** Orders the migration and waits for its end. @throws `operator.migration` */
  async migrate(name: string, shutdown: boolean): Promise<void> {
    const { arm, clock, signal } = this.#options;
    await arm.post(`${this.#item(name)}/migrate`, REPLICATION, {
      properties: {
        providerSpecificDetails: { instanceType: 'VMwareCbt', performShutdown: String(shutdown) },
      },
    });
    for (let tries = 0; tries < 24 * 60; tries++) {
      await sleep(clock, MINUTE, 'operator.migration', signal);
      const { state } = await this.item(name);
      if (MIGRATED.has(state)) return;
      if (state === 'MigrationFailed' || state === 'MigrationPartiallySucceeded')
        throw errors.make('operator.migration', { what: `The migration of ${name} ended as ${state}.` });
    }
    throw errors.make('operator.migration', { what: `${name} was not migrated within a day.` });
  }

  #project(): string {
    return `${this.#group}/providers/Microsoft.Migrate/assessmentProjects/${this.#options.zone.project}`;
  }
  #vault(): string {
    return `${this.#group}/providers/Microsoft.RecoveryServices/vaults/${this.#options.zone.vault}`;
  }
  #fabric(): string {
    return `${this.#vault()}/replicationFabrics/${FABRIC}`;
  }
  #container(): string {
    return `${this.#fabric()}/replicationProtectionContainers/${CONTAINER}`;
  }
  #item(name: string): string {
    return `${this.#container()}/replicationMigrationItems/${name}`;
  }
}

const TIME_RANGES = { day: 'Day', week: 'Week', month: 'Month' } as const;

/** Properties of an assessment in the words of Microsoft.Migrate 2019-10-01. */
function assessmentProperties(options: AssessOptions): Record<string, unknown> {
  return {
    azureLocation: options.location,
    azureOfferCode: 'MSAZR0003P',
    azurePricingTier: 'Standard',
    azureStorageRedundancy: 'LocallyRedundant',
    sizingCriterion: options.sizing === 'performance' ? 'PerformanceBased' : 'AsOnPremises',
    percentile: `Percentile${options.percentile}`,
    timeRange: TIME_RANGES[options.history],
    scalingFactor: options.comfort,
    azureHybridUseBenefit: 'Yes',
    reservedInstance: 'None',
    discountPercentage: 0,
    azureDiskType: 'StandardOrPremium',
    azureVmFamilies: [],
    vmUptime: { daysPerMonth: 31, hoursPerDay: 24 },
    currency: 'USD',
    stage: 'InProgress',
  };
}
