/** Faults in words, for plans, reports and messages. */
import type { LinkAction } from '#core/net/link-rules.ts';
import { formatBytes, formatDuration, formatOffset } from '#core/units.ts';
import type { Fault } from './scenario-faults.ts';

export function says(fault: Fault): string {
  const when = `${fault.after === undefined ? 'from' : `${fault.after} +`} ${
    fault.fromShare > 0 ? `${Math.round(fault.fromShare * 100)}%` : formatOffset(fault.from)
  }`;
  if (fault.kind === 'crash')
    return `the appliance is killed${fault.on === undefined ? '' : ` at its next ${fault.on}`}, and started again after ${formatDuration(fault.restartAfterMs)} (${when})`;
  if (fault.kind === 'point') {
    const times = fault.times === 1 ? 'once' : `${fault.times} times`;
    return `${fault.at} answers ${fault.answer}, ${times} (${when})`;
  }
  const { from, to } = fault.link;
  return `${from} -> ${to} ${doing(fault.action)} (${when}, for ${formatDuration(fault.forMs)})`;
}

function doing(action: LinkAction): string {
  switch (action.do) {
    case 'delay':
      return `is slower by ${formatDuration(action.ms)}`;
    case 'throttle':
      return `carries ${formatBytes(action.bytesPerSecond)} a second`;
    case 'stall':
      return 'delivers nothing';
    case 'reset':
      return `is cut after ${formatBytes(action.afterBytes)}`;
    case 'refuse':
      return 'refuses connections';
  }
}
