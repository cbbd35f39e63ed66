// phasegate with node-postgres: tickets, tasks and refusals as an application meets them.

import pg from 'pg';

// region errors
/** What phasegate refused; the message is the DETAIL, which names the ticket or task and the reasons. */
export class Refused extends Error {}
export class InvalidTransition extends Refused {}
export class GateNotPassed extends Refused {}
export class PhaseChanged extends Refused {}
export class TaskNotHeld extends Refused {}

// phasegate's errors carry their code where PostgreSQL's name a constraint.
const REFUSALS = {
  invalid_transition: InvalidTransition,
  gate_not_passed: GateNotPassed,
  phase_changed: PhaseChanged,
  task_not_held: TaskNotHeld,
};

export function refusal(error) {
  const Kind = REFUSALS[error.constraint];
  return Kind ? new Kind(error.detail, { cause: error }) : error;
}
// endregion

// region connect
export const pool = new pg.Pool({ max: 4 }); // PGHOST and so on say where

/** One statement, a transaction by itself. */
export async function query(text, values) {
  try {
    return (await pool.query(text, values)).rows;
  } catch (error) {
    throw refusal(error);
  }
}

/** Several statements in one transaction, on one connection; the actor is noted in the history of what they move. */
export async function transaction(actor, work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    // SET LOCAL takes no parameters; this does, and ends with the transaction as well.
    await client.query("SELECT set_config('phasegate.actor', $1, true)", [actor]);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw refusal(error);
  } finally {
    client.release();
  }
}
// endregion

// region tickets
export async function createTicket(title) {
  const [ticket] = await query('INSERT INTO tickets (title) VALUES ($1) RETURNING *', [title]);
  return ticket;
}

export function moveTicket(id, phase, actor) {
  return transaction(actor, async (client) => {
    // Parameters are sent without types, so that the server takes this one for a phase, here and in a WHERE.
    const { rows } = await client.query('UPDATE tickets SET phase_id = $1 WHERE id = $2 RETURNING *', [phase, id]);
    return rows[0];
  });
}

export function ticketsIn(phases) {
  return query('SELECT * FROM tickets WHERE phase_id = ANY ($1) ORDER BY id', [phases]);
}
// endregion

// region functions
export async function transitionTicket(id, phase, { reason, actor, expectedPhase } = {}) {
  const [transition] = await query(
    'SELECT * FROM transition_ticket($1, $2, reason => $3, transitioned_by => $4, expected_phase => $5)',
    [id, phase, reason, actor, expectedPhase],
  );
  return transition;
}

/** The task, or undefined where there is none for this agent. */
export async function claimTask(agent, capabilities) {
  const [task] = await query('SELECT * FROM claim_task($1, $2)', [agent, capabilities]);
  return task;
}

export async function completeTask(task, agent, result) {
  const [done] = await query(
    'SELECT * FROM complete_task($1, $2, $3, attempt => $4)',
    [task.id, agent, result, task.attempt],
  );
  return done;
}

export function history(id) {
  return query('SELECT * FROM get_phase_history($1)', [id]);
}
// endregion
