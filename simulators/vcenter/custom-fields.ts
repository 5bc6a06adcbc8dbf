/** Custom attributes ("custom fields" of the API): their definitions, and the values that entities have of them. */
import type { CustomAttribute } from '../estate/model.ts';
import { invalidArgument, invalidName, vimFault } from './faults.ts';
import type { Entity } from './objects/object.ts';
import { findType } from './schema/schema.ts';
import { constant, type Data } from './values.ts';

/** vCenter numbers its fields from 1 in the order of definition; 100 and on are what its users define. */
const FIRST_KEY = 101;
const FIELDS_MAX = 1000;
const TEXT_LENGTH_MAX = 1000;

interface Field {
  readonly key: number;
  readonly data: Data;
  /** Its name in the estate's facts; undefined for those that were added. */
  readonly fact: string | undefined;
}

export class CustomFields {
  readonly #fields = new Map<number, Field>();
  /** Values that were set, by key; they stand before those of the facts. */
  readonly #set = new WeakMap<Entity, Map<number, string>>();
  #nextKey = FIRST_KEY;

  constructor(attributes: readonly CustomAttribute[] | undefined) {
    for (const { name, objectType } of attributes ?? []) this.#define(name, objectType, name);
  }

  /** @param type managed object type that the fields shall be able to stand on; all when left out. */
  definitions(type?: string): Data[] {
    return [...this.#fields.values()]
      .map(({ data }) => data)
      .filter(
        ({ managedObjectType }) =>
          type === undefined || managedObjectType === undefined || managedObjectType === type,
      );
  }

  /** The data objects CustomFieldStringValue of an entity, in the order of definition. */
  valuesOf(entity: Entity): Data[] {
    if (this.#fields.size === 0) return [];
    const given = this.#set.get(entity);
    const { attributes } = entity;
    return [...this.#fields.values()].flatMap(({ key, fact }) => {
      const value = given?.get(key) ?? (fact === undefined ? undefined : attributes?.[fact]);
      return value === undefined ? [] : [{ $: 'CustomFieldStringValue', key, value }];
    });
  }

  /** @throws VimFault DuplicateName, InvalidName, InvalidArgument, LimitExceeded */
  add(name: string, type: string | undefined): Data {
    if (type !== undefined && findType(type)?.kind !== 'managed') throw invalidArgument('moType');
    this.#requireFree(name, type);
    if (this.#fields.size >= FIELDS_MAX)
      throw vimFault('LimitExceeded', `There can be at most ${FIELDS_MAX} custom fields.`, {
        limit: FIELDS_MAX,
      });
    return this.#define(name, type, undefined).data;
  }

  /** @throws VimFault InvalidArgument */
  remove(key: number): void {
    this.#known(key);
    this.#fields.delete(key);
  }

  /** @throws VimFault InvalidArgument, DuplicateName, InvalidName */
  rename(key: number, name: string): void {
    const field = this.#known(key);
    this.#requireFree(name, field.data.managedObjectType as string | undefined, key);
    this.#fields.set(key, { ...field, data: { ...field.data, name } });
  }

  /** @param field its key or its name. @throws VimFault InvalidArgument */
  set(entity: Entity, field: number | string, value: string): void {
    const found =
      typeof field === 'number'
        ? this.#known(field)
        : [...this.#fields.values()].find(({ data }) => data.name === field && fits(data, entity));
    if (!found || !fits(found.data, entity)) throw invalidArgument('key');
    if (value.length > TEXT_LENGTH_MAX) throw invalidArgument('value');
    const values = this.#set.get(entity) ?? new Map<number, string>();
    this.#set.set(entity, values.set(found.key, value));
  }

  #define(name: string, type: string | undefined, fact: string | undefined): Field {
    const key = this.#nextKey++;
    const data = constant({ $: 'CustomFieldDef', key, name, type: 'string', managedObjectType: type });
    const field = { key, data, fact };
    this.#fields.set(key, field);
    return field;
  }

  /** @throws VimFault InvalidArgument */
  #known(key: number): Field {
    const field = this.#fields.get(key);
    if (!field) throw invalidArgument('key');
    return field;
  }

  #requireFree(name: string, type: string | undefined, own?: number): void {
    if (name.trim() === '' || name.length > 80) throw invalidName(name);
    for (const { key, data } of this.#fields.values()) {
      const isSamePlace =
        data.managedObjectType === undefined || type === undefined || data.managedObjectType === type;
      if (key !== own && data.name === name && isSamePlace)
        throw vimFault('DuplicateName', `The name '${name}' already exists.`, {
          name,
          object: { $: 'ManagedObjectReference', type: 'CustomFieldsManager', id: 'CustomFieldsManager' },
        });
    }
  }
}

function fits({ managedObjectType }: Data, { ref }: Entity): boolean {
  return managedObjectType === undefined || managedObjectType === ref.type;
}
