/** CLIXML, PowerShell's own XML of objects: [MS-PSRP] section 2.2.5. What is written here, and what is read of requests. */
import { DryliftError } from '#core/errors.ts';
import { child, childrenOf, type XmlElement } from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import { escapeAttribute, escapeText } from '#core/wire/xml/writer.ts';
import type { ScriptProblem, ScriptValue } from '../shell/command-host.ts';
import { WsmanFault } from '../wsman/fault.ts';

const INT32_MAX = 2 ** 31;

/** Numbers objects and types, as the references within one message need it. */
class Numbers {
  #objects = 0;
  readonly #types = new Map<string, number>();

  object(): number {
    return this.#objects++;
  }

  /** The names in full the first time, by number afterwards. */
  types(names: readonly string[]): string {
    const known = this.#types.get(names[0]!);
    if (known !== undefined) return `<TNRef RefId="${known}"/>`;
    const id = this.#types.size;
    this.#types.set(names[0]!, id);
    return `<TN RefId="${id}">${names.map((name) => `<T>${name}</T>`).join('')}</TN>`;
  }
}

/** One value as a message has it. */
export function valueXml(value: ScriptValue): string {
  return write(value, undefined, new Numbers());
}

/** Text with what XML cannot carry, and what looks like such an escape, written as `_xHHHH_`. */
export function clixmlText(text: string): string {
  const escaped = text.replace(
    /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)/g,
    (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
  );
  return escapeText(escaped);
}

function leaf(tag: string, name: string | undefined, text: string): string {
  const attribute = name === undefined ? '' : ` N="${escapeAttribute(name)}"`;
  return text === '' ? `<${tag}${attribute}></${tag}>` : `<${tag}${attribute}>${text}</${tag}>`;
}

function write(value: ScriptValue, name: string | undefined, numbers: Numbers): string {
  const attribute = name === undefined ? '' : ` N="${escapeAttribute(name)}"`;
  if (value === null) return `<Nil${attribute}/>`;
  switch (typeof value) {
    case 'string':
      return leaf('S', name, clixmlText(value));
    case 'boolean':
      return leaf('B', name, String(value));
    case 'bigint':
      return leaf(value < 0n ? 'I64' : 'U64', name, String(value));
    case 'number':
      if (!Number.isSafeInteger(value)) return leaf('Db', name, String(value));
      return leaf(value >= -INT32_MAX && value < INT32_MAX ? 'I32' : 'I64', name, String(value));
  }
  const id = numbers.object();
  if (isList(value)) {
    const types = numbers.types(['System.Object[]', 'System.Array', 'System.Object']);
    const items = value.map((item) => write(item, undefined, numbers)).join('');
    return `<Obj${attribute} RefId="${id}">${types}<LST>${items}</LST></Obj>`;
  }
  const types = numbers.types(['System.Management.Automation.PSCustomObject', 'System.Object']);
  const members = [...value].map(([key, member]) => write(member, key, numbers)).join('');
  return `<Obj${attribute} RefId="${id}">${types}<MS>${members}</MS></Obj>`;
}

function isList(value: ScriptValue): value is readonly ScriptValue[] {
  return Array.isArray(value);
}

/** Members of a message that is an object without a type. */
export function messageXml(members: string): string {
  return `<Obj RefId="0"><MS>${members}</MS></Obj>`;
}

/** An ErrorRecord, [MS-PSRP] section 2.2.3.15; its numbers must not be used beside it. */
export function errorRecordXml({ message, id }: ScriptProblem, name?: string): string {
  const attribute = name === undefined ? '' : ` N="${name}"`;
  const isUnknown = /CommandNotFound/.test(id);
  const text = clixmlText(message);
  const member = (tag: string, key: string, value: string): string => leaf(tag, key, value);
  return (
    `<Obj${attribute} RefId="10"><TN RefId="10"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>` +
    `${leaf('ToString', undefined, text)}<MS><Obj N="Exception" RefId="11"><TN RefId="11">` +
    `<T>System.Management.Automation.${isUnknown ? 'CommandNotFoundException' : 'RuntimeException'}</T>` +
    '<T>System.SystemException</T><T>System.Exception</T><T>System.Object</T></TN>' +
    `${leaf('ToString', undefined, text)}<Props>${member('S', 'Message', text)}` +
    `<Nil N="InnerException"/>${member('I32', 'HResult', '-2146233087')}</Props></Obj><Nil N="TargetObject"/>` +
    `${member('S', 'FullyQualifiedErrorId', clixmlText(id))}<Nil N="InvocationInfo"/>` +
    // ErrorCategory: 13 ObjectNotFound, 0 NotSpecified
    `${member('I32', 'ErrorCategory_Category', isUnknown ? '13' : '0')}${member('S', 'ErrorCategory_Activity', '')}` +
    `${member('S', 'ErrorCategory_Reason', isUnknown ? 'CommandNotFoundException' : 'RuntimeException')}` +
    `${member('S', 'ErrorCategory_TargetName', '')}${member('S', 'ErrorCategory_TargetType', '')}` +
    `${member('S', 'ErrorCategory_Message', `${isUnknown ? 'ObjectNotFound' : 'NotSpecified'}: (:) [], ${isUnknown ? 'CommandNotFoundException' : 'RuntimeException'}`)}` +
    `${member('B', 'SerializeExtendedInfo', 'false')}</MS></Obj>`
  );
}

/** The object that a message of a client holds. @throws WsmanFault */
export function readClixml(xml: string): XmlElement {
  try {
    return parseXml(xml);
  } catch (error) {
    if (!(error instanceof DryliftError)) throw error;
    throw new WsmanFault('schemaValidation', error.what);
  }
}

/** A property by its name. */
export function memberOf(object: XmlElement | undefined, name: string): XmlElement | undefined {
  for (const set of ['MS', 'Props']) {
    const members = object && child(object, set);
    const found = members?.children.find((member) => member.attributes.get('N')?.value === name);
    if (found) return found;
  }
  return undefined;
}

/** Elements of a list. */
export function listOf(object: XmlElement | undefined): readonly XmlElement[] {
  const list = object && (child(object, 'LST') ?? child(object, 'IE'));
  return list?.children ?? [];
}

/** What a parameter's value comes to in words: `true` for switches that are on; lists with commas. */
export function wordOf(value: XmlElement | undefined): string | boolean | undefined {
  if (!value || value.name === 'Nil') return undefined;
  if (value.name === 'B') return value.text === 'true';
  if (value.name !== 'Obj') return unescaped(value.text);
  if (child(value, 'LST'))
    return listOf(value)
      .map((item) => wordOf(item) ?? '')
      .join(',');
  const isPresent = memberOf(value, 'IsPresent');
  if (isPresent) return isPresent.text === 'true';
  // an enumeration or a primitive with properties: its value, else what it says of itself
  const inner = value.children.find(({ name }) => /^(?:S|I32|I64|U32|U64|Db|B)$/.test(name));
  return inner ? wordOf(inner) : unescaped(childrenOf(value, 'ToString')[0]?.text ?? '');
}

export function unescaped(text: string): string {
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
