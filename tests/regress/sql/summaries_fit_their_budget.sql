-- A summary never takes more tokens than it may, by either tokenizer, whatever the context; what is left out is said.
\set SHOW_CONTEXT never
CREATE SCHEMA made;
SET search_path = made, phasegate;
-- Contexts made from a number: words of many scripts, emoji that are several characters, odd spaces, lists, objects, nesting.
CREATE FUNCTION digest(seed text, below integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
    $$ SELECT (('x' || left(md5(seed), 7))::bit(28)::integer) % below $$;
CREATE FUNCTION phrase(seed text, most integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg((ARRAY['refund', 'the', 'card,', 'within', '30', 'days;', 'unfathomably', 'UTF-8', '€12.50', 'не', 'возвращать', 'деньги', 'αποθήκη', 'في', 'قاعدة',
        'הבסיס', 'データベースを使う。', '我们决定使用数据库，因为它可靠。', '한국어로', 'ภาษาไทยไม่มีช่องว่าง', 'हिन्दी', 'e' || U&'\0301' || 'cole', '👩‍👩‍👧‍👦', '🇩🇪', '🏳️‍🌈', '🎉🎉🎉',
        'src/context/mod.rs', '{"a":1}', U&'\200B', U&'\00A0', E'\t', E'\n', 'ﷺ', '𝔘𝔫𝔦', 'x=1;y=2', repeat('=', 40), 'snake_case_name', '3.14159265358979'])
        [1 + digest(seed || n, 38)], ' ') FROM generate_series(1, 1 + digest(seed, most)) n $$;
CREATE FUNCTION any_value(seed text, depth integer) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE digest(seed, CASE WHEN depth > 0 THEN 9 ELSE 6 END)
        WHEN 0 THEN to_jsonb(digest(seed || 'n', 100000) * 0.25) WHEN 1 THEN to_jsonb(digest(seed, 2) = 1) WHEN 2 THEN 'null'::jsonb
        WHEN 6 THEN (SELECT jsonb_agg(any_value(seed || n, depth - 1)) FROM generate_series(1, 1 + digest(seed, 6)) n)
        WHEN 7 THEN (SELECT jsonb_object_agg(phrase(seed || n, 2), any_value(seed || n, depth - 1)) FROM generate_series(1, 1 + digest(seed, 6)) n)
        WHEN 8 THEN (SELECT jsonb_object_agg((ARRAY['risks', 'notes', 'scope', 'key_decisions', 'tasks', 'artifacts', 'summary', 'code_changes'])[1 + digest(seed || n, 8)],
                                             any_value(seed || n, depth - 1)) FROM generate_series(1, 1 + digest(seed, 6)) n)
        ELSE to_jsonb(phrase(seed, 30)) END;
END $$;
CREATE TABLE contexts AS
SELECT n, CASE WHEN n % 10 = 0 THEN any_value('any' || n, 4) ELSE
       (SELECT coalesce(jsonb_object_agg(p || '_phase', jsonb_build_object(
            CASE p WHEN 'design' THEN 'design_decisions' ELSE 'key_decisions' END, (SELECT coalesce(jsonb_agg(phrase(n || p || 'd' || m, 12)), '[]') FROM generate_series(1, digest(n || p, 1 + n % 12)) m),
            'risks', any_value(n || p || 'r', 2), 'open_questions', (SELECT jsonb_agg(phrase(n || p || 'q' || m, 9)) FROM generate_series(1, digest(n || p || 'q', 4)) m),
            'summary', phrase(n || p || 's', 40), p || '_doc', phrase(n || p || 'doc', 400), 'scope', any_value(n || p || 'scope', 1),
            'key_implementations', any_value(n || p || 'i', 2), 'artifacts', jsonb_build_array(jsonb_build_object('type', 'log', 'path', phrase(n || p, 1))),
            'tasks', jsonb_build_array(jsonb_build_object('task_type', 't', 'outputs', any_value(n || p || 'o', 3))), 'anything', any_value(n || p || 'x', 3))), '{}')
          FROM unnest('{requirements,design,implementation}'::text[]) p WHERE digest(n || p || 'there', 5) > 0) END AS context
  FROM generate_series(1, 100) n;
SELECT count(*), count(DISTINCT context), count(*) FILTER (WHERE length(context::text) > 2000) AS long FROM contexts;
-- Points and the summary without a budget do not depend on the tokenizer.
ALTER TABLE contexts ADD COLUMN points text[], ADD COLUMN whole text, ADD COLUMN headings text[], ADD COLUMN decisions integer;
UPDATE contexts SET points = extract_key_points(context), whole = summarize_structured(context),
    -- The decisions at the top of the ranking that surely are some, by their keys.
    decisions = CASE WHEN n % 10 = 0 THEN 0 ELSE (SELECT coalesce(sum(jsonb_array_length(coalesce(b.value -> 'key_decisions', b.value -> 'design_decisions'))), 0) FROM jsonb_each(context) b) END;
UPDATE contexts SET headings = ARRAY(SELECT l FROM regexp_split_to_table(whole, '\n') l WHERE l NOT LIKE '- %');
SELECT sum(decisions) > 100 AS many_decisions FROM contexts;
-- What is wrong with a summary. Each of its lines is a heading, a point, the beginning of a point up to the end of a word and an ellipsis, or the last line,
-- which says how many points are left out.
CREATE FUNCTION faults(c contexts, budget integer, text text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    lines text[] := CASE WHEN text = '' THEN '{}' ELSE regexp_split_to_array(text, '\n') END;
    said integer := coalesce((regexp_match(lines[cardinality(lines)], '^\((\d+) more points? left out\)$'))[1]::integer, 0);
    decisions text := array_to_string(c.points[1 : c.decisions], E'\n');
    announced text := format(E'%s\n(%s more points left out)', decisions, cardinality(c.points) - c.decisions);
    faults text[] := '{}';
    line text; beginning text; shown integer := 0; cut integer := NULL;
BEGIN
    IF count_tokens(text) > budget THEN faults := faults || format('%s tokens', count_tokens(text)); END IF;
    IF text <> c.whole AND count_tokens(c.whole) <= budget THEN faults := faults || 'the whole would fit'::text; END IF;
    IF said > 0 THEN lines := lines[1 : cardinality(lines) - 1]; END IF;
    FOREACH line IN ARRAY lines LOOP
        CONTINUE WHEN line = ANY (c.headings);
        shown := shown + 1;
        line := CASE WHEN line = c.points[shown] THEN line ELSE regexp_replace(line, '^- ', '') END;
        IF line IS DISTINCT FROM c.points[shown] THEN
            cut := coalesce(cut, shown);
            beginning := regexp_replace(line, ' ?…$', '');
            IF beginning = line OR NOT starts_with(c.points[shown], beginning)
               OR NOT (beginning = '' OR substr(c.points[shown], length(beginning) + 1, 1) = ' ' OR right(beginning, 1) ~ '[、。，！？；：」』）】》။၊།]') THEN
                faults := faults || format('%s is no beginning of %s', line, c.points[shown]);
            END IF;
        END IF;
    END LOOP;
    IF text <> '' AND shown + said <> cardinality(c.points) THEN faults := faults || format('%s shown and %s said of %s', shown, said, cardinality(c.points)); END IF;
    IF c.decisions > 0 AND least(shown, cut - 1) < c.decisions AND count_tokens(announced) <= budget THEN
        faults := faults || format('decisions lost in %s', text);
    END IF;
    RETURN faults;
END $$;
CREATE FUNCTION report() RETURNS TABLE (tokenizer text, budget integer, contexts bigint, at_fault bigint, a_fault text[], decisions_and_more boolean, left_out boolean, filled boolean) LANGUAGE sql AS $$
    SELECT current_setting('phasegate.tokenizer'), b, count(*), count(*) FILTER (WHERE f <> '{}'), min(f) FILTER (WHERE f <> '{}'),
           bool_or(decisions > 1 AND s <> '' AND s <> whole), bool_or(s LIKE '%left out)'), max(count_tokens(s)) > CASE WHEN b > 2000 THEN 1500 ELSE b * 9 / 10 - 2 END
      FROM contexts c, unnest('{1,2,10,100,2000,100000}'::integer[]) b, LATERAL (SELECT summarize_context(context, b) AS s OFFSET 0) s, LATERAL (SELECT faults(c, b, s) AS f OFFSET 0) f
     GROUP BY b ORDER BY b $$;
SELECT count_tokens('🎉');
SHOW phasegate.tokenizer;
SELECT * FROM report();
SET phasegate.tokenizer = cl100k_base;
SELECT * FROM report();
-- The default is 2000 tokens; the tokenizers do count differently.
SELECT bool_and(summarize_context(context) = summarize_context(context, 2000)) AS same FROM contexts;
SELECT count_tokens('возвращать деньги 👩‍👩‍👧‍👦'), (SELECT sum(count_tokens(context::text)) FROM contexts) AS cl100k \gset cl_
RESET phasegate.tokenizer;
SELECT (SELECT sum(count_tokens(context::text)) FROM contexts) <> :cl_cl100k AS differ, count_tokens('') AS nothing, count_tokens('Refund to the card') AS words;
SET phasegate.tokenizer = gpt2;
-- Small, to be read.
SELECT '{"requirements_phase": {"requirements_doc": "Refunds go to the card that was charged, within thirty days of the purchase, and never as cash.",
         "key_decisions": ["Refund to the card", "Within 30 days"], "summary": "Requirements analysed"},
         "design_phase": {"design_decisions": ["One table for all"], "risks": ["It grows"], "architecture_doc": "One service", "notes": {"decision": "No cache", "x": 1}}}'::jsonb AS context \gset
SELECT n AS point, p FROM unnest(extract_key_points(:'context')) WITH ORDINALITY AS u (p, n);
SELECT b AS budget, count_tokens(s) AS tokens, s AS summary FROM unnest('{1,2,10,20,30,45,60,75,90,1000}'::integer[]) b, summarize_context(:'context', b) s;
SELECT summarize_structured(:'context') = summarize_context(:'context', 1000) AS all_of_it;
SELECT j AS nothing_to_say, summarize_context(j) = '' AS empty, extract_key_points(j) AS points FROM unnest('{"null","{}","[]","\"\"","{\"a\": null}"}'::jsonb[]) j;
-- One megabyte of a single word, and of words.
SELECT count_tokens(summarize_context(jsonb_build_object('requirements_doc', repeat('x', 1000000)), 100)) <= 100 AS fits,
       count_tokens(summarize_context(jsonb_build_object('requirements_doc', repeat('words ', 170000)), 100)) BETWEEN 90 AND 100 AS filled;
DROP SCHEMA made CASCADE;
