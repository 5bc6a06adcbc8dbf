/** `drylift check`: is the scenario well formed, are its files there and its fault points known? */
import { defineErrors } from '#core/errors.ts';
import { findScenario } from '../kit/catalogue.ts';
import { faultPoints } from '../kit/declared-points.ts';
import { planEstate } from '../kit/estate-plan.ts';
import { checkFaultPoints } from '../kit/fault-plan.ts';
import { InputFiles } from '../kit/input-files.ts';
import { scenarioJsonSchema } from '../kit/scenario.ts';
import { parseScenario } from '../kit/scenario-yaml.ts';

export const errors = defineErrors({
  'check.nothing': {
    blame: 'input',
    why: 'There is nothing to check.',
    next: 'Give a file or the name of a built-in scenario, or --schema.',
  },
});

export async function check(
  nameOrFile: string | undefined,
  { schema = false, printPlan = false }: { schema?: boolean; printPlan?: boolean },
): Promise<void> {
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  if (schema) return print(JSON.stringify(scenarioJsonSchema(), null, 2));
  if (nameOrFile === undefined) throw errors.make('check.nothing', { what: 'No scenario was given.' });
  const source = await findScenario(nameOrFile);
  const scenario = parseScenario(source.text, source.file);
  const estate = planEstate(scenario.estate, scenario.seed ?? scenario.name, new InputFiles(source.folder));
  checkFaultPoints(scenario.faults, await faultPoints());
  if (printPlan) return print(JSON.stringify(scenario, null, 2));
  const machines = [estate.facts, estate.hyperv, estate.servers].reduce(
    (sum, part) => sum + part.machines.length,
    0,
  );
  print(
    `ok  ${scenario.name}: ${machines} machines, ${scenario.script.length} steps, ${scenario.faults.length} faults, ${scenario.expect.length} expectations`,
  );
}
