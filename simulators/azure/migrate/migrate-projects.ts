/** Microsoft.Migrate/migrateProjects of 2018-09-01-preview: the hub's project, its tools and solutions. */
import { methodNotAllowed, parentNotFound, resourceNotFound, unknownAction } from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest, ArmType } from '../arm/provider.ts';
import type { Sites } from '../off-azure/sites.ts';
import { oneOf, shape, text } from '../shape.ts';
import { machinesOf, type Project } from './projects.ts';

const NAMESPACE = 'Microsoft.Migrate';
const apiVersions = ['2018-09-01-preview'] as const;
const TOOLS = ['ServerDiscovery', 'ServerAssessment', 'ServerMigration', 'ServerAssessment_Import'] as const;

interface Solution {
  readonly name: string;
  properties: Readonly<Record<string, unknown>>;
}

interface HubProject {
  readonly id: string;
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  tags: Readonly<Record<string, string>>;
  readonly tools: Set<string>;
  readonly solutions: Map<string, Solution>;
  revision: number;
}

export interface ReplicatedCounts {
  readonly replicatingCount: number;
  readonly migratedCount: number;
}

const anything = (value: unknown): unknown => value;
const envelope = { id: text(1_024), name: text(128), type: text(128), eTag: text(128) };

const readProject = shape(
  { location: (value: unknown) => readLocation(value) },
  {
    ...envelope,
    tags: (value: unknown) => readTags(value),
    properties: shape({}, { registeredTools: anything, summary: anything, provisioningState: anything }),
  },
);

const readSolution = shape(
  {
    properties: shape(
      {},
      {
        tool: oneOf(...TOOLS),
        purpose: oneOf('Discovery', 'Assessment', 'Migration'),
        goal: oneOf('Servers', 'Databases'),
        status: oneOf('Inactive', 'Active'),
        cleanupState: text(64),
        summary: anything,
        details: anything,
      },
    ),
  },
  envelope,
);

const readTool = shape({ tool: oneOf(...TOOLS) });

/** @param host whose assessment projects and sites are counted in the summary */
export function migrateProjectTypes(host: {
  sites: Sites;
  projects(): readonly Project[];
  /** Machines of the vaults of a group that are replicated, and that were migrated. */
  replicated(resourceGroup: string): ReplicatedCounts;
}): Readonly<Record<string, ArmType>> {
  const byId = new Map<string, HubProject>();

  const idOf = ({ subscriptionId, resourceGroup, names }: ArmRequest): string =>
    `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${NAMESPACE}/MigrateProjects/${names[0]}`;

  const inScope = (request: ArmRequest, of: { subscriptionId: string; resourceGroup: string }): boolean =>
    of.subscriptionId === request.subscriptionId &&
    (request.resourceGroup === '' || of.resourceGroup === request.resourceGroup);

  const view = (project: HubProject): object => {
    const assessed = new Set<string>();
    let discovered = 0;
    for (const assessments of host.projects())
      if (assessments.resourceGroup === project.resourceGroup) {
        discovered += machinesOf(assessments, host.sites).length;
        for (const group of assessments.groups.values())
          for (const { computed } of group.assessments.values())
            for (const name of computed?.machines.keys() ?? []) assessed.add(name);
      }
    return {
      id: project.id,
      name: project.name,
      type: `${NAMESPACE}/MigrateProjects`,
      eTag: `"${project.revision}"`,
      location: project.location,
      tags: project.tags,
      properties: {
        registeredTools: [...project.tools],
        summary: {
          Servers: {
            instanceType: 'Servers',
            discoveredCount: discovered,
            assessedCount: assessed.size,
            ...host.replicated(project.resourceGroup),
          },
        },
        provisioningState: 'Succeeded',
      },
    };
  };

  function handleProject(request: ArmRequest): ArmAnswer {
    const { method, name, segments } = request;
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/migrateProjects`);
      return { list: listOf([...byId.values()].filter((project) => inScope(request, project)).map(view)) };
    }
    const key = idOf(request).toLowerCase();
    const existing = byId.get(key);
    if (segments.length > 0) {
      if (!existing) throw parentNotFound(idOf(request));
      return action(existing, request);
    }
    if (method === 'PUT') {
      const { location, tags = {} } = readProject(request.body, '');
      const project: HubProject = existing ?? {
        id: idOf(request),
        name,
        subscriptionId: request.subscriptionId,
        resourceGroup: request.resourceGroup,
        location,
        tags,
        tools: new Set(),
        solutions: new Map(),
        revision: 0,
      };
      project.tags = tags;
      project.revision++;
      byId.set(key, project);
      return { status: existing ? 200 : 201, body: view(project) };
    }
    if (method === 'DELETE') return { status: byId.delete(key) ? 200 : 204 };
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/migrateProjects`);
    if (!existing) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: view(existing) };
  }

  function action(project: HubProject, { method, segments, body }: ArmRequest): ArmAnswer {
    const verb = segments.length === 1 && method === 'POST' ? segments[0]!.toLowerCase() : '';
    if (verb === 'registertool') {
      project.tools.add(readTool(body, '').tool);
      return { status: 200, body: { isRegistered: true } };
    }
    if (verb === 'refreshsummary') return { status: 200, body: { isRefreshed: true } };
    throw unknownAction(method, `${NAMESPACE}/migrateProjects/${segments.join('/')}`);
  }

  function solutionAction(project: HubProject, { method, name, segments }: ArmRequest): ArmAnswer {
    const verb = method === 'POST' && segments.length === 1 ? segments[0]!.toLowerCase() : '';
    const solution = project.solutions.get(name.toLowerCase());
    if (!solution) throw parentNotFound(`${project.id}/Solutions/${name}`);
    if (verb === 'getconfig') return { status: 200, body: { publisherSasUri: '' } };
    if (verb === 'cleanupdata') {
      solution.properties = { ...solution.properties, cleanupState: 'Completed' };
      return { status: 200 };
    }
    throw unknownAction(method, `${NAMESPACE}/solutions/${segments.join('/')}`);
  }

  function handleSolution(request: ArmRequest): ArmAnswer {
    const { method, name, segments } = request;
    const project = byId.get(idOf(request).toLowerCase());
    if (!project) throw parentNotFound(idOf(request));
    if (segments.length > 0) return solutionAction(project, request);
    const solutionView = (solution: Solution): object => ({
      id: `${project.id}/Solutions/${solution.name}`,
      name: solution.name,
      type: `${NAMESPACE}/MigrateProjects/Solutions`,
      properties: { status: 'Active', ...solution.properties },
    });
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/solutions`);
      return { list: listOf([...project.solutions.values()].map(solutionView)) };
    }
    const key = name.toLowerCase();
    const existing = project.solutions.get(key);
    if (method === 'PUT' || (method === 'PATCH' && existing)) {
      const { properties } = readSolution(request.body, '');
      const solution = existing ?? { name, properties: {} };
      solution.properties = { ...solution.properties, ...properties };
      project.solutions.set(key, solution);
      return { status: existing ? 200 : 201, body: solutionView(solution) };
    }
    if (method === 'DELETE') return { status: project.solutions.delete(key) ? 200 : 204 };
    if (!existing) throw resourceNotFound(request, NAMESPACE);
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/solutions`);
    return { status: 200, body: solutionView(existing) };
  }

  return {
    migrateProjects: { apiVersions, handle: handleProject },
    'migrateProjects/solutions': { apiVersions, handle: handleSolution },
  };
}
