# region migration
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    op.execute("SELECT phasegate.create_workspace('flow', tickets => 'issues')")


def downgrade():
    op.execute("SELECT phasegate.detach_workspace('flow', for_good => true)")
# endregion
