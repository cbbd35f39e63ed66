"""The queue when the server is killed in the middle of work."""

from queue_crew import SETUP, Crew, check, wait_for


def test_every_task_is_completed_exactly_once_though_the_server_is_killed(make_cluster, tmp_path):
    cluster = make_cluster(fsync="on")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute(SETUP)
    crew = Crew(tmp_path, cluster.env())
    try:
        for share in [0.2, 0.5]:
            wait_for(cluster.connect, share)
            cluster.kill()
            cluster.start()
            crew.kill_one()
        crew.wait()
    finally:
        crew.disband()
    with cluster.connect() as connection:
        check(connection, crew)
