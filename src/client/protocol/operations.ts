// Made from /openapi.json by write-operations.ts; operations.test.ts keeps it true, and writes it anew with
//   npx vitest run --project unit src/client/protocol/operations.test.ts -u

export type Accept = {
  ids: string[];
  reason: string;
};

export type Adopt = {
  fleet: string;
};

export type BreakerOverride = {
  reason: string;
  confirm: true;
};

export type Event = {
  seq: number;
  at: string;
  type: 'rental.created' | 'rental.updated' | 'rental.release_requested' | 'rental.waiting' | 'rental.placed' | 'rental.active' | 'rental.status' | 'rental.lost' | 'rental.migrating' | 'rental.migrated' | 'rental.placement_failed' | 'rental.recovered' | 'rental.restarted' | 'rental.expiring' | 'rental.expired' | 'rental.releasing' | 'rental.released' | 'rental.failed' | 'node.joined' | 'node.changed' | 'node.retiring' | 'node.removed' | 'node.suspect' | 'node.alive' | 'node.dead' | 'node.restarted' | 'node.provisioning' | 'node.allocated' | 'node.cleaning' | 'node.cleaning_failed' | 'node.drift_repaired' | 'node.stray_account_removed' | 'node.free' | 'node.quarantined' | 'node.condition' | 'node.cordoned' | 'node.uncordoned' | 'node.draining' | 'node.trust_requested' | 'node.adopt_requested' | 'node.accept_requested' | 'node.clean_requested' | 'node.forget_requested' | 'node.host_key_recorded' | 'node.host_key_trusted' | 'node.adopted' | 'node.accepted' | 'inventory.applied' | 'inventory.refused' | 'inventory.mismatch' | 'inventory.apply_requested' | 'pool.breaker_opened' | 'pool.breaker_closed' | 'pool.paused' | 'pool.resumed' | 'pool.override_requested' | 'pool.override_used' | 'daemon.fault' | 'daemon.recovered' | 'leader.elected' | 'token.created' | 'token.revoked' | 'session.created' | 'session.ended' | 'access.refused' | 'access.denied' | 'webhook.secret_rotated' | 'webhook.resend_requested' | 'tenant.limits_changed';
  rental: string | null;
  /** only in a list; a watch of rentals has the names */
  rentalName?: string | null;
  node: string | null;
  tenant: string | null;
  reason: string;
  message: string;
  /** who requested it, and the address that the request came from; null: Orion did it by itself. Tenants see only the role of an administrator; of refused strangers only the address is known. */
  actor: {
    token: {
      id: string;
      name: string | null;
    } | null;
    tenant: string | null;
    role: 'tenant' | 'admin' | null;
    source: string | null;
  } | null;
};

export type Explanation = {
  rental: string;
  name: string;
  phase: 'Pending' | 'Provisioning' | 'Active' | 'Migrating' | 'Lost' | 'Releasing' | 'Released' | 'Failed';
  node: string | null;
  reason: string;
  message: string;
  since: string | null;
  queuePosition: number | null;
  queueEstimateAt: string | null;
  /** as of now, for a rental that wants a node or another one; null: it wants none */
  wanted: {
    /** nodes that could be taken now */
    usable: number;
    /** at most 50 nodes are named, those closest to being taken first */
    passedOver: {
      nodes: {
        node: string;
        reason: string;
      }[];
      /** the nodes that are not named, counted by reason */
      others: {
        reason: string;
        count: number;
      }[];
    };
  } | null;
  /** the last one */
  placement: {
    epoch: number;
    node: string;
    startedAt: string;
    readyAt: string | null;
    endedAt: string | null;
    endReason: string | null;
    /** when the node was verified clean of it */
    cleanedAt: string | null;
    /** the results of attempts to clean the node of it; null: none has ended */
    cleaning: {
      /** attempts that ended */
      attempts: number;
      /** of the last one */
      outcome: 'clean' | 'failed';
      reason: string;
      message: string;
      at: string;
      /** the latest findings of the verification */
      found: {
        at: string;
        items: string[];
        more: number;
      } | null;
    } | null;
    /** the inputs of the placement decision, as they were then */
    decision: {
      /** nodes that could have been taken, this one included */
      usable: number;
      /** what counted against the node, most important first; the lowest rank is chosen */
      rank: {
        /** accounts of this rental that failed there */
        failedHere: number;
        /** pickier rentals that waited for a node like it */
        pickier: number;
        /** when the node last failed, if recently */
        failedLatelyAt: string | null;
        /** rentals in its zone */
        inZone: number;
        restedSince: string | null;
      };
      /** at most 50 nodes are named, those closest to being taken first */
      passedOver: {
        nodes: {
          node: string;
          reason: string;
        }[];
        /** the nodes that are not named, counted by reason */
        others: {
          reason: string;
          count: number;
        }[];
      };
      breaker: {
        open: boolean;
        message: string;
      };
    } | null;
  } | null;
  /** what each reason in this answer means */
  meanings: Record<string, string>;
};

export type FleetPlan = {
  /** of the text; identifies it when it is applied */
  sha256: string;
  nodes: {
    node: string;
    action: 'add' | 'change' | 'return' | 'remove';
    changes: string[];
    /** what prevents it for now */
    note?: string;
  }[];
  rentals: {
    rental: string;
    name: string;
    tenant: string;
    effect: 'moves' | 'waits' | 'readdressed' | 'starts';
    from: string | null;
    to: string | null;
    message: string;
  }[];
  policy: {
    key: string;
    before: string | number;
    after: string | number;
  }[];
  /** nodes in the fleet that were never verified and do not answer yet */
  notAnswering: string[];
  /** why it would be refused unless forced */
  refused: string | null;
};

export type InventoryAnswer = {
  kind: 'applied' | 'refused';
  added?: string[];
  changed?: string[];
  retiring?: string[];
  reason?: string;
  message?: string;
};

export type InventoryRequest = {
  sha256?: string;
  force?: boolean;
};

export type InventoryState = {
  /** of the file that was last applied */
  sha256: string | null;
  appliedAt: string | null;
  requested: number;
  answered: number;
  answer: InventoryAnswer | null;
};

export type InventoryText = {
  /** the YAML text of the inventory */
  text: string;
  file?: string;
};

export type Maintenance = {
  reason?: string;
};

export type NewRental = {
  name?: string;
  sshPublicKey: string;
  selector?: {
    matchLabels?: Record<string, string>;
    zone?: string;
  };
  ttl?: string;
  whenFull?: 'queue' | 'reject';
  onNodeLoss?: {
    action?: 'migrate' | 'wait';
    after?: string;
  };
  webhookUrl?: string | null;
  labels?: Record<string, string>;
};

export type NewToken = {
  tenant: string;
  role?: 'tenant' | 'admin';
  name?: string;
  expiresIn?: string;
};

export type Node = {
  name: string;
  generation: number;
  spec: {
    host: string;
    port: number;
    /** the one that the inventory pins */
    hostKey: string | null;
    zone: string | null;
    labels: Record<string, string>;
    unschedulable: boolean;
    draining: boolean;
    /** why it is cordoned or drained, and by whom */
    maintenance: {
      reason: string | null;
      by: string;
      at: string;
    } | null;
    retiring: boolean;
  };
  status: {
    observedGeneration: number;
    status: 'alive' | 'dead' | 'unknown';
    allocated: boolean;
    state: 'unknown' | 'free' | 'provisioning' | 'allocated' | 'cleaning' | 'quarantined' | 'dead';
    stateSince: string;
    /** since when its probes have failed, until it has answered for long enough again; null: it answers */
    unreachableSince: string | null;
    /** id of the rental that is on it */
    rental: string | null;
    lastChecked: string | null;
    hostKey: string | null;
    offeredFingerprint: string | null;
    /** the fleet of another Orion that the node belongs to; null: none. See `adopt` */
    otherFleet: string | null;
    /** what the last verification found that differs from the baseline of the node and may be accepted; null: nothing. See `accept` */
    differences: {
      items: {
        id: string;
        kind: string;
        text: string;
      }[];
      /** how many more there are, beyond those listed */
      more: number;
      /** how many other findings there are, which cannot be accepted */
      others: number;
    } | null;
    /** when failed work on the node is retried, while it answers; null: none waits */
    nextAttemptAt: string | null;
    /** which limits of the policy hold for a client of the node, measured there when it is prepared and whenever an account is created; null: not measured yet */
    limits: {
      checkedAt: string;
      processes: {
        /** null: the policy sets none */
        holds: boolean | null;
        message: string;
      };
      memory: {
        /** null: the policy sets none */
        holds: boolean | null;
        message: string;
      };
      userNamespaces: {
        /** null: the policy sets none */
        holds: boolean | null;
        message: string;
      };
    } | null;
    conditions: {
      type: string;
      status: 'True' | 'False' | 'Unknown';
      reason: string;
      message: string;
      lastTransitionTime: string;
    }[];
  };
};

export type Placed = {
  epoch: number;
  node: string;
  startedAt: string;
  readyAt: string | null;
  endedAt: string | null;
  endReason: string | null;
  /** when the node was verified clean of it */
  cleanedAt: string | null;
  /** the results of attempts to clean the node of it; null: none has ended */
  cleaning: {
    /** attempts that ended */
    attempts: number;
    /** of the last one */
    outcome: 'clean' | 'failed';
    reason: string;
    message: string;
    at: string;
    /** the latest findings of the verification */
    found: {
      at: string;
      items: string[];
      more: number;
    } | null;
  } | null;
  rental: string;
  /** null: the rental itself is no longer kept, or there is none */
  rentalName: string | null;
};

export type Pool = {
  conditions: {
    type: string;
    status: 'True' | 'False' | 'Unknown';
    reason: string;
    message: string;
    lastTransitionTime: string;
  }[];
  /** null: nobody has paused it */
  pause: {
    reason: string | null;
    by: string;
    at: string;
  } | null;
  /** the last override of the breaker; null: there never was one */
  override: {
    reason: string | null;
    by: string;
    at: string;
    /** whether the leader has acted on it */
    used: boolean;
  } | null;
};

export type PoolReason = {
  reason: string;
};

export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: 'malformed_request' | 'unauthorized' | 'cross_site' | 'quota_exceeded' | 'forbidden' | 'not_found' | 'method_not_allowed' | 'name_taken' | 'idempotency_key_reused' | 'immutable_field' | 'rental_ended' | 'request_too_slow' | 'conflict' | 'state_conflict' | 'webhooks_off' | 'pool_conflict' | 'inventory_refused' | 'body_too_large' | 'unsupported_media_type' | 'invalid_input' | 'unsatisfiable' | 'headers_too_large' | 'rate_limited' | 'too_many_watches' | 'too_many_waits' | 'too_many_attempts' | 'too_many_bodies' | 'internal' | 'no_free_node' | 'database_unavailable' | 'busy' | 'not_ready' | 'shutting_down' | 'unavailable' | 'proxy_error';
  errors?: {
    path: string;
    message: string;
  }[];
  /** for `quota_exceeded`: which limit, and how much of it is used */
  quota?: {
    limit: 'maxRentals';
    allowed: number;
    used: number;
  };
  requestId?: string;
};

export type Qos = {
  window: {
    from: string;
    to: string;
    seconds: number;
  };
  /** whose rentals are counted */
  scope: 'fleet' | 'tenant' | 'rental';
  total: {
    /** 0 to 1; null: no client was entitled to a machine */
    availability: number | null;
    /** in which a client was entitled to a machine */
    servedSeconds: number;
    /** of these, without a working one: from the first failed probe until it works again */
    withoutNodeSeconds: number;
    /** outages that began */
    outages: number;
    /** finished moves to another node */
    moves: number;
    /** of the moves, those from a node that was being emptied */
    plannedMoves: number;
    times: {
      /** from the first failed probe to the verdict that the node is dead */
      detection: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
      /** from that verdict to access on the new node */
      move: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
      /** from the first sign of failure until the client has a working machine */
      outage: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
      /** from the placement to the first access */
      provisioning: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
      /** from the request to the placement */
      queueWait: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
    };
  };
  /** those longest without a node first, then the newest */
  rentals: {
    id: string;
    /** null: only its history is left */
    name: string | null;
    tenant: string | null;
    /** at the end of the window */
    phase: 'Pending' | 'Provisioning' | 'Active' | 'Migrating' | 'Lost' | 'Releasing' | 'Released' | 'Failed';
    createdAt: string | null;
    /** 0 to 1; null: no client was entitled to a machine */
    availability: number | null;
    /** in which a client was entitled to a machine */
    servedSeconds: number;
    /** of these, without a working one: from the first failed probe until it works again */
    withoutNodeSeconds: number;
    /** outages that began */
    outages: number;
    /** finished moves to another node */
    moves: number;
    /** of the moves, those from a node that was being emptied */
    plannedMoves: number;
    times: {
      /** from the first failed probe to the verdict that the node is dead */
      detection: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
      /** from that verdict to access on the new node */
      move: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
      /** from the first sign of failure until the client has a working machine */
      outage: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
      /** from the placement to the first access */
      provisioning: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
      /** from the request to the placement */
      queueWait: {
        count: number;
        medianSeconds: number | null;
        p95Seconds: number | null;
        maxSeconds: number | null;
      };
    };
  }[];
  /** how many there were, unlisted ones included */
  rentalCount: number;
  series: {
    bucketSeconds: number;
    buckets: {
      from: string;
      /** its length; the first and the last may be shorter */
      seconds: number;
      /** 0 to 1; null: no client was entitled to a machine */
      availability: number | null;
      /** in which a client was entitled to a machine */
      servedSeconds: number;
      /** of these, without a working one: from the first failed probe until it works again */
      withoutNodeSeconds: number;
      /** outages that began */
      outages: number;
      /** finished moves to another node */
      moves: number;
      /** of verdicts and moves that finished in it */
      times: {
        /** from the first failed probe to the verdict that the node is dead */
        detection: {
          count: number;
          medianSeconds: number | null;
          p95Seconds: number | null;
          maxSeconds: number | null;
        };
        /** from that verdict to access on the new node */
        move: {
          count: number;
          medianSeconds: number | null;
          p95Seconds: number | null;
          maxSeconds: number | null;
        };
      };
      /** how many were in each state on average; null except for the fleet */
      nodes: {
        unknown?: number;
        free?: number;
        provisioning?: number;
        allocated?: number;
        cleaning?: number;
        quarantined?: number;
        dead?: number;
      } | null;
      /** likewise by phase */
      rentals: {
        Pending?: number;
        Provisioning?: number;
        Active?: number;
        Migrating?: number;
        Lost?: number;
        Releasing?: number;
      };
    }[];
  };
};

export type QuickRental = {
  name?: string;
  sshPublicKey?: string;
  selector?: {
    matchLabels?: Record<string, string>;
    zone?: string;
  };
  ttl?: string;
  whenFull?: 'queue' | 'reject';
  onNodeLoss?: {
    action?: 'migrate' | 'wait';
    after?: string;
  };
  webhookUrl?: string | null;
  labels?: Record<string, string>;
};

export type Rental = {
  id: string;
  name: string;
  tenant: string;
  generation: number;
  createdAt: string;
  spec: {
    sshPublicKey: string;
    selector: {
      matchLabels: Record<string, string>;
      zone: string | null;
    };
    ttl: string;
    whenFull: 'queue' | 'reject';
    onNodeLoss: {
      action: 'migrate' | 'wait';
      after: string;
    };
    webhookUrl: string | null;
    labels: Record<string, string>;
  };
  status: {
    phase: 'Pending' | 'Provisioning' | 'Active' | 'Migrating' | 'Lost' | 'Releasing' | 'Released' | 'Failed';
    observedGeneration: number;
    node: string | null;
    /** The end of the lease, a whole second; null before access is confirmed. A renewal sets it to the time of the renewal plus the ttl. Before the first renewal it is at least the ttl after access was confirmed; it may be later by up to a tenth of the ttl, a minute at most, when the account was created quickly. */
    expiresAt: string | null;
    /** 1 is next; null: it is not waiting for a node */
    queuePosition: number | null;
    /** when it may expect a node; null: no estimate is possible */
    queueEstimateAt: string | null;
    connection: {
      host: string;
      port: number;
      user: string;
      hostKey: string | null;
      command: string;
    } | null;
    /** the last restart of its machine since the client got access: what ran there is gone; null: none */
    restart: {
      /** the first answer after it */
      at: string;
      /** the last answer before it */
      silentSince: string;
    } | null;
    conditions: {
      type: string;
      status: 'True' | 'False' | 'Unknown';
      reason: string;
      message: string;
      lastTransitionTime: string;
    }[];
    placements: {
      epoch: number;
      node: string;
      startedAt: string;
      readyAt: string | null;
      endedAt: string | null;
      endReason: string | null;
      /** when the node was verified clean of it */
      cleanedAt: string | null;
      /** the results of attempts to clean the node of it; null: none has ended */
      cleaning: {
        /** attempts that ended */
        attempts: number;
        /** of the last one */
        outcome: 'clean' | 'failed';
        reason: string;
        message: string;
        at: string;
        /** the latest findings of the verification */
        found: {
          at: string;
          items: string[];
          more: number;
        } | null;
      } | null;
    }[];
  };
};

export type RentalPatch = {
  sshPublicKey?: string;
  ttl?: string;
  labels?: Record<string, string>;
  onNodeLoss?: {
    action?: 'migrate' | 'wait';
    after?: string;
  };
  webhookUrl?: string | null;
};

export type Rented = Rental & {
  privateKey?: string;
};

export type Session = {
  tenant: string;
  role: 'tenant' | 'admin';
  token: {
    id: string;
    name: string | null;
  };
  expiresAt: string;
  /** send it as X-CSRF-Token with each write */
  csrfToken: string;
};

export type SignIn = {
  token: string;
};

export type Tenant = {
  name: string;
  /** null: no limit; the policy limits a ttl in any case. Waits and watches are counted for each token at each process of the API. */
  limits: {
    maxRentals: number | null;
    maxTtl: string | null;
    requestsPerMinute: number | null;
    maxWaits: number | null;
    maxWatches: number | null;
  };
  used: {
    /** that have not ended, waiting ones included */
    rentals: number;
  };
  /** when its limits were last set */
  updatedAt: string | null;
};

export type TenantLimits = {
  maxRentals?: number | null;
  maxTtl?: string | null;
  requestsPerMinute?: number | null;
  maxWaits?: number | null;
  maxWatches?: number | null;
};

export type TenantNode = {
  name: string;
  spec: {
    zone: string | null;
    labels: Record<string, string>;
  };
  status: {
    free: boolean;
  };
};

export type Token = {
  id: string;
  name: string | null;
  tenant: string;
  role: 'tenant' | 'admin';
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
};

export type Trust = {
  fingerprint: string;
};

export type WebhookDelivery = {
  /** the `webhook-id` of each attempt to send it */
  id: string;
  type: 'rental.active' | 'rental.migrated' | 'rental.lost' | 'rental.restarted' | 'rental.expiring' | 'rental.released' | 'rental.failed';
  rental: string;
  tenant: string;
  url: string;
  state: 'pending' | 'delivered' | 'dead';
  attempts: number;
  createdAt: string;
  nextAttemptAt: string | null;
  /** why the last attempt failed; the cause of a missing answer is shown only to administrators */
  lastError: string | null;
  /** when it was delivered or given up */
  endedAt: string | null;
};

export type WebhookSecret = {
  /** in the form that Standard Webhooks libraries take */
  secret: string;
  version: number;
  rotatedAt: string | null;
  /** until then messages are also signed with the previous secret */
  previousValidUntil: string | null;
};

export interface Operations {
  /** Accept what a verification found into the baseline of a node, named by ids */
  acceptDifferences: {
    input: {
      params: {
        name: string;
      };
      body: Accept;
    };
    answer: Node;
  };
  /** Take a node over from the fleet of another Orion, named by its id */
  adoptNode: {
    input: {
      params: {
        name: string;
      };
      body: Adopt;
    };
    answer: Node;
  };
  /** Make the daemon reload its inventory file, as SIGHUP does */
  applyInventory: {
    input: {
      body: InventoryRequest;
    };
    answer: InventoryAnswer | InventoryState;
  };
  /** Create the rental with this name, or change it to this spec */
  applyRental: {
    input: {
      params: {
        /** id or name */
        id: string;
      };
      headers?: {
        /** A repeated request with the same key gets the same rental; a different body is 409 */
        'idempotency-key'?: string;
      };
      body: NewRental;
    };
    answer: Rental;
  };
  /** Change the key, renew the lease (ttl), change labels or what happens when the node is lost */
  changeRental: {
    input: {
      params: {
        /** id or name */
        id: string;
      };
      body: RentalPatch;
    };
    answer: Rental;
  };
  /** Clean and verify a node now: the way out of quarantine, and back for a node that a negative healthyDelay holds */
  cleanNode: {
    input: {
      params: {
        name: string;
      };
    };
    answer: Node;
  };
  /** Keep new rentals off a node */
  cordonNode: {
    input: {
      params: {
        name: string;
      };
      body?: Maintenance;
    };
    answer: Node;
  };
  /** Request a machine; the rental converges by itself */
  createRental: {
    input: {
      headers?: {
        /** A repeated request with the same key gets the same rental; a different body is 409 */
        'idempotency-key'?: string;
      };
      body: NewRental;
    };
    answer: Rental;
  };
  /** Create a token; its secret is shown only once */
  createToken: {
    input: {
      body: NewToken;
    };
    answer: Token & {
      token: string;
    };
  };
  /** Empty a node: its rental moves to another one first, and no new one comes */
  drainNode: {
    input: {
      params: {
        name: string;
      };
      body?: Maintenance;
    };
    answer: Node;
  };
  /** Why a rental is where it is, or why it waits: each node that was passed over, with the reason */
  explainRental: {
    input: {
      params: {
        /** id or name */
        id: string;
      };
    };
    answer: Explanation;
  };
  /** Give up a node that left the inventory and cannot be cleaned; it is dropped as it is */
  forgetNode: {
    input: {
      params: {
        name: string;
      };
    };
    answer: Node;
  };
  /** A file of the dashboard */
  getDashboardFile: {
    input: {
      params: {
        version: string;
        file: string;
      };
    };
    answer: string;
  };
  /** This description */
  getDescription: {
    input: Record<never, never>;
    answer: Record<string, unknown>;
  };
  /** A page to read and try the API; it works offline */
  getDocs: {
    input: Record<never, never>;
    answer: string;
  };
  /** A file of the page */
  getDocsFile: {
    input: {
      params: {
        version: string;
        file: string;
      };
    };
    answer: string;
  };
  /** Liveness: this process answers, and its reconciler, if it has one, makes progress */
  getHealth: {
    input: Record<never, never>;
    answer: {
      status: 'ok';
      version: string;
    };
  };
  /** The inventory file in force, and the result of the last request to reload it */
  getInventory: {
    input: Record<never, never>;
    answer: InventoryState;
  };
  /** Counts of this process and the state of the fleet, in the Prometheus text format */
  getMetrics: {
    input: Record<never, never>;
    answer: string;
  };
  /** One node; with Accept: text/event-stream a watch */
  getNode: {
    input: {
      params: {
        name: string;
      };
      headers?: {
        /** For a watch: resumes after this event, without a gap */
        'last-event-id'?: string;
      };
    };
    answer: Node | TenantNode;
    watched: Node | TenantNode;
  };
  /** The state of the fleet as a whole: whether clients are moved when their node dies, whether Orion is paused */
  getPool: {
    input: Record<never, never>;
    answer: Pool;
  };
  /** The quality of service in a window that ends now, computed from the history */
  getQos: {
    input: {
      query?: {
        /** 1m to 90d */
        window?: string;
        /** id or name: only this one */
        rental?: string;
        /** how many rentals to list; the total covers all */
        limit?: number;
      };
    };
    answer: Qos;
  };
  /** Readiness: the database can be reached and has the schema of this program */
  getReadiness: {
    input: Record<never, never>;
    answer: {
      status: 'ready';
    };
  };
  /** One rental; with Accept: text/event-stream a watch */
  getRental: {
    input: {
      params: {
        /** id or name */
        id: string;
      };
      headers?: {
        /** For a watch: resumes after this event, without a gap */
        'last-event-id'?: string;
      };
    };
    answer: Rental;
    watched: Rental;
  };
  /** One tenant, its limits and usage */
  getTenant: {
    input: {
      params: {
        name: string;
      };
    };
    answer: Tenant;
  };
  /** The tenant's secret for signing messages */
  getWebhookSecret: {
    input: Record<never, never>;
    answer: WebhookSecret;
  };
  /** Set the limits of a tenant */
  limitTenant: {
    input: {
      params: {
        name: string;
      };
      body: TenantLimits;
    };
    answer: Tenant;
  };
  /** The history; with Accept: text/event-stream, what happens from now on */
  listEvents: {
    input: {
      query?: {
        limit?: number;
        cursor?: string;
        /** oldest first, or newest first; a cursor continues in the same order */
        order?: 'asc' | 'desc';
        /** id of a rental */
        rental?: string;
        node?: string;
        type?: string;
      };
      headers?: {
        /** For a watch: resumes after this event, without a gap */
        'last-event-id'?: string;
      };
    };
    answer: {
      items: Event[];
      nextCursor: string | null;
    };
    watched: Event;
  };
  /** The rentals that were on a node, newest first, and the result of cleaning it after each */
  listNodePlacements: {
    input: {
      params: {
        name: string;
      };
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: {
      items: Placed[];
      nextCursor: string | null;
    };
  };
  /** The fleet, by name; with Accept: text/event-stream a watch */
  listNodes: {
    input: {
      query?: {
        limit?: number;
        cursor?: string;
      };
      headers?: {
        /** For a watch: resumes after this event, without a gap */
        'last-event-id'?: string;
      };
    };
    answer: {
      items: (Node | TenantNode)[];
      nextCursor: string | null;
    };
    watched: Node | TenantNode;
  };
  /** Rentals, oldest first; with Accept: text/event-stream a watch */
  listRentals: {
    input: {
      query?: {
        limit?: number;
        cursor?: string;
        /** include those that have ended */
        all?: 'true' | 'false';
      };
      headers?: {
        /** For a watch: resumes after this event, without a gap */
        'last-event-id'?: string;
      };
    };
    answer: {
      items: Rental[];
      nextCursor: string | null;
    };
    watched: Rental;
  };
  /** Tenants with their limits and usage, by name */
  listTenants: {
    input: {
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: {
      items: Tenant[];
      nextCursor: string | null;
    };
  };
  /** Tokens, oldest first, without their secrets */
  listTokens: {
    input: {
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: {
      items: Token[];
      nextCursor: string | null;
    };
  };
  /** Messages to webhooks, newest first */
  listWebhookDeliveries: {
    input: {
      query?: {
        limit?: number;
        cursor?: string;
        state?: 'pending' | 'delivered' | 'dead';
        /** id of a rental */
        rental?: string;
      };
    };
    answer: {
      items: WebhookDelivery[];
      nextCursor: string | null;
    };
  };
  /** Move the clients of the nodes that are dead now, once, despite the open breaker */
  overrideBreaker: {
    input: {
      body: BreakerOverride;
    };
    answer: Pool;
  };
  /** Start nothing new on any node and move no rental until Orion is resumed */
  pausePool: {
    input: {
      body: PoolReason;
    };
    answer: Pool;
  };
  /** What would happen if this were the inventory; nothing is changed */
  planInventory: {
    input: {
      body: InventoryText;
    };
    answer: FleetPlan;
  };
  /** Who is signed in with the cookie, and what writes with it need */
  readSession: {
    input: Record<never, never>;
    answer: Session;
  };
  /** Release the machine; repeating it is harmless */
  releaseRental: {
    input: {
      params: {
        /** id or name */
        id: string;
      };
    };
    answer: Rental;
  };
  /** Rent a machine and wait until it is ready for login */
  rent: {
    input: {
      query?: {
        wait?: string;
        queue?: 'true' | 'false';
      };
      headers?: {
        /** A repeated request with the same key gets the same rental; a different body is 409 */
        'idempotency-key'?: string;
      };
      body?: QuickRental;
    };
    answer: Rented;
  };
  /** Send a message again, or sooner; it is then tried for another day */
  resendWebhookDelivery: {
    input: {
      params: {
        id: string;
      };
    };
    answer: WebhookDelivery;
  };
  /** Resume after a pause */
  resumePool: {
    input: Record<never, never>;
    answer: Pool;
  };
  /** Revoke a token */
  revokeToken: {
    input: {
      params: {
        id: string;
      };
    };
    answer: null;
  };
  /** Rotate the secret; for a day messages are also signed with the previous one */
  rotateWebhookSecret: {
    input: Record<never, never>;
    answer: WebhookSecret;
  };
  /** The dashboard: the history */
  showEvents: {
    input: Record<never, never>;
    answer: string;
  };
  /** The dashboard: the fleet */
  showFleet: {
    input: Record<never, never>;
    answer: string;
  };
  /** The dashboard: a node */
  showNode: {
    input: {
      params: {
        node: string;
      };
    };
    answer: string;
  };
  /** The dashboard: quality of service */
  showQuality: {
    input: Record<never, never>;
    answer: string;
  };
  /** The dashboard: rentals that wait for a machine */
  showQueue: {
    input: Record<never, never>;
    answer: string;
  };
  /** The dashboard: a rental */
  showRental: {
    input: {
      params: {
        rental: string;
      };
    };
    answer: string;
  };
  /** The dashboard: rentals */
  showRentals: {
    input: Record<never, never>;
    answer: string;
  };
  /** Sign in with a token; a cookie stands in for it from then on, in this browser */
  signIn: {
    input: {
      body: SignIn;
    };
    answer: Session;
  };
  /** Sign out: the session ends at once, in every tab */
  signOut: {
    input: Record<never, never>;
    answer: null;
  };
  /** Accept the host key that a node shows instead of its known one, named by its fingerprint */
  trustNode: {
    input: {
      params: {
        name: string;
      };
      body: Trust;
    };
    answer: Node;
  };
  /** Let a node be rented again; also ends a drain */
  uncordonNode: {
    input: {
      params: {
        name: string;
      };
    };
    answer: Node;
  };
}

/** Method and path of each call. */
export const ROUTES = {
  acceptDifferences: ['POST', '/api/nodes/{name}/accept'],
  adoptNode: ['POST', '/api/nodes/{name}/adopt'],
  applyInventory: ['POST', '/api/inventory/apply'],
  applyRental: ['PUT', '/api/rentals/{id}'],
  changeRental: ['PATCH', '/api/rentals/{id}'],
  cleanNode: ['POST', '/api/nodes/{name}/clean'],
  cordonNode: ['POST', '/api/nodes/{name}/cordon'],
  createRental: ['POST', '/api/rentals'],
  createToken: ['POST', '/api/tokens'],
  drainNode: ['POST', '/api/nodes/{name}/drain'],
  explainRental: ['GET', '/api/rentals/{id}/explain'],
  forgetNode: ['POST', '/api/nodes/{name}/forget'],
  getDashboardFile: ['GET', '/assets/{version}/{file}'],
  getDescription: ['GET', '/openapi.json'],
  getDocs: ['GET', '/docs'],
  getDocsFile: ['GET', '/docs/{version}/{file}'],
  getHealth: ['GET', '/healthz'],
  getInventory: ['GET', '/api/inventory'],
  getMetrics: ['GET', '/metrics'],
  getNode: ['GET', '/api/nodes/{name}'],
  getPool: ['GET', '/api/pool'],
  getQos: ['GET', '/api/qos'],
  getReadiness: ['GET', '/readyz'],
  getRental: ['GET', '/api/rentals/{id}'],
  getTenant: ['GET', '/api/tenants/{name}'],
  getWebhookSecret: ['GET', '/api/webhooks/secret'],
  limitTenant: ['PATCH', '/api/tenants/{name}'],
  listEvents: ['GET', '/api/events'],
  listNodePlacements: ['GET', '/api/nodes/{name}/placements'],
  listNodes: ['GET', '/api/nodes'],
  listRentals: ['GET', '/api/rentals'],
  listTenants: ['GET', '/api/tenants'],
  listTokens: ['GET', '/api/tokens'],
  listWebhookDeliveries: ['GET', '/api/webhooks/deliveries'],
  overrideBreaker: ['POST', '/api/pool/override-breaker'],
  pausePool: ['POST', '/api/pool/pause'],
  planInventory: ['POST', '/api/inventory/plan'],
  readSession: ['GET', '/api/session'],
  releaseRental: ['DELETE', '/api/rentals/{id}'],
  rent: ['POST', '/api/rent'],
  resendWebhookDelivery: ['POST', '/api/webhooks/deliveries/{id}/resend'],
  resumePool: ['POST', '/api/pool/resume'],
  revokeToken: ['DELETE', '/api/tokens/{id}'],
  rotateWebhookSecret: ['POST', '/api/webhooks/secret/rotate'],
  showEvents: ['GET', '/events'],
  showFleet: ['GET', '/'],
  showNode: ['GET', '/nodes/{node}'],
  showQuality: ['GET', '/quality'],
  showQueue: ['GET', '/queue'],
  showRental: ['GET', '/rentals/{rental}'],
  showRentals: ['GET', '/rentals'],
  signIn: ['POST', '/api/session'],
  signOut: ['DELETE', '/api/session'],
  trustNode: ['POST', '/api/nodes/{name}/trust'],
  uncordonNode: ['POST', '/api/nodes/{name}/uncordon'],
} as const satisfies Record<keyof Operations, readonly [string, string]>;
