/**
 * Deployments of templates into a resource group: parameters, variables, resources in the order of what they
 * depend on, outputs. Incremental ones only, without copies, nested templates or links to others.
 *
 * @see Azure/azure-rest-api-specs, resources/resource-manager/Microsoft.Resources, Deployments_* 2021-04-01.
 */
import { SECOND, type UnixMillis } from '#core/units.ts';
import { iso, isRecord } from '../http.ts';
import { list, oneOfAnyCase, type Reader, shape, text } from '../shape.ts';
import { forbidden, methodNotAllowed, unknownAction } from './faults.ts';
import { RESOURCES_API_VERSIONS, readTags } from './groups.ts';
import { listOf } from './paging.ts';
import { type ArmAnswer, ArmError, type ArmRequest, type ArmType } from './provider.ts';
import { askProvider, resultOf } from './resources.ts';
import type { ArmState } from './state.ts';
import { evaluated, invalidTemplate, type TemplateScope } from './template-expressions.ts';

const TAKES_MS = 10 * SECOND;
const RESOURCES_MAX = 800;
const NAME = /^[-\w.()]{1,64}$/;

const anything: Reader<unknown> = (value) => value;
const record: Reader<Record<string, unknown>> = (value, path) => {
  if (!isRecord(value)) throw invalidTemplate(`${path} is not an object`);
  return value;
};
const refused =
  (why: string): Reader<undefined> =>
  (value) => {
    if (value !== undefined && value !== null) throw invalidTemplate(why);
    return undefined;
  };

const resource = shape(
  { type: text(256), apiVersion: text(64), name: text(512) },
  {
    location: text(256),
    tags: anything,
    sku: anything,
    kind: anything,
    zones: anything,
    identity: anything,
    plan: anything,
    properties: anything,
    dependsOn: list(text(4_096), RESOURCES_MAX),
    condition: anything,
    comments: anything,
    metadata: anything,
    copy: refused('copies of resources are not offered here'),
    resources: refused('resources within resources are not offered here: give them the full type and name'),
    scope: refused('the scope of a resource is that of the deployment here'),
  },
);
type TemplateResource = ReturnType<typeof resource>;
const readTemplate = shape(
  { resources: list(resource, RESOURCES_MAX) },
  {
    $schema: text(512),
    contentVersion: text(64),
    metadata: anything,
    parameters: record,
    variables: record,
    outputs: record,
    functions: refused('functions of templates are not offered here'),
  },
);
const readDeployment = shape(
  {
    properties: shape(
      { mode: oneOfAnyCase('Incremental', 'Complete'), template: readTemplate },
      {
        parameters: record,
        debugSetting: anything,
        expressionEvaluationOptions: anything,
        templateLink: refused('links to templates are not offered here'),
        parametersLink: refused('links to parameters are not offered here'),
        onErrorDeployment: refused('what to do after an error is not offered here'),
        validationLevel: anything,
      },
    ),
  },
  { location: text(64), tags: (value: unknown) => readTags(value) },
);

interface Deployment {
  readonly id: string;
  readonly name: string;
  readonly startedAt: UnixMillis;
  readonly correlationId: string;
  readonly template: ReturnType<typeof readTemplate>;
  readonly parameters: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
  endedAt: UnixMillis | undefined;
  state: 'Running' | 'Succeeded' | 'Failed';
  outputs: Readonly<Record<string, unknown>>;
  made: string[];
  error: ArmError | undefined;
}

export function deploymentsType(state: () => ArmState): ArmType {
  const kept = new Map<string, Deployment>();
  return {
    apiVersions: [...RESOURCES_API_VERSIONS, '2025-05-01', '2018-02-01', '2017-05-10', '2015-01-01'],
    handle(request): ArmAnswer {
      const { method, name, segments, scope = '' } = request;
      if (!/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/i.test(scope))
        throw invalidTemplate('deployments are offered into resource groups here');
      const at = `${scope}/providers/Microsoft.Resources/deployments`;
      if (name === '') {
        if (method !== 'GET') throw methodNotAllowed(method, 'deployments');
        const mine = [...kept.values()].filter(({ id }) =>
          id.toLowerCase().startsWith(`${at.toLowerCase()}/`),
        );
        return { list: listOf(mine.map(view)) };
      }
      const key = `${at}/${name}`.toLowerCase();
      const found = kept.get(key);
      const action = segments.join('/').toLowerCase();
      if (method === 'POST' && action === 'validate') {
        const planned = plan(state(), request, `${at}/${name}`);
        return { status: 200, body: view({ ...planned, state: 'Succeeded' }) };
      }
      if (method === 'PUT' && action === '') {
        if (!NAME.test(name)) throw invalidTemplate(`'${name}' is no name for a deployment`);
        const planned = plan(state(), request, `${at}/${name}`);
        kept.set(key, planned);
        const run = () => {
          carryOut(state(), request, planned);
          return view(planned);
        };
        return { operation: { takesMs: TAKES_MS, status: found ? 200 : 201, body: view(planned), run } };
      }
      if (!found) throw new ArmError(404, 'DeploymentNotFound', `Deployment '${name}' could not be found.`);
      if (method === 'GET' && action === '') return { status: 200, body: view(found) };
      if (method === 'GET' && action === 'operations') return { list: listOf(operationViews(found)) };
      if (method === 'POST' && action === 'exporttemplate')
        return { status: 200, body: { template: found.template } };
      if (method === 'DELETE' && action === '') {
        kept.delete(key);
        return { status: 204 };
      }
      throw unknownAction(method, `deployments/${segments.join('/')}`);
    },
  };
}

/** Reads and checks a template, without touching anything. @throws ArmError InvalidTemplate */
function plan(state: ArmState, request: ArmRequest, id: string): Deployment {
  const { mode, template, parameters: given = {} } = readDeployment(request.body, '').properties;
  if (mode === 'Complete') throw invalidTemplate('only the mode Incremental is offered here');
  const declared = template.parameters ?? {};
  for (const name of Object.keys(given))
    if (!Object.hasOwn(declared, name))
      throw invalidTemplate(
        `the following parameters were supplied, but do not correspond to any parameters defined in the template: '${name}'`,
      );
  const parameters: Record<string, { type: string; value: unknown }> = {};
  for (const [name, one] of Object.entries(declared)) {
    const { type, defaultValue, allowedValues } = record(one, name);
    const value = isRecord(given[name]) ? given[name]['value'] : defaultValue;
    if (value === undefined)
      throw invalidTemplate(`the value for the template parameter '${name}' is not provided`);
    if (Array.isArray(allowedValues) && !allowedValues.includes(value))
      throw invalidTemplate(
        `the provided value for the template parameter '${name}' is not among the allowed values`,
      );
    parameters[name] = { type: String(type), value };
  }
  return {
    id,
    name: request.name,
    startedAt: request.now,
    correlationId: state.context.entropy.uuid('azure.deployment', id.toLowerCase(), request.now),
    template,
    parameters,
    endedAt: undefined,
    state: 'Running',
    outputs: {},
    made: [],
    error: undefined,
  };
}

/** @throws ArmError DeploymentFailed; what was made until then stays */
function carryOut(state: ArmState, request: ArmRequest, deployment: Deployment): void {
  const { template } = deployment;
  const scope = scopeOf(state, request, deployment);
  try {
    const wanted = template.resources
      .map((one) => evaluated(one, { ...scope, resource: () => ({}) }) as TemplateResource)
      .map((one, i) => ({
        id: idOf(request, one),
        source: template.resources[i]!,
        dependsOn: one.dependsOn ?? [],
        condition: one.condition,
      }));
    for (const { id, source, condition } of ordered(wanted)) {
      if (condition === false) continue;
      const {
        type: _type,
        name: _name,
        apiVersion,
        dependsOn: _on,
        condition: _if,
        comments: _c,
        metadata: _m,
        ...body
      } = evaluated(source, scope) as TemplateResource;
      const action = `${source.type}/write`;
      if (!state.authorization.allows(request.principal, action, id))
        throw forbidden(request.principal, action, id);
      state.locks.requireUnlocked('PUT', id);
      resultOf(askProvider(state, 'PUT', id, apiVersion, body));
      deployment.made.push(id);
    }
    const outputs = Object.entries(template.outputs ?? {}).map(([name, one]) => {
      const { type, value } = record(one, name);
      return [name, { type, value: evaluated(value, scope) }];
    });
    deployment.outputs = Object.fromEntries(outputs) as Record<string, unknown>;
    deployment.state = 'Succeeded';
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    deployment.state = 'Failed';
    deployment.error = new ArmError(
      409,
      'DeploymentFailed',
      'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.',
      { details: [{ code: error.code, message: error.message }] },
    );
    throw deployment.error;
  } finally {
    deployment.endedAt = state.context.clock.wall();
  }
}

interface Wanted {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/** What is depended on comes first; otherwise in the template's order. @throws ArmError InvalidTemplate for a circle */
function ordered<W extends Wanted>(wanted: readonly W[]): W[] {
  const left = [...wanted];
  const result: W[] = [];
  const names = (id: string, on: string) => {
    const [a, b] = [id.toLowerCase(), on.toLowerCase()];
    return a === b || a.endsWith(`/${b}`);
  };
  while (left.length > 0) {
    const at = left.findIndex(
      ({ dependsOn }) => !dependsOn.some((on) => left.some(({ id }) => names(id, on))),
    );
    if (at < 0) throw invalidTemplate('circular dependency detected among the resources');
    result.push(...left.splice(at, 1));
  }
  return result;
}

function idOf({ scope = '' }: ArmRequest, { type, name }: TemplateResource): string {
  const [namespace, ...types] = type.split('/');
  const names = name.split('/');
  if (types.length === 0 || types.length !== names.length)
    throw invalidTemplate(`the template resource '${name}' of type '${type}' has incorrect segment lengths`);
  return `${scope}/providers/${namespace}/${types.map((part, i) => `${part}/${names[i]}`).join('/')}`;
}

function scopeOf(state: ArmState, request: ArmRequest, { parameters, template }: Deployment): TemplateScope {
  const { subscriptionId, resourceGroup, scope: groupId } = request;
  const { location, tags } = state.groups.require(subscriptionId, resourceGroup);
  const evaluating = new Set<string>();
  const scope: TemplateScope = {
    parameter(name) {
      const found = Object.entries(parameters).find(([known]) => known.toLowerCase() === name.toLowerCase());
      if (!found) throw invalidTemplate(`the template parameter '${name}' is not found`);
      return evaluated(found[1].value, scope);
    },
    variable(name) {
      const found = Object.entries(template.variables ?? {}).find(
        ([known]) => known.toLowerCase() === name.toLowerCase(),
      );
      if (!found || evaluating.has(name))
        throw invalidTemplate(`the template variable '${name}' is not found`);
      evaluating.add(name);
      const value = evaluated(found[1], scope);
      evaluating.delete(name);
      return value;
    },
    resource(idOrName, isFull) {
      if (!idOrName.startsWith('/'))
        throw invalidTemplate(`the resource '${idOrName}' is referred to by its id here`);
      const found = resultOf(askProvider(state, 'GET', idOrName, undefined));
      return isFull || !isRecord(found) ? found : found['properties'];
    },
    resourceGroup: {
      id: groupId,
      name: resourceGroup,
      location,
      tags,
      properties: { provisioningState: 'Succeeded' },
    },
    subscription: { id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId: state.tenantId },
  };
  return scope;
}

function view(deployment: Deployment): object {
  const { id, name, startedAt, endedAt, correlationId, parameters, outputs, made, error } = deployment;
  const isSecret = (type: string) => /^secure/i.test(type);
  return {
    id,
    name,
    type: 'Microsoft.Resources/deployments',
    properties: {
      mode: 'Incremental',
      provisioningState: deployment.state,
      timestamp: iso(endedAt ?? startedAt),
      duration: `PT${((endedAt ?? startedAt) - startedAt) / SECOND}S`,
      correlationId,
      parameters: Object.fromEntries(
        Object.entries(parameters).map(([key, { type, value }]) => [
          key,
          isSecret(type) ? { type } : { type, value },
        ]),
      ),
      providers: [],
      dependencies: [],
      outputs,
      outputResources: made.map((one) => ({ id: one })),
      ...(error ? { error: { code: error.code, message: error.message, details: error.details } } : {}),
    },
  };
}

function operationViews({ id, made, endedAt, startedAt }: Deployment): object[] {
  return made.map((resourceId, i) => ({
    id: `${id}/operations/${i + 1}`,
    operationId: String(i + 1),
    properties: {
      provisioningOperation: 'Create',
      provisioningState: 'Succeeded',
      timestamp: iso(endedAt ?? startedAt),
      statusCode: 'OK',
      targetResource: { id: resourceId, resourceName: resourceId.split('/').at(-1) },
    },
  }));
}
