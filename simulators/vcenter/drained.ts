/** Back-pressure of a response. */
import type { HttpReply } from '#core/net/http-server.ts';

/** Resolves when the response takes more, or will take no more because the client went away. */
export function drained(response: HttpReply): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
