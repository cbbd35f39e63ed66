-- Context: what each phase hands to the next, within a token budget.

CREATE OR REPLACE FUNCTION aggregate_phase_context(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_aggregate_phase_context';
COMMENT ON FUNCTION aggregate_phase_context(uuid, text) IS
    'What a phase of the ticket produced, merged from its completed tasks and current artifacts; computed now, stored nowhere. NULL means the present phase.';

CREATE OR REPLACE FUNCTION summarize_context(context jsonb, max_tokens integer DEFAULT 2000) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_summarize_context';
COMMENT ON FUNCTION summarize_context(jsonb, integer) IS
    'A context as compact text of at most max_tokens tokens (setting phasegate.tokenizer): decisions first, then risks, summaries, documents and the rest.';

CREATE OR REPLACE FUNCTION summarize_structured(context jsonb) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_summarize_structured';
COMMENT ON FUNCTION summarize_structured(jsonb) IS 'A context as compact text, like summarize_context without a budget.';

CREATE OR REPLACE FUNCTION extract_key_points(context jsonb) RETURNS text[]
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_extract_key_points';
COMMENT ON FUNCTION extract_key_points(jsonb) IS 'The points of a context, the most important first.';

CREATE OR REPLACE FUNCTION get_context_for_phase(ticket_id uuid, target_phase text DEFAULT NULL, max_tokens integer DEFAULT 2000)
    RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_get_context_for_phase';
COMMENT ON FUNCTION get_context_for_phase(uuid, text, integer) IS
    'The ticket''s context as the phases before the target left it, with a summary within the budget. NULL means the present phase.';

CREATE OR REPLACE FUNCTION update_ticket_context(ticket_id uuid, phase_id text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_update_ticket_context';
COMMENT ON FUNCTION update_ticket_context(uuid, text) IS
    'Folds what the phase has produced so far into the ticket''s context. A forward transition does so by itself.';

CREATE OR REPLACE FUNCTION ticket_context(ticket_id uuid) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_ticket_context';
COMMENT ON FUNCTION ticket_context(uuid) IS
    'The ticket''s whole context and summary: ticket_id, full_context, summary, last_updated.';

CREATE OR REPLACE FUNCTION context_summary(ticket_id uuid, max_tokens integer DEFAULT 2000) RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_context_summary';
COMMENT ON FUNCTION context_summary(uuid, integer) IS
    'What the ticket''s present phase needs to know of the phases before it, within the budget.';

CREATE OR REPLACE FUNCTION count_tokens(content text) RETURNS integer
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_count_tokens';
COMMENT ON FUNCTION count_tokens(text) IS 'How many tokens the text has by the tokenizer of the setting phasegate.tokenizer.';

CREATE OR REPLACE FUNCTION summarize_using_llm(ticket_id uuid, max_tokens integer DEFAULT 2000) RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_summarize_using_llm';
COMMENT ON FUNCTION summarize_using_llm(uuid, integer) IS
    'Asks an outside summarizer (capability summarization) for the summary of what the ticket''s phase is handed; an open request is returned, not doubled. Needs UPDATE of tickets.context_summary.';

CREATE OR REPLACE FUNCTION request_summary(ticket_id uuid, max_tokens integer DEFAULT 2000) RETURNS task
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_summarize_using_llm';
COMMENT ON FUNCTION request_summary(uuid, integer) IS 'The plain name of summarize_using_llm.';
