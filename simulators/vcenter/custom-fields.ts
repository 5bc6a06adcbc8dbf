/** Custom attributes ("custom fields" of the API): their definitions, and the values that entities have of them. */
import type { AttributeValues, CustomAttribute, EstateFacts } from '../estate/model.ts';
import { constant, type Data } from './values.ts';

/** vCenter numbers its fields from 1 in the order of definition; 100 and on are what its users define. */
const FIRST_KEY = 101;

const known = new WeakMap<readonly CustomAttribute[], ReadonlyMap<string, Data>>();

/** The data objects CustomFieldDef by name. */
function definitionsOf(attributes: readonly CustomAttribute[]): ReadonlyMap<string, Data> {
  let definitions = known.get(attributes);
  if (!definitions) {
    definitions = new Map(
      attributes.map(({ name, objectType }, index) => [
        name,
        constant({
          $: 'CustomFieldDef',
          key: FIRST_KEY + index,
          name,
          type: 'string',
          managedObjectType: objectType,
        }),
      ]),
    );
    known.set(attributes, definitions);
  }
  return definitions;
}

/** @param type managed object type that the fields shall be able to stand on; all when left out. */
export function fieldDefinitions({ customAttributes }: EstateFacts, type?: string): Data[] {
  if (!customAttributes) return [];
  return [...definitionsOf(customAttributes).values()].filter(
    ({ managedObjectType }) =>
      type === undefined || managedObjectType === undefined || managedObjectType === type,
  );
}

/** The data objects CustomFieldStringValue of an entity, in the order of definition. */
export function fieldValues({ customAttributes }: EstateFacts, values: AttributeValues | undefined): Data[] {
  if (!customAttributes || !values) return [];
  return [...definitionsOf(customAttributes)].flatMap(([name, { key }]) =>
    values[name] === undefined ? [] : [{ $: 'CustomFieldStringValue', key, value: values[name] }],
  );
}
