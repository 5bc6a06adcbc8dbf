/** Bare `vitest`, editors and the UI look for this name; the projects live in vitest.workspace.ts. */
export { default } from './vitest.workspace.ts';
