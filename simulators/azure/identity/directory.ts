/** Who exists in the tenant: applications with their credentials, people, and sign-ins by device code. */
import type { UnixMillis } from '#core/units.ts';

export interface Application {
  readonly clientId: string;
  /** Of its service principal in this tenant. */
  readonly objectId: string;
  readonly name: string;
  readonly secret?: string;
  readonly secretExpiresAt?: UnixMillis;
  /** Certificates (PEM) whose keys may sign client assertions. */
  readonly certificates?: readonly string[];
  /** May sign people in without a credential of its own, as command-line tools do. */
  readonly publicClient?: boolean;
  /** Secrets that were added later. */
  readonly moreSecrets?: ReadonlyArray<{ readonly secret: string; readonly expiresAt: UnixMillis }>;
  /** May register other applications in the directory. */
  readonly managesApplications?: boolean;
}

export interface Person {
  readonly objectId: string;
  readonly userPrincipalName: string;
  readonly name: string;
  /** Without one nobody signs in by name; consent is then given by the scenario. */
  readonly password?: string;
}

/** Command-line tools that every tenant knows. */
export const WELL_KNOWN_APPLICATIONS: readonly Application[] = [
  {
    clientId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    objectId: '7a2d5a9b-1a8e-4a6a-9f0b-000000000001',
    name: 'Microsoft Azure CLI',
    publicClient: true,
  },
  {
    clientId: '1950a258-227b-4e31-a9cf-717495945fc2',
    objectId: '7a2d5a9b-1a8e-4a6a-9f0b-000000000002',
    name: 'Microsoft Azure PowerShell',
    publicClient: true,
  },
];

export interface PendingSignIn {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly clientId: string;
  readonly scope: string;
  readonly expiresAt: UnixMillis;
  state: 'pending' | 'declined' | 'used' | { readonly person: Person };
}

interface RefreshGrant {
  readonly clientId: string;
  readonly person: Person;
  readonly scope: string;
  readonly expiresAt: UnixMillis;
}

/** An authorization code that waits to be redeemed. */
interface CodeGrant {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly person: Person;
  readonly scope: string;
  /** SHA-256 of the verifier, Base64url; none without PKCE. */
  readonly challenge: string | undefined;
  readonly expiresAt: UnixMillis;
}

const PENDING_MAX = 1000;
const REFRESH_TOKENS_MAX = 10_000;

export class Directory {
  readonly #applications = new Map<string, Application>();
  readonly #people = new Map<string, Person>();
  readonly #pending = new Map<string, PendingSignIn>();
  readonly #codes = new Map<string, CodeGrant>();
  readonly #refresh = new Map<string, RefreshGrant>();

  constructor(applications: readonly Application[], people: readonly Person[]) {
    for (const application of [...WELL_KNOWN_APPLICATIONS, ...applications]) this.register(application);
    for (const person of people) this.#people.set(person.userPrincipalName.toLowerCase(), person);
  }

  /** Adds an application, or replaces the one with its id. */
  register(application: Application): void {
    this.#applications.set(application.clientId.toLowerCase(), application);
  }

  /** The application can be signed in with no more. */
  forget(clientId: string): void {
    this.#applications.delete(clientId.toLowerCase());
  }

  /** Those of this tenant, without the tools that every tenant knows. */
  ownApplications(): Application[] {
    return [...this.#applications.values()].filter((known) => !WELL_KNOWN_APPLICATIONS.includes(known));
  }

  people(): Person[] {
    return [...this.#people.values()];
  }

  /** What an object id stands for in this directory. */
  principalType(objectId: string): 'ServicePrincipal' | 'User' | undefined {
    const id = objectId.toLowerCase();
    for (const { objectId: known } of this.#applications.values())
      if (known.toLowerCase() === id) return 'ServicePrincipal';
    for (const { objectId: known } of this.#people.values()) if (known.toLowerCase() === id) return 'User';
    return undefined;
  }

  application(clientId: string): Application | undefined {
    return this.#applications.get(clientId.toLowerCase());
  }

  begin(signIn: PendingSignIn): void {
    this.#pending.set(signIn.deviceCode, signIn);
    if (this.#pending.size > PENDING_MAX) this.#pending.delete(this.#pending.keys().next().value!);
  }

  signIn(deviceCode: string): PendingSignIn | undefined {
    return this.#pending.get(deviceCode);
  }

  /**
   * What a person does in the browser: types the code, and consents or declines.
   * @returns false when nobody waits for that code, or there is no such person.
   */
  answer(userCode: string, userPrincipalName: string, consent: boolean, now: UnixMillis): boolean {
    const person = this.#people.get(userPrincipalName.toLowerCase());
    const signIn = [...this.#pending.values()].find(
      (pending) => pending.userCode === userCode && pending.state === 'pending' && now < pending.expiresAt,
    );
    if (!person || !signIn) return false;
    signIn.state = consent ? { person } : 'declined';
    return true;
  }

  /** Who that is; undefined for an unknown name or another password. */
  signedIn(userPrincipalName: string, password: string): Person | undefined {
    const person = this.#people.get(userPrincipalName.trim().toLowerCase());
    return person?.password !== undefined && person.password === password ? person : undefined;
  }

  keepCode(code: string, grant: CodeGrant): void {
    this.#codes.set(code, grant);
    if (this.#codes.size > PENDING_MAX) this.#codes.delete(this.#codes.keys().next().value!);
  }

  /** A code is good once. */
  takeCode(code: string): CodeGrant | undefined {
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    return grant;
  }

  keepRefreshToken(token: string, grant: RefreshGrant): void {
    this.#refresh.set(token, grant);
    if (this.#refresh.size > REFRESH_TOKENS_MAX) this.#refresh.delete(this.#refresh.keys().next().value!);
  }

  refreshGrant(token: string): RefreshGrant | undefined {
    return this.#refresh.get(token);
  }
}
