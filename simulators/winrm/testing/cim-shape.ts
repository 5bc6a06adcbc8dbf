/** Is an instance as its class says? */
import {
  CimDatetime,
  type CimInstance,
  type CimProperty,
  CimReference,
  type CimValue,
} from '../cim/values.ts';

/** What is wrong with it: properties that the class lacks, values of other types, keys without a value. */
export function misfits(instance: CimInstance): string[] {
  const { name: className, properties, keys } = instance.class;
  const byName = new Map(properties.map((property) => [property.name, property]));
  return [
    ...Object.entries(instance.values).flatMap(([name, value]) => {
      const property = byName.get(name);
      if (!property) return [`${className}.${name} is no property`];
      return fits(value, property) ? [] : [`${className}.${name} = ${String(value)} is no ${property.type}`];
    }),
    ...keys.flatMap((key) => (instance.values[key] == null ? [`${className}.${key} has no value`] : [])),
  ];
}

function fits(value: CimValue, { type, array }: CimProperty): boolean {
  if (value === null) return true;
  if (array !== Array.isArray(value)) return false;
  return (Array.isArray(value) ? value : [value]).every((item) => {
    if (type === 'string') return typeof item === 'string';
    if (type === 'boolean') return typeof item === 'boolean';
    if (type === 'datetime') return item instanceof CimDatetime;
    if (type === 'ref') return item instanceof CimReference;
    if (type === 'object') return typeof item === 'object';
    const whole = /^([us])int(\d+)$/.exec(type);
    if (!whole) return typeof item === 'number';
    if (typeof item !== 'bigint' && !Number.isInteger(item)) return false;
    const limit = 2n ** BigInt(Number(whole[2]) - (whole[1] === 's' ? 1 : 0));
    const number = BigInt(item as number | bigint);
    return number < limit && number >= (whole[1] === 's' ? -limit : 0n);
  });
}
