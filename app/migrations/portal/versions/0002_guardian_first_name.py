"""The first name by which the portal welcomes a guardian

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('published_code', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guardian_first_name', sa.String(length=100), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('published_code', schema=None) as batch_op:
        batch_op.drop_column('guardian_first_name')
