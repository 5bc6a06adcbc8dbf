/**
 * From what a site knows of its machines to what the assessment engine takes: a thin adapter, so that the
 * engine knows no Azure and this service no arithmetic.
 */
import { type AssessedMachine, type Assessment, assess } from '#core/assessment/assess.ts';
import { explain } from '#core/assessment/explanation.ts';
import type { CounterName, MachineFacts, PointSource } from '#core/assessment/machine-facts.ts';
import type { Catalogue } from '#core/assessment/plan.ts';
import type { UnixMillis } from '#core/units.ts';
import { type DiscoveredMachine, platformOf } from '../discovery-service/machine-shape.ts';
import { machineId } from '../off-azure/views.ts';
import type { GivenAssessment } from './assessment-properties.ts';
import { asArmError } from './assessment-properties.ts';
import type { Computed, ProjectMachine } from './projects.ts';

/** @throws ArmError when the prices do not cover location and currency, or the custom history is empty */
export function computeAssessment(
  { engine }: GivenAssessment,
  machines: readonly ProjectMachine[],
  catalogue: Catalogue,
  asOf: UnixMillis,
): Computed {
  let assessment: Assessment;
  try {
    const inputs = machines.map((of) => ({ facts: factsOf(of), points: pointsOf(of) }));
    assessment = assess(engine, catalogue, asOf, inputs);
  } catch (error) {
    throw asArmError(error);
  }
  return {
    assessment,
    at: asOf,
    machines: new Map(machines.map(({ name }, i) => [name, assessment.machines[i]!])),
    versions: new Map(machines.map(({ name, machine }) => [name, machine.factsVersion])),
  };
}

export function factsOf({ site, machine }: ProjectMachine): MachineFacts {
  const { facts } = machine;
  if (facts.imported) return { ...facts.imported, id: machineId(site, facts) };
  const { osName = '', osType = '', osArchitecture } = facts.operatingSystemDetails;
  return {
    id: machineId(site, facts),
    displayName: facts.displayName,
    platform: platformOf(facts),
    cores: facts.numberOfProcessorCore,
    memoryMiB: facts.allocatedMemoryInMB,
    bootType: facts.firmware,
    os: { name: osName, ...familyOf(osType), ...bitsOf(osArchitecture) },
    disks: facts.disks.map((disk) => ({
      id: disk.uuid,
      label: disk.label,
      sizeBytes: disk.maxSizeInBytes,
      isOs: disk.isOSDisk === 'true',
    })),
    nics: facts.networkAdapters.map((nic) => ({
      id: nic.nicId,
      ...(nic.macAddress === undefined ? {} : { macAddress: nic.macAddress }),
      ...(nic.ipAddressList === undefined ? {} : { ipAddresses: nic.ipAddressList }),
    })),
  };
}

function familyOf(osType: string): { family?: 'windows' | 'linux' | 'other' } {
  if (osType === '') return {};
  if (/windows/i.test(osType)) return { family: 'windows' };
  return { family: /linux/i.test(osType) ? 'linux' : 'other' };
}

function bitsOf(architecture: string | undefined): { bits?: 32 | 64 } {
  if (architecture === undefined || architecture === '') return {};
  if (/^(?:x86|i[36]86|32)/i.test(architecture) && !/64/.test(architecture)) return { bits: 32 };
  return /64/.test(architecture) ? { bits: 64 } : {};
}

const DISK_COUNTERS: ReadonlySet<CounterName> = new Set(['readIops', 'writeIops', 'readBps', 'writeBps']);

/** The engine names a disk by its uuid, the points by its performance instance. */
function pointsOf({ site, machine }: ProjectMachine): PointSource {
  const { facts } = machine;
  const instances = new Map(facts.disks.map(({ uuid, instance }) => [uuid, instance]));
  return (counter, id) => {
    const instance = DISK_COUNTERS.has(counter) ? instances.get(id) : id;
    return instance === undefined ? undefined : site.inventory.points(facts.instanceUuid, counter, instance);
  };
}

/** Why one machine came out as it did: figures and sentences. */
export function explanationOf(
  assessment: Assessment,
  machine: AssessedMachine,
  facts: DiscoveredMachine,
): object {
  const { utilization, cores, memoryMiB, disks, adapters, size, confidence, findings } = machine;
  const { plan } = assessment;
  return {
    machine: { id: machine.facts.id, instanceUuid: facts.instanceUuid, displayName: facts.displayName },
    suitability: machine.suitability,
    suitabilityExplanation: machine.suitabilityExplanation,
    stoppedAt: machine.stoppedAt ?? null,
    findings,
    percentile: plan.percentile,
    scalingFactor: plan.properties.scalingFactor,
    history: plan.history,
    utilization,
    effective: { cores, memoryMiB },
    disks,
    adapters,
    size: size ?? null,
    recommendedSize: machine.recommendedSize ?? null,
    monthlyComputeCost: machine.monthlyComputeCost,
    monthlyStorageCost: machine.monthlyStorageCost,
    currency: plan.properties.currency,
    prices: { source: plan.priceSource, timestamp: plan.pricesTimestamp },
    confidence: confidence ?? null,
    reasons: explain(plan, machine),
  };
}
