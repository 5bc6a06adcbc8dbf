/** Back-pressure of a response. */
import type { HttpResponseOut } from '#core/net/http-server.ts';

/** Resolves when the response takes more, or will take no more because the client went away. */
export function drained(response: HttpResponseOut): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
