/** The virtual machines of a folder, host, pool, datastore or network, made only when somebody looks. */
import type { Ref } from '../values.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';

export class VmList {
  readonly #slots = new Set<number>();
  #vmAt: ((slot: number) => VirtualMachine) | undefined;

  add(slot: number, vmAt: (slot: number) => VirtualMachine): void {
    this.#vmAt = vmAt;
    this.#slots.add(slot);
  }

  remove(slot: number): void {
    this.#slots.delete(slot);
  }

  get size(): number {
    return this.#slots.size;
  }

  list(): VirtualMachine[] {
    return Array.from(this.#slots, (slot) => this.#vmAt!(slot));
  }

  refs(): Ref[] {
    return Array.from(this.#slots, (slot) => this.#vmAt!(slot).ref);
  }
}
