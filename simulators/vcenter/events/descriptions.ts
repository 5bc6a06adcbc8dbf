/** EventManager.description and TaskManager.description. */
import { constant, type Data } from '../values.ts';
import { EVENT_TYPES } from './event-types.ts';

function element(key: string, label: string): Data {
  return { $: 'ElementDescription', label, summary: label, key };
}

export const EVENT_DESCRIPTION: Data = constant({
  $: 'EventDescription',
  category: [
    element('info', 'Information'),
    element('warning', 'Warning'),
    element('error', 'Error'),
    element('user', 'User'),
  ],
  eventInfo: Object.entries(EVENT_TYPES).map(([key, { category, says, text }]) => ({
    $: 'EventDescriptionEventDetail',
    key,
    description: says,
    category,
    formatOnDatacenter: text,
    formatOnComputeResource: text,
    formatOnHost: text,
    formatOnVm: text,
    fullFormat: text,
  })),
  enumeratedTypes: [],
});

const STATES = ['queued', 'running', 'success', 'error'];

/** Descriptions of operations, by the id that TaskInfo.descriptionId has. */
const OPERATIONS = [
  'VirtualMachine.powerOn',
  'VirtualMachine.powerOff',
  'VirtualMachine.suspend',
  'VirtualMachine.reset',
  'VirtualMachine.reconfigure',
  'VirtualMachine.clone',
  'VirtualMachine.migrate',
  'VirtualMachine.relocate',
  'VirtualMachine.createSnapshot',
  'VirtualMachine.removeAllSnapshots',
  'VirtualMachine.consolidateDisks',
  'VirtualMachineSnapshot.remove',
  'VirtualMachineSnapshot.revert',
  'ManagedEntity.rename',
  'ManagedEntity.destroy',
  'Folder.createVm',
  'Folder.registerVm',
  'Folder.moveInto',
];

export function taskDescription(): Data {
  return {
    $: 'TaskDescription',
    methodInfo: OPERATIONS.map((id) => element(id, operationWords(id))),
    state: STATES.map((name) => element(name, name)),
    reason: ['TaskReasonUser', 'TaskReasonSystem', 'TaskReasonAlarm', 'TaskReasonSchedule'].map((key) => ({
      $: 'TypeDescription',
      label: key,
      summary: key,
      key,
    })),
  };
}

/** "VirtualMachine.powerOn": "Power on virtual machine", as the client shows running tasks. */
export function operationWords(descriptionId: string): string {
  const [type, name] = descriptionId.split('.') as [string, string];
  const words = name.replace(/([a-z])([A-Z])/g, (_match, last: string, first: string) => `${last} ${first}`);
  const object = type === 'VirtualMachine' ? ' virtual machine' : '';
  return `${words[0]!.toUpperCase()}${words.slice(1).toLowerCase()}${object}`;
}
