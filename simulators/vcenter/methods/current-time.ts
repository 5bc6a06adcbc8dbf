/** CurrentTime: the server's clock, which is the story's. */
import { defineMethod } from './method.ts';

export const currentTime = defineMethod({
  on: 'ServiceInstance',
  name: 'CurrentTime',
  returns: 'dateTime',
  privilege: 'System.View',
  run: (_args, { now }) => now,
});
