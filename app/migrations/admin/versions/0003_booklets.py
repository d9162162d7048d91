"""booklets, what they are made of, and the guard of locked ones

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from alembic import op
import sqlalchemy as sa

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

# What a booklet holds; every row names its booklet.
CONTENT = ('attainment', 'attainment_element', 'pathway', 'booklet_scheme', 'base_mastery', 'group_pupil')
# What may still change on the row of a locked booklet: its life, and never what is printed.
LIFE = {'state', 'version', 'locked_at', 'locked_by', 'edited_at'}
SEALED = "('locked', 'edited')"
# What every pupil of a group shares, frozen once one of their booklets is locked: table, the groups it is about.
SHARED = (
    ('project_group', 'p.group_id = {row}.id', ('UPDATE', 'DELETE')),
    ('group_teacher', 'p.group_id = {row}.group_id', ('INSERT', 'UPDATE', 'DELETE')),
    ('project', 'p.group_id IN (SELECT id FROM project_group WHERE project_id = {row}.id)', ('UPDATE', 'DELETE')),
    ('project_item', 'p.group_id IN (SELECT id FROM project_group WHERE project_id = {row}.project_id)',
     ('INSERT', 'UPDATE', 'DELETE')),
)


def shares(which, row):
    """Whether a locked booklet shares it."""
    return (f"EXISTS (SELECT 1 FROM group_pupil p JOIN booklet b ON b.id = p.booklet_id "
            f"WHERE b.state IN {SEALED} AND {which.format(row=row)})")


def guard_shared_sqlite():
    for table, which, verbs in SHARED:
        for verb in verbs:
            for row in {'INSERT': ('NEW',), 'DELETE': ('OLD',)}.get(verb, ('OLD', 'NEW')):
                op.execute(f"""CREATE TRIGGER guard_{table}_{verb.lower()}_{row.lower()} BEFORE {verb} ON {table}
                    WHEN {shares(which, row)} BEGIN SELECT RAISE(ABORT, 'booklet_locked'); END""")


def guard_shared_postgresql():
    for table, which, verbs in SHARED:
        op.execute(f"""CREATE FUNCTION guard_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP <> 'INSERT' THEN
                    IF {shares(which, 'OLD')} THEN RAISE EXCEPTION 'booklet_locked'; END IF;
                END IF;
                IF TG_OP <> 'DELETE' THEN
                    IF {shares(which, 'NEW')} THEN RAISE EXCEPTION 'booklet_locked'; END IF;
                    RETURN NEW;
                END IF;
                RETURN OLD;
            END $$""")
        op.execute(f"CREATE TRIGGER guard_{table} BEFORE {' OR '.join(verbs)} ON {table} "
                   f"FOR EACH ROW EXECUTE FUNCTION guard_{table}()")


def guard_sqlite(columns):
    for table in CONTENT:
        for verb, row in (('INSERT', 'NEW'), ('UPDATE', 'OLD'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
            op.execute(f"""CREATE TRIGGER guard_{table}_{verb.lower()}_{row.lower()} BEFORE {verb} ON {table}
                WHEN (SELECT state FROM booklet WHERE id = {row}.booklet_id) IN {SEALED}
                BEGIN SELECT RAISE(ABORT, 'booklet_locked'); END""")
    changed = ' OR '.join(f'NEW.{name} IS NOT OLD.{name}' for name in columns)
    op.execute(f"""CREATE TRIGGER guard_booklet_update BEFORE UPDATE ON booklet
        WHEN OLD.state IN {SEALED} AND ({changed})
        BEGIN SELECT RAISE(ABORT, 'booklet_locked'); END""")
    op.execute(f"""CREATE TRIGGER guard_booklet_delete BEFORE DELETE ON booklet WHEN OLD.state IN {SEALED}
        BEGIN SELECT RAISE(ABORT, 'booklet_locked'); END""")


def guard_postgresql(columns):
    op.execute(f"""CREATE FUNCTION guard_booklet_content() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE ids integer[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.booklet_id]
            WHEN 'DELETE' THEN ARRAY[OLD.booklet_id] ELSE ARRAY[OLD.booklet_id, NEW.booklet_id] END;
        BEGIN
            IF EXISTS (SELECT 1 FROM booklet WHERE id = ANY(ids) AND state IN {SEALED}) THEN
                RAISE EXCEPTION 'booklet_locked';
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$""")
    for table in CONTENT:
        op.execute(f"CREATE TRIGGER guard_{table} BEFORE INSERT OR UPDATE OR DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION guard_booklet_content()")
    changed = ' OR '.join(f'NEW.{name} IS DISTINCT FROM OLD.{name}' for name in columns)
    op.execute(f"""CREATE FUNCTION guard_booklet() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state IN {SEALED} THEN
                IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'booklet_locked'; END IF;
                IF {changed} THEN RAISE EXCEPTION 'booklet_locked'; END IF;
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$""")
    op.execute("CREATE TRIGGER guard_booklet BEFORE UPDATE OR DELETE ON booklet "
               "FOR EACH ROW EXECUTE FUNCTION guard_booklet()")


def guard():
    """A locked booklet cannot change, whoever asks and by whatever road: the database is the last guard."""
    bind = op.get_bind()
    columns = [c['name'] for c in sa.inspect(bind).get_columns('booklet') if c['name'] not in LIFE]
    sqlite = bind.dialect.name == 'sqlite'
    (guard_sqlite if sqlite else guard_postgresql)(columns)
    (guard_shared_sqlite if sqlite else guard_shared_postgresql)()


def unguard():
    """SQLite's triggers go with their tables."""
    if op.get_bind().dialect.name == 'sqlite':
        return
    for table in (*CONTENT, 'booklet'):
        op.execute(f'DROP TRIGGER guard_{table} ON {table}')
    for table, _which, _verbs in SHARED:
        op.execute(f'DROP TRIGGER guard_{table} ON {table}')
        op.execute(f'DROP FUNCTION guard_{table}()')
    op.execute('DROP FUNCTION guard_booklet_content()')
    op.execute('DROP FUNCTION guard_booklet()')



def upgrade() -> None:
    op.create_table('curriculum_proposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('item_code', sa.String(length=10), nullable=False),
    sa.Column('level_code', sa.String(length=10), nullable=False),
    sa.Column('heading', sa.String(length=60), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_curriculum_proposal_authority_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_curriculum_proposal'))
    )
    with op.batch_alter_table('curriculum_proposal', schema=None) as batch_op:
        batch_op.create_index('ix_curriculum_proposal_authority_id', ['authority_id', 'item_code', 'level_code'], unique=False)

    op.create_table('booklet_settings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('import_mode', sa.String(length=10), nullable=False),
    sa.Column('teachers_lock', sa.Boolean(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("import_mode IN ('manual', 'sconet', 'software')", name=op.f('ck_booklet_settings_import_mode_known')),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_booklet_settings_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booklet_settings')),
    sa.UniqueConstraint('school_id', name=op.f('uq_booklet_settings_school_id'))
    )
    op.create_table('curriculum_element',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_curriculum_element_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_curriculum_element')),
    sa.UniqueConstraint('school_id', 'digest', name=op.f('uq_curriculum_element_school_id_digest')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_curriculum_element_school_id_id'))
    )
    op.create_table('period_scheme',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('school_year_id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=60), nullable=False),
    sa.Column('preset', sa.String(length=10), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("preset IN ('', 'semester', 'trimester')", name=op.f('ck_period_scheme_preset_known')),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_period_scheme_school_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_year_id'], ['school_year.id'], name=op.f('fk_period_scheme_school_year_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_period_scheme')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_period_scheme_school_id_id')),
    sa.UniqueConstraint('school_id', 'school_year_id', 'label', name=op.f('uq_period_scheme_school_id_school_year_id_label'))
    )
    op.create_table('phrase',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('item_code', sa.String(length=10), nullable=False),
    sa.Column('text', sa.String(length=600), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_phrase_school_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_phrase_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_phrase')),
    sa.UniqueConstraint('school_id', 'user_id', 'text', name=op.f('uq_phrase_school_id_user_id_text'))
    )
    op.create_table('positioning_type',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('grade_level_id', sa.Integer(), nullable=False),
    sa.Column('scale', sa.String(length=10), nullable=False),
    sa.Column('scale_max', sa.Integer(), nullable=False),
    sa.Column('letters', sa.String(length=40), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("scale IN ('objectives', 'marks', 'letters')", name=op.f('ck_positioning_type_scale_known')),
    sa.CheckConstraint('scale_max BETWEEN 1 AND 100', name=op.f('ck_positioning_type_scale_max_known')),
    sa.ForeignKeyConstraint(['grade_level_id'], ['grade_level.id'], name=op.f('fk_positioning_type_grade_level_id')),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_positioning_type_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_positioning_type')),
    sa.UniqueConstraint('school_id', 'grade_level_id', name=op.f('uq_positioning_type_school_id_grade_level_id'))
    )
    op.create_table('project',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('school_year_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=3), nullable=False),
    sa.Column('theme', sa.String(length=50), nullable=True),
    sa.Column('title', sa.String(length=150), nullable=False),
    sa.Column('description', sa.String(length=600), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(kind = 'epi') = (theme IS NOT NULL)", name=op.f('ck_project_theme_if_epi')),
    sa.CheckConstraint("kind IN ('epi', 'ap')", name=op.f('ck_project_kind_known')),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_project_school_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_year_id'], ['school_year.id'], name=op.f('fk_project_school_year_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_project')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_project_school_id_id')),
    sa.UniqueConstraint('school_id', 'school_year_id', 'kind', 'title', name=op.f('uq_project_school_id_school_year_id_kind_title'))
    )
    op.create_table('teaching_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('code', sa.String(length=10), nullable=False),
    sa.Column('election', sa.String(length=1), nullable=False),
    sa.Column('label', sa.String(length=100), nullable=False),
    sa.Column('short_label', sa.String(length=40), nullable=False),
    sa.Column('cycle', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('retired', sa.Boolean(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(kind = 'area') = (cycle > 0)", name=op.f('ck_teaching_item_cycle_if_area')),
    sa.CheckConstraint("election IN ('S', 'O', 'F', 'L', 'R', 'X', 'D')", name=op.f('ck_teaching_item_election_known')),
    sa.CheckConstraint("kind IN ('subject', 'area')", name=op.f('ck_teaching_item_kind_known')),
    sa.ForeignKeyConstraint(['school_id', 'parent_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_teaching_item_school_id_parent_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_teaching_item_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_teaching_item')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_teaching_item_school_id_id')),
    sa.UniqueConstraint('school_id', 'kind', 'code', 'election', 'cycle', name=op.f('uq_teaching_item_school_id_kind_code_election_cycle'))
    )
    op.create_table('watched_word',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(length=10), nullable=False),
    sa.Column('word', sa.String(length=60), nullable=False),
    sa.Column('ignored', sa.Boolean(), nullable=False),
    sa.CheckConstraint("subject IN ('origin', 'politics', 'religion', 'union', 'morals')", name=op.f('ck_watched_word_subject_known')),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_watched_word_authority_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_watched_word')),
    sa.UniqueConstraint('authority_id', 'word', name=op.f('uq_watched_word_authority_id_word'))
    )
    op.create_table('workflow_parameter',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=True),
    sa.Column('grade_level_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=30), nullable=False),
    sa.Column('value', sa.Integer(), nullable=False),
    sa.Column('locked', sa.Boolean(), nullable=False),
    sa.CheckConstraint("name IN ('areas_needed', 'life_needed')", name=op.f('ck_workflow_parameter_name_known')),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_workflow_parameter_authority_id')),
    sa.ForeignKeyConstraint(['grade_level_id'], ['grade_level.id'], name=op.f('fk_workflow_parameter_grade_level_id')),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_workflow_parameter_school_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workflow_parameter')),
    sa.UniqueConstraint('authority_id', 'school_id', 'grade_level_id', 'name', name=op.f('uq_workflow_parameter_authority_id_school_id_grade_level_id_name'))
    )
    op.create_table('booklet',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('pupil_id', sa.Integer(), nullable=False),
    sa.Column('school_year_id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=True),
    sa.Column('grade_level_id', sa.Integer(), nullable=True),
    sa.Column('model', sa.String(length=10), nullable=False),
    sa.Column('cycle', sa.Integer(), nullable=False),
    sa.Column('cycle_end', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('period_label', sa.String(length=60), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('scale', sa.String(length=10), nullable=False),
    sa.Column('scale_max', sa.Integer(), nullable=False),
    sa.Column('areas_needed', sa.Integer(), nullable=True),
    sa.Column('life_needed', sa.Boolean(), nullable=True),
    sa.Column('last_name', sa.String(length=100), nullable=False),
    sa.Column('first_name', sa.String(length=100), nullable=False),
    sa.Column('first_names', sa.String(length=310), nullable=False),
    sa.Column('birth_date', sa.Date(), nullable=False),
    sa.Column('sex', sa.String(length=1), nullable=True),
    sa.Column('ine', sa.String(length=11), nullable=True),
    sa.Column('division_label', sa.String(length=50), nullable=True),
    sa.Column('level_label', sa.String(length=40), nullable=True),
    sa.Column('class_teachers', sa.String(length=300), nullable=True),
    sa.Column('overall_comment', sa.String(length=1500), nullable=True),
    sa.Column('council_on', sa.Date(), nullable=True),
    sa.Column('absences_justified', sa.Integer(), nullable=True),
    sa.Column('absences_unjustified', sa.Integer(), nullable=True),
    sa.Column('lateness', sa.Integer(), nullable=True),
    sa.Column('life_comment', sa.String(length=600), nullable=True),
    sa.Column('complement_code', sa.String(length=3), nullable=True),
    sa.Column('complement_level', sa.Integer(), nullable=True),
    sa.Column('locked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('locked_by', sa.String(length=200), nullable=True),
    sa.Column('edited_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("(model = 'cycle') = (cycle_end > 0)", name=op.f('ck_booklet_cycle_end_if_cycle')),
    sa.CheckConstraint("(model = 'cycle') = (position = 0)", name=op.f('ck_booklet_position_if_periodic')),
    sa.CheckConstraint("(state IN ('locked', 'edited')) = (locked_at IS NOT NULL)", name=op.f('ck_booklet_locked_at_if_locked')),
    sa.CheckConstraint("model IN ('ecole', 'college', 'cycle')", name=op.f('ck_booklet_model_known')),
    sa.CheckConstraint("scale IN ('objectives', 'marks', 'letters')", name=op.f('ck_booklet_scale_known')),
    sa.CheckConstraint("state IN ('draft', 'complete', 'locked', 'edited')", name=op.f('ck_booklet_state_known')),
    sa.CheckConstraint('position <= period_count', name=op.f('ck_booklet_position_within')),
    sa.ForeignKeyConstraint(['grade_level_id'], ['grade_level.id'], name=op.f('fk_booklet_grade_level_id')),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_booklet_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'pupil_id'], ['pupil.school_id', 'pupil.id'], name=op.f('fk_booklet_school_id_pupil_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_booklet_school_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_year_id'], ['school_year.id'], name=op.f('fk_booklet_school_year_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booklet')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_booklet_school_id_id')),
    sa.UniqueConstraint('school_id', 'pupil_id', 'school_year_id', 'position', 'period_count', 'cycle_end', name=op.f('uq_booklet_school_id_pupil_id_school_year_id_position_period_count_cycle_end'))
    )
    with op.batch_alter_table('booklet', schema=None) as batch_op:
        batch_op.create_index('ix_booklet_school_id_division_id_position', ['school_id', 'division_id', 'position'], unique=False)

    op.create_table('booklet_publication',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('publish_on', sa.Date(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_booklet_publication_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_booklet_publication_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booklet_publication')),
    sa.UniqueConstraint('school_id', 'division_id', 'position', 'period_count', name=op.f('uq_booklet_publication_school_id_division_id_position_period_count'))
    )
    op.create_table('class_element',
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('level_code', sa.String(length=10), nullable=False),
    sa.Column('element_id', sa.Integer(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_class_element_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'element_id'], ['curriculum_element.school_id', 'curriculum_element.id'], name=op.f('fk_class_element_school_id_element_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'item_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_class_element_school_id_item_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_class_element_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_element')),
    sa.UniqueConstraint('school_id', 'division_id', 'position', 'period_count', 'item_id', 'level_code', 'element_id', name=op.f('uq_class_element_school_id_division_id_position_period_count_item_id_level_code_element_id'))
    )
    op.create_table('class_exemption',
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=100), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_class_exemption_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'item_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_class_exemption_school_id_item_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_class_exemption_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_exemption')),
    sa.UniqueConstraint('school_id', 'division_id', 'position', 'period_count', 'item_id', name=op.f('uq_class_exemption_school_id_division_id_position_period_count_item_id'))
    )
    op.create_table('class_pathway',
    sa.Column('code', sa.String(length=7), nullable=False),
    sa.Column('text', sa.String(length=600), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_class_pathway_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_class_pathway_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_class_pathway')),
    sa.UniqueConstraint('school_id', 'division_id', 'position', 'period_count', 'code', name=op.f('uq_class_pathway_school_id_division_id_position_period_count_code'))
    )
    op.create_table('division_scheme',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('scheme_id', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_division_scheme_school_id_division_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id', 'scheme_id'], ['period_scheme.school_id', 'period_scheme.id'], name=op.f('fk_division_scheme_school_id_scheme_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_division_scheme_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_division_scheme')),
    sa.UniqueConstraint('school_id', 'division_id', name=op.f('uq_division_scheme_school_id_division_id'))
    )
    op.create_table('entry_closing',
    sa.Column('closes_on', sa.Date(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_entry_closing_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_entry_closing_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entry_closing')),
    sa.UniqueConstraint('school_id', 'division_id', 'position', 'period_count', name=op.f('uq_entry_closing_school_id_division_id_position_period_count'))
    )
    op.create_table('entry_reopening',
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_entry_reopening_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'staff_id'], ['staff.school_id', 'staff.id'], name=op.f('fk_entry_reopening_school_id_staff_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_entry_reopening_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entry_reopening')),
    sa.UniqueConstraint('school_id', 'division_id', 'position', 'period_count', 'staff_id', name=op.f('uq_entry_reopening_school_id_division_id_position_period_count_staff_id'))
    )
    op.create_table('period',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('scheme_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=60), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('position BETWEEN 1 AND 12', name=op.f('ck_period_position_known')),
    sa.CheckConstraint('starts_on <= ends_on', name=op.f('ck_period_dates_in_order')),
    sa.ForeignKeyConstraint(['school_id', 'scheme_id'], ['period_scheme.school_id', 'period_scheme.id'], name=op.f('fk_period_school_id_scheme_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_period_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_period')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_period_school_id_id')),
    sa.UniqueConstraint('school_id', 'scheme_id', 'position', name=op.f('uq_period_school_id_scheme_id_position'))
    )
    op.create_table('project_group',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=150), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('period_count', sa.Integer(), nullable=False),
    sa.Column('comment', sa.String(length=600), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'project_id'], ['project.school_id', 'project.id'], name=op.f('fk_project_group_school_id_project_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_project_group_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_project_group')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_project_group_school_id_id')),
    sa.UniqueConstraint('school_id', 'project_id', 'title', 'position', 'period_count', name=op.f('uq_project_group_school_id_project_id_title_position_period_count'))
    )
    op.create_table('project_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'item_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_project_item_school_id_item_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'project_id'], ['project.school_id', 'project.id'], name=op.f('fk_project_item_school_id_project_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_project_item_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_project_item')),
    sa.UniqueConstraint('school_id', 'project_id', 'item_id', name=op.f('uq_project_item_school_id_project_id_item_id'))
    )
    op.create_table('support_scheme',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('pupil_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('complement', sa.Text(), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('ends_on IS NULL OR starts_on <= ends_on', name=op.f('ck_support_scheme_dates_in_order')),
    sa.ForeignKeyConstraint(['school_id', 'pupil_id'], ['pupil.school_id', 'pupil.id'], name=op.f('fk_support_scheme_school_id_pupil_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_support_scheme_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_support_scheme')),
    sa.UniqueConstraint('school_id', 'pupil_id', 'code', 'starts_on', name=op.f('uq_support_scheme_school_id_pupil_id_code_starts_on'))
    )
    op.create_table('staged_service',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('batch', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=8), nullable=False),
    sa.Column('division_code', sa.String(length=20), nullable=True),
    sa.Column('subject_code', sa.String(length=10), nullable=True),
    sa.Column('election', sa.String(length=1), nullable=True),
    sa.Column('staff_id', sa.String(length=80), nullable=True),
    sa.Column('service_id', sa.Integer(), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_staged_service_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staged_service'))
    )
    with op.batch_alter_table('staged_service', schema=None) as batch_op:
        batch_op.create_index('ix_staged_service_batch', ['batch'], unique=False)

    op.create_table('teaching_service',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('source', sa.String(length=10), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_teaching_service_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'item_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_teaching_service_school_id_item_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'staff_id'], ['staff.school_id', 'staff.id'], name=op.f('fk_teaching_service_school_id_staff_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_teaching_service_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_teaching_service')),
    sa.UniqueConstraint('school_id', 'division_id', 'item_id', 'staff_id', name=op.f('uq_teaching_service_school_id_division_id_item_id_staff_id'))
    )
    with op.batch_alter_table('teaching_service', schema=None) as batch_op:
        batch_op.create_index('ix_teaching_service_school_id_staff_id', ['school_id', 'staff_id'], unique=False)

    op.create_table('attainment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=False),
    sa.Column('followed', sa.Boolean(), nullable=False),
    sa.Column('positioning', sa.Integer(), nullable=True),
    sa.Column('average', sa.Numeric(precision=6, scale=2), nullable=True),
    sa.Column('letter', sa.String(length=4), nullable=True),
    sa.Column('not_assessed', sa.String(length=100), nullable=True),
    sa.Column('comment', sa.String(length=600), nullable=True),
    sa.Column('teachers', sa.String(length=300), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('average >= 0', name=op.f('ck_attainment_average_positive')),
    sa.CheckConstraint('positioning BETWEEN 1 AND 4', name=op.f('ck_attainment_positioning_known')),
    sa.ForeignKeyConstraint(['school_id', 'area_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_attainment_school_id_area_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_attainment_school_id_booklet_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id', 'item_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_attainment_school_id_item_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_attainment_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attainment')),
    sa.UniqueConstraint('school_id', 'booklet_id', 'item_id', name=op.f('uq_attainment_school_id_booklet_id_item_id')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_attainment_school_id_id'))
    )
    op.create_table('base_mastery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('component', sa.String(length=7), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('level BETWEEN 0 AND 4', name=op.f('ck_base_mastery_level_known')),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_base_mastery_school_id_booklet_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_base_mastery_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_base_mastery')),
    sa.UniqueConstraint('school_id', 'booklet_id', 'component', name=op.f('uq_base_mastery_school_id_booklet_id_component'))
    )
    op.create_table('booklet_edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('token', sa.String(length=32), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('artifact_id', sa.Integer(), nullable=True),
    sa.Column('first_page', sa.Integer(), nullable=True),
    sa.Column('last_page', sa.Integer(), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['artifact_id'], ['artifact.id'], name=op.f('fk_booklet_edition_artifact_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_booklet_edition_job_id')),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_booklet_edition_school_id_booklet_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_booklet_edition_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booklet_edition')),
    sa.UniqueConstraint('school_id', 'id', name=op.f('uq_booklet_edition_school_id_id')),
    sa.UniqueConstraint('school_id', 'number', name=op.f('uq_booklet_edition_school_id_number')),
    sa.UniqueConstraint('token', name=op.f('uq_booklet_edition_token'))
    )
    with op.batch_alter_table('booklet_edition', schema=None) as batch_op:
        batch_op.create_index('ix_booklet_edition_school_id_booklet_id', ['school_id', 'booklet_id'], unique=False)
        batch_op.create_index('uq_booklet_edition_in_force', ['school_id', 'booklet_id'], unique=True, postgresql_where=sa.text('replaced_at IS NULL AND withdrawn_at IS NULL'), sqlite_where=sa.text('replaced_at IS NULL AND withdrawn_at IS NULL'))

    op.create_table('booklet_fault',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('message', sa.String(length=500), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_booklet_fault_school_id_booklet_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_booklet_fault_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booklet_fault'))
    )
    with op.batch_alter_table('booklet_fault', schema=None) as batch_op:
        batch_op.create_index('ix_booklet_fault_school_id_booklet_id', ['school_id', 'booklet_id'], unique=False)

    op.create_table('booklet_scheme',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('complement', sa.String(length=600), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_booklet_scheme_school_id_booklet_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_booklet_scheme_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booklet_scheme')),
    sa.UniqueConstraint('school_id', 'booklet_id', 'code', name=op.f('uq_booklet_scheme_school_id_booklet_id_code'))
    )
    op.create_table('booklet_waiver',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('check', sa.String(length=30), nullable=False),
    sa.Column('place', sa.String(length=60), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('by', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_booklet_waiver_school_id_booklet_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_booklet_waiver_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booklet_waiver')),
    sa.UniqueConstraint('school_id', 'booklet_id', 'check', 'place', 'digest', name=op.f('uq_booklet_waiver_school_id_booklet_id_check_place_digest'))
    )
    op.create_table('group_pupil',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('comment', sa.String(length=600), nullable=True),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_group_pupil_school_id_booklet_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id', 'group_id'], ['project_group.school_id', 'project_group.id'], name=op.f('fk_group_pupil_school_id_group_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_group_pupil_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_pupil')),
    sa.UniqueConstraint('school_id', 'group_id', 'booklet_id', name=op.f('uq_group_pupil_school_id_group_id_booklet_id'))
    )
    op.create_table('group_teacher',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'group_id'], ['project_group.school_id', 'project_group.id'], name=op.f('fk_group_teacher_school_id_group_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id', 'item_id'], ['teaching_item.school_id', 'teaching_item.id'], name=op.f('fk_group_teacher_school_id_item_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'staff_id'], ['staff.school_id', 'staff.id'], name=op.f('fk_group_teacher_school_id_staff_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_group_teacher_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_teacher')),
    sa.UniqueConstraint('school_id', 'group_id', 'item_id', 'staff_id', name=op.f('uq_group_teacher_school_id_group_id_item_id_staff_id'))
    )
    op.create_table('pathway',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=7), nullable=False),
    sa.Column('text', sa.String(length=600), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("code IN ('PAR_CIT', 'PAR_ART', 'PAR_SAN', 'PAR_AVN')", name=op.f('ck_pathway_code_known')),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_pathway_school_id_booklet_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_pathway_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pathway')),
    sa.UniqueConstraint('school_id', 'booklet_id', 'code', name=op.f('uq_pathway_school_id_booklet_id_code'))
    )
    op.create_table('attainment_element',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booklet_id', sa.Integer(), nullable=False),
    sa.Column('attainment_id', sa.Integer(), nullable=False),
    sa.Column('element_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'attainment_id'], ['attainment.school_id', 'attainment.id'], name=op.f('fk_attainment_element_school_id_attainment_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id', 'booklet_id'], ['booklet.school_id', 'booklet.id'], name=op.f('fk_attainment_element_school_id_booklet_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id', 'element_id'], ['curriculum_element.school_id', 'curriculum_element.id'], name=op.f('fk_attainment_element_school_id_element_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_attainment_element_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attainment_element')),
    sa.UniqueConstraint('school_id', 'attainment_id', 'element_id', name=op.f('uq_attainment_element_school_id_attainment_id_element_id'))
    )
    with op.batch_alter_table('attainment_element', schema=None) as batch_op:
        batch_op.create_index('ix_attainment_element_school_id_booklet_id', ['school_id', 'booklet_id'], unique=False)

    op.create_table('booklet_reading',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('code_id', sa.Integer(), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'code_id'], ['activation_code.school_id', 'activation_code.id'], name=op.f('fk_booklet_reading_school_id_code_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'edition_id'], ['booklet_edition.school_id', 'booklet_edition.id'], name=op.f('fk_booklet_reading_school_id_edition_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_booklet_reading_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booklet_reading')),
    sa.UniqueConstraint('school_id', 'edition_id', 'code_id', name=op.f('uq_booklet_reading_school_id_edition_id_code_id'))
    )
    op.create_table('notification_edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('notification_id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'edition_id'], ['booklet_edition.school_id', 'booklet_edition.id'], name=op.f('fk_notification_edition_school_id_edition_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'notification_id'], ['notification.school_id', 'notification.id'], name=op.f('fk_notification_edition_school_id_notification_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_notification_edition_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification_edition')),
    sa.UniqueConstraint('notification_id', 'edition_id', name=op.f('uq_notification_edition_notification_id_edition_id'))
    )
    with op.batch_alter_table('notification_edition', schema=None) as batch_op:
        batch_op.create_index('ix_notification_edition_school_id_edition_id', ['school_id', 'edition_id'], unique=False)

    with op.batch_alter_table('replication_command') as batch_op:
        batch_op.drop_constraint('kind_known', type_='check')
        batch_op.create_check_constraint('kind_known', "kind IN ('revoke', 'withdraw', 'attach', 'detach', 'close', 'unpublish')")
    guard()


def downgrade() -> None:
    unguard()
    with op.batch_alter_table('replication_command') as batch_op:
        batch_op.drop_constraint('kind_known', type_='check')
        batch_op.create_check_constraint('kind_known', "kind IN ('revoke', 'withdraw', 'attach', 'detach', 'close')")
    op.drop_table('notification_edition')
    op.drop_table('booklet_reading')
    with op.batch_alter_table('attainment_element', schema=None) as batch_op:
        batch_op.drop_index('ix_attainment_element_school_id_booklet_id')

    op.drop_table('attainment_element')
    op.drop_table('pathway')
    op.drop_table('group_teacher')
    op.drop_table('group_pupil')
    op.drop_table('booklet_waiver')
    op.drop_table('booklet_scheme')
    with op.batch_alter_table('booklet_fault', schema=None) as batch_op:
        batch_op.drop_index('ix_booklet_fault_school_id_booklet_id')

    op.drop_table('booklet_fault')
    with op.batch_alter_table('booklet_edition', schema=None) as batch_op:
        batch_op.drop_index('uq_booklet_edition_in_force', postgresql_where=sa.text('replaced_at IS NULL AND withdrawn_at IS NULL'), sqlite_where=sa.text('replaced_at IS NULL AND withdrawn_at IS NULL'))
        batch_op.drop_index('ix_booklet_edition_school_id_booklet_id')

    op.drop_table('booklet_edition')
    op.drop_table('base_mastery')
    op.drop_table('attainment')
    with op.batch_alter_table('teaching_service', schema=None) as batch_op:
        batch_op.drop_index('ix_teaching_service_school_id_staff_id')

    op.drop_table('teaching_service')
    with op.batch_alter_table('staged_service', schema=None) as batch_op:
        batch_op.drop_index('ix_staged_service_batch')

    op.drop_table('staged_service')
    op.drop_table('support_scheme')
    op.drop_table('project_item')
    op.drop_table('project_group')
    op.drop_table('period')
    op.drop_table('entry_reopening')
    op.drop_table('entry_closing')
    op.drop_table('division_scheme')
    op.drop_table('class_pathway')
    op.drop_table('class_exemption')
    op.drop_table('class_element')
    op.drop_table('booklet_publication')
    with op.batch_alter_table('booklet', schema=None) as batch_op:
        batch_op.drop_index('ix_booklet_school_id_division_id_position')

    op.drop_table('booklet')
    op.drop_table('workflow_parameter')
    op.drop_table('watched_word')
    op.drop_table('teaching_item')
    op.drop_table('project')
    op.drop_table('positioning_type')
    op.drop_table('phrase')
    op.drop_table('period_scheme')
    op.drop_table('curriculum_element')
    op.drop_table('booklet_settings')
    with op.batch_alter_table('curriculum_proposal', schema=None) as batch_op:
        batch_op.drop_index('ix_curriculum_proposal_authority_id')

    op.drop_table('curriculum_proposal')
