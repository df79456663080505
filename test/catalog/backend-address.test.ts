import { describe, expect, test } from 'vitest';
import { parseBackendAddress } from '../../src/catalog/backend-address.js';

test.each([
  { text: '127.0.0.1:8500', origin: 'http://127.0.0.1:8500', pathPrefix: '', isLoopback: true },
  { text: 'http://consul.example:8500', origin: 'http://consul.example:8500', pathPrefix: '', isLoopback: false },
  { text: 'https://consul.example', origin: 'https://consul.example', pathPrefix: '', isLoopback: false },
  { text: 'http://proxy.example/consul/', origin: 'http://proxy.example', pathPrefix: '/consul', isLoopback: false },
  { text: 'http://proxy.example//a//b', origin: 'http://proxy.example', pathPrefix: '/a/b', isLoopback: false },
  { text: 'http://[::1]:8500', origin: 'http://[::1]:8500', pathPrefix: '', isLoopback: true },
  { text: 'localhost:8500', origin: 'http://localhost:8500', pathPrefix: '', isLoopback: true },
  { text: 'http://127.evil.example:8500', origin: 'http://127.evil.example:8500', pathPrefix: '', isLoopback: false },
])('$text is $origin with the prefix "$pathPrefix"', ({ text, ...expected }) => {
  expect(parseBackendAddress(text, { useTls: false })).toMatchObject(expected);
});

test('H065: unix:///path is a socket, and local', () => {
  expect(parseBackendAddress('unix:///run/consul.sock', { useTls: false })).toMatchObject({
    socketPath: '/run/consul.sock',
    isLoopback: true,
    label: 'unix:///run/consul.sock',
  });
});

test('H066: with TLS asked for, an http address means https', () => {
  expect(parseBackendAddress('http://127.0.0.1:8501', { useTls: true }).origin).toBe('https://127.0.0.1:8501');
});

describe('H075: what is no address is refused', () => {
  test.each(['ftp://consul:8500', 'unix://relative', 'http://', '', 'consul:port'])('%j', (text) => {
    expect(() => parseBackendAddress(text, { useTls: false })).toThrow(TypeError);
  });
});

test('credentials in an address do not get into its label', () => {
  const { label, origin } = parseBackendAddress('http://user:secret@consul.example:8500', { useTls: false });
  expect(`${label} ${origin}`).not.toContain('secret');
});
