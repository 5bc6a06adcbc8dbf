/** Views: named sets of managed objects that filters start from. They belong to a session. */
import { invalidArgument } from './faults.ts';
import type { Entity } from './objects/object.ts';
import { ManagedObject, type Properties } from './objects/object.ts';
import { findType, isA } from './schema/schema.ts';
import type { Ref } from './values.ts';

export const CONTAINER_VIEW: Properties<ContainerViewObject> = {
  view: (self) => self.list(),
  container: (self) => self.container.ref,
  type: (self) => [...self.types],
  recursive: (self) => self.recursive,
};

export class ContainerViewObject extends ManagedObject {
  readonly container: Entity;
  readonly types: readonly string[];
  readonly recursive: boolean;

  /** @throws VimFault InvalidArgument for a type that is no managed object type */
  constructor(id: string, container: Entity, types: readonly string[], recursive: boolean) {
    super('ContainerView', id);
    if (types.some((type) => findType(type)?.kind !== 'managed')) throw invalidArgument('type');
    this.container = container;
    this.types = types;
    this.recursive = recursive;
  }

  protected get properties(): Properties<ContainerViewObject> {
    return CONTAINER_VIEW;
  }

  /** What is in the container now, each object once, parents before children. */
  list(): Ref[] {
    const refs: Ref[] = [];
    const seen = new Set<Entity>();
    const visit = (entity: Entity): void => {
      for (const member of entity.members()) {
        if (seen.has(member)) continue;
        seen.add(member);
        if (this.types.length === 0 || this.types.some((type) => isA(member.ref.type, type)))
          refs.push(member.ref);
        if (this.recursive) visit(member);
      }
    };
    visit(this.container);
    return refs;
  }
}

export const LIST_VIEW: Properties<ListViewObject> = {
  view: (self) => self.refs(),
};

export class ListViewObject extends ManagedObject {
  readonly #refs = new Map<string, Ref>();

  constructor(id: string, refs: readonly Ref[]) {
    super('ListView', id);
    for (const ref of refs) this.#refs.set(ref.id, ref);
  }

  protected get properties(): Properties<ListViewObject> {
    return LIST_VIEW;
  }

  refs(): Ref[] {
    return [...this.#refs.values()];
  }

  add(refs: readonly Ref[]): void {
    for (const ref of refs) this.#refs.set(ref.id, ref);
  }

  remove(refs: readonly Ref[]): void {
    for (const ref of refs) this.#refs.delete(ref.id);
  }

  clear(): void {
    this.#refs.clear();
  }
}
