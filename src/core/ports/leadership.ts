/** Proof of leadership: every write of the leader names it. */
export interface Leadership {
  token: number;
}

export interface LeadershipSettings {
  durationMs: number;
  holder: string;
}

export interface LeadershipStore {
  /** Takes leadership when it is free, expired, or already this holder's; null when another holder has it. */
  acquire(settings: LeadershipSettings): Promise<Leadership | null>;
  /** False when leadership was lost. */
  renew(leadership: Leadership, settings: LeadershipSettings): Promise<boolean>;
  /** Gives it up at shutdown so that a successor need not wait. */
  release(leadership: Leadership): Promise<void>;
}
