import { Hono } from 'hono';
import type { AdminView } from './view.js';

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * - `/metrics`: for Prometheus
 * - `/health`: 200 for as long as the process answers; a Consul that is down is no reason to restart it
 * - `/ready`: 200 once the catalog is known, 503 before; it stays ready while it serves stale rows
 */
export function createRoutes(view: AdminView): Hono {
  const app = new Hono();
  app.get('/metrics', async (context) =>
    context.body(await view.metricsText(), 200, { 'content-type': PROMETHEUS_TEXT }),
  );
  app.get('/health', (context) => context.json({ status: 'ok' }));
  app.get('/ready', (context) => {
    const status = view.status();
    return context.json(status, status.services === undefined ? 503 : 200);
  });
  return app;
}
