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
    CONSTRAINT phase_gate_results_status_check CHECK (((gate_status)::text = ANY ((ARRAY['passed'::character varying, 'failed'::character varying, 'pending'::character varying])::text[])))
);


ALTER TABLE plain.phase_gate_results OWNER TO version_keeper;

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
    CONSTRAINT tasks_kind_check CHECK ((kind = ANY (ARRAY['work'::text, 'review'::text, 'summary'::text]))),
    CONSTRAINT tasks_priority_check CHECK (((priority)::text = ANY ((ARRAY['LOW'::character varying, 'MEDIUM'::character varying, 'HIGH'::character varying, 'CRITICAL'::character varying])::text[]))),
    CONSTRAINT tasks_status_check CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'assigned'::character varying, 'running'::character varying, 'completed'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);


ALTER TABLE plain.tasks OWNER TO version_keeper;

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
    CONSTRAINT tickets_priority_check CHECK (((priority)::text = ANY ((ARRAY['LOW'::character varying, 'MEDIUM'::character varying, 'HIGH'::character varying, 'CRITICAL'::character varying])::text[]))),
    CONSTRAINT tickets_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 500)))
);


ALTER TABLE plain.tickets OWNER TO version_keeper;

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
     LEFT JOIN ( SELECT tasks.phase_id,
            count(*) AS open_tasks
           FROM plain.tasks
          WHERE ((tasks.status)::text = ANY ((ARRAY['pending'::character varying, 'assigned'::character varying, 'running'::character varying])::text[]))
          GROUP BY tasks.phase_id) k ON ((k.phase_id = p.phase)))
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
-- Name: phase_durations; Type: VIEW; Schema: plain; Owner: version_keeper
--

CREATE VIEW plain.phase_durations WITH (security_invoker='true') AS
 SELECT v.ticket_id,
    v.phase,
    v.entered_at,
    v.left_at,
    (COALESCE(v.left_at, now()) - v.entered_at) AS duration
   FROM ( SELECT h.ticket_id,
            h.to_phase AS phase,
            h.created_at AS entered_at,
            lead(h.created_at) OVER (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id) AS left_at
           FROM (plain.phase_history h
             JOIN plain.tickets t ON ((t.id = h.ticket_id)))) v;


ALTER TABLE plain.phase_durations OWNER TO version_keeper;

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
    CONSTRAINT task_templates_priority_check CHECK (((default_priority)::text = ANY ((ARRAY['LOW'::character varying, 'MEDIUM'::character varying, 'HIGH'::character varying, 'CRITICAL'::character varying])::text[])))
);


ALTER TABLE plain.task_templates OWNER TO version_keeper;

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
    CONSTRAINT tickets_priority_check CHECK (((priority)::text = ANY ((ARRAY['LOW'::character varying, 'MEDIUM'::character varying, 'HIGH'::character varying, 'CRITICAL'::character varying])::text[]))),
    CONSTRAINT tickets_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 500)))
);


ALTER TABLE shop.tickets OWNER TO version_keeper;

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
    CONSTRAINT phase_gate_results_status_check CHECK (((gate_status)::text = ANY ((ARRAY['passed'::character varying, 'failed'::character varying, 'pending'::character varying])::text[])))
);


ALTER TABLE shop.phase_gate_results OWNER TO version_keeper;

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
    CONSTRAINT tasks_kind_check CHECK ((kind = ANY (ARRAY['work'::text, 'review'::text, 'summary'::text]))),
    CONSTRAINT tasks_priority_check CHECK (((priority)::text = ANY ((ARRAY['LOW'::character varying, 'MEDIUM'::character varying, 'HIGH'::character varying, 'CRITICAL'::character varying])::text[]))),
    CONSTRAINT tasks_status_check CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'assigned'::character varying, 'running'::character varying, 'completed'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);


ALTER TABLE shop.tasks OWNER TO version_keeper;

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
     LEFT JOIN ( SELECT tasks.phase_id,
            count(*) AS open_tasks
           FROM shop.tasks
          WHERE ((tasks.status)::text = ANY ((ARRAY['pending'::character varying, 'assigned'::character varying, 'running'::character varying])::text[]))
          GROUP BY tasks.phase_id) k ON ((k.phase_id = p.phase)))
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
-- Name: phase_durations; Type: VIEW; Schema: shop; Owner: version_keeper
--

CREATE VIEW shop.phase_durations WITH (security_invoker='true') AS
 SELECT v.ticket_id,
    v.phase,
    v.entered_at,
    v.left_at,
    (COALESCE(v.left_at, now()) - v.entered_at) AS duration
   FROM ( SELECT h.ticket_id,
            h.to_phase AS phase,
            h.created_at AS entered_at,
            lead(h.created_at) OVER (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id) AS left_at
           FROM (shop.phase_history h
             JOIN shop.tickets t ON ((t.id = h.ticket_id)))) v;


ALTER TABLE shop.phase_durations OWNER TO version_keeper;

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
    CONSTRAINT task_templates_priority_check CHECK (((default_priority)::text = ANY ((ARRAY['LOW'::character varying, 'MEDIUM'::character varying, 'HIGH'::character varying, 'CRITICAL'::character varying])::text[])))
);


ALTER TABLE shop.task_templates OWNER TO version_keeper;

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
01a20d5b-ba28-761b-b590-1f8af49f8446	PHASE_REQUIREMENTS	analyze_requirements	Analyze and clarify requirements for: {ticket_title}	HIGH	["analysis"]	\N	t	2026-11-24 11:40:44.942196+00
01a20d5b-ba28-761b-b590-1f8b1c39e1ca	PHASE_REQUIREMENTS	create_requirements_doc	Create requirements document for: {ticket_title}	MEDIUM	["documentation"]	\N	t	2026-11-24 11:40:44.942196+00
01a20d5b-ba28-761b-b590-1f8cc8f7c193	PHASE_DESIGN	design_architecture	Design architecture for: {ticket_title}	HIGH	["design"]	\N	t	2026-11-24 11:40:44.942196+00
01a20d5b-ba28-761b-b590-1f8db4bf15f7	PHASE_IMPLEMENTATION	implement_feature	Implement feature: {ticket_title}	HIGH	["implementation"]	\N	t	2026-11-24 11:40:44.942196+00
01a20d5b-ba28-761b-b590-1f8edfc768d5	PHASE_TESTING	write_tests	Write tests for: {ticket_title}	HIGH	["testing"]	\N	t	2026-11-24 11:40:44.942196+00
01a20d5b-ba28-761b-b590-1f8fcfa545ff	PHASE_TESTING	run_tests	Run test suite for: {ticket_title}	MEDIUM	["testing"]	\N	t	2026-11-24 11:40:44.942196+00
01a20d5b-ba28-761b-b590-1f90a2299efd	PHASE_DEPLOYMENT	deploy_feature	Deploy feature: {ticket_title}	CRITICAL	["deployment"]	\N	t	2026-11-24 11:40:44.942196+00
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
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	INSERT	PHASE_BACKLOG	2026-11-24 11:40:45.084017+00
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	UPDATE	PHASE_REQUIREMENTS	2026-11-24 11:40:45.089536+00
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	UPDATE	PHASE_DESIGN	2026-11-24 11:40:45.1047+00
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	UPDATE	PHASE_IMPLEMENTATION	2026-11-24 11:40:45.118951+00
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	UPDATE	PHASE_TESTING	2026-11-24 11:40:45.144608+00
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	UPDATE	PHASE_IMPLEMENTATION	2026-11-24 11:40:45.152817+00
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	UPDATE	PHASE_BLOCKED	2026-11-24 11:40:45.163088+00
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	UPDATE	PHASE_IMPLEMENTATION	2026-11-24 11:40:45.164815+00
01a20d5b-baef-73b0-8c8c-5e4bebe26640	INSERT	PHASE_BACKLOG	2026-11-24 11:40:45.167226+00
01a20d5b-baef-73b0-8c8c-5e4bebe26640	UPDATE	PHASE_REQUIREMENTS	2026-11-24 11:40:45.169124+00
01a20d5b-baf8-759e-82fc-10d9e51ef943	INSERT	PHASE_BACKLOG	2026-11-24 11:40:45.176628+00
01a20d5b-baf8-759e-82fc-10d9e51ef943	UPDATE	PHASE_REQUIREMENTS	2026-11-24 11:40:45.177688+00
01a20d5b-bb02-7046-aef1-ca0cd80dd449	INSERT	PHASE_BACKLOG	2026-11-24 11:40:45.186623+00
01a20d5b-bb02-7046-aef1-ca0d9eff1041	INSERT	PHASE_REQUIREMENTS	2026-11-24 11:40:45.186641+00
01a20d5b-bb02-7046-aef1-ca0e13c29a3c	INSERT	PHASE_DESIGN	2026-11-24 11:40:45.186653+00
01a20d5b-bb02-7046-aef1-ca0f0d49066e	INSERT	PHASE_IMPLEMENTATION	2026-11-24 11:40:45.186663+00
01a20d5b-bb02-7046-aef1-ca10722f4375	INSERT	PHASE_TESTING	2026-11-24 11:40:45.186673+00
01a20d5b-bb02-7046-aef1-ca1149c78a21	INSERT	PHASE_SECURITY_REVIEW	2026-11-24 11:40:45.186682+00
01a20d5b-bb02-7046-aef1-ca12e9795e10	INSERT	PHASE_DEPLOYMENT	2026-11-24 11:40:45.186692+00
01a20d5b-bb02-7046-aef1-ca13e0744ed9	INSERT	PHASE_DONE	2026-11-24 11:40:45.186708+00
01a20d5b-bb02-7046-aef1-ca14db1d17d2	INSERT	PHASE_BLOCKED	2026-11-24 11:40:45.186718+00
01a20d5b-bb06-72a4-99c7-3034067378e5	INSERT	PHASE_DESIGN	2026-11-24 11:40:45.190691+00
01a20d5b-bb0a-7292-99e1-344d4567b55c	INSERT	PHASE_TESTING	2026-11-24 11:40:45.194804+00
01a20d5b-bb0a-7292-99e1-344d4567b55c	UPDATE	PHASE_SECURITY_REVIEW	2026-11-24 11:40:45.196209+00
\.


--
-- Data for Name: phase_context; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_context (id, ticket_id, phase_id, context_data, context_summary, created_at, updated_at) FROM stdin;
01a20d5b-bab4-7159-9f2f-4fa4fff53621	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_REQUIREMENTS	{"risks": ["The sandbox is too fast"], "tasks": [{"outputs": {"orders": 41}, "summary": "The bank's page is reloaded.", "task_id": "01a20d5b-baa2-744d-8770-d9f8d97b5736", "task_type": "analyze_requirements"}, {"outputs": null, "summary": "Wrote the requirements.", "task_id": "01a20d5b-baa2-744d-8770-d9f9264752de", "task_type": "create_requirements_doc"}], "summary": "The bank's page is reloaded.\\nWrote the requirements.", "artifacts": [{"path": "docs/r.md", "type": "requirements_document"}], "key_decisions": ["Requests carry an idempotency key"]}	Decisions (requirements):\n- Requests carry an idempotency key\nRisks and open questions (requirements):\n- risks: The sandbox is too fast\nSummary (requirements):\n- The bank's page is reloaded.\n- Wrote the requirements.\nArtifacts (requirements):\n- requirements_document: docs/r.md\nNotes (requirements):\n- analyze_requirements: orders: 41	2026-11-24 11:40:45.108042+00	2026-11-24 11:40:45.108042+00
01a20d5b-babf-7342-90fb-a90292db6199	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_DESIGN	{"tasks": [{"outputs": null, "summary": "One state machine.", "task_id": "01a20d5b-bab4-7159-9f2f-4fa5f97aa140", "task_type": "design_architecture"}], "summary": "One state machine.", "artifacts": [], "design_decisions": ["An outbox for side effects"]}	Decisions (design):\n- An outbox for side effects\nSummary (design):\n- One state machine.	2026-11-24 11:40:45.119208+00	2026-11-24 11:40:45.119208+00
01a20d5b-bad9-7665-9ffa-55fd478c8eb5	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	{"tasks": [{"outputs": null, "summary": "Implement feature: Customers are charged twice", "task_id": "01a20d5b-babf-7342-90fb-a903cf6a2899", "task_type": "implement_feature"}], "summary": "Implement feature: Customers are charged twice", "artifacts": [{"path": null, "type": "code_changes"}, {"path": null, "type": "test_coverage"}]}	Summary (implementation):\n- Implement feature: Customers are charged twice\nArtifacts (implementation):\n- code_changes\n- test_coverage	2026-11-24 11:40:45.144987+00	2026-11-24 11:40:45.144987+00
\.


--
-- Data for Name: phase_gate_artifacts; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_path, artifact_content, collected_at, collected_by, task_id, superseded_at) FROM stdin;
01a20d5b-baab-76e9-916b-1576a3c708a1	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_REQUIREMENTS	requirements_document	docs/r.md	{"length": 1500, "sections": ["Scope", "Acceptance criteria"]}	2026-11-24 11:40:45.100399+00	dora	01a20d5b-baa2-744d-8770-d9f9264752de	\N
01a20d5b-bac2-7396-93e6-dc584d998a5a	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	code_changes	\N	{"files": ["a", "a_test"], "has_tests": true}	2026-11-24 11:40:45.122228+00	ian	01a20d5b-babf-7342-90fb-a903cf6a2899	2026-11-24 11:40:45.152648+00
01a20d5b-bac2-7396-93e6-dc594f225073	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	test_coverage	\N	{"percentage": 91}	2026-11-24 11:40:45.122269+00	ian	01a20d5b-babf-7342-90fb-a903cf6a2899	2026-11-24 11:40:45.152648+00
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
01a20d5b-baaf-77d5-8928-37e1c4d0fbec	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_REQUIREMENTS	passed	{"review": "not_required", "reasons": [], "tasks_total": 2, "tasks_completed": 2, "incomplete_tasks": [], "requirements_met": true, "criteria_failures": [], "missing_artifacts": [], "validation_status": "ready"}	2026-11-24 11:40:45.103091+00	planner	{}
01a20d5b-bac5-72b3-ab7b-150d637105d7	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	pending	{"review": "pending", "reasons": [{"code": "review_pending", "message": "The phase needs a review, and none has been asked for since its newest artifact.", "criterion": null, "artifact_type": null}], "tasks_total": 1, "tasks_completed": 1, "incomplete_tasks": [], "requirements_met": false, "criteria_failures": [], "missing_artifacts": [], "validation_status": "waiting_review"}	2026-11-24 11:40:45.125963+00	postgres	{"The phase needs a review, and none has been asked for since its newest artifact."}
01a20d5b-bad7-742e-a7b3-e79cc2151531	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	passed	{"review": "approved", "reasons": [], "tasks_total": 1, "tasks_completed": 1, "incomplete_tasks": [], "requirements_met": true, "criteria_failures": [], "missing_artifacts": [], "validation_status": "ready"}	2026-11-24 11:40:45.142824+00	postgres	{}
01a20d5b-bae4-776d-8882-727ca6308d5c	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	failed	{"review": "pending", "reasons": [{"code": "missing_artifact", "message": "The artifact \\"code_changes\\" is missing.", "criterion": null, "artifact_type": "code_changes"}, {"code": "missing_artifact", "message": "The artifact \\"test_coverage\\" is missing.", "criterion": null, "artifact_type": "test_coverage"}, {"code": "tasks_incomplete", "message": "Not all tasks of the phase are completed (1 of 2): \\"implement_feature\\" (pending).", "criterion": null, "artifact_type": null}, {"code": "review_pending", "message": "The phase needs a review, and none has been asked for since its newest artifact.", "criterion": null, "artifact_type": null}], "tasks_total": 2, "tasks_completed": 1, "incomplete_tasks": [{"status": "pending", "task_id": "01a20d5b-bae1-749c-a23f-c9e0e9217ba7", "task_type": "implement_feature", "description": "Implement feature: Customers are charged twice"}], "requirements_met": false, "criteria_failures": [], "missing_artifacts": ["code_changes", "test_coverage"], "validation_status": "blocked"}	2026-11-24 11:40:45.156941+00	postgres	{"The artifact \\"code_changes\\" is missing.","The artifact \\"test_coverage\\" is missing.","Not all tasks of the phase are completed (1 of 2): \\"implement_feature\\" (pending).","The phase needs a review, and none has been asked for since its newest artifact."}
\.


--
-- Data for Name: phase_history; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.phase_history (id, ticket_id, from_phase, to_phase, transition_reason, transitioned_by, artifacts, created_at, db_role, gate_result_id) FROM stdin;
01a20d5b-ba9b-7232-bed3-232e7bbfc7b0	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	\N	PHASE_BACKLOG	\N	postgres	\N	2026-11-24 11:40:45.083265+00	postgres	\N
01a20d5b-baa1-7114-8f77-02f0e1d5f7bc	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_BACKLOG	PHASE_REQUIREMENTS	Sprint 1	planner	\N	2026-11-24 11:40:45.08873+00	postgres	\N
01a20d5b-bab0-7718-a7dc-2027750740d5	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_REQUIREMENTS	PHASE_DESIGN	Documented	planner	[{"id": "01a20d5b-baab-76e9-916b-1576a3c708a1", "path": "docs/r.md", "type": "requirements_document"}]	2026-11-24 11:40:45.103091+00	postgres	01a20d5b-baaf-77d5-8928-37e1c4d0fbec
01a20d5b-babe-7589-a426-83ec9c400cf5	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_DESIGN	PHASE_IMPLEMENTATION	\N	postgres	\N	2026-11-24 11:40:45.113489+00	postgres	\N
01a20d5b-bad8-771f-a3de-f717cc4e1916	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	PHASE_TESTING	\N	postgres	[{"id": "01a20d5b-bac2-7396-93e6-dc584d998a5a", "path": null, "type": "code_changes"}, {"id": "01a20d5b-bac2-7396-93e6-dc594f225073", "path": null, "type": "test_coverage"}]	2026-11-24 11:40:45.142824+00	postgres	01a20d5b-bad7-742e-a7b3-e79cc2151531
01a20d5b-bae0-7516-aeac-2ba8357bea66	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_TESTING	PHASE_IMPLEMENTATION	\N	postgres	\N	2026-11-24 11:40:45.152648+00	postgres	\N
01a20d5b-baea-738b-862d-5ac48f08d171	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	PHASE_BLOCKED	Waiting for the bank	planner	\N	2026-11-24 11:40:45.162818+00	postgres	\N
01a20d5b-baec-725e-a0f2-6672748dea1f	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_BLOCKED	PHASE_IMPLEMENTATION	\N	postgres	\N	2026-11-24 11:40:45.164721+00	postgres	\N
01a20d5b-baef-73b0-8c8c-5e4c2f6ece7a	01a20d5b-baef-73b0-8c8c-5e4bebe26640	\N	PHASE_BACKLOG	\N	postgres	\N	2026-11-24 11:40:45.167148+00	postgres	\N
01a20d5b-baf1-7148-b431-cae0767df6e6	01a20d5b-baef-73b0-8c8c-5e4bebe26640	PHASE_BACKLOG	PHASE_REQUIREMENTS	\N	postgres	\N	2026-11-24 11:40:45.168973+00	postgres	\N
01a20d5b-baf8-759e-82fc-10da892d43ca	01a20d5b-baf8-759e-82fc-10d9e51ef943	\N	PHASE_BACKLOG	\N	postgres	\N	2026-11-24 11:40:45.176508+00	postgres	\N
01a20d5b-baf9-7796-b5a9-4cbcb71784e8	01a20d5b-baf8-759e-82fc-10d9e51ef943	PHASE_BACKLOG	PHASE_REQUIREMENTS	\N	postgres	\N	2026-11-24 11:40:45.177517+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca153bcefc5f	01a20d5b-bb02-7046-aef1-ca0cd80dd449	\N	PHASE_BACKLOG	\N	postgres	\N	2026-11-24 11:40:45.18647+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca1625080397	01a20d5b-bb02-7046-aef1-ca0d9eff1041	\N	PHASE_REQUIREMENTS	\N	postgres	\N	2026-11-24 11:40:45.186515+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca17d856dd86	01a20d5b-bb02-7046-aef1-ca0e13c29a3c	\N	PHASE_DESIGN	\N	postgres	\N	2026-11-24 11:40:45.186524+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca18c241fb92	01a20d5b-bb02-7046-aef1-ca0f0d49066e	\N	PHASE_IMPLEMENTATION	\N	postgres	\N	2026-11-24 11:40:45.18653+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca19d1cd526f	01a20d5b-bb02-7046-aef1-ca10722f4375	\N	PHASE_TESTING	\N	postgres	\N	2026-11-24 11:40:45.186536+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca1ac6c606bd	01a20d5b-bb02-7046-aef1-ca1149c78a21	\N	PHASE_SECURITY_REVIEW	\N	postgres	\N	2026-11-24 11:40:45.186547+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca1b795223f2	01a20d5b-bb02-7046-aef1-ca12e9795e10	\N	PHASE_DEPLOYMENT	\N	postgres	\N	2026-11-24 11:40:45.186553+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca1cf7063482	01a20d5b-bb02-7046-aef1-ca13e0744ed9	\N	PHASE_DONE	\N	postgres	\N	2026-11-24 11:40:45.18656+00	postgres	\N
01a20d5b-bb02-7046-aef1-ca1dc5752ceb	01a20d5b-bb02-7046-aef1-ca14db1d17d2	\N	PHASE_BLOCKED	\N	postgres	\N	2026-11-24 11:40:45.186567+00	postgres	\N
01a20d5b-bb06-72a4-99c7-3035f30fb968	01a20d5b-bb06-72a4-99c7-3034067378e5	\N	PHASE_DESIGN	\N	postgres	\N	2026-11-24 11:40:45.190608+00	postgres	\N
01a20d5b-bb0a-7292-99e1-344e95ca0ade	01a20d5b-bb0a-7292-99e1-344d4567b55c	\N	PHASE_TESTING	\N	postgres	\N	2026-11-24 11:40:45.194695+00	postgres	\N
01a20d5b-bb0c-7622-a71c-bf9e29c2acfa	01a20d5b-bb0a-7292-99e1-344d4567b55c	PHASE_TESTING	PHASE_SECURITY_REVIEW	\N	postgres	\N	2026-11-24 11:40:45.196046+00	postgres	\N
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
01a20d5b-ba65-74c3-8fda-4ad37bc9a31e	PHASE_REQUIREMENTS	analyze_requirements	Analyze and clarify requirements for: {ticket_title}	HIGH	["analysis"]	\N	t	2026-11-24 11:40:45.012434+00
01a20d5b-ba65-74c3-8fda-4ad4e86210c4	PHASE_REQUIREMENTS	create_requirements_doc	Create requirements document for: {ticket_title}	MEDIUM	["documentation"]	\N	t	2026-11-24 11:40:45.012434+00
01a20d5b-ba65-74c3-8fda-4ad58f0e4cbd	PHASE_DESIGN	design_architecture	Design architecture for: {ticket_title}	HIGH	["design"]	\N	t	2026-11-24 11:40:45.012434+00
01a20d5b-ba65-74c3-8fda-4ad6835733bd	PHASE_IMPLEMENTATION	implement_feature	Implement feature: {ticket_title}	HIGH	["implementation"]	\N	t	2026-11-24 11:40:45.012434+00
01a20d5b-ba65-74c3-8fda-4ad796cb8991	PHASE_TESTING	write_tests	Write tests for: {ticket_title}	HIGH	["testing"]	\N	t	2026-11-24 11:40:45.012434+00
01a20d5b-ba65-74c3-8fda-4ad84baf81fb	PHASE_TESTING	run_tests	Run test suite for: {ticket_title}	MEDIUM	["testing"]	\N	t	2026-11-24 11:40:45.012434+00
01a20d5b-ba65-74c3-8fda-4ad9be2dd0d2	PHASE_DEPLOYMENT	deploy_feature	Deploy feature: {ticket_title}	CRITICAL	["deployment"]	\N	t	2026-11-24 11:40:45.012434+00
01a20d5b-ba8b-7730-9d48-39c95e781856	PHASE_SECURITY_REVIEW	model_threats	Model the threats to: {ticket_title}	CRITICAL	\N	\N	t	2026-11-24 11:40:45.067462+00
01a20d5b-ba8b-7730-9d48-39ca073a0b4a	PHASE_SECURITY_REVIEW	close_findings	Close the findings on: {ticket_title}	HIGH	\N	["model_threats"]	t	2026-11-24 11:40:45.067462+00
\.


--
-- Data for Name: tasks; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.tasks (id, ticket_id, phase_id, kind, task_type, description, priority, status, required_capabilities, dependencies, pending_dependencies, assigned_agent_id, attempts, max_attempts, scheduled_at, lease_expires_at, result, error_message, template_id, created_at, updated_at, started_at, completed_at, estimate) FROM stdin;
01a20d5b-baa2-744d-8770-d9f8d97b5736	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_REQUIREMENTS	work	analyze_requirements	Analyze and clarify requirements for: Customers are charged twice	HIGH	completed	["analysis"]	\N	0	ada	1	3	\N	\N	{"context": {"risks": ["The sandbox is too fast"], "key_decisions": ["Requests carry an idempotency key"]}, "outputs": {"orders": 41}, "summary": "The bank's page is reloaded."}	\N	01a20d5b-ba65-74c3-8fda-4ad37bc9a31e	2026-11-24 11:40:45.090273+00	2026-11-24 11:40:45.096012+00	\N	2026-11-24 11:40:45.096012+00	\N
01a20d5b-baa2-744d-8770-d9f9264752de	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_REQUIREMENTS	work	create_requirements_doc	Create requirements document for: Customers are charged twice	MEDIUM	completed	["documentation"]	\N	0	dora	1	3	\N	\N	{"summary": "Wrote the requirements.", "artifacts": [{"path": "docs/r.md", "type": "requirements_document", "content": {"length": 1500, "sections": ["Scope", "Acceptance criteria"]}}]}	\N	01a20d5b-ba65-74c3-8fda-4ad4e86210c4	2026-11-24 11:40:45.090273+00	2026-11-24 11:40:45.099008+00	\N	2026-11-24 11:40:45.099008+00	\N
01a20d5b-bab4-7159-9f2f-4fa5f97aa140	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_DESIGN	work	design_architecture	Design architecture for: Customers are charged twice	HIGH	completed	["design"]	\N	0	dan	1	3	\N	\N	{"context": {"design_decisions": ["An outbox for side effects"]}, "summary": "One state machine."}	\N	01a20d5b-ba65-74c3-8fda-4ad58f0e4cbd	2026-11-24 11:40:45.108692+00	2026-11-24 11:40:45.111319+00	\N	2026-11-24 11:40:45.111319+00	\N
01a20d5b-babf-7342-90fb-a903cf6a2899	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	work	implement_feature	Implement feature: Customers are charged twice	HIGH	completed	["implementation"]	\N	0	ian	1	3	\N	\N	{"artifacts": [{"type": "code_changes", "content": {"files": ["a", "a_test"], "has_tests": true}}, {"type": "test_coverage", "content": {"percentage": 91}}]}	\N	01a20d5b-ba65-74c3-8fda-4ad6835733bd	2026-11-24 11:40:45.119489+00	2026-11-24 11:40:45.121932+00	\N	2026-11-24 11:40:45.121932+00	\N
01a20d5b-bac6-735f-af17-56dff9229593	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	review	review	Review the work of PHASE_IMPLEMENTATION on: Customers are charged twice	CRITICAL	completed	["validation"]	\N	0	vera	1	3	\N	\N	{"approved": true, "feedback": "Fine."}	\N	\N	2026-11-24 11:40:45.123926+00	2026-11-24 11:40:45.139087+00	\N	2026-11-24 11:40:45.139087+00	\N
01a20d5b-bad9-7665-9ffa-55fe50368c41	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_TESTING	work	write_tests	Write tests for: Customers are charged twice	HIGH	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad796cb8991	2026-11-24 11:40:45.145254+00	2026-11-24 11:40:45.145306+00	\N	\N	\N
01a20d5b-bad9-7665-9ffa-55ffa1933f22	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_TESTING	work	run_tests	Run test suite for: Customers are charged twice	MEDIUM	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad84baf81fb	2026-11-24 11:40:45.145254+00	2026-11-24 11:40:45.14539+00	\N	\N	\N
01a20d5b-bae1-749c-a23f-c9e0e9217ba7	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	work	implement_feature	Implement feature: Customers are charged twice	HIGH	pending	["implementation"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad6835733bd	2026-11-24 11:40:45.153647+00	2026-11-24 11:40:45.153705+00	\N	\N	\N
01a20d5b-baee-764e-8e0a-3aab2966342c	01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	PHASE_IMPLEMENTATION	summary	summary	Summarize for PHASE_IMPLEMENTATION, in at most 2000 tokens, the context of: Customers are charged twice	CRITICAL	pending	["summarization"]	\N	0	\N	0	3	\N	\N	{"request": {"max_tokens": 2000, "fingerprint": "da600270-5f39-54b6-a015-854d62f13ade"}}	\N	\N	2026-11-24 11:40:45.165693+00	2026-11-24 11:40:45.166468+00	\N	\N	\N
01a20d5b-baf1-7148-b431-cae161186987	01a20d5b-baef-73b0-8c8c-5e4bebe26640	PHASE_REQUIREMENTS	work	analyze_requirements	Analyze and clarify requirements for: Refunds are slow	HIGH	assigned	["analysis"]	\N	0	holder	1	3	\N	2126-11-24 11:40:45.170178+00	\N	\N	01a20d5b-ba65-74c3-8fda-4ad37bc9a31e	2026-11-24 11:40:45.169362+00	2026-11-24 11:40:45.170334+00	\N	\N	\N
01a20d5b-baf1-7148-b431-cae244128d53	01a20d5b-baef-73b0-8c8c-5e4bebe26640	PHASE_REQUIREMENTS	work	create_requirements_doc	Create requirements document for: Refunds are slow	MEDIUM	running	["documentation"]	\N	0	runner	1	3	\N	2126-11-24 11:40:45.174654+00	\N	\N	01a20d5b-ba65-74c3-8fda-4ad4e86210c4	2026-11-24 11:40:45.169362+00	2026-11-24 11:40:45.175185+00	2026-11-24 11:40:45.175185+00	\N	\N
01a20d5b-baf9-7796-b5a9-4cbd8e3a8c33	01a20d5b-baf8-759e-82fc-10d9e51ef943	PHASE_REQUIREMENTS	work	analyze_requirements	Analyze and clarify requirements for: Invoices lack a number	HIGH	pending	["analysis"]	\N	0	\N	1	3	2026-11-24 11:40:45.764991+00	\N	\N	The wiki is down	01a20d5b-ba65-74c3-8fda-4ad37bc9a31e	2026-11-24 11:40:45.177952+00	2026-11-24 11:40:45.179358+00	\N	\N	\N
01a20d5b-baf9-7796-b5a9-4cbe2cac48f4	01a20d5b-baf8-759e-82fc-10d9e51ef943	PHASE_REQUIREMENTS	work	create_requirements_doc	Create requirements document for: Invoices lack a number	MEDIUM	failed	["documentation"]	\N	0	clumsy	1	3	\N	\N	\N	Cannot be done	01a20d5b-ba65-74c3-8fda-4ad4e86210c4	2026-11-24 11:40:45.177952+00	2026-11-24 11:40:45.185466+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba8f88512a00	01a20d5b-bb02-7046-aef1-ca0d9eff1041	PHASE_REQUIREMENTS	work	analyze_requirements	Analyze and clarify requirements for: In PHASE_REQUIREMENTS	HIGH	pending	["analysis"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad37bc9a31e	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.187575+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba903f945fc9	01a20d5b-bb02-7046-aef1-ca0d9eff1041	PHASE_REQUIREMENTS	work	create_requirements_doc	Create requirements document for: In PHASE_REQUIREMENTS	MEDIUM	pending	["documentation"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad4e86210c4	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.187668+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba91c26fff94	01a20d5b-bb02-7046-aef1-ca0e13c29a3c	PHASE_DESIGN	work	design_architecture	Design architecture for: In PHASE_DESIGN	HIGH	pending	["design"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad58f0e4cbd	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.187686+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba9225cfd7df	01a20d5b-bb02-7046-aef1-ca0f0d49066e	PHASE_IMPLEMENTATION	work	implement_feature	Implement feature: In PHASE_IMPLEMENTATION	HIGH	pending	["implementation"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad6835733bd	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.1877+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba93f202a586	01a20d5b-bb02-7046-aef1-ca10722f4375	PHASE_TESTING	work	write_tests	Write tests for: In PHASE_TESTING	HIGH	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad796cb8991	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.187711+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba9449285981	01a20d5b-bb02-7046-aef1-ca10722f4375	PHASE_TESTING	work	run_tests	Run test suite for: In PHASE_TESTING	MEDIUM	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad84baf81fb	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.187722+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba952f0f85b0	01a20d5b-bb02-7046-aef1-ca1149c78a21	PHASE_SECURITY_REVIEW	work	model_threats	Model the threats to: In PHASE_SECURITY_REVIEW	CRITICAL	pending	\N	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba8b-7730-9d48-39c95e781856	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.187733+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba96cbdd47a7	01a20d5b-bb02-7046-aef1-ca1149c78a21	PHASE_SECURITY_REVIEW	work	close_findings	Close the findings on: In PHASE_SECURITY_REVIEW	HIGH	pending	\N	{"depends_on": ["01a20d5b-bb03-763e-bf11-ba952f0f85b0"]}	1	\N	0	3	\N	\N	\N	\N	01a20d5b-ba8b-7730-9d48-39ca073a0b4a	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.187743+00	\N	\N	\N
01a20d5b-bb03-763e-bf11-ba97f2297a87	01a20d5b-bb02-7046-aef1-ca12e9795e10	PHASE_DEPLOYMENT	work	deploy_feature	Deploy feature: In PHASE_DEPLOYMENT	CRITICAL	pending	["deployment"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad9be2dd0d2	2026-11-24 11:40:45.187504+00	2026-11-24 11:40:45.187884+00	\N	\N	\N
01a20d5b-bb06-72a4-99c7-3036110ece07	01a20d5b-bb06-72a4-99c7-3034067378e5	PHASE_DESIGN	work	design_architecture	Design architecture for: Secret merger	HIGH	pending	["design"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad58f0e4cbd	2026-11-24 11:40:45.190928+00	2026-11-24 11:40:45.190973+00	\N	\N	\N
01a20d5b-bb0b-767f-8342-9844ff4608b9	01a20d5b-bb0a-7292-99e1-344d4567b55c	PHASE_TESTING	work	write_tests	Write tests for: Cards leak in logs	HIGH	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad796cb8991	2026-11-24 11:40:45.195073+00	2026-11-24 11:40:45.195122+00	\N	\N	\N
01a20d5b-bb0b-767f-8342-9845c834de0c	01a20d5b-bb0a-7292-99e1-344d4567b55c	PHASE_TESTING	work	run_tests	Run test suite for: Cards leak in logs	MEDIUM	pending	["testing"]	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba65-74c3-8fda-4ad84baf81fb	2026-11-24 11:40:45.195073+00	2026-11-24 11:40:45.195209+00	\N	\N	\N
01a20d5b-bb0c-7622-a71c-bf9f746be7c2	01a20d5b-bb0a-7292-99e1-344d4567b55c	PHASE_SECURITY_REVIEW	work	model_threats	Model the threats to: Cards leak in logs	CRITICAL	pending	\N	\N	0	\N	0	3	\N	\N	\N	\N	01a20d5b-ba8b-7730-9d48-39c95e781856	2026-11-24 11:40:45.196457+00	2026-11-24 11:40:45.196522+00	\N	\N	\N
01a20d5b-bb0c-7622-a71c-bfa03c7d8966	01a20d5b-bb0a-7292-99e1-344d4567b55c	PHASE_SECURITY_REVIEW	work	close_findings	Close the findings on: Cards leak in logs	HIGH	pending	\N	{"depends_on": ["01a20d5b-bb0c-7622-a71c-bf9f746be7c2"]}	1	\N	0	3	\N	\N	\N	\N	01a20d5b-ba8b-7730-9d48-39ca073a0b4a	2026-11-24 11:40:45.196457+00	2026-11-24 11:40:45.196593+00	\N	\N	\N
\.


--
-- Data for Name: tickets; Type: TABLE DATA; Schema: shop; Owner: version_keeper
--

COPY shop.tickets (id, title, description, phase_id, previous_phase_id, priority, context, context_summary, phase_entered_at, created_at, updated_at, assignee) FROM stdin;
01a20d5b-ba9a-77d1-a4a5-d2aacd31300f	Customers are charged twice	\N	PHASE_IMPLEMENTATION	PHASE_BLOCKED	CRITICAL	{"summary": "Decisions (design):\\n- An outbox for side effects\\nDecisions (requirements):\\n- Requests carry an idempotency key\\nRisks and open questions (requirements):\\n- risks: The sandbox is too fast\\nSummary (implementation):\\n- Implement feature: Customers are charged twice\\nSummary (design):\\n- One state machine.\\nSummary (requirements):\\n- The bank's page is reloaded.\\n- Wrote the requirements.\\nArtifacts (implementation):\\n- code_changes\\n- test_coverage\\nArtifacts (requirements):\\n- requirements_document: docs/r.md\\nNotes (requirements):\\n- analyze_requirements: orders: 41", "design_phase": {"tasks": [{"outputs": null, "summary": "One state machine.", "task_id": "01a20d5b-bab4-7159-9f2f-4fa5f97aa140", "task_type": "design_architecture"}], "summary": "One state machine.", "artifacts": [], "design_decisions": ["An outbox for side effects"]}, "requirements_phase": {"risks": ["The sandbox is too fast"], "tasks": [{"outputs": {"orders": 41}, "summary": "The bank's page is reloaded.", "task_id": "01a20d5b-baa2-744d-8770-d9f8d97b5736", "task_type": "analyze_requirements"}, {"outputs": null, "summary": "Wrote the requirements.", "task_id": "01a20d5b-baa2-744d-8770-d9f9264752de", "task_type": "create_requirements_doc"}], "summary": "The bank's page is reloaded.\\nWrote the requirements.", "artifacts": [{"path": "docs/r.md", "type": "requirements_document"}], "key_decisions": ["Requests carry an idempotency key"]}, "implementation_phase": {"tasks": [{"outputs": null, "summary": "Implement feature: Customers are charged twice", "task_id": "01a20d5b-babf-7342-90fb-a903cf6a2899", "task_type": "implement_feature"}], "summary": "Implement feature: Customers are charged twice", "artifacts": [{"path": null, "type": "code_changes"}, {"path": null, "type": "test_coverage"}]}}	Decisions (design):\n- An outbox for side effects\nDecisions (requirements):\n- Requests carry an idempotency key\nRisks and open questions (requirements):\n- risks: The sandbox is too fast\nSummary (implementation):\n- Implement feature: Customers are charged twice\nSummary (design):\n- One state machine.\nSummary (requirements):\n- The bank's page is reloaded.\n- Wrote the requirements.\nArtifacts (implementation):\n- code_changes\n- test_coverage\nArtifacts (requirements):\n- requirements_document: docs/r.md\nNotes (requirements):\n- analyze_requirements: orders: 41	2026-11-24 11:40:45.164721+00	2026-11-24 11:40:45.08263+00	2026-11-24 11:40:45.164721+00	nobody
01a20d5b-baef-73b0-8c8c-5e4bebe26640	Refunds are slow	\N	PHASE_REQUIREMENTS	PHASE_BACKLOG	MEDIUM	\N	\N	2026-11-24 11:40:45.168973+00	2026-11-24 11:40:45.167075+00	2026-11-24 11:40:45.168973+00	nobody
01a20d5b-baf8-759e-82fc-10d9e51ef943	Invoices lack a number	\N	PHASE_REQUIREMENTS	PHASE_BACKLOG	MEDIUM	\N	\N	2026-11-24 11:40:45.177517+00	2026-11-24 11:40:45.176405+00	2026-11-24 11:40:45.177517+00	nobody
01a20d5b-bb02-7046-aef1-ca0cd80dd449	In PHASE_BACKLOG	\N	PHASE_BACKLOG	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.18647+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.18647+00	ann
01a20d5b-bb02-7046-aef1-ca0d9eff1041	In PHASE_REQUIREMENTS	\N	PHASE_REQUIREMENTS	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.186515+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.186515+00	ann
01a20d5b-bb02-7046-aef1-ca0e13c29a3c	In PHASE_DESIGN	\N	PHASE_DESIGN	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.186524+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.186524+00	ann
01a20d5b-bb02-7046-aef1-ca0f0d49066e	In PHASE_IMPLEMENTATION	\N	PHASE_IMPLEMENTATION	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.18653+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.18653+00	ann
01a20d5b-bb02-7046-aef1-ca10722f4375	In PHASE_TESTING	\N	PHASE_TESTING	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.186536+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.186536+00	ann
01a20d5b-bb02-7046-aef1-ca1149c78a21	In PHASE_SECURITY_REVIEW	\N	PHASE_SECURITY_REVIEW	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.186547+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.186547+00	ann
01a20d5b-bb02-7046-aef1-ca12e9795e10	In PHASE_DEPLOYMENT	\N	PHASE_DEPLOYMENT	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.186553+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.186553+00	ann
01a20d5b-bb02-7046-aef1-ca13e0744ed9	In PHASE_DONE	\N	PHASE_DONE	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.18656+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.18656+00	ann
01a20d5b-bb02-7046-aef1-ca14db1d17d2	In PHASE_BLOCKED	\N	PHASE_BLOCKED	PHASE_TESTING	MEDIUM	\N	\N	2026-11-24 11:40:45.186567+00	2026-11-24 11:40:45.186144+00	2026-11-24 11:40:45.186567+00	ann
01a20d5b-bb06-72a4-99c7-3034067378e5	Secret merger	\N	PHASE_DESIGN	\N	MEDIUM	\N	\N	2026-11-24 11:40:45.190608+00	2026-11-24 11:40:45.190522+00	2026-11-24 11:40:45.190608+00	nobody
01a20d5b-bb0a-7292-99e1-344d4567b55c	Cards leak in logs	\N	PHASE_SECURITY_REVIEW	PHASE_TESTING	MEDIUM	\N	\N	2026-11-24 11:40:45.196046+00	2026-11-24 11:40:45.1946+00	2026-11-24 11:40:45.196046+00	nobody
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
-- Name: tickets aa_phasegate_moved; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_moved AFTER UPDATE ON plain.tickets FOR EACH ROW WHEN ((old.phase_id <> new.phase_id)) EXECUTE FUNCTION phasegate.tickets_record();


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

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON plain.phase_gate_requirements FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();


--
-- Name: phase_transitions zz_phasegate_configured; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON plain.phase_transitions FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();


--
-- Name: task_templates zz_phasegate_configured; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON plain.task_templates FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();


--
-- Name: tickets zz_phasegate_decide; Type: TRIGGER; Schema: plain; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_decide BEFORE UPDATE ON plain.tickets FOR EACH ROW WHEN (((old.phase_id <> new.phase_id) OR (old.previous_phase_id IS DISTINCT FROM new.previous_phase_id) OR (old.phase_entered_at IS DISTINCT FROM new.phase_entered_at) OR (old.updated_at IS DISTINCT FROM new.updated_at))) EXECUTE FUNCTION phasegate.tickets_decide('1');


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
-- Name: tickets aa_phasegate_moved; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER aa_phasegate_moved AFTER UPDATE ON shop.tickets FOR EACH ROW WHEN ((old.phase_id <> new.phase_id)) EXECUTE FUNCTION phasegate.tickets_record();


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

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON shop.phase_gate_requirements FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();


--
-- Name: phase_transitions zz_phasegate_configured; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON shop.phase_transitions FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();


--
-- Name: task_templates zz_phasegate_configured; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_configured AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON shop.task_templates FOR EACH STATEMENT EXECUTE FUNCTION phasegate.configuration_changed();


--
-- Name: tickets zz_phasegate_decide; Type: TRIGGER; Schema: shop; Owner: version_keeper
--

CREATE TRIGGER zz_phasegate_decide BEFORE UPDATE ON shop.tickets FOR EACH ROW WHEN (((old.phase_id <> new.phase_id) OR (old.previous_phase_id IS DISTINCT FROM new.previous_phase_id) OR (old.phase_entered_at IS DISTINCT FROM new.phase_entered_at) OR (old.updated_at IS DISTINCT FROM new.updated_at))) EXECUTE FUNCTION phasegate.tickets_decide('1');


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


