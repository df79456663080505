import type { JsonView } from '../views.js';

export interface KvPair {
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  /** How often the lock was taken since the last plain write. */
  readonly lockIndex: number;
  /** Who holds the lock; empty for nobody. */
  readonly session: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export function pairView(pair: KvPair, { withValue = true }: { readonly withValue?: boolean } = {}): JsonView {
  const isShown = withValue && pair.value.length > 0;
  return {
    LockIndex: pair.lockIndex,
    Key: pair.key,
    Flags: pair.flags,
    Value: isShown ? Buffer.from(pair.value).toString('base64') : null,
    Session: pair.session || undefined,
    CreateIndex: pair.createIndex,
    ModifyIndex: pair.modifyIndex,
  };
}
