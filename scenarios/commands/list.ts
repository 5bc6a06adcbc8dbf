/** `drylift list`: the built-in scenarios with what they tell. */
import { builtIn, findScenario } from '../kit/catalogue.ts';
import { parseScenario } from '../kit/scenario-yaml.ts';

export function list({ json = false }: { json?: boolean }): void {
  const scenarios = builtIn().map((name) => {
    const source = findScenario(name);
    const { says, tags } = parseScenario(source.text, source.file);
    return { name, says, tags };
  });
  if (json) return void process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  for (const { name, says } of scenarios) process.stdout.write(`${name.padEnd(width)}  ${says.trim()}\n`);
}
