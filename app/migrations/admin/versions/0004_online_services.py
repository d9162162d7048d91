"""online services and their settings, pupils' codes, letters

Small, both ways, tried on data; no import of models (they move on, this file does not).
"""

from contextlib import contextmanager

from alembic import op
import sqlalchemy as sa

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


@contextmanager
def rebuilt(table, child):
    """A batch on a table that others point at: SQLite makes it anew, and dropping the old one takes its child's rows
    along, so these are kept aside."""
    sqlite = op.get_bind().dialect.name == 'sqlite'
    if sqlite:
        op.execute(f'CREATE TEMPORARY TABLE kept AS SELECT * FROM {child}')
    with op.batch_alter_table(table, schema=None) as batch_op:
        yield batch_op
    if sqlite:
        op.execute(f'INSERT INTO {child} SELECT * FROM kept')
        op.execute('DROP TABLE kept')


def check(batch_op, table, name, rule):
    """One CHECK in place of the one of that name."""
    batch_op.drop_constraint(batch_op.f(f'ck_{table}_{name}'), type_='check')
    batch_op.create_check_constraint(batch_op.f(f'ck_{table}_{name}'), rule)


def upgrade() -> None:
    op.create_table('academic_service',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=80), nullable=False),
    sa.Column('url', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_academic_service_authority_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_academic_service')),
    sa.UniqueConstraint('authority_id', 'label', name=op.f('uq_academic_service_authority_id_label'))
    )
    op.create_table('ent',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.String(length=40), nullable=False),
    sa.Column('label', sa.String(length=80), nullable=False),
    sa.Column('url', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_ent_authority_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ent')),
    sa.UniqueConstraint('authority_id', 'place', 'label', name=op.f('uq_ent_authority_id_place_label'))
    )
    op.create_table('letter_wording',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('letter', sa.String(length=40), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_letter_wording_authority_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter_wording')),
    sa.UniqueConstraint('authority_id', 'letter', name=op.f('uq_letter_wording_authority_id_letter'))
    )
    op.create_table('contact_address',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=60), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_contact_address_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_address')),
    sa.UniqueConstraint('school_id', 'email', name=op.f('uq_contact_address_school_id_email'))
    )
    op.create_table('online_setting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('activated_on', sa.Date(), nullable=True),
    sa.Column('welcome', sa.String(length=1000), nullable=False),
    sa.Column('letter_type', sa.String(length=10), nullable=False),
    sa.Column('ent_id', sa.Integer(), nullable=True),
    sa.Column('marks_publication', sa.String(length=10), nullable=False),
    sa.Column('lpc_delay', sa.Integer(), nullable=False),
    sa.Column('contact_active', sa.Boolean(), nullable=False),
    sa.Column('contact_emails', sa.JSON(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("letter_type = 'services' OR ent_id IS NOT NULL", name=op.f('ck_online_setting_ent_if_named')),
    sa.CheckConstraint("letter_type IN ('services', 'mixed', 'ent')", name=op.f('ck_online_setting_letter_type_known')),
    sa.CheckConstraint("marks_publication IN ('continuous', 'scheduled')", name=op.f('ck_online_setting_marks_publication_known')),
    sa.CheckConstraint('lpc_delay BETWEEN 2 AND 365', name=op.f('ck_online_setting_lpc_delay_in_range')),
    sa.ForeignKeyConstraint(['ent_id'], ['ent.id'], name=op.f('fk_online_setting_ent_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_online_setting_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_online_setting')),
    sa.UniqueConstraint('school_id', name=op.f('uq_online_setting_school_id'))
    )
    op.create_table('service_rule',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=True),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.CheckConstraint("kind IN ('mandatory', 'barred', 'free')", name=op.f('ck_service_rule_kind_known')),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_service_rule_authority_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_service_rule_school_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service_rule')),
    sa.UniqueConstraint('authority_id', 'school_id', 'code', name=op.f('uq_service_rule_authority_id_school_id_code'))
    )
    op.create_index('uq_service_rule_academy', 'service_rule', ['authority_id', 'code'], unique=True, postgresql_where=sa.text('school_id IS NULL'), sqlite_where=sa.text('school_id IS NULL'))
    op.create_table('marks_due_date',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('programme_id', sa.Integer(), nullable=False),
    sa.Column('division_id', sa.Integer(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'division_id'], ['division.school_id', 'division.id'], name=op.f('fk_marks_due_date_school_id_division_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'programme_id'], ['programme.school_id', 'programme.id'], name=op.f('fk_marks_due_date_school_id_programme_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_marks_due_date_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_marks_due_date')),
    sa.UniqueConstraint('school_id', 'programme_id', 'division_id', 'due_on', name=op.f('uq_marks_due_date_school_id_programme_id_division_id_due_on'))
    )
    op.create_table('pupil_refusal',
    sa.Column('guardian_id', sa.Integer(), nullable=True),
    sa.Column('pupil_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('refused_on', sa.Date(), nullable=False),
    sa.Column('lifted_on', sa.Date(), nullable=True),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('entered_by', sa.Integer(), nullable=True),
    sa.Column('by_slip', sa.Boolean(), nullable=False),
    sa.Column('school_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['school_id', 'guardian_id'], ['guardian.school_id', 'guardian.id'], name=op.f('fk_pupil_refusal_school_id_guardian_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id', 'pupil_id'], ['pupil.school_id', 'pupil.id'], name=op.f('fk_pupil_refusal_school_id_pupil_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['school_id'], ['school.id'], name=op.f('fk_pupil_refusal_school_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pupil_refusal'))
    )
    op.create_index('uq_pupil_refusal_open', 'pupil_refusal', ['school_id', 'pupil_id'], unique=True, postgresql_where=sa.text('lifted_on IS NULL'), sqlite_where=sa.text('lifted_on IS NULL'))
    op.add_column('access_refusal', sa.Column('entered_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('access_refusal', sa.Column('entered_by', sa.Integer(), nullable=True))
    op.add_column('access_refusal', sa.Column('by_slip', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index('uq_activation_code_valid_pupil', 'activation_code', ['school_id', 'pupil_id'], unique=True, postgresql_where=sa.text("holder = 'pupil' AND state IN ('created', 'notified', 'used')"), sqlite_where=sa.text("holder = 'pupil' AND state IN ('created', 'notified', 'used')"))
    op.add_column('guardian', sa.Column('refused_email', sa.String(length=254), nullable=True))
    op.add_column('guardian', sa.Column('returned_address', sa.String(length=500), nullable=True))
    op.add_column('job', sa.Column('not_before', sa.DateTime(timezone=True), nullable=True))
    with rebuilt('notification', 'notification_code') as batch_op:
        batch_op.add_column(sa.Column('pupil_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('continuity', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.alter_column('guardian_id', existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_unique_constraint(batch_op.f('uq_notification_job_id_pupil_id'), ['job_id', 'pupil_id'])
        batch_op.create_foreign_key(batch_op.f('fk_notification_school_id_pupil_id'), 'pupil', ['school_id', 'pupil_id'], ['school_id', 'id'], ondelete='RESTRICT')
        batch_op.create_check_constraint(batch_op.f('ck_notification_one_addressee'), '(guardian_id IS NULL) <> (pupil_id IS NULL)')
        check(batch_op, 'notification', 'status_known', "status IN ('planned', 'done', 'failed', 'uncertain', 'returned')")
    with op.batch_alter_table('replication_command', schema=None) as batch_op:
        check(batch_op, 'replication_command', 'kind_known', "kind IN ('revoke', 'withdraw', 'attach', 'detach', 'close', 'unpublish', 'reset', 'slip')")

    with op.batch_alter_table('online_service', schema=None) as batch_op:
        batch_op.add_column(sa.Column('academic_service_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_online_service_academic_service_id'), 'academic_service', ['academic_service_id'], ['id'], ondelete='CASCADE')

    op.add_column('portal_account', sa.Column('kind', sa.String(length=10), server_default='guardian', nullable=False))
    op.execute("INSERT INTO online_setting (school_id, activated_on, welcome, letter_type, marks_publication, lpc_delay, contact_active, contact_emails) SELECT id, CURRENT_DATE, '', 'services', 'continuous', 8, false, '[]' FROM school WHERE EXISTS (SELECT 1 FROM online_service WHERE online_service.school_id = school.id AND state = 'open')")


def downgrade() -> None:
    op.drop_column('portal_account', 'kind')
    with op.batch_alter_table('online_service', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_online_service_academic_service_id'), type_='foreignkey')
        batch_op.drop_column('academic_service_id')

    op.execute("DELETE FROM replication_command WHERE kind IN ('reset', 'slip')")
    with op.batch_alter_table('replication_command', schema=None) as batch_op:
        check(batch_op, 'replication_command', 'kind_known', "kind IN ('revoke', 'withdraw', 'attach', 'detach', 'close', 'unpublish')")
    op.execute("DELETE FROM notification_code WHERE notification_id IN (SELECT id FROM notification WHERE pupil_id IS NOT NULL)")
    op.execute("DELETE FROM notification WHERE pupil_id IS NOT NULL")
    op.execute("UPDATE notification SET status = 'failed' WHERE status = 'returned'")
    with rebuilt('notification', 'notification_code') as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_notification_one_addressee'), type_='check')
        check(batch_op, 'notification', 'status_known', "status IN ('planned', 'done', 'failed', 'uncertain')")
        batch_op.drop_constraint(batch_op.f('fk_notification_school_id_pupil_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_notification_job_id_pupil_id'), type_='unique')
        batch_op.alter_column('guardian_id', existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column('continuity')
        batch_op.drop_column('pupil_id')

    op.drop_column('job', 'not_before')
    op.drop_column('guardian', 'returned_address')
    op.drop_column('guardian', 'refused_email')
    op.drop_index('uq_activation_code_valid_pupil', table_name='activation_code', postgresql_where=sa.text("holder = 'pupil' AND state IN ('created', 'notified', 'used')"), sqlite_where=sa.text("holder = 'pupil' AND state IN ('created', 'notified', 'used')"))
    op.drop_column('access_refusal', 'by_slip')
    op.drop_column('access_refusal', 'entered_by')
    op.drop_column('access_refusal', 'entered_at')
    op.drop_index('uq_pupil_refusal_open', table_name='pupil_refusal', postgresql_where=sa.text('lifted_on IS NULL'), sqlite_where=sa.text('lifted_on IS NULL'))
    op.drop_table('pupil_refusal')
    op.drop_table('marks_due_date')
    op.drop_table('service_rule')
    op.drop_table('online_setting')
    op.drop_table('contact_address')
    op.drop_table('letter_wording')
    op.drop_table('ent')
    op.drop_table('academic_service')
