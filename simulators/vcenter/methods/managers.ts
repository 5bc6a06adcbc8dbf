/** Methods of managers that are read: alarms and options. */
import { invalidName } from '../faults.ts';
import { HostOptionsObject } from '../objects/host-managers.ts';
import { Entity } from '../objects/object.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Data, Ref, Value } from '../values.ts';
import { type Call, defineMethod, type Method } from './method.ts';
import { requirePrivilege } from './privileges.ts';

function entityOf(reference: Ref, call: Call): Entity {
  const found = call.find(reference);
  if (!(found instanceof Entity)) throw objectNotFound(reference);
  return found;
}

const getAlarm = defineMethod<{ entity?: Ref }>({
  on: 'AlarmManager',
  name: 'GetAlarm',
  takes: 'entity &ManagedEntity?',
  returns: '&Alarm[]',
  privilege: 'System.View',
  run: ({ entity }, call) =>
    call.vcenter.alarms.on(entity && entityOf(entity, call)).map((alarm) => alarm.ref),
});

const getAlarmState = defineMethod<{ entity: Ref }>({
  on: 'AlarmManager',
  name: 'GetAlarmState',
  takes: 'entity &ManagedEntity',
  returns: 'AlarmState[]',
  run({ entity }, call) {
    const found = entityOf(entity, call);
    requirePrivilege(call, 'System.Read', found);
    return call.vcenter.alarms.statesOf(found);
  },
});

const areAlarmActionsEnabled = defineMethod<{ entity: Ref }>({
  on: 'AlarmManager',
  name: 'AreAlarmActionsEnabled',
  since: '4.0',
  takes: 'entity &ManagedEntity',
  returns: 'boolean',
  run({ entity }, call) {
    requirePrivilege(call, 'System.Read', entityOf(entity, call));
    return true;
  },
});

const queryOptions = defineMethod<{ name?: string }>({
  on: 'OptionManager',
  name: 'QueryOptions',
  takes: 'name string?',
  returns: 'OptionValue[]',
  privilege: 'System.View',
  faults: ['InvalidName'],
  run({ name }, { vcenter, self }) {
    const options = self instanceof HostOptionsObject ? self.options() : vcenter.options();
    if (name === undefined || name === '') return options;
    // A name that ends with a dot means everything below it.
    const found = options.filter(({ key }) =>
      name.endsWith('.') ? (key as string).startsWith(name) : key === name,
    );
    if (found.length === 0) throw invalidName(name);
    return found;
  },
});

const KEYS_MAX = 1000;

const updateOptions = defineMethod<{ changedValue: ReadonlyArray<Data & { key: string; value?: Value }> }>({
  on: 'OptionManager',
  name: 'UpdateOptions',
  takes: 'changedValue OptionValue[]!',
  faults: ['InvalidName'],
  run({ changedValue }, call) {
    const { self, vcenter } = call;
    requirePrivilege(
      call,
      self instanceof HostOptionsObject ? 'Host.Config.AdvancedConfig' : 'Global.Settings',
    );
    for (const { key, value } of changedValue) {
      if (!/^[\w.]{1,200}$/.test(key)) throw invalidName(key);
      if (value === undefined) continue;
      if (self instanceof HostOptionsObject) {
        if (!self.set(key, value)) throw invalidName(key);
      } else if (vcenter.settings.size >= KEYS_MAX) throw invalidName(key);
      else vcenter.settings.set(key, value);
    }
    call.vcenter.changes.changed(call.self, 'setting');
    return undefined;
  },
});

export const MANAGER_METHODS: readonly Method[] = [
  getAlarm,
  getAlarmState,
  areAlarmActionsEnabled,
  queryOptions,
  updateOptions,
];
