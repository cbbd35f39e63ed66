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

    // phasegate's errors carry their code where PostgreSQL's name a constraint.
    private static final Map<String, Function<SQLException, Refused>> KINDS = Map.of(
        "invalid_transition", InvalidTransition::new,
        "gate_not_passed", GateNotPassed::new,
        "phase_changed", PhaseChanged::new,
        "task_not_held", TaskNotHeld::new);

    /** Throws Refused where the exception is a refusal of phasegate's, and the exception itself where it is not. */
    static SQLException rethrow(SQLException error) {
        ServerErrorMessage message = serverMessage(error);
        String code = message == null ? null : message.getConstraint();
        var kind = code == null ? null : KINDS.get(code);
        if (kind != null) throw kind.apply(error);
        return error;
    }

    private static ServerErrorMessage serverMessage(SQLException error) {
        return error instanceof PSQLException psql ? psql.getServerErrorMessage() : null;
    }
}
// endregion
