/** Queries of WQL ("SQL for WMI") as a tree. */

export type Literal = string | number | bigint | boolean | null;

export type Comparison = '=' | '<>' | '<' | '>' | '<=' | '>=' | 'like';

export interface PropertyName {
  readonly property: string;
}

export type Operand = { readonly literal: Literal } | PropertyName;

export type Condition =
  | {
      readonly kind: 'compare';
      readonly left: Operand;
      readonly operator: Comparison;
      readonly right: Operand;
    }
  | { readonly kind: 'null'; readonly property: string; readonly not: boolean }
  | { readonly kind: 'isa'; readonly className: string }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition };

export interface SelectQuery {
  readonly kind: 'select';
  /** Undefined: every property. */
  readonly properties: readonly string[] | undefined;
  readonly className: string;
  readonly where: Condition | undefined;
}

/** Options of ASSOCIATORS OF and REFERENCES OF, by name in lower case; those without a value are `true`. */
export interface RelatedQuery {
  readonly kind: 'associators' | 'references';
  readonly path: ObjectPath;
  readonly assocClass?: string;
  readonly resultClass?: string;
  readonly resultRole?: string;
  readonly role?: string;
}

export interface ObjectPath {
  readonly className: string;
  /** By name as written. */
  readonly keys: ReadonlyMap<string, string>;
}

export type Query = SelectQuery | RelatedQuery;
