/** The points at which a scenario may act on Hyper-V, beside those of WinRM itself. */
import type { FaultPoint } from '../kit/fault-points.ts';
import { MACHINE_POINT } from './machine-state.ts';

export const HYPERV_POINTS = {
  machine: MACHINE_POINT,
  node: 'hyperv.node',
  enumeration: 'hyperv.enumeration',
} as const;

export function hypervFaultPoints(): FaultPoint[] {
  return [
    {
      name: HYPERV_POINTS.machine,
      says: 'a virtual machine, from the fault on to its end; the subject is its name; critical: Hyper-V stopped it since its storage is gone; noIntegrationServices: the guest tells nothing of itself; noAddresses: it tells all but its addresses',
      answers: ['critical', 'noIntegrationServices', 'noAddresses'],
    },
    {
      name: HYPERV_POINTS.node,
      says: 'a host, from the fault on to its end; the subject is its name; fails: it stops at once, and what ran on it starts again on other nodes of its cluster; drained: its machines move to other nodes, and it stays up',
      answers: ['fails', 'drained'],
    },
    {
      name: HYPERV_POINTS.enumeration,
      says: 'in the middle of an enumeration of machines or their parts; the subject is the host and the class; failOver: the host fails while it answers, until the fault ends; migration: the machine that would come next moves to another node first',
      answers: ['failOver', 'migration'],
    },
  ];
}
