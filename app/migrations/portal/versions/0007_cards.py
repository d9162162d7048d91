"""administrative data of guardians and pupils, as their record card shows them

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None
WORDS = "kind IN ('contact.message', 'card.error') AND NOT forgotten"


def upgrade() -> None:
    op.add_column('published_pupil', sa.Column('card', sa.JSON(), server_default='{}', nullable=False))
    op.add_column('published_code', sa.Column('card', sa.JSON(), nullable=True))
    op.add_column('portal_event', sa.Column('forgotten', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index('ix_portal_event_words', 'portal_event', ['id'], unique=False,
                    postgresql_where=sa.text(WORDS), sqlite_where=sa.text(WORDS))


def downgrade() -> None:
    op.drop_index('ix_portal_event_words', table_name='portal_event')
    op.drop_column('portal_event', 'forgotten')
    op.drop_column('published_code', 'card')
    op.drop_column('published_pupil', 'card')
