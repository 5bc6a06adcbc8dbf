/** Runs an assessment over a source, chunk by chunk, on this thread or on several. */
import { Worker } from 'node:worker_threads';
import type { AssessmentPlan } from '#core/assessment/plan.ts';
import { emptyTotals, type Totals } from '#core/assessment/totals.ts';
import { addTotals, assessChunk, CHUNK_MACHINES, type ChunkResult, type Wants } from './chunk.ts';
import type { AssessSource } from './sources.ts';
import type { WorkerTask } from './worker.ts';

/** Fewer machines are assessed sooner than threads are started. */
const THREADS_FROM = 1_000;
/** Results that may wait for one that comes before them. */
const AHEAD = 8;

/**
 * @param take is given each chunk's result in the order of the machines.
 * @param threads 1: this one. More are used only for a packed store of many machines.
 * @returns the sums over all machines.
 */
export async function runAssessment(
  plan: AssessmentPlan,
  source: AssessSource,
  task: Omit<WorkerTask, 'path'>,
  threads: number,
  take: (result: ChunkResult) => void,
): Promise<Totals> {
  const totals = emptyTotals();
  const chunks = Math.ceil(source.count / CHUNK_MACHINES);
  const accept = (result: ChunkResult): void => {
    addTotals(totals, result.totals);
    take(result);
  };
  if (threads > 1 && source.path !== undefined && source.count >= THREADS_FROM)
    await onThreads(chunks, { ...task, path: source.path }, Math.min(threads, chunks), accept);
  else
    for (let chunk = 0; chunk < chunks; chunk++) {
      const wants: Wants = chunk === 0 ? task.wants : { ...task.wants, table: false };
      accept(await assessChunk(plan, source.read(chunk * CHUNK_MACHINES, CHUNK_MACHINES), wants));
    }
  return totals;
}

async function onThreads(
  chunks: number,
  task: WorkerTask,
  threads: number,
  accept: (result: ChunkResult) => void,
): Promise<void> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./worker.ts', import.meta.url), { workerData: task }),
  );
  try {
    await new Promise<void>((resolve, reject) => {
      const waiting = new Map<number, ChunkResult>();
      const idle = new Set<Worker>();
      let next = 0;
      let accepted = 0;
      const hand = (worker: Worker): void => {
        if (next >= chunks || next > accepted + AHEAD) idle.add(worker);
        else {
          idle.delete(worker);
          worker.postMessage(next++);
        }
      };
      for (const worker of workers) {
        worker.on('message', ({ chunk, result }: { chunk: number; result: ChunkResult }) => {
          waiting.set(chunk, result);
          for (let ready = waiting.get(accepted); ready; ready = waiting.get(accepted)) {
            waiting.delete(accepted++);
            accept(ready);
          }
          if (accepted === chunks) resolve();
          for (const each of [worker, ...idle]) hand(each);
        });
        worker.on('error', reject);
        hand(worker);
      }
    });
  } finally {
    for (const worker of workers) await worker.terminate();
  }
}
