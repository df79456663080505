import type { ConsulClient } from './client.js';

/**
 * The name of the backend's own datacenter: from the agent, or, where the token may not read that, from its nodes.
 *
 * Undefined when the token may see neither. Fails with a `CatalogError` when the backend cannot be asked.
 */
export async function readDatacenter(client: ConsulClient, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await client.self({ signal })).datacenter.toLowerCase();
  } catch (error) {
    signal.throwIfAborted();
    const nodes = await client.nodes({ signal, consistency: 'stale', datacenter: undefined }).catch(() => {
      throw error;
    });
    return nodes.value[0]?.datacenter.toLowerCase();
  }
}
