/** RetrieveServiceContent: where everything is. The one call that every client makes first, without a session. */
import { serviceContent } from '../objects/managers.ts';
import { defineMethod } from './method.ts';

export const retrieveServiceContent = defineMethod({
  on: 'ServiceInstance',
  name: 'RetrieveServiceContent',
  returns: 'ServiceContent',
  privilege: 'System.Anonymous',
  run: (_args, { vcenter }) => serviceContent({ vcenter }),
});
