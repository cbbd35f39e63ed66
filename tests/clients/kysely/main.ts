// Runs the workflow and asserts what it leaves.

import assert from 'node:assert/strict';
import pg from 'pg';
import {
  GateNotPassed, InvalidTransition, PhaseChanged, TaskNotHeld,
  as, claimTask, completeTask, createTicket, db, history, moveTicket, refusals, ticketsIn, transitionTicket,
} from './database.js';

async function refused(Kind: new (...args: any[]) => Error, promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => assert.fail(`${Kind.name} was not thrown`), (error) => error);
  assert.ok(error instanceof Kind, error);
  return error.message;
}

async function movesAndRefusals() {
  const ticket = await createTicket('Customers are charged twice');
  assert.match(ticket.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(ticket.phase_id, 'PHASE_BACKLOG');
  assert.equal(ticket.context, null);
  assert.ok(ticket.created_at instanceof Date);

  const moved = await moveTicket(ticket.id, 'PHASE_REQUIREMENTS', 'planner');
  assert.deepEqual([moved.phase_id, moved.previous_phase_id], ['PHASE_REQUIREMENTS', 'PHASE_BACKLOG']);

  let detail = await refused(InvalidTransition, moveTicket(ticket.id, 'PHASE_DONE', 'planner'));
  assert.match(detail, /cannot move from PHASE_REQUIREMENTS to PHASE_DONE/);
  detail = await refused(GateNotPassed, moveTicket(ticket.id, 'PHASE_DESIGN', 'planner'));
  assert.ok(detail.split('\n').includes('The artifact "requirements_document" is missing.'));
  detail = await refused(PhaseChanged, transitionTicket(ticket.id, 'PHASE_DESIGN', null, 'PHASE_BACKLOG'));
  assert.match(detail, /is in PHASE_REQUIREMENTS/);

  // A violated CHECK has the SQLSTATE of a refused move, and is none.
  const urgent = db.updateTable('tickets').set({ priority: 'URGENT' as 'HIGH' }).where('id', '=', ticket.id).execute();
  assert.match(await refused(pg.DatabaseError, refusals(urgent)), /tickets_priority_check/);
  return ticket.id;
}

async function workAndContext(id: string) {
  assert.equal(await claimTask('ada', ['juggling']), undefined);
  let task = await claimTask('ada', ['analysis']);
  assert.ok(task && task.ticket_id === id && task.attempt === 1);
  assert.match(await refused(TaskNotHeld, completeTask(task, 'bob', {})), /agent bob/);
  const result = { context: { key_decisions: ['Idempotency keys'] } };
  const done = await completeTask(task, 'ada', result);
  assert.equal(done.status, 'completed');
  assert.deepEqual(done.result, result);

  task = await claimTask('dora', ['documentation']);
  assert.ok(task);
  const content = { length: 1520, sections: ['Scope', 'Acceptance criteria'] };
  await completeTask(task, 'dora', { artifacts: [{ type: 'requirements_document', content }] });

  await transitionTicket(id, 'PHASE_DESIGN', 'Sprint 12');
  const ticket = await db.selectFrom('tickets').selectAll()
    .select((eb) => eb.fn<string>('context_summary', ['id']).as('summary')).where('id', '=', id).executeTakeFirstOrThrow();
  assert.equal(ticket.phase_id, 'PHASE_DESIGN');
  assert.deepEqual(ticket.context!.requirements_phase.key_decisions, ['Idempotency keys']);
  assert.match(ticket.summary, /- Idempotency keys/);
  const entries = await history(id);
  assert.deepEqual(entries.map((entry) => [entry.to_phase, entry.transition_reason]), [
    ['PHASE_BACKLOG', null], ['PHASE_REQUIREMENTS', null], ['PHASE_DESIGN', 'Sprint 12'],
  ]);
  assert.equal(entries[1]!.transitioned_by, 'planner');
}

async function manyTickets() {
  const rows = await db.insertInto('tickets').values([{ title: 'One' }, { title: 'Two' }, { title: 'Three' }]).returning('id').execute();
  const ids = rows.map((row) => row.id).sort();
  assert.deepEqual((await ticketsIn(['PHASE_BACKLOG', 'PHASE_DONE'])).map((ticket) => ticket.id), ids);

  // One UPDATE moves all or none, and here two of three have no such edge.
  await moveTicket(ids[0]!, 'PHASE_REQUIREMENTS', 'planner');
  const block = db.updateTable('tickets').set({ phase_id: 'PHASE_BLOCKED' }).where('id', 'in', ids).execute();
  await refused(InvalidTransition, refusals(block));
  assert.deepEqual(await ticketsIn(['PHASE_BLOCKED']), []);
  const moved = await db.updateTable('tickets').set({ phase_id: 'PHASE_REQUIREMENTS' })
    .where('phase_id', '=', 'PHASE_BACKLOG').executeTakeFirstOrThrow();
  assert.equal(moved.numUpdatedRows, 2n);
}

async function nulls(id: string) {
  await as('planner', (transaction) => transaction.insertInto('phase_gate_artifacts').values([
    { ticket_id: id, phase_id: 'PHASE_DESIGN', artifact_type: 'sql null', artifact_content: null },
    { ticket_id: id, phase_id: 'PHASE_DESIGN', artifact_type: 'json null', artifact_content: JSON.stringify(null) },
  ]).execute());
  const row = await db.selectFrom('phase_gate_artifacts').select('artifact_type')
    .where('phase_id', '=', 'PHASE_DESIGN').where('artifact_content', 'is', null).executeTakeFirstOrThrow();
  assert.equal(row.artifact_type, 'sql null');
}

const id = await movesAndRefusals();
await workAndContext(id);
await manyTickets();
await nulls(id);
await db.destroy();
