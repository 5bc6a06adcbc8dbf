/**
 * What the official clients of a crosscheck share: the served environment from standard input, a sign-in, and a
 * place for what was seen. Each client runs in a process of its own, because Node reads proxy and authority only at
 * its start.
 */
import { readFileSync } from 'node:fs';
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  RestError,
} from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';

export const env = JSON.parse(readFileSync(0, 'utf8')) as Readonly<Record<string, string>>;
export const subscription = env['AZURE_SUBSCRIPTION_ID']!;
export const group = env['AZ_RG']!;
export const project = env['AZ_MIGRATE_PROJECT']!;
export const vault = env['AZ_VAULT']!;
export const fabric = env['AZ_FABRIC']!;
export const container = env['AZ_CONTAINER']!;
export const site = env['AZ_SITE']!;
export const credential = new ClientSecretCredential(
  env['AZURE_TENANT_ID']!,
  env['AZURE_CLIENT_ID']!,
  env['AZURE_CLIENT_SECRET']!,
);
/** Pollers of these clients wait two seconds between questions unless they are told otherwise. */
export const soon = { updateIntervalInMs: 100 };
export const seen: Record<string, unknown> = {};

export async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

export async function refusal(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return 'accepted';
  } catch (error) {
    if (error instanceof RestError || (error as { statusCode?: number }).statusCode !== undefined)
      return `${(error as RestError).statusCode} ${(error as RestError).code}`;
    return `failed: ${(error as Error).message.slice(0, 200)}`;
  }
}

/** For what has no published client. @param path below the group's providers, or an absolute URL */
export async function rest(
  method: HttpMethods,
  path: string,
  body?: unknown,
  audience = 'https://management.azure.com',
) {
  const pipeline = createPipelineFromOptions({});
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: `${audience}/.default` }));
  const url = path.startsWith('https://')
    ? path
    : `https://management.azure.com/subscriptions/${subscription}/resourceGroups/${group}/providers/${path}`;
  const request = createPipelineRequest({ url, method, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (body) request.headers.set('Content-Type', 'application/json');
  const { status, bodyAsText } = await pipeline.sendRequest(createDefaultHttpClient(), request);
  return { status, json: JSON.parse(bodyAsText || '{}') };
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Asks until the answer is the one that is waited for; at most half a minute. */
export async function until<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  for (let i = 0; ; i++) {
    const answer = await ask();
    if (isIt(answer) || i > 150) return answer;
    await pause(200);
  }
}

/** Runs the parts one after another, and prints what all of them saw. */
export async function runParts(parts: Readonly<Record<string, () => Promise<void>>>): Promise<void> {
  for (const [name, part] of Object.entries(parts)) {
    try {
      await part();
    } catch (error) {
      seen[`${name} stopped`] = String((error as Error).stack).slice(0, 800);
    }
  }
  process.stdout.write(JSON.stringify(seen));
}
