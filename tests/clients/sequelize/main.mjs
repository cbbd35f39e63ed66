// Runs the workflow and asserts what it leaves.

import assert from 'node:assert/strict';
import { DatabaseError } from 'sequelize';
import {
  Artifact, GateNotPassed, InvalidTransition, PhaseChanged, Task, TaskNotHeld, Ticket,
  as, claimTask, completeTask, history, moveTicket, refusals, sequelize, transitionTicket,
} from './models.mjs';

async function refused(Kind, promise) {
  const error = await promise.then(() => assert.fail(`${Kind.name} was not thrown`), (error) => error);
  assert.ok(error instanceof Kind, error);
  return error.message;
}

async function movesAndRefusals() {
  const ticket = await Ticket.create({ title: 'Customers are charged twice' });
  assert.match(ticket.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(ticket.phase_id, 'PHASE_BACKLOG');
  assert.equal(ticket.context, null);
  assert.ok(ticket.created_at instanceof Date);

  await moveTicket(ticket, 'PHASE_REQUIREMENTS', 'planner');
  assert.equal(ticket.previous_phase_id, 'PHASE_BACKLOG');

  let detail = await refused(InvalidTransition, moveTicket(ticket, 'PHASE_DONE', 'planner'));
  assert.match(detail, /cannot move from PHASE_REQUIREMENTS to PHASE_DONE/);
  // The object still has what was refused, until it is read again.
  assert.equal(ticket.phase_id, 'PHASE_DONE');
  await ticket.reload();
  assert.equal(ticket.phase_id, 'PHASE_REQUIREMENTS');
  detail = await refused(GateNotPassed, moveTicket(ticket, 'PHASE_DESIGN', 'planner'));
  assert.ok(detail.split('\n').includes('The artifact "requirements_document" is missing.'));
  detail = await refused(PhaseChanged, transitionTicket(ticket, 'PHASE_DESIGN', { expectedPhase: 'PHASE_BACKLOG' }));
  assert.match(detail, /is in PHASE_REQUIREMENTS/);
  await ticket.reload();

  // A violated CHECK has the SQLSTATE of a refused move, and is none.
  assert.match(await refused(DatabaseError, refusals(ticket.update({ priority: 'URGENT' }))), /tickets_priority_check/);
  await ticket.reload();
  return ticket;
}

async function workAndContext(ticket) {
  assert.equal(await claimTask('ada', ['juggling']), undefined);
  let task = await claimTask('ada', ['analysis']);
  assert.deepEqual([task.ticket_id, task.attempt], [ticket.id, 1]);
  assert.match(await refused(TaskNotHeld, completeTask(task, 'bob', {})), /agent bob/);
  const result = { context: { key_decisions: ['Idempotency keys'] } };
  const done = await completeTask(task, 'ada', result);
  assert.equal(done.status, 'completed');
  assert.deepEqual(done.result, result);

  task = await claimTask('dora', ['documentation']);
  const content = { length: 1520, sections: ['Scope', 'Acceptance criteria'] };
  await completeTask(task, 'dora', { artifacts: [{ type: 'requirements_document', content }] });

  await transitionTicket(ticket, 'PHASE_DESIGN', { reason: 'Sprint 12' });
  assert.equal(ticket.phase_id, 'PHASE_DESIGN');
  assert.deepEqual(ticket.context.requirements_phase.key_decisions, ['Idempotency keys']);
  const [[{ context_summary: summary }]] = await sequelize.query('SELECT context_summary($1)', { bind: [ticket.id] });
  assert.match(summary, /- Idempotency keys/);
  const entries = await history(ticket);
  assert.deepEqual(entries.map((entry) => [entry.to_phase, entry.transition_reason]), [
    ['PHASE_BACKLOG', null], ['PHASE_REQUIREMENTS', null], ['PHASE_DESIGN', 'Sprint 12'],
  ]);
  assert.equal(entries[1].transitioned_by, 'planner');
}

async function manyTickets() {
  const tickets = await Ticket.bulkCreate([{ title: 'One' }, { title: 'Two' }, { title: 'Three' }], { returning: true });
  const ids = tickets.map((ticket) => ticket.id).sort();
  const backlog = { phase_id: 'PHASE_BACKLOG' };
  assert.deepEqual((await Ticket.findAll({ where: backlog, order: ['id'] })).map((ticket) => ticket.id), ids);
  assert.equal(await Ticket.count({ where: { phase_id: ['PHASE_BACKLOG', 'PHASE_DONE'] } }), 3);
  assert.equal(await Task.count({ where: { task_type: 'analyze_requirements', status: 'completed' } }), 1);

  // One UPDATE moves all or none, and here two of three have no such edge.
  await moveTicket(tickets[0], 'PHASE_REQUIREMENTS', 'planner');
  await refused(InvalidTransition, refusals(Ticket.update({ phase_id: 'PHASE_BLOCKED' }, { where: { id: ids } })));
  assert.equal(await Ticket.count({ where: { phase_id: 'PHASE_BLOCKED' } }), 0);
  const [count, moved] = await Ticket.update({ phase_id: 'PHASE_REQUIREMENTS' }, { where: backlog, returning: true });
  assert.equal(count, 2);
  assert.deepEqual(moved.map((ticket) => ticket.previous_phase_id), ['PHASE_BACKLOG', 'PHASE_BACKLOG']);
}

async function nulls(ticket) {
  const artifact = { ticket_id: ticket.id, phase_id: 'PHASE_DESIGN', artifact_type: 'notes' };
  await Artifact.create({ ...artifact, artifact_content: null });
  await Artifact.create({ ...artifact, artifact_content: ['a', 'b'] });
  const [[kinds]] = await sequelize.query(`
    SELECT array_agg(jsonb_typeof(artifact_content) ORDER BY collected_at) AS found
      FROM phase_gate_artifacts WHERE ticket_id = $1 AND phase_id = $2`, { bind: [ticket.id, 'PHASE_DESIGN'] });
  assert.deepEqual(kinds.found, [null, 'array']);
}

const ticket = await movesAndRefusals();
await workAndContext(ticket);
await manyTickets();
await nulls(ticket);
await as('planner', (transaction) => ticket.update({ title: 'Charged twice' }, { transaction }));
await sequelize.close();
