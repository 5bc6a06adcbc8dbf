/** Methods of SessionManager beside login and logout: tickets, and settings of the session. */
import { vimFault } from '../faults.ts';
import { setCookie } from '../sessions.ts';
import { LOCALES } from './login.ts';
import { defineMethod, type Method, Unavailable } from './method.ts';

const acquireCloneTicket = defineMethod({
  on: 'SessionManager',
  name: 'AcquireCloneTicket',
  returns: 'string',
  privilege: 'System.View',
  run: (_args, call) => call.vcenter.sessions.ticketFor(call.requireSession()),
});

const cloneSession = defineMethod<{ cloneTicket: string }>({
  on: 'SessionManager',
  name: 'CloneSession',
  takes: 'cloneTicket string',
  returns: 'UserSession',
  privilege: 'System.Anonymous',
  faults: ['InvalidLogin'],
  run({ cloneTicket }, call) {
    const session = call.vcenter.sessions.ofTicket(cloneTicket, call.client);
    if (!session) throw new Unavailable('The maximum number of sessions has been exceeded.');
    call.setHeader('Set-Cookie', setCookie(session));
    return session.data;
  },
});

const setLocale = defineMethod<{ locale: string }>({
  on: 'SessionManager',
  name: 'SetLocale',
  takes: 'locale string',
  privilege: 'System.View',
  faults: ['InvalidLocale'],
  run({ locale }, call) {
    if (!LOCALES.test(locale))
      throw vimFault('InvalidLocale', `The locale "${locale.slice(0, 40)}" is not supported.`);
    call.requireSession().locale = locale;
    return undefined;
  },
});

export const SESSION_METHODS: readonly Method[] = [acquireCloneTicket, cloneSession, setLocale];
