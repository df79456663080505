/** Something that is there at once when it is known, and a promise of it otherwise. */
export type MaybePromise<T> = T | Promise<T>;

/** `change` applied to it, at once if it is there. */
export function mapMaybe<T, U>(value: MaybePromise<T>, change: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(change) : change(value);
}

/** What all reads make, at once if all are there; rejects when one throws or rejects. */
export function allMaybe<T>(reads: readonly (() => MaybePromise<T>)[]): MaybePromise<readonly T[]> {
  // One that throws must not leave the promise of another alone.
  const values = reads.map((read) => attempt(read));
  const known = values.filter((value): value is Awaited<T> => !(value instanceof Promise));
  return known.length === values.length ? known : Promise.all(values);
}

function attempt<T>(read: () => MaybePromise<T>): MaybePromise<T> {
  try {
    return read();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What `attempt` makes; or, whether it throws or rejects, what `recover` makes of the error. */
export function recoverMaybe<T>(attempt: () => MaybePromise<T>, recover: (error: unknown) => T): MaybePromise<T> {
  try {
    const value = attempt();
    return value instanceof Promise ? value.catch(recover) : value;
  } catch (error) {
    return recover(error);
  }
}
