/**
 * Tags as vCenter keeps them beside its inventory: categories, tags, and what they stand on. They start as the
 * estate has them; the tags of machines go on being facts of the machines.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Estate } from '../../estate/estate.ts';
import type { HostObject } from '../objects/host.ts';
import type { Entity } from '../objects/object.ts';
import { isA } from '../schema/schema.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';

export interface Category {
  readonly id: string;
  name: string;
  description: string;
  cardinality: 'SINGLE' | 'MULTIPLE';
  readonly associableTypes: Set<string>;
}

export interface Tag {
  readonly id: string;
  name: string;
  description: string;
  readonly categoryId: string;
}

const MAX = 10_000;

export class Tags {
  readonly categories = new Map<string, Category>();
  readonly tags = new Map<string, Tag>();
  readonly #estate: Estate;
  readonly #entropy: Entropy;
  /** Ids here of tags of the estate, and back. */
  readonly #byFact = new Map<string, string>();
  readonly #factOf = new Map<string, string>();
  /** On anything but machines: tag ids by object id. */
  readonly #on = new Map<Entity, Set<string>>();
  #made = 0;

  constructor(estate: Estate, entropy: Entropy, hosts: Iterable<HostObject>) {
    this.#estate = estate;
    this.#entropy = entropy;
    const { tagCategories = [], tags = [] } = estate.facts;
    for (const { id, name, description, cardinality, objectTypes } of tagCategories)
      this.#keepCategory(this.#urn('Category', id), {
        name,
        description,
        cardinality: cardinality === 'single' ? 'SINGLE' : 'MULTIPLE',
        associableTypes: new Set(objectTypes),
      });
    for (const { id, name, description, categoryId } of tags) {
      const urn = this.#urn('Tag', id);
      this.#byFact.set(id, urn);
      this.#factOf.set(urn, id);
      this.tags.set(urn, { id: urn, name, description, categoryId: this.#urn('Category', categoryId) });
    }
    for (const host of hosts)
      if (host.facts.tagIds?.length)
        this.#on.set(host, new Set(host.facts.tagIds.map((id) => this.#byFact.get(id) ?? id)));
  }

  /** Undefined when there are as many as can be. */
  addCategory(category: Omit<Category, 'id'>): string | undefined {
    if (this.categories.size >= MAX) return undefined;
    const id = this.#urn('Category', `made-${++this.#made}`);
    this.#keepCategory(id, category);
    return id;
  }

  addTag(tag: Omit<Tag, 'id'>): string | undefined {
    if (this.tags.size >= MAX) return undefined;
    const id = this.#urn('Tag', `made-${++this.#made}`);
    this.tags.set(id, { id, ...tag });
    return id;
  }

  removeTag(id: string): void {
    this.tags.delete(id);
    for (const on of this.#on.values()) on.delete(id);
    const fact = this.#factOf.get(id) ?? id;
    for (const machine of this.#estate.machines())
      if (machine.tagIds?.includes(fact))
        this.#estate.replace({ ...machine, tagIds: machine.tagIds.filter((each) => each !== fact) });
  }

  removeCategory(id: string): void {
    this.categories.delete(id);
    for (const tag of [...this.tags.values()]) if (tag.categoryId === id) this.removeTag(tag.id);
  }

  tagsOn(entity: Entity): string[] {
    const ids =
      entity instanceof VirtualMachine
        ? (entity.machine.tagIds ?? []).map((id) => this.#byFact.get(id) ?? id)
        : [...(this.#on.get(entity) ?? [])];
    return ids.filter((id) => this.tags.has(id));
  }

  /** May a tag of its category stand on such an object, beside those that stand there? */
  mayStandOn(tag: Tag, entity: Entity): boolean {
    const category = this.categories.get(tag.categoryId);
    if (!category) return false;
    const { associableTypes, cardinality } = category;
    const types = [...associableTypes];
    if (types.length > 0 && !types.some((type) => isA(entity.ref.type, type))) return false;
    return (
      cardinality === 'MULTIPLE' ||
      this.tagsOn(entity).every((id) => id === tag.id || this.tags.get(id)?.categoryId !== category.id)
    );
  }

  attach(tagId: string, entity: Entity): void {
    this.#setOn(entity, [...new Set([...this.tagsOn(entity), tagId])]);
  }

  detach(tagId: string, entity: Entity): void {
    this.#setOn(
      entity,
      this.tagsOn(entity).filter((id) => id !== tagId),
    );
  }

  #setOn(entity: Entity, ids: readonly string[]): void {
    if (entity instanceof VirtualMachine)
      this.#estate.replace({ ...entity.machine, tagIds: ids.map((id) => this.#factOf.get(id) ?? id) });
    else this.#on.set(entity, new Set(ids));
  }

  #keepCategory(id: string, category: Omit<Category, 'id'>): void {
    this.categories.set(id, { id, ...category });
  }

  #urn(kind: 'Category' | 'Tag', key: string): string {
    if (key.startsWith('urn:')) return key;
    return `urn:vmomi:InventoryService${kind}:${this.#entropy.uuid(`vcenter.tag${kind}`, key)}:GLOBAL`;
  }
}
