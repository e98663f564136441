/** Something that always holds in the database, and the statement that finds its violations. */
export interface Invariant {
  name: string;
  /** The invariant in words. */
  promise: string;
  /** Selects `subject` and `detail` for each violation: ids and names, no secrets. */
  violations: string;
}

// Plain SQL on purpose: it shares nothing with the code that writes these rows, not even column names. Most
// invariants hold at every moment, because rows that belong together are written in one transaction. Where a
// second transaction follows the first (the node's row after its rental's placement ended), it has a minute.

const live = (alias: string) => `${alias}.ended_at IS NULL`;
const isOld = (moment: string, interval = '1 MINUTE') => `${moment} < now(3) - INTERVAL ${interval}`;
/** Events are kept for 90 days, and a rental may last longer. */
const IN_HISTORY = '80 DAY';
/** Longer than any single attempt at a node's work takes, including the pause before it. */
const STUCK = '1 HOUR';

const ALLOCATION: Invariant[] = [
  {
    name: 'one-placement-per-node',
    promise: 'a node has at most one live placement',
    violations: `
      SELECT p.node AS subject, concat('placements ', group_concat(p.epoch ORDER BY p.epoch)) AS detail
      FROM placements p WHERE ${live('p')} GROUP BY p.node HAVING count(*) > 1`,
  },
  {
    name: 'one-placement-per-role',
    promise: 'a rental has at most one serving and one incoming placement',
    violations: `
      SELECT p.rental_id AS subject,
        concat(p.role, ' placements ', group_concat(p.epoch ORDER BY p.epoch)) AS detail
      FROM placements p WHERE ${live('p')} GROUP BY p.rental_id, p.role HAVING count(*) > 1`,
  },
  {
    name: 'incoming-beside-serving',
    promise: 'an incoming placement has a serving one to take over from',
    violations: `
      SELECT p.rental_id AS subject, concat('placement ', p.epoch, ' on ', p.node) AS detail
      FROM placements p LEFT JOIN placements s
        ON s.rental_id = p.rental_id AND s.role = 'serving' AND ${live('s')}
      WHERE ${live('p')} AND p.role = 'incoming' AND s.epoch IS NULL`,
  },
  {
    name: 'free-is-empty',
    promise: 'nothing is placed on a free node',
    violations: `
      SELECT n.name AS subject, concat('placement ', p.epoch, ' of ', p.rental_id) AS detail
      FROM nodes n JOIN placements p ON p.node = n.name AND ${live('p')} WHERE n.state = 'free'`,
  },
  {
    name: 'free-is-clean',
    promise: 'a free node was cleaned of every placement that ended on it',
    violations: `
      SELECT n.name AS subject, concat('placement ', p.epoch, ' of ', p.rental_id) AS detail
      FROM nodes n JOIN placements p ON p.node = n.name AND p.ended_at IS NOT NULL AND p.cleaned_at IS NULL
      WHERE n.state = 'free'`,
  },
  {
    name: 'in-use-is-placed',
    promise: 'a node that is provisioning or allocated has a live placement',
    violations: `
      SELECT n.name AS subject, concat(n.state, ' since ', n.state_since) AS detail
      FROM nodes n WHERE n.state IN ('provisioning', 'allocated') AND NOT EXISTS (
        SELECT 1 FROM placements p
        WHERE p.node = n.name AND (${live('p')} OR NOT ${isOld('p.ended_at')}))`,
  },
  {
    name: 'placed-on-a-node',
    promise: 'a live placement is on a listed node, which is provisioning, allocated or dead',
    violations: `
      SELECT p.node AS subject,
        concat('placement ', p.epoch, ' of ', p.rental_id, ', node ', coalesce(n.state, 'not listed')) AS detail
      FROM placements p LEFT JOIN nodes n ON n.name = p.node
      WHERE ${live('p')} AND coalesce(n.state, '') NOT IN ('free', 'provisioning', 'allocated', 'dead')`,
  },
];

const RENTALS: Invariant[] = [
  {
    name: 'ended-has-nothing',
    promise: 'a live placement belongs to a rental that exists and has not ended',
    violations: `
      SELECT p.rental_id AS subject, concat('placement ', p.epoch, ' on ', p.node) AS detail
      FROM placements p LEFT JOIN rentals r ON r.id = p.rental_id
      WHERE ${live('p')} AND (r.id IS NULL OR r.ended_at IS NOT NULL)`,
  },
  {
    name: 'ready-where-it-is',
    promise: 'a rental that is Active, Migrating or Lost has a serving placement that was ready',
    violations: `
      SELECT r.id AS subject, concat(r.phase, ', ', coalesce(
        concat('placement ', p.epoch, ' on ', p.node, ' was never ready'), 'no placement')) AS detail
      FROM rentals r LEFT JOIN placements p
        ON p.rental_id = r.id AND p.role = 'serving' AND ${live('p')}
      WHERE r.phase IN ('Active', 'Migrating', 'Lost') AND p.ready_at IS NULL`,
  },
  {
    name: 'phase-is-true',
    promise:
      'a rental has ended if it is Released or Failed, and has no placement while it is Pending or Releasing',
    violations: `
      SELECT r.id AS subject, concat(r.phase, if(r.ended_at IS NULL, ', not ended', ', ended')) AS detail
      FROM rentals r WHERE (r.phase IN ('Released', 'Failed')) <> (r.ended_at IS NOT NULL)
      UNION ALL
      SELECT r.id, concat(r.phase, ', placement ', p.epoch, ' on ', p.node)
      FROM rentals r JOIN placements p ON p.rental_id = r.id AND ${live('p')}
      WHERE r.phase IN ('Pending', 'Releasing')`,
  },
  {
    name: 'times-in-order',
    promise: 'a placement is cleaned after it ended, and ends after it began',
    // Two daemons' clocks may have written these times.
    violations: `
      SELECT p.node AS subject, concat('placement ', p.epoch, ' of ', p.rental_id) AS detail
      FROM placements p
      WHERE (p.cleaned_at IS NOT NULL AND p.ended_at IS NULL)
        OR p.cleaned_at < p.ended_at - INTERVAL 1 MINUTE OR p.ended_at < p.started_at - INTERVAL 1 MINUTE`,
  },
];

const NUMBERS: Invariant[] = [
  {
    name: 'epochs-once',
    promise: 'no two placements share an epoch, and none is beyond the counter',
    violations: `
      SELECT concat('placement ', p.epoch) AS subject, 'given more than once' AS detail
      FROM placements p GROUP BY p.epoch HAVING count(*) > 1
      UNION ALL
      SELECT concat('placement ', p.epoch), concat('the counter is at ', coalesce(l.seq, 'nothing'))
      FROM placements p LEFT JOIN leases l ON l.name = 'leader' WHERE p.epoch > coalesce(l.seq, 0)`,
  },
  {
    name: 'events-once',
    promise: 'no two events share a number, none is beyond the counter, and none is the epoch of a placement',
    violations: `
      SELECT concat('event ', e.seq) AS subject, 'given more than once' AS detail
      FROM events e WHERE e.seq IS NOT NULL GROUP BY e.seq HAVING count(*) > 1
      UNION ALL
      SELECT concat('event ', e.seq), concat('the counter is at ', coalesce(l.seq, 'nothing'))
      FROM events e LEFT JOIN leases l ON l.name = 'leader' WHERE e.seq > coalesce(l.seq, 0)
      UNION ALL
      SELECT concat('event ', e.seq), concat('is the epoch of a placement of ', p.rental_id)
      FROM placements p JOIN events e ON e.seq = p.epoch`,
  },
  {
    name: 'uids-once',
    promise: 'no uid of a node was given twice, nor will be',
    violations: `
      SELECT p.node AS subject,
        concat('uid ', p.uid, ' of placements ', group_concat(p.epoch ORDER BY p.epoch)) AS detail
      FROM placements p GROUP BY p.node, p.uid HAVING count(*) > 1
      UNION ALL
      SELECT n.name, concat('uid ', max(p.uid), ' was given, and ', n.next_uid, ' is next')
      FROM nodes n JOIN placements p ON p.node = n.name GROUP BY n.name, n.next_uid HAVING max(p.uid) >= n.next_uid`,
  },
];

const HISTORY: Invariant[] = [
  {
    name: 'access-is-told',
    promise: 'the start and the end of each placement are in the history of its rental',
    violations: `
      SELECT p.rental_id AS subject, concat('placement ', p.epoch, ' on ', p.node, ' began at ', p.started_at) AS detail
      FROM placements p WHERE NOT ${isOld('p.started_at', IN_HISTORY)}
        AND NOT EXISTS (SELECT 1 FROM events e WHERE e.rental_id = p.rental_id AND e.at = p.started_at)
      UNION ALL
      SELECT p.rental_id, concat('placement ', p.epoch, ' on ', p.node, ' ended at ', p.ended_at)
      FROM placements p WHERE p.ended_at IS NOT NULL AND NOT ${isOld('p.ended_at', IN_HISTORY)}
        AND NOT EXISTS (SELECT 1 FROM events e WHERE e.rental_id = p.rental_id AND e.at = p.ended_at)`,
  },
];

/** Only its event records the time of a write. */
const lastTold = (where: string, types: string[]) =>
  `(SELECT max(e.at) FROM events e WHERE ${where} AND e.type IN (${types.map((type) => `'${type}'`).join(', ')}))`;
const RENTAL_WRITES = ['rental.created', 'rental.updated', 'rental.release_requested'];
const NODE_WRITES = ['changed', 'retiring', 'cordoned', 'uncordoned', 'draining']
  .concat(['trust_requested', 'clean_requested', 'forget_requested'])
  .map((kind) => `node.${kind}`);

/** These hold while a daemon leads. */
const PROGRESS: Invariant[] = [
  {
    name: 'writes-are-seen',
    promise: 'changes to rentals, nodes and events are processed within a minute',
    violations: `
      SELECT r.id AS subject, concat(r.phase, ', written and not processed') AS detail
      FROM rentals r
      WHERE r.dirty AND ${isOld(`coalesce(${lastTold('e.rental_id = r.id', RENTAL_WRITES)}, r.created_at)`)}
      UNION ALL
      SELECT n.name, concat(n.state, ', written and not processed') FROM nodes n
      WHERE n.generation <> n.observed_generation
        AND ${isOld(`coalesce(${lastTold('e.node = n.name', NODE_WRITES)}, n.state_since)`)}
      UNION ALL
      SELECT concat('event ', e.id), concat(e.type, ' of ', e.at, ' has no number')
      FROM events e WHERE e.seq IS NULL AND ${isOld('e.at')}`,
  },
  {
    name: 'nothing-is-overdue',
    promise: 'nothing is long overdue: leases, releases, and work on nodes that answer',
    violations: `
      SELECT r.id AS subject, concat('its lease ended at ', r.expires_at) AS detail
      FROM rentals r JOIN placements p ON p.rental_id = r.id AND ${live('p')}
      WHERE ${isOld('r.expires_at')}
      UNION ALL
      SELECT r.id, concat('its release was requested at ', r.release_requested_at)
      FROM rentals r JOIN placements p ON p.rental_id = r.id AND ${live('p')}
      WHERE ${isOld('r.release_requested_at')}
      UNION ALL
      SELECT n.name, concat(n.state, ' since ', n.state_since,
        coalesce(concat(', to be tried at ', n.next_attempt_at), ''))
      FROM nodes n WHERE n.status = 'alive' AND n.state IN ('provisioning', 'cleaning', 'quarantined')
        AND ${isOld('greatest(n.state_since, coalesce(n.next_attempt_at, n.state_since))', STUCK)}`,
  },
];

export const INVARIANTS: readonly Invariant[] = [
  ...ALLOCATION,
  ...RENTALS,
  ...NUMBERS,
  ...HISTORY,
  ...PROGRESS,
];
