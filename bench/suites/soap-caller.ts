/** One connection to a vCenter, without understanding what it says: requests go out as text, answers are counted. */
import { Agent, request } from 'node:https';

export interface Answer {
  readonly bytes: number;
  /** The first part of the answer, enough for references. */
  readonly text: string;
}

const KEPT_BYTES = 64 * 1024;

export class SoapCaller {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  #cookie: string | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** @param self "VirtualMachine:vm-42" */
  call(method: string, self: string, inner: string): Promise<Answer> {
    const [type, id] = self.split(':');
    return this.post(
      '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
        `<Body><${method} xmlns="urn:vim25"><_this type="${type}">${id}</_this>${inner}</${method}></Body></Envelope>`,
    );
  }

  post(body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = {
        'Content-Type': 'text/xml; charset=utf-8',
        'Content-Length': Buffer.byteLength(body),
        SOAPAction: 'urn:vim25/6.5',
        ...(this.#cookie === undefined ? {} : { Cookie: this.#cookie }),
      };
      const asked = request(
        { host: '127.0.0.1', port: this.#port, agent: this.#agent, method: 'POST', path: '/sdk', headers },
        (response) => {
          this.#cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? this.#cookie;
          const kept: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            if (bytes < KEPT_BYTES) kept.push(chunk);
            bytes += chunk.length;
          });
          response.on('end', () => {
            const text = Buffer.concat(kept).toString();
            if (response.statusCode === 200) resolve({ bytes, text });
            else reject(new Error(`answered ${response.statusCode}: ${text.slice(0, 500)}`));
          });
          response.on('error', reject);
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
