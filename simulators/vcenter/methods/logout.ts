/** Logout: the session ends, and with it its views, collectors and filters. */
import { defineMethod } from './method.ts';

export const logout = defineMethod({
  on: 'SessionManager',
  name: 'Logout',
  privilege: 'System.View',
  run(_args, call) {
    call.vcenter.sessions.end(call.requireSession());
    return undefined;
  },
});
