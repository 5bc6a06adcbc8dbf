/** Requests on groups of machines, their assessments and assessed machines. */
import { planAssessment } from '#core/assessment/plan.ts';
import { SECOND } from '#core/units.ts';
import {
  badRequest,
  conflict,
  invalidProperty,
  parentNotFound,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import { type ArmAnswer, ArmError, type ArmRequest, type ArmType } from '../arm/provider.ts';
import { iso } from '../http.ts';
import { list, oneOf, shape, text } from '../shape.ts';
import { asArmError, readAssessment } from './assessment-properties.ts';
import { assessmentReport, REPORT_TYPE } from './assessment-report.ts';
import { computeAssessment } from './compute-assessment.ts';
import {
  type Computed,
  findMachine,
  type Group,
  type Project,
  type ProjectMachine,
  type StoredAssessment,
} from './projects.ts';
import {
  ASSESSMENT_API_VERSIONS,
  anything,
  ENVELOPE,
  type MigrateState,
  NAMESPACE,
  projectOf,
  ROOT,
  requireEtag,
  requireGet,
  requireName,
} from './requests.ts';
import { assessedMachineView, assessmentView, groupView } from './views.ts';

const RUNNING_AFTER_MS = SECOND;
const COMPUTE_BASE_MS = 10 * SECOND;
const COMPUTE_MS_PER_MACHINE = 50;
const GROUP_MACHINES_MAX = 35_000;

const readGroup = shape({}, { ...ENVELOPE, properties: anything });

const readUpdateMachines = shape(
  {
    properties: shape({
      operationType: oneOf('Add', 'Remove'),
      machines: list(text(1_024), GROUP_MACHINES_MAX),
    }),
  },
  { eTag: text(128) },
);

export function groupTypes(state: MigrateState): Readonly<Record<string, ArmType>> {
  const { sites, catalogue, clock } = state;

  const groupOf = (request: ArmRequest): Group => {
    const project = projectOf(state, request);
    const group = project.groups.get(request.names[1]!.toLowerCase());
    if (!group) throw parentNotFound(`${project.id}/groups/${request.names[1]}`);
    return group;
  };

  const assessmentOf = (request: ArmRequest): StoredAssessment => {
    const found = groupOf(request).assessments.get(request.names[2]!.toLowerCase());
    if (!found) throw parentNotFound(`${groupOf(request).id}/assessments/${request.names[2]}`);
    return found;
  };

  function handleGroup(request: ArmRequest): ArmAnswer {
    const { method, name, segments, now } = request;
    const project = projectOf(state, request);
    if (name === '') {
      requireGet(request);
      return { list: listOf([...project.groups.values()].map(groupView)) };
    }
    if (segments.length > 0) {
      if (method === 'POST' && segments.length === 1 && segments[0]!.toLowerCase() === 'updatemachines')
        return updateMachines(project, groupOf(request), request);
      throw unknownAction(method, `${NAMESPACE}/${request.type}/${segments.join('/')}`);
    }
    const key = name.toLowerCase();
    const existing = project.groups.get(key);
    if (method === 'PUT') {
      requireName(request);
      const { eTag } = readGroup(request.body ?? {}, '');
      if (existing) {
        requireEtag(eTag, existing, existing.id);
        return { status: 200, body: groupView(existing) };
      }
      const group: Group = {
        id: `${project.id}/groups/${name}`,
        name,
        machines: new Set(),
        assessments: new Map(),
        createdAt: now,
        updatedAt: now,
        revision: 1,
      };
      project.groups.set(key, group);
      return { status: 201, body: groupView(group) };
    }
    if (method === 'DELETE') return { status: project.groups.delete(key) ? 200 : 204 };
    requireGet(request);
    if (!existing) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: groupView(existing) };
  }

  function updateMachines(project: Project, group: Group, request: ArmRequest): ArmAnswer {
    const { eTag, properties } = readUpdateMachines(request.body, '');
    requireEtag(eTag, group, group.id);
    const names = properties.machines.map((id, i) => {
      const [, name] = /\/machines\/([^/]+)$/i.exec(id) ?? [];
      if (name === undefined || !id.toLowerCase().startsWith(`${project.id.toLowerCase()}/machines/`))
        throw invalidProperty(`properties.machines[${i}]`, 'the id of a machine of this project');
      if (properties.operationType === 'Add' && !findMachine(project, sites, name))
        throw new ArmError(
          404,
          'MachineNotFound',
          `There is no machine '${id.slice(-200)}' in this project.`,
        );
      return name.toLowerCase();
    });
    for (const name of names)
      if (properties.operationType === 'Add') group.machines.add(name);
      else group.machines.delete(name);
    group.revision++;
    group.updatedAt = request.now;
    for (const assessment of group.assessments.values())
      if (assessment.status === 'Completed') assessment.status = 'OutOfSync';
    return { status: 200, body: groupView(group) };
  }

  function handleAssessment(request: ArmRequest): ArmAnswer {
    const { method, name, segments } = request;
    const project = projectOf(state, request);
    const group = groupOf(request);
    if (segments.length > 0) {
      if (method === 'POST' && segments.length === 1 && segments[0]!.toLowerCase() === 'downloadurl')
        return downloadUrl(assessmentOf(request));
      throw unknownAction(method, `${NAMESPACE}/${request.type}/${segments.join('/')}`);
    }
    if (name === '') {
      requireGet(request);
      const all = [...group.assessments.values()];
      return { list: listOf(all.map((assessment) => assessmentView(project, sites, assessment))) };
    }
    const key = name.toLowerCase();
    const existing = group.assessments.get(key);
    if (method === 'PUT') return putAssessment(project, group, existing, request);
    if (method === 'DELETE') return { status: group.assessments.delete(key) ? 200 : 204 };
    requireGet(request);
    if (!existing) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: assessmentView(project, sites, existing) };
  }

  /** All assessments of a project; each is reached through its group. */
  function listAssessments(request: ArmRequest): ArmAnswer {
    const project = projectOf(state, request);
    requireGet(request);
    if (request.name !== '') throw resourceNotFound(request, NAMESPACE);
    const all = [...project.groups.values()].flatMap((group) => [...group.assessments.values()]);
    return { list: listOf(all.map((assessment) => assessmentView(project, sites, assessment))) };
  }

  function downloadUrl(assessment: StoredAssessment): ArmAnswer {
    const computed = requireComputed(assessment);
    const name = `${assessment.name}-${assessment.revision}.xlsx`;
    const { blobUri, sasToken, expiresAt } = state.files.publish(
      'assessments',
      name,
      assessmentReport(assessment.name, computed),
      REPORT_TYPE,
    );
    return {
      status: 200,
      body: { assessmentReportUrl: `${blobUri}?${sasToken}`, expirationTime: iso(expiresAt) },
    };
  }

  /** Makes or recalculates an assessment. */
  function putAssessment(
    project: Project,
    group: Group,
    existing: StoredAssessment | undefined,
    request: ArmRequest,
  ): ArmAnswer {
    requireName(request);
    const { name, now } = request;
    const given = readAssessment(request.body, project.ruleset);
    if (existing) requireEtag(given.eTag, existing, existing.id);
    if (group.machines.size === 0)
      throw badRequest(`The group '${group.name}' has no machines to assess.`, 'group');
    try {
      planAssessment(given.engine, catalogue, now); // what cannot be priced is refused now, not found out later
    } catch (error) {
      throw asArmError(error);
    }
    const assessment: StoredAssessment = existing ?? {
      id: `${group.id}/assessments/${name}`,
      name,
      given,
      status: 'Created',
      createdAt: now,
      updatedAt: now,
      revision: 0,
      computed: undefined,
    };
    Object.assign(assessment, { given, status: existing ? 'Updated' : 'Created', updatedAt: now });
    const revision = ++assessment.revision;
    group.assessments.set(name.toLowerCase(), assessment);
    const isCurrent = (): boolean => assessment.revision === revision;
    clock.schedule(now + RUNNING_AFTER_MS, 'azure.assessment', () => {
      if (isCurrent() && assessment.status !== 'Completed') assessment.status = 'Running';
    });
    const takesMs = COMPUTE_BASE_MS + group.machines.size * COMPUTE_MS_PER_MACHINE;
    const key = assessment.id.toLowerCase();
    const end = (): void => {
      timer.cancel();
      state.computing.delete(key);
      finish(project, group, assessment);
    };
    const timer = clock.schedule(now + RUNNING_AFTER_MS + takesMs, 'azure.assessment', () => {
      if (isCurrent()) end();
    });
    state.computing.set(key, end);
    return { status: existing ? 200 : 201, body: assessmentView(project, sites, assessment) };
  }

  function finish(project: Project, group: Group, assessment: StoredAssessment): void {
    const at = clock.wall();
    assessment.updatedAt = at;
    const machines = [...group.machines].flatMap((name) => findMachine(project, sites, name) ?? []);
    try {
      assessment.computed = computeAssessment(assessment.given, machines, catalogue, at);
      assessment.status = 'Completed';
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      assessment.status = 'Invalid';
    }
  }

  function handleAssessedMachine(request: ArmRequest): ArmAnswer {
    requireGet(request);
    const project = projectOf(state, request);
    const assessment = assessmentOf(request);
    const computed = requireComputed(assessment);
    const shown = [...computed.machines].flatMap(([name, assessed]) => {
      const machine = findMachine(project, sites, name);
      return machine ? [{ machine, assessed }] : [];
    });
    const view = ({
      machine,
      assessed,
    }: {
      machine: ProjectMachine;
      assessed: (typeof shown)[number]['assessed'];
    }) => assessedMachineView(assessment, machine, assessed);
    if (request.name === '') return { list: { count: shown.length, item: (i) => view(shown[i]!) } };
    const one = shown.find(({ machine }) => machine.name === request.name.toLowerCase());
    if (!one) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: view(one) };
  }

  const apiVersions = ASSESSMENT_API_VERSIONS;
  return {
    [`${ROOT}/groups`]: { apiVersions, handle: handleGroup },
    [`${ROOT}/groups/assessments`]: { apiVersions, handle: handleAssessment },
    [`${ROOT}/assessments`]: { apiVersions, handle: listAssessments },
    [`${ROOT}/groups/assessments/assessedMachines`]: { apiVersions, handle: handleAssessedMachine },
  };
}

/** @throws ArmError 409 */
function requireComputed({ name, computed }: StoredAssessment): Computed {
  if (!computed)
    throw conflict('AssessmentNotComplete', `The assessment '${name}' has not been computed yet.`);
  return computed;
}
