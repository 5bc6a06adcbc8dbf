/**
 * The inner loops of CRC-64, assembled here as WebAssembly, because JavaScript has no fast 64-bit integers.
 *
 * `update` takes eight bytes at a time over eight tables ("slicing by 8", Kounavis and Berry 2008); its speed
 * is bound by the chain of dependent loads. `updateFour` therefore walks four neighbouring lanes at once and
 * joins their results: by linearity, CRC(a ‖ b) = CRC(a followed by |b| zeros) xor CRC(b from zero), and
 * "followed by |b| zeros" is one more set of tables.
 */

/** Reflected: bit 63 is the coefficient of x⁰. */
const POLYNOMIAL = 0x9a6c_9329_ac4b_c9b5n;

const TABLE_BYTES = 256 * 8;
const TABLES_BYTES = 8 * TABLE_BYTES;
const ZEROS_AT = TABLES_BYTES;
const LANES = 4;
const LANE_BYTES = 1024;

/** Where the bytes to be processed are put. */
export const DATA_AT = 2 * TABLES_BYTES;
export const DATA_BYTES = 256 * 1024;
/** What `updateFour` takes at once. */
export const FOUR_BYTES = LANES * LANE_BYTES;

const MEMORY_PAGES = Math.ceil((DATA_AT + DATA_BYTES) / 65_536);

export interface Crc64Engine {
  readonly memory: Uint8Array;
  /** State after `length` bytes at address `at`. Signed 64-bit: reduce with BigInt.asUintN. */
  update(crc: bigint, at: number, length: number): bigint;
  /** State after FOUR_BYTES bytes at address `at`. */
  updateFour(crc: bigint, at: number): bigint;
}

/** The part of the WebAssembly API that is used; Node's types do not carry it without the browser's. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

const I32 = 0x7f;
const I64 = 0x7e;

// Instructions, from the WebAssembly core specification, 5.4.
const BLOCK = [0x02, 0x40];
const LOOP = [0x03, 0x40];
const END = [0x0b];
const LOAD_BYTE = [0x31, 0, 0];
const IS_ZERO = [0x45];
const LESS = [0x49];
const ADD = [0x6a];
const SUBTRACT = [0x6b];
const AND = [0x71];
const SHIFT_LEFT = [0x74];
const XOR = [0x85];
const SHIFT_RIGHT = [0x88];
const WRAP = [0xa7];
const br = (depth: number): number[] => [0x0c, depth];
const brIf = (depth: number): number[] => [0x0d, depth];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const load = (offset: number): number[] => [0x29, 0, ...unsignedLeb(offset)];
const i32 = (value: number): number[] => [0x41, ...signedLeb(value)];
const i64 = (value: number): number[] => [0x42, ...signedLeb(value)];

function unsignedLeb(value: number): number[] {
  const out: number[] = [];
  for (; value >= 0x80; value >>>= 7) out.push((value & 0x7f) | 0x80);
  out.push(value);
  return out;
}

function signedLeb(value: number): number[] {
  const out: number[] = [];
  for (; value < -64 || value >= 64; value >>= 7) out.push((value & 0x7f) | 0x80);
  out.push(value & 0x7f);
  return out;
}

/** Pushes, for the state in `local`, the xor of one entry of each of the eight tables from `tables` on. */
function lookUpAll(local: number, tables: number): number[] {
  const out: number[] = [];
  for (let byte = 0; byte < 8; byte++) {
    // the entry's address is eight times the byte's value, hence shifts by three bits less
    if (byte === 0) out.push(...get(local), ...WRAP, ...i32(3), ...SHIFT_LEFT);
    else out.push(...get(local), ...i64(8 * byte - 3), ...SHIFT_RIGHT, ...WRAP);
    out.push(...i32(0x7f8), ...AND, ...load(tables + (7 - byte) * TABLE_BYTES));
    if (byte > 0) out.push(...XOR);
  }
  return out;
}

const increase = (local: number, by: number): number[] => [...get(local), ...i32(by), ...ADD, ...set(local)];
const decrease = (local: number, by: number): number[] => [
  ...get(local),
  ...i32(by),
  ...SUBTRACT,
  ...set(local),
];

/** Parameters: 0 crc, 1 at, 2 bytes left. */
function updateCode(): number[] {
  return [
    ...[...BLOCK, ...LOOP, ...get(2), ...i32(8), ...LESS, ...brIf(1)],
    ...[...get(0), ...get(1), ...load(0), ...XOR, ...set(0)],
    ...[...lookUpAll(0, 0), ...set(0)],
    ...[...increase(1, 8), ...decrease(2, 8), ...br(0), ...END, ...END],
    ...[...BLOCK, ...LOOP, ...get(2), ...IS_ZERO, ...brIf(1)],
    // crc = T₀[(crc xor byte) & 255] xor (crc >> 8)
    ...[...get(0), ...get(1), ...LOAD_BYTE, ...XOR, ...WRAP, ...i32(3), ...SHIFT_LEFT, ...i32(0x7f8), ...AND],
    ...[...load(0), ...get(0), ...i64(8), ...SHIFT_RIGHT, ...XOR, ...set(0)],
    ...[...increase(1, 1), ...decrease(2, 1), ...br(0), ...END, ...END],
    ...get(0),
  ];
}

/** Parameters: 0 crc of the first lane, 1 at. Locals: 2 bytes left of a lane, 3… crc of the other lanes. */
function updateFourCode(): number[] {
  const state = (lane: number): number => (lane === 0 ? 0 : 2 + lane);
  const step: number[] = [];
  for (let lane = 0; lane < LANES; lane++)
    step.push(...get(state(lane)), ...get(1), ...load(lane * LANE_BYTES), ...XOR, ...set(state(lane)));
  for (let lane = 0; lane < LANES; lane++) step.push(...lookUpAll(state(lane), 0), ...set(state(lane)));
  const join: number[] = [];
  for (let lane = 1; lane < LANES; lane++)
    join.push(...lookUpAll(0, ZEROS_AT), ...get(state(lane)), ...XOR, ...set(0));
  return [
    ...[...i32(LANE_BYTES), ...set(2)],
    ...[...BLOCK, ...LOOP, ...get(2), ...IS_ZERO, ...brIf(1), ...step],
    ...[...increase(1, 8), ...decrease(2, 8), ...br(0), ...END, ...END],
    ...[...join, ...get(0)],
  ];
}

function assemble(): Uint8Array {
  const vector = (items: readonly number[][]): number[] => [...unsignedLeb(items.length), ...items.flat()];
  const section = (id: number, content: number[]): number[] => [
    id,
    ...unsignedLeb(content.length),
    ...content,
  ];
  const exported = (name: string, kind: number, index: number): number[] => [
    ...[name.length, ...Buffer.from(name), kind, index],
  ];
  const body = (locals: readonly number[][], code: number[]): number[] => {
    const content = [...vector(locals), ...code, ...END];
    return [...unsignedLeb(content.length), ...content];
  };
  const memories = vector([[0, MEMORY_PAGES]]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([vectorType([I64, I32, I32]), vectorType([I64, I32])])),
    ...section(3, vector([[0], [1]])),
    ...section(5, memories),
    ...section(7, vector([exported('memory', 2, 0), exported('update', 0, 0), exported('updateFour', 0, 1)])),
    ...section(
      10,
      vector([
        body([], updateCode()),
        body(
          [
            [1, I32],
            [LANES - 1, I64],
          ],
          updateFourCode(),
        ),
      ]),
    ),
  ]);
}

/** A function type with these parameters and one i64 result. */
function vectorType(parameters: readonly number[]): number[] {
  return [0x60, parameters.length, ...parameters, 1, I64];
}

export function startCrc64Engine(): Crc64Engine {
  const api = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
  const { exports } = new api.Instance(new api.Module(assemble()));
  const { buffer } = exports['memory'] as { buffer: ArrayBuffer };
  const engine: Crc64Engine = {
    memory: new Uint8Array(buffer),
    update: exports['update'] as Crc64Engine['update'],
    updateFour: exports['updateFour'] as Crc64Engine['updateFour'],
  };
  const tables = new BigUint64Array(buffer, 0, TABLES_BYTES / 8);
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = tables[i - 256]!;
    tables[i] = (previous >> 8n) ^ tables[Number(previous & 0xffn)]!;
  }
  // what LANE_BYTES zeros make of each bit of the state; the rest follows by linearity
  const zeros = new BigUint64Array(buffer, ZEROS_AT, TABLES_BYTES / 8);
  for (let bit = 0; bit < 64; bit++) {
    const table = 256 * (7 - (bit >> 3));
    zeros[table + (1 << (bit & 7))] = BigInt.asUintN(
      64,
      engine.update(1n << BigInt(bit), DATA_AT, LANE_BYTES),
    );
  }
  for (let i = 0; i < zeros.length; i++) {
    const value = i & 255;
    const lowest = value & -value;
    if (value !== lowest) zeros[i] = zeros[i - lowest]! ^ zeros[i - value + lowest]!;
  }
  return engine;
}
