/** Methods of custom attributes. */
import { Entity } from '../objects/object.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Ref } from '../values.ts';
import { type Call, defineMethod, type Method } from './method.ts';
import { requirePrivilege } from './privileges.ts';

const PRIVILEGE = 'Global.ManageCustomFields';

/** Definitions stand on every entity; who waits is told of the manager. */
function tellDefinitions({ self, vcenter }: Call): void {
  vcenter.changes.changed(self, 'field');
}

const addCustomFieldDef = defineMethod<{ name: string; moType?: string }>({
  on: 'CustomFieldsManager',
  name: 'AddCustomFieldDef',
  takes: 'name string, moType TypeName?, fieldDefPolicy PrivilegePolicyDef?, fieldPolicy PrivilegePolicyDef?',
  returns: 'CustomFieldDef',
  privilege: PRIVILEGE,
  faults: ['DuplicateName'],
  run({ name, moType }, call) {
    const data = call.vcenter.customFields.add(name, moType === '' ? undefined : moType);
    tellDefinitions(call);
    return data;
  },
});

const removeCustomFieldDef = defineMethod<{ key: number }>({
  on: 'CustomFieldsManager',
  name: 'RemoveCustomFieldDef',
  takes: 'key int',
  privilege: PRIVILEGE,
  run({ key }, call) {
    call.vcenter.customFields.remove(key);
    tellDefinitions(call);
    return undefined;
  },
});

const renameCustomFieldDef = defineMethod<{ key: number; name: string }>({
  on: 'CustomFieldsManager',
  name: 'RenameCustomFieldDef',
  takes: 'key int, name string',
  privilege: PRIVILEGE,
  faults: ['DuplicateName'],
  run({ key, name }, call) {
    call.vcenter.customFields.rename(key, name);
    tellDefinitions(call);
    return undefined;
  },
});

function setValue(call: Call, entity: Entity, field: number | string, value: string): void {
  requirePrivilege(call, 'Global.SetCustomField', entity);
  call.vcenter.customFields.set(entity, field, value);
  call.vcenter.changes.changed(entity, 'value', 'customValue', 'summary');
}

const setField = defineMethod<{ entity: Ref; key: number; value: string }>({
  on: 'CustomFieldsManager',
  name: 'SetField',
  takes: 'entity &ManagedEntity, key int, value string',
  run({ entity, key, value }, call) {
    const found = call.find(entity);
    if (!(found instanceof Entity)) throw objectNotFound(entity);
    setValue(call, found, key, value);
    return undefined;
  },
});

const setCustomValue = defineMethod<{ key: string; value: string }>({
  on: 'ExtensibleManagedObject',
  name: 'setCustomValue',
  takes: 'key string, value string',
  run({ key, value }, call) {
    const { entity } = call.self;
    if (!entity) throw objectNotFound(call.self.ref);
    setValue(call, entity, key, value);
    return undefined;
  },
});

export const CUSTOM_FIELD_METHODS: readonly Method[] = [
  addCustomFieldDef,
  removeCustomFieldDef,
  renameCustomFieldDef,
  setField,
  setCustomValue,
];
