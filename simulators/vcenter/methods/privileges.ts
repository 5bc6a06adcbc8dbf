/** Checks of privileges that depend on the arguments of a call. */
import { noPermission } from '../faults.ts';
import type { ManagedObject } from '../objects/object.ts';
import type { Call } from './method.ts';

/**
 * @param object what the privilege is needed on; the object of the call if it is left out.
 * @throws VimFault NotAuthenticated, NoPermission, which names the object and the privilege
 */
export function requirePrivilege(call: Call, privilege: string, object: ManagedObject = call.self): void {
  if (!call.requireSession().may(privilege, object))
    throw noPermission((object.entity ?? object).ref, privilege);
}
