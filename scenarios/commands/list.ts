/** `drylift list`: the built-in scenarios with what they tell. */
import { builtIn, findScenario } from '../kit/catalogue.ts';
import { parseScenario } from '../kit/scenario-yaml.ts';

export async function list({ json = false }: { json?: boolean }): Promise<void> {
  const scenarios: Array<{ name: string; says: string; tags: readonly string[] }> = [];
  for (const name of builtIn()) {
    const source = await findScenario(name);
    const { says, tags } = parseScenario(source.text, source.file);
    scenarios.push({ name, says: says.trim(), tags });
  }
  if (json) return void process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  for (const { name, says } of scenarios) process.stdout.write(`${name.padEnd(width)}  ${says}\n`);
}
