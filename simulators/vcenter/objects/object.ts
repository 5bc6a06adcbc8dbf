/**
 * Managed objects: a reference, and a table of functions that read its properties. A property that the
 * schema knows and the table does not is unset if it is optional, and refused if it is not.
 */
import type { UnixMillis } from '#core/units.ts';
import type { AttributeValues } from '../../estate/model.ts';
import type { Sight } from '../authorization/sight.ts';
import type { Session } from '../sessions.ts';
import { type Data, type Ref, ref, type Value } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';

/** What reading a property may depend on. */
export interface Reading {
  readonly vcenter: Vcenter;
  readonly now: UnixMillis;
  /** Whose request it is; undefined before login. */
  readonly session: Session | undefined;
  /** What that account sees; undefined when it sees everything. */
  readonly sight: Sight | undefined;
}

/** Readers by property name; `Self` is the class of the object. */
export type Properties<Self> = Readonly<Record<string, (self: Self, reading: Reading) => Value | undefined>>;

export abstract class ManagedObject {
  readonly ref: Ref;

  constructor(type: string, id: string) {
    this.ref = ref(type, id);
  }

  /** Name for people, in messages and tasks, and what faults are aimed at. */
  get label(): string {
    return this.ref.id;
  }

  /** Where permissions on it are given; undefined for what is not in the inventory tree. */
  get entity(): Entity | undefined {
    return undefined;
  }

  /** Readers of all instances of the class; `never` because each class takes only its own. */
  protected abstract get properties(): Properties<never>;

  /** Reads one property of the schema type; undefined when it is unset. */
  read(property: string, reading: Reading): Value | undefined {
    return (this.properties as Properties<this>)[property]?.(this, reading);
  }

  /**
   * Does the property read the same until `Changes` tells that it may not? If so its XML is kept; nothing in it
   * may follow the clock or the session.
   */
  isSteady(_property: string): boolean {
    return false;
  }

  /** Of a property that is steady but for its last fields: these. Undefined for all others. */
  moving(_property: string, _reading: Reading): Data | undefined {
    return undefined;
  }

  /** Is the property among those that this simulator has? */
  offers(property: string): boolean {
    return Object.hasOwn(this.properties, property);
  }
}

/** Anything in the inventory tree. */
export abstract class Entity extends ManagedObject {
  /** As inventory paths have it; see `escapeName`. Only the inventory changes it. */
  name: string;
  /** Only the inventory changes it. */
  parent: Entity | undefined;

  constructor(type: string, id: string, name: string, parent: Entity | undefined) {
    super(type, id);
    this.name = escapeName(name);
    this.parent = parent;
  }

  /** Values of custom attributes that stand on it, by name. */
  get attributes(): AttributeValues | undefined {
    return undefined;
  }

  override get label(): string {
    return this.name;
  }

  override get entity(): Entity {
    return this;
  }

  /** Where permissions reach it from. */
  get inheritsFrom(): readonly Entity[] {
    return this.parent ? [this.parent] : [];
  }

  /** Children by inventory path: what FindChild and FindByInventoryPath walk. */
  children(): Iterable<Entity> {
    return [];
  }

  /** What a container view of this entity holds at its first level. */
  members(): Iterable<Entity> {
    return this.children();
  }
}

/** vSphere keeps names with %, / and \ percent-encoded, so that inventory paths can be cut at slashes. */
export function escapeName(name: string): string {
  return name.replace(/[%/\\]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

/** Readers that every ManagedEntity has. */
export const ENTITY_PROPERTIES: Properties<Entity> = {
  value: (self, { vcenter }) => vcenter.customFields.valuesOf(self),
  availableField: (self, { vcenter }) => vcenter.customFields.definitions(self.ref.type),
  parent: (self) => self.parent?.ref,
  customValue: (self, { vcenter }) => vcenter.customFields.valuesOf(self),
  overallStatus: () => 'green',
  configStatus: () => 'green',
  configIssue: () => [],
  effectiveRole: (self, { vcenter, session }) =>
    session ? vcenter.authorization.effectiveRoles(session.user.name, self) : [],
  permission: (self, { vcenter }) => vcenter.authorization.on(self),
  name: (self) => self.name,
  disabledMethod: () => [],
  recentTask: (self, { vcenter }) => vcenter.tasks.recentOf(self).map((task) => task.ref),
  declaredAlarmState: (self, { vcenter }) => vcenter.alarms.statesOf(self),
  triggeredAlarmState: (self, { vcenter }) =>
    vcenter.alarms.statesOf(self).filter(({ overallStatus }) => overallStatus === 'red'),
  alarmActionsEnabled: () => true,
  tag: () => [],
};
