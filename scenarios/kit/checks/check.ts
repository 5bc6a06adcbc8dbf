/** What a check is: an invariant of the whole run, judged when the story is over and the world still stands. */
import type { CheckView } from '#core/contracts/run-record.ts';
import type { Scenario } from '../scenario.ts';
import type { Story } from '../story.ts';
import type { World } from '../world.ts';

export interface Run {
  readonly world: World;
  readonly story: Story;
  readonly scenario: Scenario;
}

export interface Check {
  /** Names it in reports and in a scenario's `watch`. */
  readonly id: string;
  readonly says: string;
  /** Undefined: nothing in this run to judge. */
  judge(run: Run): Judgement | undefined | Promise<Judgement | undefined>;
}

export type Judgement = Omit<CheckView, 'id' | 'says' | 'status'> & { readonly holds: boolean };

/** "3 of 131 differ: a, b, c": the first few of what is wrong, for a report. */
export function someOf(wrong: readonly string[], shown = 3): string {
  const more = wrong.length > shown ? ` and ${wrong.length - shown} more` : '';
  return wrong.slice(0, shown).join('; ') + more;
}
