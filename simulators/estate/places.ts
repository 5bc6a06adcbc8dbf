/**
 * The places that hold machines, folders or resource pools, as trees of names below an owner: which exist,
 * and how many machines and places are directly in each. A place appears with the first machine in it and
 * stays until it is removed.
 */
import { assert } from '#core/assert.ts';

interface Place {
  readonly name: string;
  machines: number;
  /** In the order in which they were made. */
  readonly places: Map<string, Place>;
}

export class Places {
  readonly #owners = new Map<string, Place>();

  /** Every place below an owner, outer ones first, as the names on the way to it. */
  of(ownerId: string): string[][] {
    const found: string[][] = [];
    const visit = (place: Place, path: readonly string[]): void => {
      for (const each of place.places.values()) {
        const own = [...path, each.name];
        found.push(own);
        visit(each, own);
      }
    };
    const owner = this.#owners.get(ownerId);
    if (owner) visit(owner, []);
    return found;
  }

  /** A machine comes to a place, which is made if need be, or leaves it. */
  count(ownerId: string, path: readonly string[], by: 1 | -1): void {
    this.make(ownerId, path).machines += by;
  }

  /** The place, made if need be with those around it. */
  make(ownerId: string, path: readonly string[]): Place {
    let place = this.#ownerOf(ownerId);
    for (const name of path) {
      const next: Place = place.places.get(name) ?? newPlace(name);
      place.places.set(name, next);
      place = next;
    }
    return place;
  }

  add(ownerId: string, path: readonly string[]): void {
    const name = nameOf(path);
    const around = this.#find(ownerId, path.slice(0, -1));
    assert(!around.places.has(name), `there is a place ${path.join('/')} already`);
    around.places.set(name, newPlace(name));
  }

  remove(ownerId: string, path: readonly string[]): void {
    const place = this.#find(ownerId, path);
    assert(place.machines === 0 && place.places.size === 0, `place ${path.join('/')} is not empty`);
    this.#find(ownerId, path.slice(0, -1)).places.delete(place.name);
  }

  move(ownerId: string, before: readonly string[], after: readonly string[]): void {
    const place = this.#find(ownerId, before);
    const name = nameOf(after);
    assert(!before.every((part, depth) => after[depth] === part), 'a place cannot be moved into itself');
    const to = this.#find(ownerId, after.slice(0, -1));
    assert(!to.places.has(name), `there is a place ${after.join('/')} already`);
    this.#find(ownerId, before.slice(0, -1)).places.delete(place.name);
    to.places.set(name, { ...place, name });
  }

  #ownerOf(ownerId: string): Place {
    let owner = this.#owners.get(ownerId);
    if (!owner) {
      owner = newPlace('');
      this.#owners.set(ownerId, owner);
    }
    return owner;
  }

  #find(ownerId: string, path: readonly string[]): Place {
    let place: Place | undefined = this.#ownerOf(ownerId);
    for (const name of path) place = place?.places.get(name);
    assert(place, `there is no place ${path.join('/')}`);
    return place;
  }
}

function newPlace(name: string): Place {
  return { name, machines: 0, places: new Map() };
}

function nameOf(path: readonly string[]): string {
  const name = path.at(-1);
  assert(name, 'a place needs a name');
  return name;
}
