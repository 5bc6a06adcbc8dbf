/** EventFilterSpec and TaskFilterSpec as predicates. */
import { invalidArgument, vimFault } from '../faults.ts';
import { Entity } from '../objects/object.ts';
import type { Find } from '../property/selection.ts';
import { objectNotFound } from '../property/selection.ts';
import { findType, isA } from '../schema/schema.ts';
import { accountName } from '../sessions.ts';
import type { TaskObject } from '../tasks.ts';
import type { Data, Ref } from '../values.ts';
import { eventArguments } from './event-arguments.ts';
import type { LoggedEvent } from './event-log.ts';
import { eventTypeId } from './event-types.ts';

interface ByEntity {
  readonly entity: Ref;
  readonly recursion: 'self' | 'children' | 'all';
}

interface ByUsername {
  readonly systemUser: boolean;
  readonly userList: readonly string[];
}

export interface EventFilterSpec extends Data {
  readonly entity?: ByEntity & Data;
  readonly time?: Data & { readonly beginTime?: number; readonly endTime?: number };
  readonly userName?: ByUsername & Data;
  readonly eventChainId?: number;
  readonly disableFullMessage?: boolean;
  readonly category: readonly string[];
  readonly type: readonly string[];
  readonly eventTypeId: readonly string[];
  readonly maxCount?: number;
}

export interface TaskFilterSpec extends Data {
  readonly entity?: ByEntity & Data;
  readonly time?: Data & {
    readonly timeType: 'queuedTime' | 'startedTime' | 'completedTime';
    readonly beginTime?: number;
    readonly endTime?: number;
  };
  readonly userName?: ByUsername & Data;
  readonly state: readonly string[];
  readonly eventChainId: readonly number[];
}

/** @throws VimFault ManagedObjectNotFound, InvalidArgument, InvalidType */
export function eventFilter(spec: EventFilterSpec, find: Find): (event: LoggedEvent) => boolean {
  const inPlace = placeFilter(spec.entity, find);
  const byUser = userFilter(spec.userName);
  const { time, type, category, eventTypeId: ids, eventChainId: chain } = spec;
  for (const name of type) if (!findType(name)) throw vimFault('InvalidType', `There is no type '${name}'.`);
  return (event) =>
    inPlace(event.about, event.scope) &&
    byUser(event.user) &&
    isWithin(event.at, time) &&
    (chain === undefined || event.chain === chain) &&
    (category.length === 0 || category.includes(event.category)) &&
    (type.length === 0 || type.some((name) => isA(event.data.$, name))) &&
    // Scripts name types with the prefix and without.
    (ids.length === 0 || ids.includes(idOf(event)) || ids.includes(event.data.$));
}

function idOf({ data }: LoggedEvent): string {
  return typeof data.eventTypeId === 'string' ? data.eventTypeId : eventTypeId(data.$);
}

/** @throws VimFault ManagedObjectNotFound, InvalidArgument */
export function taskFilter(spec: TaskFilterSpec, find: Find): (task: TaskObject) => boolean {
  const inPlace = placeFilter(spec.entity, find);
  const byUser = userFilter(spec.userName);
  const { time, state, eventChainId: chains } = spec;
  return (task) => {
    const { entity } = task;
    const at =
      time?.timeType === 'completedTime' ? (task.completeTime ?? Number.POSITIVE_INFINITY) : task.queueTime;
    return (
      inPlace(entity?.ref.id, spec.entity ? eventArguments(entity).scope : []) &&
      byUser(task.spec.session ? accountName(task.spec.session.user.name) : '') &&
      isWithin(at, time) &&
      (state.length === 0 || state.includes(task.state)) &&
      (chains.length === 0 || chains.includes(task.chain))
    );
  };
}

function placeFilter(
  spec: ByEntity | undefined,
  find: Find,
): (about: string | undefined, scope: readonly string[]) => boolean {
  if (!spec) return () => true;
  const { recursion } = spec;
  const found = find(spec.entity);
  if (!found) throw objectNotFound(spec.entity);
  if (!(found instanceof Entity)) throw invalidArgument('filter.entity.entity');
  const { id } = found.ref;
  if (recursion === 'self') return (about) => about === id;
  if (recursion === 'all') return (_about, scope) => scope.includes(id);
  return (about, scope) => about !== id && scope[1] === id;
}

function userFilter(spec: ByUsername | undefined): (user: string) => boolean {
  if (!spec) return () => true;
  const names = new Set(spec.userList.map((name) => accountName(name).toLowerCase()));
  return (user) => (user === '' ? spec.systemUser : names.size === 0 || names.has(user.toLowerCase()));
}

function isWithin(
  at: number,
  time: { readonly beginTime?: number; readonly endTime?: number } | undefined,
): boolean {
  return !time || (at >= (time.beginTime ?? 0) && at <= (time.endTime ?? Number.POSITIVE_INFINITY));
}
