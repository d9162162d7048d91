"""what families may do to their account: a new address, what was forgotten

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('account_key', schema=None) as batch_op:
        batch_op.add_column(sa.Column('email', sa.String(length=254), nullable=True))
        batch_op.drop_constraint(batch_op.f('ck_account_key_kind_known'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_account_key_kind_known'), "kind IN ('reset', 'slip', 'address')")
        batch_op.create_check_constraint(batch_op.f('ck_account_key_email_if_address'), "(kind = 'address') = (email IS NOT NULL)")
    op.create_table('recovery_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('typed', sa.String(length=300), nullable=False),
    sa.Column('locale', sa.String(length=5), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('identifier', 'passphrase')", name=op.f('ck_recovery_request_kind_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_request'))
    )


def downgrade() -> None:
    op.drop_table('recovery_request')
    op.execute("DELETE FROM account_key WHERE kind = 'address'")
    with op.batch_alter_table('account_key', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_account_key_email_if_address'), type_='check')
        batch_op.drop_constraint(batch_op.f('ck_account_key_kind_known'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_account_key_kind_known'), "kind IN ('reset', 'slip')")
        batch_op.drop_column('email')
