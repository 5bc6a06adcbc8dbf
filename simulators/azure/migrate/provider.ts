/**
 * Microsoft.Migrate: assessment projects of 2019-10-01 with collectors, machines, groups and assessments, and
 * the hub's projects (azure.md, section 6). No long-running operations: a PUT answers at once, progress is in
 * `status`.
 */
import { builtInCatalogue, type Catalogue } from '#core/assessment/plan.ts';
import type { RulesetName } from '#core/assessment/rulesets.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { ArmProvider } from '../arm/provider.ts';
import type { Sites } from '../off-azure/sites.ts';
import type { PublishedFiles } from '../published-files.ts';
import { explanationOf } from './compute-assessment.ts';
import { groupTypes } from './group-requests.ts';
import { migrateProjectTypes, type ReplicatedCounts } from './migrate-projects.ts';
import { projectTypes } from './project-requests.ts';
import { findMachine, type Project, type StoredAssessment } from './projects.ts';
import { type MigrateState, NAMESPACE } from './requests.ts';

export interface MigrateOptions {
  readonly context: SimulatorContext;
  readonly sites: Sites;
  /** Rules that new projects assess by. */
  readonly ruleset: RulesetName;
  /** Machines of the vaults of a group that are replicated, and that were migrated; none by default. */
  readonly replicated?: (resourceGroup: string) => ReplicatedCounts;
  /** Where reports are left. */
  readonly files: PublishedFiles;
  /** Sizes, disks and prices; the built-in ones by default. */
  readonly catalogue?: Catalogue;
}

export interface MigrateService {
  readonly provider: ArmProvider;
  /** Explanations of the newest computed assessment of that name whose machines include the site's. */
  explanations(siteId: string, assessment: string): object[] | undefined;
  /** Ends the computation of an assessment at once: for what stands there before the story begins. */
  completeAssessment(id: string): void;
  /** For checks and reports; nothing of it may be changed. */
  projects(): readonly Project[];
}

export function createMigrate(options: MigrateOptions): MigrateService {
  const { context, sites, files, ruleset, catalogue = builtInCatalogue() } = options;
  const state: MigrateState = {
    clock: context.clock,
    sites,
    files,
    catalogue,
    ruleset,
    projects: new Map(),
    computing: new Map(),
  };
  const { replicated = () => ({ replicatingCount: 0, migratedCount: 0 }) } = options;
  const projects = (): readonly Project[] => [...state.projects.values()];
  return {
    provider: {
      namespace: NAMESPACE,
      types: {
        ...migrateProjectTypes({ sites, projects, replicated }),
        ...projectTypes(state),
        ...groupTypes(state),
      },
    },
    projects,
    completeAssessment: (id) => state.computing.get(id.toLowerCase())?.(),
    explanations(siteId, name) {
      let newest: { project: Project; stored: StoredAssessment } | undefined;
      for (const project of state.projects.values()) {
        if (
          ![...project.collectors.values()].some(
            (c) => c.discoverySiteId.toLowerCase() === siteId.toLowerCase(),
          )
        )
          continue;
        for (const group of project.groups.values()) {
          const stored = group.assessments.get(name.toLowerCase());
          if (stored?.computed && stored.computed.at >= (newest?.stored.computed?.at ?? 0))
            newest = { project, stored };
        }
      }
      const computed = newest?.stored.computed;
      if (!newest || !computed) return undefined;
      const { project } = newest;
      return [...computed.machines].flatMap(([machineName, assessed]) => {
        const found = findMachine(project, sites, machineName);
        const ofSite = found !== undefined && found.site.id.toLowerCase() === siteId.toLowerCase();
        return ofSite ? [explanationOf(computed.assessment, assessed, found.machine.facts)] : [];
      });
    },
  };
}
