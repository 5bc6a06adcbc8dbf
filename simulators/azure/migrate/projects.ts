/** Assessment projects: collectors that point at discovery sites, groups of machines, assessments of groups. */
import type { AssessedMachine, Assessment } from '#core/assessment/assess.ts';
import type { RulesetName } from '#core/assessment/rulesets.ts';
import type { UnixMillis } from '#core/units.ts';
import type { StoredMachine } from '../discovery-service/inventory.ts';
import type { Site, Sites } from '../off-azure/sites.ts';
import type { GivenAssessment } from './assessment-properties.ts';

export type CollectorKind = 'vmwarecollectors' | 'hypervcollectors' | 'servercollectors' | 'importcollectors';

export interface Collector {
  readonly name: string;
  readonly kind: CollectorKind;
  discoverySiteId: string;
  agent: Readonly<Record<string, unknown>>;
  readonly createdAt: UnixMillis;
  updatedAt: UnixMillis;
  revision: number;
}

export type AssessmentStatus = 'Created' | 'Running' | 'Completed' | 'Updated' | 'Invalid' | 'OutOfSync';

/** A finished computation, and of which facts. */
export interface Computed {
  readonly assessment: Assessment;
  readonly at: UnixMillis;
  /** By machine name in lower case. */
  readonly machines: ReadonlyMap<string, AssessedMachine>;
  /** `factsVersion` of each machine when it was assessed. */
  readonly versions: ReadonlyMap<string, number>;
}

export interface StoredAssessment {
  readonly id: string;
  readonly name: string;
  given: GivenAssessment;
  status: AssessmentStatus;
  readonly createdAt: UnixMillis;
  updatedAt: UnixMillis;
  revision: number;
  /** Stays while a newer computation runs. */
  computed: Computed | undefined;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  /** Names of machines in lower case. */
  readonly machines: Set<string>;
  readonly assessments: Map<string, StoredAssessment>;
  readonly createdAt: UnixMillis;
  updatedAt: UnixMillis;
  revision: number;
}

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  /** Rules by which this project assesses: a property of a project, never a guess. */
  readonly ruleset: RulesetName;
  tags: Readonly<Record<string, string>>;
  properties: Readonly<Record<string, unknown>>;
  readonly collectors: Map<string, Collector>;
  readonly groups: Map<string, Group>;
  readonly createdAt: UnixMillis;
  updatedAt: UnixMillis;
  revision: number;
}

/** A machine as a project sees it; its name is the instance UUID in lower case. */
export interface ProjectMachine {
  readonly name: string;
  readonly site: Site;
  readonly machine: StoredMachine;
}

/** Machines of the project's sites that can be assessed: neither gone nor templates. */
export function machinesOf(project: Project, sites: Sites): ProjectMachine[] {
  const found: ProjectMachine[] = [];
  for (const site of sitesOf(project, sites))
    for (const [name, machine] of site.inventory.machines())
      if (isAssessable(machine)) found.push({ name, site, machine });
  return found;
}

export function findMachine(project: Project, sites: Sites, name: string): ProjectMachine | undefined {
  const key = name.toLowerCase();
  for (const site of sitesOf(project, sites)) {
    const machine = site.inventory.machines().get(key);
    if (machine && isAssessable(machine)) return { name: key, site, machine };
  }
  return undefined;
}

function isAssessable({ facts, isDeleted }: StoredMachine): boolean {
  return !isDeleted && facts.isTemplate !== true;
}

function sitesOf(project: Project, sites: Sites): Site[] {
  const found = new Set<Site>();
  for (const { discoverySiteId } of project.collectors.values()) {
    const site = sites.find(discoverySiteId);
    if (site) found.add(site);
  }
  return [...found];
}

/** OutDated: a machine of a completed assessment has changed in what sizing depends on, or is gone. */
export function statusOf(
  project: Project,
  sites: Sites,
  assessment: StoredAssessment,
): AssessmentStatus | 'OutDated' {
  if (assessment.status !== 'Completed' || !assessment.computed) return assessment.status;
  for (const [name, version] of assessment.computed.versions)
    if (findMachine(project, sites, name)?.machine.factsVersion !== version) return 'OutDated';
  return 'Completed';
}

export function etag(revision: number, at: UnixMillis): string {
  return `"${revision.toString(16).padStart(4, '0')}-${at.toString(16)}"`;
}
