/** Methods of EventManager, TaskManager and the collectors that they make. */

import { eventData } from '../events/event-log.ts';
import type { Severity } from '../events/event-types.ts';
import { type EventFilterSpec, eventFilter, type TaskFilterSpec, taskFilter } from '../events/filters.ts';
import { HistoryCollectorObject, PAGE_MAX } from '../events/history.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import { Entity } from '../objects/object.ts';
import { objectNotFound } from '../property/selection.ts';
import { TaskObject } from '../tasks.ts';
import type { Data, Ref } from '../values.ts';
import { type Call, defineMethod, type Method, selfAs } from './method.ts';
import { requirePrivilege } from './privileges.ts';

const MESSAGE_LENGTH_MAX = 4096;
const ARGUMENTS_MAX = 50;

/** Is what something was about, or what that was in, among what the caller sees now? */
function isSeen(call: Call, about: string | undefined, scope: readonly string[]): boolean {
  const sight = call.session?.sight();
  if (!sight || about === undefined) return true;
  const { inventory } = call.vcenter;
  for (const id of [about, ...scope]) {
    const found = inventory.find(id);
    if (found) return sight.sees(found);
  }
  return true;
}

const queryEvents = defineMethod<{ filter: EventFilterSpec }>({
  on: 'EventManager',
  name: 'QueryEvents',
  takes: 'filter EventFilterSpec',
  returns: 'Event[]',
  privilege: 'System.View',
  run({ filter }, call) {
    const isWanted = eventFilter(filter, call.find);
    const limit = Math.min(filter.maxCount ?? PAGE_MAX, PAGE_MAX);
    if (limit <= 0) throw invalidArgument('filter.maxCount');
    return call.vcenter.events
      .all()
      .filter((event) => isWanted(event) && isSeen(call, event.about, event.scope))
      .slice(-limit)
      .map((event) => eventData(event, filter.disableFullMessage !== true));
  },
});

const createCollectorForEvents = defineMethod<{ filter: EventFilterSpec }>({
  on: 'EventManager',
  name: 'CreateCollectorForEvents',
  takes: 'filter EventFilterSpec',
  returns: '&EventHistoryCollector',
  privilege: 'System.View',
  faults: ['InvalidState'],
  run({ filter }, call) {
    const { events, changes } = call.vcenter;
    const session = call.requireSession();
    const isWanted = eventFilter(filter, call.find);
    const withMessage = filter.disableFullMessage !== true;
    const collector: HistoryCollectorObject = new HistoryCollectorObject(
      'EventHistoryCollector',
      call.vcenter.sessionObjectId(session),
      session,
      filter,
      {
        items: () =>
          events
            .all()
            .filter((event) => isWanted(event) && isSeen(call, event.about, event.scope))
            .slice(-(filter.maxCount ?? 0))
            .map((event) => ({ key: event.key, value: () => eventData(event, withMessage) })),
      },
      events.listen((event) => {
        if (isWanted(event)) changes.changed(collector, 'latestPage');
      }),
    );
    return kept(collector, call);
  },
});

function kept(collector: HistoryCollectorObject, call: Call): Ref {
  try {
    collector.session.add(collector);
  } catch (fault) {
    collector.destroy();
    throw fault;
  }
  call.requireSession().onEnd(() => collector.destroy());
  return collector.ref;
}

const createCollectorForTasks = defineMethod<{ filter: TaskFilterSpec }>({
  on: 'TaskManager',
  name: 'CreateCollectorForTasks',
  takes: 'filter TaskFilterSpec',
  returns: '&TaskHistoryCollector',
  privilege: 'System.View',
  faults: ['InvalidState'],
  run({ filter }, call) {
    const { tasks, changes } = call.vcenter;
    const session = call.requireSession();
    const isWanted = taskFilter(filter, call.find);
    const collector: HistoryCollectorObject = new HistoryCollectorObject(
      'TaskHistoryCollector',
      call.vcenter.sessionObjectId(session),
      session,
      filter,
      {
        items: () =>
          tasks
            .history()
            .filter((task) => isWanted(task) && isSeen(call, task.entity?.ref.id, []))
            .map((task) => ({ key: task.number, value: () => task.info })),
      },
      changes.listen((change) => {
        if (change.kind === 'changed' && change.object instanceof TaskObject && isWanted(change.object))
          changes.changed(collector, 'latestPage');
      }),
    );
    return kept(collector, call);
  },
});

/** ReadNext…, ReadPrevious…: the same for both kinds of collectors. */
function readMethods(on: string, plural: string, item: string): readonly Method[] {
  const read = (name: string, act: (collector: HistoryCollectorObject, count: number) => Data[]) =>
    defineMethod<{ maxCount: number }>({
      on,
      name: `${name}${plural}`,
      takes: 'maxCount int',
      returns: `${item}[]`,
      run({ maxCount }, call) {
        call.requireSession();
        return act(selfAs(call, HistoryCollectorObject), maxCount);
      },
    });
  return [
    read('ReadNext', (collector, count) => collector.next(count) as Data[]),
    read('ReadPrevious', (collector, count) => collector.previous(count) as Data[]),
  ];
}

function windowMethod(name: string, act: (collector: HistoryCollectorObject) => void): Method {
  return defineMethod({
    on: 'HistoryCollector',
    name,
    run(_args, call) {
      call.requireSession();
      act(selfAs(call, HistoryCollectorObject));
      return undefined;
    },
  });
}

const setCollectorPageSize = defineMethod<{ maxCount: number }>({
  on: 'HistoryCollector',
  name: 'SetCollectorPageSize',
  takes: 'maxCount int',
  run({ maxCount }, call) {
    call.requireSession();
    const collector = selfAs(call, HistoryCollectorObject);
    collector.setPageSize(maxCount);
    call.vcenter.changes.changed(collector, 'latestPage');
    return undefined;
  },
});

const logUserEvent = defineMethod<{ entity: Ref; msg: string }>({
  on: 'EventManager',
  name: 'LogUserEvent',
  takes: 'entity &ManagedEntity, msg string',
  run({ entity, msg }, call) {
    const found = call.find(entity);
    if (!(found instanceof Entity)) throw objectNotFound(entity);
    requirePrivilege(call, 'Global.LogEvent', found);
    if (msg.length > MESSAGE_LENGTH_MAX) throw invalidArgument('msg');
    const { name, ref } = found;
    call.vcenter.events.post({
      type: 'GeneralUserEvent',
      about: found,
      user: call.requireSession().user.name,
      fields: { message: msg, entity: { $: 'ManagedEntityEventArgument', name, entity: ref } },
      words: { text: msg },
    });
    return undefined;
  },
});

interface PostedEvent extends Data {
  readonly vm?: Data & { readonly vm: Ref };
  readonly host?: Data & { readonly host: Ref };
  readonly computeResource?: Data & { readonly computeResource: Ref };
  readonly ds?: Data & { readonly datastore: Ref };
  readonly datacenter?: Data & { readonly datacenter: Ref };
  readonly eventTypeId?: string;
  readonly severity?: string;
  readonly message?: string;
  readonly arguments?: readonly Data[];
}

const SEVERITIES: readonly string[] = ['info', 'warning', 'error', 'user'] satisfies Severity[];

/** An event of somebody else's making: vCenter says when, by whom, and about what. */
const postEvent = defineMethod<{ eventToPost: PostedEvent }>({
  on: 'EventManager',
  name: 'PostEvent',
  takes: 'eventToPost Event, taskInfo TaskInfo?',
  privilege: 'Global.LogEvent',
  faults: ['InvalidEvent'],
  run({ eventToPost: posted }, call) {
    const { eventTypeId: id = '', message, severity = 'info', arguments: given = [] } = posted;
    const isBounded = (message?.length ?? 0) <= MESSAGE_LENGTH_MAX && given.length <= ARGUMENTS_MAX;
    if (posted.$ !== 'EventEx' || !/^[\w.-]{1,200}$/.test(id) || !SEVERITIES.includes(severity) || !isBounded)
      throw vimFault(
        'InvalidEvent',
        'The event is not one that can be posted: an EventEx with a type of its own.',
      );
    const reference =
      posted.vm?.vm ??
      posted.host?.host ??
      posted.computeResource?.computeResource ??
      posted.ds?.datastore ??
      posted.datacenter?.datacenter;
    const about = reference && call.find(reference);
    if (reference && !(about instanceof Entity)) throw objectNotFound(reference);
    call.vcenter.events.post({
      type: 'EventEx',
      about: about as Entity | undefined,
      user: call.session?.user.name,
      category: severity as Severity,
      fields: {
        fullFormattedMessage: message ?? id,
        eventTypeId: id,
        severity,
        message,
        arguments: given,
        objectId: about?.ref.id,
        objectType: about?.ref.type,
        objectName: (about as Entity | undefined)?.name,
      },
    });
    return undefined;
  },
});

const cancelTask = defineMethod({
  on: 'Task',
  name: 'CancelTask',
  faults: ['InvalidState'],
  run(_args, call) {
    const task = selfAs(call, TaskObject);
    const session = call.requireSession();
    if (task.spec.session !== session) requirePrivilege(call, 'Global.CancelTask', task);
    if (task.state !== 'running')
      throw vimFault('InvalidState', 'The operation is not allowed in the current state: it has ended.');
    if (!task.spec.cancelable) throw vimFault('NotSupported', 'The task cannot be canceled.');
    call.vcenter.tasks.cancel(task);
    return undefined;
  },
});

export const HISTORY_METHODS: readonly Method[] = [
  queryEvents,
  createCollectorForEvents,
  logUserEvent,
  postEvent,
  createCollectorForTasks,
  cancelTask,
  ...readMethods('EventHistoryCollector', 'Events', 'Event'),
  ...readMethods('TaskHistoryCollector', 'Tasks', 'TaskInfo'),
  setCollectorPageSize,
  windowMethod('RewindCollector', (collector) => collector.rewind()),
  windowMethod('ResetCollector', (collector) => collector.reset()),
  windowMethod('DestroyCollector', (collector) => collector.destroy()),
];
