"""The file itself refuses to change or delete an entry of the journal, whoever asks."""

from django.db import migrations

_TRIGGER = """
CREATE TRIGGER journal_entries_are_never_{participle}
BEFORE {verb} ON counter_journalentry
BEGIN
    SELECT RAISE(ABORT, 'a journal entry is never {participle}');
END
"""


class Migration(migrations.Migration):
    dependencies = [("counter", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=_TRIGGER.format(verb=verb, participle=participle),
            reverse_sql=f"DROP TRIGGER journal_entries_are_never_{participle}",
        )
        for verb, participle in (("UPDATE", "changed"), ("DELETE", "deleted"))
    ]
