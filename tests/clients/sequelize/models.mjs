// The workspace's tables, and phasegate's refusals, for Sequelize 6.

import { DataTypes, DatabaseError, Model, QueryTypes, Sequelize } from 'sequelize';

const { PGHOST: host, PGPORT: port, PGUSER: username, PGDATABASE: database } = process.env;

// region models
export const sequelize = new Sequelize({
  dialect: 'postgres', host, port, username, database,
  logging: false,
  // updated_at and created_at are phasegate's.
  define: { timestamps: false, underscored: true },
});

// A phase is a string: which there are is configuration of the database, and values are sent without a type.
const PHASE = DataTypes.STRING;

// Sequelize inserts NULL where a key has no default that it knows of.
const ID = { type: DataTypes.UUID, primaryKey: true, defaultValue: Sequelize.fn('uuid_v7') };

export class Ticket extends Model {}
Ticket.init({
  id: ID,
  title: { type: DataTypes.TEXT, allowNull: false },
  description: DataTypes.TEXT,
  priority: DataTypes.STRING,
  phase_id: PHASE,
  previous_phase_id: PHASE,
  context: DataTypes.JSONB,
  phase_entered_at: DataTypes.DATE,
  created_at: DataTypes.DATE,
}, { sequelize, tableName: 'tickets' });

export class Task extends Model {}
Task.init({
  id: ID,
  ticket_id: DataTypes.UUID,
  task_type: DataTypes.STRING,
  status: DataTypes.STRING,
  attempt: DataTypes.INTEGER,
  result: DataTypes.JSONB,
}, { sequelize, tableName: 'tasks' });

export class Artifact extends Model {}
Artifact.init({
  id: ID,
  ticket_id: DataTypes.UUID,
  phase_id: PHASE,
  artifact_type: DataTypes.STRING,
  artifact_content: DataTypes.JSONB,
}, { sequelize, tableName: 'phase_gate_artifacts' });
// endregion

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

/** The promise's value; rejects with Refused instead of the DatabaseError that Sequelize makes of a refusal. */
export async function refusals(promise) {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const { constraint, detail } = error.original;
    const Kind = REFUSALS[constraint];
    throw Kind ? new Kind(detail, { cause: error }) : error;
  }
}
// endregion

// region move
/** One transaction, whose actor is noted in the history of what it moves. */
export function as(actor, work) {
  return refusals(sequelize.transaction(async (transaction) => {
    // SET LOCAL takes no parameters; this does, and ends with the transaction as well.
    await sequelize.query("SELECT set_config('phasegate.actor', $1, true)", { bind: [actor], transaction });
    return work(transaction);
  }));
}

export async function moveTicket(ticket, phase, actor) {
  await as(actor, async (transaction) => {
    ticket.phase_id = phase;
    // With returning, the object has what triggers changed, too.
    await ticket.save({ transaction, returning: true });
  });
}
// endregion

// region functions
export async function transitionTicket(ticket, phase, { reason = null, expectedPhase = null } = {}) {
  await refusals(sequelize.query('SELECT transition_ticket($1, $2, reason => $3, expected_phase => $4)', {
    bind: [ticket.id, phase, reason, expectedPhase],
  }));
  await ticket.reload();
}

export async function claimTask(agent, capabilities) {
  const [task] = await sequelize.query('SELECT * FROM claim_task($1, $2)', {
    bind: [agent, capabilities], model: Task, mapToModel: true,
  });
  return task;
}

export async function completeTask(task, agent, result) {
  const [done] = await refusals(sequelize.query('SELECT * FROM complete_task($1, $2, $3, attempt => $4)', {
    bind: [task.id, agent, JSON.stringify(result), task.attempt], model: Task, mapToModel: true,
  }));
  return done;
}

export function history(ticket) {
  return sequelize.query('SELECT * FROM get_phase_history($1)', { bind: [ticket.id], type: QueryTypes.SELECT });
}
// endregion
