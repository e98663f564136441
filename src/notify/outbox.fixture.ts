import type { NoticeBody } from '../core/history/notice.ts';
import type { OutboxStore } from '../core/ports/deliveries.ts';
import {
  type AttemptEnd,
  type ClaimedDelivery,
  type DueDelivery,
  GIVE_UP_AFTER_MS,
} from '../core/ports/delivery.ts';

export interface Message extends DueDelivery {
  createdAt: Date;
  nextAttemptAt: Date;
  end: AttemptEnd | null;
}

/** An outbox in memory, where days pass in a moment. What the real one promises is tested on a database. */
export function createOutbox(): OutboxStore & {
  messages: Message[];
  add(rentalId: string, at: Date): Message;
} {
  const messages: Message[] = [];
  const isPending = (message: Message) => message.end === null || message.end.kind === 'failed';
  const find = (id: number, attempts: number) =>
    messages.find((each) => each.id === id && each.attempts === attempts && isPending(each));
  return {
    messages,
    add(rentalId, at) {
      const message: Message = {
        id: messages.length + 1,
        rentalId,
        tenant: 't',
        url: `https://${rentalId.slice(2)}.example/`,
        attempts: 0,
        createdAt: at,
        nextAttemptAt: at,
        end: null,
      };
      messages.push(message);
      return message;
    },
    listDueDeliveries: async (now) =>
      messages
        .filter((each) => isPending(each) && each.nextAttemptAt <= now)
        .filter((each) => !messages.some((other) => isBefore(other, each) && isPending(other)))
        .map((each) => ({ ...each })),
    async claimDelivery(_leadership, { id, attempts }, until) {
      const message = find(id, attempts);
      if (!message) return null;
      message.attempts += 1;
      message.nextAttemptAt = until;
      return toClaimed(message);
    },
    async endAttempt({ id, attempts }, end) {
      const message = find(id, attempts);
      if (!message) return false;
      message.end = end;
      if (end.kind === 'failed') message.nextAttemptAt = end.nextAttemptAt;
      return true;
    },
  };
}

function isBefore(other: Message, message: Message): boolean {
  return other.rentalId === message.rentalId && other.id < message.id;
}

function toClaimed({ id, attempts, createdAt }: Message): ClaimedDelivery {
  return {
    id,
    messageId: `msg_${id}`,
    attempts,
    body: {} as NoticeBody,
    giveUpAt: new Date(createdAt.getTime() + GIVE_UP_AFTER_MS),
    secret: { version: 1, rotatedAt: null },
  };
}
