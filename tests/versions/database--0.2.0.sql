--
-- PostgreSQL database dump
--


-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: phasegate; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA phasegate;


ALTER SCHEMA phasegate OWNER TO postgres;

--
-- Name: plain; Type: SCHEMA; Schema: -; Owner: version_keeper
--

CREATE SCHEMA plain;


ALTER SCHEMA plain OWNER TO version_keeper;

--
-- Name: shop; Type: SCHEMA; Schema: -; Owner: version_keeper
--

CREATE SCHEMA shop;


ALTER SCHEMA shop OWNER TO version_keeper;

--
-- Name: phasegate; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS phasegate WITH SCHEMA phasegate;


--
-- Name: EXTENSION phasegate; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION phasegate IS 'Phase-gated ticket workflow: transitions, history, gates, tasks and context';


--
-- Name: phase; Type: TYPE; Schema: plain; Owner: version_keeper
--

CREATE TYPE plain.phase AS ENUM (
    'PHASE_BACKLOG',
    'PHASE_REQUIREMENTS',
    'PHASE_DESIGN',
    'PHASE_IMPLEMENTATION',
    'PHASE_TESTING',
    'PHASE_DEPLOYMENT',
    'PHASE_DONE',
    'PHASE_BLOCKED'
);


ALTER TYPE plain.phase OWNER TO version_keeper;

--
-- Name: TYPE phase; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TYPE plain.phase IS 'The phases of this workspace, in their order. Its owner adds one with ALTER TYPE ... ADD VALUE.';


--
-- Name: phase; Type: TYPE; Schema: shop; Owner: version_keeper
--

CREATE TYPE shop.phase AS ENUM (
    'PHASE_BACKLOG',
    'PHASE_REQUIREMENTS',
    'PHASE_DESIGN',
    'PHASE_IMPLEMENTATION',
    'PHASE_TESTING',
    'PHASE_SECURITY_REVIEW',
    'PHASE_DEPLOYMENT',
    'PHASE_DONE',
    'PHASE_BLOCKED'
);


ALTER TYPE shop.phase OWNER TO version_keeper;

--
-- Name: TYPE phase; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TYPE shop.phase IS 'The phases of this workspace, in their order. Its owner adds one with ALTER TYPE ... ADD VALUE.';


--
-- Name: CAST (text AS plain.phase); Type: CAST; Schema: -; Owner: -
--

CREATE CAST (text AS plain.phase) WITH INOUT AS IMPLICIT;


--
-- Name: CAST (text AS shop.phase); Type: CAST; Schema: -; Owner: -
--

CREATE CAST (text AS shop.phase) WITH INOUT AS IMPLICIT;


--
-- Name: CAST (character varying AS plain.phase); Type: CAST; Schema: -; Owner: -
--

CREATE CAST (character varying AS plain.phase) WITH INOUT AS IMPLICIT;


--
-- Name: CAST (character varying AS shop.phase); Type: CAST; Schema: -; Owner: -
--

CREATE CAST (character varying AS shop.phase) WITH INOUT AS IMPLICIT;


--
-- Name: audit(); Type: FUNCTION; Schema: shop; Owner: version_keeper
--

CREATE FUNCTION shop.audit() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'shop'
    AS $$
BEGIN
    INSERT INTO audit VALUES (NEW.id, TG_OP, NEW.phase_id);
    RETURN NULL;
END $$;


ALTER FUNCTION shop.audit() OWNER TO version_keeper;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: phase_gate_results; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.phase_gate_results (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    phase_id plain.phase NOT NULL,
    gate_status character varying(50) NOT NULL,
    validation_result jsonb,
    validated_at timestamp with time zone DEFAULT now() NOT NULL,
    validated_by character varying(255),
    blocking_reasons text[],
    CONSTRAINT phase_gate_results_status_check CHECK (((gate_status)::text = ANY ('{passed,failed,pending}'::text[])))
);


ALTER TABLE plain.phase_gate_results OWNER TO version_keeper;

--
-- Name: TABLE phase_gate_results; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.phase_gate_results IS 'Verdicts of gates. Written only by phasegate and the workspace''s owner.';


--
-- Name: COLUMN phase_gate_results.id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_results.id IS 'A UUID version 7.';


--
-- Name: COLUMN phase_gate_results.ticket_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_results.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_gate_results.phase_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_results.phase_id IS 'The phase whose gate it is.';


--
-- Name: COLUMN phase_gate_results.gate_status; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_results.gate_status IS 'passed, failed, or pending where only the review is missing.';


--
-- Name: COLUMN phase_gate_results.validation_result; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_results.validation_result IS 'What the gate looked at and found.';


--
-- Name: COLUMN phase_gate_results.validated_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_results.validated_at IS 'When.';


--
-- Name: COLUMN phase_gate_results.validated_by; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_results.validated_by IS 'Who asked for the verdict, or gave it in a review.';


--
-- Name: COLUMN phase_gate_results.blocking_reasons; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_results.blocking_reasons IS 'Why it did not pass, one sentence each.';


--
-- Name: tasks; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.tasks (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    phase_id plain.phase NOT NULL,
    kind text DEFAULT 'work'::text NOT NULL,
    task_type character varying(100),
    description text,
    priority character varying(20) DEFAULT 'MEDIUM'::character varying NOT NULL,
    status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    required_capabilities jsonb,
    dependencies jsonb,
    pending_dependencies integer DEFAULT 0 NOT NULL,
    assigned_agent_id character varying(255),
    attempts integer DEFAULT 0 NOT NULL,
    max_attempts integer DEFAULT 3 NOT NULL,
    scheduled_at timestamp with time zone,
    lease_expires_at timestamp with time zone,
    result jsonb,
    error_message text,
    template_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    CONSTRAINT tasks_kind_check CHECK ((kind = ANY ('{work,review,summary}'::text[]))),
    CONSTRAINT tasks_priority_check CHECK (((priority)::text = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'::text[]))),
    CONSTRAINT tasks_status_check CHECK (((status)::text = ANY ('{pending,assigned,running,completed,failed,cancelled}'::text[])))
);


ALTER TABLE plain.tasks OWNER TO version_keeper;

--
-- Name: TABLE tasks; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.tasks IS 'The queue: work, reviews and requests for summaries, each of one ticket.';


--
-- Name: COLUMN tasks.id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.id IS 'A UUID; by default one of version 7.';


--
-- Name: COLUMN tasks.ticket_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.ticket_id IS 'The ticket.';


--
-- Name: COLUMN tasks.phase_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.phase_id IS 'The phase of the ticket that the task belongs to.';


--
-- Name: COLUMN tasks.kind; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.kind IS 'work, review or summary.';


--
-- Name: COLUMN tasks.task_type; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.task_type IS 'What kind of work it is, as the template says.';


--
-- Name: COLUMN tasks.description; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.description IS 'What is to be done.';


--
-- Name: COLUMN tasks.priority; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.priority IS 'LOW, MEDIUM, HIGH or CRITICAL. Higher ones are claimed first.';


--
-- Name: COLUMN tasks.status; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.status IS 'pending, assigned, running, completed, failed or cancelled.';


--
-- Name: COLUMN tasks.required_capabilities; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.required_capabilities IS 'What an agent must be capable of to be offered the task, an array of strings.';


--
-- Name: COLUMN tasks.dependencies; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.dependencies IS 'The tasks that have to be completed before: {"depends_on": [ids]}.';


--
-- Name: COLUMN tasks.pending_dependencies; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.pending_dependencies IS 'How many of those are not completed. Set by phasegate.';


--
-- Name: COLUMN tasks.assigned_agent_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.assigned_agent_id IS 'The agent that holds the task, or that ended it.';


--
-- Name: COLUMN tasks.attempts; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.attempts IS 'How often it was claimed.';


--
-- Name: COLUMN tasks.max_attempts; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.max_attempts IS 'After how many attempts it fails for good.';


--
-- Name: COLUMN tasks.scheduled_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.scheduled_at IS 'Not to be claimed before.';


--
-- Name: COLUMN tasks.lease_expires_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.lease_expires_at IS 'Until when the agent holds it; afterwards it can be claimed again.';


--
-- Name: COLUMN tasks.result; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.result IS 'What the agent handed in.';


--
-- Name: COLUMN tasks.error_message; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.error_message IS 'What the last attempt failed of, or why the task was cancelled.';


--
-- Name: COLUMN tasks.template_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.template_id IS 'The template that it was generated from, in task_templates.';


--
-- Name: COLUMN tasks.created_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.created_at IS 'When the row was inserted. Of one priority, the oldest is claimed first.';


--
-- Name: COLUMN tasks.updated_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN tasks.started_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.started_at IS 'When the agent started work.';


--
-- Name: COLUMN tasks.completed_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tasks.completed_at IS 'When the task was completed.';


--
-- Name: tickets; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.tickets (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    title text NOT NULL,
    description text,
    phase_id plain.phase DEFAULT 'PHASE_BACKLOG'::plain.phase NOT NULL,
    previous_phase_id plain.phase,
    priority character varying(20) DEFAULT 'MEDIUM'::character varying NOT NULL,
    context jsonb,
    context_summary text,
    phase_entered_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tickets_priority_check CHECK (((priority)::text = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'::text[]))),
    CONSTRAINT tickets_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 500)))
);


ALTER TABLE plain.tickets OWNER TO version_keeper;

--
-- Name: TABLE tickets; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.tickets IS 'The tickets. Columns of your own may be added.';


--
-- Name: COLUMN tickets.id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.id IS 'A UUID; by default one of version 7.';


--
-- Name: COLUMN tickets.title; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.title IS '1 to 500 characters.';


--
-- Name: COLUMN tickets.description; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.description IS 'What the ticket is about.';


--
-- Name: COLUMN tickets.phase_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.phase_id IS 'The phase that the ticket is in. Changing it moves the ticket, where the rules allow that.';


--
-- Name: COLUMN tickets.previous_phase_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.previous_phase_id IS 'The phase before the last move. Set by phasegate.';


--
-- Name: COLUMN tickets.priority; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.priority IS 'LOW, MEDIUM, HIGH or CRITICAL.';


--
-- Name: COLUMN tickets.context; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.context IS 'What the phases left so far have produced, an object with a key a phase.';


--
-- Name: COLUMN tickets.context_summary; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.context_summary IS 'The context as text, within a budget of tokens.';


--
-- Name: COLUMN tickets.phase_entered_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.phase_entered_at IS 'When the ticket entered its phase. Set by phasegate.';


--
-- Name: COLUMN tickets.created_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.created_at IS 'When the row was inserted.';


--
-- Name: COLUMN tickets.updated_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.tickets.updated_at IS 'When the phase was last changed, or the row by an UPDATE that names this column. Set by phasegate.';


--
-- Name: phase_board; Type: VIEW; Schema: plain; Owner: version_keeper
--

CREATE VIEW plain.phase_board WITH (security_invoker='true') AS
 SELECT p.phase,
    COALESCE(t.tickets, (0)::bigint) AS tickets,
    t.oldest_entered_at,
    COALESCE(k.open_tasks, (0)::bigint) AS open_tasks,
    COALESCE(g.failed_gates, (0)::bigint) AS failed_gates
   FROM (((unnest(enum_range(NULL::plain.phase)) WITH ORDINALITY p(phase, place)
     LEFT JOIN ( SELECT tickets.phase_id,
            count(*) AS tickets,
            min(tickets.phase_entered_at) AS oldest_entered_at
           FROM plain.tickets
          GROUP BY tickets.phase_id) t ON ((t.phase_id = p.phase)))
     LEFT JOIN ( SELECT o.phase_id,
            count(*) AS open_tasks
           FROM (plain.tasks o
             JOIN plain.tickets t_1 ON ((t_1.id = o.ticket_id)))
          WHERE ((o.status)::text = ANY ((ARRAY['pending'::character varying, 'assigned'::character varying, 'running'::character varying])::text[]))
          GROUP BY o.phase_id) k ON ((k.phase_id = p.phase)))
     LEFT JOIN ( SELECT t_1.phase_id,
            count(*) AS failed_gates
           FROM (plain.tickets t_1
             CROSS JOIN LATERAL ( SELECT r.gate_status
                   FROM plain.phase_gate_results r
                  WHERE ((r.ticket_id = t_1.id) AND (r.phase_id = t_1.phase_id))
                  ORDER BY r.validated_at DESC, r.id DESC
                 LIMIT 1) latest)
          WHERE ((latest.gate_status)::text = 'failed'::text)
          GROUP BY t_1.phase_id) g ON ((g.phase_id = p.phase)))
  ORDER BY ((p.phase)::text = 'PHASE_BLOCKED'::text), p.place;


ALTER TABLE plain.phase_board OWNER TO version_keeper;

--
-- Name: VIEW phase_board; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON VIEW plain.phase_board IS 'One row a phase, in their order, PHASE_BLOCKED last.';


--
-- Name: COLUMN phase_board.phase; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_board.phase IS 'The phase.';


--
-- Name: COLUMN phase_board.tickets; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_board.tickets IS 'How many tickets are in it.';


--
-- Name: COLUMN phase_board.oldest_entered_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_board.oldest_entered_at IS 'When the one that is in it for longest entered it.';


--
-- Name: COLUMN phase_board.open_tasks; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_board.open_tasks IS 'How many of its tasks are pending, assigned or running.';


--
-- Name: COLUMN phase_board.failed_gates; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_board.failed_gates IS 'How many of its tickets were last refused by its gate.';


--
-- Name: phase_context; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.phase_context (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    phase_id plain.phase NOT NULL,
    context_data jsonb NOT NULL,
    context_summary text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE plain.phase_context OWNER TO version_keeper;

--
-- Name: TABLE phase_context; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.phase_context IS 'What each phase of a ticket left for the phases after it.';


--
-- Name: COLUMN phase_context.id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_context.id IS 'A UUID version 7.';


--
-- Name: COLUMN phase_context.ticket_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_context.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_context.phase_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_context.phase_id IS 'The phase that left it.';


--
-- Name: COLUMN phase_context.context_data; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_context.context_data IS 'What it left.';


--
-- Name: COLUMN phase_context.context_summary; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_context.context_summary IS 'The same as text, within a budget of tokens.';


--
-- Name: COLUMN phase_context.created_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_context.created_at IS 'When the phase was first left.';


--
-- Name: COLUMN phase_context.updated_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_context.updated_at IS 'When the row was last written.';


--
-- Name: phase_history; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.phase_history (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    from_phase plain.phase,
    to_phase plain.phase NOT NULL,
    transition_reason text,
    transitioned_by character varying(255),
    artifacts jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    db_role name DEFAULT SESSION_USER NOT NULL,
    gate_result_id uuid
);


ALTER TABLE plain.phase_history OWNER TO version_keeper;

--
-- Name: TABLE phase_history; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.phase_history IS 'One row a move and one for each ticket''s start, append-only. Written by phasegate.';


--
-- Name: COLUMN phase_history.id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.id IS 'A UUID version 7; rows of one ticket sort by it in the order of their moves.';


--
-- Name: COLUMN phase_history.ticket_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_history.from_phase; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.from_phase IS 'The phase left; NULL for the ticket''s start.';


--
-- Name: COLUMN phase_history.to_phase; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.to_phase IS 'The phase entered.';


--
-- Name: COLUMN phase_history.transition_reason; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.transition_reason IS 'Why, as the caller or the setting phasegate.reason said.';


--
-- Name: COLUMN phase_history.transitioned_by; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.transitioned_by IS 'Who, as the caller or the setting phasegate.actor said; else the session''s role.';


--
-- Name: COLUMN phase_history.artifacts; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.artifacts IS 'What the caller of transition_ticket handed over for the record.';


--
-- Name: COLUMN phase_history.created_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.created_at IS 'When the ticket was moved. Strictly increases within a ticket.';


--
-- Name: COLUMN phase_history.db_role; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.db_role IS 'The role that the session was opened as.';


--
-- Name: COLUMN phase_history.gate_result_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_history.gate_result_id IS 'The result of the gate that the move passed, in phase_gate_results.';


--
-- Name: phase_durations; Type: VIEW; Schema: plain; Owner: version_keeper
--

CREATE VIEW plain.phase_durations WITH (security_invoker='true') AS
 SELECT v.ticket_id,
    v.phase,
    v.entered_at,
    v.left_at,
        CASE
            WHEN (isfinite(v.entered_at) AND isfinite(COALESCE(v.left_at, now()))) THEN (COALESCE(v.left_at, now()) - v.entered_at)
            ELSE NULL::interval
        END AS duration
   FROM ( SELECT h.ticket_id,
            h.to_phase AS phase,
            h.created_at AS entered_at,
            lead(h.created_at) OVER (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id) AS left_at
           FROM (plain.phase_history h
             JOIN plain.tickets t ON ((t.id = h.ticket_id)))) v;


ALTER TABLE plain.phase_durations OWNER TO version_keeper;

--
-- Name: VIEW phase_durations; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON VIEW plain.phase_durations IS 'One row a ticket and visit of a phase.';


--
-- Name: COLUMN phase_durations.ticket_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_durations.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_durations.phase; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_durations.phase IS 'The phase.';


--
-- Name: COLUMN phase_durations.entered_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_durations.entered_at IS 'When the ticket entered it.';


--
-- Name: COLUMN phase_durations.left_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_durations.left_at IS 'When the ticket left it; NULL while it is there.';


--
-- Name: COLUMN phase_durations.duration; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_durations.duration IS 'How long it was there, up to now while it is.';


--
-- Name: phase_gate_artifacts; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.phase_gate_artifacts (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    phase_id plain.phase NOT NULL,
    artifact_type character varying(100) NOT NULL,
    artifact_path text,
    artifact_content jsonb,
    collected_at timestamp with time zone DEFAULT now() NOT NULL,
    collected_by character varying(255),
    task_id uuid,
    superseded_at timestamp with time zone
);


ALTER TABLE plain.phase_gate_artifacts OWNER TO version_keeper;

--
-- Name: TABLE phase_gate_artifacts; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.phase_gate_artifacts IS 'The evidence handed in. Of each type the newest counts.';


--
-- Name: COLUMN phase_gate_artifacts.id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.id IS 'A UUID version 7.';


--
-- Name: COLUMN phase_gate_artifacts.ticket_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_gate_artifacts.phase_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.phase_id IS 'The phase that it is evidence for.';


--
-- Name: COLUMN phase_gate_artifacts.artifact_type; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.artifact_type IS 'The name by which gates ask for it.';


--
-- Name: COLUMN phase_gate_artifacts.artifact_path; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.artifact_path IS 'Where it is kept.';


--
-- Name: COLUMN phase_gate_artifacts.artifact_content; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.artifact_content IS 'What criteria look at.';


--
-- Name: COLUMN phase_gate_artifacts.collected_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.collected_at IS 'When it was handed in.';


--
-- Name: COLUMN phase_gate_artifacts.collected_by; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.collected_by IS 'Who handed it in; may not review the phase.';


--
-- Name: COLUMN phase_gate_artifacts.task_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.task_id IS 'The task whose result brought it, if one did.';


--
-- Name: COLUMN phase_gate_artifacts.superseded_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_artifacts.superseded_at IS 'When a regression made it stale; then it counts no more.';


--
-- Name: phase_gate_requirements; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.phase_gate_requirements (
    phase_id plain.phase NOT NULL,
    required_artifacts text[] DEFAULT '{}'::text[] NOT NULL,
    required_tasks_completed boolean DEFAULT false NOT NULL,
    validation_criteria jsonb,
    requires_review boolean DEFAULT false NOT NULL
);


ALTER TABLE plain.phase_gate_requirements OWNER TO version_keeper;

--
-- Name: TABLE phase_gate_requirements; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.phase_gate_requirements IS 'Configuration: what each phase''s gate asks for. A phase without a row has no gate.';


--
-- Name: COLUMN phase_gate_requirements.phase_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_requirements.phase_id IS 'The phase that is left through the gate.';


--
-- Name: COLUMN phase_gate_requirements.required_artifacts; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_requirements.required_artifacts IS 'The types of artifacts that have to be there.';


--
-- Name: COLUMN phase_gate_requirements.required_tasks_completed; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_requirements.required_tasks_completed IS 'Whether the phase''s tasks have to be completed.';


--
-- Name: COLUMN phase_gate_requirements.validation_criteria; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_requirements.validation_criteria IS 'Criteria on artifacts: an object with a type''s criteria under the type.';


--
-- Name: COLUMN phase_gate_requirements.requires_review; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_gate_requirements.requires_review IS 'Whether somebody who did not work on the phase has to approve.';


--
-- Name: phase_transitions; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.phase_transitions (
    from_phase plain.phase NOT NULL,
    to_phase plain.phase NOT NULL,
    requires_gate boolean DEFAULT false NOT NULL,
    CONSTRAINT phase_transitions_not_to_itself CHECK ((from_phase <> to_phase))
);


ALTER TABLE plain.phase_transitions OWNER TO version_keeper;

--
-- Name: TABLE phase_transitions; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.phase_transitions IS 'Configuration: the moves that are allowed.';


--
-- Name: COLUMN phase_transitions.from_phase; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_transitions.from_phase IS 'The phase left.';


--
-- Name: COLUMN phase_transitions.to_phase; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_transitions.to_phase IS 'The phase entered.';


--
-- Name: COLUMN phase_transitions.requires_gate; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.phase_transitions.requires_gate IS 'Whether the gate of the phase left has to pass.';


--
-- Name: task_queue; Type: VIEW; Schema: plain; Owner: version_keeper
--

CREATE VIEW plain.task_queue WITH (security_invoker='true') AS
 SELECT k.phase_id AS phase,
    k.status,
    count(*) AS tasks,
    min(k.created_at) AS oldest,
    count(*) FILTER (WHERE ((((k.status)::text = 'pending'::text) AND (k.pending_dependencies = 0) AND (COALESCE(k.scheduled_at, '-infinity'::timestamp with time zone) <= clock_timestamp())) OR ((k.lease_expires_at <= clock_timestamp()) AND (k.attempts < k.max_attempts)))) AS claimable
   FROM (plain.tasks k
     JOIN plain.tickets t ON ((t.id = k.ticket_id)))
  GROUP BY k.phase_id, k.status
  ORDER BY k.phase_id, k.status;


ALTER TABLE plain.task_queue OWNER TO version_keeper;

--
-- Name: VIEW task_queue; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON VIEW plain.task_queue IS 'One row a phase and status of tasks.';


--
-- Name: COLUMN task_queue.phase; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_queue.phase IS 'The phase.';


--
-- Name: COLUMN task_queue.status; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_queue.status IS 'The status.';


--
-- Name: COLUMN task_queue.tasks; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_queue.tasks IS 'How many tasks.';


--
-- Name: COLUMN task_queue.oldest; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_queue.oldest IS 'When the oldest of them was made.';


--
-- Name: COLUMN task_queue.claimable; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_queue.claimable IS 'How many of them could be claimed now by an agent with the capabilities.';


--
-- Name: task_templates; Type: TABLE; Schema: plain; Owner: version_keeper
--

CREATE TABLE plain.task_templates (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    phase_id plain.phase NOT NULL,
    task_type character varying(100) NOT NULL,
    template_description text NOT NULL,
    default_priority character varying(20) DEFAULT 'MEDIUM'::character varying,
    required_capabilities jsonb,
    dependencies_template jsonb,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_templates_priority_check CHECK (((default_priority)::text = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'::text[])))
);


ALTER TABLE plain.task_templates OWNER TO version_keeper;

--
-- Name: TABLE task_templates; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON TABLE plain.task_templates IS 'Configuration: the tasks that a ticket gets when it enters a phase.';


--
-- Name: COLUMN task_templates.id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.id IS 'A UUID version 7.';


--
-- Name: COLUMN task_templates.phase_id; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.phase_id IS 'The phase whose entry generates the task.';


--
-- Name: COLUMN task_templates.task_type; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.task_type IS 'What kind of work it is; other templates of the phase depend on it by this name.';


--
-- Name: COLUMN task_templates.template_description; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.template_description IS 'The task''s description, with variables such as {ticket_title}.';


--
-- Name: COLUMN task_templates.default_priority; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.default_priority IS 'LOW, MEDIUM, HIGH or CRITICAL; NULL means MEDIUM.';


--
-- Name: COLUMN task_templates.required_capabilities; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.required_capabilities IS 'What an agent must be capable of, an array of strings.';


--
-- Name: COLUMN task_templates.dependencies_template; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.dependencies_template IS 'The task types that have to be completed before, an array of strings.';


--
-- Name: COLUMN task_templates.is_active; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.is_active IS 'Whether entering the phase generates the task.';


--
-- Name: COLUMN task_templates.created_at; Type: COMMENT; Schema: plain; Owner: version_keeper
--

COMMENT ON COLUMN plain.task_templates.created_at IS 'When the row was inserted.';


--
-- Name: audit; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.audit (
    ticket_id uuid,
    event text,
    phase text,
    at timestamp with time zone DEFAULT clock_timestamp()
);


ALTER TABLE shop.audit OWNER TO version_keeper;

--
-- Name: tickets; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.tickets (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    title text NOT NULL,
    description text,
    phase_id shop.phase DEFAULT 'PHASE_BACKLOG'::shop.phase NOT NULL,
    previous_phase_id shop.phase,
    priority character varying(20) DEFAULT 'MEDIUM'::character varying NOT NULL,
    context jsonb,
    context_summary text,
    phase_entered_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    assignee text DEFAULT 'nobody'::text,
    loud text GENERATED ALWAYS AS (upper(title)) STORED,
    CONSTRAINT tickets_priority_check CHECK (((priority)::text = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'::text[]))),
    CONSTRAINT tickets_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 500)))
);


ALTER TABLE shop.tickets OWNER TO version_keeper;

--
-- Name: TABLE tickets; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.tickets IS 'The tickets. Columns of your own may be added.';


--
-- Name: COLUMN tickets.id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.id IS 'A UUID; by default one of version 7.';


--
-- Name: COLUMN tickets.title; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.title IS '1 to 500 characters.';


--
-- Name: COLUMN tickets.description; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.description IS 'What the ticket is about.';


--
-- Name: COLUMN tickets.phase_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.phase_id IS 'The phase that the ticket is in. Changing it moves the ticket, where the rules allow that.';


--
-- Name: COLUMN tickets.previous_phase_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.previous_phase_id IS 'The phase before the last move. Set by phasegate.';


--
-- Name: COLUMN tickets.priority; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.priority IS 'LOW, MEDIUM, HIGH or CRITICAL.';


--
-- Name: COLUMN tickets.context; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.context IS 'What the phases left so far have produced, an object with a key a phase.';


--
-- Name: COLUMN tickets.context_summary; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.context_summary IS 'The context as text, within a budget of tokens.';


--
-- Name: COLUMN tickets.phase_entered_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.phase_entered_at IS 'When the ticket entered its phase. Set by phasegate.';


--
-- Name: COLUMN tickets.created_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.created_at IS 'When the row was inserted.';


--
-- Name: COLUMN tickets.updated_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tickets.updated_at IS 'When the phase was last changed, or the row by an UPDATE that names this column. Set by phasegate.';


--
-- Name: open_tickets; Type: VIEW; Schema: shop; Owner: version_keeper
--

CREATE VIEW shop.open_tickets AS
 SELECT tickets.id,
    tickets.title,
    tickets.phase_id,
    tickets.assignee
   FROM shop.tickets
  WHERE (tickets.phase_id <> 'PHASE_DONE'::shop.phase);


ALTER TABLE shop.open_tickets OWNER TO version_keeper;

--
-- Name: phase_gate_results; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.phase_gate_results (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    phase_id shop.phase NOT NULL,
    gate_status character varying(50) NOT NULL,
    validation_result jsonb,
    validated_at timestamp with time zone DEFAULT now() NOT NULL,
    validated_by character varying(255),
    blocking_reasons text[],
    CONSTRAINT phase_gate_results_status_check CHECK (((gate_status)::text = ANY ('{passed,failed,pending}'::text[])))
);


ALTER TABLE shop.phase_gate_results OWNER TO version_keeper;

--
-- Name: TABLE phase_gate_results; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.phase_gate_results IS 'Verdicts of gates. Written only by phasegate and the workspace''s owner.';


--
-- Name: COLUMN phase_gate_results.id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_results.id IS 'A UUID version 7.';


--
-- Name: COLUMN phase_gate_results.ticket_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_results.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_gate_results.phase_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_results.phase_id IS 'The phase whose gate it is.';


--
-- Name: COLUMN phase_gate_results.gate_status; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_results.gate_status IS 'passed, failed, or pending where only the review is missing.';


--
-- Name: COLUMN phase_gate_results.validation_result; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_results.validation_result IS 'What the gate looked at and found.';


--
-- Name: COLUMN phase_gate_results.validated_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_results.validated_at IS 'When.';


--
-- Name: COLUMN phase_gate_results.validated_by; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_results.validated_by IS 'Who asked for the verdict, or gave it in a review.';


--
-- Name: COLUMN phase_gate_results.blocking_reasons; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_results.blocking_reasons IS 'Why it did not pass, one sentence each.';


--
-- Name: tasks; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.tasks (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    phase_id shop.phase NOT NULL,
    kind text DEFAULT 'work'::text NOT NULL,
    task_type character varying(100),
    description text,
    priority character varying(20) DEFAULT 'MEDIUM'::character varying NOT NULL,
    status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    required_capabilities jsonb,
    dependencies jsonb,
    pending_dependencies integer DEFAULT 0 NOT NULL,
    assigned_agent_id character varying(255),
    attempts integer DEFAULT 0 NOT NULL,
    max_attempts integer DEFAULT 3 NOT NULL,
    scheduled_at timestamp with time zone,
    lease_expires_at timestamp with time zone,
    result jsonb,
    error_message text,
    template_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    estimate interval,
    CONSTRAINT tasks_kind_check CHECK ((kind = ANY ('{work,review,summary}'::text[]))),
    CONSTRAINT tasks_priority_check CHECK (((priority)::text = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'::text[]))),
    CONSTRAINT tasks_status_check CHECK (((status)::text = ANY ('{pending,assigned,running,completed,failed,cancelled}'::text[])))
);


ALTER TABLE shop.tasks OWNER TO version_keeper;

--
-- Name: TABLE tasks; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.tasks IS 'The queue: work, reviews and requests for summaries, each of one ticket.';


--
-- Name: COLUMN tasks.id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.id IS 'A UUID; by default one of version 7.';


--
-- Name: COLUMN tasks.ticket_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.ticket_id IS 'The ticket.';


--
-- Name: COLUMN tasks.phase_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.phase_id IS 'The phase of the ticket that the task belongs to.';


--
-- Name: COLUMN tasks.kind; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.kind IS 'work, review or summary.';


--
-- Name: COLUMN tasks.task_type; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.task_type IS 'What kind of work it is, as the template says.';


--
-- Name: COLUMN tasks.description; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.description IS 'What is to be done.';


--
-- Name: COLUMN tasks.priority; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.priority IS 'LOW, MEDIUM, HIGH or CRITICAL. Higher ones are claimed first.';


--
-- Name: COLUMN tasks.status; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.status IS 'pending, assigned, running, completed, failed or cancelled.';


--
-- Name: COLUMN tasks.required_capabilities; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.required_capabilities IS 'What an agent must be capable of to be offered the task, an array of strings.';


--
-- Name: COLUMN tasks.dependencies; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.dependencies IS 'The tasks that have to be completed before: {"depends_on": [ids]}.';


--
-- Name: COLUMN tasks.pending_dependencies; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.pending_dependencies IS 'How many of those are not completed. Set by phasegate.';


--
-- Name: COLUMN tasks.assigned_agent_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.assigned_agent_id IS 'The agent that holds the task, or that ended it.';


--
-- Name: COLUMN tasks.attempts; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.attempts IS 'How often it was claimed.';


--
-- Name: COLUMN tasks.max_attempts; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.max_attempts IS 'After how many attempts it fails for good.';


--
-- Name: COLUMN tasks.scheduled_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.scheduled_at IS 'Not to be claimed before.';


--
-- Name: COLUMN tasks.lease_expires_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.lease_expires_at IS 'Until when the agent holds it; afterwards it can be claimed again.';


--
-- Name: COLUMN tasks.result; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.result IS 'What the agent handed in.';


--
-- Name: COLUMN tasks.error_message; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.error_message IS 'What the last attempt failed of, or why the task was cancelled.';


--
-- Name: COLUMN tasks.template_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.template_id IS 'The template that it was generated from, in task_templates.';


--
-- Name: COLUMN tasks.created_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.created_at IS 'When the row was inserted. Of one priority, the oldest is claimed first.';


--
-- Name: COLUMN tasks.updated_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN tasks.started_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.started_at IS 'When the agent started work.';


--
-- Name: COLUMN tasks.completed_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.tasks.completed_at IS 'When the task was completed.';


--
-- Name: phase_board; Type: VIEW; Schema: shop; Owner: version_keeper
--

CREATE VIEW shop.phase_board WITH (security_invoker='true') AS
 SELECT p.phase,
    COALESCE(t.tickets, (0)::bigint) AS tickets,
    t.oldest_entered_at,
    COALESCE(k.open_tasks, (0)::bigint) AS open_tasks,
    COALESCE(g.failed_gates, (0)::bigint) AS failed_gates
   FROM (((unnest(enum_range(NULL::shop.phase)) WITH ORDINALITY p(phase, place)
     LEFT JOIN ( SELECT tickets.phase_id,
            count(*) AS tickets,
            min(tickets.phase_entered_at) AS oldest_entered_at
           FROM shop.tickets
          GROUP BY tickets.phase_id) t ON ((t.phase_id = p.phase)))
     LEFT JOIN ( SELECT o.phase_id,
            count(*) AS open_tasks
           FROM (shop.tasks o
             JOIN shop.tickets t_1 ON ((t_1.id = o.ticket_id)))
          WHERE ((o.status)::text = ANY ((ARRAY['pending'::character varying, 'assigned'::character varying, 'running'::character varying])::text[]))
          GROUP BY o.phase_id) k ON ((k.phase_id = p.phase)))
     LEFT JOIN ( SELECT t_1.phase_id,
            count(*) AS failed_gates
           FROM (shop.tickets t_1
             CROSS JOIN LATERAL ( SELECT r.gate_status
                   FROM shop.phase_gate_results r
                  WHERE ((r.ticket_id = t_1.id) AND (r.phase_id = t_1.phase_id))
                  ORDER BY r.validated_at DESC, r.id DESC
                 LIMIT 1) latest)
          WHERE ((latest.gate_status)::text = 'failed'::text)
          GROUP BY t_1.phase_id) g ON ((g.phase_id = p.phase)))
  ORDER BY ((p.phase)::text = 'PHASE_BLOCKED'::text), p.place;


ALTER TABLE shop.phase_board OWNER TO version_keeper;

--
-- Name: VIEW phase_board; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON VIEW shop.phase_board IS 'One row a phase, in their order, PHASE_BLOCKED last.';


--
-- Name: COLUMN phase_board.phase; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_board.phase IS 'The phase.';


--
-- Name: COLUMN phase_board.tickets; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_board.tickets IS 'How many tickets are in it.';


--
-- Name: COLUMN phase_board.oldest_entered_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_board.oldest_entered_at IS 'When the one that is in it for longest entered it.';


--
-- Name: COLUMN phase_board.open_tasks; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_board.open_tasks IS 'How many of its tasks are pending, assigned or running.';


--
-- Name: COLUMN phase_board.failed_gates; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_board.failed_gates IS 'How many of its tickets were last refused by its gate.';


--
-- Name: phase_context; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.phase_context (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    phase_id shop.phase NOT NULL,
    context_data jsonb NOT NULL,
    context_summary text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE shop.phase_context OWNER TO version_keeper;

--
-- Name: TABLE phase_context; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.phase_context IS 'What each phase of a ticket left for the phases after it.';


--
-- Name: COLUMN phase_context.id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_context.id IS 'A UUID version 7.';


--
-- Name: COLUMN phase_context.ticket_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_context.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_context.phase_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_context.phase_id IS 'The phase that left it.';


--
-- Name: COLUMN phase_context.context_data; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_context.context_data IS 'What it left.';


--
-- Name: COLUMN phase_context.context_summary; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_context.context_summary IS 'The same as text, within a budget of tokens.';


--
-- Name: COLUMN phase_context.created_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_context.created_at IS 'When the phase was first left.';


--
-- Name: COLUMN phase_context.updated_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_context.updated_at IS 'When the row was last written.';


--
-- Name: phase_history; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.phase_history (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    from_phase shop.phase,
    to_phase shop.phase NOT NULL,
    transition_reason text,
    transitioned_by character varying(255),
    artifacts jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    db_role name DEFAULT SESSION_USER NOT NULL,
    gate_result_id uuid
);


ALTER TABLE shop.phase_history OWNER TO version_keeper;

--
-- Name: TABLE phase_history; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.phase_history IS 'One row a move and one for each ticket''s start, append-only. Written by phasegate.';


--
-- Name: COLUMN phase_history.id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.id IS 'A UUID version 7; rows of one ticket sort by it in the order of their moves.';


--
-- Name: COLUMN phase_history.ticket_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_history.from_phase; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.from_phase IS 'The phase left; NULL for the ticket''s start.';


--
-- Name: COLUMN phase_history.to_phase; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.to_phase IS 'The phase entered.';


--
-- Name: COLUMN phase_history.transition_reason; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.transition_reason IS 'Why, as the caller or the setting phasegate.reason said.';


--
-- Name: COLUMN phase_history.transitioned_by; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.transitioned_by IS 'Who, as the caller or the setting phasegate.actor said; else the session''s role.';


--
-- Name: COLUMN phase_history.artifacts; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.artifacts IS 'What the caller of transition_ticket handed over for the record.';


--
-- Name: COLUMN phase_history.created_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.created_at IS 'When the ticket was moved. Strictly increases within a ticket.';


--
-- Name: COLUMN phase_history.db_role; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.db_role IS 'The role that the session was opened as.';


--
-- Name: COLUMN phase_history.gate_result_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_history.gate_result_id IS 'The result of the gate that the move passed, in phase_gate_results.';


--
-- Name: phase_durations; Type: VIEW; Schema: shop; Owner: version_keeper
--

CREATE VIEW shop.phase_durations WITH (security_invoker='true') AS
 SELECT v.ticket_id,
    v.phase,
    v.entered_at,
    v.left_at,
        CASE
            WHEN (isfinite(v.entered_at) AND isfinite(COALESCE(v.left_at, now()))) THEN (COALESCE(v.left_at, now()) - v.entered_at)
            ELSE NULL::interval
        END AS duration
   FROM ( SELECT h.ticket_id,
            h.to_phase AS phase,
            h.created_at AS entered_at,
            lead(h.created_at) OVER (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id) AS left_at
           FROM (shop.phase_history h
             JOIN shop.tickets t ON ((t.id = h.ticket_id)))) v;


ALTER TABLE shop.phase_durations OWNER TO version_keeper;

--
-- Name: VIEW phase_durations; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON VIEW shop.phase_durations IS 'One row a ticket and visit of a phase.';


--
-- Name: COLUMN phase_durations.ticket_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_durations.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_durations.phase; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_durations.phase IS 'The phase.';


--
-- Name: COLUMN phase_durations.entered_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_durations.entered_at IS 'When the ticket entered it.';


--
-- Name: COLUMN phase_durations.left_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_durations.left_at IS 'When the ticket left it; NULL while it is there.';


--
-- Name: COLUMN phase_durations.duration; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_durations.duration IS 'How long it was there, up to now while it is.';


--
-- Name: phase_gate_artifacts; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.phase_gate_artifacts (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    ticket_id uuid NOT NULL,
    phase_id shop.phase NOT NULL,
    artifact_type character varying(100) NOT NULL,
    artifact_path text,
    artifact_content jsonb,
    collected_at timestamp with time zone DEFAULT now() NOT NULL,
    collected_by character varying(255),
    task_id uuid,
    superseded_at timestamp with time zone
);


ALTER TABLE shop.phase_gate_artifacts OWNER TO version_keeper;

--
-- Name: TABLE phase_gate_artifacts; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.phase_gate_artifacts IS 'The evidence handed in. Of each type the newest counts.';


--
-- Name: COLUMN phase_gate_artifacts.id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.id IS 'A UUID version 7.';


--
-- Name: COLUMN phase_gate_artifacts.ticket_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.ticket_id IS 'The ticket.';


--
-- Name: COLUMN phase_gate_artifacts.phase_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.phase_id IS 'The phase that it is evidence for.';


--
-- Name: COLUMN phase_gate_artifacts.artifact_type; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.artifact_type IS 'The name by which gates ask for it.';


--
-- Name: COLUMN phase_gate_artifacts.artifact_path; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.artifact_path IS 'Where it is kept.';


--
-- Name: COLUMN phase_gate_artifacts.artifact_content; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.artifact_content IS 'What criteria look at.';


--
-- Name: COLUMN phase_gate_artifacts.collected_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.collected_at IS 'When it was handed in.';


--
-- Name: COLUMN phase_gate_artifacts.collected_by; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.collected_by IS 'Who handed it in; may not review the phase.';


--
-- Name: COLUMN phase_gate_artifacts.task_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.task_id IS 'The task whose result brought it, if one did.';


--
-- Name: COLUMN phase_gate_artifacts.superseded_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_artifacts.superseded_at IS 'When a regression made it stale; then it counts no more.';


--
-- Name: phase_gate_requirements; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.phase_gate_requirements (
    phase_id shop.phase NOT NULL,
    required_artifacts text[] DEFAULT '{}'::text[] NOT NULL,
    required_tasks_completed boolean DEFAULT false NOT NULL,
    validation_criteria jsonb,
    requires_review boolean DEFAULT false NOT NULL
);


ALTER TABLE shop.phase_gate_requirements OWNER TO version_keeper;

--
-- Name: TABLE phase_gate_requirements; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.phase_gate_requirements IS 'Configuration: what each phase''s gate asks for. A phase without a row has no gate.';


--
-- Name: COLUMN phase_gate_requirements.phase_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_requirements.phase_id IS 'The phase that is left through the gate.';


--
-- Name: COLUMN phase_gate_requirements.required_artifacts; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_requirements.required_artifacts IS 'The types of artifacts that have to be there.';


--
-- Name: COLUMN phase_gate_requirements.required_tasks_completed; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_requirements.required_tasks_completed IS 'Whether the phase''s tasks have to be completed.';


--
-- Name: COLUMN phase_gate_requirements.validation_criteria; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_requirements.validation_criteria IS 'Criteria on artifacts: an object with a type''s criteria under the type.';


--
-- Name: COLUMN phase_gate_requirements.requires_review; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_gate_requirements.requires_review IS 'Whether somebody who did not work on the phase has to approve.';


--
-- Name: phase_transitions; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.phase_transitions (
    from_phase shop.phase NOT NULL,
    to_phase shop.phase NOT NULL,
    requires_gate boolean DEFAULT false NOT NULL,
    CONSTRAINT phase_transitions_not_to_itself CHECK ((from_phase <> to_phase))
);


ALTER TABLE shop.phase_transitions OWNER TO version_keeper;

--
-- Name: TABLE phase_transitions; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.phase_transitions IS 'Configuration: the moves that are allowed.';


--
-- Name: COLUMN phase_transitions.from_phase; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_transitions.from_phase IS 'The phase left.';


--
-- Name: COLUMN phase_transitions.to_phase; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_transitions.to_phase IS 'The phase entered.';


--
-- Name: COLUMN phase_transitions.requires_gate; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.phase_transitions.requires_gate IS 'Whether the gate of the phase left has to pass.';


--
-- Name: task_queue; Type: VIEW; Schema: shop; Owner: version_keeper
--

CREATE VIEW shop.task_queue WITH (security_invoker='true') AS
 SELECT k.phase_id AS phase,
    k.status,
    count(*) AS tasks,
    min(k.created_at) AS oldest,
    count(*) FILTER (WHERE ((((k.status)::text = 'pending'::text) AND (k.pending_dependencies = 0) AND (COALESCE(k.scheduled_at, '-infinity'::timestamp with time zone) <= clock_timestamp())) OR ((k.lease_expires_at <= clock_timestamp()) AND (k.attempts < k.max_attempts)))) AS claimable
   FROM (shop.tasks k
     JOIN shop.tickets t ON ((t.id = k.ticket_id)))
  GROUP BY k.phase_id, k.status
  ORDER BY k.phase_id, k.status;


ALTER TABLE shop.task_queue OWNER TO version_keeper;

--
-- Name: VIEW task_queue; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON VIEW shop.task_queue IS 'One row a phase and status of tasks.';


--
-- Name: COLUMN task_queue.phase; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_queue.phase IS 'The phase.';


--
-- Name: COLUMN task_queue.status; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_queue.status IS 'The status.';


--
-- Name: COLUMN task_queue.tasks; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_queue.tasks IS 'How many tasks.';


--
-- Name: COLUMN task_queue.oldest; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_queue.oldest IS 'When the oldest of them was made.';


--
-- Name: COLUMN task_queue.claimable; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_queue.claimable IS 'How many of them could be claimed now by an agent with the capabilities.';


--
-- Name: task_templates; Type: TABLE; Schema: shop; Owner: version_keeper
--

CREATE TABLE shop.task_templates (
    id uuid DEFAULT phasegate.uuid_v7() NOT NULL,
    phase_id shop.phase NOT NULL,
    task_type character varying(100) NOT NULL,
    template_description text NOT NULL,
    default_priority character varying(20) DEFAULT 'MEDIUM'::character varying,
    required_capabilities jsonb,
    dependencies_template jsonb,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_templates_priority_check CHECK (((default_priority)::text = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'::text[])))
);


ALTER TABLE shop.task_templates OWNER TO version_keeper;

--
-- Name: TABLE task_templates; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON TABLE shop.task_templates IS 'Configuration: the tasks that a ticket gets when it enters a phase.';


--
-- Name: COLUMN task_templates.id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.id IS 'A UUID version 7.';


--
-- Name: COLUMN task_templates.phase_id; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.phase_id IS 'The phase whose entry generates the task.';


--
-- Name: COLUMN task_templates.task_type; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.task_type IS 'What kind of work it is; other templates of the phase depend on it by this name.';


--
-- Name: COLUMN task_templates.template_description; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.template_description IS 'The task''s description, with variables such as {ticket_title}.';


--
-- Name: COLUMN task_templates.default_priority; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.default_priority IS 'LOW, MEDIUM, HIGH or CRITICAL; NULL means MEDIUM.';


--
-- Name: COLUMN task_templates.required_capabilities; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.required_capabilities IS 'What an agent must be capable of, an array of strings.';


--
-- Name: COLUMN task_templates.dependencies_template; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.dependencies_template IS 'The task types that have to be completed before, an array of strings.';


--
-- Name: COLUMN task_templates.is_active; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.is_active IS 'Whether entering the phase generates the task.';


--
-- Name: COLUMN task_templates.created_at; Type: COMMENT; Schema: shop; Owner: version_keeper
--

COMMENT ON COLUMN shop.task_templates.created_at IS 'When the row was inserted.';


--
-- Data for Name: phase_context; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.phase_context (id, ticket_id, phase_id, context_data, context_summary, created_at, updated_at) FROM stdin;
\.


--
-- Data for Name: phase_gate_artifacts; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_path, artifact_content, collected_at, collected_by, task_id, superseded_at) FROM stdin;
\.


--
-- Data for Name: phase_gate_requirements; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.phase_gate_requirements (phase_id, required_artifacts, required_tasks_completed, validation_criteria, requires_review) FROM stdin;
PHASE_REQUIREMENTS	{requirements_document}	t	{"requirements_document": {"min_length": 500, "required_sections": ["scope", "acceptance_criteria"]}}	f
PHASE_IMPLEMENTATION	{code_changes,test_coverage}	t	{"code_changes": {"must_have_tests": true}, "test_coverage": {"min_percentage": 80}}	f
PHASE_TESTING	{test_results,test_evidence}	t	{"test_results": {"all_passed": true}}	f
\.


--
-- Data for Name: phase_gate_results; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.phase_gate_results (id, ticket_id, phase_id, gate_status, validation_result, validated_at, validated_by, blocking_reasons) FROM stdin;
\.


--
-- Data for Name: phase_history; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.phase_history (id, ticket_id, from_phase, to_phase, transition_reason, transitioned_by, artifacts, created_at, db_role, gate_result_id) FROM stdin;
\.


--
-- Data for Name: phase_transitions; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.phase_transitions (from_phase, to_phase, requires_gate) FROM stdin;
PHASE_BACKLOG	PHASE_REQUIREMENTS	f
PHASE_REQUIREMENTS	PHASE_DESIGN	t
PHASE_REQUIREMENTS	PHASE_BLOCKED	f
PHASE_DESIGN	PHASE_IMPLEMENTATION	t
PHASE_DESIGN	PHASE_BLOCKED	f
PHASE_IMPLEMENTATION	PHASE_TESTING	t
PHASE_IMPLEMENTATION	PHASE_BLOCKED	f
PHASE_TESTING	PHASE_DEPLOYMENT	t
PHASE_TESTING	PHASE_IMPLEMENTATION	f
PHASE_TESTING	PHASE_BLOCKED	f
PHASE_DEPLOYMENT	PHASE_DONE	t
PHASE_DEPLOYMENT	PHASE_BLOCKED	f
PHASE_BLOCKED	PHASE_REQUIREMENTS	f
PHASE_BLOCKED	PHASE_DESIGN	f
PHASE_BLOCKED	PHASE_IMPLEMENTATION	f
PHASE_BLOCKED	PHASE_TESTING	f
\.


--
-- Data for Name: task_templates; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.task_templates (id, phase_id, task_type, template_description, default_priority, required_capabilities, dependencies_template, is_active, created_at) FROM stdin;
01a223e4-f663-731a-b7a0-fbbcca64b18b	PHASE_REQUIREMENTS	analyze_requirements	Analyze and clarify requirements for: {ticket_title}	HIGH	["analysis"]	\N	t	2026-11-28 20:42:17.561839+00
01a223e4-f663-731a-b7a0-fbbd751ed439	PHASE_REQUIREMENTS	create_requirements_doc	Create requirements document for: {ticket_title}	MEDIUM	["documentation"]	\N	t	2026-11-28 20:42:17.561839+00
01a223e4-f663-731a-b7a0-fbbeb52e8295	PHASE_DESIGN	design_architecture	Design architecture for: {ticket_title}	HIGH	["design"]	\N	t	2026-11-28 20:42:17.561839+00
01a223e4-f663-731a-b7a0-fbbfb4836da1	PHASE_IMPLEMENTATION	implement_feature	Implement feature: {ticket_title}	HIGH	["implementation"]	\N	t	2026-11-28 20:42:17.561839+00
01a223e4-f663-731a-b7a0-fbc0d7979b12	PHASE_TESTING	write_tests	Write tests for: {ticket_title}	HIGH	["testing"]	\N	t	2026-11-28 20:42:17.561839+00
01a223e4-f663-731a-b7a0-fbc1c47d2895	PHASE_TESTING	run_tests	Run test suite for: {ticket_title}	MEDIUM	["testing"]	\N	t	2026-11-28 20:42:17.561839+00
01a223e4-f663-731a-b7a0-fbc2d97b247b	PHASE_DEPLOYMENT	deploy_feature	Deploy feature: {ticket_title}	CRITICAL	["deployment"]	\N	t	2026-11-28 20:42:17.561839+00
\.


--
-- Data for Name: tasks; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.tasks (id, ticket_id, phase_id, kind, task_type, description, priority, status, required_capabilities, dependencies, pending_dependencies, assigned_agent_id, attempts, max_attempts, scheduled_at, lease_expires_at, result, error_message, template_id, created_at, updated_at, started_at, completed_at) FROM stdin;
\.


--
-- Data for Name: tickets; Type: TABLE DATA; Schema: plain; Owner: version_keeper
--

COPY plain.tickets (id, title, description, phase_id, previous_phase_id, priority, context, context_summary, phase_entered_at, created_at, updated_at) FROM stdin;
\.


--
-- Data for Name: audit; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.audit (ticket_id, event, phase, at) FROM stdin;
01a223e4-f689-73cd-91aa-a97bdb18d147	INSERT	PHASE_BACKLOG	2026-11-28 20:42:17.60994+00
01a223e4-f689-73cd-91aa-a97bdb18d147	UPDATE	PHASE_REQUIREMENTS	2026-11-28 20:42:17.611369+00
01a223e4-f689-73cd-91aa-a97bdb18d147	UPDATE	PHASE_DESIGN	2026-11-28 20:42:17.619209+00
01a223e4-f689-73cd-91aa-a97bdb18d147	UPDATE	PHASE_IMPLEMENTATION	2026-11-28 20:42:17.622549+00
01a223e4-f689-73cd-91aa-a97bdb18d147	UPDATE	PHASE_TESTING	2026-11-28 20:42:17.629873+00
01a223e4-f689-73cd-91aa-a97bdb18d147	UPDATE	PHASE_IMPLEMENTATION	2026-11-28 20:42:17.630698+00
01a223e4-f689-73cd-91aa-a97bdb18d147	UPDATE	PHASE_BLOCKED	2026-11-28 20:42:17.632503+00
01a223e4-f689-73cd-91aa-a97bdb18d147	UPDATE	PHASE_IMPLEMENTATION	2026-11-28 20:42:17.633215+00
01a223e4-f6a2-773b-9863-884e4a5a3020	INSERT	PHASE_BACKLOG	2026-11-28 20:42:17.6346+00
01a223e4-f6a2-773b-9863-884e4a5a3020	UPDATE	PHASE_REQUIREMENTS	2026-11-28 20:42:17.634913+00
01a223e4-f6a4-7417-b587-8899b4654b73	INSERT	PHASE_BACKLOG	2026-11-28 20:42:17.636511+00
01a223e4-f6a4-7417-b587-8899b4654b73	UPDATE	PHASE_REQUIREMENTS	2026-11-28 20:42:17.636808+00
01a223e4-f6a6-7707-9a5e-b37f55ee9ccc	INSERT	PHASE_BACKLOG	2026-11-28 20:42:17.638874+00
01a223e4-f6a6-7707-9a5e-b3800b4f4e35	INSERT	PHASE_REQUIREMENTS	2026-11-28 20:42:17.638885+00
01a223e4-f6a6-7707-9a5e-b3815675a6ed	INSERT	PHASE_DESIGN	2026-11-28 20:42:17.638891+00
01a223e4-f6a6-7707-9a5e-b38299972a18	INSERT	PHASE_IMPLEMENTATION	2026-11-28 20:42:17.638897+00
01a223e4-f6a6-7707-9a5e-b383f0a9ad25	INSERT	PHASE_TESTING	2026-11-28 20:42:17.638914+00
01a223e4-f6a6-7707-9a5e-b3842dd2749d	INSERT	PHASE_SECURITY_REVIEW	2026-11-28 20:42:17.638919+00
01a223e4-f6a6-7707-9a5e-b385231b7b5b	INSERT	PHASE_DEPLOYMENT	2026-11-28 20:42:17.638925+00
01a223e4-f6a6-7707-9a5e-b386ddb96d28	INSERT	PHASE_DONE	2026-11-28 20:42:17.638933+00
01a223e4-f6a6-7707-9a5e-b3877b6d93cb	INSERT	PHASE_BLOCKED	2026-11-28 20:42:17.638939+00
01a223e4-f6a8-7148-842f-99e0503f2f3e	INSERT	PHASE_DESIGN	2026-11-28 20:42:17.640525+00
01a223e4-f6a8-7148-842f-99e3c6f14f23	INSERT	PHASE_TESTING	2026-11-28 20:42:17.640973+00
01a223e4-f6a8-7148-842f-99e3c6f14f23	UPDATE	PHASE_SECURITY_REVIEW	2026-11-28 20:42:17.641466+00
\.


--
-- Data for Name: phase_context; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_context (id, ticket_id, phase_id, context_data, context_summary, created_at, updated_at) FROM stdin;
01a223e4-f693-7300-8a49-4b14ebdebc56	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_REQUIREMENTS	{"risks": ["The sandbox is too fast"], "tasks": [{"outputs": {"orders": 41}, "summary": "The bank's page is reloaded.", "task_id": "01a223e4-f68b-7489-b011-93ec0ffdc898", "task_type": "analyze_requirements"}, {"outputs": null, "summary": "Wrote the requirements.", "task_id": "01a223e4-f68c-7467-a4b2-4bc09641a35b", "task_type": "create_requirements_doc"}], "summary": "The bank's page is reloaded.\\nWrote the requirements.", "artifacts": [{"path": "docs/r.md", "type": "requirements_document"}], "key_decisions": ["Requests carry an idempotency key"]}	Decisions (requirements):\n- Requests carry an idempotency key\nRisks and open questions (requirements):\n- risks: The sandbox is too fast\nSummary (requirements):\n- The bank's page is reloaded.\n- Wrote the requirements.\nArtifacts (requirements):\n- requirements_document: docs/r.md\nNotes (requirements):\n- analyze_requirements: orders: 41	2026-11-28 20:42:17.619785+00	2026-11-28 20:42:17.619785+00
01a223e4-f696-7746-b13e-f7a38084cb80	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_DESIGN	{"tasks": [{"outputs": null, "summary": "One state machine.", "task_id": "01a223e4-f694-75b1-9b96-423283249054", "task_type": "design_architecture"}], "summary": "One state machine.", "artifacts": [], "design_decisions": ["An outbox for side effects"]}	Decisions (design):\n- An outbox for side effects\nSummary (design):\n- One state machine.	2026-11-28 20:42:17.622663+00	2026-11-28 20:42:17.622663+00
01a223e4-f69e-77a5-8349-862b3e146f45	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	{"tasks": [{"outputs": null, "summary": "Implement feature: Customers are charged twice", "task_id": "01a223e4-f696-7746-b13e-f7a4adb0dd9c", "task_type": "implement_feature"}], "summary": "Implement feature: Customers are charged twice", "artifacts": [{"path": null, "type": "code_changes"}, {"path": null, "type": "test_coverage"}]}	Summary (implementation):\n- Implement feature: Customers are charged twice\nArtifacts (implementation):\n- code_changes\n- test_coverage	2026-11-28 20:42:17.630047+00	2026-11-28 20:42:17.630047+00
\.


--
-- Data for Name: phase_gate_artifacts; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_path, artifact_content, collected_at, collected_by, task_id, superseded_at) FROM stdin;
01a223e4-f690-77cc-9af3-904cd06514f9	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_REQUIREMENTS	requirements_document	docs/r.md	{"length": 1500, "sections": ["Scope", "Acceptance criteria"]}	2026-11-28 20:42:17.617094+00	dora	01a223e4-f68c-7467-a4b2-4bc09641a35b	\N
01a223e4-f698-721a-8a7c-259595a0e271	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	code_changes	\N	{"files": ["a", "a_test"], "has_tests": true}	2026-11-28 20:42:17.624066+00	ian	01a223e4-f696-7746-b13e-f7a4adb0dd9c	2026-11-28 20:42:17.63062+00
01a223e4-f698-721a-8a7c-25960991e817	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	test_coverage	\N	{"percentage": 91}	2026-11-28 20:42:17.624093+00	ian	01a223e4-f696-7746-b13e-f7a4adb0dd9c	2026-11-28 20:42:17.63062+00
\.


--
-- Data for Name: phase_gate_requirements; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_gate_requirements (phase_id, required_artifacts, required_tasks_completed, validation_criteria, requires_review) FROM stdin;
PHASE_REQUIREMENTS	{requirements_document}	t	{"requirements_document": {"min_length": 500, "required_sections": ["scope", "acceptance_criteria"]}}	f
PHASE_TESTING	{test_results,test_evidence}	t	{"test_results": {"all_passed": true}}	f
PHASE_IMPLEMENTATION	{code_changes,test_coverage}	t	{"code_changes": {"must_have_tests": true}, "test_coverage": {"min_percentage": 80}}	t
\.


--
-- Data for Name: phase_gate_results; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_gate_results (id, ticket_id, phase_id, gate_status, validation_result, validated_at, validated_by, blocking_reasons) FROM stdin;
01a223e4-f692-73a2-a877-cb0b00f1d4b1	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_REQUIREMENTS	passed	{"review": "not_required", "reasons": [], "tasks_total": 2, "tasks_completed": 2, "incomplete_tasks": [], "requirements_met": true, "criteria_failures": [], "missing_artifacts": [], "validation_status": "ready"}	2026-11-28 20:42:17.617743+00	planner	{}
01a223e4-f699-7278-8145-88497fdbd2a1	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	pending	{"review": "pending", "reasons": [{"code": "review_pending", "message": "The phase needs a review, and none has been asked for since its newest artifact.", "criterion": null, "artifact_type": null}], "tasks_total": 1, "tasks_completed": 1, "incomplete_tasks": [], "requirements_met": false, "criteria_failures": [], "missing_artifacts": [], "validation_status": "waiting_review"}	2026-11-28 20:42:17.62596+00	postgres	{"The phase needs a review, and none has been asked for since its newest artifact."}
01a223e4-f69d-774f-8104-964d1657d7e0	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	passed	{"review": "approved", "reasons": [], "tasks_total": 1, "tasks_completed": 1, "incomplete_tasks": [], "requirements_met": true, "criteria_failures": [], "missing_artifacts": [], "validation_status": "ready"}	2026-11-28 20:42:17.628968+00	postgres	{}
01a223e4-f69f-70fe-95bf-55ab5aa2da5d	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	failed	{"review": "pending", "reasons": [{"code": "missing_artifact", "message": "The artifact \\"code_changes\\" is missing.", "criterion": null, "artifact_type": "code_changes"}, {"code": "missing_artifact", "message": "The artifact \\"test_coverage\\" is missing.", "criterion": null, "artifact_type": "test_coverage"}, {"code": "tasks_incomplete", "message": "Not all tasks of the phase are completed (1 of 2): \\"implement_feature\\" (pending).", "criterion": null, "artifact_type": null}, {"code": "review_pending", "message": "The phase needs a review, and none has been asked for since its newest artifact.", "criterion": null, "artifact_type": null}], "tasks_total": 2, "tasks_completed": 1, "incomplete_tasks": [{"status": "pending", "task_id": "01a223e4-f69f-70fe-95bf-55aa48ad946a", "task_type": "implement_feature", "description": "Implement feature: Customers are charged twice"}], "requirements_met": false, "criteria_failures": [], "missing_artifacts": ["code_changes", "test_coverage"], "validation_status": "blocked"}	2026-11-28 20:42:17.63177+00	postgres	{"The artifact \\"code_changes\\" is missing.","The artifact \\"test_coverage\\" is missing.","Not all tasks of the phase are completed (1 of 2): \\"implement_feature\\" (pending).","The phase needs a review, and none has been asked for since its newest artifact."}
\.


--
-- Data for Name: phase_history; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_history (id, ticket_id, from_phase, to_phase, transition_reason, transitioned_by, artifacts, created_at, db_role, gate_result_id) FROM stdin;
01a223e4-f689-73cd-91aa-a97ca5f258cb	01a223e4-f689-73cd-91aa-a97bdb18d147	\N	PHASE_BACKLOG	\N	postgres	\N	2026-11-28 20:42:17.609378+00	postgres	\N
01a223e4-f68b-7489-b011-93ebca1ef3a6	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_BACKLOG	PHASE_REQUIREMENTS	Sprint 1	planner	\N	2026-11-28 20:42:17.611139+00	postgres	\N
01a223e4-f693-7300-8a49-4b13bc866f73	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_REQUIREMENTS	PHASE_DESIGN	Documented	planner	[{"id": "01a223e4-f690-77cc-9af3-904cd06514f9", "path": "docs/r.md", "type": "requirements_document"}]	2026-11-28 20:42:17.617743+00	postgres	01a223e4-f692-73a2-a877-cb0b00f1d4b1
01a223e4-f696-7746-b13e-f7a212c39c50	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_DESIGN	PHASE_IMPLEMENTATION	\N	postgres	\N	2026-11-28 20:42:17.622064+00	postgres	\N
01a223e4-f69d-774f-8104-964edfd5b21b	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	PHASE_TESTING	\N	postgres	[{"id": "01a223e4-f698-721a-8a7c-259595a0e271", "path": null, "type": "code_changes"}, {"id": "01a223e4-f698-721a-8a7c-25960991e817", "path": null, "type": "test_coverage"}]	2026-11-28 20:42:17.628968+00	postgres	01a223e4-f69d-774f-8104-964d1657d7e0
01a223e4-f69e-77a5-8349-862eb982ddff	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_TESTING	PHASE_IMPLEMENTATION	\N	postgres	\N	2026-11-28 20:42:17.63062+00	postgres	\N
01a223e4-f6a0-7530-aa11-85ec0adbc62b	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	PHASE_BLOCKED	Waiting for the bank	planner	\N	2026-11-28 20:42:17.632276+00	postgres	\N
01a223e4-f6a1-72c3-974d-410b76dcc88c	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_BLOCKED	PHASE_IMPLEMENTATION	\N	postgres	\N	2026-11-28 20:42:17.63316+00	postgres	\N
01a223e4-f6a2-773b-9863-884f45bafd95	01a223e4-f6a2-773b-9863-884e4a5a3020	\N	PHASE_BACKLOG	\N	postgres	\N	2026-11-28 20:42:17.634553+00	postgres	\N
01a223e4-f6a2-773b-9863-8850c8282267	01a223e4-f6a2-773b-9863-884e4a5a3020	PHASE_BACKLOG	PHASE_REQUIREMENTS	\N	postgres	\N	2026-11-28 20:42:17.634852+00	postgres	\N
01a223e4-f6a4-7417-b587-889a8fcf6f0f	01a223e4-f6a4-7417-b587-8899b4654b73	\N	PHASE_BACKLOG	\N	postgres	\N	2026-11-28 20:42:17.63647+00	postgres	\N
01a223e4-f6a4-7417-b587-889b3b85baf2	01a223e4-f6a4-7417-b587-8899b4654b73	PHASE_BACKLOG	PHASE_REQUIREMENTS	\N	postgres	\N	2026-11-28 20:42:17.636751+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b388f23139a0	01a223e4-f6a6-7707-9a5e-b37f55ee9ccc	\N	PHASE_BACKLOG	\N	postgres	\N	2026-11-28 20:42:17.638785+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b389f168dac4	01a223e4-f6a6-7707-9a5e-b3800b4f4e35	\N	PHASE_REQUIREMENTS	\N	postgres	\N	2026-11-28 20:42:17.638806+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b38af3572f3c	01a223e4-f6a6-7707-9a5e-b3815675a6ed	\N	PHASE_DESIGN	\N	postgres	\N	2026-11-28 20:42:17.638813+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b38bc3cf51a6	01a223e4-f6a6-7707-9a5e-b38299972a18	\N	PHASE_IMPLEMENTATION	\N	postgres	\N	2026-11-28 20:42:17.638817+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b38c323722e3	01a223e4-f6a6-7707-9a5e-b383f0a9ad25	\N	PHASE_TESTING	\N	postgres	\N	2026-11-28 20:42:17.638822+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b38df7e52947	01a223e4-f6a6-7707-9a5e-b3842dd2749d	\N	PHASE_SECURITY_REVIEW	\N	postgres	\N	2026-11-28 20:42:17.63883+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b38e3b1f8a21	01a223e4-f6a6-7707-9a5e-b385231b7b5b	\N	PHASE_DEPLOYMENT	\N	postgres	\N	2026-11-28 20:42:17.638835+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b38f6c8e58ea	01a223e4-f6a6-7707-9a5e-b386ddb96d28	\N	PHASE_DONE	\N	postgres	\N	2026-11-28 20:42:17.63884+00	postgres	\N
01a223e4-f6a6-7707-9a5e-b3904e96f82f	01a223e4-f6a6-7707-9a5e-b3877b6d93cb	\N	PHASE_BLOCKED	\N	postgres	\N	2026-11-28 20:42:17.638844+00	postgres	\N
01a223e4-f6a8-7148-842f-99e16e24caf4	01a223e4-f6a8-7148-842f-99e0503f2f3e	\N	PHASE_DESIGN	\N	postgres	\N	2026-11-28 20:42:17.64047+00	postgres	\N
01a223e4-f6a8-7148-842f-99e48f09b4e5	01a223e4-f6a8-7148-842f-99e3c6f14f23	\N	PHASE_TESTING	\N	postgres	\N	2026-11-28 20:42:17.640934+00	postgres	\N
01a223e4-f6a9-7692-a567-ea77c6ee61e5	01a223e4-f6a8-7148-842f-99e3c6f14f23	PHASE_TESTING	PHASE_SECURITY_REVIEW	\N	postgres	\N	2026-11-28 20:42:17.641371+00	postgres	\N
\.


--
-- Data for Name: phase_transitions; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_transitions (from_phase, to_phase, requires_gate) FROM stdin;
PHASE_BACKLOG	PHASE_REQUIREMENTS	f
PHASE_REQUIREMENTS	PHASE_DESIGN	t
PHASE_REQUIREMENTS	PHASE_BLOCKED	f
PHASE_DESIGN	PHASE_IMPLEMENTATION	t
PHASE_DESIGN	PHASE_BLOCKED	f
PHASE_IMPLEMENTATION	PHASE_TESTING	t
PHASE_IMPLEMENTATION	PHASE_BLOCKED	f
PHASE_TESTING	PHASE_IMPLEMENTATION	f
PHASE_TESTING	PHASE_BLOCKED	f
PHASE_DEPLOYMENT	PHASE_DONE	t
PHASE_DEPLOYMENT	PHASE_BLOCKED	f
PHASE_BLOCKED	PHASE_REQUIREMENTS	f
PHASE_BLOCKED	PHASE_DESIGN	f
PHASE_BLOCKED	PHASE_IMPLEMENTATION	f
PHASE_BLOCKED	PHASE_TESTING	f
PHASE_TESTING	PHASE_SECURITY_REVIEW	f
PHASE_SECURITY_REVIEW	PHASE_DEPLOYMENT	t
PHASE_SECURITY_REVIEW	PHASE_BLOCKED	f
PHASE_BLOCKED	PHASE_SECURITY_REVIEW	f
\.


--
-- Data for Name: task_templates; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.task_templates (id, phase_id, task_type, template_description, default_priority, required_capabilities, dependencies_template, is_active, created_at) FROM stdin;
01a223e4-f677-764d-bd03-dad313383ac9	PHASE_REQUIREMENTS	analyze_requirements	Analyze and clarify requirements for: {ticket_title}	HIGH	["analysis"]	\N	t	2026-11-28 20:42:17.582929+00
01a223e4-f677-764d-bd03-dad4a9ab2f37	PHASE_REQUIREMENTS	create_requirements_doc	Create requirements document for: {ticket_title}	MEDIUM	["documentation"]	\N	t	2026-11-28 20:42:17.582929+00
01a223e4-f677-764d-bd03-dad57ee56ba0	PHASE_DESIGN	design_architecture	Design architecture for: {ticket_title}	HIGH	["design"]	\N	t	2026-11-28 20:42:17.582929+00
01a223e4-f677-764d-bd03-dad6b573594b	PHASE_IMPLEMENTATION	implement_feature	Implement feature: {ticket_title}	HIGH	["implementation"]	\N	t	2026-11-28 20:42:17.582929+00
01a223e4-f677-764d-bd03-dad75299bdfd	PHASE_TESTING	write_tests	Write tests for: {ticket_title}	HIGH	["testing"]	\N	t	2026-11-28 20:42:17.582929+00
01a223e4-f677-764d-bd03-dad8fe9abadf	PHASE_TESTING	run_tests	Run test suite for: {ticket_title}	MEDIUM	["testing"]	\N	t	2026-11-28 20:42:17.582929+00
01a223e4-f677-764d-bd03-dad9bdade905	PHASE_DEPLOYMENT	deploy_feature	Deploy feature: {ticket_title}	CRITICAL	["deployment"]	\N	t	2026-11-28 20:42:17.582929+00
01a223e4-f682-7147-a331-337ea0559375	PHASE_SECURITY_REVIEW	model_threats	Model the threats to: {ticket_title}	CRITICAL	\N	\N	t	2026-11-28 20:42:17.602159+00
01a223e4-f682-7147-a331-337fc8369f62	PHASE_SECURITY_REVIEW	close_findings	Close the findings on: {ticket_title}	HIGH	\N	["model_threats"]	t	2026-11-28 20:42:17.602159+00
\.


--
-- Data for Name: tasks; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.tasks (id, ticket_id, phase_id, kind, task_type, description, priority, status, required_capabilities, dependencies, pending_dependencies, assigned_agent_id, attempts, max_attempts, scheduled_at, lease_expires_at, result, error_message, template_id, created_at, updated_at, started_at, completed_at, estimate) FROM stdin;
01a223e4-f68b-7489-b011-93ec0ffdc898	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_REQUIREMENTS	work	analyze_requirements	Analyze and clarify requirements for: Customers are charged twice	HIGH	completed	["analysis"]	\N	0	ada	1	3	\N	\N	{"context": {"risks": ["The sandbox is too fast"], "key_decisions": ["Requests carry an idempotency key"]}, "outputs": {"orders": 41}, "summary": "The bank's page is reloaded."}	\N	01a223e4-f677-764d-bd03-dad313383ac9	2026-11-28 20:42:17.612043+00	2026-11-28 20:42:17.614986+00	\N	2026-11-28 20:42:17.614986+00	\N
01a223e4-f68c-7467-a4b2-4bc09641a35b	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_REQUIREMENTS	work	create_requirements_doc	Create requirements document for: Customers are charged twice	MEDIUM	completed	["documentation"]	\N	0	dora	1	3	\N	\N	{"summary": "Wrote the requirements.", "artifacts": [{"path": "docs/r.md", "type": "requirements_document", "content": {"length": 1500, "sections": ["Scope", "Acceptance criteria"]}}]}	\N	01a223e4-f677-764d-bd03-dad4a9ab2f37	2026-11-28 20:42:17.612043+00	2026-11-28 20:42:17.615754+00	\N	2026-11-28 20:42:17.615754+00	\N
01a223e4-f694-75b1-9b96-423283249054	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_DESIGN	work	design_architecture	Design architecture for: Customers are charged twice	HIGH	completed	["design"]	\N	0	dan	1	3	\N	\N	{"context": {"design_decisions": ["An outbox for side effects"]}, "summary": "One state machine."}	\N	01a223e4-f677-764d-bd03-dad57ee56ba0	2026-11-28 20:42:17.620211+00	2026-11-28 20:42:17.621635+00	\N	2026-11-28 20:42:17.621635+00	\N
01a223e4-f696-7746-b13e-f7a4adb0dd9c	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	work	implement_feature	Implement feature: Customers are charged twice	HIGH	completed	["implementation"]	\N	0	ian	1	3	\N	\N	{"artifacts": [{"type": "code_changes", "content": {"files": ["a", "a_test"], "has_tests": true}}, {"type": "test_coverage", "content": {"percentage": 91}}]}	\N	01a223e4-f677-764d-bd03-dad6b573594b	2026-11-28 20:42:17.622808+00	2026-11-28 20:42:17.623835+00	\N	2026-11-28 20:42:17.623835+00	\N
01a223e4-f69a-7571-8a55-7b9edb11d188	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	review	review	Review the work of PHASE_IMPLEMENTATION on: Customers are charged twice	CRITICAL	completed	["validation"]	\N	0	vera	1	3	\N	\N	{"approved": true, "feedback": "Fine."}	\N	\N	2026-11-28 20:42:17.624333+00	2026-11-28 20:42:17.627995+00	\N	2026-11-28 20:42:17.627995+00	\N
01a223e4-f69e-77a5-8349-862cb59fd66d	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_TESTING	work	write_tests	Write tests for: Customers are charged twice	HIGH	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad75299bdfd	2026-11-28 20:42:17.630192+00	2026-11-28 20:42:17.630252+00	\N	\N	\N
01a223e4-f69e-77a5-8349-862d3ecaa8bd	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_TESTING	work	run_tests	Run test suite for: Customers are charged twice	MEDIUM	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad8fe9abadf	2026-11-28 20:42:17.630192+00	2026-11-28 20:42:17.630312+00	\N	\N	\N
01a223e4-f69f-70fe-95bf-55aa48ad946a	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	work	implement_feature	Implement feature: Customers are charged twice	HIGH	pending	["implementation"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad6b573594b	2026-11-28 20:42:17.631192+00	2026-11-28 20:42:17.631234+00	\N	\N	\N
01a223e4-f6a1-72c3-974d-410c5010a575	01a223e4-f689-73cd-91aa-a97bdb18d147	PHASE_IMPLEMENTATION	summary	summary	Summarize for PHASE_IMPLEMENTATION, in at most 2000 tokens, the context of: Customers are charged twice	CRITICAL	pending	["summarization"]	\N	0	\N	0	3	\N	\N	{"request": {"max_tokens": 2000, "fingerprint": "fadfaaf1-0dbc-5ca3-899e-d76a8ab4834f"}}	\N	\N	2026-11-28 20:42:17.633542+00	2026-11-28 20:42:17.634127+00	\N	\N	\N
01a223e4-f6a2-773b-9863-8851e85e1486	01a223e4-f6a2-773b-9863-884e4a5a3020	PHASE_REQUIREMENTS	work	analyze_requirements	Analyze and clarify requirements for: Refunds are slow	HIGH	assigned	["analysis"]	\N	0	holder	1	3	\N	2126-11-28 20:42:17.635375+00	\N	\N	01a223e4-f677-764d-bd03-dad313383ac9	2026-11-28 20:42:17.635033+00	2026-11-28 20:42:17.635547+00	\N	\N	\N
01a223e4-f6a3-7311-9d8f-ebadc9438ec0	01a223e4-f6a2-773b-9863-884e4a5a3020	PHASE_REQUIREMENTS	work	create_requirements_doc	Create requirements document for: Refunds are slow	MEDIUM	running	["documentation"]	\N	0	runner	1	3	\N	2126-11-28 20:42:17.635861+00	\N	\N	01a223e4-f677-764d-bd03-dad4a9ab2f37	2026-11-28 20:42:17.635033+00	2026-11-28 20:42:17.636246+00	2026-11-28 20:42:17.636246+00	\N	\N
01a223e4-f6a4-7417-b587-889ce7c0e31b	01a223e4-f6a4-7417-b587-8899b4654b73	PHASE_REQUIREMENTS	work	analyze_requirements	Analyze and clarify requirements for: Invoices lack a number	HIGH	pending	["analysis"]	\N	0	\N	1	3	2026-11-28 20:42:18.27985+00	\N	\N	The wiki is down	01a223e4-f677-764d-bd03-dad313383ac9	2026-11-28 20:42:17.63693+00	2026-11-28 20:42:17.63776+00	\N	\N	\N
01a223e4-f6a4-7417-b587-889d9bdeddcf	01a223e4-f6a4-7417-b587-8899b4654b73	PHASE_REQUIREMENTS	work	create_requirements_doc	Create requirements document for: Invoices lack a number	MEDIUM	failed	["documentation"]	\N	0	clumsy	1	3	\N	\N	\N	Cannot be done	01a223e4-f677-764d-bd03-dad4a9ab2f37	2026-11-28 20:42:17.63693+00	2026-11-28 20:42:17.6383+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e8a04109a30	01a223e4-f6a6-7707-9a5e-b3800b4f4e35	PHASE_REQUIREMENTS	work	analyze_requirements	Analyze and clarify requirements for: In PHASE_REQUIREMENTS	HIGH	pending	["analysis"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad313383ac9	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.639846+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e8be042f3cf	01a223e4-f6a6-7707-9a5e-b3800b4f4e35	PHASE_REQUIREMENTS	work	create_requirements_doc	Create requirements document for: In PHASE_REQUIREMENTS	MEDIUM	pending	["documentation"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad4a9ab2f37	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.639915+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e8c27dda97a	01a223e4-f6a6-7707-9a5e-b3815675a6ed	PHASE_DESIGN	work	design_architecture	Design architecture for: In PHASE_DESIGN	HIGH	pending	["design"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad57ee56ba0	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.639928+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e8d66ed35b4	01a223e4-f6a6-7707-9a5e-b38299972a18	PHASE_IMPLEMENTATION	work	implement_feature	Implement feature: In PHASE_IMPLEMENTATION	HIGH	pending	["implementation"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad6b573594b	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.639937+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e8eecb47eac	01a223e4-f6a6-7707-9a5e-b383f0a9ad25	PHASE_TESTING	work	write_tests	Write tests for: In PHASE_TESTING	HIGH	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad75299bdfd	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.639945+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e8f9586aaeb	01a223e4-f6a6-7707-9a5e-b383f0a9ad25	PHASE_TESTING	work	run_tests	Run test suite for: In PHASE_TESTING	MEDIUM	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad8fe9abadf	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.639954+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e90effe31c0	01a223e4-f6a6-7707-9a5e-b3842dd2749d	PHASE_SECURITY_REVIEW	work	model_threats	Model the threats to: In PHASE_SECURITY_REVIEW	CRITICAL	pending	\N	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f682-7147-a331-337ea0559375	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.639962+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e9112569809	01a223e4-f6a6-7707-9a5e-b3842dd2749d	PHASE_SECURITY_REVIEW	work	close_findings	Close the findings on: In PHASE_SECURITY_REVIEW	HIGH	pending	\N	{"depends_on": ["01a223e4-f6a7-7646-9689-8e90effe31c0"]}	1	\N	0	3	\N	\N	\N	\N	01a223e4-f682-7147-a331-337fc8369f62	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.639972+00	\N	\N	\N
01a223e4-f6a7-7646-9689-8e923ad8624d	01a223e4-f6a6-7707-9a5e-b385231b7b5b	PHASE_DEPLOYMENT	work	deploy_feature	Deploy feature: In PHASE_DEPLOYMENT	CRITICAL	pending	["deployment"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad9bdade905	2026-11-28 20:42:17.639769+00	2026-11-28 20:42:17.640106+00	\N	\N	\N
01a223e4-f6a8-7148-842f-99e29c94fd23	01a223e4-f6a8-7148-842f-99e0503f2f3e	PHASE_DESIGN	work	design_architecture	Design architecture for: Secret merger	HIGH	pending	["design"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad57ee56ba0	2026-11-28 20:42:17.640636+00	2026-11-28 20:42:17.640673+00	\N	\N	\N
01a223e4-f6a9-7692-a567-ea755bc6849a	01a223e4-f6a8-7148-842f-99e3c6f14f23	PHASE_TESTING	work	write_tests	Write tests for: Cards leak in logs	HIGH	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad75299bdfd	2026-11-28 20:42:17.641074+00	2026-11-28 20:42:17.64111+00	\N	\N	\N
01a223e4-f6a9-7692-a567-ea7636c30ed6	01a223e4-f6a8-7148-842f-99e3c6f14f23	PHASE_TESTING	work	run_tests	Run test suite for: Cards leak in logs	MEDIUM	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f677-764d-bd03-dad8fe9abadf	2026-11-28 20:42:17.641074+00	2026-11-28 20:42:17.641153+00	\N	\N	\N
01a223e4-f6a9-7692-a567-ea78da285d96	01a223e4-f6a8-7148-842f-99e3c6f14f23	PHASE_SECURITY_REVIEW	work	model_threats	Model the threats to: Cards leak in logs	CRITICAL	pending	\N	\N	0	\N	0	3	\N	\N	\N	\N	01a223e4-f682-7147-a331-337ea0559375	2026-11-28 20:42:17.641569+00	2026-11-28 20:42:17.641605+00	\N	\N	\N
01a223e4-f6a9-7692-a567-ea7903d19b57	01a223e4-f6a8-7148-842f-99e3c6f14f23	PHASE_SECURITY_REVIEW	work	close_findings	Close the findings on: Cards leak in logs	HIGH	pending	\N	{"depends_on": ["01a223e4-f6a9-7692-a567-ea78da285d96"]}	1	\N	0	3	\N	\N	\N	\N	01a223e4-f682-7147-a331-337fc8369f62	2026-11-28 20:42:17.641569+00	2026-11-28 20:42:17.641639+00	\N	\N	\N
\.


--
-- Data for Name: tickets; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.tickets (id, title, description, phase_id, previous_phase_id, priority, context, context_summary, phase_entered_at, created_at, updated_at, assignee) FROM stdin;
01a223e4-f689-73cd-91aa-a97bdb18d147	Customers are charged twice	\N	PHASE_IMPLEMENTATION	PHASE_BLOCKED	CRITICAL	{"summary": "Decisions (design):\\n- An outbox for side effects\\nDecisions (requirements):\\n- Requests carry an idempotency key\\nRisks and open questions (requirements):\\n- risks: The sandbox is too fast\\nSummary (implementation):\\n- Implement feature: Customers are charged twice\\nSummary (design):\\n- One state machine.\\nSummary (requirements):\\n- The bank's page is reloaded.\\n- Wrote the requirements.\\nArtifacts (implementation):\\n- code_changes\\n- test_coverage\\nArtifacts (requirements):\\n- requirements_document: docs/r.md\\nNotes (requirements):\\n- analyze_requirements: orders: 41", "design_phase": {"tasks": [{"outputs": null, "summary": "One state machine.", "task_id": "01a223e4-f694-75b1-9b96-423283249054", "task_type": "design_architecture"}], "summary": "One state machine.", "artifacts": [], "design_decisions": ["An outbox for side effects"]}, "requirements_phase": {"risks": ["The sandbox is too fast"], "tasks": [{"outputs": {"orders": 41}, "summary": "The bank's page is reloaded.", "task_id": "01a223e4-f68b-7489-b011-93ec0ffdc898", "task_type": "analyze_requirements"}, {"outputs": null, "summary": "Wrote the requirements.", "task_id": "01a223e4-f68c-7467-a4b2-4bc09641a35b", "task_type": "create_requirements_doc"}], "summary": "The bank's page is reloaded.\\nWrote the requirements.", "artifacts": [{"path": "docs/r.md", "type": "requirements_document"}], "key_decisions": ["Requests carry an idempotency key"]}, "implementation_phase": {"tasks": [{"outputs": null, "summary": "Implement feature: Customers are charged twice", "task_id": "01a223e4-f696-7746-b13e-f7a4adb0dd9c", "task_type": "implement_feature"}], "summary": "Implement feature: Customers are charged twice", "artifacts": [{"path": null, "type": "code_changes"}, {"path": null, "type": "test_coverage"}]}}	Decisions (design):\n- An outbox for side effects\nDecisions (requirements):\n- Requests carry an idempotency key\nRisks and open questions (requirements):\n- risks: The sandbox is too fast\nSummary (implementation):\n- Implement feature: Customers are charged twice\nSummary (design):\n- One state machine.\nSummary (requirements):\n- The bank's page is reloaded.\n- Wrote the requirements.\nArtifacts (implementation):\n- code_changes\n- test_coverage\nArtifacts (requirements):\n- requirements_document: docs/r.md\nNotes (requirements):\n- analyze_requirements: orders: 41	2026-11-28 20:42:17.63316+00	2026-11-28 20:42:17.608984+00	2026-11-28 20:42:17.63316+00	nobody
01a223e4-f6a2-773b-9863-884e4a5a3020	Refunds are slow	\N	PHASE_REQUIREMENTS	PHASE_BACKLOG	MEDIUM	\N	\N	2026-11-28 20:42:17.634852+00	2026-11-28 20:42:17.634488+00	2026-11-28 20:42:17.634852+00	nobody
01a223e4-f6a4-7417-b587-8899b4654b73	Invoices lack a number	\N	PHASE_REQUIREMENTS	PHASE_BACKLOG	MEDIUM	\N	\N	2026-11-28 20:42:17.636751+00	2026-11-28 20:42:17.636409+00	2026-11-28 20:42:17.636751+00	nobody
01a223e4-f6a6-7707-9a5e-b37f55ee9ccc	In PHASE_BACKLOG	\N	PHASE_BACKLOG	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.638785+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.638785+00	ann
01a223e4-f6a6-7707-9a5e-b3800b4f4e35	In PHASE_REQUIREMENTS	\N	PHASE_REQUIREMENTS	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.638806+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.638806+00	ann
01a223e4-f6a6-7707-9a5e-b3815675a6ed	In PHASE_DESIGN	\N	PHASE_DESIGN	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.638813+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.638813+00	ann
01a223e4-f6a6-7707-9a5e-b38299972a18	In PHASE_IMPLEMENTATION	\N	PHASE_IMPLEMENTATION	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.638817+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.638817+00	ann
01a223e4-f6a6-7707-9a5e-b383f0a9ad25	In PHASE_TESTING	\N	PHASE_TESTING	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.638822+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.638822+00	ann
01a223e4-f6a6-7707-9a5e-b3842dd2749d	In PHASE_SECURITY_REVIEW	\N	PHASE_SECURITY_REVIEW	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.63883+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.63883+00	ann
01a223e4-f6a6-7707-9a5e-b385231b7b5b	In PHASE_DEPLOYMENT	\N	PHASE_DEPLOYMENT	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.638835+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.638835+00	ann
01a223e4-f6a6-7707-9a5e-b386ddb96d28	In PHASE_DONE	\N	PHASE_DONE	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.63884+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.63884+00	ann
01a223e4-f6a6-7707-9a5e-b3877b6d93cb	In PHASE_BLOCKED	\N	PHASE_BLOCKED	PHASE_TESTING	MEDIUM	\N	\N	2026-11-28 20:42:17.638844+00	2026-11-28 20:42:17.638557+00	2026-11-28 20:42:17.638844+00	ann
01a223e4-f6a8-7148-842f-99e0503f2f3e	Secret merger	\N	PHASE_DESIGN	\N	MEDIUM	\N	\N	2026-11-28 20:42:17.64047+00	2026-11-28 20:42:17.640402+00	2026-11-28 20:42:17.64047+00	nobody
01a223e4-f6a8-7148-842f-99e3c6f14f23	Cards leak in logs	\N	PHASE_SECURITY_REVIEW	PHASE_TESTING	MEDIUM	\N	\N	2026-11-28 20:42:17.641371+00	2026-11-28 20:42:17.640877+00	2026-11-28 20:42:17.641371+00	nobody
\.


--
-- Name: phase_context phase_context_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_context
    ADD CONSTRAINT phase_context_pkey PRIMARY KEY (id);


--
-- Name: phase_context phase_context_ticket_id_phase_id_key; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_context
    ADD CONSTRAINT phase_context_ticket_id_phase_id_key UNIQUE (ticket_id, phase_id);


--
-- Name: phase_gate_artifacts phase_gate_artifacts_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_gate_artifacts
    ADD CONSTRAINT phase_gate_artifacts_pkey PRIMARY KEY (id);


--
-- Name: phase_gate_requirements phase_gate_requirements_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_gate_requirements
    ADD CONSTRAINT phase_gate_requirements_pkey PRIMARY KEY (phase_id);


--
-- Name: phase_gate_results phase_gate_results_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_gate_results
    ADD CONSTRAINT phase_gate_results_pkey PRIMARY KEY (id);


--
-- Name: phase_history phase_history_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_history
    ADD CONSTRAINT phase_history_pkey PRIMARY KEY (id);


--
-- Name: phase_transitions phase_transitions_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_transitions
    ADD CONSTRAINT phase_transitions_pkey PRIMARY KEY (from_phase, to_phase);


--
-- Name: task_templates task_templates_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.task_templates
    ADD CONSTRAINT task_templates_pkey PRIMARY KEY (id);


--
-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);


--
-- Name: tickets tickets_pkey; Type: CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.tickets
    ADD CONSTRAINT tickets_pkey PRIMARY KEY (id);


--
-- Name: phase_context phase_context_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_context
    ADD CONSTRAINT phase_context_pkey PRIMARY KEY (id);


--
-- Name: phase_context phase_context_ticket_id_phase_id_key; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_context
    ADD CONSTRAINT phase_context_ticket_id_phase_id_key UNIQUE (ticket_id, phase_id);


--
-- Name: phase_gate_artifacts phase_gate_artifacts_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_gate_artifacts
    ADD CONSTRAINT phase_gate_artifacts_pkey PRIMARY KEY (id);


--
-- Name: phase_gate_requirements phase_gate_requirements_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_gate_requirements
    ADD CONSTRAINT phase_gate_requirements_pkey PRIMARY KEY (phase_id);


--
-- Name: phase_gate_results phase_gate_results_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_gate_results
    ADD CONSTRAINT phase_gate_results_pkey PRIMARY KEY (id);


--
-- Name: phase_history phase_history_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_history
    ADD CONSTRAINT phase_history_pkey PRIMARY KEY (id);


--
-- Name: phase_transitions phase_transitions_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_transitions
    ADD CONSTRAINT phase_transitions_pkey PRIMARY KEY (from_phase, to_phase);


--
-- Name: task_templates task_templates_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.task_templates
    ADD CONSTRAINT task_templates_pkey PRIMARY KEY (id);


--
-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);


--
-- Name: tickets tickets_pkey; Type: CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.tickets
    ADD CONSTRAINT tickets_pkey PRIMARY KEY (id);


--
-- Name: phase_gate_artifacts_ticket_phase; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX phase_gate_artifacts_ticket_phase ON plain.phase_gate_artifacts USING btree (ticket_id, phase_id);


--
-- Name: phase_gate_results_ticket_phase; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX phase_gate_results_ticket_phase ON plain.phase_gate_results USING btree (ticket_id, phase_id);


--
-- Name: phase_history_created; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX phase_history_created ON plain.phase_history USING btree (created_at);


--
-- Name: phase_history_one_start; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE UNIQUE INDEX phase_history_one_start ON plain.phase_history USING btree (ticket_id) WHERE (from_phase IS NULL);


--
-- Name: phase_history_ticket; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX phase_history_ticket ON plain.phase_history USING btree (ticket_id, created_at, id);


--
-- Name: task_templates_phase; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX task_templates_phase ON plain.task_templates USING btree (phase_id);


--
-- Name: tasks_claimable; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX tasks_claimable ON plain.tasks USING btree (array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::text[], (priority)::text), created_at, id) WHERE (((status)::text = 'pending'::text) AND (pending_dependencies = 0) AND (scheduled_at IS NULL));


--
-- Name: tasks_claimable_groups; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX tasks_claimable_groups ON plain.tasks USING btree (kind, phase_id, COALESCE(jsonb_hash_extended(required_capabilities, (0)::bigint), (0)::bigint), array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::text[], (priority)::text), created_at, id) WHERE COALESCE((((status)::text = 'pending'::text) AND (pending_dependencies = 0) AND (scheduled_at IS NULL)), false);


--
-- Name: tasks_dependent; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX tasks_dependent ON plain.tasks USING btree (ticket_id) WHERE (dependencies IS NOT NULL);


--
-- Name: tasks_due; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX tasks_due ON plain.tasks USING btree (COALESCE(lease_expires_at, scheduled_at)) WHERE (COALESCE(lease_expires_at, scheduled_at) IS NOT NULL);


--
-- Name: tasks_ticket; Type: INDEX; Schema: plain; Owner: version_keeper
--

CREATE INDEX tasks_ticket ON plain.tasks USING btree (ticket_id, phase_id);


--
-- Name: phase_gate_artifacts_ticket_phase; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX phase_gate_artifacts_ticket_phase ON shop.phase_gate_artifacts USING btree (ticket_id, phase_id);


--
-- Name: phase_gate_results_ticket_phase; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX phase_gate_results_ticket_phase ON shop.phase_gate_results USING btree (ticket_id, phase_id);


--
-- Name: phase_history_created; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX phase_history_created ON shop.phase_history USING btree (created_at);


--
-- Name: phase_history_one_start; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE UNIQUE INDEX phase_history_one_start ON shop.phase_history USING btree (ticket_id) WHERE (from_phase IS NULL);


--
-- Name: phase_history_ticket; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX phase_history_ticket ON shop.phase_history USING btree (ticket_id, created_at, id);


--
-- Name: task_templates_phase; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX task_templates_phase ON shop.task_templates USING btree (phase_id);


--
-- Name: tasks_claimable; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX tasks_claimable ON shop.tasks USING btree (array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::text[], (priority)::text), created_at, id) WHERE (((status)::text = 'pending'::text) AND (pending_dependencies = 0) AND (scheduled_at IS NULL));


--
-- Name: tasks_claimable_groups; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX tasks_claimable_groups ON shop.tasks USING btree (kind, phase_id, COALESCE(jsonb_hash_extended(required_capabilities, (0)::bigint), (0)::bigint), array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::text[], (priority)::text), created_at, id) WHERE COALESCE((((status)::text = 'pending'::text) AND (pending_dependencies = 0) AND (scheduled_at IS NULL)), false);


--
-- Name: tasks_dependent; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX tasks_dependent ON shop.tasks USING btree (ticket_id) WHERE (dependencies IS NOT NULL);


--
-- Name: tasks_due; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX tasks_due ON shop.tasks USING btree (COALESCE(lease_expires_at, scheduled_at)) WHERE (COALESCE(lease_expires_at, scheduled_at) IS NOT NULL);


--
-- Name: tasks_ticket; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX tasks_ticket ON shop.tasks USING btree (ticket_id, phase_id);


--
-- Name: tickets_open; Type: INDEX; Schema: shop; Owner: version_keeper
--

CREATE INDEX tickets_open ON shop.tickets USING btree (phase_entered_at) WHERE (phase_id <> 'PHASE_DONE'::shop.phase);


--
-- Name: tasks aa_phasegate_deleted; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_deleted AFTER DELETE ON plain.tasks FOR EACH ROW WHEN (((old.status)::text <> 'completed'::text)) EXECUTE FUNCTION phasegate.tasks_note();


--
-- Name: task_templates aa_phasegate_fit; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_fit AFTER INSERT OR DELETE OR UPDATE ON plain.task_templates FOR EACH STATEMENT EXECUTE FUNCTION phasegate.templates_fit();


--
-- Name: tasks aa_phasegate_linked; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_linked AFTER INSERT ON plain.tasks FOR EACH ROW WHEN ((new.dependencies IS NOT NULL)) EXECUTE FUNCTION phasegate.tasks_note();


--
-- Name: tasks aa_phasegate_settle; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_settle AFTER INSERT OR DELETE OR UPDATE ON plain.tasks FOR EACH STATEMENT EXECUTE FUNCTION phasegate.tasks_settle();


--
-- Name: tickets aa_phasegate_started; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_started AFTER INSERT ON plain.tickets FOR EACH ROW EXECUTE FUNCTION phasegate.tickets_record();


--
-- Name: tickets aa_phasegate_write; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_write AFTER INSERT OR UPDATE ON plain.tickets FOR EACH STATEMENT EXECUTE FUNCTION phasegate.tickets_write();


--
-- Name: phase_history phasegate_append_only; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER phasegate_append_only BEFORE DELETE OR UPDATE ON plain.phase_history FOR EACH ROW EXECUTE FUNCTION phasegate.history_append_only();


--
-- Name: phase_history phasegate_not_truncated; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER phasegate_not_truncated BEFORE TRUNCATE ON plain.phase_history FOR EACH STATEMENT EXECUTE FUNCTION phasegate.history_append_only();


--
-- Name: phase_gate_results phasegate_owner_only; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER phasegate_owner_only BEFORE INSERT OR DELETE OR UPDATE ON plain.phase_gate_results FOR EACH STATEMENT EXECUTE FUNCTION phasegate.owner_only();


--
-- Name: phase_history phasegate_owner_only; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER phasegate_owner_only BEFORE INSERT ON plain.phase_history FOR EACH STATEMENT EXECUTE FUNCTION phasegate.owner_only();


--
-- Name: phase_gate_requirements zz_phasegate_check; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_check BEFORE INSERT OR UPDATE ON plain.phase_gate_requirements FOR EACH ROW EXECUTE FUNCTION phasegate.requirements_check();


--
-- Name: task_templates zz_phasegate_check; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_check BEFORE INSERT OR UPDATE ON plain.task_templates FOR EACH ROW EXECUTE FUNCTION phasegate.templates_check();


--
-- Name: tasks zz_phasegate_collect; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_collect AFTER UPDATE ON plain.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.task_completed();


--
-- Name: tasks zz_phasegate_collect_added; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_collect_added AFTER INSERT ON plain.tasks FOR EACH ROW WHEN (((new.kind = 'work'::text) AND ((new.status)::text = 'completed'::text) AND (new.result ? 'artifacts'::text))) EXECUTE FUNCTION phasegate.task_completed();


--
-- Name: phase_gate_requirements zz_phasegate_configured; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE ON plain.phase_gate_requirements FOR EACH ROW EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE plain.phase_gate_requirements ENABLE ALWAYS TRIGGER zz_phasegate_configured;


--
-- Name: phase_transitions zz_phasegate_configured; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE ON plain.phase_transitions FOR EACH ROW EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE plain.phase_transitions ENABLE ALWAYS TRIGGER zz_phasegate_configured;


--
-- Name: task_templates zz_phasegate_configured; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE ON plain.task_templates FOR EACH ROW EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE plain.task_templates ENABLE ALWAYS TRIGGER zz_phasegate_configured;


--
-- Name: tickets zz_phasegate_decide; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_decide BEFORE UPDATE ON plain.tickets FOR EACH ROW EXECUTE FUNCTION phasegate.tickets_decide('2', '2');


--
-- Name: phase_gate_requirements zz_phasegate_emptied; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_emptied AFTER TRUNCATE ON plain.phase_gate_requirements FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE plain.phase_gate_requirements ENABLE ALWAYS TRIGGER zz_phasegate_emptied;


--
-- Name: phase_transitions zz_phasegate_emptied; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_emptied AFTER TRUNCATE ON plain.phase_transitions FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE plain.phase_transitions ENABLE ALWAYS TRIGGER zz_phasegate_emptied;


--
-- Name: task_templates zz_phasegate_emptied; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_emptied AFTER TRUNCATE ON plain.task_templates FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE plain.task_templates ENABLE ALWAYS TRIGGER zz_phasegate_emptied;


--
-- Name: phase_gate_artifacts zz_phasegate_evidence; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_evidence BEFORE INSERT OR DELETE ON plain.phase_gate_artifacts FOR EACH ROW EXECUTE FUNCTION phasegate.artifact_changes();


--
-- Name: tasks zz_phasegate_evidence_deleted; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_evidence_deleted BEFORE DELETE ON plain.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.task_withdrawn();


--
-- Name: phase_gate_artifacts zz_phasegate_evidence_edited; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_evidence_edited BEFORE UPDATE ON plain.phase_gate_artifacts FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION phasegate.artifact_changes();


--
-- Name: tasks zz_phasegate_evidence_moved; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_evidence_moved BEFORE UPDATE ON plain.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.task_withdrawn();


--
-- Name: tasks zz_phasegate_keep; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_keep BEFORE UPDATE ON plain.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.tasks_keep();


--
-- Name: tasks zz_phasegate_new; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_new BEFORE INSERT ON plain.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.tasks_keep();


--
-- Name: tickets zz_phasegate_start; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_start BEFORE INSERT ON plain.tickets FOR EACH ROW EXECUTE FUNCTION phasegate.tickets_start();


--
-- Name: tasks zz_phasegate_summary_added; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_summary_added BEFORE INSERT ON plain.tasks FOR EACH ROW WHEN (((new.kind = 'summary'::text) AND (new.result IS NOT NULL))) EXECUTE FUNCTION phasegate.summary_given();


--
-- Name: tasks zz_phasegate_summary_given; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_summary_given BEFORE UPDATE ON plain.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.summary_given();


--
-- Name: tasks zz_phasegate_verdict_changed; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_verdict_changed BEFORE UPDATE ON plain.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.verdict_check();


--
-- Name: tasks zz_phasegate_verdict_given; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_verdict_given BEFORE INSERT ON plain.tasks FOR EACH ROW WHEN (((new.kind = 'review'::text) AND ((new.status)::text = 'completed'::text))) EXECUTE FUNCTION phasegate.verdict_check();


--
-- Name: tasks zz_phasegate_work_added; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_work_added AFTER INSERT ON plain.tasks REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION phasegate.tasks_added();


--
-- Name: tasks aa_phasegate_deleted; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_deleted AFTER DELETE ON shop.tasks FOR EACH ROW WHEN (((old.status)::text <> 'completed'::text)) EXECUTE FUNCTION phasegate.tasks_note();


--
-- Name: task_templates aa_phasegate_fit; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_fit AFTER INSERT OR DELETE OR UPDATE ON shop.task_templates FOR EACH STATEMENT EXECUTE FUNCTION phasegate.templates_fit();


--
-- Name: tasks aa_phasegate_linked; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_linked AFTER INSERT ON shop.tasks FOR EACH ROW WHEN ((new.dependencies IS NOT NULL)) EXECUTE FUNCTION phasegate.tasks_note();


--
-- Name: tasks aa_phasegate_settle; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_settle AFTER INSERT OR DELETE OR UPDATE ON shop.tasks FOR EACH STATEMENT EXECUTE FUNCTION phasegate.tasks_settle();


--
-- Name: tickets aa_phasegate_started; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_started AFTER INSERT ON shop.tickets FOR EACH ROW EXECUTE FUNCTION phasegate.tickets_record();


--
-- Name: tickets aa_phasegate_write; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_write AFTER INSERT OR UPDATE ON shop.tickets FOR EACH STATEMENT EXECUTE FUNCTION phasegate.tickets_write();


--
-- Name: tickets audit; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER audit AFTER INSERT OR UPDATE OF phase_id ON shop.tickets FOR EACH ROW EXECUTE FUNCTION shop.audit();


--
-- Name: phase_history phasegate_append_only; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER phasegate_append_only BEFORE DELETE OR UPDATE ON shop.phase_history FOR EACH ROW EXECUTE FUNCTION phasegate.history_append_only();


--
-- Name: phase_history phasegate_not_truncated; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER phasegate_not_truncated BEFORE TRUNCATE ON shop.phase_history FOR EACH STATEMENT EXECUTE FUNCTION phasegate.history_append_only();


--
-- Name: phase_gate_results phasegate_owner_only; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER phasegate_owner_only BEFORE INSERT OR DELETE OR UPDATE ON shop.phase_gate_results FOR EACH STATEMENT EXECUTE FUNCTION phasegate.owner_only();


--
-- Name: phase_history phasegate_owner_only; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER phasegate_owner_only BEFORE INSERT ON shop.phase_history FOR EACH STATEMENT EXECUTE FUNCTION phasegate.owner_only();


--
-- Name: phase_gate_requirements zz_phasegate_check; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_check BEFORE INSERT OR UPDATE ON shop.phase_gate_requirements FOR EACH ROW EXECUTE FUNCTION phasegate.requirements_check();


--
-- Name: task_templates zz_phasegate_check; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_check BEFORE INSERT OR UPDATE ON shop.task_templates FOR EACH ROW EXECUTE FUNCTION phasegate.templates_check();


--
-- Name: tasks zz_phasegate_collect; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_collect AFTER UPDATE ON shop.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.task_completed();


--
-- Name: tasks zz_phasegate_collect_added; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_collect_added AFTER INSERT ON shop.tasks FOR EACH ROW WHEN (((new.kind = 'work'::text) AND ((new.status)::text = 'completed'::text) AND (new.result ? 'artifacts'::text))) EXECUTE FUNCTION phasegate.task_completed();


--
-- Name: phase_gate_requirements zz_phasegate_configured; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE ON shop.phase_gate_requirements FOR EACH ROW EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE shop.phase_gate_requirements ENABLE ALWAYS TRIGGER zz_phasegate_configured;


--
-- Name: phase_transitions zz_phasegate_configured; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE ON shop.phase_transitions FOR EACH ROW EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE shop.phase_transitions ENABLE ALWAYS TRIGGER zz_phasegate_configured;


--
-- Name: task_templates zz_phasegate_configured; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE ON shop.task_templates FOR EACH ROW EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE shop.task_templates ENABLE ALWAYS TRIGGER zz_phasegate_configured;


--
-- Name: tickets zz_phasegate_decide; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_decide BEFORE UPDATE ON shop.tickets FOR EACH ROW EXECUTE FUNCTION phasegate.tickets_decide('2', '2');


--
-- Name: phase_gate_requirements zz_phasegate_emptied; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_emptied AFTER TRUNCATE ON shop.phase_gate_requirements FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE shop.phase_gate_requirements ENABLE ALWAYS TRIGGER zz_phasegate_emptied;


--
-- Name: phase_transitions zz_phasegate_emptied; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_emptied AFTER TRUNCATE ON shop.phase_transitions FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE shop.phase_transitions ENABLE ALWAYS TRIGGER zz_phasegate_emptied;


--
-- Name: task_templates zz_phasegate_emptied; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_emptied AFTER TRUNCATE ON shop.task_templates FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();

ALTER TABLE shop.task_templates ENABLE ALWAYS TRIGGER zz_phasegate_emptied;


--
-- Name: phase_gate_artifacts zz_phasegate_evidence; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_evidence BEFORE INSERT OR DELETE ON shop.phase_gate_artifacts FOR EACH ROW EXECUTE FUNCTION phasegate.artifact_changes();


--
-- Name: tasks zz_phasegate_evidence_deleted; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_evidence_deleted BEFORE DELETE ON shop.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.task_withdrawn();


--
-- Name: phase_gate_artifacts zz_phasegate_evidence_edited; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_evidence_edited BEFORE UPDATE ON shop.phase_gate_artifacts FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION phasegate.artifact_changes();


--
-- Name: tasks zz_phasegate_evidence_moved; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_evidence_moved BEFORE UPDATE ON shop.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.task_withdrawn();


--
-- Name: tasks zz_phasegate_keep; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_keep BEFORE UPDATE ON shop.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.tasks_keep();


--
-- Name: tasks zz_phasegate_new; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_new BEFORE INSERT ON shop.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.tasks_keep();


--
-- Name: tickets zz_phasegate_start; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_start BEFORE INSERT ON shop.tickets FOR EACH ROW EXECUTE FUNCTION phasegate.tickets_start();


--
-- Name: tasks zz_phasegate_summary_added; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_summary_added BEFORE INSERT ON shop.tasks FOR EACH ROW WHEN (((new.kind = 'summary'::text) AND (new.result IS NOT NULL))) EXECUTE FUNCTION phasegate.summary_given();


--
-- Name: tasks zz_phasegate_summary_given; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_summary_given BEFORE UPDATE ON shop.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.summary_given();


--
-- Name: tasks zz_phasegate_verdict_changed; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_verdict_changed BEFORE UPDATE ON shop.tasks FOR EACH ROW EXECUTE FUNCTION phasegate.verdict_check();


--
-- Name: tasks zz_phasegate_verdict_given; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_verdict_given BEFORE INSERT ON shop.tasks FOR EACH ROW WHEN (((new.kind = 'review'::text) AND ((new.status)::text = 'completed'::text))) EXECUTE FUNCTION phasegate.verdict_check();


--
-- Name: tasks zz_phasegate_work_added; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_work_added AFTER INSERT ON shop.tasks REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION phasegate.tasks_added();


--
-- Name: phase_context phase_context_ticket_id_fkey; Type: FK CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_context
    ADD CONSTRAINT phase_context_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES plain.tickets(id) ON DELETE CASCADE;


--
-- Name: phase_gate_artifacts phase_gate_artifacts_ticket_id_fkey; Type: FK CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_gate_artifacts
    ADD CONSTRAINT phase_gate_artifacts_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES plain.tickets(id) ON DELETE CASCADE;


--
-- Name: phase_gate_results phase_gate_results_ticket_id_fkey; Type: FK CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_gate_results
    ADD CONSTRAINT phase_gate_results_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES plain.tickets(id) ON DELETE CASCADE;


--
-- Name: phase_history phase_history_ticket_id_fkey; Type: FK CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.phase_history
    ADD CONSTRAINT phase_history_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES plain.tickets(id) ON DELETE CASCADE;


--
-- Name: tasks tasks_ticket_id_fkey; Type: FK CONSTRAINT; Schema: plain; Owner: version_keeper
--

ALTER TABLE ONLY plain.tasks
    ADD CONSTRAINT tasks_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES plain.tickets(id) ON DELETE CASCADE;


--
-- Name: phase_context phase_context_ticket_id_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_context
    ADD CONSTRAINT phase_context_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES shop.tickets(id) ON DELETE CASCADE;


--
-- Name: phase_gate_artifacts phase_gate_artifacts_ticket_id_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_gate_artifacts
    ADD CONSTRAINT phase_gate_artifacts_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES shop.tickets(id) ON DELETE CASCADE;


--
-- Name: phase_gate_results phase_gate_results_ticket_id_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_gate_results
    ADD CONSTRAINT phase_gate_results_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES shop.tickets(id) ON DELETE CASCADE;


--
-- Name: phase_history phase_history_ticket_id_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.phase_history
    ADD CONSTRAINT phase_history_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES shop.tickets(id) ON DELETE CASCADE;


--
-- Name: tasks tasks_ticket_id_fkey; Type: FK CONSTRAINT; Schema: shop; Owner: version_keeper
--

ALTER TABLE ONLY shop.tasks
    ADD CONSTRAINT tasks_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES shop.tickets(id) ON DELETE CASCADE;


--
-- Name: tickets not_secret; Type: POLICY; Schema: shop; Owner: version_keeper
--

CREATE POLICY not_secret ON shop.tickets USING ((title !~~ 'Secret%'::text));


--
-- Name: tickets; Type: ROW SECURITY; Schema: shop; Owner: version_keeper
--

ALTER TABLE shop.tickets ENABLE ROW LEVEL SECURITY;

--
-- Name: SCHEMA shop; Type: ACL; Schema: -; Owner: version_keeper
--

GRANT USAGE ON SCHEMA shop TO version_crew;


--
-- Name: TABLE audit; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT,INSERT ON TABLE shop.audit TO version_crew;


--
-- Name: TABLE tickets; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT,INSERT ON TABLE shop.tickets TO version_crew;


--
-- Name: COLUMN tickets.title; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT UPDATE(title) ON TABLE shop.tickets TO version_crew;


--
-- Name: COLUMN tickets.description; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT UPDATE(description) ON TABLE shop.tickets TO version_crew;


--
-- Name: COLUMN tickets.phase_id; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT UPDATE(phase_id) ON TABLE shop.tickets TO version_crew;


--
-- Name: COLUMN tickets.priority; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT UPDATE(priority) ON TABLE shop.tickets TO version_crew;


--
-- Name: COLUMN tickets.context_summary; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT UPDATE(context_summary) ON TABLE shop.tickets TO version_crew;


--
-- Name: COLUMN tickets.assignee; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT UPDATE(assignee) ON TABLE shop.tickets TO version_crew;


--
-- Name: TABLE open_tickets; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.open_tickets TO version_crew;


--
-- Name: TABLE phase_gate_results; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT,INSERT ON TABLE shop.phase_gate_results TO version_crew;


--
-- Name: TABLE tasks; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT,UPDATE ON TABLE shop.tasks TO version_crew;


--
-- Name: TABLE phase_board; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.phase_board TO version_crew;


--
-- Name: TABLE phase_context; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.phase_context TO version_crew;


--
-- Name: TABLE phase_history; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.phase_history TO version_crew;


--
-- Name: TABLE phase_durations; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.phase_durations TO version_crew;


--
-- Name: TABLE phase_gate_artifacts; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT,INSERT ON TABLE shop.phase_gate_artifacts TO version_crew;


--
-- Name: TABLE phase_gate_requirements; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.phase_gate_requirements TO version_crew;


--
-- Name: TABLE phase_transitions; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.phase_transitions TO version_crew;


--
-- Name: TABLE task_queue; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.task_queue TO version_crew;


--
-- Name: TABLE task_templates; Type: ACL; Schema: shop; Owner: version_keeper
--

GRANT SELECT ON TABLE shop.task_templates TO version_crew;


--
-- PostgreSQL database dump complete
--


