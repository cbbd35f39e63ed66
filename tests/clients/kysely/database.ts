// The workspace's tables, and phasegate's refusals, for Kysely.

import { Kysely, PostgresDialect, sql, type ColumnType, type Generated, type Transaction } from 'kysely';
import pg from 'pg';

// region types
// Which phases there are is configuration of the database, so that this is an open set, with the usual ones named.
export type Phase =
  | 'PHASE_BACKLOG' | 'PHASE_REQUIREMENTS' | 'PHASE_DESIGN' | 'PHASE_IMPLEMENTATION' | 'PHASE_TESTING'
  | 'PHASE_DEPLOYMENT' | 'PHASE_DONE' | 'PHASE_BLOCKED' | (string & {});

/** A column that phasegate's triggers set: it is read, and neither inserted nor updated. */
type ByDatabase<T> = ColumnType<T, never, never>;

interface Tickets {
  id: Generated<string>;
  title: string;
  description: string | null;
  priority: Generated<'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL'>;
  phase_id: Generated<Phase>;
  previous_phase_id: ByDatabase<Phase | null>;
  context: ByDatabase<Record<string, any> | null>;
  phase_entered_at: ByDatabase<Date>;
  created_at: ByDatabase<Date>;
}

interface Artifacts {
  id: Generated<string>;
  ticket_id: string;
  phase_id: Phase;
  artifact_type: string;
  // Written as text: node-postgres would send a list as a PostgreSQL array, and null is SQL's.
  artifact_content: ColumnType<unknown, string | null, string | null>;
}

export interface Workspace {
  tickets: Tickets;
  phase_gate_artifacts: Artifacts;
}

export interface Task {
  id: string;
  ticket_id: string;
  task_type: string;
  status: string;
  attempt: number;
  result: unknown;
}

export const db = new Kysely<Workspace>({
  dialect: new PostgresDialect({ pool: new pg.Pool({ max: 4 }) }), // PGHOST and so on say where
});
// endregion

// region errors
/** What phasegate refused; the message is the DETAIL, which names the ticket or task and the reasons. */
export class Refused extends Error {}
export class InvalidTransition extends Refused {}
export class GateNotPassed extends Refused {}
export class PhaseChanged extends Refused {}
export class TaskNotHeld extends Refused {}

// phasegate's errors carry their code where PostgreSQL's name a constraint.
const REFUSALS: Record<string, typeof Refused> = {
  invalid_transition: InvalidTransition,
  gate_not_passed: GateNotPassed,
  phase_changed: PhaseChanged,
  task_not_held: TaskNotHeld,
};

/** The promise's value; rejects with Refused instead of phasegate's DatabaseError. */
export async function refusals<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof pg.DatabaseError) {
      const Kind = REFUSALS[error.constraint ?? ''];
      if (Kind) throw new Kind(error.detail, { cause: error });
    }
    throw error;
  }
}
// endregion

// region tickets
/** One transaction, whose actor is noted in the history of what it moves. */
export function as<T>(actor: string, work: (transaction: Transaction<Workspace>) => Promise<T>): Promise<T> {
  return refusals(db.transaction().execute(async (transaction) => {
    // SET LOCAL takes no parameters; this does, and ends with the transaction as well.
    await sql`SELECT set_config('phasegate.actor', ${actor}, true)`.execute(transaction);
    return work(transaction);
  }));
}

export function createTicket(title: string) {
  return db.insertInto('tickets').values({ title }).returningAll().executeTakeFirstOrThrow();
}

export function moveTicket(id: string, phase: Phase, actor: string) {
  return as(actor, (transaction) =>
    transaction.updateTable('tickets').set({ phase_id: phase }).where('id', '=', id).returningAll().executeTakeFirstOrThrow());
}

export function ticketsIn(phases: Phase[]) {
  return db.selectFrom('tickets').selectAll().where('phase_id', 'in', phases).orderBy('id').execute();
}
// endregion

// region functions
export async function transitionTicket(id: string, phase: Phase, reason: string | null = null, expectedPhase: Phase | null = null) {
  await refusals(sql`
    SELECT transition_ticket(${id}, ${phase}, reason => ${reason}, expected_phase => ${expectedPhase})`.execute(db));
}

export async function claimTask(agent: string, capabilities: string[]): Promise<Task | undefined> {
  const { rows } = await sql<Task>`SELECT * FROM claim_task(${agent}, ${capabilities})`.execute(db);
  return rows[0];
}

export async function completeTask(task: Task, agent: string, result: object): Promise<Task> {
  const { rows } = await refusals(sql<Task>`
    SELECT * FROM complete_task(${task.id}, ${agent}, ${JSON.stringify(result)}, attempt => ${task.attempt})`.execute(db));
  return rows[0]!;
}

export async function history(id: string) {
  const { rows } = await sql<{ to_phase: Phase; transition_reason: string | null; transitioned_by: string }>`
    SELECT * FROM get_phase_history(${id})`.execute(db);
  return rows;
}
// endregion
