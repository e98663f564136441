import { randomInt } from 'node:crypto';
import { randomText } from '../../secrets/token-secret.ts';

const COLOURS =
  'amber azure black blue bronze brown coral cyan golden gray green indigo ivory jade lilac olive pink red silver teal violet white'.split(
    ' ',
  );
const ANIMALS =
  'badger beaver bison crane deer eagle falcon ferret finch fox hare heron ibis kite lark lynx marten mole moose newt otter owl panda quail raven robin seal stork swan tern tiger toad vole wolf wren yak'.split(
    ' ',
  );

export function createRentalId(): string {
  return `r_${randomText(16)}`;
}

/** The account on the nodes: never taken from the client, nor guessable from the name. */
export function createAccount(): string {
  return `r${randomText(8)}`;
}

/** A name for a client that gave none: a DNS label that is easy to read out and rarely taken. */
export function createRentalName(): string {
  const colour = COLOURS[randomInt(COLOURS.length)];
  const animal = ANIMALS[randomInt(ANIMALS.length)];
  return `${colour}-${animal}-${randomInt(10, 10_000)}`;
}
