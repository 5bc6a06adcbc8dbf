/** What any node of a failover cluster says of the whole: its nodes, and the machines that are its roles. */
import { DryliftError } from '#core/errors.ts';
import { type CimInstance, embedded, number, text } from '../winrm/cim.ts';
import type { WinrmConnection } from '../winrm/types.ts';
import { errors } from './errors.ts';
import { CLUSTER_QUERIES, type ClassQuery, wqlOf } from './queries.ts';

export interface ClusterNode {
  /** FQDN in lower case, where the cluster's own domain is known. */
  readonly fqdn: string;
  readonly isUp: boolean;
}

export interface ClusterReading {
  readonly fqdn: string;
  readonly nodes: readonly ClusterNode[];
}

const NODES_MAX = 64;
const UP = 0;
const PAUSED = 2;

/** @throws `hyperv.cluster.not`, `winrm.*`, `net.*` */
export async function readCluster(
  connection: WinrmConnection,
  domain: string,
  signal: AbortSignal,
): Promise<ClusterReading> {
  try {
    const [cluster] = await ask(connection, CLUSTER_QUERIES.cluster, signal);
    const nodes = await ask(connection, CLUSTER_QUERIES.nodes, signal);
    if (!cluster || nodes.length === 0)
      throw errors.make('hyperv.cluster.not', { what: `${connection.host} knows of no cluster.` });
    const named = text(cluster, 'Fqdn') || text(cluster, 'Name') || connection.host;
    return {
      fqdn: qualified(named, domain),
      nodes: nodes.slice(0, NODES_MAX).map((node) => {
        const state = number(node, 'State');
        return { fqdn: qualified(text(node, 'Name') ?? '', domain), isUp: state === UP || state === PAUSED };
      }),
    };
  } catch (error) {
    if (error instanceof DryliftError && error.code === 'winrm.namespace.missing')
      throw errors.make('hyperv.cluster.not', {
        what: `${connection.host} has no root/MSCluster.`,
        cause: error,
      });
    throw error;
  }
}

/** The machines that the cluster keeps running: by GUID in lower case where it tells that, else by name. */
export interface Roles {
  readonly guids: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
}

/** @throws `winrm.*`, `net.*` */
export async function readRoles(connection: WinrmConnection, signal: AbortSignal): Promise<Roles> {
  const rows = await ask(connection, CLUSTER_QUERIES.roles, signal);
  const guids = new Set<string>();
  const names = new Set<string>();
  for (const row of rows) {
    const [properties] = embedded(row, 'PrivateProperties');
    const guid = (properties && text(properties, 'VmID')?.toLowerCase()) ?? '';
    if (guid !== '') guids.add(guid);
    else names.add(text(row, 'OwnerGroup')?.toLowerCase() ?? '');
  }
  return { guids, names };
}

function ask(connection: WinrmConnection, query: ClassQuery, signal: AbortSignal): Promise<CimInstance[]> {
  return connection.query(query.namespace, wqlOf(query), signal);
}

function qualified(name: string, domain: string): string {
  return `${name}${domain === '' || name.includes('.') ? '' : `.${domain}`}`.toLowerCase();
}
