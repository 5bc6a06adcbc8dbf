/** Which operation a request asks for, and what is wrong when it asks for none. */
import { type BlobRequest, header } from './blob-request.ts';
import type { HeaderTest, Operation } from './operation.ts';
import { OPERATIONS, REFUSED_OPERATIONS } from './operations/table.ts';
import { badHeader, badParameter, storageFault } from './storage-fault.ts';

type Matched = Pick<Operation, 'on' | 'methods' | 'restype' | 'comp'>;

/** @throws StorageFault: NotImplemented for an operation that is known and not offered, else what is wrong */
export function operationFor(request: BlobRequest): Operation {
  const refused = REFUSED_OPERATIONS.find(
    (operation) =>
      fits(request, operation) && (operation.headers ?? []).every((test) => passes(request, test)),
  );
  if (refused) throw storageFault('NotImplemented');
  const candidates = OPERATIONS.filter((operation) => fits(request, operation));
  const found = candidates.find(({ header: test }) => !test || passes(request, test));
  if (found) return found;
  const missing = candidates.find(
    ({ header: test }) => test && header(request, test.name) === undefined,
  )?.header;
  const wrong = candidates.find(
    ({ header: test }) => test && header(request, test.name) !== undefined,
  )?.header;
  if (wrong) throw badHeader(wrong.name, header(request, wrong.name)!);
  if (missing) throw storageFault('MissingRequiredHeader', { detail: { HeaderName: missing.name } });
  const methods = new Set(
    OPERATIONS.filter((operation) => onSame(request, operation)).flatMap((operation) => operation.methods),
  );
  if (methods.size > 0)
    throw storageFault('UnsupportedHttpVerb', { headers: { Allow: [...methods].join(',') } });
  for (const name of ['comp', 'restype']) {
    const value = request.query.get(name);
    if (value !== undefined) throw badParameter(name, value);
  }
  throw storageFault('InvalidUri');
}

function fits(request: BlobRequest, operation: Matched): boolean {
  return operation.methods.includes(request.method) && onSame(request, operation);
}

function onSame(request: BlobRequest, operation: Matched): boolean {
  const level =
    request.blob !== undefined ? 'blob' : request.container !== undefined ? 'container' : 'service';
  return (
    level === operation.on &&
    request.query.get('restype') === operation.restype &&
    request.query.get('comp')?.toLowerCase() === operation.comp?.toLowerCase()
  );
}

function passes(request: BlobRequest, { name, value }: HeaderTest): boolean {
  const sent = header(request, name);
  return sent !== undefined && (value === undefined || sent.toLowerCase() === value.toLowerCase());
}
