/** What a vCenter writes into its log of events: sessions, tasks, and what becomes of machines. */
import type { EstateChange } from '../../estate/estate.ts';
import type { Session } from '../sessions.ts';
import type { FieldValue } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { operationWords } from './descriptions.ts';

/** An event about a machine, in the name of whoever runs a task on it now. */
export function postVmEvent(
  vcenter: Vcenter,
  vm: VirtualMachine,
  type: string,
  fields: Readonly<Record<string, FieldValue>> = {},
  words: Readonly<Record<string, string>> = {},
): void {
  vcenter.events.post({
    type,
    about: vm,
    user: vm.busy?.spec.session?.user.name,
    chain: vm.busy?.chain,
    fields,
    words,
  });
}

/** Starts to write down sessions, tasks and changes of power. */
export function keepJournal(vcenter: Vcenter): Disposable {
  vcenter.sessions.onChange = (session, what) => postSession(vcenter, session, what);
  vcenter.tasks.onStart = (task) => {
    task.chain = vcenter.events.nextKey;
    vcenter.events.post({
      type: 'TaskEvent',
      about: task.entity,
      user: task.spec.session?.user.name,
      chain: task.chain,
      fields: { info: task.info },
      words: { task: operationWords(task.spec.descriptionId) },
    });
  };
  return vcenter.estate.onChange((change) => {
    if (change.kind === 'power') postPower(vcenter, change);
  });
}

function postSession(vcenter: Vcenter, session: Session, what: 'began' | 'ended'): void {
  const words = {
    user: session.user.name,
    address: session.address,
    agent: session.userAgent,
    since: new Date(session.loginTime).toISOString(),
    calls: String(session.calls),
  };
  const common = { ipAddress: session.address, userAgent: session.userAgent };
  vcenter.events.post({
    type: what === 'began' ? 'UserLoginSessionEvent' : 'UserLogoutSessionEvent',
    user: session.user.name,
    fields:
      what === 'began'
        ? { ...common, locale: session.locale, sessionId: session.key }
        : { ...common, callCount: session.calls, sessionId: session.key, loginTime: session.loginTime },
    words,
  });
}

/** Whoever switched it, through a task or in the guest: the chain ends with how it stands now. */
function postPower(vcenter: Vcenter, { machineId }: Extract<EstateChange, { kind: 'power' }>): void {
  const vm = vcenter.inventory.vmOf(machineId);
  if (vm.power === 'on') {
    postVmEvent(vcenter, vm, 'VmStartingEvent');
    postVmEvent(vcenter, vm, 'VmPoweredOnEvent');
  } else if (vm.power === 'off') {
    postVmEvent(vcenter, vm, 'VmStoppingEvent');
    postVmEvent(vcenter, vm, 'VmPoweredOffEvent');
  } else {
    postVmEvent(vcenter, vm, 'VmSuspendingEvent');
    postVmEvent(vcenter, vm, 'VmSuspendedEvent');
  }
}
