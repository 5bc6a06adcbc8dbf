/**
 * Where people sign in: a page for the authorization code flow (RFC 6749, 4.1, with PKCE, RFC 7636), and one where
 * the code of a device is typed. Plain forms without a script; a wrong password is told on the page.
 *
 * @see learn.microsoft.com, entra/identity-platform/v2-oauth2-auth-code-flow.
 */
import type { UnixMillis } from '#core/units.ts';
import type { Directory } from './directory.ts';
import { REFUSALS, TokenRefused } from './errors.ts';

export interface Page {
  readonly status: 200 | 302;
  readonly html?: string;
  readonly location?: string;
}

const CODE_LIFE_MS = 10 * 60 * 1_000;
const FIELD_CHARACTERS_MAX = 2_048;
/** Programs on the person's own machine, and the address that stands for none. */
const REDIRECTS =
  /^(?:http:\/\/(?:localhost|127\.0\.0\.1)(?::\d{1,5})?(?:\/[^\s#]*)?|https:\/\/login\.microsoftonline\.(?:com|us)\/common\/oauth2\/nativeclient)$/;

export interface AuthorizeRequest {
  /** Parameters of the request; from a form that was sent also `username` and `password`. */
  readonly fields: URLSearchParams;
  readonly isSent: boolean;
  readonly now: UnixMillis;
  /** A new code, nowhere seen before. */
  nextCode(): string;
}

/** @throws TokenRefused for a request that must not be redirected */
export function authorizePage(
  directory: Directory,
  { fields, isSent, now, nextCode }: AuthorizeRequest,
): Page {
  const clientId = fields.get('client_id') ?? '';
  const redirectUri = fields.get('redirect_uri') ?? '';
  const application = directory.application(clientId);
  if (!application) throw new TokenRefused('unknownApplication', clientId);
  if (!REDIRECTS.test(redirectUri)) throw new TokenRefused('badRedirect', redirectUri);
  for (const value of fields.values())
    if (value.length > FIELD_CHARACTERS_MAX) throw new TokenRefused('badRequest', 'A parameter is too long.');
  if (fields.get('response_type') !== 'code')
    return redirected(fields, redirectUri, { error: 'unsupported_response_type' });
  const mode = fields.get('response_mode') ?? 'query';
  const method = fields.get('code_challenge_method') ?? 'S256';
  if (mode !== 'query' || method !== 'S256')
    return redirected(fields, redirectUri, { error: 'invalid_request' });
  if (!isSent) return form('authorize', fields, undefined);
  if (fields.get('decline') !== null) return redirected(fields, redirectUri, { error: 'access_denied' });
  const person = directory.signedIn(fields.get('username') ?? '', fields.get('password') ?? '');
  if (!person) return form('authorize', fields, REFUSALS.wrongPassword.text);
  const code = nextCode();
  directory.keepCode(code, {
    clientId: application.clientId,
    redirectUri,
    person,
    scope: fields.get('scope') ?? '',
    challenge: fields.get('code_challenge') ?? undefined,
    expiresAt: now + CODE_LIFE_MS,
  });
  return redirected(fields, redirectUri, { code });
}

/** The page that a device code leads to. */
export function devicePage(
  directory: Directory,
  fields: URLSearchParams,
  isSent: boolean,
  now: UnixMillis,
): Page {
  if (!isSent) return form('deviceauth', fields, undefined);
  const person = directory.signedIn(fields.get('username') ?? '', fields.get('password') ?? '');
  if (!person) return form('deviceauth', fields, REFUSALS.wrongPassword.text);
  const consents = fields.get('decline') === null;
  const userCode = (fields.get('user_code') ?? '').trim().toUpperCase();
  if (!directory.answer(userCode, person.userPrincipalName, consents, now))
    return form('deviceauth', fields, 'That code did not work. Check the code and try again.');
  return {
    status: 200,
    html: shell(
      `<p>${consents ? 'You have signed in on your device.' : 'You have declined.'} You may now close this window.</p>`,
    ),
  };
}

function redirected(fields: URLSearchParams, redirectUri: string, answer: Record<string, string>): Page {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  const state = fields.get('state');
  if (state !== null) url.searchParams.set('state', state);
  return { status: 302, location: url.href };
}

/** What the request carried goes with the form, but for what people type. */
function form(kind: 'authorize' | 'deviceauth', fields: URLSearchParams, wrong: string | undefined): Page {
  const typed = new Set(['username', 'password', 'decline', 'user_code']);
  const hidden = [...fields]
    .filter(([name]) => !typed.has(name))
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  const hint = escaped(fields.get('username') ?? fields.get('login_hint') ?? '');
  const code = escaped(fields.get('user_code') ?? fields.get('otc') ?? '');
  return {
    status: 200,
    html: shell(
      [
        wrong === undefined ? '' : `<p role="alert">${escaped(wrong)}</p>`,
        '<form method="post">',
        ...hidden,
        kind === 'deviceauth'
          ? `<p><label>Code <input name="user_code" value="${code}" autocomplete="off"></label></p>`
          : '',
        `<p><label>User name <input name="username" value="${hint}"></label></p>`,
        '<p><label>Password <input name="password" type="password"></label></p>',
        '<p><button>Sign in</button> <button name="decline" value="1">Decline</button></p>',
        '</form>',
      ].join('\n'),
    ),
  };
}

function shell(body: string): string {
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>\n<h1>Sign in</h1>\n${body}\n</body></html>\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
