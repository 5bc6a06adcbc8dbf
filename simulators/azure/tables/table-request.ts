/** A request to the table service: which table, which entity. */
import { storageFault } from '../storage/storage-fault.ts';
import {
  decode,
  type RawRequest,
  readStorageRequest,
  type StorageRequest,
} from '../storage/storage-request.ts';

export type TableLevel = 'service' | 'tables' | 'table name' | 'table' | 'entity' | 'batch';

export interface TableRequest extends StorageRequest {
  readonly level: TableLevel;
  /** As sent. */
  readonly table: string | undefined;
  readonly partitionKey: string;
  readonly rowKey: string;
}

const QUOTED = "'((?:[^']|'')*)'";
const TABLE_NAME_PATH = new RegExp(`^Tables\\(${QUOTED}\\)$`);
const ENTITY_PATH = new RegExp(`^([^(]+)\\(PartitionKey=${QUOTED},\\s*RowKey=${QUOTED}\\)$`);

/** @throws StorageFault for a path that cannot be understood */
export function readTableRequest(raw: RawRequest): TableRequest {
  const { path, ...request } = readStorageRequest(raw, 'table');
  return { ...request, ...readTablePath(path) };
}

/** A path below the account, as sent. @throws StorageFault */
export function readTablePath(
  path: string,
): Pick<TableRequest, 'level' | 'table' | 'partitionKey' | 'rowKey'> {
  const text = decode(path.slice(1));
  const none = { table: undefined, partitionKey: '', rowKey: '' };
  if (text === '') return { ...none, level: 'service' };
  if (text === '$batch') return { ...none, level: 'batch' };
  if (text === 'Tables' || text === 'Tables()') return { ...none, level: 'tables' };
  const named = TABLE_NAME_PATH.exec(text);
  if (named) return { ...none, level: 'table name', table: checkTableName(named[1]!) };
  const entity = ENTITY_PATH.exec(text);
  if (entity)
    return {
      level: 'entity',
      table: checkTableName(entity[1]!),
      partitionKey: entity[2]!.replaceAll("''", "'"),
      rowKey: entity[3]!.replaceAll("''", "'"),
    };
  return { ...none, level: 'table', table: checkTableName(text.replace(/\(\)$/, '')) };
}

/** @throws StorageFault InvalidResourceName, OutOfRangeInput */
export function checkTableName(name: string): string {
  if (name.length < 3 || name.length > 63)
    throw storageFault('OutOfRangeInput', {
      text: 'The specified resource name length is not within the permissible limits.',
    });
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name) || name.toLowerCase() === 'tables')
    throw storageFault('InvalidResourceName');
  return name;
}
