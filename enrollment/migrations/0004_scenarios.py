
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0003_rounds'),
        ('schools', '0002_rounds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Scenario',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('policy_data', models.JSONField(blank=True, default=dict, help_text='Changed keys, each with its value and its legal basis.')),
                ('asked_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.campaign')),
                ('official', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='scenarios', to=settings.AUTH_USER_MODEL)),
                ('without_outage', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enrollment.outage')),
            ],
            options={
                'ordering': ['-asked_at'],
            },
        ),
        migrations.CreateModel(
            name='ScenarioResult',
            fields=[
                ('scenario', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='result', serialize=False, to='enrollment.scenario')),
                ('refusal', models.CharField(blank=True, help_text='The code of a refusal.', max_length=40)),
                ('rounds', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=list, help_text='As it is, and as it would be.', size=None)),
                ('totals', models.JSONField(default=dict, help_text='Children that would gain, lose or change a place.')),
                ('computed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ScenarioPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('schools', models.JSONField(help_text='By choice: the applications that would gain or lose a place there.')),
                ('district', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.district')),
                ('result', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='enrollment.scenarioresult')),
            ],
        ),
        migrations.AddIndex(
            model_name='scenario',
            index=models.Index(fields=['official', 'campaign'], name='scenarios_of_an_official'),
        ),
        migrations.AddConstraint(
            model_name='scenario',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('policy_data', {}), ('without_outage__isnull', False)), models.Q(('without_outage__isnull', True), models.Q(('policy_data', {}), _negated=True)), _connector='OR'), name='a_scenario_changes_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='scenariopart',
            constraint=models.UniqueConstraint(fields=('result', 'district'), name='a_result_has_one_part_a_district'),
        ),
    ]
