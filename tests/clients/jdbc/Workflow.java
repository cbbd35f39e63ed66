import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;

/** phasegate with the PostgreSQL JDBC driver: tickets, tasks and refusals as an application meets them. */
class Workflow implements AutoCloseable {
    record Ticket(UUID id, String phase, String previousPhase, String context, OffsetDateTime phaseEnteredAt) {}

    record Task(UUID id, UUID ticket, String type, int attempt) {}

    record Move(String toPhase, String reason, String by) {}

    private final Connection connection;

    // region connect
    static Connection connect(boolean pooled, boolean untypedStrings) throws SQLException {
        var environment = System.getenv();
        var options = new Properties();
        options.setProperty("user", environment.get("PGUSER"));
        // The driver prepares a statement that was executed five times. Behind a pooler in transaction mode the
        // next transaction may run in another session, where that statement does not exist.
        if (pooled) options.setProperty("prepareThreshold", "0");
        // Every setString() leaves the type to the server then, so that one works wherever a literal would.
        if (untypedStrings) options.setProperty("stringtype", "unspecified");
        return DriverManager.getConnection("jdbc:postgresql://%s:%s/%s".formatted(
            environment.get("PGHOST"), environment.get("PGPORT"), environment.get("PGDATABASE")), options);
    }
    // endregion

    Workflow(Connection connection) throws SQLException {
        this.connection = connection;
        connection.setAutoCommit(false);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }

    // region transaction
    interface Work<T> {
        T in(Connection connection) throws SQLException;
    }

    /** One transaction, whose actor is noted in the history of what it moves. */
    <T> T transaction(String actor, Work<T> work) throws SQLException {
        try {
            // SET LOCAL takes no parameters; this does, and ends with the transaction as well.
            try (var set = connection.prepareStatement("SELECT set_config('phasegate.actor', ?, true)")) {
                set.setString(1, actor);
                set.execute();
            }
            T result = work.in(connection);
            connection.commit();
            return result;
        } catch (SQLException error) {
            connection.rollback();
            throw Refused.rethrow(error);
        }
    }
    // endregion

    // region tickets
    Ticket createTicket(String title) throws SQLException {
        return transaction("", c -> {
            try (var insert = c.prepareStatement("INSERT INTO tickets (title) VALUES (?) RETURNING *")) {
                insert.setString(1, title);
                return ticket(insert);
            }
        });
    }

    Ticket moveTicket(UUID id, String phase, String actor) throws SQLException {
        return transaction(actor, c -> {
            // setString() declares a varchar. That can be assigned to a phase, as here, but not be compared with one.
            try (var update = c.prepareStatement("UPDATE tickets SET phase_id = ? WHERE id = ? RETURNING *")) {
                update.setString(1, phase);
                update.setObject(2, id);
                return ticket(update);
            }
        });
    }

    int moveAll(String from, String to, String actor) throws SQLException {
        return transaction(actor, c -> {
            try (var update = c.prepareStatement("UPDATE tickets SET phase_id = ? WHERE phase_id = ?")) {
                update.setString(1, to);
                // Types.OTHER leaves the type to the server. So would "?::phase" in the statement.
                update.setObject(2, from, Types.OTHER);
                return update.executeUpdate();
            }
        });
    }

    private static Ticket ticket(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return new Ticket(row.getObject("id", UUID.class), row.getString("phase_id"), row.getString("previous_phase_id"),
                row.getString("context"), row.getObject("phase_entered_at", OffsetDateTime.class));
        }
    }
    // endregion

    // region functions
    void transitionTicket(UUID id, String phase, String reason, String expectedPhase) throws SQLException {
        transaction("", c -> {
            try (var call = c.prepareStatement("SELECT transition_ticket(?, ?, reason => ?, expected_phase => ?)")) {
                call.setObject(1, id);
                call.setString(2, phase);
                call.setString(3, reason);
                call.setString(4, expectedPhase);
                return call.execute();
            }
        });
    }

    /** The task, or null where there is none for this agent. */
    Task claimTask(String agent, String... capabilities) throws SQLException {
        return transaction("", c -> {
            try (var claim = c.prepareStatement("SELECT * FROM claim_task(?, ?)")) {
                claim.setString(1, agent);
                claim.setArray(2, c.createArrayOf("text", capabilities));
                try (var row = claim.executeQuery()) {
                    return row.next()
                        ? new Task(row.getObject("id", UUID.class), row.getObject("ticket_id", UUID.class),
                            row.getString("task_type"), row.getInt("attempt"))
                        : null;
                }
            }
        });
    }

    /** The task's status. The result is JSON. */
    String completeTask(Task task, String agent, String result) throws SQLException {
        return transaction("", c -> {
            try (var complete = c.prepareStatement("SELECT status FROM complete_task(?, ?, ?, attempt => ?)")) {
                complete.setObject(1, task.id());
                complete.setString(2, agent);
                complete.setObject(3, result, Types.OTHER);
                complete.setInt(4, task.attempt());
                try (var row = complete.executeQuery()) {
                    row.next();
                    return row.getString("status");
                }
            }
        });
    }

    List<Move> history(UUID id) throws SQLException {
        return transaction("", c -> {
            try (var select = c.prepareStatement("SELECT * FROM get_phase_history(?)")) {
                select.setObject(1, id);
                var moves = new ArrayList<Move>();
                try (var row = select.executeQuery()) {
                    while (row.next()) {
                        moves.add(new Move(row.getString("to_phase"), row.getString("transition_reason"), row.getString("transitioned_by")));
                    }
                }
                return moves;
            }
        });
    }
    // endregion
}
