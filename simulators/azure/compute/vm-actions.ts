/** What can be done with a virtual machine besides making, changing and deleting it. */
import { SECOND } from '#core/units.ts';
import { badRequest, conflict, methodNotAllowed } from '../arm/faults.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import type { Shelved } from '../arm/resource-shelf.ts';
import { iso } from '../http.ts';
import { runScript } from './run-command.ts';
import { sizeView } from './sizes.ts';
import type { VirtualMachines } from './virtual-machines.ts';
import type { Machine, PowerState } from './vm-model.ts';
import { readRunCommand } from './vm-requests.ts';
import { instanceView } from './vm-view.ts';

const POWER_TAKES_MS = 5 * SECOND;
const COMMAND_TAKES_MS = 3 * SECOND;

/** Which state each ends in, and from which it may begin. */
const POWER_ACTIONS: Readonly<Record<string, { to: PowerState; from: readonly PowerState[] }>> = {
  start: { to: 'running', from: ['running', 'stopped', 'deallocated'] },
  poweroff: { to: 'stopped', from: ['running', 'stopped'] },
  deallocate: { to: 'deallocated', from: ['running', 'stopped', 'deallocated'] },
  restart: { to: 'running', from: ['running'] },
  redeploy: { to: 'running', from: ['running', 'deallocated', 'stopped'] },
  reapply: { to: 'running', from: ['running'] },
};

export function actOnMachine(
  machines: VirtualMachines,
  machine: Shelved<Machine>,
  request: ArmRequest,
): ArmAnswer | undefined {
  const { method, segments } = request;
  const action = segments[0]!.toLowerCase();
  if (segments.length > 1) return undefined;
  const power = POWER_ACTIONS[action];
  if (power && Object.hasOwn(POWER_ACTIONS, action)) {
    requireMethod(method, 'POST', action);
    return turn(machines, machine, action, power);
  }
  switch (action) {
    case 'instanceview':
      requireMethod(method, 'GET', action);
      return { status: 200, body: instanceView(machine) };
    case 'vmsizes':
      requireMethod(method, 'GET', action);
      return { status: 200, body: { value: [sizeView(machine.properties.size)] } };
    case 'runcommand':
      requireMethod(method, 'POST', action);
      return runCommand(machine, request);
    default:
      return undefined;
  }
}

function requireMethod(method: string, wanted: string, action: string): void {
  if (method !== wanted) throw methodNotAllowed(method, `virtualMachines/${action}`);
}

function turn(
  machines: VirtualMachines,
  machine: Shelved<Machine>,
  action: string,
  { to, from }: { to: PowerState; from: readonly PowerState[] },
): ArmAnswer {
  const { power } = machine.properties;
  if (machine.state !== 'Succeeded')
    throw conflict(
      'OperationNotAllowed',
      `Operation '${action}' is not allowed on VM '${machine.name}' since another operation is in progress.`,
    );
  if (!from.includes(power))
    throw conflict(
      'OperationNotAllowed',
      `Operation '${action}' is not allowed on VM '${machine.name}' since it is ${power}.`,
    );
  return {
    operation: {
      takesMs: POWER_TAKES_MS,
      status: 202,
      location: true,
      run: () => void machines.setPower(machine, to),
    },
  };
}

function runCommand(machine: Shelved<Machine>, request: ArmRequest): ArmAnswer {
  const { script = [], parameters = [] } = readRunCommand(request.body, '');
  if (parameters.length > 0) throw badRequest('Parameters of scripts are not offered here.', 'parameters');
  if (machine.properties.power !== 'running')
    throw conflict('OperationNotAllowed', 'Cannot modify extensions in the VM when the VM is not running.');
  const at = request.now;
  return {
    operation: {
      takesMs: COMMAND_TAKES_MS,
      status: 202,
      location: true,
      run() {
        const { out, error } = runScript(machine, script);
        return {
          value: [
            {
              code: 'ProvisioningState/succeeded',
              level: 'Info',
              displayStatus: 'Provisioning succeeded',
              message: `Enable succeeded: \n[stdout]\n${out}\n[stderr]\n${error}`,
              time: iso(at),
            },
          ],
        };
      },
    },
  };
}
