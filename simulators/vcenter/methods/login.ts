/** Login. Answers the session and sets its cookie; a connection that has a living session cannot log in again. */
import { vimFault } from '../faults.ts';
import { type Session, setCookie } from '../sessions.ts';
import { type Call, defineMethod, Unavailable } from './method.ts';

/** Locales of message catalogues that a vCenter has; messages here are English whatever is chosen. */
export const LOCALES = /^(en|de|fr|ja|ko|zh|es)([-_]\w+)?$/i;

export const login = defineMethod<{ userName: string; password: string; locale?: string }>({
  on: 'SessionManager',
  name: 'Login',
  takes: 'userName string, password string, locale string?',
  returns: 'UserSession',
  privilege: 'System.Anonymous',
  faults: ['InvalidLogin'],
  run({ userName, password, locale }, call) {
    if (call.session)
      throw vimFault('InvalidLogin', 'Cannot complete login: this connection has a session already.');
    if (locale !== undefined && locale !== '' && !LOCALES.test(locale))
      throw vimFault('InvalidLocale', `The locale "${locale.slice(0, 40)}" is not supported.`);
    const session = loggedIn(userName, password, call);
    if (!session) throw new Unavailable('The maximum number of sessions has been exceeded.');
    call.setHeader('Set-Cookie', setCookie(session));
    return session.data;
  },
});

/** A refusal is written down, with the name that was tried. */
function loggedIn(userName: string, password: string, { vcenter, client }: Call): Session | undefined {
  try {
    return vcenter.sessions.login(userName, password, client);
  } catch (fault) {
    vcenter.events.post({
      type: 'BadUsernameSessionEvent',
      user: userName.slice(0, 200),
      fields: { ipAddress: client.address },
      words: { user: userName.slice(0, 200), address: client.address },
    });
    throw fault;
  }
}
