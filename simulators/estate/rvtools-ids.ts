/** Ids in the form that vCenter gives them. */

/** Numbers objects as vCenter does, "host-12", keeping the ids that a workbook states. */
export class Ids {
  readonly #prefix: string;
  readonly #taken = new Set<string>();
  #next: number;

  constructor(prefix: string, first: number) {
    this.#prefix = prefix;
    this.#next = first;
  }

  /** The wanted id if it has vCenter's form and is free, else the next free number. */
  take(wanted?: string): string {
    let id = wanted;
    if (id === undefined || !this.#isForm(id) || this.#taken.has(id))
      do id = `${this.#prefix}${this.#next++}`;
      while (this.#taken.has(id));
    this.#taken.add(id);
    return id;
  }

  #isForm(id: string): boolean {
    return id.startsWith(this.#prefix) && /^[1-9]\d{0,8}$/.test(id.slice(this.#prefix.length));
  }
}
