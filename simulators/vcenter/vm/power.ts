/** Power states in the words of the API. */
import type { PowerState } from '../../estate/model.ts';

const NAMES: Readonly<Record<PowerState, string>> = {
  on: 'poweredOn',
  off: 'poweredOff',
  suspended: 'suspended',
};

export function powerName(power: PowerState): string {
  return NAMES[power];
}
