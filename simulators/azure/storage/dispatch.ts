/** Which operation a request asks for, and what is wrong when it asks for none. */
import type { BlobRequest } from './blob-request.ts';
import type { HeaderTest, Operation } from './operation.ts';
import { OPERATIONS, REFUSED_OPERATIONS, type RefusedOperation } from './operations/table.ts';
import { badHeader, badParameter, type StorageFault, storageFault } from './storage-fault.ts';
import { header } from './storage-request.ts';

type Matched = Pick<Operation, 'on' | 'methods' | 'restype' | 'comp'>;

/** The tables by level, method and query, which is all that most operations are told apart by. */
const OFFERED = byKey(OPERATIONS);
const REFUSED = byKey<RefusedOperation>(REFUSED_OPERATIONS);

/** @throws StorageFault: NotImplemented for an operation that is known and not offered, else what is wrong */
export function operationFor(request: BlobRequest, version: string): Operation {
  const { method, query } = request;
  const level =
    request.blob !== undefined ? 'blob' : request.container !== undefined ? 'container' : 'service';
  const comp = query.get('comp');
  // where the account is part of the path, the SDK takes it for a container's
  const isBatch = level === 'service' && comp === 'batch';
  const key = keyOf(level, method, isBatch ? undefined : query.get('restype'), comp);
  if (REFUSED.has(key)) throw storageFault('NotImplemented');
  const candidates = OFFERED.get(key) ?? [];
  const found = candidates.find(
    ({ header: test, andHeader }) =>
      (!test || passes(request, test)) && (!andHeader || passes(request, andHeader)),
  );
  if (found) {
    if (found.since !== undefined && version < found.since) throw tooNew(found, query);
    return found;
  }
  const tests = candidates.flatMap(({ header: test }) => test ?? []);
  const wrong = tests.find(({ name }) => header(request, name) !== undefined);
  if (wrong) throw badHeader(wrong.name, header(request, wrong.name)!);
  if (tests[0]) throw storageFault('MissingRequiredHeader', { detail: { HeaderName: tests[0].name } });
  const methods = METHODS.filter((other) =>
    OFFERED.has(keyOf(level, other, query.get('restype'), query.get('comp'))),
  );
  if (methods.length > 0)
    throw storageFault('UnsupportedHttpVerb', { headers: { Allow: methods.join(',') } });
  for (const name of ['comp', 'restype']) {
    const value = query.get(name);
    if (value !== undefined) throw badParameter(name, value);
  }
  throw storageFault('InvalidUri');
}

/** What an older version of the service says of a newer operation. */
function tooNew({ comp, header: test }: Operation, query: ReadonlyMap<string, string>): StorageFault {
  if (comp !== undefined && !test) return badParameter('comp', query.get('comp') ?? '');
  return storageFault('UnsupportedHeader', { detail: { HeaderName: test?.name ?? 'x-ms-version' } });
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];

function keyOf(level: string, method: string, restype: string | undefined, comp: string | undefined): string {
  return `${level} ${method} ${restype ?? ''} ${comp?.toLowerCase() ?? ''}`;
}

function byKey<O extends Matched>(operations: readonly O[]): ReadonlyMap<string, O[]> {
  const map = new Map<string, O[]>();
  for (const operation of operations)
    for (const method of operation.methods) {
      const key = keyOf(operation.on, method, operation.restype, operation.comp);
      map.set(key, [...(map.get(key) ?? []), operation]);
    }
  return map;
}

function passes(request: BlobRequest, { name, value }: HeaderTest): boolean {
  const sent = header(request, name);
  return sent !== undefined && (value === undefined || sent.toLowerCase() === value.toLowerCase());
}
