"""what the academy chose for the families' sign-in page

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None
RULE = "portal_secret IN ('passphrase', 'keypad')"


def upgrade() -> None:
    # The check comes with its column: making the table anew would take along the rows of those that point at it.
    column = sa.Column('portal_secret', sa.String(length=10), server_default='passphrase', nullable=False)
    if op.get_bind().dialect.name == 'sqlite':
        op.execute("ALTER TABLE authority ADD COLUMN portal_secret VARCHAR(10) DEFAULT 'passphrase' NOT NULL "
                   f"CONSTRAINT ck_authority_portal_secret_known CHECK ({RULE})")
    else:
        op.add_column('authority', column)
        op.create_check_constraint(op.f('ck_authority_portal_secret_known'), 'authority', RULE)
    op.add_column('authority', sa.Column('portal_message', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('authority', 'portal_message')
    if op.get_bind().dialect.name == 'postgresql':
        op.drop_constraint(op.f('ck_authority_portal_secret_known'), 'authority', type_='check')
    op.drop_column('authority', 'portal_secret')
