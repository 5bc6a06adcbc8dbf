/**
 * The quick reader of a QueryPerf reply: walks the bytes once and knows just the form that vCenter sends. Digits go
 * straight into an Int32Array; the time stamps, equal for most machines of a reply, are parsed once. What surrounds
 * the `returnval`s is checked by the real XML parser.
 */
import { parseEnvelope } from '#core/wire/soap/envelope.ts';
import type { SampleRun } from '../../app/ports.ts';
import { checkCount, malformed, NO_SAMPLES, parseSampleInfo } from './perf-samples.ts';

export interface PerfSink {
  entity(moid: string, runs: readonly SampleRun[]): void;
  /** `values` is reused; -1 marks no data. */
  series(counterId: number, instance: string, values: Int32Array, count: number): void;
}

/** The largest value kept: larger ones are cut to it. */
export const INT32_MAX = 0x7fff_ffff;

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const AMP = 0x26;
const COMMA = 0x2c;
const SPACE = 0x20;
const MINUS = 0x2d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;

const RETURNVAL = Buffer.from('<returnval');
const RETURNVAL_END = Buffer.from('</returnval>');
const ENTITY = Buffer.from('<entity');
const ENTITY_END = Buffer.from('</entity>');
const INFO = Buffer.from('<sampleInfoCSV>');
const INFO_END = Buffer.from('</sampleInfoCSV>');
const VALUE = Buffer.from('<value');
const VALUE_END = Buffer.from('</value>');
const ID_COUNTER = Buffer.from('<id><counterId>');
const COUNTER_END_INSTANCE = Buffer.from('</counterId><instance');
const INSTANCE_END_ID_END = Buffer.from('</instance></id>');
const EMPTY_ID_END = Buffer.from('/></id>');
const INNER_VALUE = Buffer.from('<value>');
const INNER_EMPTY = Buffer.from('<value/>');

/**
 * Everything here works on plain locals and passes positions as values: captured in a closure, every byte would
 * cost a memory access more.
 *
 * @returns false, having perhaps called the sink, when anything is not as expected.
 */
export function scan(body: Buffer, sink: PerfSink): boolean {
  const first = body.indexOf(RETURNVAL);
  if (first < 0) return false;
  let p = first;
  let values = new Int32Array(256);
  /** The last sampleInfoCSV and what it says. */
  let info: Buffer | undefined;
  let known = NO_SAMPLES;

  while (isAt(body, p, RETURNVAL)) {
    p = skipAttributes(body, p + RETURNVAL.length);
    if (p < 0 || !isAt(body, p, ENTITY)) return false;
    p = skipAttributes(body, p + ENTITY.length);
    if (p < 0) return false;
    const moidEnd = textEnd(body, p);
    if (moidEnd <= p || !isAt(body, moidEnd, ENTITY_END)) return false;
    const moid = body.toString('utf8', p, moidEnd);
    p = moidEnd + ENTITY_END.length;
    let { runs, count } = NO_SAMPLES;
    if (isAt(body, p, INFO)) {
      p += INFO.length;
      // one comparison of memory for all machines that answer with the same instants
      const same = info !== undefined && isAgain(body, p, info);
      const end = same ? p + info!.length : textEnd(body, p);
      if (end < 0 || !isAt(body, end, INFO_END)) return false;
      if (!same) {
        info = body.subarray(p, end);
        known = parseSampleInfo(info.toString('latin1'));
        if (values.length < known.count) values = new Int32Array(known.count);
      }
      p = end + INFO_END.length;
      ({ runs, count } = known);
    }
    sink.entity(moid, runs);
    while (isAt(body, p, VALUE)) {
      p = skipAttributes(body, p + VALUE.length);
      if (p < 0 || !isAt(body, p, ID_COUNTER)) return false;
      p += ID_COUNTER.length;
      let counterId = 0;
      for (let d = body[p]! - 48; d >= 0 && d <= 9; d = body[++p]! - 48) counterId = counterId * 10 + d;
      if (!isAt(body, p, COUNTER_END_INSTANCE)) return false;
      p += COUNTER_END_INSTANCE.length;
      let instance = '';
      if (isAt(body, p, EMPTY_ID_END)) p += EMPTY_ID_END.length;
      else {
        const end = body[p] === GT ? textEnd(body, p + 1) : -1;
        if (end < 0 || !isAt(body, end, INSTANCE_END_ID_END)) return false;
        instance = body.toString('utf8', p + 1, end);
        p = end + INSTANCE_END_ID_END.length;
      }
      let n = 0;
      if (isAt(body, p, INNER_VALUE)) {
        p = readNumbers(body, p + INNER_VALUE.length, values);
        n = numbersRead;
        if (p < 0 || !isAt(body, p, VALUE_END)) return false;
        p += VALUE_END.length;
      } else if (isAt(body, p, INNER_EMPTY)) p += INNER_EMPTY.length;
      else return false;
      if (!isAt(body, p, VALUE_END)) return false;
      p += VALUE_END.length;
      checkCount(n, count, counterId, moid);
      sink.series(counterId, instance, values, n);
    }
    if (!isAt(body, p, RETURNVAL_END)) return false;
    p += RETURNVAL_END.length;
  }
  checkFrame(Buffer.concat([body.subarray(0, first), body.subarray(p)]));
  return true;
}

function isAt(body: Buffer, p: number, literal: Buffer): boolean {
  for (let i = 0; i < literal.length; i++) if (body[p + i] !== literal[i]) return false;
  return true;
}

/** Does the text `info` stand at p again, as the whole content of its element? */
function isAgain(body: Buffer, p: number, info: Buffer): boolean {
  const end = p + info.length;
  return end <= body.length && body.compare(info, 0, info.length, p, end) === 0 && isAt(body, end, INFO_END);
}

/** Position behind the ">" of a start tag with any attributes; -1 for "/>" and for what is no tag. */
function skipAttributes(body: Buffer, from: number): number {
  let p = from;
  if (body[p] === GT) return p + 1;
  if (body[p] !== SPACE) return -1;
  for (; p < body.length; p++) {
    const c = body[p]!;
    if (c === GT) return body[p - 1] === SLASH ? -1 : p + 1;
    if (c === LT) return -1;
    if (c === QUOTE || c === APOSTROPHE) {
      p = body.indexOf(c, p + 1);
      if (p < 0) return -1;
    }
  }
  return -1;
}

/** Position of the next "<"; -1 when a reference stands before it, or nothing more comes. */
function textEnd(body: Buffer, from: number): number {
  let p = from;
  for (; p < body.length; p++) {
    const c = body[p];
    if (c === LT) return p;
    if (c === AMP) return -1;
  }
  return -1;
}

/** How many numbers the last call of readNumbers met. */
let numbersRead = 0;

/**
 * Reads "1,2,-1" up to the next tag into `out`, as far as it has room. The first five digits are unrolled: that
 * halves the time.
 *
 * @returns the position of the tag; -1 when something else than numbers and commas stands there.
 */
function readNumbers(bytes: Buffer, from: number, out: Int32Array): number {
  let p = from;
  let n = 0;
  numbersRead = 0;
  if (bytes[p] === LT) return p;
  for (;;) {
    let value = ((bytes[p]! | 0) - 48) | 0;
    let d: number;
    if (value >>> 0 <= 9) {
      d = ((bytes[p + 1]! | 0) - 48) | 0;
      if (d >>> 0 > 9) p += 1;
      else {
        value = (value * 10 + d) | 0;
        d = ((bytes[p + 2]! | 0) - 48) | 0;
        if (d >>> 0 > 9) p += 2;
        else {
          value = (value * 10 + d) | 0;
          d = ((bytes[p + 3]! | 0) - 48) | 0;
          if (d >>> 0 > 9) p += 3;
          else {
            value = (value * 10 + d) | 0;
            d = ((bytes[p + 4]! | 0) - 48) | 0;
            if (d >>> 0 > 9) p += 4;
            else {
              value = (value * 10 + d) | 0;
              d = ((bytes[p + 5]! | 0) - 48) | 0;
              if (d >>> 0 > 9) p += 5;
              else {
                let long = value;
                for (p += 5; d >>> 0 <= 9; d = ((bytes[++p]! | 0) - 48) | 0) long = long * 10 + d;
                value = long > INT32_MAX ? INT32_MAX : long;
              }
            }
          }
        }
      }
    } else if (value === MINUS - 48) {
      d = ((bytes[++p]! | 0) - 48) | 0;
      if (d >>> 0 > 9) return -1;
      do d = ((bytes[++p]! | 0) - 48) | 0;
      while (d >>> 0 <= 9);
      value = -1;
    } else return -1;
    if (n < out.length) out[n] = value;
    n++;
    if (d === LT - 48) {
      numbersRead = n;
      return p;
    }
    if (d !== COMMA - 48) return -1;
    p++;
  }
}

/** The reply without its `returnval`s must be a SOAP envelope around an empty QueryPerfResponse. */
function checkFrame(frame: Buffer): void {
  const { body } = parseEnvelope(frame);
  const reply = body[0];
  if (reply?.name !== 'QueryPerfResponse' || reply.children.length > 0)
    throw malformed(
      `The reply holds <${reply?.children[0]?.name ?? reply?.name ?? 'nothing'}> where it should not.`,
    );
}
