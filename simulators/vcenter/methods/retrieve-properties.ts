/**
 * RetrieveProperties, the old form without pages, and what it shares with RetrievePropertiesEx. Callable
 * before login: what cannot be read then stands in missingSet.
 */
import type { Selected } from '../property/collector.ts';
import { objectContent } from '../property/object-content.ts';
import { Projection } from '../property/projection.ts';
import { type PropertyFilterSpec, Selection } from '../property/selection.ts';
import { type Call, defineMethod, Written } from './method.ts';

export const retrieveProperties = defineMethod<{ specSet: readonly PropertyFilterSpec[] }>({
  on: 'PropertyCollector',
  name: 'RetrieveProperties',
  takes: 'specSet PropertyFilterSpec[]!',
  returns: 'ObjectContent[]',
  privilege: 'System.Anonymous',
  faults: ['InvalidProperty'],
  run: ({ specSet }, call) => new Written(contents(selected(specSet, call), call, 'returnval')),
});

/**
 * Everything that the filters select, checked, in order; what two filters select is there twice.
 * @throws VimFault InvalidProperty, ManagedObjectNotFound, InvalidArgument, NotSupported
 */
export function selected(specSet: readonly PropertyFilterSpec[], call: Call): Selected[] {
  const reading = call.reading();
  return specSet.flatMap((spec) => {
    const projection = new Projection(spec, call.encoder.version);
    const objects = new Selection(spec, call.encoder.version).run(call.find, reading);
    const found: Selected[] = [];
    for (const object of objects) {
      const paths = projection.pathsOf(object);
      if (paths) found.push({ object, paths });
    }
    return found;
  });
}

/** XML of each selected object as an element of that name, made one by one. */
export function* contents(
  objects: readonly Selected[],
  call: Call,
  element: string,
): Iterable<string | Buffer> {
  const reading = call.reading();
  for (const { object, paths } of objects)
    yield* objectContent(element, object, paths, reading, call.encoder);
}
