/**
 * Protected items of the agent-based way as people see and steer them (azure.md, section 7). Agents and process
 * servers have a data plane of their own; without one an item waits to be installed, and its job fails in the end.
 */
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import {
  badRequest,
  conflict,
  methodNotAllowed,
  parentNotFound,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { type ArmAnswer, ArmError, type ArmOperation, type ArmRequest } from '../arm/provider.ts';
import { isRecord } from '../http.ts';
import type { DiscoveredMachine } from '../replication-service/replicated-item.ts';
import { readFilter, taken } from './filters.ts';
import { fabricOf, idOf, isBelow, NAMESPACE, parentOf, vaultOf } from './ids.ts';
import type { Job, Jobs, Scenario } from './jobs.ts';
import { processServerHealth } from './process-servers.ts';
import { NEXT_AGENT } from './protected-item.ts';
import {
  readAppliance,
  readCleanUpTest,
  readMobility,
  readProtectedUpdate,
  readProtectRequest,
  readRemove,
  readTestFailover,
  readUnplannedFailover,
} from './protected-requests.ts';
import type { AgentPoint, ProtectedItem, ProtectedStore } from './protected-store.ts';
import { agentPointView, protectedItemView } from './protected-view.ts';
import { answerRecoveryPoints, listedVault } from './recovery-points.ts';
import type { VaultResources } from './vault-resources.ts';

/** An agent that is not installed and registered by then will not be. */
const INSTALL_MS_MAX = HOUR;
const TEST_TAKES_MS = 5 * MINUTE;
const MIGRATE_TAKES_MS = 10 * MINUTE;
const CLEAN_UP_TAKES_MS = 2 * MINUTE;
const SHORT_MS = 5 * SECOND;
const HISTORY_MINUTES = 24 * 60;

export interface ProtectedItemsDependencies {
  readonly context: SimulatorContext;
  readonly store: ProtectedStore;
  readonly resources: VaultResources;
  readonly jobs: Jobs;
  readonly findMachine: (armId: string) => DiscoveredMachine | undefined;
  /** Is a machine replicated the other way? */
  readonly isMigrating: (instanceUuid: string) => boolean;
}

export class ProtectedItems {
  readonly #dependencies: ProtectedItemsDependencies;

  constructor(dependencies: ProtectedItemsDependencies) {
    this.#dependencies = dependencies;
  }

  handle(request: ArmRequest): ArmAnswer {
    const { store, resources } = this.#dependencies;
    const container = parentOf(request);
    if (!resources.find(container)) throw parentNotFound(container);
    if (request.name === '') return this.#list(request, container);
    const item = store.find(idOf(request));
    if (request.segments.length > 0) return this.#act(request, found(request, item));
    switch (request.method) {
      case 'GET':
        return { status: 200, body: this.#view(found(request, item)) };
      case 'PUT':
        return item ? this.#putAgain(request, item) : this.#enable(request);
      case 'PATCH':
        return this.#update(request, found(request, item));
      case 'DELETE': // purge: whatever the agent says
        return item ? this.#disable(item) : { status: 204 };
      default:
        throw methodNotAllowed(request.method, `${NAMESPACE}/${request.type}`);
    }
  }

  listInVault(request: ArmRequest): ArmAnswer {
    return this.#list(request, listedVault(request, this.#dependencies.resources));
  }

  recoveryPoints(request: ArmRequest): ArmAnswer {
    const item = this.#dependencies.store.find(parentOf(request));
    return answerRecoveryPoints(
      request,
      item?.points,
      ({ name }) => name,
      (point) => agentPointView(item!, point),
    );
  }

  #view(item: ProtectedItem): object {
    const { store, jobs, context } = this.#dependencies;
    return protectedItemView(item, store, jobs, context.clock.wall());
  }

  #list(request: ArmRequest, below: string): ArmAnswer {
    const { method, type } = request;
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    const asked = readFilter(request, ['SourceFabricName', 'ProcessServerId', 'InstanceType']);
    const is = (key: string, value: string): boolean =>
      asked.get(key) === undefined || asked.get(key)!.toLowerCase() === value.toLowerCase();
    const items = this.#dependencies.store
      .items()
      .filter(
        ({ armId, processServerId }) =>
          isBelow(armId, below) &&
          is('sourcefabricname', armId.split('/').at(-5) ?? '') &&
          is('processserverid', processServerId) &&
          is('instancetype', 'InMageRcm'),
      );
    const shown = taken(request, items);
    return { list: { count: shown.length, item: (i) => this.#view(shown[i]!) } };
  }

  #enable(request: ArmRequest): ArmAnswer {
    const { store, resources, findMachine, isMigrating } = this.#dependencies;
    const vaultId = vaultOf(request);
    const asked = readProtectRequest(request.body, findMachine);
    const at = 'properties.providerSpecificDetails';
    const policy = isBelow(asked.policyId, `${vaultId}/replicationPolicies`)
      ? resources.find(asked.policyId)
      : undefined;
    const policyDetails = policy?.properties['providerSpecificDetails'];
    if (!isRecord(policyDetails) || policyDetails['instanceType'] !== 'InMageRcm')
      throw badRequest(
        `'${asked.policyId}' is no policy of this vault for agent-based protection.`,
        'properties.policyId',
      );
    const fabric = fabricOf(request);
    const details = resources.find(fabric)?.properties['customDetails'];
    const sites = isRecord(details) ? [details['vmwareSiteId'], details['physicalSiteId']] : [];
    if (!isRecord(details) || details['instanceType'] !== 'InMageRcm')
      throw badRequest('The fabric of this container is not one for agent-based protection.', 'fabric');
    if (!sites.some((site) => typeof site === 'string' && isBelow(asked.machineArmId, `${site}/machines`)))
      throw badRequest(
        `'${asked.machineArmId}' is no machine of the sites of this fabric.`,
        `${at}.fabricDiscoveryMachineId`,
      );
    this.#requireServer(asked.processServerId, fabric, `${at}.processServerId`);
    const { instanceUuid, displayName } = asked.machine;
    if (
      store.items().some(({ machine }) => machine.instanceUuid === instanceUuid) ||
      isMigrating(instanceUuid)
    )
      throw conflict('MachineAlreadyProtected', `${displayName} is protected already.`);
    const minutes = Number(policyDetails['recoveryPointHistoryInMinutes'] ?? HISTORY_MINUTES);
    const item = store.add({
      ...asked,
      armId: idOf(request),
      name: request.name,
      vaultId,
      pointHistoryMs: minutes * MINUTE,
    });
    return this.#operation(item, 'EnableProtection', {
      takesMs: INSTALL_MS_MAX,
      body: true,
      endEarly: (end) => this.#whenInstalled(item, end),
      run() {
        if (item.state !== 'Enabling' && item.state !== 'Registering' && item.state !== 'EnableFailed')
          return;
        if (item.state !== 'EnableFailed') {
          item.issue ??= {
            code: '95117',
            message: `The Mobility service could not be installed on ${displayName}: the machine was not reached.`,
            cause: 'No process server has installed it, or the machine cannot be reached from there.',
            remedy:
              'Look at the process server, the account and the firewall, then disable and enable protection again.',
          };
          store.apply(item, 'installFailed');
        }
        throw new ArmError(
          409,
          item.issue?.code ?? '95117',
          item.issue?.message ?? 'The installation failed.',
        );
      },
    });
  }

  /** Installing has two states; the job ends with the second. */
  #whenInstalled(item: ProtectedItem, end: () => void): void {
    item.onLeaving.push(() => {
      if (item.state === 'Registering') this.#whenInstalled(item, end);
      else end();
    });
  }

  /** @throws ArmError 400, also for one that is in a critical state: it takes no further machines */
  #requireServer(id: string, fabric: string, path: string): void {
    const { store, context } = this.#dependencies;
    const server = store.server(id);
    if (!server || server.fabricId.toLowerCase() !== fabric.toLowerCase())
      throw badRequest(`The process server '${id.slice(-200)}' is not registered with this fabric.`, path);
    if (processServerHealth(server, context.clock.wall()).overall === 'Critical')
      throw badRequest(
        `The process server ${server.name} is in a critical state and takes no machines.`,
        path,
      );
  }

  #putAgain({ body }: ArmRequest, item: ProtectedItem): ArmAnswer {
    const { machineArmId } = readProtectRequest(body, this.#dependencies.findMachine);
    if (machineArmId.toLowerCase() !== item.machineArmId.toLowerCase())
      throw conflict('ProtectedItemExists', `'${item.name}' is the item of ${item.machine.displayName}.`);
    return { status: 200, body: this.#view(item) };
  }

  #update(request: ArmRequest, item: ProtectedItem): ArmAnswer {
    const { targetResourceGroupId, targetVmName, ...settings } = readProtectedUpdate(request.body);
    if (item.state === 'Migrating' || item.state === 'Disabling' || item.state === 'Removing')
      throw conflict(
        'OperationNotAllowedInState',
        `The settings of ${item.name} cannot be changed while it is ${item.state}.`,
      );
    return this.#operation(item, 'UpdateProtectedItem', {
      takesMs: SHORT_MS,
      run() {
        item.settings = { ...item.settings, ...settings };
        if (targetResourceGroupId !== undefined) item.targetResourceGroupId = targetResourceGroupId;
        if (targetVmName !== undefined) item.targetVmName = targetVmName;
      },
    });
  }

  #act(request: ArmRequest, item: ProtectedItem): ArmAnswer {
    const { method, segments, body, type } = request;
    const action = segments.length === 1 && method === 'POST' ? segments[0]!.toLowerCase() : '';
    switch (action) {
      case 'testfailover':
        return this.#test(item, readTestFailover(body));
      case 'testfailovercleanup':
        readCleanUpTest(body, '');
        return this.#cleanUp(item);
      case 'unplannedfailover':
        return this.#migrate(item, readUnplannedFailover(body).pointId);
      case 'repairreplication':
        return this.#resync(item);
      case 'updateappliance':
        return this.#switch(item, readAppliance(body, '').properties.targetApplianceId);
      case 'updatemobilityservice':
        readMobility(body ?? { properties: {} }, '');
        return this.#updateAgent(item);
      case 'remove':
        readRemove(body ?? { properties: {} }, '');
        return this.#disable(item);
      default:
        throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
    }
  }

  #pointOf(item: ProtectedItem, id: string | undefined): AgentPoint {
    const point =
      id === undefined
        ? item.points.at(-1)
        : item.points.find(({ name }) => id.toLowerCase().endsWith(`/recoverypoints/${name}`));
    if (!point)
      throw badRequest(
        `'${(id ?? 'the latest').slice(-200)}' is no recovery point of ${item.name}.`,
        'properties.providerSpecificDetails.recoveryPointId',
      );
    return point;
  }

  /** The job waits for a person once the machine is there: resuming it cleans up. */
  #test(
    item: ProtectedItem,
    { network, pointId }: { network: string; pointId: string | undefined },
  ): ArmAnswer {
    const { store, jobs } = this.#dependencies;
    store.require(item, 'TestFailover');
    const point = this.#pointOf(item, pointId);
    item.testState = 'Testing';
    return this.#operation(item, 'TestFailover', {
      takesMs: TEST_TAKES_MS,
      run: (job) => {
        try {
          store.completeTest(item, point, network);
        } catch (error) {
          item.testState = 'None';
          throw error;
        }
        jobs.suspend(job, () => this.#cleanUp(item));
      },
    });
  }

  #cleanUp(item: ProtectedItem): ArmAnswer {
    const { store, jobs } = this.#dependencies;
    store.require(item, 'TestFailoverCleanup');
    const waiting = jobs.runningOn(item.vaultId, item.armId);
    return this.#operation(item, 'TestFailoverCleanup', {
      takesMs: CLEAN_UP_TAKES_MS,
      run() {
        store.completeCleanUp(item);
        if (waiting?.state === 'Suspended') jobs.end(waiting, 'Succeeded');
      },
    });
  }

  #migrate(item: ProtectedItem, pointId: string | undefined): ArmAnswer {
    const { store } = this.#dependencies;
    store.require(item, 'UnplannedFailover');
    const point = this.#pointOf(item, pointId);
    store.apply(item, 'migrate');
    return this.#operation(item, 'UnplannedFailover', {
      takesMs: MIGRATE_TAKES_MS,
      run() {
        try {
          store.completeMigration(item, point);
        } catch (error) {
          store.apply(item, 'migrateFailed');
          throw error;
        }
      },
    });
  }

  #resync(item: ProtectedItem): ArmAnswer {
    const { store } = this.#dependencies;
    store.require(item, 'Resynchronize');
    if (item.state === 'ResyncRequired') store.apply(item, 'resync');
    return this.#operation(item, 'RepairReplication', { takesMs: SHORT_MS });
  }

  #switch(item: ProtectedItem, target: string): ArmAnswer {
    const { store } = this.#dependencies;
    store.require(item, 'SwitchProcessServer');
    const fabric = item.armId.slice(0, item.armId.toLowerCase().indexOf('/replicationprotectioncontainers/'));
    this.#requireServer(target, fabric, 'properties.targetApplianceId');
    return this.#operation(item, 'UpdateAppliance', {
      takesMs: MINUTE,
      run: () => {
        item.processServerId = target;
      },
    });
  }

  /** Started here; the agent's own heartbeat with the new version ends it. */
  #updateAgent(item: ProtectedItem): ArmAnswer {
    this.#dependencies.store.require(item, 'UpdateMobilityService');
    item.agentState = NEXT_AGENT[item.agentState].start!;
    return this.#operation(item, 'UpdateMobilityService', { takesMs: SHORT_MS });
  }

  #disable(item: ProtectedItem): ArmAnswer {
    const { store } = this.#dependencies;
    const isUnderWay = item.state === 'Disabling' || item.state === 'Removing';
    if (!isUnderWay) {
      store.require(item, 'DisableProtection');
      store.apply(item, item.state === 'Migrated' ? 'stop' : 'disable');
    }
    return this.#operation(item, 'DisableProtection', {
      takesMs: MINUTE,
      gone: true,
      run() {
        if (store.find(item.armId) === item) store.remove(item);
      },
    });
  }

  #operation(
    item: ProtectedItem,
    scenario: Scenario,
    given: Pick<ArmOperation, 'takesMs' | 'endEarly'> & {
      readonly body?: boolean;
      readonly gone?: boolean;
      run?(job: Job): void;
    },
  ): ArmAnswer {
    const { jobs } = this.#dependencies;
    const target = { id: item.armId, name: item.machine.displayName, instanceType: 'InMageRcm' };
    const job = jobs.begin(item.vaultId, scenario, target);
    return {
      operation: {
        takesMs: given.takesMs,
        ...(given.body ? { body: this.#view(item) } : {}),
        ...(given.endEarly ? { endEarly: given.endEarly } : {}),
        status: 202,
        location: true,
        retryAfterSeconds: 30,
        run: () => {
          try {
            given.run?.(job);
          } catch (error) {
            if (error instanceof ArmError) jobs.end(job, error);
            throw error;
          }
          if (job.state === 'InProgress') jobs.end(job, 'Succeeded');
          return given.gone ? undefined : this.#view(item);
        },
      },
    };
  }
}

/** @throws ArmError 404 */
function found(request: ArmRequest, item: ProtectedItem | undefined): ProtectedItem {
  if (!item) throw resourceNotFound(request, NAMESPACE);
  return item;
}
