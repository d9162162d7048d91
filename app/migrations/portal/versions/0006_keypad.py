"""what the academy chose for the sign-in page, questions of accounts that sign in with digits

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account_question',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('question', sa.String(length=120), nullable=False),
    sa.Column('answer_hash', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_question_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'place', name=op.f('pk_account_question'))
    )
    op.add_column('account_key', sa.Column('by_school', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('published_school', sa.Column('secret', sa.String(length=10), server_default='passphrase', nullable=False))
    op.add_column('published_school', sa.Column('message', sa.String(length=1000), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column('published_school', 'message')
    op.drop_column('published_school', 'secret')
    op.drop_column('account_key', 'by_school')
    op.drop_table('account_question')
