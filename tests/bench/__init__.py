"""Benchmarks: each workload against the best SQL that does the same without the extension.

"make bench" runs them. Sides of a comparison are measured alternately, in one run, on one server; what each
of them wrote is compared at the end. The workloads and their targets are in the modules, one a family:

    moves         P1   moving one ticket
    whole_moves   P2   a move with gate, context and generated task
    bulk          P3   moving many tickets in one statement
    other_columns P4   updating a column that is not the phase
    claims        P5   claiming and completing tasks
    queue_sizes   P6   a claim from a long queue
    history_sizes P7   a move with a long history in the table
    gate_checks   P8   checking a gate
    summaries     P9   summarizing a large context
    first_calls   P10  the first call of a connection
    adoption      P11  adopting a long table
    boards        P12  the board over a million tickets
    served        P13  moves over HTTP
    alternatives  A1, A2  what one would use instead: a library, another queue
"""
