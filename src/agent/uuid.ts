import { HttpError } from './http-error.js';

/** Refuses what cannot be an id. `lead` says what was being done, as Consul's texts do. */
export function checkUuid(text: string, lead: string): void {
  if (text.length !== 36) throw new HttpError(500, `${lead}: index error: UUID must be 36 characters`);
}
