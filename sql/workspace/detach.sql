DROP VIEW IF EXISTS {ws}.phase_board, {ws}.phase_durations, {ws}.task_queue, {ws}.overdue_tickets, {ws}.phase_metrics;
