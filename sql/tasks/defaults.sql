INSERT INTO {ws}.task_templates
    (phase_id, task_type, template_description, default_priority, required_capabilities) VALUES
    ('PHASE_REQUIREMENTS', 'analyze_requirements',
     'Analyze and clarify requirements for: {ticket_title}', 'HIGH', '["analysis"]'),
    ('PHASE_REQUIREMENTS', 'create_requirements_doc',
     'Create requirements document for: {ticket_title}', 'MEDIUM', '["documentation"]'),
    ('PHASE_DESIGN', 'design_architecture',
     'Design architecture for: {ticket_title}', 'HIGH', '["design"]'),
    ('PHASE_IMPLEMENTATION', 'implement_feature',
     'Implement feature: {ticket_title}', 'HIGH', '["implementation"]'),
    ('PHASE_TESTING', 'write_tests',
     'Write tests for: {ticket_title}', 'HIGH', '["testing"]'),
    ('PHASE_TESTING', 'run_tests',
     'Run test suite for: {ticket_title}', 'MEDIUM', '["testing"]'),
    ('PHASE_DEPLOYMENT', 'deploy_feature',
     'Deploy feature: {ticket_title}', 'CRITICAL', '["deployment"]');
