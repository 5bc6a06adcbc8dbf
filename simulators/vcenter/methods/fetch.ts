/**
 * Fetch: one property of one object. Not in the published WSDL; newer pyVmomi (8.0.3) reads every attribute by
 * it, and so do ovftool and Xen Orchestra. The result names its type, as values of anyType do.
 */
import { vimFault } from '../faults.ts';
import { onlySeen } from '../property/object-content.ts';
import { compilePath } from '../property/path.ts';
import { mustOffer, refusal } from '../property/projection.ts';
import { defineMethod, Written } from './method.ts';

export const fetch = defineMethod<{ prop: string }>({
  on: 'ManagedObject',
  name: 'Fetch',
  takes: 'prop string',
  returns: 'anyType?',
  privilege: 'System.Anonymous',
  faults: ['InvalidProperty'],
  run({ prop }, call) {
    const { self, encoder } = call;
    const path = compilePath(self.ref.type, prop, encoder.version);
    if (path.steps.length > 1)
      throw vimFault('InvalidProperty', 'Fetch takes the name of one property.', { name: prop });
    const reading = call.reading();
    const fault = refusal(self, path, reading);
    if (fault) throw fault;
    mustOffer(self, path);
    const value = self.read(path.root, reading);
    if (value === undefined) return undefined;
    return new Written([encoder.any('returnval', onlySeen(value, path, reading), path.declared)]);
  },
});
