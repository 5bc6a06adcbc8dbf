/** Methods of machines and of the service that manages them: starting and stopping, and the summary of all. */
import { type Millis, SECOND } from '#core/units.ts';
import type { Machine } from '../estate/model.ts';
import type { CimMethod, MethodCall } from '../winrm/cim/cim-service.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import { type CimInstance, isA } from '../winrm/cim/values.ts';
import { type HypervHost, machineByGuid, machineGuid, machinesOf } from './hyperv-host.ts';
import { type Jobs, RETURN } from './jobs.ts';
import { computerSystem } from './machine-settings.ts';
import { speaks, stateOf, type Transition } from './machine-state.ts';
import { V2 } from './names.ts';
import { summary } from './summary.ts';

interface Change {
  readonly through: Transition;
  readonly takes: Millis;
  readonly caption: string;
}

/** RequestedState of Msvm_ComputerSystem. */
const STATE = { start: 2, turnOff: 3, save: 6, pause: 9, reset: 11, resume: 32777 } as const;

const CHANGES: Readonly<Record<number, Change>> = {
  [STATE.start]: { through: 'starting', takes: 3 * SECOND, caption: 'Starting Virtual Machine' },
  [STATE.turnOff]: { through: 'stopping', takes: 2 * SECOND, caption: 'Turning Off Virtual Machine' },
  [STATE.save]: { through: 'saving', takes: 6 * SECOND, caption: 'Saving Virtual Machine' },
  [STATE.pause]: { through: 'pausing', takes: SECOND, caption: 'Pausing Virtual Machine' },
  [STATE.resume]: { through: 'resuming', takes: SECOND, caption: 'Resuming Virtual Machine' },
  [STATE.reset]: { through: 'stopping', takes: 2 * SECOND, caption: 'Resetting Virtual Machine' },
};
/** JobType: changing the state of a machine. */
const JOB_STATE_CHANGE = 1;
const GUEST_SHUTDOWN: Millis = 8 * SECOND;

export function machineMethods(host: HypervHost, jobs: Jobs): CimMethod[] {
  const of = (className: string) => cimClass(V2, className);
  return [
    {
      class: of('Msvm_VirtualSystemManagementService'),
      name: 'GetSummaryInformation',
      outputs: [{ name: 'SummaryInformation', type: 'object', array: true }],
      run: (call) => summaryInformation(host, call),
    },
    {
      class: of('Msvm_ComputerSystem'),
      name: 'RequestStateChange',
      outputs: [{ name: 'Job', type: 'ref', array: false }],
      run(call) {
        const machine = machineByGuid(host, String(call.self.values['Name']));
        const wanted = Number(call.texts('RequestedState')[0]?.trim());
        if (!machine) return { returnValue: RETURN.notSupported, outputs: {} }; // the host itself
        const change = CHANGES[wanted];
        if (!change) return { returnValue: RETURN.failed, outputs: {} };
        if (!isPossible(host, machine, wanted)) return { returnValue: RETURN.invalidState, outputs: {} };
        const { transitions } = stateOf(host.estate);
        transitions.set(machine.id, change.through);
        return jobs.start({
          caption: change.caption,
          type: JOB_STATE_CHANGE,
          takes: change.takes,
          affected: () => {
            const now = machineByGuid(host, machineGuid(machine));
            return now && computerSystem(host, now);
          },
          effect() {
            transitions.delete(machine.id);
            if (!host.estate.machine(machine.id)) return 'The virtual machine does not exist any more.';
            take(host, machine, wanted);
            return undefined;
          },
        });
      },
    },
    {
      class: of('Msvm_ShutdownComponent'),
      name: 'InitiateShutdown',
      outputs: [],
      run(call) {
        const machine = machineByGuid(host, String(call.self.values['SystemName']));
        if (!machine) return { returnValue: RETURN.failed, outputs: {} };
        if (!speaks(host, machine)) return { returnValue: RETURN.invalidState, outputs: {} };
        host.clock.schedule(host.clock.wall() + GUEST_SHUTDOWN, 'hyperv.shutdown', () => {
          if (host.estate.machine(machine.id)) host.estate.setPower(machine.id, 'off');
        });
        return { returnValue: RETURN.done, outputs: {} };
      },
    },
  ];
}

function isPossible({ estate }: HypervHost, { id }: Machine, wanted: number): boolean {
  const { transitions, paused } = stateOf(estate);
  if (transitions.has(id)) return false;
  const power = estate.power(id);
  switch (wanted) {
    case STATE.start:
      return power !== 'on';
    case STATE.turnOff:
      return power !== 'off';
    case STATE.resume:
      return power === 'suspended' && paused.has(id);
    default:
      return power === 'on';
  }
}

function take({ estate }: HypervHost, { id }: Machine, wanted: number): void {
  const { paused } = stateOf(estate);
  paused.delete(id);
  switch (wanted) {
    case STATE.turnOff:
      return estate.setPower(id, 'off');
    case STATE.save:
      return estate.setPower(id, 'suspended');
    case STATE.pause:
      paused.add(id);
      return estate.setPower(id, 'suspended');
    case STATE.reset:
      estate.setPower(id, 'off');
      return estate.setPower(id, 'on');
    default:
      return estate.setPower(id, 'on');
  }
}

function summaryInformation(host: HypervHost, call: MethodCall): ReturnType<CimMethod['run']> {
  const settings = call.references('SettingData');
  const requested = call.texts('RequestedInformation').map((one) => Number(one.trim()));
  if (requested.some((code) => !Number.isSafeInteger(code) || code < 0))
    return { returnValue: RETURN.invalidParameter, outputs: {} };
  const chosen =
    settings.length === 0
      ? machinesOf(host)
      : settings
          .filter((setting) => isA(setting.class, 'Msvm_VirtualSystemSettingData'))
          .flatMap((setting) => ownerOf(host, setting) ?? []);
  return {
    returnValue: RETURN.done,
    outputs: { SummaryInformation: chosen.map((machine) => summary(host, machine, requested)) },
  };
}

/** How identifiers of machines and checkpoints look. */
export const GUID = /[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}/i;

/** The machine that an instance belongs to: its GUID stands in every identifier, or in what is beside it. */
export function ownerOf(host: HypervHost, { values }: CimInstance): Machine | undefined {
  for (const name of ['VirtualSystemIdentifier', 'SystemName', 'InstanceID', 'Name']) {
    const guid = GUID.exec(String(values[name] ?? ''))?.[0];
    const machine = guid === undefined ? undefined : machineByGuid(host, guid);
    if (machine) return machine;
  }
  return undefined;
}
