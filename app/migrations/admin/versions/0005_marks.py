"""test papers, marks, half-days of absence

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('absence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('pupil_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('half', sa.String(length=2), nullable=False),
    sa.Column('noted', sa.Boolean(), nullable=False),
    sa.Column('filed', sa.Boolean(), nullable=False),
    sa.Column('legitimate', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=100), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("half IN ('am', 'pm')", name=op.f('ck_absence_half_known')),
    sa.ForeignKeyConstraint(['school_id', 'pupil_id'], ['pupil.school_id', 'pupil.id'], name=op.f('fk_absence_school_id_pupil_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_absence_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_absence')),
    sa.UniqueConstraint('school_id', 'pupil_id', 'day', 'half', name=op.f('uq_absence_school_id_pupil_id_day_half'))
    )
    op.create_index('ix_absence_school_id_day', 'absence', ['school_id', 'day'], unique=False)
    op.create_table('test_paper',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('school_year_id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=True),
    sa.Column('group_id', sa.Integer(), nullable=True),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=60), nullable=False),
    sa.Column('taken_on', sa.Date(), nullable=False),
    sa.Column('out_of', sa.Numeric(precision=5, scale=2), nullable=False),
    sa.Column('coefficient', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('publish_on', sa.Date(), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('(division_id IS NULL) <> (group_id IS NULL)', name=op.f('ck_test_paper_class_or_group')),
    sa.CheckConstraint('out_of > 0 AND coefficient >= 0', name=op.f('ck_test_paper_numbers_known')),
    sa.CheckConstraint('position BETWEEN 1 AND period_count', name=op.f('ck_test_paper_position_within')),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_test_paper_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'group_id'], ['project_group.school_id', 'project_group.id'], name=op.f('fk_test_paper_school_id_group_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'item_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_test_paper_school_id_item_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_test_paper_school_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_year_id'], ['school_year.id'], name=op.f('fk_test_paper_school_year_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_test_paper')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_test_paper_school_id_id'))
    )
    op.create_index('ix_test_paper_school_id_division_id', 'test_paper', ['school_id', 'division_id'], unique=False)
    op.create_index('ix_test_paper_school_id_group_id', 'test_paper', ['school_id', 'group_id'], unique=False)
    op.create_table('mark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('test_id', sa.Integer(), nullable=False),
    sa.Column('pupil_id', sa.Integer(), nullable=False),
    sa.Column('value', sa.Numeric(precision=5, scale=2), nullable=True),
    sa.Column('special', sa.String(length=5), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("special IN ('ABS', 'N.NOT', 'DIS')", name=op.f('ck_mark_special_known')),
    sa.CheckConstraint('(value IS NULL) <> (special IS NULL)', name=op.f('ck_mark_value_or_special')),
    sa.CheckConstraint('value >= 0', name=op.f('ck_mark_value_positive')),
    sa.ForeignKeyConstraint(['school_id', 'pupil_id'], ['pupil.school_id', 'pupil.id'], name=op.f('fk_mark_school_id_pupil_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'test_id'], ['test_paper.school_id', 'test_paper.id'], name=op.f('fk_mark_school_id_test_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_mark_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mark')),
    sa.UniqueConstraint('school_id', 'test_id', 'pupil_id', name=op.f('uq_mark_school_id_test_id_pupil_id'))
    )
    op.create_index('ix_mark_school_id_pupil_id', 'mark', ['school_id', 'pupil_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_mark_school_id_pupil_id', table_name='mark')
    op.drop_table('mark')
    op.drop_index('ix_test_paper_school_id_group_id', table_name='test_paper')
    op.drop_index('ix_test_paper_school_id_division_id', table_name='test_paper')
    op.drop_table('test_paper')
    op.drop_index('ix_absence_school_id_day', table_name='absence')
    op.drop_table('absence')
