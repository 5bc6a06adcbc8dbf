/** The virtual machines of a folder, host, pool, datastore or network, made only when somebody looks. */
import type { Ref } from '../values.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';

export class VmList {
  readonly #indexes: number[] = [];
  #vmAt: ((index: number) => VirtualMachine) | undefined;

  add(index: number, vmAt: (index: number) => VirtualMachine): void {
    this.#vmAt = vmAt;
    this.#indexes.push(index);
  }

  list(): VirtualMachine[] {
    return this.#indexes.map((index) => this.#vmAt!(index));
  }

  refs(): Ref[] {
    return this.list().map((vm) => vm.ref);
  }
}
