/** The table service of a cloud's storage accounts: same accounts, keys, networks and limits as their blobs. */
import type { HttpHandler } from '#core/net/http-server.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { StorageAccount } from '../storage/account.ts';
import { type AuthorizationRules, authorize } from '../storage/authorization.ts';
import { tableSasStringToSign } from '../storage/sas.ts';
import type { SharedServices } from '../storage/service.ts';
import { type StorageProtocol, serviceHandler, storageFaultPoints } from '../storage/service-handler.ts';
import { badParameter, storageFault } from '../storage/storage-fault.ts';
import { header } from '../storage/storage-request.ts';
import type { TableTools } from './entity-operations.ts';
import { writeTableFault } from './table-fault.ts';
import type { TableAccount } from './table-model.ts';
import { TABLE_OPERATIONS, type TableOperation } from './table-operations.ts';
import { readTableRequest, type TableRequest } from './table-request.ts';

/** Names that a certificate for the table endpoints of the public cloud must carry. */
export const TABLE_HOSTS = ['*.table.core.windows.net'];

/** What @azure/data-tables 13 speaks, and a little older. */
const OLDEST_VERSION = '2017-07-29';

export interface TableServiceOptions {
  readonly context: SimulatorContext;
  readonly storage: { readonly shared: SharedServices };
}

export interface TableService {
  /** For all table endpoints: accounts by Host header, or as the first part of the path. */
  readonly handler: HttpHandler;
}

export function createTables({ context, storage }: TableServiceOptions): TableService {
  const { tools: storageTools, authorization, limits } = storage.shared;
  context.faults.declare(storageFaultPoints('table', TABLE_OPERATIONS));
  // by what an account and its secondary view share, so that they go when the account goes
  const accounts = new WeakMap<object, TableAccount>();
  const tablesOf = ({ properties }: StorageAccount): TableAccount => {
    const tables = accounts.get(properties) ?? new Map();
    accounts.set(properties, tables);
    return tables;
  };
  const rules = tableRules(tablesOf);
  let boundaries = 0;
  const tools: TableTools = {
    timestamp: (now) => storageTools.snapshotId(now),
    boundary: () => context.entropy.uuid('azure.table.boundary', boundaries++),
    geoStatus: (account) => storageTools.geoStatus(account),
  };
  const protocol: StorageProtocol<TableRequest, TableOperation> = {
    service: 'table',
    server: 'Windows-Azure-Table/1.0 Microsoft-HTTPAPI/2.0',
    oldestVersion: OLDEST_VERSION,
    tools: storageTools,
    read: readTableRequest,
    operationFor,
    authorize: (request, account, operation) =>
      authorize(rules, request, account, operation, () => true, authorization),
    run(operation, call) {
      // entities are not kept in the other region: only statistics are read there
      if (call.request.isSecondary && operation.on !== 'service') throw storageFault('TableNotFound');
      return operation.run({ ...call, tables: tablesOf(call.account), tools });
    },
    subject: ({ account, table }) => (table === undefined ? account : `${account}/${table}`),
    writeFault: writeTableFault,
  };
  return { handler: serviceHandler({ context, protocol, limits }) };
}

/** @throws StorageFault */
function operationFor({ level, method, query }: TableRequest): TableOperation {
  const comp = query.get('comp')?.toLowerCase();
  const restype = query.get('restype');
  const here = TABLE_OPERATIONS.filter(
    (operation) => operation.on === level && operation.comp === comp && operation.restype === restype,
  );
  const found = here.find(({ methods }) => methods.includes(method));
  if (found) return found;
  if (here.length > 0) throw storageFault('UnsupportedHttpVerb');
  for (const name of ['comp', 'restype']) if (query.has(name)) throw badParameter(name, query.get(name)!);
  throw storageFault('NotImplemented');
}

/**
 * What is signed with an account's key: less than for blobs, and of the query only `comp`.
 * @see learn.microsoft.com, rest/api/storageservices/authorize-with-shared-key, "Table service"
 */
function tableRules(
  tablesOf: (account: StorageAccount) => TableAccount,
): AuthorizationRules<TableRequest, TableOperation> {
  const date = (request: TableRequest): string =>
    header(request, 'x-ms-date') ?? header(request, 'date') ?? '';
  const resource = ({ account, rawPath, query }: TableRequest): string =>
    `/${account}${rawPath}${query.has('comp') ? `?comp=${query.get('comp')}` : ''}`;
  return {
    service: 'table',
    schemes: {
      SharedKeyLite: (request) => `${date(request)}\n${resource(request)}`,
      SharedKey: (request) =>
        [
          request.method,
          header(request, 'content-md5') ?? '',
          header(request, 'content-type') ?? '',
          date(request),
          resource(request),
        ].join('\n'),
    },
    serviceSasText: (request, account) =>
      tableSasStringToSign(account, request.query.get('tn') ?? '', request.query),
    policies: ({ query }, account) => tablesOf(account).get((query.get('tn') ?? '').toLowerCase())?.policies,
    // a signature for a table reaches transactions, whose changes are judged one by one
    serviceSasReaches: ({ level, table, query }) =>
      level === 'batch' || table?.toLowerCase() === query.get('tn')?.toLowerCase(),
    container: ({ table, query }) => table ?? query.get('tn'),
  };
}
