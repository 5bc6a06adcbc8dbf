/** Requests on assessment projects themselves, their options, machines and collectors. */
import { invalidProperty, resourceNotFound, unknownAction } from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest, ArmType } from '../arm/provider.ts';
import type { SiteKind } from '../discovery-service/service.ts';
import { oneOf, shape, text } from '../shape.ts';
import { type CollectorKind, findMachine, machinesOf, type Project } from './projects.ts';
import {
  ASSESSMENT_API_VERSIONS,
  anything,
  ENVELOPE,
  type MigrateState,
  NAMESPACE,
  projectId,
  projectOf,
  ROOT,
  requireEtag,
  requireGet,
  requireName,
} from './requests.ts';
import { collectorView, machineView, optionsView, projectView } from './views.ts';

const COLLECTOR_KINDS = [
  'vmwarecollectors',
  'hypervcollectors',
  'servercollectors',
  'importcollectors',
] as const;

const SITE_OF: Readonly<Record<CollectorKind, SiteKind>> = {
  vmwarecollectors: 'VMware',
  hypervcollectors: 'HyperV',
  servercollectors: 'Server',
  importcollectors: 'Import',
};

const readProject = shape(
  { location: (value: unknown) => readLocation(value) },
  {
    ...ENVELOPE,
    tags: (value: unknown) => readTags(value),
    properties: shape(
      {},
      {
        assessmentSolutionId: text(1_024),
        projectStatus: oneOf('Active', 'Inactive'),
        customerWorkspaceId: text(1_024),
        customerWorkspaceLocation: text(64),
        publicNetworkAccess: text(16),
        customerStorageAccountArmId: text(1_024),
        ...Object.fromEntries(
          [
            'createdTimestamp',
            'updatedTimestamp',
            'serviceEndpoint',
            'lastAssessmentTimestamp',
            'numberOfGroups',
            'numberOfMachines',
            'numberOfAssessments',
            'provisioningState',
          ].map((name) => [name, anything]),
        ),
      },
    ),
  },
);

const readCollector = shape(
  {
    properties: shape(
      { discoverySiteId: text(1_024) },
      {
        agentProperties: shape(
          {},
          {
            id: text(128),
            version: text(64),
            lastHeartbeatUtc: text(64),
            spnDetails: shape(
              {},
              {
                authority: text(256),
                applicationId: text(64),
                audience: text(256),
                objectId: text(64),
                tenantId: text(64),
              },
            ),
          },
        ),
        createdTimestamp: text(64),
        updatedTimestamp: text(64),
      },
    ),
  },
  ENVELOPE,
);

export function projectTypes(state: MigrateState): Readonly<Record<string, ArmType>> {
  const { sites, projects } = state;

  function handleProject(request: ArmRequest): ArmAnswer {
    const { method, name, segments, now } = request;
    if (segments.length > 0)
      throw unknownAction(method, `${NAMESPACE}/${request.type}/${segments.join('/')}`);
    if (name === '') {
      requireGet(request);
      const shown = [...projects.values()].filter(
        (project) =>
          project.subscriptionId === request.subscriptionId &&
          (request.resourceGroup === '' || project.resourceGroup === request.resourceGroup),
      );
      return { list: { count: shown.length, item: (i) => projectView(shown[i]!, sites) } };
    }
    const project = projects.get(projectId(request).toLowerCase());
    if (method === 'PUT') return putProject(project, request);
    if (method === 'DELETE') {
      if (project) projects.delete(project.id.toLowerCase());
      return { status: project ? 200 : 204 };
    }
    if (!project) throw resourceNotFound(request, NAMESPACE);
    if (method === 'PATCH') {
      const { tags, properties } = readProject(
        { location: project.location, ...(request.body as object) },
        '',
      );
      if (tags) project.tags = tags;
      if (properties) project.properties = { ...project.properties, ...properties };
      project.revision++;
      project.updatedAt = now;
    } else requireGet(request);
    return { status: 200, body: projectView(project, sites) };
  }

  function putProject(existing: Project | undefined, request: ArmRequest): ArmAnswer {
    requireName(request);
    const { location, tags = {}, properties = {}, eTag } = readProject(request.body, '');
    if (existing) {
      requireEtag(eTag, existing, existing.id);
      if (existing.location !== location)
        throw invalidProperty('location', `it cannot change from ${existing.location}`);
      Object.assign(existing, {
        tags,
        properties: { ...existing.properties, ...properties },
        updatedAt: request.now,
      });
      existing.revision++;
      return { status: 200, body: projectView(existing, sites) };
    }
    const project: Project = {
      id: projectId(request),
      name: request.name,
      subscriptionId: request.subscriptionId,
      resourceGroup: request.resourceGroup,
      location,
      ruleset: state.ruleset,
      tags,
      properties,
      collectors: new Map(),
      groups: new Map(),
      createdAt: request.now,
      updatedAt: request.now,
      revision: 1,
    };
    projects.set(project.id.toLowerCase(), project);
    return { status: 201, body: projectView(project, sites) };
  }

  function handleOptions(request: ArmRequest): ArmAnswer {
    requireGet(request);
    const project = projectOf(state, request);
    if (request.name === '') return { list: listOf([optionsView(project)]) };
    if (request.name.toLowerCase() !== 'default') throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: optionsView(project) };
  }

  function handleMachine(request: ArmRequest): ArmAnswer {
    requireGet(request);
    const project = projectOf(state, request);
    if (request.name === '') {
      const machines = machinesOf(project, sites);
      return { list: { count: machines.length, item: (i) => machineView(project, machines[i]!) } };
    }
    const machine = findMachine(project, sites, request.name);
    if (!machine) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: machineView(project, machine) };
  }

  function handleCollector(kind: CollectorKind): (request: ArmRequest) => ArmAnswer {
    return (request) => {
      const { method, name, now } = request;
      const project = projectOf(state, request);
      const mine = [...project.collectors.values()].filter((collector) => collector.kind === kind);
      if (name === '') {
        requireGet(request);
        return { list: listOf(mine.map((collector) => collectorView(project, collector))) };
      }
      const key = `${kind}/${name.toLowerCase()}`;
      const existing = project.collectors.get(key);
      if (method === 'PUT') {
        requireName(request);
        const { properties, eTag } = readCollector(request.body, '');
        if (existing) requireEtag(eTag, existing, name);
        const { discoverySiteId, agentProperties = {} } = properties;
        if (sites.find(discoverySiteId)?.kind !== SITE_OF[kind])
          throw invalidProperty(
            'properties.discoverySiteId',
            `the id of a ${SITE_OF[kind]} site that exists`,
          );
        const collector = existing ?? {
          name,
          kind,
          discoverySiteId,
          agent: {},
          createdAt: now,
          updatedAt: now,
          revision: 0,
        };
        Object.assign(collector, { discoverySiteId, agent: agentProperties, updatedAt: now });
        collector.revision++;
        project.collectors.set(key, collector);
        return { status: existing ? 200 : 201, body: collectorView(project, collector) };
      }
      if (method === 'DELETE') return { status: project.collectors.delete(key) ? 200 : 204 };
      requireGet(request);
      if (!existing) throw resourceNotFound(request, NAMESPACE);
      return { status: 200, body: collectorView(project, existing) };
    };
  }

  const apiVersions = ASSESSMENT_API_VERSIONS;
  return {
    [ROOT]: { apiVersions, handle: handleProject },
    [`${ROOT}/assessmentOptions`]: { apiVersions, handle: handleOptions },
    [`${ROOT}/machines`]: { apiVersions, handle: handleMachine },
    ...Object.fromEntries(
      COLLECTOR_KINDS.map((kind) => [`${ROOT}/${kind}`, { apiVersions, handle: handleCollector(kind) }]),
    ),
  };
}
