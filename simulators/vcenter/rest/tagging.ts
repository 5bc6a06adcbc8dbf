/** cis/tagging: categories, tags, and what they stand on. */
import type { Entity } from '../objects/object.ts';
import {
  entityById,
  invalid,
  type Json,
  listField,
  notFound,
  objectField,
  RestError,
  type RestRequest,
  requireRest,
  textField,
} from './request.ts';
import type { Category, Tag } from './tags.ts';

/** @returns undefined where nothing is at the path */
export function answerTagging(request: RestRequest): Json | undefined {
  const [, kind, ...rest] =
    /^cis\/tagging\/(category|tag|tag-association)(?:\/(.+))?$/.exec(request.path) ?? [];
  const id = rest[0] === undefined ? undefined : rest[0].replace(/^id:/, '');
  if (kind === 'category') return answerCategory(request, id);
  if (kind === 'tag') return answerTag(request, id);
  if (kind === 'tag-association') return answerAssociation(request, id);
  return undefined;
}

/** /rest wraps the specification, /api does not. */
function specOf(request: RestRequest, name: string): { readonly [key: string]: Json } {
  return name in request.body ? objectField(request.body, name) : request.body;
}

function categoryOf({ vcenter }: RestRequest, id: string): Category {
  const category = vcenter.tags.categories.get(id);
  if (!category) throw notFound(`The category ${id.slice(0, 100)}`);
  return category;
}

function tagOf({ vcenter }: RestRequest, id: string): Tag {
  const tag = vcenter.tags.tags.get(id);
  if (!tag) throw notFound(`The tag ${id.slice(0, 100)}`);
  return tag;
}

const full = () => new RestError(503, 'unable_to_allocate_resource', 'There are as many as there can be.');
const exists = (name: string) =>
  new RestError(400, 'already_exists', `The name ${name.slice(0, 100)} exists already.`);

function answerCategory(request: RestRequest, id: string | undefined): Json | undefined {
  const { vcenter, method } = request;
  const { tags } = vcenter;
  if (id === undefined) {
    if (method === 'GET') return [...tags.categories.keys()];
    if (method !== 'POST') return undefined;
    requireRest(request, 'InventoryService.Tagging.CreateCategory');
    const spec = specOf(request, 'create_spec');
    const name = textField(spec, 'name');
    if (name === '') throw invalid('The name');
    if ([...tags.categories.values()].some((each) => each.name === name)) throw exists(name);
    const made = tags.addCategory({
      name,
      description: textField(spec, 'description', ''),
      cardinality: cardinalityOf(textField(spec, 'cardinality')),
      associableTypes: new Set(listField(spec, 'associable_types').map(typeName)),
    });
    if (made === undefined) throw full();
    return made;
  }
  const category = categoryOf(request, id);
  if (method === 'GET')
    return {
      id,
      name: category.name,
      description: category.description,
      cardinality: category.cardinality,
      associable_types: [...category.associableTypes],
      used_by: [],
    };
  if (method === 'PATCH') {
    requireRest(request, 'InventoryService.Tagging.EditCategory');
    const spec = specOf(request, 'update_spec');
    category.name = textField(spec, 'name', category.name);
    category.description = textField(spec, 'description', category.description);
    category.cardinality = cardinalityOf(textField(spec, 'cardinality', category.cardinality));
    if ('associable_types' in spec)
      for (const type of listField(spec, 'associable_types')) category.associableTypes.add(typeName(type));
    return null;
  }
  if (method !== 'DELETE') return undefined;
  requireRest(request, 'InventoryService.Tagging.DeleteCategory');
  tags.removeCategory(id);
  return null;
}

function cardinalityOf(text: string): 'SINGLE' | 'MULTIPLE' {
  if (text !== 'SINGLE' && text !== 'MULTIPLE') throw invalid('The cardinality');
  return text;
}

function answerTag(request: RestRequest, id: string | undefined): Json | undefined {
  const { vcenter, method, action, body } = request;
  const { tags } = vcenter;
  if (action === 'list-tags-for-category' && method === 'POST') {
    const categoryId = id ?? textField(body, 'category_id');
    categoryOf(request, categoryId);
    return [...tags.tags.values()].filter((tag) => tag.categoryId === categoryId).map((tag) => tag.id);
  }
  if (id === undefined) {
    if (method === 'GET') return [...tags.tags.keys()];
    if (method !== 'POST') return undefined;
    requireRest(request, 'InventoryService.Tagging.CreateTag');
    const spec = specOf(request, 'create_spec');
    const name = textField(spec, 'name');
    if (name === '') throw invalid('The name');
    const { id: categoryId } = categoryOf(request, textField(spec, 'category_id'));
    if ([...tags.tags.values()].some((each) => each.name === name && each.categoryId === categoryId))
      throw exists(name);
    const made = tags.addTag({ name, description: textField(spec, 'description', ''), categoryId });
    if (made === undefined) throw full();
    return made;
  }
  const tag = tagOf(request, id);
  if (method === 'GET')
    return {
      id,
      name: tag.name,
      description: tag.description,
      category_id: tag.categoryId,
      used_by: [],
    };
  if (method === 'PATCH') {
    requireRest(request, 'InventoryService.Tagging.EditTag');
    const spec = specOf(request, 'update_spec');
    tag.name = textField(spec, 'name', tag.name);
    tag.description = textField(spec, 'description', tag.description);
    return null;
  }
  if (method !== 'DELETE') return undefined;
  requireRest(request, 'InventoryService.Tagging.DeleteTag');
  tags.removeTag(id);
  return null;
}

function objectOf(request: RestRequest, value: Json): Entity {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('The object_id');
  const { id, type } = value as { readonly [key: string]: Json };
  if (typeof id !== 'string') throw invalid('The object_id');
  const entity = entityById(request.vcenter, id);
  if (typeof type === 'string' && type !== entity.ref.type) throw notFound(`The object ${id}`);
  return entity;
}

const dynamicId = (entity: Entity): Json => ({ id: entity.ref.id, type: entity.ref.type });

function attach(request: RestRequest, tag: Tag, entity: Entity): void {
  requireRest(request, 'InventoryService.Tagging.AttachTag', entity);
  if (!request.vcenter.tags.mayStandOn(tag, entity))
    throw invalid(`The tag ${tag.name} on a ${entity.ref.type}`);
  request.vcenter.tags.attach(tag.id, entity);
}

function detach(request: RestRequest, tag: Tag, entity: Entity): void {
  requireRest(request, 'InventoryService.Tagging.AttachTag', entity);
  request.vcenter.tags.detach(tag.id, entity);
}

function objectsWith(request: RestRequest, tagId: string): Json[] {
  const found: Json[] = [];
  for (const entity of request.vcenter.inventory.entities())
    if (request.vcenter.tags.tagsOn(entity).includes(tagId)) found.push(dynamicId(entity));
  return found;
}

function answerAssociation(request: RestRequest, id: string | undefined): Json | undefined {
  const { vcenter, method, action, body } = request;
  if (method !== 'POST') return undefined;
  const tagHere = () => tagOf(request, id ?? textField(body, 'tag_id'));
  switch (action) {
    case 'attach':
      attach(request, tagHere(), objectOf(request, body.object_id ?? null));
      return null;
    case 'detach':
      detach(request, tagHere(), objectOf(request, body.object_id ?? null));
      return null;
    case 'list-attached-objects':
      return objectsWith(request, tagHere().id);
    case 'list-attached-tags':
      return vcenter.tags.tagsOn(objectOf(request, body.object_id ?? null));
    case 'list-attached-tags-on-objects':
      return listField(body, 'object_ids').map((each) => {
        const entity = objectOf(request, each);
        return { object_id: dynamicId(entity), tag_ids: vcenter.tags.tagsOn(entity) };
      });
    case 'list-attached-objects-on-tags':
      return listField(body, 'tag_ids').map((each) => {
        const tag = tagOf(request, String(each));
        return { tag_id: tag.id, object_ids: objectsWith(request, tag.id) };
      });
    case 'attach-multiple-tags-to-object':
    case 'detach-multiple-tags-from-object': {
      const entity = objectOf(request, body.object_id ?? null);
      const change = action.startsWith('attach') ? attach : detach;
      for (const each of listField(body, 'tag_ids')) change(request, tagOf(request, String(each)), entity);
      return { success: true, error_messages: [] };
    }
    case 'attach-tag-to-multiple-objects':
    case 'detach-tag-from-multiple-objects': {
      const tag = tagHere();
      const change = action.startsWith('attach') ? attach : detach;
      for (const each of listField(body, 'object_ids')) change(request, tag, objectOf(request, each));
      return { success: true, error_messages: [] };
    }
    default:
      return undefined;
  }
}

/** Terraform writes types with their namespace. */
function typeName(type: Json): string {
  return String(type).replace(/^urn:vim25:/, '');
}
