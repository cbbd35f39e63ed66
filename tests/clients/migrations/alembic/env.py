"""How Alembic compares the models with the database."""

from alembic import context

from models import Base


# region compare
def include_name(name, kind, parents):
    # The workspace's schema is phasegate's.
    return kind != "schema" or name != "flow"


def include_object(thing, name, kind, reflected, compare_to):
    # What only the database has of the adopted table is phasegate's, and the models' table in flow is not to be made.
    table = thing if kind == "table" else thing.table
    if table.schema == "flow":
        return False
    return not (table.name == "issues" and reflected and compare_to is None)
# endregion


with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, include_name=include_name, include_object=include_object,
                      compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
