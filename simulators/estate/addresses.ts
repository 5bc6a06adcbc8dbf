/** Ids and addresses in the layouts that vSphere uses, for estates whose source names none. */
import type { Entropy } from '#core/entropy/entropy.ts';

/** VMFS volume ids have their own layout: 8-8-4-12 hexadecimal digits. */
export function vmfsUuid(entropy: Entropy, datastore: string): string {
  const hex = entropy.hex(32, 'estate.datastore', datastore);
  return `${hex.slice(0, 8)}-${hex.slice(8, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** A MAC address in the range that vCenter hands out (00:50:56:80–bf), by running number. */
export function macAddress(number: number): string {
  const hex = ((0x80 << 16) + (number % 0x40_0000)).toString(16).padStart(6, '0');
  return `00:50:56:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** 10.a.b.c by machine, one /10 block for each adapter; neither .0 nor .255. */
export function privateAddress(machineIndex: number, nic: number): string {
  const host = machineIndex % 254;
  const network = Math.floor(machineIndex / 254);
  return `10.${((nic % 4) << 6) + Math.floor(network / 256)}.${network % 256}.${host + 1}`;
}
