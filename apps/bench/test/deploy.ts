// The files of deploy/, read.
import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';

const read = (name: string): string => readFileSync(new URL(`../deploy/${name}`, import.meta.url), 'utf8');

/** What is looked at in a service of compose.yaml. */
export interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly [setting: string]: unknown;
}

/** compose.yaml, its anchors resolved. */
export const compose = (): {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
} => parse(read('compose.yaml'), { merge: true });

/** A container of a Kubernetes manifest. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[]; // prettier-ignore
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { name: string; mountPath: string; readOnly?: boolean }[];
}

/** An object of kubernetes.yaml. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- of each kind another, which its schema checks
  readonly spec: any;
}

/** The objects of kubernetes.yaml. */
export const manifests = (): Manifest[] =>
  parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS() as Manifest);

/** The lines of the Dockerfile that begin with an instruction. */
export const instructions = (name: string): string[] =>
  [...read('Dockerfile').matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map((match) => match[1]!);

/** How compose.yaml starts the Redis, word by word. */
export const redisCommand = (): readonly string[] => compose().services['redis']!.command!;
