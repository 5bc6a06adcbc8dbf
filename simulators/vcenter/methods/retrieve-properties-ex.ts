/** RetrievePropertiesEx: reads properties, in pages when the client asks for them. */
import { invalidArgument } from '../faults.ts';
import { CollectorObject, type Selected } from '../property/collector.ts';
import type { PropertyFilterSpec } from '../property/selection.ts';
import { type Call, defineMethod, type Outcome, Written } from './method.ts';
import { contents, selected } from './retrieve-properties.ts';

interface Args {
  readonly specSet: readonly PropertyFilterSpec[];
  readonly options: { readonly maxObjects?: number };
}

export const retrievePropertiesEx = defineMethod<Args>({
  on: 'PropertyCollector',
  name: 'RetrievePropertiesEx',
  since: '4.1',
  takes: 'specSet PropertyFilterSpec[]!, options RetrieveOptions',
  returns: 'RetrieveResult?',
  privilege: 'System.Anonymous',
  faults: ['InvalidProperty'],
  run({ specSet, options: { maxObjects } }, call) {
    if (maxObjects !== undefined && maxObjects <= 0) throw invalidArgument('options.maxObjects');
    return page(selected(specSet, call), maxObjects, call);
  },
});

/** One page of results, and a token for the rest; nothing at all when nothing was selected. */
export function page(objects: readonly Selected[], maxObjects: number | undefined, call: Call): Outcome {
  if (objects.length === 0) return undefined;
  const now = objects.slice(0, maxObjects);
  const rest = objects.slice(now.length);
  let head = '<returnval>';
  if (rest.length > 0 && call.self instanceof CollectorObject)
    head += `<token>${call.self.keep({ objects: rest, pageSize: now.length })}</token>`;
  return new Written(pageContents(head, now, call));
}

function* pageContents(head: string, objects: readonly Selected[], call: Call): Iterable<string | Buffer> {
  yield head;
  yield* contents(objects, call, 'objects');
  yield '</returnval>';
}
