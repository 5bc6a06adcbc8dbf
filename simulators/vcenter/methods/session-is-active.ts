/** SessionIsActive: does the session of that key and user live? Names sessions of others, so it needs a privilege. */
import { accountName } from '../sessions.ts';
import { defineMethod } from './method.ts';

export const sessionIsActive = defineMethod<{ sessionID: string; userName: string }>({
  on: 'SessionManager',
  name: 'SessionIsActive',
  takes: 'sessionID string, userName string',
  returns: 'boolean',
  privilege: 'Sessions.ValidateSession',
  run: ({ sessionID, userName }, { vcenter }) =>
    vcenter.sessions
      .all()
      .some(
        ({ key, user }) =>
          key === sessionID && accountName(user.name).toLowerCase() === accountName(userName).toLowerCase(),
      ),
});
