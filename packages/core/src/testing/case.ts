/** One promise of a contract as a plain function: it rejects when the promise is broken. */
export interface ConformanceCase {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Rejects with an `AssertionError` when the promise is broken. */
  readonly run: () => Promise<void>;
  /** Why the implementation does not promise this; absent for cases that must pass. */
  readonly skip?: string;
}

/** What a case is run on. */
export interface ConformanceSubject {
  /** Called once after the case, also when it failed. */
  close(): Promise<void>;
}

/** How a conformance kit is run. */
export interface ConformanceOptions {
  /** Reason by case name, for promises that an implementation openly does not keep. */
  readonly skip?: Readonly<Record<string, string>>;
}

/**
 * Binds cases to a way of opening what they test. Each run opens its own and closes it, whatever happens.
 * @throws RangeError when `skip` names a case that does not exist.
 */
export function conformanceCases<T extends ConformanceSubject>(
  open: () => Promise<T>,
  cases: Readonly<Record<string, (subject: T) => Promise<void>>>,
  options: ConformanceOptions = {},
): readonly ConformanceCase[] {
  const skip = options.skip ?? {};
  for (const name of Object.keys(skip))
    if (!(name in cases)) throw new RangeError(`There is no conformance case "${name}" to skip.`);
  return Object.entries(cases).map(([name, test]) => {
    const reason = skip[name];
    return {
      name,
      async run() {
        const subject = await open();
        try {
          await test(subject);
        } finally {
          await subject.close();
        }
      },
      ...(reason === undefined ? {} : { skip: reason }),
    };
  });
}
