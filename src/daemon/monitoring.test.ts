import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

// What `promtool check rules` checks, with Prometheus' own grammar, and what it can't know: that each metric and
// label exists in this program.

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: { summary: string; description: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string; legendFormat: string }[];
}

const read = (name: string) =>
  readFileSync(new URL(`../../docs/monitoring/${name}`, import.meta.url), 'utf8');
const file = parse(read('alerts.yml')) as { groups: { name: string; rules: Rule[] }[] };
const rules = file.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('grafana.json')) as { panels: Panel[] };
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

/** Names of all series of a daemon, with their labels; metrics.test.ts checks the page against the program. */
const series = new Map<string, string[]>();
for (const [, name, labels = '', means = ''] of readFileSync(
  new URL('../../docs/metrics.md', import.meta.url),
  'utf8',
).matchAll(/^\| `(orion_\w+)` \|(.*?)\|(.*)\|$/gm)) {
  const names = [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label);
  const parts = means.includes('histogram') ? ['_bucket', '_sum', '_count'] : [''];
  for (const part of parts) series.set(`${name}${part}`, part === '_bucket' ? [...names, 'le'] : names);
}

/** What is wrong with an expression: its syntax, an unknown metric, a label that the metric lacks. */
function findMistakes(expr: string): string[] {
  // Grafana fills this in.
  const text = expr.replaceAll('$__rate_interval', '5m');
  const mistakes: string[] = [];
  const known: string[] = ['instance', 'job'];
  const used: string[] = [];
  parser.parse(text).iterate({
    enter(node) {
      const token = text.slice(node.from, node.to);
      if (node.type.isError)
        mistakes.push(`syntax at ${node.from}: ${text.slice(node.from, node.from + 20)}`);
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') {
        const labels = series.get(token);
        if (labels === undefined) mistakes.push(`no metric ${token}`);
        known.push(...(labels ?? []));
      }
      if (node.name === 'LabelName') used.push(token);
    },
  });
  const strange = used.filter((label) => !known.includes(label));
  return [...mistakes, ...strange.map((label) => `no label ${label}`)];
}

describe('the check', () => {
  test.each([
    ['max(orion_leader) == 0', []],
    ['max(orion_leadr)', ['no metric orion_leadr']],
    ['max by (stat) (orion_nodes{state="free"})', ['no label stat']],
    ['sum(rate(orion_probe_duration_seconds[5m]))', ['no metric orion_probe_duration_seconds']],
    ['histogram_quantile(0.95, sum by (le) (rate(orion_probe_duration_seconds_bucket[5m])))', []],
    ['max(orion_leader', [expect.stringMatching(/^syntax/)]],
    ['max(orion_leader) = = 1', expect.arrayContaining([expect.stringMatching(/^syntax/)])],
  ])('sees what is wrong with %s', (expr, expected) => expect(findMistakes(expr)).toEqual(expected));
});

describe('alerts.yml', () => {
  test('has each alert once', () => {
    const names = rules.map(({ alert }) => alert);
    expect(names).toEqual([...new Set(names)]);
    expect(names.length).toBeGreaterThan(10);
  });

  test.each(rules)('$alert', (rule) => {
    expect(findMistakes(rule.expr)).toEqual([]);
    expect(rule.alert).toMatch(/^Orion[A-Z][A-Za-z]+$/);
    expect(rule.for ?? '0s').toMatch(/^\d+[smh]$/);
    expect(Object.keys(rule).filter((key) => !/^(alert|expr|for|labels|annotations)$/.test(key))).toEqual([]);
    expect(['critical', 'warning']).toContain(rule.labels.severity);
    expect(Object.keys(rule.annotations)).toEqual(['summary', 'description']);
    // A label that an alert's text uses must remain in the result of its expression.
    const told = [...JSON.stringify(rule.annotations).matchAll(/\$labels\.(\w+)/g)].map(([, name]) => name);
    const kept = /\bby \(([^)]*)\)/.exec(rule.expr)?.[1]?.split(', ') ?? [];
    expect(told.filter((name) => !kept.includes(name as string))).toEqual([]);
  });
});

describe('grafana.json', () => {
  test.each(panels)('$title', ({ targets = [] }) => {
    expect(targets.length).toBeGreaterThan(0);
    for (const { expr } of targets) expect(findMistakes(expr), expr).toEqual([]);
  });

  test('no two panels share a number or a place', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), title).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });

  test('every metric is on the dashboard or in an alert', () => {
    const text = [
      ...rules.map(({ expr }) => expr),
      ...panels.flatMap(({ targets = [] }) => targets.map((t) => t.expr)),
    ];
    const shown = (name: string) =>
      text.some((expr) => new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`).test(expr));
    const names = [...new Set([...series.keys()].map((name) => name.replace(/_(bucket|sum|count)$/, '')))];
    expect(names.filter((name) => !shown(name))).toEqual([]);
  });
});
