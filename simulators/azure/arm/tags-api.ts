/**
 * Microsoft.Resources/tags: the tags of a subscription, a group or a resource as a thing of their own, which can
 * be replaced, merged and thinned out without knowing what else the resource holds.
 *
 * @see Azure/azure-rest-api-specs, resources/resource-manager/Microsoft.Resources, Tags_*AtScope 2021-04-01.
 */
import { isRecord } from '../http.ts';
import { oneOf, shape, text } from '../shape.ts';
import { methodNotAllowed, unknownAction } from './faults.ts';
import { handleGroup, RESOURCES_API_VERSIONS, readTags } from './groups.ts';
import type { ArmAnswer, ArmRequest, ArmType } from './provider.ts';
import { askProvider, resultOf } from './resources.ts';
import { type ArmState, ownAddresses } from './state.ts';

type Tags = Readonly<Record<string, string>>;

const readTagsBody = shape(
  { properties: shape({}, { tags: (value: unknown) => readTags(value) }) },
  { id: text(2_048), name: text(64), type: text(64) },
);
const readPatch = shape({
  operation: oneOf('Merge', 'Replace', 'Delete'),
  properties: shape({}, { tags: (value: unknown) => readTags(value) }),
});

export function tagsType(state: () => ArmState): ArmType {
  const ofSubscriptions = new Map<string, Tags>();

  const readAt = (scope: string, request: ArmRequest): Tags => {
    const depth = scope.split('/').length;
    if (depth <= 3) return ofSubscriptions.get(scope.toLowerCase()) ?? {};
    const found = at(state(), 'GET', scope, request);
    return isRecord(found) ? readTags(found['tags']) : {};
  };

  const writeAt = (scope: string, tags: Tags, request: ArmRequest): void => {
    const depth = scope.split('/').length;
    if (depth <= 3) return void ofSubscriptions.set(scope.toLowerCase(), tags);
    at(state(), 'PATCH', scope, request, { tags });
  };

  return {
    apiVersions: RESOURCES_API_VERSIONS,
    handle(request): ArmAnswer {
      const { method, name, segments, scope = '' } = request;
      if (name.toLowerCase() !== 'default' || segments.length > 0 || scope === '')
        throw unknownAction(method, `tags/${[name, ...segments].join('/')}`);
      const view = (tags: Tags): ArmAnswer => ({
        status: 200,
        body: {
          id: `${scope}/providers/Microsoft.Resources/tags/default`,
          name: 'default',
          type: 'Microsoft.Resources/tags',
          properties: { tags },
        },
      });
      const before = readAt(scope, request);
      switch (method) {
        case 'GET':
          return view(before);
        case 'PUT': {
          const tags = readTagsBody(request.body, '').properties.tags ?? {};
          writeAt(scope, tags, request);
          return view(tags);
        }
        case 'PATCH': {
          const { operation, properties } = readPatch(request.body, '');
          const tags = changed(before, operation, properties.tags ?? {});
          writeAt(scope, tags, request);
          return view(tags);
        }
        case 'DELETE':
          writeAt(scope, {}, request);
          return { status: 200 };
        default:
          throw methodNotAllowed(method, 'tags');
      }
    },
  };
}

/** Names compare without case. Delete takes away where name and value agree. */
function changed(before: Tags, operation: 'Merge' | 'Replace' | 'Delete', given: Tags): Tags {
  if (operation === 'Replace') return given;
  const after = new Map(Object.entries(before).map(([name, value]) => [name.toLowerCase(), [name, value]]));
  for (const [name, value] of Object.entries(given)) {
    const key = name.toLowerCase();
    if (operation === 'Merge') after.set(key, [after.get(key)?.[0] ?? name, value]);
    else if (after.get(key)?.[1] === value) after.delete(key);
  }
  return readTags(Object.fromEntries(after.values()));
}

function at(
  state: ArmState,
  method: 'GET' | 'PATCH',
  scope: string,
  request: ArmRequest,
  body?: unknown,
): unknown {
  const parts = scope.split('/');
  if (parts.length > 5) return resultOf(askProvider(state, method, scope, undefined, body));
  return resultOf(
    handleGroup(state, {
      ...request,
      method,
      resourceGroup: parts[4]!,
      body,
      addresses: ownAddresses(state),
    }),
  );
}
