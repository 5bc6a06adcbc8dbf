/**
 * Management locks: CanNotDelete and ReadOnly on a subscription, a group or a resource, inherited downwards and
 * enforced on every change through ARM. What goes on inside of a resource (blobs, secrets) is no concern of theirs.
 *
 * @see learn.microsoft.com, azure/azure-resource-manager/management/lock-resources.
 */
import { oneOf, shape, text } from '../shape.ts';
import { covers } from './authorization.ts';
import { badRequest, methodNotAllowed, unknownAction } from './faults.ts';
import { listOf } from './paging.ts';
import { type ArmAnswer, ArmError, type ArmRequest, type ArmType } from './provider.ts';

interface Lock {
  /** Id of what is locked. */
  readonly scope: string;
  readonly name: string;
  readonly level: 'CanNotDelete' | 'ReadOnly';
  readonly notes: string | undefined;
}

const LOCKS_PER_SCOPE_MAX = 20;
const NAME = /^[^<>%&\\?/]{1,90}$/;

const readLock = shape(
  {
    properties: shape(
      { level: oneOf('CanNotDelete', 'ReadOnly') },
      { notes: text(512), owners: () => undefined },
    ),
  },
  { id: text(2_048), name: text(90), type: text(128) },
);

export class Locks {
  readonly #locks = new Map<string, Lock>();

  /** @throws ArmError 409 ScopeLocked when a lock forbids this request on `scope` */
  requireUnlocked(method: string, scope: string): void {
    if (method === 'GET' || method === 'HEAD') return;
    const locked = [...this.#locks.values()].filter(
      (lock) =>
        (lock.level === 'ReadOnly' || method === 'DELETE') &&
        // deleting something deletes what is below it, too
        (covers(lock.scope, scope) || (method === 'DELETE' && covers(scope, lock.scope))),
    );
    if (locked.length === 0) return;
    const verb = method === 'DELETE' ? 'delete' : 'write';
    throw new ArmError(
      409,
      'ScopeLocked',
      `The scope '${scope}' cannot perform ${verb} operation because following scope(s) are locked: '${[...new Set(locked.map((lock) => lock.scope))].join("','")}'. Please remove the lock and try again.`,
    );
  }

  readonly type: ArmType = {
    apiVersions: ['2015-01-01', '2016-09-01', '2017-04-01', '2020-05-01'],
    handle: (request) => this.#handle(request),
  };

  #handle(request: ArmRequest): ArmAnswer {
    const { method, name, segments, scope = '' } = request;
    if (segments.length > 0) throw unknownAction(method, `locks/${segments.join('/')}`);
    if (scope === '') throw badRequest('A tenant cannot be locked.');
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, 'locks');
      const atScope = request.query.get('$filter')?.replaceAll(' ', '') === 'atScope()';
      const shown = [...this.#locks.values()].filter(
        (lock) => covers(lock.scope, scope) || (!atScope && covers(scope, lock.scope)),
      );
      return { list: listOf(shown.map(view)) };
    }
    const key = `${scope}/${name}`.toLowerCase();
    const known = this.#locks.get(key);
    switch (method) {
      case 'GET':
        if (!known) throw new ArmError(404, 'LockNotFound', `The lock '${name}' could not be found.`);
        return { status: 200, body: view(known) };
      case 'PUT': {
        if (!NAME.test(name)) throw badRequest(`'${name}' is no name for a lock.`, 'name');
        const { level, notes } = readLock(request.body, '').properties;
        const here = [...this.#locks.values()].filter(
          (lock) => lock.scope.toLowerCase() === scope.toLowerCase(),
        );
        if (!known && here.length >= LOCKS_PER_SCOPE_MAX)
          throw badRequest(`A scope has at most ${LOCKS_PER_SCOPE_MAX} locks.`);
        const lock = { scope, name: known?.name ?? name, level, notes };
        this.#locks.set(key, lock);
        return { status: known ? 200 : 201, body: view(lock) };
      }
      case 'DELETE':
        return { status: this.#locks.delete(key) ? 200 : 204 };
      default:
        throw methodNotAllowed(method, 'locks');
    }
  }
}

function view({ scope, name, level, notes }: Lock): object {
  return {
    id: `${scope}/providers/Microsoft.Authorization/locks/${name}`,
    type: 'Microsoft.Authorization/locks',
    name,
    properties: { level, ...(notes === undefined ? {} : { notes }) },
  };
}
