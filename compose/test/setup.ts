import { resolve } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { openEngine } from './engine.ts';
import { ensureBaseImages, ensureComposePlugin } from './images.ts';
import { expectRoom } from './room.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The environment for `docker`, however it is called. */
    docker: Record<string, string>;
  }
}

/** Runs once for all files: provides an engine and base images. The engine's data is kept for the next run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = resolve(process.env.ORION_HOME ?? '.orion');
  const engine = await openEngine(home);
  let standIns: string[] = [];
  const close = async () => {
    if (!engine.isOwn && standIns.length > 0) {
      await execa('docker', ['image', 'rm', ...standIns], { env: engine.env, reject: false });
    }
    await engine.close();
  };
  try {
    await expectRoom(engine);
    standIns = await ensureBaseImages(engine);
    await ensureComposePlugin(engine, home);
  } catch (error) {
    await close();
    throw error;
  }
  project.provide('docker', engine.env);
  return close;
}
