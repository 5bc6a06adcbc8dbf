/**
 * Access tokens by client credentials, kept until five minutes before they expire. [Microsoft identity platform,
 * OAuth 2.0 client credentials flow; error codes: entra/identity-platform/reference-error-codes]
 */
import { type DryliftError, defineErrors } from '#core/errors.ts';
import type { HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { MINUTE, SECOND, type UnixMillis } from '#core/units.ts';

export const errors = defineErrors({
  'azure.login.secretInvalid': {
    blame: 'input',
    retry: 'after-change',
    why: 'The client secret is not one of the application: often the secret id was copied in place of its value (AADSTS7000215).',
    next: 'Put the value of a valid secret into cloud.clientSecret, then start again.',
  },
  'azure.login.secretExpired': {
    blame: 'input',
    retry: 'after-change',
    why: 'The client secret of the application has expired (AADSTS7000222).',
    next: 'Make a new secret for the application in Entra ID, put its value into cloud.clientSecret, then start again.',
  },
  'azure.login.applicationUnknown': {
    blame: 'input',
    retry: 'after-change',
    why: 'The tenant has no application with that id (AADSTS700016).',
    next: 'Check cloud.clientId and cloud.tenantId.',
  },
  'azure.login.tenantUnknown': {
    blame: 'input',
    retry: 'after-change',
    why: 'There is no such tenant at that authority (AADSTS90002).',
    next: 'Check cloud.tenantId and cloud.authorityHost.',
  },
  'azure.login.resourceUnknown': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The tenant does not know the service that a token was asked for (AADSTS500011).',
    next: 'Check that the services of the project are set up in this tenant.',
  },
  'azure.login.refused': {
    blame: 'input',
    retry: 'after-change',
    why: 'Entra ID refused the sign-in of the application.',
    next: 'Look at the AADSTS code above.',
  },
  'azure.login.busy': {
    blame: 'peer',
    retry: 'safe',
    why: 'Entra ID is throttling or has a passing problem.',
    next: 'Nothing is to be done: the appliance tries again.',
  },
  'azure.login.strange': {
    blame: 'input',
    retry: 'after-change',
    why: 'What answers at cloud.authorityHost is not the token endpoint of Entra ID.',
    next: 'Check cloud.authorityHost and the proxy.',
  },
});

/** AADSTS number → our code. */
const CODES: Readonly<Record<number, keyof typeof errors.codes>> = {
  7000215: 'azure.login.secretInvalid',
  7000222: 'azure.login.secretExpired',
  700016: 'azure.login.applicationUnknown',
  90002: 'azure.login.tenantUnknown',
  500011: 'azure.login.resourceUnknown',
};

/** A token is not used in its last five minutes, as Microsoft's own libraries do. */
const MARGIN_MS = 5 * MINUTE;

export interface TokenOptions {
  http: HttpClient;
  clock: Clock;
  counters: Counters;
  /** "https://login.microsoftonline.com" */
  authorityHost: string;
  tenantId: string;
  clientId: string;
  clientSecret: string;
}

interface Held {
  readonly token: string;
  readonly useUntil: UnixMillis;
}

export class TokenClient {
  readonly #options: TokenOptions;
  readonly #held = new Map<string, Held>();
  readonly #asking = new Map<string, Promise<string>>();

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** @param audience "https://management.azure.com" @throws `azure.login.*`, `net.*` */
  async token(audience: string, signal: AbortSignal): Promise<string> {
    const held = this.#held.get(audience);
    if (held && this.#options.clock.wall() < held.useUntil) return held.token;
    const asking = this.#asking.get(audience) ?? this.#ask(audience, signal);
    this.#asking.set(audience, asking);
    return asking.finally(() => this.#asking.delete(audience));
  }

  /** The service refused it: ask for another next time. */
  forget(audience: string): void {
    this.#held.delete(audience);
  }

  async #ask(audience: string, signal: AbortSignal): Promise<string> {
    const { http, clock, counters, authorityHost, tenantId, clientId, clientSecret } = this.#options;
    counters.add('appliance.azure.tokens');
    const askedAt = clock.wall();
    const answer = await http.fetch({
      method: 'POST',
      url: `${authorityHost}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${audience}/.default`,
      }).toString(),
      signal,
      bodyBytesMax: 1024 * 1024,
    });
    const body = parse(answer);
    const { access_token: token, expires_in: expiresIn } = body ?? {};
    if (answer.status === 200 && typeof token === 'string') {
      const lifeMs = Number(expiresIn) * SECOND;
      this.#held.set(audience, { token, useUntil: askedAt + lifeMs - Math.min(MARGIN_MS, lifeMs / 2) });
      return token;
    }
    throw this.#refusal(answer, body);
  }

  #refusal({ status }: HttpAnswer, body: Record<string, unknown> | undefined): DryliftError {
    const host = new URL(this.#options.authorityHost).host;
    if (status === 429 || status >= 500)
      return errors.make('azure.login.busy', { what: `${host} answered ${status} to a sign-in.` });
    const description = body?.['error_description'];
    if (typeof body?.['error'] !== 'string' || typeof description !== 'string')
      return errors.make('azure.login.strange', {
        what: `${host} answered ${status} to a sign-in, with nothing that Entra ID would say.`,
      });
    const number = Number(/AADSTS(\d+)/.exec(description)?.[1]);
    return errors.make(CODES[number] ?? 'azure.login.refused', {
      // the first sentence; what follows are trace and correlation ids
      what: `${host} refused the application's sign-in: ${description.split(/ Trace ID| - /)[0]!.slice(0, 300)}`,
      data: { status, aadsts: number || 0 },
    });
  }
}

function parse({ body }: HttpAnswer): Record<string, unknown> | undefined {
  try {
    const json = JSON.parse(body.toString('utf8')) as unknown;
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
