import java.sql.SQLException;
import java.util.Map;
import java.util.function.Function;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

// region errors
/** What phasegate refused; the message is the DETAIL, which names the ticket or task and the reasons. */
class Refused extends RuntimeException {
    Refused(SQLException cause) {
        super(serverMessage(cause).getDetail(), cause);
    }

    static class InvalidTransition extends Refused { InvalidTransition(SQLException cause) { super(cause); } }
    static class GateNotPassed extends Refused { GateNotPassed(SQLException cause) { super(cause); } }
    static class PhaseChanged extends Refused { PhaseChanged(SQLException cause) { super(cause); } }
    static class TaskNotHeld extends Refused { TaskNotHeld(SQLException cause) { super(cause); } }

    // A SQLSTATE alone does not say it: 23514 is also a violated CHECK, 55000 is also PostgreSQL's own.
    private static final Map<String, Function<SQLException, Refused>> KINDS = Map.of(
        "23514 invalid phase transition", InvalidTransition::new,
        "55000 phase gate not passed", GateNotPassed::new,
        "40001 ticket is not in the expected phase", PhaseChanged::new,
        "55000 task is not held by this agent", TaskNotHeld::new);

    /** Throws Refused where the exception is a refusal of phasegate's, and the exception itself where it is not. */
    static SQLException rethrow(SQLException error) {
        ServerErrorMessage message = serverMessage(error);
        var kind = message == null ? null : KINDS.get(message.getSQLState() + " " + message.getMessage());
        if (kind != null) throw kind.apply(error);
        return error;
    }

    private static ServerErrorMessage serverMessage(SQLException error) {
        return error instanceof PSQLException psql ? psql.getServerErrorMessage() : null;
    }
}
// endregion
