import { expect, test } from 'vitest';
import { AT, nodeOf } from './dashboard.fixture.ts';
import { maintenanceOf } from './maintenance.ts';

const by = 'admin (t_1) of lab';

test('why a node is kept from clients is told with its author', () => {
  const told = (options: Parameters<typeof nodeOf>[1], reason: string | null = 'new disk') => {
    const node = nodeOf('w1', { unschedulable: true, ...options });
    return maintenanceOf({ ...node, spec: { ...node.spec, maintenance: { reason, by, at: AT } } });
  };
  expect(told({})).toEqual({ title: 'Cordoned: it gets no new rentals', reason: 'new disk', by, at: AT });
  expect(told({ draining: true })?.title).toMatch(/^Drained: no rental is on it/);
  expect(told({ draining: true, state: 'allocated', rental: 'r_1' })?.title).toMatch(/^Draining: its rental/);
  expect(told({}, null)?.reason).toBe('No reason was given');
});

test('nothing is told of a node that everybody may have', () => {
  expect(maintenanceOf(nodeOf('w1'))).toBeNull();
});
