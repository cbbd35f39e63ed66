-- To shape 2: no table or index that is there changes. The indexes tasks_claimable_groups and phase_history_one_start are
-- new and made with all that is missing; triggers and views are replaced. What one trigger watched for, the decision sees.
DROP TRIGGER IF EXISTS aa_phasegate_moved ON {ws}.tickets;
