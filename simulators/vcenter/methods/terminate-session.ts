/** TerminateSession: ends sessions by key. NotFound when there is none of a key, or it is the caller's own. */
import { invalidArgument, vimFault } from '../faults.ts';
import { defineMethod } from './method.ts';

export const terminateSession = defineMethod<{ sessionId: readonly string[] }>({
  on: 'SessionManager',
  name: 'TerminateSession',
  takes: 'sessionId string[]!',
  privilege: 'Sessions.TerminateSession',
  run({ sessionId }, call) {
    const { sessions } = call.vcenter;
    const found = sessionId.map((key) => sessions.all().find((session) => session.key === key));
    if (found.includes(call.requireSession())) throw invalidArgument('sessionId');
    for (const session of found) {
      if (!session) throw vimFault('NotFound', 'There is no such session.');
      sessions.end(session);
    }
    return undefined;
  },
});
