import { renderScreen } from './screen.ts';
import { CTRL_C, openTerminal, type Stage } from './terminal.ts';
import { createCast, isInterrupted, NODE_NAME, parseTranscript, type Step, shapeOf } from './transcript.ts';

/**
 * Types the commands of a session into a shell at a real terminal, each after the one before has ended, and returns
 * what the terminal then shows. Nodes in commands are replaced by those that play the same part this time.
 */
export async function playSession(
  stage: Stage,
  script: readonly Step[],
): Promise<{ steps: Step[]; raw: string }> {
  const terminal = await openTerminal(stage);
  const [recorded, played] = [createCast(), createCast()];
  const steps: Step[] = [];
  try {
    await terminal.until(() => terminal.prompts() === 1, 'the first prompt');
    for (const step of script) {
      const command = step.command.replaceAll(
        NODE_NAME,
        (node) => played.nodeOf(recorded.letterOf(node)) ?? node,
      );
      const wanted = shapeOf(step.lines, recorded);
      const prompts = terminal.prompts();
      const seen = () => parseTranscript(renderScreen(terminal.written()))[steps.length]?.lines ?? [];
      terminal.type(`${command}\r`);
      if (isInterrupted(step)) {
        const last = wanted.at(wanted.indexOf('^C') - 1);
        await terminal.until(() => shapeOf(seen(), played).at(-1) === last, `"${last}" of ${command}`);
        terminal.type(CTRL_C);
      }
      await terminal.until(() => terminal.prompts() > prompts, `the end of ${command}`);
      shapeOf(seen(), played);
      steps.push({ command, lines: seen() });
    }
    return { steps, raw: terminal.written() };
  } finally {
    await terminal.close();
  }
}
