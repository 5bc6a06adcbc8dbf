/** Machines of a site as ARM offers them, to be read; and the software that was found in them. */
import {
  badRequest,
  methodNotAllowed,
  parentNotFound,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import type { StoredMachine } from '../discovery-service/inventory.ts';
import type { SiteKind } from '../discovery-service/service.ts';
import { type OffAzureState, parentSite, siteIdOf } from './requests.ts';
import { spellingOf } from './versions.ts';
import { appsAndRolesOf, machineNamed, machineView, typeOf } from './views.ts';

const NAMESPACE = 'Microsoft.OffAzure';

export function handleMachines(state: OffAzureState, kind: SiteKind): (request: ArmRequest) => ArmAnswer {
  return (request) => {
    const { method, name, segments, type, apiVersion, query, now } = request;
    const site = parentSite(state, request, kind);
    if (segments.length > 0) throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
    const spelling = spellingOf(apiVersion);
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
      const keep = filterOf(query.get('$filter') ?? query.get('filter'));
      const machines = [...site.inventory.machines().values()].filter(keep);
      return { list: { count: machines.length, item: (i) => machineView(site, machines[i]!, spelling) } };
    }
    const machine = machineNamed(site, name);
    // a list of servers is people's; what an appliance discovered is not theirs to delete
    if (method === 'DELETE' && kind === 'Import') {
      if (!machine || machine.isDeleted) return { status: 204 };
      site.inventory.markDeleted(machine.facts.instanceUuid, now);
      return { status: 200 };
    }
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    if (!machine) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: machineView(site, machine, spelling) };
  };
}

/** `machines/{m}/softwareInventories/default`. */
export function handleSoftware(state: OffAzureState, kind: SiteKind): (request: ArmRequest) => ArmAnswer {
  return (request) => {
    const { method, name, names, segments, type } = request;
    const site = parentSite(state, request, kind);
    if (segments.length > 0) throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    const machine = machineNamed(site, names[1]!);
    if (!machine) throw parentNotFound(`${siteIdOf(request, kind)}/machines/${names[1]}`);
    const inventory = site.inventory.guest(machine.facts.instanceUuid)?.inventory;
    const view = inventory && {
      id: `${site.id}/machines/${names[1]}/softwareInventories/default`,
      name: 'default',
      type: `${typeOf(site)}/machines/softwareInventories`,
      properties: { appsAndRoles: appsAndRolesOf(inventory), provisioningState: 'Succeeded' },
    };
    if (name === '') return { list: { count: view ? 1 : 0, item: () => view } };
    if (!view || name.toLowerCase() !== 'default') throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: view };
  };
}

const NAME_FILTER = /^(?:properties\/)?displayName\s+eq\s+'([^']{0,256})'$/i;
const CONTAINS_FILTER = /^contains\(\s*(?:properties\/)?displayName\s*,\s*'([^']{0,256})'\s*\)$/i;
const DELETED_FILTER = /^(?:properties\/)?isDeleted\s+eq\s+(true|false)$/i;

/** @throws ArmError 400 for a filter that is not understood */
function filterOf(filter: string | null): (machine: StoredMachine) => boolean {
  if (filter === null || filter.trim() === '') return () => true;
  const clauses = filter
    .trim()
    .split(/\s+and\s+/i)
    .map((clause) => {
      const name = NAME_FILTER.exec(clause)?.[1]?.toLowerCase();
      if (name !== undefined) return ({ facts }: StoredMachine) => facts.displayName.toLowerCase() === name;
      const part = CONTAINS_FILTER.exec(clause)?.[1]?.toLowerCase();
      if (part !== undefined)
        return ({ facts }: StoredMachine) => facts.displayName.toLowerCase().includes(part);
      const deleted = DELETED_FILTER.exec(clause)?.[1]?.toLowerCase();
      if (deleted !== undefined) return ({ isDeleted }: StoredMachine) => String(isDeleted) === deleted;
      throw badRequest(
        `The filter '${clause.slice(0, 200)}' is not supported; it can be displayName eq 'NAME', contains(displayName,'PART') or isDeleted eq true.`,
        '$filter',
      );
    });
  return (machine) => clauses.every((clause) => clause(machine));
}
