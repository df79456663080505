import { expect, test } from 'vitest';
import { reloadConfig } from '../../src/config/reload.js';
import { DEFAULT_CONFIG } from '../../src/config/settings.js';

test('settings that can change under way take their new values, the others wait', () => {
  const next = { ...DEFAULT_CONFIG, nodeTtlSeconds: 5, dnsPort: 53, bind: ['::1'], recursors: [] };
  expect(reloadConfig(DEFAULT_CONFIG, next)).toEqual({
    config: { ...DEFAULT_CONFIG, nodeTtlSeconds: 5 },
    waiting: ['bind', 'dnsPort'],
  });
});

test('a setting that comes or goes has changed', () => {
  const named = { ...DEFAULT_CONFIG, namespace: 'team' };
  expect(reloadConfig(DEFAULT_CONFIG, named)).toEqual({ config: DEFAULT_CONFIG, waiting: ['namespace'] });
  expect(reloadConfig(named, DEFAULT_CONFIG)).toEqual({ config: named, waiting: ['namespace'] });
});

test('equal values of another identity have not changed', () => {
  const same = { ...DEFAULT_CONFIG, bind: [...DEFAULT_CONFIG.bind] };
  expect(reloadConfig(DEFAULT_CONFIG, same).waiting).toEqual([]);
});
