/**
 * Cross-origin requests, by the rules in a service's properties.
 * @see learn.microsoft.com, rest/api/storageservices/cross-origin-resource-sharing--cors--support-for-the-azure-storage-services
 */
import type { CorsRule } from './account.ts';
import type { Reply } from './operation.ts';
import { storageFault } from './storage-fault.ts';
import { header, type StorageRequest } from './storage-request.ts';

/** Answers a browser's question before it asks the real one. Not authorized. @throws StorageFault */
export function preflight(request: StorageRequest, rules: readonly CorsRule[]): Reply {
  const origin = header(request, 'origin');
  const method = header(request, 'access-control-request-method');
  if (origin === undefined || method === undefined)
    throw storageFault('InvalidHeaderValue', { text: 'A required CORS header is not present.' });
  const asked = list(header(request, 'access-control-request-headers'));
  const rule = rules.find(
    (candidate) =>
      matchesOrigin(candidate, origin) &&
      candidate.methods.includes(method) &&
      asked.every((name) => candidate.allowedHeaders.some((pattern) => matchesHeader(pattern, name))),
  );
  if (!rule) throw storageFault('CorsPreflightFailure');
  return {
    status: 200,
    headers: {
      ...originHeaders(rule, origin),
      'Access-Control-Allow-Methods': method,
      ...(asked.length > 0 ? { 'Access-Control-Allow-Headers': asked.join(',') } : {}),
      'Access-Control-Max-Age': String(rule.maxAgeSeconds),
    },
  };
}

/** What an answer to a request from a page elsewhere carries. */
export function corsHeaders(request: StorageRequest, rules: readonly CorsRule[]): Record<string, string> {
  const origin = header(request, 'origin');
  if (origin === undefined || rules.length === 0) return {};
  const rule = rules.find(
    (candidate) => matchesOrigin(candidate, origin) && candidate.methods.includes(request.method),
  );
  if (!rule) return { Vary: 'Origin' };
  const exposed = rule.exposedHeaders.join(',');
  return {
    ...originHeaders(rule, origin),
    ...(exposed === '' ? {} : { 'Access-Control-Expose-Headers': exposed }),
  };
}

function originHeaders({ origins }: CorsRule, origin: string): Record<string, string> {
  if (origins.includes('*')) return { 'Access-Control-Allow-Origin': '*' };
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    Vary: 'Origin',
  };
}

function matchesOrigin({ origins }: CorsRule, origin: string): boolean {
  return origins.some((allowed) => allowed === '*' || allowed === origin);
}

function matchesHeader(pattern: string, name: string): boolean {
  const [wanted, asked] = [pattern.toLowerCase(), name.toLowerCase()];
  return wanted.endsWith('*') ? asked.startsWith(wanted.slice(0, -1)) : wanted === asked;
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
