import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '#core/units.ts';
import {
  type CycleSummary,
  deltaDelay,
  type ItemEvent,
  NEXT,
  newItem,
  type Phase,
  type ReplicationItem,
  step,
} from './replication-item.ts';

const at = 1_000_000;
const summary: CycleSummary = {
  id: 'c1',
  kind: 'delta',
  from: at - HOUR,
  to: at,
  changedBytes: 0,
  readBytes: 0,
  sentBytes: 10,
  blocks: 1,
  retries: 0,
  state: 'applied',
};
const health = { code: 'x', message: 'x', cause: 'x', remedy: 'x' };

const EVENTS: readonly ItemEvent[] = [
  { type: 'ordered', at, command: 'replicate', performShutdown: true, migration: 0 },
  { type: 'ordered', at, command: 'cutover', performShutdown: true, migration: 1 },
  { type: 'ordered', at, command: 'cutover', performShutdown: false, migration: 1 },
  { type: 'ordered', at, command: 'cutover', performShutdown: true, migration: 2 },
  { type: 'ordered', at, command: 'stop', performShutdown: true, migration: 0 },
  { type: 'ordered', at, command: 'none', performShutdown: true, migration: 0 },
  { type: 'compared', at, lastApplied: undefined },
  { type: 'compared', at, lastApplied: 'c0' },
  { type: 'compared', at, lastApplied: 'other' },
  { type: 'prepared', at },
  { type: 'due', at },
  { type: 'applied', at, changeIds: { d: 'u/2' }, summary },
  { type: 'failed', at, health, resync: false },
  { type: 'failed', at, health, resync: true, summary: { ...summary, state: 'failed' } },
  { type: 'sourceOff', at },
  { type: 'released', at },
  { type: 'restarted', at },
];

/** Items of every phase, with what the phase implies. */
function itemsOf(phase: Phase): ReplicationItem[] {
  const items: ReplicationItem[] = [];
  for (const command of ['replicate', 'cutover', 'none', 'stop'] as const)
    for (const baseline of [undefined, { cycleId: 'c0', changeIds: { d: 'u/1' } }])
      for (const resync of [false, true])
        for (const kind of ['initial', 'delta', 'final', 'resync'] as const) {
          if ((kind === 'delta' || kind === 'final') && !baseline) continue;
          items.push({
            ...newItem('i', 'u', 'web'),
            phase,
            command,
            baseline,
            resync,
            cycle: phase === 'copying' ? { id: 'c1', kind, startedAt: at - HOUR, migration: 0 } : undefined,
            nextCycleAt: phase === 'waiting' || phase === 'blocked' ? at : undefined,
          });
        }
  return items;
}

const PHASES = Object.keys(NEXT) as Phase[];

describe('every phase with every event', () => {
  test.each(PHASES)('%s goes where the table says, or refuses and says why', (phase) => {
    for (const event of EVENTS) {
      const allowed = (NEXT[phase] as Record<string, readonly Phase[]>)[event.type];
      for (const item of itemsOf(phase)) {
        const before = JSON.stringify(item);
        if (!allowed) expect(() => step(item, event)).toThrow(`is ${phase}; "${event.type}" cannot happen`);
        else expect(allowed).toContain(step(item, event).item.phase);
        expect(JSON.stringify(item)).toBe(before);
      }
    }
  });

  test('each phase that the table names can be reached from a new item', () => {
    const reached = new Set<Phase>(['preparing']);
    for (let grown = true; grown; ) {
      grown = false;
      for (const phase of [...reached])
        for (const to of Object.values(NEXT[phase] as Record<string, readonly Phase[]>).flat())
          if (!reached.has(to)) {
            reached.add(to);
            grown = true;
          }
    }
    expect([...reached].sort()).toEqual([...PHASES].sort());
  });
});

/** Plays events that the table allows, as the runner would, and hands each step to `look`. */
function play(
  choices: readonly number[],
  look: (before: ReplicationItem, event: ItemEvent, after: ReplicationItem) => void,
) {
  let item = newItem('i', 'u', 'web');
  let now = at;
  for (const choice of choices) {
    now += 10 * MINUTE;
    const possible = EVENTS.filter(({ type }) => type in NEXT[item.phase]);
    const event = { ...possible[choice % possible.length]!, at: now };
    const after = step(item, event).item;
    look(item, event, after);
    item = after;
  }
}

const stories = fc.array(fc.nat(1000), { maxLength: 60 });

describe('whatever happens, in whatever order', () => {
  test('a delta or final cycle always has something applied to build on', () => {
    fc.assert(
      fc.property(stories, (story) =>
        play(story, (_, __, { cycle, baseline }) => {
          if (cycle?.kind === 'delta' || cycle?.kind === 'final') expect(baseline).toBeDefined();
        }),
      ),
    );
  });

  test('a final cycle with shutdown comes only after the source was seen off', () => {
    fc.assert(
      fc.property(stories, (story) =>
        play(story, (before, _, { cycle, sourceOffAt, performShutdown }) => {
          if (cycle?.kind === 'final' && before.cycle?.id !== cycle.id && performShutdown)
            expect(sourceOffAt).toBeDefined();
        }),
      ),
    );
  });

  test('what deltas build on changes only when a cycle is applied, or is given up for a full copy', () => {
    fc.assert(
      fc.property(stories, (story) =>
        play(story, (before, event, after) => {
          if (before.baseline?.cycleId === after.baseline?.cycleId) return;
          expect(event.type === 'applied' ? after.baseline?.cycleId : after.baseline).toBe(
            event.type === 'applied' ? before.cycle?.id : undefined,
          );
        }),
      ),
    );
  });

  test('no two cycles have one name', () => {
    fc.assert(
      fc.property(stories, (story) => {
        const ids: string[] = [];
        play(story, (before, _, { cycle }) => {
          if (cycle && cycle.id !== before.cycle?.id) ids.push(cycle.id);
        });
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test('an item that waits has a time to go on, unless it is paused', () => {
    fc.assert(
      fc.property(stories, (story) =>
        play(story, (_, __, { phase, nextCycleAt, command }) => {
          if (phase === 'waiting' && command !== 'none') expect(nextCycleAt).toBeDefined();
        }),
      ),
    );
  });
});

describe('a migration that failed and was tried again between two questions for work', () => {
  const cutover = (migration: number) =>
    ({ type: 'ordered', at, command: 'cutover', performShutdown: true, migration }) as const;
  const base: ReplicationItem = {
    ...newItem('i', 'u', 'web'),
    command: 'cutover',
    migration: 1,
    sourceOffAt: at,
    baseline: { cycleId: 'c0', changeIds: {} },
  };

  test('stops the source and copies once more, although the item was done', () => {
    const done: ReplicationItem = { ...base, phase: 'cutOver' };
    expect(step(done, cutover(1)).effects).toEqual([]);
    const again = step(done, cutover(2));
    expect(again.item).toMatchObject({ phase: 'shuttingDown', sourceOffAt: undefined, migration: 2 });
    expect(again.effects).toEqual([{ do: 'shutDown' }]);
    expect(step(again.item, { type: 'sourceOff', at }).item.cycle).toMatchObject({
      kind: 'final',
      migration: 2,
    });
  });

  test('does not take the final cycle that was under way for its own', () => {
    const copying: ReplicationItem = {
      ...base,
      phase: 'copying',
      cycle: { id: 'c1', kind: 'final', startedAt: at, migration: 1 },
    };
    const ordered = step(copying, cutover(2)).item;
    expect(ordered.phase).toBe('copying');
    expect(step(ordered, { type: 'applied', at, changeIds: {}, summary }).item.phase).toBe('shuttingDown');
  });

  test('a final cycle that ends after the migration was given up is a delta like any other', () => {
    const copying: ReplicationItem = {
      ...base,
      phase: 'copying',
      cycle: { id: 'c1', kind: 'final', startedAt: at, migration: 1 },
    };
    const givenUp = step(copying, { ...cutover(1), command: 'replicate' }).item;
    const applied = step(givenUp, { type: 'applied', at, changeIds: {}, summary }).item;
    expect(applied).toMatchObject({ phase: 'waiting', nextCycleAt: at + HOUR });
  });
});

test('the delta after a cycle comes after half its time, at least an hour, at most twelve', () => {
  expect(deltaDelay(10 * MINUTE)).toBe(HOUR);
  expect(deltaDelay(4 * HOUR)).toBe(2 * HOUR);
  expect(deltaDelay(48 * HOUR)).toBe(12 * HOUR);
});

test('a lost tracking mark brings a full copy at once, without waiting for the next delta', () => {
  const item: ReplicationItem = {
    ...newItem('i', 'u', 'web'),
    phase: 'copying',
    baseline: { cycleId: 'c0', changeIds: {} },
    cycle: { id: 'c1', kind: 'delta', startedAt: at, migration: 0 },
  };
  const failed = step(item, { type: 'failed', at, health, resync: true }).item;
  expect(failed.nextCycleAt).toBe(at);
  expect(step(failed, { type: 'due', at }).item.cycle?.kind).toBe('resync');
});
