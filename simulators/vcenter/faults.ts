/** Faults as values: thrown by methods, carried by tasks and missingSets, written as SOAP faults. */
import { assert } from '#core/assert.ts';
import { isA } from './schema/schema.ts';
import type { Data, FieldValue } from './values.ts';

/** Thrown to answer a call with a fault of the API. */
export class VimFault extends Error {
  /** Schema type: "InvalidLogin". */
  readonly type: string;
  readonly fields: Readonly<Record<string, FieldValue>>;

  constructor(type: string, message: string, fields: Readonly<Record<string, FieldValue>> = {}) {
    super(message);
    // a stack that nobody has read holds all that was on it, here a whole request, and tasks keep their faults
    this.stack = `${type}: ${message}`;
    assert(isA(type, 'MethodFault'), `the schema has no fault ${type}`);
    this.type = type;
    this.fields = fields;
  }

  /** The fault as a data object. */
  get data(): Data {
    return { $: this.type, ...this.fields };
  }
}

/** @param message a sentence for people: clients print it. */
export function vimFault(
  type: string,
  message: string,
  fields?: Readonly<Record<string, FieldValue>>,
): VimFault {
  return new VimFault(type, message, fields);
}

/** The form of faults inside data: missingSet, TaskInfo.error. */
export function localized(fault: VimFault): Data {
  return { $: 'LocalizedMethodFault', fault: fault.data, localizedMessage: fault.message };
}

export function invalidRequest(why: string): VimFault {
  return vimFault('InvalidRequest', `Unable to understand the request: ${why}.`);
}

export function invalidArgument(property: string): VimFault {
  return vimFault('InvalidArgument', `A specified parameter was not correct: ${property}`, {
    invalidProperty: property,
  });
}

export function notAuthenticated(object: FieldValue, privilegeId = 'System.View'): VimFault {
  return vimFault('NotAuthenticated', 'The session is not authenticated.', { object, privilegeId });
}

export function noPermission(object: FieldValue, privilegeId: string): VimFault {
  return vimFault('NoPermission', 'Permission to perform this operation was denied.', {
    object,
    privilegeId,
    missingPrivileges: [{ $: 'NoPermissionEntityPrivileges', entity: object, privilegeIds: [privilegeId] }],
  });
}

export function invalidName(name: string): VimFault {
  return vimFault('InvalidName', `The name '${name.slice(0, 100)}' is invalid.`, { name });
}
