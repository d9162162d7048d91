"""earlier versions of an academy's words for letters

Both ways; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('letter_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('letter', sa.String(length=40), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_by', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_letter_version_authority_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter_version'))
    )
    with op.batch_alter_table('letter_version', schema=None) as batch_op:
        batch_op.create_index('ix_letter_version_authority_id_letter', ['authority_id', 'letter'], unique=False)


def downgrade() -> None:
    op.drop_table('letter_version')
