/** Makers of what gets passed by mistake, by a name for messages. */
export declare const wrongValues: Readonly<Record<string, () => unknown>>;

/** How one exported function is called rightly. */
export interface RightCall {
  /** Makes right arguments, anew for each call. */
  readonly args: () => unknown[];
  /** Position of an argument that is an option object: an unknown name in it must be refused. */
  readonly options?: number;
  /** Methods of what it makes, which are called wrongly too. */
  readonly methods?: readonly string[];
  /** Names of wrong values that are right here, and would take long: `undefined` for a large default. */
  readonly without?: readonly string[];
}

/** What {@link wrongCalls} has to know of a package. */
export interface WrongCallOptions {
  readonly cases?: Readonly<Record<string, RightCall>>;
  /** Functions that are not called, each with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Runs after each call: puts back what a call may have changed. */
  readonly after?: () => unknown;
}

/** Calls every exported function wrongly; one line for each call that neither works nor raises a BitgradError. */
export declare function wrongCalls(exports: object, options?: WrongCallOptions): Promise<string[]>;
