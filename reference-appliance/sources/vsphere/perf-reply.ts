/**
 * Reading a QueryPerf reply in CSV form: the appliance's hottest path, 200 million samples in a simulated month.
 *
 * A reply is `returnval*`, each an `entity`, a `sampleInfoCSV` ("20,<time>,20,<time>…") and one `value` per
 * counter and instance, holding `id{counterId, instance}` and `value` ("1,2,3") [vSphere Web Services API,
 * PerfEntityMetricCSV, PerfMetricSeriesCSV]. Two readers give the same result:
 *
 * - `scan` (perf-scan.ts) knows just the form that vCenter sends, and is quick.
 * - Whatever it does not recognise (comments, entities, prefixes, another order) goes to the XML parser as a
 *   whole, at about a tenth of the speed.
 */
import { childText } from '#core/wire/xml/element.ts';
import { REPLY_LIMITS, XmlStream } from '#core/wire/xml/reader.ts';
import type { SampleRun } from '../../app/ports.ts';
import { checkCount, malformed, parseSampleInfo } from './perf-samples.ts';
import { INT32_MAX, type PerfSink, scan } from './perf-scan.ts';

/**
 * @param body     the whole SOAP reply.
 * @param makeSink called once, or twice when the fast reader gives up half way; the last one is returned.
 * @throws `vcenter.perf.malformed`, `xml.*`, `soap.envelope`
 */
export function readPerfReply<Sink extends PerfSink>(body: Buffer, makeSink: () => Sink): Sink {
  const sink = makeSink();
  if (scan(body, sink)) return sink;
  const again = makeSink();
  parse(body, again);
  return again;
}

const FRAME = ['Envelope', 'Body', 'QueryPerfResponse'];

/** The same through the XML parser, values still taken as bytes. */
function parse(body: Buffer, sink: PerfSink): void {
  let moid = '';
  let runs: readonly SampleRun[] = [];
  let count = 0;
  let counterId = 0;
  let instance = '';
  let values = new Int32Array(256);
  let csv = '';
  const stream = new XmlStream({
    limits: REPLY_LIMITS,
    capture: (name) => name === 'entity' || name === 'sampleInfoCSV' || name === 'id' || name === 'Fault',
    onElement: (element) => {
      if (element.name === 'Fault') throw malformed('The reply is a fault with a good status.');
      if (element.name === 'entity') {
        moid = element.text;
        runs = [];
        count = 0;
      } else if (element.name === 'sampleInfoCSV') ({ runs, count } = parseSampleInfo(element.text));
      else {
        const id = childText(element, 'counterId') ?? '';
        if (!/^\d{1,9}$/.test(id)) throw malformed(`A counterId is "${id}".`);
        counterId = Number(id);
        instance = childText(element, 'instance') ?? '';
      }
    },
    onOpen: (name, depth) => {
      if (depth < FRAME.length && name !== FRAME[depth] && name !== 'Header')
        throw malformed(`The reply holds <${name}> where it should not.`);
      // a server that does not know the CSV form answers in the normal one: nothing of it would be read
      if (name === 'sampleInfo') throw malformed('The reply is not in the CSV form that was asked for.');
      if (name === 'value' && moid !== '') started();
      if (name === 'value') csv = '';
    },
    onClose: (name) => {
      if (name === 'returnval') {
        if (moid === '') throw malformed('A returnval has no entity.');
        started();
        moid = '';
        announced = false;
      }
    },
    bulk: {
      tag: 'value',
      sink: {
        bytes: (piece) => {
          csv += Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
        },
        end: finished,
      },
    },
  });
  let announced = false;
  let pending = true;
  stream.write(body);
  stream.end();

  function started(): void {
    pending = true;
    if (announced) return;
    announced = true;
    sink.entity(moid, runs);
  }

  /** Both the inner and the outer `value` end here; the inner one comes first. */
  function finished(): void {
    if (!pending) return;
    pending = false;
    const parts = csv.trim() === '' ? [] : csv.trim().split(',');
    checkCount(parts.length, count, counterId, moid);
    if (values.length < parts.length) values = new Int32Array(parts.length);
    for (const [i, part] of parts.entries()) {
      if (!/^-?\d+$/.test(part)) throw malformed(`Counter ${counterId} of ${moid} has a value "${part}".`);
      values[i] = part.startsWith('-') ? -1 : Math.min(Number(part), INT32_MAX);
    }
    sink.series(counterId, instance, values, parts.length);
  }
}
