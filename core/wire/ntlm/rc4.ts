/** RC4: the stream cipher of NTLM sessions; OpenSSL 3 no longer has it. The state goes on from call to call. */
export class Rc4 {
  readonly #s = Uint8Array.from({ length: 256 }, (_, i) => i);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    const s = this.#s;
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + s[i]! + key[i % key.length]!) & 255;
      [s[i], s[j]] = [s[j]!, s[i]!];
    }
  }

  /** Enciphers or deciphers, which is the same. */
  update(data: Uint8Array): Buffer {
    const s = this.#s;
    const out = Buffer.allocUnsafe(data.length);
    let i = this.#i;
    let j = this.#j;
    for (let n = 0; n < data.length; n++) {
      i = (i + 1) & 255;
      const x = s[i]!;
      j = (j + x) & 255;
      const y = s[j]!;
      s[i] = y;
      s[j] = x;
      out[n] = data[n]! ^ s[(x + y) & 255]!;
    }
    this.#i = i;
    this.#j = j;
    return out;
  }
}
