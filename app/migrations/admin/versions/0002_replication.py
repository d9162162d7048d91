"""What replication remembers

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('replication_command',
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('revoke', 'withdraw', 'attach', 'detach', 'close')", name=op.f('ck_replication_command_kind_known')),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_replication_command'))
    )
    with op.batch_alter_table('replication_command', schema=None) as batch_op:
        batch_op.create_index('ix_replication_command_waiting', ['number'], unique=False, postgresql_where=sa.text('applied_at IS NULL'), sqlite_where=sa.text('applied_at IS NULL'))

    op.create_table('replication_state',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('last_event', sa.Integer(), nullable=False),
    sa.Column('last_run_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_day', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_replication_state'))
    )
    op.create_table('replication_mark',
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('published', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_replication_mark_school_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('school_id', name=op.f('pk_replication_mark'))
    )
    with op.batch_alter_table('replication_mark', schema=None) as batch_op:
        batch_op.create_index('ix_replication_mark_waiting', ['school_id'], unique=False, postgresql_where=sa.text('changed <> published'), sqlite_where=sa.text('changed <> published'))



def downgrade() -> None:
    with op.batch_alter_table('replication_mark', schema=None) as batch_op:
        batch_op.drop_index('ix_replication_mark_waiting', postgresql_where=sa.text('changed <> published'), sqlite_where=sa.text('changed <> published'))

    op.drop_table('replication_mark')
    op.drop_table('replication_state')
    with op.batch_alter_table('replication_command', schema=None) as batch_op:
        batch_op.drop_index('ix_replication_command_waiting', postgresql_where=sa.text('applied_at IS NULL'), sqlite_where=sa.text('applied_at IS NULL'))

    op.drop_table('replication_command')
