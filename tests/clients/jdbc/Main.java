import java.io.StringReader;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.postgresql.util.PGobject;

/** Runs the workflow and checks what it leaves. */
class Main {
    interface Action {
        void run() throws SQLException;
    }

    static void check(boolean holds, Object found) {
        if (!holds) throw new AssertionError("found: " + found);
    }

    static void equal(Object expected, Object found) {
        check(Objects.equals(expected, found), found);
    }

    static <E extends Exception> String refused(Class<E> kind, Action action) throws SQLException {
        try {
            action.run();
        } catch (RuntimeException | SQLException error) {
            if (kind.isInstance(error)) return error.getMessage();
            throw error;
        }
        throw new AssertionError(kind + " was not thrown");
    }

    static UUID movesAndRefusals(Workflow workflow) throws SQLException {
        var ticket = workflow.createTicket("Customers are charged twice");
        equal(7, ticket.id().version());
        equal("PHASE_BACKLOG", ticket.phase());
        equal(null, ticket.context());

        var moved = workflow.moveTicket(ticket.id(), "PHASE_REQUIREMENTS", "planner");
        equal("PHASE_REQUIREMENTS", moved.phase());
        equal("PHASE_BACKLOG", moved.previousPhase());
        check(moved.phaseEnteredAt().isAfter(ticket.phaseEnteredAt()), moved);

        var detail = refused(Refused.InvalidTransition.class, () -> workflow.moveTicket(ticket.id(), "PHASE_DONE", "planner"));
        check(detail.contains("cannot move from PHASE_REQUIREMENTS to PHASE_DONE"), detail);
        detail = refused(Refused.GateNotPassed.class, () -> workflow.moveTicket(ticket.id(), "PHASE_DESIGN", "planner"));
        check(detail.lines().toList().contains("The artifact \"requirements_document\" is missing."), detail);
        detail = refused(Refused.PhaseChanged.class,
            () -> workflow.transitionTicket(ticket.id(), "PHASE_DESIGN", null, "PHASE_BACKLOG"));
        check(detail.contains("is in PHASE_REQUIREMENTS"), detail);

        // A violated CHECK has the SQLSTATE of a refused move, and is none.
        detail = refused(SQLException.class, () -> workflow.transaction("", c ->
            c.createStatement().executeUpdate("UPDATE tickets SET priority = 'URGENT'")));
        check(detail.contains("tickets_priority_check"), detail);
        return ticket.id();
    }

    static void workAndContext(Workflow workflow, UUID ticket) throws SQLException {
        equal(null, workflow.claimTask("ada", "juggling"));
        var analysis = workflow.claimTask("ada", "analysis");
        equal(ticket, analysis.ticket());
        equal(1, analysis.attempt());
        var detail = refused(Refused.TaskNotHeld.class, () -> workflow.completeTask(analysis, "bob", "{}"));
        check(detail.contains("agent bob"), detail);
        equal("completed", workflow.completeTask(analysis, "ada", "{\"context\": {\"key_decisions\": [\"Idempotency keys\"]}}"));
        var document = workflow.claimTask("dora", "documentation");
        workflow.completeTask(document, "dora", """
            {"artifacts": [{"type": "requirements_document",
                            "content": {"length": 1520, "sections": ["Scope", "Acceptance criteria"]}}]}""");

        workflow.transitionTicket(ticket, "PHASE_DESIGN", "Sprint 12", null);
        var history = workflow.history(ticket);
        equal(List.of("PHASE_BACKLOG", "PHASE_REQUIREMENTS", "PHASE_DESIGN"), history.stream().map(Workflow.Move::toPhase).toList());
        equal("planner", history.get(1).by());
        equal(null, history.get(1).reason());
        equal("Sprint 12", history.get(2).reason());
        var context = workflow.transaction("", c -> {
            var row = c.createStatement().executeQuery("SELECT context, context_summary(id) FROM tickets");
            row.next();
            return row.getString(1) + row.getString(2);
        });
        check(context.contains("\"key_decisions\": [\"Idempotency keys\"]") && context.contains("- Idempotency keys"), context);
    }

    static void manyTickets(Workflow workflow) throws SQLException {
        for (int n = 0; n < 3; n++) workflow.createTicket("Ticket " + n);
        // One UPDATE moves all or none.
        refused(Refused.InvalidTransition.class, () -> workflow.moveAll("PHASE_BACKLOG", "PHASE_DONE", "planner"));
        equal(3, workflow.moveAll("PHASE_BACKLOG", "PHASE_REQUIREMENTS", "planner"));
    }

    static int inRequirements(Workflow workflow) throws SQLException {
        return workflow.transaction("", c -> {
            // region compare
            var count = c.prepareStatement("SELECT count(*) FROM tickets WHERE phase_id = ?");
            count.setString(1, "PHASE_REQUIREMENTS");
            // endregion
            var row = count.executeQuery();
            row.next();
            return row.getInt(1);
        });
    }

    static void nulls(Workflow workflow, UUID ticket) throws SQLException {
        workflow.transaction("", c -> {
            var add = c.prepareStatement(
                "INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES (?, 'PHASE_DESIGN', ?, ?)");
            add.setObject(1, ticket);
            add.setString(2, "sql null");
            add.setNull(3, Types.OTHER);
            add.executeUpdate();
            add.setString(2, "json null");
            add.setObject(3, "null", Types.OTHER);
            return add.executeUpdate();
        });
        equal("sql null", workflow.transaction("", c -> {
            var row = c.createStatement().executeQuery("SELECT artifact_type FROM phase_gate_artifacts WHERE phase_id = 'PHASE_DESIGN' AND artifact_content IS NULL");
            row.next();
            return row.getString(1);
        }));
    }

    interface Binding {
        void bind(PreparedStatement statement, int place, String value) throws SQLException;
    }

    /** Every way in which this driver binds a string. */
    static final Map<String, Binding> BINDINGS = Map.of(
        "setString", PreparedStatement::setString,
        "setObject", PreparedStatement::setObject,
        "varchar", (statement, place, value) -> statement.setObject(place, value, Types.VARCHAR),
        "longvarchar", (statement, place, value) -> statement.setObject(place, value, Types.LONGVARCHAR),
        "stream", (statement, place, value) -> statement.setCharacterStream(place, new StringReader(value)),
        "other", (statement, place, value) -> statement.setObject(place, value, Types.OTHER),
        "phase", (statement, place, value) -> {
            var phase = new PGobject();
            phase.setType("phase");
            phase.setValue(value);
            statement.setObject(place, phase);
        });

    /** Each is assigned to a phase; what has the type of a string finds no operator and no function. */
    static void bindings(Workflow workflow, boolean untypedStrings) throws SQLException {
        for (var binding : BINDINGS.entrySet()) {
            var kind = binding.getKey();
            var bound = binding.getValue();
            workflow.transaction("planner", c -> {
                try (var insert = c.prepareStatement("INSERT INTO tickets (title, phase_id) VALUES (?, ?)")) {
                    insert.setString(1, kind);
                    bound.bind(insert, 2, "PHASE_IMPLEMENTATION");
                    equal(1, insert.executeUpdate());
                }
                // Often enough that the driver has the server prepare it, and takes binary transfer where it can.
                try (var update = c.prepareStatement("UPDATE tickets SET phase_id = ? WHERE title = ? RETURNING phase_id")) {
                    for (int n = 0; n < 8; n++) {
                        var phase = n % 2 == 0 ? "PHASE_BLOCKED" : "PHASE_IMPLEMENTATION";
                        bound.bind(update, 1, phase);
                        update.setString(2, kind);
                        try (var row = update.executeQuery()) {
                            row.next();
                            equal(phase, row.getString(1));
                        }
                    }
                }
                try (var batch = c.prepareStatement("INSERT INTO tickets (title, phase_id) VALUES ('batch', ?)")) {
                    for (var phase : List.of("PHASE_DESIGN", "PHASE_TESTING")) {
                        bound.bind(batch, 1, phase);
                        batch.addBatch();
                    }
                    equal(2, batch.executeBatch().length);
                }
                return null;
            });
            var detail = refused(SQLException.class, () -> workflow.transaction("", c -> {
                var update = c.prepareStatement("UPDATE tickets SET phase_id = ?");
                bound.bind(update, 1, "PHASE_LUNCH");
                return update.executeUpdate();
            }));
            check(detail.contains("invalid input value for enum phase: \"PHASE_LUNCH\""), detail);

            boolean isTyped = !kind.equals("other") && !kind.equals("phase") && !(untypedStrings && !kind.equals("stream"));
            for (var text : List.of("SELECT count(*) FROM tickets WHERE phase_id = ?", "SELECT pg_temp.takes(?)")) {
                Action ask = () -> workflow.transaction("", c -> {
                    c.createStatement().execute("CREATE FUNCTION pg_temp.takes(p phase) RETURNS text LANGUAGE sql AS 'SELECT p::text'");
                    var select = c.prepareStatement(text);
                    bound.bind(select, 1, "PHASE_TESTING");
                    select.executeQuery();
                    c.rollback();
                    return null;
                });
                if (!isTyped) {
                    ask.run();
                    continue;
                }
                detail = refused(SQLException.class, ask);
                check(detail.matches("(?s).*(operator|function pg_temp.takes\\(\\w+( varying)?\\)) does not exist.*"), detail);
            }
            // phasegate's own functions take text.
            workflow.transaction("", c -> {
                var ask = c.prepareStatement("SELECT can_transition FROM tickets, can_transition_ticket(id, ?) WHERE title = ?");
                if (kind.equals("phase")) ask.setString(1, "PHASE_BLOCKED"); else bound.bind(ask, 1, "PHASE_BLOCKED");
                ask.setString(2, kind);
                var row = ask.executeQuery();
                row.next();
                check(row.getBoolean(1), kind);
                return null;
            });
        }
        // Lists, as text that is cast and as what they are.
        workflow.transaction("", c -> {
            for (var list : List.of("text", "phase")) {
                var count = c.prepareStatement("SELECT count(*) FROM tickets WHERE title = 'batch' AND phase_id = ANY (?::phase[])");
                count.setArray(1, c.createArrayOf(list, new String[] {"PHASE_DESIGN", "PHASE_TESTING"}));
                var row = count.executeQuery();
                row.next();
                check(row.getInt(1) >= 2 * BINDINGS.size(), row.getInt(1));
            }
            return null;
        });
    }

    public static void main(String[] arguments) throws SQLException {
        boolean pooled = List.of(arguments).contains("pooled");
        try (var workflow = new Workflow(Workflow.connect(pooled, false))) {
            var ticket = movesAndRefusals(workflow);
            workAndContext(workflow, ticket);
            manyTickets(workflow);
            nulls(workflow, ticket);
            var detail = refused(SQLException.class, () -> inRequirements(workflow));
            check(detail.contains("operator does not exist"), detail);
            bindings(workflow, false);
        }
        try (var workflow = new Workflow(Workflow.connect(pooled, true))) {
            equal(3, inRequirements(workflow));
            bindings(workflow, true);
        }
    }
}
