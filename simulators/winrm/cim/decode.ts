/** Instances as clients write them, for Put and Create: DSP0230 read the other way. */
import { attribute, child, type XmlElement, XSI_NAMESPACE } from '#core/wire/xml/element.ts';
import { WsmanFault } from '../wsman/fault.ts';
import type { WsmanRequest } from '../wsman/request.ts';
import {
  type CimClass,
  CimDatetime,
  type CimInstance,
  type CimScalar,
  type CimType,
  type CimValue,
} from './values.ts';

/** What a Put changes: of the whole instance, or of the property that a fragment names. @throws WsmanFault */
export function changeOf({ body, fragment }: WsmanRequest, instance: CimInstance): CimInstance['values'] {
  const { class: of, values } = instance;
  const change = fragment ? fragmentValues(body, of) : valuesOf(body, of);
  for (const key of of.keys)
    if (change[key] !== undefined && String(change[key]).toLowerCase() !== String(values[key]).toLowerCase())
      throw new WsmanFault('representationInvalid');
  return change;
}

function fragmentValues(body: XmlElement | undefined, of: CimClass): CimInstance['values'] {
  if (body?.name !== 'XmlFragment' || body.children.length === 0)
    throw new WsmanFault('representationInvalid');
  return propertiesOf(body, of);
}

/** The properties that an instance of the class is written with. @throws WsmanFault */
export function valuesOf(body: XmlElement | undefined, of: CimClass): CimInstance['values'] {
  if (body?.name !== of.name) throw new WsmanFault('representationInvalid');
  return propertiesOf(body, of);
}

function propertiesOf(body: XmlElement, of: CimClass): CimInstance['values'] {
  const values: Record<string, CimValue> = {};
  for (const element of body.children) {
    const property = of.properties.find(({ name }) => name === element.name);
    if (!property || (!property.array && values[property.name] !== undefined))
      throw new WsmanFault('representationInvalid');
    const value =
      attribute(element, XSI_NAMESPACE, 'nil') === 'true' ? null : scalarOf(element, property.type);
    if (!property.array) values[property.name] = value;
    else if (value !== null) {
      const before = (values[property.name] ?? []) as readonly CimScalar[];
      values[property.name] = [...before, value];
    }
  }
  return values;
}

function scalarOf(element: XmlElement, type: CimType): CimScalar {
  const text = element.text.trim();
  switch (type) {
    case 'string':
    case 'char16':
      return element.text;
    case 'boolean':
      if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
      break;
    case 'datetime': {
      const inner = child(element, 'Datetime') ?? child(element, 'Interval');
      if (inner?.text) return new CimDatetime(inner.name as 'Datetime' | 'Interval', inner.text.trim());
      break;
    }
    case 'real32':
    case 'real64':
      if (text !== '' && Number.isFinite(Number(text))) return Number(text);
      break;
    case 'uint64':
    case 'sint64':
      if (/^-?\d{1,20}$/.test(text)) return BigInt(text);
      break;
    default:
      if (/^-?\d{1,10}$/.test(text)) return Number(text);
  }
  throw new WsmanFault('representationInvalid');
}
