import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { socketOf } from './daemon.ts';
import type { TestLab } from './test-lab.fixture.ts';

/** The metrics of the lab's daemon, as Prometheus would read them. */
export async function readMetrics({ lab, home }: TestLab): Promise<string> {
  const headers = { authorization: `Bearer ${lab.tokens?.admin}` };
  const asked = request({ socketPath: socketOf(home, 'daemon_1'), path: '/metrics', headers });
  const [response] = (await once(asked.end(), 'response')) as [IncomingMessage];
  return (await response.setEncoding('utf8').toArray()).join('');
}

/** The sum of one metric over its series with these labels; 0 if there are none. */
export async function readMetric(test: TestLab, name: string, labels = ''): Promise<number> {
  const lines = (await readMetrics(test)).split('\n');
  const series = lines.filter((line) => new RegExp(`^${name}[ {]`).test(line) && line.includes(labels));
  return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
