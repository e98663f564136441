import { describe, expect, test } from 'vitest';
import { refuseWebhookUrl } from './webhook-url.ts';

describe('refuseWebhookUrl', () => {
  test.each(['https://example.com/x?y=1', 'https://8.8.8.8/', 'https://[2606:4700::1111]/'])(
    'takes %s',
    (url) => {
      expect(refuseWebhookUrl(url)).toBeNull();
    },
  );

  test.each([
    'nonsense',
    'http://example.com/',
    'file:///etc/passwd',
    'https://user:pass@example.com/',
    'https://localhost/',
    'https://localhost./',
    'https://a.localhost/',
    'https://db/',
    'https://printer.local/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0/',
    'https://10.1.2.3/',
    'https://100.64.0.1/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
  ])('refuses %s', (url) => {
    expect(refuseWebhookUrl(url)).toMatch(/^must /);
  });
});
