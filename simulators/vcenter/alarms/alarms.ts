/** The alarms that a vCenter has from the start, and how they stand: for reading; nobody defines others here. */
import type { UnixMillis } from '#core/units.ts';
import { isConnected } from '../host-outages.ts';
import { HostObject } from '../objects/host.ts';
import { type Entity, ManagedObject, type Properties } from '../objects/object.ts';
import type { Data } from '../values.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';

export const ALARM: Properties<AlarmObject> = {
  value: () => [],
  availableField: () => [],
  info: (self) => self.info,
};

interface Definition {
  readonly name: string;
  readonly systemName: string;
  readonly description: string;
  readonly expression: Data;
  /** Does it watch entities of this kind? */
  watches(entity: Entity): boolean;
  isRed(entity: Entity): boolean;
}

const state = (type: string, statePath: string, red: string): Data => ({
  $: 'OrAlarmExpression',
  expression: [{ $: 'StateAlarmExpression', operator: 'isEqual', type, statePath, red }],
});

const DEFINITIONS: readonly Definition[] = [
  {
    name: 'Host connection and power state',
    systemName: 'alarm.HostConnectionStateAlarm',
    description: 'Default alarm to monitor host connection and power state',
    expression: state('HostSystem', 'runtime.connectionState', 'notResponding'),
    watches: (entity) => entity instanceof HostObject,
    isRed: (entity) => !isConnected(entity as HostObject),
  },
  {
    name: 'Virtual machine CPU usage',
    systemName: 'alarm.VmCPUUsageAlarm',
    description: 'Default alarm to monitor virtual machine CPU usage',
    expression: {
      $: 'OrAlarmExpression',
      expression: [
        {
          $: 'MetricAlarmExpression',
          operator: 'isAbove',
          type: 'VirtualMachine',
          metric: { $: 'PerfMetricId', counterId: 2, instance: '' },
          yellow: 7500,
          yellowInterval: 300,
          red: 9000,
          redInterval: 300,
        },
      ],
    },
    watches: (entity) => entity instanceof VirtualMachine,
    isRed: () => false,
  },
];

export class AlarmObject extends ManagedObject {
  readonly definition: Definition;
  readonly #root: Entity;
  readonly #createdAt: UnixMillis;

  constructor(number: number, definition: Definition, root: Entity, createdAt: UnixMillis) {
    super('Alarm', `alarm-${number}`);
    this.definition = definition;
    this.#root = root;
    this.#createdAt = createdAt;
  }

  protected get properties(): Properties<AlarmObject> {
    return ALARM;
  }

  override get label(): string {
    return this.definition.name;
  }

  override get entity(): Entity {
    return this.#root;
  }

  get info(): Data {
    const { name, systemName, description, expression } = this.definition;
    return {
      $: 'AlarmInfo',
      name,
      systemName,
      description,
      enabled: true,
      expression,
      actionFrequency: 0,
      setting: { $: 'AlarmSetting', toleranceRange: 0, reportingFrequency: 300 },
      key: this.ref.id,
      alarm: this.ref,
      entity: this.#root.ref,
      lastModifiedTime: this.#createdAt,
      lastModifiedUser: '',
      creationEventId: 0,
    };
  }

  /** How it stands for an entity that it watches. */
  stateOf(entity: Entity, at: UnixMillis): Data {
    return {
      $: 'AlarmState',
      key: `${this.ref.id}.${entity.ref.id}`,
      entity: entity.ref,
      alarm: this.ref,
      overallStatus: this.definition.isRed(entity) ? 'red' : 'green',
      time: at,
      acknowledged: false,
    };
  }
}

export class Alarms {
  readonly #alarms: ReadonlyMap<string, AlarmObject>;
  readonly #root: Entity;
  readonly #createdAt: UnixMillis;

  constructor(root: Entity, createdAt: UnixMillis) {
    this.#root = root;
    this.#createdAt = createdAt;
    this.#alarms = new Map(
      DEFINITIONS.map((definition, n) => {
        const alarm = new AlarmObject(n + 1, definition, root, createdAt);
        return [alarm.ref.id, alarm];
      }),
    );
  }

  find(id: string): AlarmObject | undefined {
    return this.#alarms.get(id);
  }

  /** All are defined on the root folder. */
  on(entity: Entity | undefined): AlarmObject[] {
    return entity === undefined || entity === this.#root ? [...this.#alarms.values()] : [];
  }

  /** How every alarm that watches the entity stands. */
  statesOf(entity: Entity): Data[] {
    return [...this.#alarms.values()]
      .filter(({ definition }) => definition.watches(entity))
      .map((alarm) => alarm.stateOf(entity, this.#createdAt));
  }
}
