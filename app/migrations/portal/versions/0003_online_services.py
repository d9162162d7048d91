"""what schools chose for their online services, keys to accounts

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('reset', 'slip')", name=op.f('ck_account_key_kind_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_key_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_key')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_account_key_key_hash'))
    )
    op.create_index(op.f('ix_account_key_account_id'), 'account_key', ['account_id'], unique=False)
    op.add_column('published_pupil', sa.Column('refused', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('published_school', sa.Column('welcome', sa.String(length=8000), server_default='', nullable=False))
    op.add_column('published_school', sa.Column('other_services', sa.JSON(), server_default='[]', nullable=False))
    op.add_column('published_school', sa.Column('contact', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column('published_school', 'contact')
    op.drop_column('published_school', 'other_services')
    op.drop_column('published_school', 'welcome')
    op.drop_column('published_pupil', 'refused')
    op.drop_index(op.f('ix_account_key_account_id'), table_name='account_key')
    op.drop_table('account_key')
