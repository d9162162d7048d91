"""marks and absences that families may see

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('published_division',
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('periods', sa.JSON(), nullable=False),
    sa.Column('team', sa.JSON(), nullable=False),
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['school_id'], ['published_school.id'], name=op.f('fk_published_division_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_published_division'))
    )
    op.create_index(op.f('ix_published_division_school_id'), 'published_division', ['school_id'], unique=False)
    op.create_table('published_test',
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(length=100), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=60), nullable=False),
    sa.Column('taken_on', sa.Date(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=True),
    sa.Column('out_of', sa.Numeric(precision=5, scale=2), nullable=False),
    sa.Column('coefficient', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('average', sa.Numeric(precision=5, scale=2), nullable=True),
    sa.Column('lowest', sa.Numeric(precision=5, scale=2), nullable=True),
    sa.Column('highest', sa.Numeric(precision=5, scale=2), nullable=True),
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['school_id'], ['published_school.id'], name=op.f('fk_published_test_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_published_test'))
    )
    op.create_index(op.f('ix_published_test_school_id'), 'published_test', ['school_id'], unique=False)
    op.create_table('published_absence',
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.Column('pupil_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('half', sa.String(length=2), nullable=False),
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['pupil_id'], ['published_pupil.id'], name=op.f('fk_published_absence_pupil_id')),
    sa.ForeignKeyConstraint(['school_id'], ['published_school.id'], name=op.f('fk_published_absence_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_published_absence'))
    )
    op.create_index(op.f('ix_published_absence_pupil_id'), 'published_absence', ['pupil_id'], unique=False)
    op.create_index(op.f('ix_published_absence_school_id'), 'published_absence', ['school_id'], unique=False)
    op.create_table('published_mark',
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.Column('pupil_id', sa.Integer(), nullable=False),
    sa.Column('test_id', sa.Integer(), nullable=False),
    sa.Column('value', sa.Numeric(precision=5, scale=2), nullable=True),
    sa.Column('special', sa.String(length=5), nullable=True),
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['pupil_id'], ['published_pupil.id'], name=op.f('fk_published_mark_pupil_id')),
    sa.ForeignKeyConstraint(['school_id'], ['published_school.id'], name=op.f('fk_published_mark_school_id')),
    sa.ForeignKeyConstraint(['test_id'], ['published_test.id'], name=op.f('fk_published_mark_test_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_published_mark'))
    )
    op.create_index(op.f('ix_published_mark_pupil_id'), 'published_mark', ['pupil_id'], unique=False)
    op.create_index(op.f('ix_published_mark_school_id'), 'published_mark', ['school_id'], unique=False)
    op.create_index(op.f('ix_published_mark_test_id'), 'published_mark', ['test_id'], unique=False)
    op.add_column('published_pupil', sa.Column('division_id', sa.Integer(), nullable=True))
    op.add_column('published_school', sa.Column('school_life', sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column('published_school', 'school_life')
    op.drop_column('published_pupil', 'division_id')
    op.drop_index(op.f('ix_published_mark_test_id'), table_name='published_mark')
    op.drop_index(op.f('ix_published_mark_school_id'), table_name='published_mark')
    op.drop_index(op.f('ix_published_mark_pupil_id'), table_name='published_mark')
    op.drop_table('published_mark')
    op.drop_index(op.f('ix_published_absence_school_id'), table_name='published_absence')
    op.drop_index(op.f('ix_published_absence_pupil_id'), table_name='published_absence')
    op.drop_table('published_absence')
    op.drop_index(op.f('ix_published_test_school_id'), table_name='published_test')
    op.drop_table('published_test')
    op.drop_index(op.f('ix_published_division_school_id'), table_name='published_division')
    op.drop_table('published_division')
