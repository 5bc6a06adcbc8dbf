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
import { listOf } from '../arm/paging.ts';
import { type ArmAnswer, ArmError, type ArmOperation, type ArmRequest } from '../arm/provider.ts';
import { isRecord } from '../http.ts';
import { pauseReplication } from '../replication-service/cycles.ts';
import type { DiscoveredMachine, MigrationItem, ReplicationStore } from '../replication-service/store.ts';
import {
  machineAskedFor,
  performShutdownOf,
  readEnableRequest,
  readPause,
  readResume,
  readResync,
} from './enable-request.ts';
import { fabricOf, idOf, isBelow, NAMESPACE, parentOf, vaultOf } from './ids.ts';
import { migrationItemView, recoveryPointView } from './item-view.ts';
import { refuseFilter, type VaultResources } from './vault-resources.ts';

/** A machine that is being stopped is forgotten after this time, whatever its appliance says (data planes, 2). */
const STOP_MS_MAX = 15 * MINUTE;
/** A migration that has not come to its end by then has failed. */
const MIGRATION_MS_MAX = DAY;
const RETRY_AFTER_SECONDS = 30;

export interface MigrationItemsDependencies {
  readonly context: SimulatorContext;
  readonly store: ReplicationStore;
  readonly resources: VaultResources;
  /** What discovery knows of a machine, by its ARM id. */
  readonly findMachine: (armId: string) => DiscoveredMachine | undefined;
}

export class MigrationItems {
  readonly #dependencies: MigrationItemsDependencies;

  constructor(dependencies: MigrationItemsDependencies) {
    this.#dependencies = dependencies;
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
        return { status: 200, body: migrationItemView(found(request, item)) };
      case 'PUT':
        return item ? putAgain(request, item) : this.#enable(request);
      case 'DELETE':
        return item ? this.#disable(item) : { status: 204 };
      default:
        throw methodNotAllowed(request.method, `${NAMESPACE}/${request.type}`);
    }
  }

  /** All items of a vault; each is reached through its container. */
  listInVault(request: ArmRequest): ArmAnswer {
    const vault = vaultOf(request);
    if (!this.#dependencies.resources.find(vault)) throw parentNotFound(vault);
    if (request.name !== '') throw resourceNotFound(request, NAMESPACE);
    return this.#list(request, vault);
  }

  recoveryPoints(request: ArmRequest): ArmAnswer {
    const { method, name, segments, type } = request;
    if (segments.length > 0) throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    const armId = parentOf(request);
    const item = this.#dependencies.store.byArmId(armId);
    if (!item) throw parentNotFound(armId);
    const applied = item.cycles.filter(({ state }) => state === 'Applied');
    if (name === '') return { list: listOf(applied.map((cycle) => recoveryPointView(item, cycle))) };
    const cycle = applied.find(({ id }) => id.toLowerCase() === name.toLowerCase());
    if (!cycle) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: recoveryPointView(item, cycle) };
  }

  #list(request: ArmRequest, below: string): ArmAnswer {
    const { method, type } = request;
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    refuseFilter(request);
    const items = this.#dependencies.store.items().filter(({ armId }) => isBelow(armId, below));
    return { list: { count: items.length, item: (i) => migrationItemView(items[i]!) } };
  }

  #enable(request: ArmRequest): ArmAnswer {
    const { store, resources, findMachine } = this.#dependencies;
    const vaultId = vaultOf(request);
    const enable = readEnableRequest(request.body, findMachine, store.storage.account);
    const { policyId, machineArmId, machine } = enable;
    if (!isBelow(policyId, `${vaultId}/replicationPolicies`) || !resources.find(policyId))
      throw badRequest(`The policy '${policyId}' does not exist in this vault.`, 'properties.policyId');
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
    const item = store.add({ ...enable, armId: idOf(request), name: request.name, vaultId });
    return operation({
      takesMs: MINUTE,
      body: migrationItemView(item),
      run: () => {
        if (!findMachine(machineArmId)) {
          store.apply(item, 'provisionFailed');
          throw new ArmError(404, 'MachineNotFound', `${machine.displayName} is not discovered any more.`);
        }
        store.provision(item);
        return migrationItemView(item);
      },
    });
  }

  /** Ends when the appliance has let go of the source, or after a while. */
  #disable(item: MigrationItem): ArmAnswer {
    const { store } = this.#dependencies;
    store.request(item, 'disable');
    return operation({
      takesMs: STOP_MS_MAX,
      endEarly: (end) => void item.onLeaving.push(end),
      run() {
        if (store.byId(item.itemId)) store.remove(item);
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
      case 'pausereplication':
        readPause(body, '');
        pauseReplication(store, item);
        break;
      case 'resumereplication':
        readResume(body, '');
        store.request(item, 'resume');
        break;
      case 'resync':
        readResync(body, '');
        store.request(item, 'resync');
        break;
      default:
        throw unknownAction(method, `${NAMESPACE}/${request.type}/${segments.join('/')}`);
    }
    return operation({ takesMs: 5 * SECOND, run: () => migrationItemView(item) });
  }

  /** Ends when the migration does. */
  #migrate(item: MigrationItem, performShutdown: boolean): ArmAnswer {
    const { store, context } = this.#dependencies;
    store.beginMigration(item, performShutdown);
    return operation({
      takesMs: MIGRATION_MS_MAX,
      endEarly: (end) => void item.onLeaving.push(end),
      run() {
        const isLate = context.clock.wall() >= item.stateSince + MIGRATION_MS_MAX;
        if (item.state === 'MigrationInProgress' && isLate)
          store.failMigration(item, {
            code: 'MigrationTimedOut',
            message: `No final cycle of ${item.name} came to its end within ${MIGRATION_MS_MAX / HOUR} hours.`,
            cause: 'The appliance could not freeze, read or stop the source, or is not running.',
            remedy: 'Look at the health of the appliance, then migrate again; replication goes on meanwhile.',
          });
        if (item.migrationIssue)
          throw new ArmError(409, item.migrationIssue.code, item.migrationIssue.message);
        return migrationItemView(item);
      },
    });
  }
}

/** @throws ArmError 404 */
function found(request: ArmRequest, item: MigrationItem | undefined): MigrationItem {
  if (!item) throw resourceNotFound(request, NAMESPACE);
  return item;
}

/** Asking again for what is there changes nothing; another machine under its name is refused. */
function putAgain({ body }: ArmRequest, item: MigrationItem): ArmAnswer {
  if (machineAskedFor(body).toLowerCase() !== item.machineArmId.toLowerCase())
    throw conflict('MigrationItemExists', `'${item.name}' is the item of ${item.machine.displayName}.`);
  return { status: 200, body: migrationItemView(item) };
}

function operation(given: Pick<ArmOperation, 'takesMs' | 'body' | 'endEarly' | 'run'>): ArmAnswer {
  return { operation: { ...given, status: 202, location: true, retryAfterSeconds: RETRY_AFTER_SECONDS } };
}
