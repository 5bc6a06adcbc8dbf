/** What a vault sums up: health of what it protects and of what protects it, its appliances and their providers. */
import { MINUTE, SECOND, type UnixMillis } from '#core/units.ts';
import { methodNotAllowed, parentNotFound, resourceNotFound } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import { iso, isRecord } from '../http.ts';
import { NAMESPACE, parentOf, vaultOf } from './ids.ts';
import type { Resource, VaultResources } from './vault-resources.ts';

/** An appliance of a site, as it last said of itself. */
export interface SiteAppliance {
  readonly name: string;
  readonly version: string;
  readonly at: UnixMillis;
}

/** An item as far as health goes. */
export interface ItemHealth {
  readonly armId: string;
  /** "Normal", "Warning", "Critical" */
  readonly health: string;
  readonly issues: ReadonlyArray<{ readonly errorCode: string; readonly summaryMessage: string }>;
}

export interface VaultHealthOptions {
  readonly resources: VaultResources;
  /** Appliances of a site, by its ARM id. */
  readonly appliances: (siteId: string) => readonly SiteAppliance[];
  readonly items: (vaultId: string) => readonly ItemHealth[];
}

/** Without a sign of life for so long, an appliance counts as not connected. */
const CONNECTED_MS = 15 * MINUTE;

export class VaultHealth {
  readonly #options: VaultHealthOptions;

  constructor(options: VaultHealthOptions) {
    this.#options = options;
  }

  /** GET and POST refresh of `replicationVaultHealth`. */
  handleHealth(request: ArmRequest): ArmAnswer {
    const { method, type, name } = request;
    const vault = this.#vault(request);
    if (name.toLowerCase() === 'default' && request.segments.length === 1 && method === 'POST')
      return {
        operation: {
          takesMs: 5 * SECOND,
          status: 202,
          location: true,
          run: () => this.#healthView(vault, request.now),
        },
      };
    if (method !== 'GET' || name !== '') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    return { status: 200, body: this.#healthView(vault, request.now) };
  }

  #healthView(vault: Resource, now: UnixMillis): object {
    const { resources } = this.#options;
    const items = this.#options.items(vault.id);
    const fabrics = resources.below(vault.id, 'vaults/replicationFabrics');
    const containers = resources.below(vault.id, 'vaults/replicationFabrics/replicationProtectionContainers');
    const silent = fabrics.filter((fabric) => {
      const appliances = this.#appliancesOf(fabric);
      return appliances.length > 0 && appliances.every(({ at }) => now - at > CONNECTED_MS);
    });
    return {
      id: `${vault.id.replace('/subscriptions/', '/Subscriptions/')}/replicationVaultHealth/default`,
      name: 'default',
      type: `${NAMESPACE}/vaults/replicationVaultHealth`,
      properties: {
        vaultErrors: [],
        protectedItemsHealth: {
          resourceCount: items.length,
          issues: summaries(items),
          categorizedResourceCounts: countBy(items.map(({ health }) => health)),
        },
        fabricsHealth: {
          resourceCount: fabrics.length,
          issues: silent.map(({ id }) =>
            summary('78174', 'Critical', 'The appliance has not been heard of for 15 minutes.', 'Fabric', [
              id,
            ]),
          ),
          categorizedResourceCounts: countBy(
            fabrics.map((fabric) => (silent.includes(fabric) ? 'Critical' : 'Normal')),
          ),
        },
        containersHealth: {
          resourceCount: containers.length,
          issues: [],
          categorizedResourceCounts: countBy(containers.map(() => 'Normal')),
        },
      },
    };
  }

  /** The appliances that orchestrate a fabric, as its recovery services providers; also those of the whole vault. */
  handleProviders(request: ArmRequest): ArmAnswer {
    const { method, name, type, now } = request;
    const vault = this.#vault(request);
    if (method !== 'GET' || request.segments.length > 0)
      throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    const ofFabric = type.split('/').length > 2;
    const fabrics = this.#options.resources
      .below(vault.id, 'vaults/replicationFabrics')
      .filter(({ id }) => !ofFabric || id.toLowerCase() === parentOf(request).toLowerCase());
    if (ofFabric && fabrics.length === 0) throw parentNotFound(parentOf(request));
    const shown = fabrics.flatMap((fabric) =>
      this.#appliancesOf(fabric).map((appliance) => this.#providerView(vault, fabric, appliance, now)),
    );
    if (name === '') return { list: listOf(shown) };
    const one = shown.find((view) => view.name.toLowerCase() === name.toLowerCase());
    if (!one) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: one };
  }

  #providerView(vault: Resource, fabric: Resource, { name, version, at }: SiteAppliance, now: UnixMillis) {
    return {
      id: `${fabric.id}/replicationRecoveryServicesProviders/${name}`,
      name,
      type: `${NAMESPACE}/vaults/replicationFabrics/replicationRecoveryServicesProviders`,
      properties: {
        fabricType: fabricKind(fabric),
        friendlyName: name,
        providerVersion: version,
        providerVersionState: 'Latest',
        fabricFriendlyName: fabric.name,
        lastHeartBeat: iso(at),
        connectionStatus: now - at > CONNECTED_MS ? 'NotConnected' : 'Connected',
        protectedItemCount: this.#options
          .items(vault.id)
          .filter(({ armId }) => armId.toLowerCase().startsWith(`${fabric.id.toLowerCase()}/`)).length,
        allowedScenarios: [],
        healthErrorDetails: [],
        machineName: name,
      },
    };
  }

  #appliancesOf(fabric: Resource): readonly SiteAppliance[] {
    const details = fabric.properties['customDetails'];
    if (!isRecord(details)) return [];
    return ['vmwareSiteId', 'physicalSiteId'].flatMap((key) =>
      typeof details[key] === 'string' ? this.#options.appliances(details[key]) : [],
    );
  }

  #vault(request: ArmRequest): Resource {
    const vault = this.#options.resources.find(vaultOf(request));
    if (!vault) throw parentNotFound(vaultOf(request));
    return vault;
  }
}

function fabricKind({ properties }: Resource): string {
  const details = properties['customDetails'];
  return isRecord(details) ? String(details['instanceType']) : '';
}

function summaries(items: readonly ItemHealth[]): object[] {
  const byCode = new Map<string, { message: string; health: string; ids: string[] }>();
  for (const { armId, health, issues } of items)
    for (const { errorCode, summaryMessage } of issues) {
      const known = byCode.get(errorCode) ?? { message: summaryMessage, health, ids: [] };
      known.ids.push(armId);
      byCode.set(errorCode, known);
    }
  return [...byCode].map(([code, { message, health, ids }]) =>
    summary(code, health === 'Critical' ? 'Error' : 'Warning', message, 'ReplicationProtectedItem', ids),
  );
}

function summary(
  summaryCode: string,
  severity: string,
  summaryMessage: string,
  type: string,
  ids: readonly string[],
): object {
  return {
    summaryCode,
    category: 'Replication',
    severity,
    summaryMessage,
    affectedResourceType: type,
    affectedResourceSubtype: '',
    affectedResourceCorrelationIds: ids,
  };
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
