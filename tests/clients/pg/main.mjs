// Runs the workflow and asserts what it leaves.

import assert from 'node:assert/strict';
import {
  GateNotPassed, InvalidTransition, PhaseChanged, TaskNotHeld,
  claimTask, completeTask, createTicket, history, moveTicket, pool, query, ticketsIn, transaction, transitionTicket,
} from './workflow.mjs';

async function refused(Kind, promise) {
  const error = await promise.then(() => assert.fail(`${Kind.name} was not thrown`), (error) => error);
  assert.ok(error instanceof Kind, error);
  return error;
}

async function movesAndRefusals() {
  const ticket = await createTicket('Customers are charged twice');
  assert.match(ticket.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(ticket.phase_id, 'PHASE_BACKLOG');
  assert.equal(ticket.context, null);
  assert.ok(ticket.created_at instanceof Date);

  const moved = await moveTicket(ticket.id, 'PHASE_REQUIREMENTS', 'planner');
  assert.deepEqual([moved.phase_id, moved.previous_phase_id], ['PHASE_REQUIREMENTS', 'PHASE_BACKLOG']);

  let refusal = await refused(InvalidTransition, moveTicket(ticket.id, 'PHASE_DONE', 'planner'));
  assert.match(refusal.message, /cannot move from PHASE_REQUIREMENTS to PHASE_DONE/);
  refusal = await refused(GateNotPassed, moveTicket(ticket.id, 'PHASE_DESIGN', 'planner'));
  assert.ok(refusal.message.split('\n').includes('The artifact "requirements_document" is missing.'));
  refusal = await refused(PhaseChanged, transitionTicket(ticket.id, 'PHASE_DESIGN', { expectedPhase: 'PHASE_BACKLOG' }));
  assert.match(refusal.message, /is in PHASE_REQUIREMENTS/);

  // A violated CHECK has the SQLSTATE of a refused move, and is none.
  const urgent = query("UPDATE tickets SET priority = 'URGENT' WHERE id = $1", [ticket.id]);
  assert.equal((await urgent.catch((error) => error)).constraint, 'tickets_priority_check');
  return ticket.id;
}

async function workAndContext(id) {
  assert.equal(await claimTask('ada', ['juggling']), undefined);
  let task = await claimTask('ada', ['analysis']);
  assert.deepEqual([task.ticket_id, task.attempt], [id, 1]);
  assert.match((await refused(TaskNotHeld, completeTask(task, 'bob', {}))).message, /agent bob/);
  const result = { context: { key_decisions: ['Idempotency keys'] } };
  const done = await completeTask(task, 'ada', result);
  assert.equal(done.status, 'completed');
  assert.deepEqual(done.result, result);

  task = await claimTask('dora', ['documentation']);
  const content = { length: 1520, sections: ['Scope', 'Acceptance criteria'] };
  await completeTask(task, 'dora', { artifacts: [{ type: 'requirements_document', content }] });

  const move = await transitionTicket(id, 'PHASE_DESIGN', { reason: 'Sprint 12', actor: 'planner' });
  assert.deepEqual([move.previous_phase, move.current_phase], ['PHASE_REQUIREMENTS', 'PHASE_DESIGN']);
  const entries = await history(id);
  assert.deepEqual(entries.map((entry) => [entry.to_phase, entry.transition_reason]), [
    ['PHASE_BACKLOG', null], ['PHASE_REQUIREMENTS', null], ['PHASE_DESIGN', 'Sprint 12'],
  ]);
  assert.deepEqual(entries.slice(1).map((entry) => entry.transitioned_by), ['planner', 'planner']);
  const [{ context, summary }] = await query('SELECT context, context_summary(id) AS summary FROM tickets WHERE id = $1', [id]);
  assert.deepEqual(context.requirements_phase.key_decisions, ['Idempotency keys']);
  assert.match(summary, /- Idempotency keys/);
}

async function manyTickets() {
  const rows = await query('INSERT INTO tickets (title) SELECT unnest($1::text[]) RETURNING id', [['One', 'Two', 'Three']]);
  const ids = rows.map((row) => row.id).sort();
  assert.deepEqual((await ticketsIn(['PHASE_BACKLOG', 'PHASE_DONE'])).map((ticket) => ticket.id), ids);
  const [{ count }] = await query('SELECT count(*)::int FROM tickets WHERE phase_id = $1', ['PHASE_BACKLOG']);
  assert.equal(count, 3);

  // One UPDATE moves all or none, and here two of three have no such edge.
  await moveTicket(ids[0], 'PHASE_REQUIREMENTS', 'planner');
  await refused(InvalidTransition, query('UPDATE tickets SET phase_id = $1 WHERE id = ANY ($2)', ['PHASE_BLOCKED', ids]));
  assert.deepEqual(await ticketsIn(['PHASE_BLOCKED']), []);
  // The function moves those that can, and answers for each.
  const answers = await query('SELECT * FROM transition_tickets($1, $2)', [ids, 'PHASE_BLOCKED']);
  assert.deepEqual(answers.map((answer) => [answer.ticket_id, answer.error_code]), [
    [ids[0], null], [ids[1], 'invalid_transition'], [ids[2], 'invalid_transition'],
  ]);
}

async function nullsAndLists(id) {
  // region json
  await transaction('planner', async (client) => {
    const add = `INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
                 VALUES ($1, 'PHASE_DESIGN', $2, $3)`;
    await client.query(add, [id, 'sql null', null]);
    await client.query(add, [id, 'json null', 'null']);
    // An object is sent as JSON, but a list as a PostgreSQL array, unless it is made JSON before.
    await client.query(add, [id, 'list', JSON.stringify(['a', 'b'])]);
  });
  // endregion
  const rows = await query(
    'SELECT jsonb_typeof(artifact_content) AS kind FROM phase_gate_artifacts WHERE ticket_id = $1 AND phase_id = $2 ORDER BY artifact_type',
    [id, 'PHASE_DESIGN'],
  );
  assert.deepEqual(rows.map((row) => row.kind), ['null', 'array', null]);
}

/** Every way in which this driver binds a string, into a column of phases and where there is none. */
async function bindings() {
  const [{ id }] = await query('INSERT INTO tickets (title, phase_id) VALUES ($1, $2) RETURNING id', ['bound', 'PHASE_IMPLEMENTATION']);
  const assignments = ['$1', '$1::text', '$1::varchar', "concat('PHASE_', $1::text)"];
  for (const [number, value] of assignments.entries()) {
    for (const name of [undefined, `bound_${number}`]) {
      // With a name the driver prepares it, so that the second value meets a plan that is there.
      for (const phase of ['PHASE_BLOCKED', 'PHASE_IMPLEMENTATION']) {
        await transaction('planner', async (client) => {
          const bound = value.startsWith('concat') ? phase.replace('PHASE_', '') : phase;
          await client.query({ name, text: `UPDATE tickets SET phase_id = ${value} WHERE id = $2`, values: [bound, id] });
        });
        const binary = await pool.query({ text: 'SELECT phase_id FROM tickets WHERE id = $1', values: [id], binary: true });
        assert.equal(String(binary.rows[0].phase_id), phase);
      }
    }
  }
  const copied = await query("INSERT INTO tickets (title, phase_id) SELECT 'copied', v.p FROM (VALUES ($1)) v (p) RETURNING phase_id", ['PHASE_TESTING']);
  assert.equal(copied[0].phase_id, 'PHASE_TESTING');
  const unnested = await query(
    'INSERT INTO tickets (title, phase_id) SELECT * FROM unnest($1::text[], $2::text[]) RETURNING phase_id', [['a', 'b'], ['PHASE_DESIGN', 'PHASE_TESTING']]);
  assert.deepEqual(unnested.map((row) => row.phase_id), ['PHASE_DESIGN', 'PHASE_TESTING']);

  const fails = async (code, text, values) => {
    const error = await query(text, values).then(() => assert.fail(text), (error) => error);
    assert.equal(error.code, code, `${text}: ${error.message}`);
  };
  await fails('22P02', 'UPDATE tickets SET phase_id = $1 WHERE id = $2', ['PHASE_LUNCH', id]);
  await fails('22P02', 'UPDATE tickets SET phase_id = $1::text WHERE id = $2', ['PHASE_LUNCH', id]);
  // The casts are for assignments: a string that has a type finds no operator and no function.
  await fails('42883', 'SELECT count(*) FROM tickets WHERE phase_id = $1::text', ['PHASE_TESTING']);
  await fails('42804', 'SELECT coalesce(phase_id, $1::text) FROM tickets', ['PHASE_TESTING']);
  const declare = 'CREATE FUNCTION pg_temp.takes(p phase) RETURNS text LANGUAGE sql AS $$ SELECT p::text $$';
  const call = (argument) => transaction('planner', async (client) => {
    await client.query(declare);
    const { rows: [row] } = await client.query(`SELECT pg_temp.takes(${argument}) AS taken`, ['PHASE_TESTING']);
    await client.query('DROP FUNCTION pg_temp.takes');
    return row.taken;
  });
  for (const argument of ['$1', '$1::phase', '$1::text::phase']) assert.equal(await call(argument), 'PHASE_TESTING');
  assert.equal((await call('$1::text').then(() => assert.fail(), (error) => error)).code, '42883');
  // phasegate's own functions take text.
  for (const argument of ['$2', '$2::text', '$2::varchar']) {
    const [{ can_transition: can }] = await query(`SELECT can_transition FROM can_transition_ticket($1, ${argument})`, [id, 'PHASE_BLOCKED']);
    assert.equal(can, true);
  }
}

const id = await movesAndRefusals();
await workAndContext(id);
await manyTickets();
await nullsAndLists(id);
await bindings();
await pool.end();
