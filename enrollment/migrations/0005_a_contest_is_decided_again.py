from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0004_scenarios'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='decision',
            name='a_matter_is_decided_once',
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'contest_settled'), _negated=True), fields=('kind', 'subject'), name='a_matter_is_decided_once'),
        ),
    ]
