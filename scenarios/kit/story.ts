/**
 * The script of a scenario, carried out in a world step by step; what came of it is kept for the checks and
 * the run record.
 */
import { join } from 'node:path';
import { assert, unreachable } from '#core/assert.ts';
import type { Assessment } from '#core/assessment/assess.ts';
import type { StepView } from '#core/contracts/run-record.ts';
import { defineErrors } from '#core/errors.ts';
import { sleep, sleepUntil } from '#core/time/clock.ts';
import { formatDuration, MINUTE, type Millis, SECOND, type UnixMillis } from '#core/units.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { type ExportedDisk, exportDisk } from './disk-export.ts';
import { unpackImage } from './disk-image.ts';
import { type GuestWriter, startGuestWriter } from './guest-writer.ts';
import type { InputFiles } from './input-files.ts';
import { MIGRATED } from './operator.ts';
import type { Scenario } from './scenario.ts';
import type { AssessOptions, Condition, Step, WriteDiskStatesOptions } from './scenario-steps.ts';
import type { World } from './world.ts';

export const errors = defineErrors({
  'story.waitedTooLong': {
    blame: 'check',
    why: 'What the scenario waits for did not happen within the time it allows.',
    next: 'Look at the timeline and at the problems of the appliance in the report; or allow more time.',
  },
  'story.unknownMachine': {
    blame: 'input',
    why: 'The scenario names a machine that its estate does not have.',
    next: 'Check the spelling against `drylift estate preview`, or add the machine under estate.machines.',
  },
  'story.converge': {
    blame: 'check',
    why: 'When all faults were lifted, the world should have come to rest: nothing failing, nothing undelivered.',
    next: 'Look at what is named above, in the timeline and in the log of the appliance.',
  },
});

export interface MigratedDisk {
  readonly machine: Machine;
  readonly diskIndex: number;
  /** The truth at the cutover point; the machine does not write any more. */
  readonly sourceSha256: string;
  readonly exported: ExportedDisk;
  /** File name of the produced VHD in the run's folder. */
  readonly file: string;
}

export interface DoneAssessment {
  readonly options: AssessOptions;
  readonly at: UnixMillis;
  readonly assessment: Assessment;
}

export interface StoryOptions {
  readonly world: World;
  readonly scenario: Scenario;
  readonly files: InputFiles;
  /** Of the run: produced disks are written there. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onStep: (step: StepView) => void;
}

const POLL_MS: Millis = 30 * SECOND;

export class Story {
  readonly steps: StepView[] = [];
  readonly assessments: DoneAssessment[] = [];
  readonly migrated: MigratedDisk[] = [];
  /** Machines under replication, in order. */
  readonly replicating = new Set<string>();
  /** From the end of service at the source to the end of the migration. */
  readonly cutovers = new Map<string, { from: UnixMillis; to: UnixMillis; sourcePoweredOff: boolean }>();
  readonly #options: StoryOptions;
  readonly #writers: GuestWriter[] = [];
  #convergedAfter: Millis | undefined;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** From the end of the faults until nothing was failing or undelivered; undefined while it has not. */
  get convergedAfter(): Millis | undefined {
    return this.#convergedAfter;
  }

  /** The safety phase: the script, with faults. */
  async tell(): Promise<void> {
    const { world, scenario } = this.#options;
    world.faults.start();
    for (const step of scenario.script) {
      world.faults.stepBegins(step.verb, step.verb === 'wait' && 'ms' in step ? step.ms : 0);
      await this.#step(step.verb, detailOf(step), () => this.#perform(step));
    }
  }

  /** The liveness phase: no faults any more; the world must come to rest. @throws `story.converge` */
  async converge(within: Millis): Promise<void> {
    const { world, signal } = this.#options;
    await this.#step('converge', `within ${formatDuration(within)}`, async () => {
      await world.faults.lift();
      const begun = world.clock.wall();
      for (;;) {
        const restless = await this.#restless(begun);
        if (restless === undefined) break;
        if (world.clock.wall() - begun > within)
          throw errors.make('story.converge', { what: `After ${formatDuration(within)}: ${restless}` });
        await sleep(world.clock, MINUTE, 'story.converge', signal);
      }
      this.#convergedAfter = world.clock.wall() - begun;
    });
  }

  /** What is not at rest, in words. @param since the inventory must have been looked at after this instant */
  async #restless(since = 0): Promise<string | undefined> {
    const { world } = this.#options;
    const status = world.appliance?.status();
    if (!status) return 'the appliance is not running';
    const problem = status.problems[0];
    if (problem) return `the appliance reports: ${problem.what}`;
    if (status.outbox > 0) return `${status.outbox} batches are not delivered`;
    if (status.state !== 'running' || !status.isRegistered) return `the appliance is ${status.state}`;
    for (const { name, collectedAt, refreshedAt } of status.sources) {
      if (collectedAt === undefined || collectedAt < world.clock.wall() - 60 * MINUTE)
        return `the last collection from ${name} is more than an hour old`;
      if (refreshedAt === undefined || refreshedAt < since) return `${name} has not been looked at since`;
    }
    for (const name of this.replicating) {
      const { state, health } = await world.operator.item(name);
      if (health.length > 0) return `${name}: ${health[0]!.message}`;
      if (state !== 'Replicating' && !MIGRATED.has(state)) return `${name} is ${state}`;
    }
    return undefined;
  }

  async #step(name: string, detail: string, perform: () => Promise<void>): Promise<void> {
    const { world, onStep } = this.#options;
    const index = this.steps.length;
    const from = world.clock.wall();
    const put = (view: StepView): void => {
      this.steps[index] = view;
      world.trace.record({
        at: world.clock.wall(),
        kind: 'step',
        who: 'script',
        what: `${name} ${view.state}`,
      });
      onStep(view);
    };
    put({ name, detail, from, state: 'running' });
    try {
      await perform();
    } catch (error) {
      put({ name, detail, from, to: world.clock.wall(), state: 'failed' });
      throw error;
    }
    put({ name, detail, from, to: world.clock.wall(), state: 'done' });
  }

  async #perform(step: Step): Promise<void> {
    const { world, signal } = this.#options;
    switch (step.verb) {
      case 'register':
        await world.operator.prepare();
        world.startAppliance();
        return this.#until('registration', HOUR_MS, () => world.appliance?.status().isRegistered === true);
      case 'discover':
        return this.#untilCondition({ kind: 'inventory' }, step.within);
      case 'wait':
        if (step.condition) return this.#untilCondition(step.condition, step.within);
        return sleepUntil(world.clock, world.clock.wall() + step.ms, 'story.wait', signal);
      case 'assess':
        return this.#assess(step);
      case 'replicate':
        return this.#replicate(step.servers);
      case 'write-disk-states':
        return this.#writeDiskStates(step);
      case 'cutover':
        for (const name of step.servers) await this.#cutover(name, step.shutdown);
        return;
      default:
        return unreachable(step, 'step of a script');
    }
  }

  async #assess(options: AssessOptions): Promise<void> {
    const { world } = this.#options;
    await world.operator.assess(options);
    const computed = world.azure
      .projects()
      .flatMap((project) => [...project.groups.values()])
      .flatMap((group) => [...group.assessments.values()])
      .find(({ name }) => name === options.name)?.computed;
    assert(computed, `assessment ${options.name} is completed, so it has been computed`);
    this.assessments.push({ options, at: computed.at, assessment: computed.assessment });
  }

  async #replicate(names: readonly string[]): Promise<void> {
    const { world } = this.#options;
    const machines = names.map((name) => this.machine(name));
    await world.operator.prepareReplication();
    for (const { name } of machines) {
      await world.operator.replicate(name);
      this.replicating.add(name);
    }
  }

  async #writeDiskStates({
    machine: name,
    disk,
    states,
    every,
    over,
  }: WriteDiskStatesOptions): Promise<void> {
    const { world, files, signal } = this.#options;
    const machine = this.machine(name);
    const facts = machine.disks[disk];
    if (!facts) throw errors.make('story.unknownMachine', { what: `${name} has no disk ${disk}.` });
    const images = [world.estate.disk(facts.id).read(0, facts.sizeBytes)];
    for (const path of states) images.push(unpackImage(path, files.read(path), images.at(-1)));
    const writer = startGuestWriter({
      clock: world.clock,
      estate: world.estate,
      counters: world.counters,
      machineId: machine.id,
      diskId: facts.id,
      states: images,
      every,
      over,
      signal,
    });
    writer.finished.catch(() => {}); // ends with the story's signal
    this.#writers.push(writer);
  }

  async #cutover(name: string, shutdown: boolean): Promise<void> {
    const { world, folder } = this.#options;
    const machine = this.machine(name);
    const ordered = world.clock.wall();
    await world.operator.migrate(name, shutdown);
    const sourcePoweredOff = world.estate.power(machine.id) !== 'on';
    const from = sourcePoweredOff ? world.estate.powerSince(machine.id) : ordered;
    this.cutovers.set(name, { from, to: world.clock.wall(), sourcePoweredOff });
    const { disks } = await world.operator.item(name);
    for (const { index, id, uuid } of machine.disks) {
      const target = disks.find(({ diskId }) => diskId.toLowerCase() === uuid.toLowerCase())?.targetDiskId;
      assert(target, `disk ${index} of ${name} has a target after the migration`);
      const file = `${name.replace(/[^\w.-]/g, '_')}-disk${index}.vhd`;
      const { arm, http } = world.tools;
      const exported = await exportDisk(arm, http, target, join(folder, file));
      this.migrated.push({
        machine,
        diskIndex: index,
        sourceSha256: world.estate.disk(id).sha256(),
        exported,
        file,
      });
    }
  }

  /** @throws `story.unknownMachine` */
  machine(name: string): Machine {
    const machine = this.#options.world.estate.machines().find((m) => m.name === name);
    if (machine) return machine;
    throw errors.make('story.unknownMachine', { what: `The estate has no machine "${name}".` });
  }

  #untilCondition(condition: Condition, within: Millis): Promise<void> {
    const { world } = this.#options;
    switch (condition.kind) {
      case 'inventory':
        return this.#until('the complete inventory', within, () => this.#isInventoryComplete());
      case 'deltaSync':
        return this.#until('delta sync', within, async () => {
          for (const name of this.replicating)
            if ((await world.operator.item(name)).state !== 'Replicating') return false;
          return this.replicating.size > 0;
        });
      case 'cycles':
        return this.#until(
          `${condition.atLeast} cycles of ${condition.machine}`,
          within,
          async () => (await world.operator.recoveryPoints(condition.machine)) >= condition.atLeast,
        );
      case 'diskStates':
        return this.#until('the last disk state', within, () =>
          this.#writers.every((writer) => writer.written() === writer.total),
        );
      default:
        return unreachable(condition, 'condition of a wait');
    }
  }

  /** Every machine is shown by its site; of servers those that are on and that an account of the appliance opens. */
  async #isInventoryComplete(): Promise<boolean> {
    const { world } = this.#options;
    const expected = {
      vmware: world.estate.machines(),
      hyperv: world.hyperv.machines(),
      server: world
        .listedServers()
        .filter(({ machine, estate }) => estate.power(machine.id) === 'on' && world.opensServer(machine.id))
        .map(({ machine }) => machine),
    };
    for (const kind of ['vmware', 'hyperv', 'server'] as const) {
      if (expected[kind].length === 0) continue;
      const shown = new Set(
        [...(await world.operator.discovered(kind)).keys()].map((name) => name.toLowerCase()),
      );
      if (!expected[kind].every(({ name }) => shown.has(name.toLowerCase()))) return false;
    }
    return true;
  }

  /** @throws `story.waitedTooLong` */
  async #until(what: string, within: Millis, holds: () => boolean | Promise<boolean>): Promise<void> {
    const { world, signal } = this.#options;
    const limit = world.clock.wall() + within;
    while (!(await holds())) {
      if (world.clock.wall() >= limit)
        throw errors.make('story.waitedTooLong', {
          what: `Waited ${formatDuration(within)} for ${what}. ${(await this.#restless()) ?? 'Nothing reports a problem.'}`,
        });
      await sleep(world.clock, POLL_MS, 'story.wait', signal);
    }
  }
}

const HOUR_MS: Millis = 60 * MINUTE;

/** What a step says of itself beside its verb. */
function detailOf(step: Step): string {
  switch (step.verb) {
    case 'register':
      return '';
    case 'discover':
      return `within ${formatDuration(step.within)}`;
    case 'wait':
      return step.condition ? `until ${wordsOf(step.condition)}` : formatDuration(step.ms);
    case 'assess':
      return `${step.name}: ${step.sizing}, P${step.percentile}, ${step.history}, factor ${step.comfort}`;
    case 'replicate':
      return step.servers.join(', ');
    case 'write-disk-states':
      return `${step.machine}: ${step.states.length} states, one every ${formatDuration(step.every)}`;
    case 'cutover':
      return `${step.servers.join(', ')}${step.shutdown ? ', with shutdown' : ''}`;
    default:
      return unreachable(step, 'step of a script');
  }
}

function wordsOf(condition: Condition): string {
  switch (condition.kind) {
    case 'inventory':
      return 'the inventory is complete';
    case 'deltaSync':
      return 'delta sync';
    case 'cycles':
      return `${condition.atLeast} cycles of ${condition.machine}`;
    case 'diskStates':
      return 'the last disk state is written';
  }
}
