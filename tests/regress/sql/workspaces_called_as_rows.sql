-- The names that conditions of triggers have for rows are names for a workspace, too.
SELECT phasegate.create_workspace('old'), phasegate.create_workspace('new');
SELECT name, check_name, example FROM unnest('{old,new}'::text[]) name, phasegate.check_workspace(name) WHERE violations > 0;
