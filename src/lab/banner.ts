import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** True once an SSH server sends its banner; false at the deadline, or once the server has `ended`. */
export async function waitForBanner(
  address: { host: string; port: number },
  options: { timeoutMs: number; ended: () => Promise<boolean> },
): Promise<boolean> {
  const deadline = performance.now() + options.timeoutMs;
  while (performance.now() < deadline) {
    if (await readBanner(address)) return true;
    if (await options.ended()) return false;
    await sleep(25);
  }
  return false;
}

function readBanner(address: { host: string; port: number }): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(address);
    const finish = (greeted: boolean) => {
      socket.destroy();
      done(greeted);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.once('data', (data) => finish(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
