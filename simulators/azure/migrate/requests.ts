/** What the requests on projects share: where projects are kept, and the checks that all of them make. */
import type { Catalogue } from '#core/assessment/plan.ts';
import type { RulesetName } from '#core/assessment/rulesets.ts';
import type { Clock } from '#core/time/clock.ts';
import { badRequest, methodNotAllowed, parentNotFound, preconditionFailed } from '../arm/faults.ts';
import type { ArmRequest } from '../arm/provider.ts';
import type { Sites } from '../off-azure/sites.ts';
import type { PublishedFiles } from '../published-files.ts';
import { text } from '../shape.ts';
import { etag, type Project } from './projects.ts';

export const NAMESPACE = 'Microsoft.Migrate';
export const ROOT = 'assessmentProjects';
export const ASSESSMENT_API_VERSIONS = ['2019-10-01'] as const;

export interface MigrateState {
  readonly clock: Clock;
  readonly sites: Sites;
  readonly files: PublishedFiles;
  readonly catalogue: Catalogue;
  readonly ruleset: RulesetName;
  /** By ARM id in lower case. */
  readonly projects: Map<string, Project>;
  /** Computations under way: how to end one at once, by the assessment's id in lower case. */
  readonly computing: Map<string, () => void>;
}

/** Members that every resource's body may repeat. */
export const ENVELOPE = { id: text(1_024), name: text(128), type: text(128), eTag: text(128) };

export const anything = (value: unknown): unknown => value;

export function projectId({ subscriptionId, resourceGroup, names }: ArmRequest): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${NAMESPACE}/assessmentprojects/${names[0]}`;
}

/** @throws ArmError ParentResourceNotFound */
export function projectOf({ projects }: MigrateState, request: ArmRequest): Project {
  const project = projects.get(projectId(request).toLowerCase());
  if (!project) throw parentNotFound(projectId(request));
  return project;
}

export function requireGet({ method, type }: ArmRequest): void {
  if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
}

const NAME = /^[\w-]{1,128}$/;

export function requireName({ name }: ArmRequest): void {
  if (!NAME.test(name)) throw badRequest(`The name '${name}' is not valid.`, 'name');
}

/** A tag that was sent must be the newest; without one, or with `*`, the last writer wins. */
export function requireEtag(
  sent: string | undefined,
  now: { revision: number; updatedAt: number },
  id: string,
): void {
  if (sent !== undefined && sent !== '' && sent !== '*' && sent !== etag(now.revision, now.updatedAt))
    throw preconditionFailed(id);
}
