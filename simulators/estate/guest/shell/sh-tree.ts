/** A parsed shell script: what sh-syntax.ts makes and sh.ts carries out. */

export type WordPart =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /** ":-", "-", ":=", "=", ":?", "?", ":+", "+", "#", "##", "%", "%%", "/", "//", ":" or "length". */
      readonly operator: string | undefined;
      readonly operand: Word | undefined;
      readonly quoted: boolean;
    }
  | { readonly kind: 'command'; readonly list: List; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly text: Word; readonly quoted: boolean };
export type Word = readonly WordPart[];

export interface Redirection {
  readonly descriptor: 0 | 1 | 2 | 'both';
  /** "<<" and "<<<" give the target itself as input. */
  readonly operator: '<' | '>' | '>>' | '>&' | '<<' | '<<<';
  readonly target: Word;
}

export type Node =
  | {
      readonly kind: 'simple';
      readonly assignments: ReadonlyArray<readonly [string, Word]>;
      readonly words: readonly Word[];
    }
  | { readonly kind: 'group'; readonly list: List; readonly subshell: boolean }
  | {
      readonly kind: 'if';
      readonly branches: ReadonlyArray<{ readonly test: List; readonly body: List }>;
      readonly otherwise: List | undefined;
    }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[]; readonly body: List }
  | { readonly kind: 'while'; readonly test: List; readonly body: List; readonly until: boolean }
  | {
      readonly kind: 'case';
      readonly word: Word;
      readonly branches: ReadonlyArray<{ readonly patterns: readonly Word[]; readonly body: List }>;
    }
  | { readonly kind: 'function'; readonly name: string; readonly body: Command }
  /** `[[ … ]]`: words as they stand, operators among them unquoted. */
  | { readonly kind: 'condition'; readonly words: readonly Word[] }
  /** `(( … ))` */
  | { readonly kind: 'arithmetic'; readonly text: Word };

export interface Command {
  readonly node: Node;
  readonly redirections: readonly Redirection[];
}

export interface Pipeline {
  readonly commands: readonly Command[];
  readonly negated: boolean;
}

/** Pipelines with what stands before each: always, when the last succeeded, or when it failed. */
export type List = ReadonlyArray<{ readonly when: 'always' | 'and' | 'or'; readonly pipeline: Pipeline }>;
