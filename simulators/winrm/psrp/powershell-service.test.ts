/** PowerShell remoting as pypsrp and Invoke-Command speak it: pools, pipelines, what they put out and how they end. */
import '#core/testing/random-seed.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseXml } from '#core/wire/xml/reader.ts';
import { encodedFragment, messagesOf } from '../testing/psrp-client.ts';
import { type Soap, type TestHost, testHost } from '../testing/test-host.ts';
import { ACTION, RESOURCE } from '../wsman/names.ts';
import { clixmlText, unescaped, valueXml } from './clixml.ts';
import { FragmentQueue, FragmentReader, MESSAGE, NO_PIPELINE, ObjectIds } from './fragments.ts';

const URI = `${RESOURCE.powershell}Microsoft.PowerShell`;
const POOL = '11111111-2222-3333-4444-555555555555';

async function onHost(script: (host: TestHost) => Promise<void>): Promise<void> {
  await using host = await testHost();
  await host.run(() => script(host));
}

const say = (host: TestHost, action: string, body: string, header = ''): Promise<Soap> =>
  host.ask({ action, uri: URI, body, header, selectors: { ShellId: POOL }, timeout: 'PT20S' });

const capability = encodedFragment({ type: MESSAGE.sessionCapability });
const init = encodedFragment({ type: MESSAGE.initRunspacePool, objectId: 2n });

async function open(host: TestHost): Promise<void> {
  const both = Buffer.concat([Buffer.from(capability, 'base64'), Buffer.from(init, 'base64')]);
  const { status } = await host.ask({
    action: ACTION.create,
    uri: URI,
    body: `<rsp:Shell ShellId="${POOL}"><creationXml xmlns="http://schemas.microsoft.com/powershell">${both.toString('base64')}</creationXml></rsp:Shell>`,
  });
  expect(status).toBe(200);
}

const receive = (host: TestHost, id?: string, header = ''): Promise<Soap> =>
  say(
    host,
    ACTION.receive,
    `<rsp:Receive><rsp:DesiredStream${id === undefined ? '' : ` CommandId="${id}"`}>stdout</rsp:DesiredStream></rsp:Receive>`,
    header,
  );

interface Cmd {
  readonly cmd: string;
  readonly script?: boolean;
  readonly args?: string;
}

const list = (items: string): string => `<LST>${items}</LST>`;
const command = ({ cmd, script = false, args = '' }: Cmd): string =>
  `<Obj RefId="9"><MS><S N="Cmd">${cmd}</S><B N="IsScript">${script}</B><Obj N="Args" RefId="8">${list(args)}</Obj></MS></Obj>`;

function pipelineXml(commands: readonly Cmd[], { noInput = true } = {}): string {
  return (
    `<Obj RefId="0"><MS><B N="NoInput">${noInput}</B><Obj N="PowerShell" RefId="1"><MS><B N="IsNested">false</B>` +
    `<Nil N="ExtraCmds"/><Obj N="Cmds" RefId="2">${list(commands.map(command).join(''))}</Obj></MS></Obj></MS></Obj>`
  );
}

const start = (
  host: TestHost,
  id: string,
  xml: string,
  type: number = MESSAGE.createPipeline,
): Promise<Soap> =>
  say(
    host,
    ACTION.command,
    `<rsp:CommandLine CommandId="${id}"><rsp:Command/><rsp:Arguments>${encodedFragment({ type, xml })}</rsp:Arguments></rsp:CommandLine>`,
  );

async function all(host: TestHost, id: string, header = ''): Promise<ReturnType<typeof messagesOf>> {
  let xml = '';
  for (;;) {
    const answer = await receive(host, id, header);
    xml += answer.xml;
    if (answer.status !== 200 || answer.xml.includes('CommandState/Done')) return messagesOf(xml);
  }
}

describe('a runspace pool', () => {
  test('opens: capability, the versions that it has, and that it is open', () =>
    onHost(async (host) => {
      await open(host);
      const messages = messagesOf((await receive(host)).xml);
      expect(messages.map(({ type }) => type)).toEqual([
        MESSAGE.sessionCapability,
        MESSAGE.applicationPrivateData,
        MESSAGE.runspacePoolState,
      ]);
      expect(messages[1]!.xml).toContain('<Version N="Value">5.1.17763.1</Version>');
      expect(messages[2]!.xml).toContain('<I32 N="RunspaceState">2</I32>');
    }));

  test('has nothing more to say: TimedOut; and is gone once it was deleted', () =>
    onHost(async (host) => {
      await open(host);
      await receive(host);
      expect(await receive(host)).toMatchObject({ code: 2150858793 });
      expect((await say(host, ACTION.delete, '')).status).toBe(200);
      expect(await receive(host)).toMatchObject({ code: 2150858843 });
    }));

  test('tells how many runspaces are free, and breaks on what is not offered', () =>
    onHost(async (host) => {
      await open(host);
      await receive(host);
      const send = (type: number, objectId: bigint): Promise<Soap> =>
        say(
          host,
          ACTION.send,
          `<rsp:Send><rsp:Stream Name="pr">${encodedFragment({ type, objectId, xml: '<Obj RefId="0"><MS><I64 N="ci">77</I64></MS></Obj>' })}</rsp:Stream></rsp:Send>`,
        );
      await send(MESSAGE.getAvailableRunspaces, 3n);
      expect(messagesOf((await receive(host)).xml)[0]!.xml).toContain('<I64 N="ci">77</I64>');
      await send(MESSAGE.publicKey, 4n);
      expect(messagesOf((await receive(host)).xml)[0]!.xml).toContain('<I32 N="RunspaceState">5</I32>');
      expect((await start(host, POOL, pipelineXml([{ cmd: 'x' }]))).status).toBe(500);
    }));

  test('of a configuration that nobody registered is refused', () =>
    onHost(async (host) => {
      const { code } = await host.ask({
        action: ACTION.create,
        uri: `${RESOURCE.powershell}JEA`,
        body: '<rsp:Shell/>',
      });
      expect(code).toBe(2150858811);
    }));
});

describe('a pipeline', () => {
  test('puts out objects, and is completed', () =>
    onHost(async (host) => {
      await open(host);
      await start(host, POOL, pipelineXml([{ cmd: 'Get-It' }]));
      const messages = await all(host, POOL);
      expect(messages.map(({ type }) => type)).toEqual([MESSAGE.pipelineOutput, MESSAGE.pipelineState]);
      expect(messages[0]!.xml).toContain('<S N="Text">Get-It</S><I32 N="Length">6</I32>');
      expect(messages[1]!.xml).toContain('<I32 N="PipelineState">4</I32>');
    }));

  test('whose command is not there fails; a script that misses one says so and goes on', () =>
    onHost(async (host) => {
      await open(host);
      await start(host, POOL, pipelineXml([{ cmd: 'No-Such' }]));
      const failed = await all(host, POOL);
      expect(failed.map(({ type }) => type)).toEqual([MESSAGE.pipelineState]);
      expect(failed[0]!.xml).toMatch(/<I32 N="PipelineState">5<.*CommandNotFoundException/);
      const other = POOL.replace('1', '9');
      await start(host, other, pipelineXml([{ cmd: 'No-Such', script: true }]));
      expect((await all(host, other)).map(({ type }) => type)).toEqual([
        MESSAGE.errorRecord,
        MESSAGE.pipelineState,
      ]);
    }));

  test('waits for the end of its input, takes none, and refuses metadata of commands', () =>
    onHost(async (host) => {
      await open(host);
      await start(host, POOL, pipelineXml([{ cmd: 'Get-It' }], { noInput: false }));
      expect(await receive(host, POOL)).toMatchObject({ code: 2150858793 });
      const end = encodedFragment({ type: MESSAGE.endOfPipelineInput, objectId: 5n });
      await say(
        host,
        ACTION.send,
        `<rsp:Send><rsp:Stream Name="stdin" CommandId="${POOL}">${end}</rsp:Stream></rsp:Send>`,
      );
      expect((await all(host, POOL)).at(-1)!.xml).toContain('<I32 N="PipelineState">4</I32>');
      const other = POOL.replace('1', '9');
      await start(host, other, '<Obj RefId="0"><MS/></Obj>', MESSAGE.getCommandMetadata);
      expect((await all(host, other))[0]!.xml).toMatch(/<I32 N="PipelineState">5<.*NotSupported/);
    }));

  test('is stopped by the signal as the specification spells it', () =>
    onHost(async (host) => {
      await open(host);
      await start(host, POOL, pipelineXml([{ cmd: 'Get-It' }]));
      const code = 'http://schemas.microsoft.com/powershell/signal/crtl_c';
      await say(
        host,
        ACTION.signal,
        `<rsp:Signal CommandId="${POOL}"><rsp:Code>${code}</rsp:Code></rsp:Signal>`,
      );
      expect((await all(host, POOL)).at(-1)!.xml).toContain('<I32 N="PipelineState">3</I32>');
    }));

  test('with more to say than an envelope holds says it in whole fragments', () =>
    onHost(async (host) => {
      await open(host);
      const text = 'long '.repeat(20_000);
      await start(host, POOL, pipelineXml([{ cmd: text, script: true }]));
      const messages = await all(host, POOL, '<w:MaxEnvelopeSize>16384</w:MaxEnvelopeSize>');
      expect(messages[0]!.xml).toContain(text);
    }));
});

test('fragments: whatever room there is, messages come whole and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 3000 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 30, max: 900 }), { minLength: 1 }),
      (texts, rooms) => {
        const queue = new FragmentQueue(new ObjectIds());
        for (const xml of texts) queue.add({ type: 1, poolId: POOL, pipelineId: NO_PIPELINE, xml });
        const reader = new FragmentReader();
        const read: string[] = [];
        for (let n = 0; ; n++) {
          const fragment = queue.take(rooms[n % rooms.length]!);
          if (!fragment) break;
          expect(fragment.length).toBeLessThanOrEqual(rooms[n % rooms.length]!);
          // messages to the client carry 1 where those to the server carry 2
          if ((fragment[16]! & 1) === 1 && fragment.length > 21) fragment[21] = 2;
          for (const message of reader.push(fragment)) {
            expect(message.poolId).toBe(POOL);
            read.push(message.xml);
          }
        }
        expect(queue.isEmpty).toBe(true);
        expect(read).toEqual(texts.map((text) => Buffer.from(text).toString()));
      },
    ),
  );
});

test('CLIXML carries any text, and every value is one well-formed element', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const clean = Buffer.from(text).toString(); // lone halves of characters are nothing that a text has
      const { text: read } = parseXml(`<S>${clixmlText(clean)}</S>`);
      expect(unescaped(read)).toBe(clean);
    }),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    ),
  }));
  fc.assert(
    fc.property(value, (any) => {
      expect(() => parseXml(valueXml(any as never))).not.toThrow();
    }),
  );
});
