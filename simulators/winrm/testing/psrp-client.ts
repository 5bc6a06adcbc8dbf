/** The client's side of PowerShell remoting's fragments, for tests: whole ones, and such as nobody should send. */
export interface OddFragment {
  readonly type?: number;
  readonly xml?: string;
  readonly destination?: number;
  /** What the head says, in place of how long it is. */
  readonly length?: number;
  readonly objectId?: bigint;
  readonly fragmentId?: bigint;
  readonly flags?: number;
}

/** One message in one fragment, as base64. */
export function encodedFragment({
  type = 0x00010002,
  xml = '<Obj RefId="0"><MS/></Obj>',
  destination = 2,
  length,
  objectId = 1n,
  fragmentId = 0n,
  flags = 3,
}: OddFragment = {}): string {
  const message = Buffer.alloc(40);
  message.writeUInt32LE(destination, 0);
  message.writeUInt32LE(type, 4);
  const whole = Buffer.concat([message, Buffer.from(xml)]);
  const head = Buffer.alloc(21);
  head.writeBigUInt64BE(objectId, 0);
  head.writeBigUInt64BE(fragmentId, 8);
  head[16] = flags;
  head.writeUInt32BE(length ?? whole.length, 17);
  return Buffer.concat([head, whole]).toString('base64');
}

/** Messages of a server, out of the streams of one or more answers. */
export function messagesOf(xml: string): Array<{ readonly type: number; readonly xml: string }> {
  const messages: Array<{ type: number; xml: string }> = [];
  let pieces: Buffer[] = [];
  for (const [, base64 = ''] of xml.matchAll(/<rsp:Stream Name="stdout"[^>]*>([^<]+)</g)) {
    const bytes = Buffer.from(base64, 'base64');
    const length = bytes.readUInt32BE(17);
    if (21 + length !== bytes.length) throw new Error('a stream holds more or less than one fragment');
    pieces.push(bytes.subarray(21));
    if ((bytes[16]! & 2) === 0) continue;
    const message = Buffer.concat(pieces);
    pieces = [];
    messages.push({ type: message.readUInt32LE(4), xml: message.toString('utf8', 43) });
  }
  return messages;
}
