/** What the account of the appliance must be allowed to do, and what is lost where it is not. */

export interface Need {
  readonly privilege: string;
  /** The kind of object that it is asked for. */
  readonly on: 'anything' | 'machine' | 'datastore';
  readonly feature: Feature;
}

type Feature =
  | 'discovery and performance'
  | 'replication without an agent'
  | 'shutting the source down at cutover'
  | 'applications and dependencies';

const need = (feature: Feature, on: Need['on'], ...privileges: string[]): Need[] =>
  privileges.map((privilege) => ({ privilege, on, feature }));

export const NEEDS: readonly Need[] = [
  ...need('discovery and performance', 'anything', 'System.View', 'System.Read'),
  ...need('replication without an agent', 'datastore', 'Datastore.Browse', 'Datastore.FileManagement'),
  ...need(
    'replication without an agent',
    'machine',
    'VirtualMachine.Config.ChangeTracking',
    'VirtualMachine.Config.Settings',
    'VirtualMachine.State.CreateSnapshot',
    'VirtualMachine.State.RemoveSnapshot',
    'VirtualMachine.Provisioning.DiskRandomRead',
  ),
  ...need('shutting the source down at cutover', 'machine', 'VirtualMachine.Interact.PowerOff'),
  ...need(
    'applications and dependencies',
    'machine',
    'VirtualMachine.GuestOperations.Query',
    'VirtualMachine.GuestOperations.Modify',
    'VirtualMachine.GuestOperations.Execute',
  ),
];

/** What does not work without a privilege. */
export function featureLostWithout(privilege: string): string | undefined {
  return NEEDS.find((each) => each.privilege === privilege)?.feature;
}
