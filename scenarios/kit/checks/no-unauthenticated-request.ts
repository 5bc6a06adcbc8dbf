/** Nobody asks without having shown who he is: every refusal for want of credentials has a fault as its cause. */
import type { Check } from './check.ts';

export const noUnauthenticatedRequest: Check = {
  id: 'no-unauthenticated-request',
  says: 'no request was refused for want of credentials, beyond what faults explain',
  judge({ world }) {
    const refused = Object.entries(world.counters.toJSON())
      // NTLM is negotiated by answers 401
      .filter(([name]) => /^answers\.(?!hyperv|windows)[\w.]+\.401$/.test(name))
      .reduce((sum, [, n]) => sum + n, 0);
    const injected = world.faults.timesAnswered(new Set(['401', 'expired']));
    return {
      holds: refused <= injected,
      limit: `at most ${injected} answers 401`,
      actual: String(refused),
    };
  },
};
