/** Projects, groups, machines, assessments and assessed machines as Microsoft.Migrate 2019-10-01 shows them. */
import type { AssessedMachine } from '#core/assessment/assess.ts';
import { targetLocations } from '#core/assessment/regions.ts';
import { VM_SIZES } from '#core/assessment/vm-sizes.ts';
import { CURRENCIES, OFFERS } from '#core/assessment/vocabulary.ts';
import { DAY, GIB, SECOND } from '#core/units.ts';
import type { DiscoveredMachine } from '../discovery-service/machine-shape.ts';
import { iso } from '../http.ts';
import type { Sites } from '../off-azure/sites.ts';
import { machineId } from '../off-azure/views.ts';
import { shownProperties } from './assessment-properties.ts';
import {
  type Collector,
  type Computed,
  etag,
  type Group,
  machinesOf,
  type Project,
  type ProjectMachine,
  type StoredAssessment,
  statusOf,
} from './projects.ts';

const TYPE = 'Microsoft.Migrate/assessmentprojects';

export function projectView(project: Project, sites: Sites): object {
  const assessments = [...project.groups.values()].flatMap((group) => [...group.assessments.values()]);
  const last = assessments.reduce((newest, { updatedAt }) => Math.max(newest, updatedAt), 0);
  return {
    id: project.id,
    name: project.name,
    type: TYPE,
    eTag: etag(project.revision, project.updatedAt),
    location: project.location,
    tags: project.tags,
    properties: {
      projectStatus: 'Active',
      ...project.properties,
      numberOfGroups: project.groups.size,
      numberOfMachines: machinesOf(project, sites).length,
      numberOfAssessments: assessments.length,
      ...(last === 0 ? {} : { lastAssessmentTimestamp: iso(last) }),
      createdTimestamp: iso(project.createdAt),
      updatedTimestamp: iso(project.updatedAt),
      provisioningState: 'Succeeded',
    },
  };
}

export function optionsView(project: Project): object {
  const locations = targetLocations(project.ruleset);
  const families = new Map<string, Set<string>>();
  for (const { family, category } of VM_SIZES)
    families.set(family, (families.get(family) ?? new Set<string>()).add(category));
  const names = [...families.keys()];
  return {
    id: `${project.id}/assessmentOptions/default`,
    name: 'default',
    type: `${TYPE}/assessmentOptions`,
    properties: {
      vmFamilies: names.map((familyName) => ({
        familyName,
        targetLocations: locations,
        category: [...families.get(familyName)!],
      })),
      reservedInstanceVmFamilies: names,
      reservedInstanceSupportedLocations: locations,
      reservedInstanceSupportedCurrencies: CURRENCIES,
      reservedInstanceSupportedOffers: OFFERS.filter((offer) => offer === 'MSAZR0003P'),
    },
  };
}

export function collectorView(project: Project, collector: Collector): object {
  return {
    id: `${project.id}/${collector.kind}/${collector.name}`,
    name: collector.name,
    type: `${TYPE}/${collector.kind}`,
    eTag: etag(collector.revision, collector.updatedAt),
    properties: {
      discoverySiteId: collector.discoverySiteId,
      agentProperties: collector.agent,
      createdTimestamp: iso(collector.createdAt),
      updatedTimestamp: iso(collector.updatedAt),
    },
  };
}

/** What discovered and assessed machines have in common. */
function machineProperties({ site, machine }: ProjectMachine): Record<string, unknown> {
  const { facts } = machine;
  const { osType = '', osName = '', osVersion = '' } = facts.operatingSystemDetails;
  return {
    bootType: facts.firmware,
    datacenterManagementServerName: facts.vCenterFQDN,
    datacenterManagementServerArmId: facts.vCenterId ?? '',
    displayName: facts.displayName,
    description: facts.description ?? '',
    megabytesOfMemory: facts.allocatedMemoryInMB,
    numberOfCores: facts.numberOfProcessorCore,
    operatingSystemType: osType,
    operatingSystemName: osName,
    operatingSystemVersion: osVersion,
    createdTimestamp: iso(machine.createdAt),
    updatedTimestamp: iso(machine.updatedAt),
    datacenterMachineArmId: machineId(site, facts),
  };
}

export function machineView(project: Project, of: ProjectMachine): object {
  const { datacenterMachineArmId, ...common } = machineProperties(of);
  const groups = [...project.groups.values()].filter(({ machines }) => machines.has(of.name));
  const { facts } = of.machine;
  return {
    id: `${project.id}/machines/${of.name}`,
    name: of.name,
    type: `${TYPE}/machines`,
    eTag: etag(of.machine.factsVersion, of.machine.updatedAt),
    properties: {
      ...common,
      discoveryMachineArmId: datacenterMachineArmId,
      groups: groups.map(({ id }) => id),
      disks: Object.fromEntries(
        facts.disks.map((disk) => [
          disk.uuid,
          { gigabytesAllocated: disk.maxSizeInBytes / GIB, displayName: disk.label },
        ]),
      ),
      networkAdapters: Object.fromEntries(facts.networkAdapters.map((nic) => [nic.nicId, adapterFacts(nic)])),
    },
  };
}

function adapterFacts(nic: DiscoveredMachine['networkAdapters'][number] | undefined): object {
  return {
    displayName: nic?.label ?? '',
    macAddress: nic?.macAddress ?? '',
    ipAddresses: nic?.ipAddressList ?? [],
  };
}

export function groupView(group: Group): object {
  const assessments = [...group.assessments.values()];
  const running = assessments.some(({ status }) => status === 'Created' || status === 'Running');
  return {
    id: group.id,
    name: group.name,
    type: `${TYPE}/groups`,
    eTag: etag(group.revision, group.updatedAt),
    properties: {
      groupStatus: running ? 'Running' : group.machines.size === 0 ? 'Created' : 'Completed',
      machineCount: group.machines.size,
      assessments: assessments.map(({ id }) => id),
      areAssessmentsRunning: running,
      groupType: 'Default',
      createdTimestamp: iso(group.createdAt),
      updatedTimestamp: iso(group.updatedAt),
    },
  };
}

export function assessmentView(project: Project, sites: Sites, assessment: StoredAssessment): object {
  const { computed } = assessment;
  return {
    id: assessment.id,
    name: assessment.name,
    type: `${TYPE}/groups/assessments`,
    eTag: etag(assessment.revision, assessment.updatedAt),
    properties: {
      ...shownProperties(assessment.given),
      status: statusOf(project, sites, assessment),
      createdTimestamp: iso(assessment.createdAt),
      updatedTimestamp: iso(assessment.updatedAt),
      ...(computed === undefined ? {} : results(computed)),
    },
  };
}

function results({ assessment, machines }: Computed): Record<string, unknown> {
  const { totals, confidence, plan } = assessment;
  const { from, to, periodMs } = plan.history;
  return {
    numberOfMachines: machines.size,
    monthlyComputeCost: totals.monthlyComputeCost,
    monthlyStorageCost: totals.monthlyStorageCost,
    monthlyPremiumStorageCost: totals.storageCostByType.Premium,
    monthlyStandardSSDStorageCost: totals.storageCostByType.StandardSSD,
    monthlyBandwidthCost: 0,
    ...(confidence === undefined ? {} : { confidenceRatingInPercentage: confidence.percent }),
    perfDataStartTime: iso(from * periodMs),
    perfDataEndTime: iso(to * periodMs),
    pricesTimestamp: iso(Date.parse(plan.pricesTimestamp)),
  };
}

/** A month of 31 days, as the uptime of an assessment counts it. */
const MONTH_SECONDS = (31 * DAY) / SECOND;

const megabytes = (bytesPerSecond: number | undefined): number | undefined =>
  bytesPerSecond === undefined ? undefined : bytesPerSecond / 1e6;

export function assessedMachineView(
  stored: StoredAssessment,
  of: ProjectMachine,
  assessed: AssessedMachine,
): object {
  const { facts } = of.machine;
  const size = assessed.recommendedSize === undefined ? undefined : assessed.size?.chosen;
  const { utilization } = assessed;
  const costOf = (type: string) =>
    assessed.disks.reduce((sum, disk) => (disk.choice?.type === type ? sum + disk.monthlyCost : sum), 0);
  return {
    id: `${stored.id}/assessedMachines/${of.name}`,
    name: of.name,
    type: `${TYPE}/groups/assessments/assessedMachines`,
    eTag: etag(stored.revision, stored.updatedAt),
    properties: {
      ...machineProperties(of),
      suitability: assessed.suitability,
      suitabilityExplanation: assessed.suitabilityExplanation,
      suitabilityDetail: assessed.suitabilityDetail,
      recommendedSize: size?.name ?? 'Unknown',
      numberOfCoresForRecommendedSize: size?.vCpus ?? 0,
      megabytesOfMemoryForRecommendedSize: size?.memoryMiB ?? 0,
      monthlyComputeCostForRecommendedSize: assessed.monthlyComputeCost,
      monthlyStorageCost: assessed.monthlyStorageCost,
      monthlyPremiumStorageCost: costOf('Premium'),
      monthlyStandardSSDStorageCost: costOf('StandardSSD'),
      monthlyBandwidthCost: 0,
      percentageCoresUtilization: utilization.cpuPercent?.value,
      percentageMemoryUtilization: utilization.memoryPercent?.value,
      ...(assessed.confidence === undefined
        ? {}
        : { confidenceRatingInPercentage: assessed.confidence.percent }),
      disks: Object.fromEntries(facts.disks.map((disk, i) => [disk.uuid, diskResult(disk, assessed, i)])),
      networkAdapters: Object.fromEntries(
        assessed.adapters.map(({ id, measures, detail }) => {
          const transmitted = megabytes(measures.outBps?.value);
          return [
            id,
            {
              ...adapterFacts(facts.networkAdapters.find(({ nicId }) => nicId === id)),
              suitability: 'Suitable',
              suitabilityExplanation: 'NotApplicable',
              suitabilityDetail: detail,
              monthlyBandwidthCosts: 0,
              ...(transmitted === undefined
                ? {}
                : {
                    megabytesPerSecondTransmitted: transmitted,
                    netGigabytesTransmittedPerMonth: (transmitted * MONTH_SECONDS) / 1_000,
                  }),
            },
          ];
        }),
      ),
    },
  };
}

/** A machine that was not taken as far as storage has measures of its disks, and no choice. */
function diskResult(
  disk: DiscoveredMachine['disks'][number],
  assessed: AssessedMachine,
  index: number,
): object {
  const result = assessed.disks.find(({ id }) => id === disk.uuid);
  const measures = assessed.utilization.disks[index];
  return {
    name: disk.uuid,
    displayName: disk.label,
    gigabytesProvisioned: disk.maxSizeInBytes / GIB,
    megabytesPerSecondOfRead: megabytes(measures?.readBps?.value),
    megabytesPerSecondOfWrite: megabytes(measures?.writeBps?.value),
    numberOfReadOperationsPerSecond: measures?.readIops?.value,
    numberOfWriteOperationsPerSecond: measures?.writeIops?.value,
    monthlyStorageCost: result?.monthlyCost ?? 0,
    recommendedDiskType: result?.choice?.type ?? 'Unknown',
    recommendedDiskSize: result?.choice?.name ?? 'Unknown',
    gigabytesForRecommendedDiskSize: result?.choice?.sizeGiB ?? 0,
    suitability: result?.suitability ?? 'Unknown',
    suitabilityExplanation: result?.explanation ?? 'NotApplicable',
    suitabilityDetail: result?.detail ?? 'None',
  };
}
