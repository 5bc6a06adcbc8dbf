/** The trace of a run in memory, and who wants to know of each event as it happens. */
import type { Recorder, TraceEvent } from '#core/trace/recorder.ts';

export class TraceLog implements Recorder {
  readonly events: TraceEvent[] = [];
  readonly #listeners: Array<(event: TraceEvent) => void> = [];

  record(event: TraceEvent): void {
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  listen(listener: (event: TraceEvent) => void): void {
    this.#listeners.push(listener);
  }
}
