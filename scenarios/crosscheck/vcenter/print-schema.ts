/**
 * Prints the vCenter simulator's schema and methods as JSON, for schema.py to hold against pyVmomi:
 * `node --import tsx scenarios/crosscheck/vcenter/print-schema.ts`.
 */
import { METHODS } from '#simulators/vcenter/methods/table.ts';
import type { Field } from '#simulators/vcenter/schema/notation.ts';
import { allEnums, allTypes } from '#simulators/vcenter/schema/schema.ts';
import { VERSIONS } from '#simulators/vcenter/schema/versions.ts';

const fieldOf = ({ name, type, kind, isArray, isOptional, since }: Field) => ({
  name,
  type,
  kind,
  isArray,
  isOptional,
  since: VERSIONS[since],
});

process.stdout.write(
  JSON.stringify({
    types: [...allTypes()].map(({ kind, name, base, since, own }) => ({
      kind,
      name,
      base: base?.name ?? null,
      since: VERSIONS[since],
      own: own.map(fieldOf),
    })),
    enums: [...allEnums()].map(({ name, values }) => ({ name, values: [...values] })),
    // Fetch is not published, so pyVmomi's tables do not have it; newer versions of it call it all the same.
    methods: METHODS.filter(({ name }) => name !== 'Fetch').map(
      ({ on, name, since, parameters, returns, privilege }) => ({
        on,
        name,
        since: VERSIONS[since],
        parameters: [...parameters.values()].map(fieldOf),
        returns: returns ? { type: returns.type, kind: returns.kind, isArray: returns.isArray } : null,
        privilege: privilege ?? null,
      }),
    ),
  }),
);
