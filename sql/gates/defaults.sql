INSERT INTO {ws}.phase_gate_requirements
    (phase_id, required_artifacts, required_tasks_completed, validation_criteria) VALUES
    ('PHASE_REQUIREMENTS', '{requirements_document}', true,
     '{"requirements_document": {"min_length": 500, "required_sections": ["scope", "acceptance_criteria"]}}'),
    ('PHASE_IMPLEMENTATION', '{code_changes,test_coverage}', true,
     '{"test_coverage": {"min_percentage": 80}, "code_changes": {"must_have_tests": true}}'),
    ('PHASE_TESTING', '{test_results,test_evidence}', true,
     '{"test_results": {"all_passed": true}}');
