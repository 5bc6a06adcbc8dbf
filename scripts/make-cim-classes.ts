/**
 * Makes simulators/winrm/cim/classes.json from the project's facts about CIM classes: by namespace and class the
 * superclass, the keys and the properties as "Name:type". Facts carry over; the form is one class a line.
 *
 *     node --import tsx scripts/make-cim-classes.ts FACTS_DATA_DIRECTORY
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface ClassFacts {
  readonly super?: string;
  readonly keys?: readonly string[];
  readonly props?: readonly string[];
}

const from = process.argv[2];
if (from === undefined) {
  console.error('usage: make-cim-classes.ts FACTS_DATA_DIRECTORY');
  process.exit(2);
}
const { namespaces } = JSON.parse(readFileSync(join(from, 'cim-classes.json'), 'utf8')) as {
  namespaces: Readonly<Record<string, Readonly<Record<string, ClassFacts>>>>;
};
const spaces = Object.entries(namespaces).map(([namespace, classes]) => {
  const lines = Object.entries(classes).map(
    ([name, { super: parent, keys = [], props = [] }]) =>
      `    ${JSON.stringify(name)}: ${JSON.stringify({ ...(parent ? { super: parent } : {}), keys, properties: props })}`,
  );
  return `  ${JSON.stringify(namespace)}: {\n${lines.join(',\n')}\n  }`;
});
const into = join(import.meta.dirname, '..', 'simulators', 'winrm', 'cim', 'classes.json');
writeFileSync(into, `{\n${spaces.join(',\n')}\n}\n`);
console.log(`${into} written`);
