/** Migration items as people see and steer them; what replicates stands in replication-service/. */
import { DAY, HOUR, MINUTE, SECOND } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import {
  badRequest,
  conflict,
  methodNotAllowed,
  parentNotFound,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { type ArmAnswer, ArmError, type ArmRequest } from '../arm/provider.ts';
import { isRecord } from '../http.ts';
import { pauseReplication } from '../replication-service/cycles.ts';
import { isTestUnderWay } from '../replication-service/migration-item.ts';
import type { DiscoveredMachine, MigrationItem } from '../replication-service/replicated-item.ts';
import type { ReplicationStore } from '../replication-service/store.ts';
import {
  machineAskedFor,
  performShutdownOf,
  readCleanUp,
  readEnableRequest,
  readPause,
  readResume,
  readResync,
  readTestRequest,
  readUpdateRequest,
} from './enable-request.ts';
import { readFilter, taken } from './filters.ts';
import { fabricOf, idOf, isBelow, NAMESPACE, parentOf, vaultOf } from './ids.ts';
import {
  cancelled,
  declareJobFaults,
  type ItemOperation,
  issueOf,
  itemOperation,
  jobFault,
  notDone,
  outcomeOf,
} from './item-operations.ts';
import { migrationItemView, recoveryPointView } from './item-view.ts';
import type { Jobs, Scenario } from './jobs.ts';
import { answerRecoveryPoints, listedVault } from './recovery-points.ts';
import type { VaultResources } from './vault-resources.ts';

/** A machine that is being stopped is forgotten after this time, whatever its appliance says (data planes, 2). */
const STOP_MS_MAX = 15 * MINUTE;
/** A migration that has not come to its end by then has failed. */
const MIGRATION_MS_MAX = DAY;
/** Cloning disks, preparing them to boot, making the machine. */
const TEST_TAKES_MS = 5 * MINUTE;
const CLEAN_UP_TAKES_MS = 2 * MINUTE;
const SHORT_MS = 5 * SECOND;
const HISTORY_MINUTES = 24 * 60;

export interface MigrationItemsDependencies {
  readonly context: SimulatorContext;
  readonly store: ReplicationStore;
  readonly resources: VaultResources;
  readonly jobs: Jobs;
  /** What discovery knows of a machine, by its ARM id. */
  readonly findMachine: (armId: string) => DiscoveredMachine | undefined;
}

export class MigrationItems {
  readonly #dependencies: MigrationItemsDependencies;

  constructor(dependencies: MigrationItemsDependencies) {
    this.#dependencies = dependencies;
    declareJobFaults(dependencies.context);
  }

  /** Items of one container. */
  handle(request: ArmRequest): ArmAnswer {
    const { store, resources } = this.#dependencies;
    const container = parentOf(request);
    if (!resources.find(container)) throw parentNotFound(container);
    if (request.name === '') return this.#list(request, container);
    const item = store.byArmId(idOf(request));
    if (request.segments.length > 0) return this.#act(request, found(request, item));
    switch (request.method) {
      case 'GET':
        return { status: 200, body: this.#view(found(request, item)) };
      case 'PUT':
        return item ? this.#putAgain(request, item) : this.#enable(request);
      case 'PATCH':
        return this.#update(request, found(request, item));
      case 'DELETE':
        return item ? this.#disable(item, request.query.get('deleteOption')) : { status: 204 };
      default:
        throw methodNotAllowed(request.method, `${NAMESPACE}/${request.type}`);
    }
  }

  listInVault(request: ArmRequest): ArmAnswer {
    return this.#list(request, listedVault(request, this.#dependencies.resources));
  }

  recoveryPoints(request: ArmRequest): ArmAnswer {
    const { store } = this.#dependencies;
    const item = store.byArmId(parentOf(request));
    return answerRecoveryPoints(
      request,
      item && store.recoveryPoints(item),
      ({ id }) => id,
      (cycle) => recoveryPointView(item!, cycle),
    );
  }

  #view(item: MigrationItem): object {
    return migrationItemView(item, this.#dependencies.jobs);
  }

  #list(request: ArmRequest, below: string): ArmAnswer {
    const { method, type } = request;
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    const asked = readFilter(request, ['SourceFabricName', 'SourceContainerName', 'InstanceType']);
    const is = (key: string, value: string): boolean =>
      asked.get(key) === undefined || asked.get(key)!.toLowerCase() === value.toLowerCase();
    const items = this.#dependencies.store.items().filter(({ armId }) => {
      const [, fabric = '', container = ''] =
        /\/replicationFabrics\/([^/]+)\/replicationProtectionContainers\/([^/]+)\//i.exec(armId) ?? [];
      return (
        isBelow(armId, below) &&
        is('sourcefabricname', fabric) &&
        is('sourcecontainername', container) &&
        is('instancetype', 'VMwareCbt')
      );
    });
    const shown = taken(request, items);
    return { list: { count: shown.length, item: (i) => this.#view(shown[i]!) } };
  }

  #enable(request: ArmRequest): ArmAnswer {
    const { store, resources, findMachine } = this.#dependencies;
    const vaultId = vaultOf(request);
    const enable = readEnableRequest(request.body, findMachine, store.storage.account);
    const { policyId, machineArmId, machine } = enable;
    const policy = isBelow(policyId, `${vaultId}/replicationPolicies`) ? resources.find(policyId) : undefined;
    const policyDetails = policy?.properties['providerSpecificDetails'];
    if (!isRecord(policyDetails))
      throw badRequest(`The policy '${policyId}' does not exist in this vault.`, 'properties.policyId');
    if (policyDetails['instanceType'] !== 'VMwareCbt')
      throw badRequest(`The policy '${policyId}' is not one for agentless migration.`, 'properties.policyId');
    const details = resources.find(fabricOf(request))?.properties['customDetails'];
    const site = isRecord(details) ? String(details['vmwareSiteId']) : '';
    if (!isBelow(machineArmId, `${site}/machines`))
      throw badRequest(
        `The fabric of this container replicates machines of ${site}, not '${machineArmId}'.`,
        'properties.providerSpecificDetails.vmwareMachineId',
      );
    const taken = store.items().find((other) => other.machine.instanceUuid === machine.instanceUuid);
    if (taken)
      throw conflict(
        'MachineAlreadyProtected',
        `${machine.displayName} is replicated already, as ${taken.name}.`,
      );
    const history = Number(policyDetails['recoveryPointHistoryInMinutes'] ?? HISTORY_MINUTES);
    const item = store.add({
      ...enable,
      armId: idOf(request),
      name: request.name,
      vaultId,
      recoveryPointHistoryMs: history * MINUTE,
    });
    return this.#operation(item, 'EnableMigration', {
      takesMs: MINUTE,
      body: true,
      run: (fault) => {
        const gone = findMachine(machineArmId)
          ? undefined
          : new ArmError(404, 'MachineNotFound', `${machine.displayName} is not discovered any more.`);
        const problem = fault ?? gone;
        if (problem) {
          store.apply(item, 'provisionFailed');
          throw problem;
        }
        store.provision(item);
      },
    });
  }

  /** Asking again for what is there changes nothing; another machine under its name is refused. */
  #putAgain({ body }: ArmRequest, item: MigrationItem): ArmAnswer {
    if (machineAskedFor(body).toLowerCase() !== item.machineArmId.toLowerCase())
      throw conflict('MigrationItemExists', `'${item.name}' is the item of ${item.machine.displayName}.`);
    return { status: 200, body: this.#view(item) };
  }

  /** What the machine is to be in Azure may be changed until it is made. */
  #update(request: ArmRequest, item: MigrationItem): ArmAnswer {
    const {
      targetResourceGroupId,
      targetVmName,
      vmDisks = [],
      vmNics,
      ...settings
    } = readUpdateRequest(request.body);
    if (
      item.state === 'MigrationInProgress' ||
      item.state === 'DisableMigrationInProgress' ||
      isTestUnderWay(item.testState)
    )
      throw conflict(
        'OperationNotAllowedInState',
        `The settings of ${item.name} cannot be changed while it is ${item.state}, its test ${item.testState}.`,
      );
    const disks = vmDisks.map((change, i) => {
      const disk = item.disks.find(({ diskId }) => diskId.toLowerCase() === change.diskId.toLowerCase());
      if (!disk)
        throw badRequest(
          `${item.name} replicates no disk '${change.diskId}'.`,
          `properties.providerSpecificDetails.vmDisks[${i}].diskId`,
        );
      return { disk, change };
    });
    for (const [i, { nicId }] of (vmNics ?? []).entries())
      if (!item.machine.nics.some((nic) => nic.nicId === nicId))
        throw badRequest(
          `${item.name} has no adapter '${nicId}'.`,
          `properties.providerSpecificDetails.vmNics[${i}].nicId`,
        );
    return this.#operation(item, 'UpdateMigrationItem', {
      takesMs: SHORT_MS,
      run: () => {
        item.settings = { ...item.settings, ...settings, ...(vmNics === undefined ? {} : { vmNics }) };
        if (settings.performAutoResync !== undefined)
          item.performAutoResync = settings.performAutoResync === 'true';
        if (targetResourceGroupId !== undefined) item.targetResourceGroupId = targetResourceGroupId;
        if (targetVmName !== undefined) item.targetVmName = targetVmName;
        for (const { disk, change } of disks)
          if (change.targetDiskName !== undefined) disk.targetDiskName = change.targetDiskName;
      },
    });
  }

  /** Ends when the appliance has let go of the source, or after a while; at once when that is not waited for. */
  #disable(item: MigrationItem, option: string | null): ArmAnswer {
    const { store } = this.#dependencies;
    const isForced = option?.toLowerCase() === 'force';
    if (!isForced && option !== null && !['', 'default'].includes(option.toLowerCase()))
      throw badRequest(
        `The deleteOption '${option.slice(0, 60)}' is not one of Default, Force.`,
        'deleteOption',
      );
    const isFirst = store.request(item, 'DisableMigration');
    if (isFirst) item.stopIssue = this.#faultOf('DisableMigration', item);
    return this.#operation(item, 'DisableMigration', {
      takesMs: isForced ? SHORT_MS : STOP_MS_MAX,
      joins: !isFirst,
      endEarly: (end) => void item.onLeaving.push(end),
      restart: () => this.#disable(item, option),
      run: () => {
        if (store.byId(item.itemId) && item.state === 'DisableMigrationInProgress') store.stop(item);
        if (store.byId(item.itemId)) throw item.stopIssue ?? notDone(item);
      },
    });
  }

  #act(request: ArmRequest, item: MigrationItem): ArmAnswer {
    const { store } = this.#dependencies;
    const { method, segments, body } = request;
    const action = segments.length === 1 && method === 'POST' ? segments[0]!.toLowerCase() : '';
    switch (action) {
      case 'migrate':
        return this.#migrate(item, performShutdownOf(body));
      case 'testmigrate':
        return this.#test(item, readTestRequest(body));
      case 'testmigratecleanup':
        readCleanUp(body, '');
        return this.#cleanUp(item);
      case 'pausereplication':
        readPause(body, '');
        pauseReplication(store, item);
        return this.#operation(item, 'PauseReplication', { takesMs: SHORT_MS });
      case 'resumereplication':
        readResume(body, '');
        store.request(item, 'ResumeReplication');
        return this.#operation(item, 'ResumeReplication', { takesMs: SHORT_MS });
      case 'resync':
        readResync(body, '');
        store.request(item, 'StartResync');
        return this.#operation(item, 'StartResync', { takesMs: SHORT_MS });
      default:
        throw unknownAction(method, `${NAMESPACE}/${request.type}/${segments.join('/')}`);
    }
  }

  /** Ends when the migration does. */
  #migrate(item: MigrationItem, performShutdown: boolean): ArmAnswer {
    const { store, context } = this.#dependencies;
    const cutovers = item.cutovers;
    store.beginMigration(item, performShutdown);
    const isFirst = item.cutovers > cutovers;
    const mine = item.cutovers;
    const fault = isFirst ? this.#faultOf('Migrate', item) : undefined;
    if (fault)
      context.clock.schedule(context.clock.wall() + SHORT_MS, 'azure.migrate', () => {
        if (item.cutovers === mine && item.state === 'MigrationInProgress')
          store.failMigration(item, issueOf(fault));
      });
    return this.#operation(item, 'Migrate', {
      takesMs: MIGRATION_MS_MAX,
      joins: !isFirst,
      endEarly: (end) => void item.onLeaving.push(end),
      restart: () => this.#migrate(item, performShutdown),
      cancel: () => store.failMigration(item, issueOf(cancelled(item))),
      run: () => {
        const isLate = context.clock.wall() >= item.stateSince + MIGRATION_MS_MAX;
        if (item.state === 'MigrationInProgress' && isLate)
          store.failMigration(item, {
            code: 'MigrationTimedOut',
            message: `No final cycle of ${item.name} came to its end within ${MIGRATION_MS_MAX / HOUR} hours.`,
            cause: 'The appliance could not freeze, read or stop the source, or is not running.',
            remedy: 'Look at the health of the appliance, then migrate again; replication goes on meanwhile.',
          });
        return outcomeOf(item.lastMigration?.status, item.migrationIssue);
      },
    });
  }

  #test(
    item: MigrationItem,
    { recoveryPointId, networkId }: { recoveryPointId: string; networkId: string },
  ): ArmAnswer {
    const { store } = this.#dependencies;
    const points = store.recoveryPoints(item);
    const cycle = points.find(({ id }) =>
      recoveryPointId.toLowerCase().endsWith(`/migrationrecoverypoints/${id.toLowerCase()}`),
    );
    const isOfItem = isBelow(recoveryPointId.replace(/^\/subscriptions\//i, '/Subscriptions/'), item.armId);
    if (
      item.testState !== 'TestMigrationInProgress' &&
      store.allows(item, 'TestMigrate') &&
      (!cycle || !isOfItem)
    )
      throw badRequest(
        `'${recoveryPointId.slice(-200)}' is no recovery point of ${item.name}; there are ${points.map(({ id }) => id).join(', ')}.`,
        'properties.providerSpecificDetails.recoveryPointId',
      );
    const isFirst = store.beginTest(item);
    // as it is now: a cycle that is applied meanwhile makes newer points, and must not take this one away
    const held = isFirst ? store.hold(item, cycle!) : undefined;
    return this.#operation(item, 'TestMigrate', {
      takesMs: TEST_TAKES_MS,
      joins: !isFirst,
      restart: () => this.#test(item, { recoveryPointId, networkId }),
      cancel: () => {
        held?.release();
        store.failTest(item, issueOf(cancelled(item)));
      },
      run: (fault) => {
        if (held && item.testState === 'TestMigrationInProgress' && store.byId(item.itemId)) {
          if (fault) store.failTest(item, issueOf(fault));
          else store.completeTest(item, held, networkId);
        }
        held?.release();
        return outcomeOf(item.lastTest?.status, item.testIssue);
      },
    });
  }

  #cleanUp(item: MigrationItem): ArmAnswer {
    const { store } = this.#dependencies;
    const isFirst = store.beginCleanUp(item);
    return this.#operation(item, 'TestMigrateCleanup', {
      takesMs: CLEAN_UP_TAKES_MS,
      joins: !isFirst,
      restart: () => this.#cleanUp(item),
      run: (fault) => {
        if (item.testState !== 'TestMigrationCleanupInProgress') return;
        if (fault) {
          store.failCleanUp(item);
          throw fault;
        }
        store.completeCleanUp(item);
      },
    });
  }

  #faultOf(scenario: Scenario, item: MigrationItem): ArmError | undefined {
    return jobFault(this.#dependencies.context, scenario, item.name);
  }

  #operation(item: MigrationItem, scenario: Scenario, given: ItemOperation): ArmAnswer {
    const { jobs, context } = this.#dependencies;
    return itemOperation({ jobs, context, view: (of) => this.#view(of) }, item, scenario, given);
  }
}

/** @throws ArmError 404 */
function found(request: ArmRequest, item: MigrationItem | undefined): MigrationItem {
  if (!item) throw resourceNotFound(request, NAMESPACE);
  return item;
}
